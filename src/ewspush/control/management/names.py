"""What operators call things: by their ids, or by their natural names."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from uuid import UUID

from ewspush.core import addresses
from ewspush.core.accounts import Account
from ewspush.core.directory import Domain
from ewspush.core.management import Code, ManagementError
from ewspush.operations.management import aliases, domains, mailboxes, organizations, values
from ewspush.operations.management.context import Actor, Management

_DEFAULT = "default"  # the alias of the organization of those who never named one


def organization_id(management: Management, actor: Actor, name: str) -> UUID:
    """Of the organization with this id or alias."""
    return _uuid(name) or organizations.get_by_alias(management, actor, name).id


def optional_organization_id(management: Management, actor: Actor, name: str | None) -> UUID | None:
    """The same, if one is named."""
    return None if name is None else organization_id(management, actor, name)


def domain_id(management: Management, actor: Actor, name: str) -> UUID:
    """Of the domain with this id or name."""
    return _uuid(name) or domains.get_by_name(management, actor, name).id


def mailbox_id(management: Management, actor: Actor, name: str) -> UUID:
    """Of the mailbox with this id, address or alias."""
    return _uuid(name) or mailboxes.get_by_address(management, actor, name).id


def delegate_id(management: Management, actor: Actor, name: str) -> UUID:
    """The same of a delegate."""
    try:
        return mailbox_id(management, actor, name)
    except ManagementError as error:
        error.field = "DelegateId"
        raise


def user_id(management: Management, actor: Actor, name: str) -> UUID:
    """Of the user with this id, or whose mailbox has this address or alias."""
    return _uuid(name) or mailboxes.get_by_address(management, actor, name).user_id


def alias_id(management: Management, actor: Actor, name: str) -> UUID:
    """Of the alias with this id or address."""
    if id := _uuid(name):
        return id
    owner = mailboxes.get_by_address(management, actor, name)
    address = addresses.normalize(name)
    for alias in aliases.list_(management, actor, owner.id):
        if alias.address == address:
            return alias.id
    raise ManagementError(
        Code.MAILBOX_ALIAS_NOT_FOUND, f"there is no alias {address}", field="AliasId"
    )


def alias_local_part(alias: str, domain: str, field: str) -> str:
    """Of an alias that is a whole address in this domain, or only a local part."""
    if "@" not in alias:
        return alias
    local_part, of = values.address(alias, field)
    if of != domain:
        raise values.invalid(field, f"{alias} is in another domain", f"an address in {domain}")
    return local_part


def domain_of(account: Account) -> str:
    """The name of an account's domain."""
    return account.address.rpartition("@")[2]


@contextmanager
def domain_for(
    management: Management, actor: Actor, name: str, organization: str | None
) -> Iterator[UUID]:
    """The domain for new mailboxes, made if there is none; if these are refused, it is not kept.

    It is made in the organization that is named, in the only one, or in `default`, made as well.
    """
    found, is_new = _find_or_make(management, actor, name, organization)
    try:
        yield found.id
    except ManagementError:
        if is_new:
            with suppress(ManagementError):  # somebody else has made a mailbox in it
                domains.delete(management, actor, found.id)
        raise


def organization_for_domain(
    management: Management, actor: Actor, organization: str | None
) -> UUID | None:
    """The one that is named; `default`, made, if there is none yet; None: there are some."""
    if organization is not None:
        return organization_id(management, actor, organization)
    if organizations.list_(management, actor, page_size=1).total_count:
        return None
    try:
        return organizations.create(management, actor, _DEFAULT).id
    except ManagementError as error:
        if error.code != Code.ALIAS_TAKEN:  # at the same moment
            raise
        return organizations.get_by_alias(management, actor, _DEFAULT).id


def _find_or_make(
    management: Management, actor: Actor, name: str, organization: str | None
) -> tuple[Domain, bool]:
    found = _find_domain(management, actor, name)
    if found is None:
        id = organization_for_domain(management, actor, organization)
        try:
            return domains.create(management, actor, name, id), True
        except ManagementError as error:
            if error.code != Code.DOMAIN_TAKEN:  # at the same moment
                raise
        found = domains.get_by_name(management, actor, name)
    wanted = optional_organization_id(management, actor, organization)
    if wanted not in (None, found.organization_id):
        raise values.invalid(
            "OrganizationId", f"{name} is of another organization", "the one of the domain"
        )
    return found, False


def _find_domain(management: Management, actor: Actor, name: str) -> Domain | None:
    try:
        return domains.get_by_name(management, actor, name)
    except ManagementError as error:
        if error.code != Code.DOMAIN_NOT_FOUND:
            raise
        return None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
