"""Aliases: other addresses of a mailbox."""

from uuid import UUID

from ewspush.core.accounts import Account, Alias
from ewspush.core.management import Code, ManagementError
from ewspush.operations.mailboxes import new_alias
from ewspush.operations.management import lifecycle, values
from ewspush.operations.management.context import Actor, Change, Management
from ewspush.operations.management.finding import active, find_active_mailbox, find_mailbox
from ewspush.store import accounts, organizations

MOST = 100  # of one mailbox


def create(
    management: Management,
    actor: Actor,
    mailbox_id: UUID,
    local_part: str,
    description: str | None = None,
) -> Alias:
    """Give a mailbox another address, in its own domain."""
    described = values.description(description)
    with management.change(actor) as change:
        account = find_active_mailbox(change.tx, actor, mailbox_id)
        domain = organizations.domain(change.tx, account.domain_id)
        assert domain is not None
        normalized = values.local_part(local_part, domain.name, "LocalPart")
        if len(accounts.aliases_of(change.tx, account.mailbox_id)) >= MOST:
            raise ManagementError(
                Code.LIMIT_EXCEEDED, f"a mailbox has {MOST} aliases at most", field="MailboxId"
            )
        return add(change, account, normalized, described, "LocalPart")


def list_(management: Management, actor: Actor, mailbox_id: UUID) -> list[Alias]:
    """The aliases of a mailbox in the order of their addresses."""
    with management.look() as tx:
        account = find_mailbox(tx, actor, mailbox_id)
        return accounts.aliases_of(tx, account.mailbox_id)


def delete(management: Management, actor: Actor, id: UUID) -> Alias:
    """Give up an alias. Its address is free at once."""
    with management.change(actor) as change:
        alias = accounts.alias_by_id(change.tx, id)
        account = None if alias is None else accounts.by_mailbox(change.tx, alias.mailbox_id)
        if alias is None or account is None or not actor.may_see(account.organization_id):
            raise _not_found(id)
        active(change.tx, account, "AliasId")
        if not accounts.delete_alias(change.tx, id):  # by somebody at the same moment
            raise _not_found(id)
        change.audit(
            "alias.delete",
            lifecycle.subject_of(account),
            account.organization_id,
            before={"alias": alias.address},
        )
    return alias


def add(
    change: Change, account: Account, local_part: str, description: str | None, field: str
) -> Alias:
    """Give a mailbox another address, held against the rules before."""
    alias = new_alias(account, local_part, description, change.now_s)
    try:
        accounts.insert_alias(change.tx, alias)
    except accounts.AddressTaken as error:
        raise ManagementError(
            Code.ADDRESS_TAKEN, str(error), field=field, allowed="another address"
        ) from None
    change.audit(
        "alias.create",
        lifecycle.subject_of(account),
        account.organization_id,
        after={"alias": alias.address, "description": description},
    )
    return alias


def _not_found(id: UUID) -> ManagementError:
    return ManagementError(Code.MAILBOX_ALIAS_NOT_FOUND, f"there is no alias {id}", field="AliasId")
