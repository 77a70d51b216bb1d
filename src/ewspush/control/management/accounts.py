"""Commands for mailboxes and their users."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from ewspush.control.management import names, records
from ewspush.control.management.passwords import Chosen
from ewspush.control.subscription_records import Record
from ewspush.core.accounts import Account, AccountStatus, OrderBy
from ewspush.core.management import Code, ManagementError
from ewspush.core.renewal import Period
from ewspush.operations.management import mailboxes, organizations, users, values
from ewspush.operations.management.context import Actor, Management, Page, check_page
from ewspush.operations.management.mailboxes import LISTED, ListRequest, MailboxRequest
from ewspush.store import accounts

_STATUSES = {status.of_mailbox: status for status in AccountStatus} | {
    status.of_user: status for status in AccountStatus
}


def create_mailboxes(
    management: Management,
    actor: Actor,
    addresses: Sequence[str],
    passwords: Sequence[str] | None = None,
    name: str | None = None,
    aliases: Sequence[str] = (),
    period: str = Period.MONTHLY.value,
    organization: str | None = None,
) -> list[Record]:
    """Create mailboxes of one domain, all or none; passwords that are not given are generated.

    `name` and `aliases` are for one mailbox.
    """
    if passwords is not None and len(passwords) != len(addresses):
        raise values.invalid("Password", "not every mailbox has a password", "one for each")
    chosen = [Chosen(None) for _ in addresses] if passwords is None else [*map(Chosen, passwords)]
    local_parts, domain = _of_one_domain(addresses)
    aliases = [
        names.alias_local_part(alias, domain, f"Mailboxes[1].Aliases[{n}]")
        for n, alias in enumerate(aliases, 1)
    ]
    wanted = [
        MailboxRequest(local_part, each.password, name, aliases)
        for local_part, each in zip(local_parts, chosen, strict=True)
    ]
    of_period = _period(period, "SubscriptionPeriod")
    with names.domain_for(management, actor, domain, organization) as domain_id:
        created = mailboxes.create(management, actor, domain_id, wanted, of_period)
    now_s = management.now_s()
    return [
        each.told_in(records.of_mailbox(account, now_s))
        for account, each in zip(created, chosen, strict=True)
    ]


def list_mailboxes(
    management: Management,
    actor: Actor,
    organization: str | None = None,
    domain: str | None = None,
    statuses: Sequence[str] = (),
    search: str | None = None,
    order: str = OrderBy.NAME.value,
    descending: bool = False,
    page: int = 1,
    page_size: int = 100,
) -> Record:
    """A page of mailboxes."""
    selected = ListRequest(
        statuses=frozenset(map(_status, statuses)) or LISTED,
        search=search,
        order_by=_order(order),
        descending=descending,
        page=page,
        page_size=page_size,
    )
    found = _listed(management, actor, organization, domain, selected)
    now_s = management.now_s()
    return {
        "mailboxes": [records.of_mailbox(account, now_s) for account in found.entries],
        "total_count": found.total_count,
    }


def update_mailbox(
    management: Management,
    actor: Actor,
    mailbox: str,
    period: str | None = None,
    password: str | None = None,
    generate_password: bool = False,
) -> Record:
    """Change the next period of a mailbox, or its password, or both."""
    id = names.mailbox_id(management, actor, mailbox)
    chosen = Chosen(password)
    updated = mailboxes.update(
        management,
        actor,
        id,
        None if period is None else _period(period, "SubscriptionPeriod"),
        chosen.password if generate_password or password is not None else None,
    )
    record = records.of_mailbox(updated, management.now_s())
    return chosen.told_in(record) if generate_password else record


def delete_mailbox(management: Management, actor: Actor, mailbox: str) -> Record:
    id = names.mailbox_id(management, actor, mailbox)
    return records.of_mailbox(mailboxes.delete(management, actor, id), management.now_s())


def restore_mailbox(management: Management, actor: Actor, mailbox: str) -> Record:
    id = names.mailbox_id(management, actor, mailbox)
    with _telling_of_the_one_before(management, mailboxes.get(management, actor, id)):
        restored = mailboxes.restore(management, actor, id)
    return records.of_mailbox(restored, management.now_s())


def create_user(
    management: Management,
    actor: Actor,
    address: str,
    password: str | None = None,
    name: str | None = None,
    aliases: Sequence[str] = (),
    period: str = Period.MONTHLY.value,
    organization: str | None = None,
) -> Record:
    """Create a user with a mailbox."""
    chosen = Chosen(password)
    local_part, domain = values.address(address, "Email")
    aliases = [
        names.alias_local_part(alias, domain, f"Aliases[{n}]") for n, alias in enumerate(aliases, 1)
    ]
    wanted = MailboxRequest(local_part, chosen.password, name, aliases)
    of_period = _period(period, "SubscriptionPeriod")
    with names.domain_for(management, actor, domain, organization) as domain_id:
        created = users.create(management, actor, domain_id, wanted, of_period)
    return chosen.told_in(records.of_user(created))


def list_users(
    management: Management,
    actor: Actor,
    organization: str | None = None,
    domain: str | None = None,
    states: Sequence[str] = (),
    search: str | None = None,
    page: int = 1,
    page_size: int = 100,
) -> Record:
    """A page of users, by name."""
    chosen = frozenset(map(_status, states)) or LISTED
    selected = ListRequest(statuses=chosen, search=search, page=page, page_size=page_size)
    found = _listed(management, actor, organization, domain, selected)
    described = [records.of_user(account) for account in found.entries]
    return {"users": described, "total_count": found.total_count}


def show_user(management: Management, actor: Actor, user: str) -> Record:
    id = names.user_id(management, actor, user)
    return records.of_user(users.describe(management, actor, id))


def disable_user(management: Management, actor: Actor, user: str) -> Record:
    id = names.user_id(management, actor, user)
    return records.of_user(users.disable(management, actor, id))


def enable_user(management: Management, actor: Actor, user: str) -> Record:
    id = names.user_id(management, actor, user)
    with _telling_of_the_one_before(management, users.describe(management, actor, id)):
        return records.of_user(users.enable(management, actor, id))


def delete_user(management: Management, actor: Actor, user: str) -> Record:
    id = names.user_id(management, actor, user)
    return records.of_user(users.delete(management, actor, id))


def change_password(
    management: Management, actor: Actor, user: str, password: str | None = None
) -> Record:
    chosen = Chosen(password)
    id = names.user_id(management, actor, user)
    changed = users.change_password(management, actor, id, chosen.password)
    return chosen.told_in(records.of_user(changed))


@contextmanager
def _telling_of_the_one_before(management: Management, account: Account) -> Iterator[None]:
    """Who calls a mailbox by its address may mean the one that had the address before."""
    try:
        yield
    except ManagementError as error:
        if error.code != Code.NOT_DELETION_SCHEDULED:
            raise
        with management.look() as tx:
            if not accounts.had_address_before(tx, account):
                raise
        text = f"{error}; the mailbox before it belonged to another user and cannot be restored"
        raise ManagementError(error.code, text, field=error.field, allowed=error.allowed) from None


def _of_one_domain(addresses: Sequence[str]) -> tuple[list[str], str]:
    local_parts: list[str] = []
    first: str | None = None
    for n, address in enumerate(addresses, 1):
        local_part, domain = values.address(address, f"Mailboxes[{n}].Email")
        first = first or domain
        if domain != first:
            raise values.invalid(
                f"Mailboxes[{n}].Email",
                f"{address} is in another domain than the first",
                f"an address in {first}: mailboxes of one domain are created together",
            )
        local_parts.append(local_part)
    if first is None:
        raise values.invalid("Mailboxes", "there is no address", "an address or several")
    return local_parts, first


def _listed(
    management: Management,
    actor: Actor,
    organization: str | None,
    domain: str | None,
    selected: ListRequest,
) -> Page[Account]:
    """A page of one organization or domain; empty as long as there is no organization."""
    request = replace(
        selected,
        organization_id=names.optional_organization_id(management, actor, organization),
        domain_id=None if domain is None else names.domain_id(management, actor, domain),
    )
    if request.organization_id is None and request.domain_id is None:
        check_page(request.page, request.page_size)
        if not organizations.list_(management, actor, page_size=1).total_count:
            return Page([], 0)
    return mailboxes.list_(management, actor, request)


def _period(text: str, field: str) -> Period:
    try:
        return Period(text)
    except ValueError:
        allowed = ", ".join(period.value for period in Period)
        raise values.invalid(field, f"{text[:64]!r} is not a period", allowed) from None


def _status(text: str) -> AccountStatus:
    if text not in _STATUSES:
        raise values.invalid("Status", f"{text[:64]!r} is not a status", ", ".join(_STATUSES))
    return _STATUSES[text]


def _order(text: str) -> OrderBy:
    try:
        return OrderBy(text)
    except ValueError:
        allowed = ", ".join(order.value for order in OrderBy)
        raise values.invalid("OrderBy", f"{text[:64]!r} is not an order", allowed) from None
