"""Mailboxes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from ewspush.core import addresses
from ewspush.core.accounts import Account, AccountStatus, OrderBy
from ewspush.core.directory import Domain
from ewspush.core.management import Code, ManagementError
from ewspush.core.renewal import Period
from ewspush.operations import mailboxes, passwords
from ewspush.operations.mailboxes import NewMailbox
from ewspush.operations.management import aliases, domains, lifecycle, organizations, values
from ewspush.operations.management.context import Actor, Management, Page, check_page
from ewspush.operations.management.finding import (
    find_active_mailbox,
    find_mailbox,
    mailbox_not_found,
)
from ewspush.store import account_listing, accounts
from ewspush.store import mailboxes as stored
from ewspush.store.account_listing import Selection
from ewspush.store.database import Transaction

MOST_CREATED = 1000  # mailboxes in one request
MOST_ALIASES = 2000  # of them together
LISTED = frozenset({AccountStatus.ACTIVE, AccountStatus.DELETION_SCHEDULED})


@dataclass(frozen=True, slots=True)
class MailboxRequest:
    """A mailbox as it is asked for."""

    local_part: str
    password: str
    name: str | None = None  # of its user; None: the local part
    aliases: Sequence[str] = ()  # local parts
    period: Period | None = None  # None: that of the whole request


@dataclass(frozen=True, slots=True)
class ListRequest:
    """Which mailboxes are asked for."""

    organization_id: UUID | None = None  # None: the only one that the actor sees
    domain_id: UUID | None = None
    statuses: frozenset[AccountStatus] = LISTED
    search: str | None = None
    order_by: OrderBy = OrderBy.NAME
    descending: bool = False
    page: int = 1
    page_size: int = 100


@dataclass(frozen=True, slots=True)
class _Checked:
    """A mailbox that was asked for, held against the rules."""

    local_part: str
    name: str
    period: Period
    aliases: tuple[str, ...]


def create(
    management: Management,
    actor: Actor,
    domain_id: UUID,
    wanted: Sequence[MailboxRequest],
    period: Period = Period.MONTHLY,
) -> list[Account]:
    """Create mailboxes with their users, all or none. The error says which one is wrong."""
    if not 1 <= len(wanted) <= MOST_CREATED:
        raise values.invalid("Mailboxes", "so many cannot be created", f"1 to {MOST_CREATED}")
    with management.look() as tx:
        domain = domains.find(tx, actor, domain_id)
        checked = _check(tx, management, domain, wanted, period)
    # Before the transaction: it takes seconds.
    hashes = _hash(management, [each.password for each in wanted])
    new = [
        NewMailbox(each.local_part, each.name, password_hash, each.period, each.aliases)
        for each, password_hash in zip(checked, hashes, strict=True)
    ]
    with management.change(actor) as change:
        domain = domains.find(change.tx, actor, domain_id, lock=True)
        _check_free(change.tx, domain, checked)
        try:
            created = mailboxes.create_in(change.tx, domain, new, change.now_s)
        except mailboxes.AddressTaken as error:  # by somebody who came at the same moment
            raise _taken_meanwhile(error, domain, checked) from None
        for account, each in zip(created, checked, strict=True):
            change.audit(
                "mailbox.create",
                lifecycle.subject_of(account),
                account.organization_id,
                after={**lifecycle.shown(account), "aliases": each.aliases},
            )
    return created


def list_(management: Management, actor: Actor, request: ListRequest) -> Page[Account]:
    """Mailboxes of an organization, a page of them."""
    check_page(request.page, request.page_size)
    search = values.search(request.search)
    with management.look() as tx:
        if request.domain_id is not None:
            organization_id = _domain_to_list(tx, actor, request)
        else:
            organization_id = organizations.chosen(tx, actor, request.organization_id).id
        selection = Selection(
            organization_id,
            request.domain_id,
            request.statuses or LISTED,
            search,
            request.order_by,
            request.descending,
        )
        offset = (request.page - 1) * request.page_size
        return Page(*account_listing.page(tx, selection, offset, request.page_size))


def get(management: Management, actor: Actor, id: UUID) -> Account:
    """The mailbox with this id, a deleted one too."""
    with management.look() as tx:
        return find_mailbox(tx, actor, id)


def get_by_address(management: Management, actor: Actor, address: str) -> Account:
    """The mailbox that has an address now, as its own or as an alias, or that had it last."""
    local_part, name = values.address(address, "Email")
    with management.look() as tx:
        found = accounts.by_address(tx, name, local_part)
    if found is None or not actor.may_see(found.organization_id):
        raise mailbox_not_found(address)
    return found


def update(
    management: Management,
    actor: Actor,
    id: UUID,
    period: Period | None = None,
    new_password: str | None = None,
) -> Account:
    """Change the period that follows the one that runs, or the password, or both."""
    password_hash: str | None = None
    if new_password is not None:
        account = get(management, actor, id)
        password_hash = hash_password(management, account, new_password, "NewPassword")
    with management.change(actor) as change:
        old = find_active_mailbox(change.tx, actor, id)
        _check_runs(old, change.now_s)
        if period is None and password_hash is None:
            allowed = "a period, a new password, or both"
            raise values.invalid("SubscriptionPeriod", "nothing is to be changed", allowed)
        new = replace(old, updated_at_s=change.now_s)
        if period is not None:
            renewal = old.renewal.followed_by(period, change.now_s)
            new = replace(new, renewal=renewal, due_at_s=renewal.ends_at_s)
        if password_hash is not None:
            stored.set_password_hash(change.tx, old.mailbox_id, password_hash)
        accounts.update_account(change.tx, old, new)
        change.audit(
            "mailbox.update",
            lifecycle.subject_of(new),
            new.organization_id,
            lifecycle.shown(old),
            {**lifecycle.shown(new), "password_changed": password_hash is not None},
        )
    return new


def delete(management: Management, actor: Actor, id: UUID) -> Account:
    """Let nobody use a mailbox from now on, and schedule its unrecoverable deletion."""
    with management.change(actor) as change:
        account = find_mailbox(change.tx, actor, id)
        return lifecycle.disable(change, account.mailbox_id, "mailbox.delete")


def restore(management: Management, actor: Actor, id: UUID) -> Account:
    """Bring a mailbox that is scheduled for deletion back as it was."""
    with management.change(actor) as change:
        account = find_mailbox(change.tx, actor, id)
        return lifecycle.restore(change, account.mailbox_id, "mailbox.restore")


def hash_password(management: Management, account: Account, password: str, field: str) -> str:
    """The hash of a new password of an account, if it is allowed."""
    shortest = management.policy.shortest_password
    values.password(password, shortest, field, unlike=account.address)
    (password_hash,) = management.hash_passwords([password])
    return password_hash


def _hash(management: Management, chosen: Sequence[str]) -> list[str]:
    try:
        return management.hash_passwords(chosen)
    except passwords.TooManyPasswords:
        raise ManagementError(
            Code.LIMIT_EXCEEDED,
            "so many mailboxes are being created already: try again in a minute",
            field="Mailboxes",
        ) from None


def _check(
    tx: Transaction,
    management: Management,
    domain: Domain,
    wanted: Sequence[MailboxRequest],
    period: Period,
) -> list[_Checked]:
    if sum(len(each.aliases) for each in wanted) > MOST_ALIASES:
        allowed = f"{MOST_ALIASES} in all"
        raise values.invalid("Mailboxes", "so many aliases cannot be created at once", allowed)
    checked = [_check_one(management, domain, each, period, n) for n, each in enumerate(wanted, 1)]
    _check_distinct(domain, checked)
    _check_free(tx, domain, checked)
    return checked


def _check_one(
    management: Management, domain: Domain, wanted: MailboxRequest, period: Period, n: int
) -> _Checked:
    local_part = values.local_part(wanted.local_part, domain.name, _field(n, "LocalPart"))
    address = f"{local_part}@{domain.name}"
    shortest = management.policy.shortest_password
    values.password(wanted.password, shortest, _field(n, "Password"), unlike=address)
    if len(wanted.aliases) > aliases.MOST:
        raise values.invalid(_field(n, "Aliases"), "so many are not allowed", f"{aliases.MOST}")
    return _Checked(
        local_part,
        values.display_name(wanted.name, local_part, _field(n, "Name")),
        values.renewed_period(
            period if wanted.period is None else wanted.period, _field(n, "SubscriptionPeriod")
        ),
        tuple(
            values.local_part(alias, domain.name, _field(n, f"Aliases[{m}]"))
            for m, alias in enumerate(wanted.aliases, 1)
        ),
    )


def _local_parts(checked: Sequence[_Checked]) -> Iterator[tuple[str, str]]:
    """Every local part that is wanted, and the field that has it."""
    for n, each in enumerate(checked, 1):
        yield each.local_part, _field(n, "LocalPart")
        for m, alias in enumerate(each.aliases, 1):
            yield alias, _field(n, f"Aliases[{m}]")


def _check_distinct(domain: Domain, checked: Sequence[_Checked]) -> None:
    seen: dict[str, str] = {}  # keys of local parts, and the fields that have them
    for local_part, field in _local_parts(checked):
        first = seen.setdefault(addresses.key(local_part), field)
        if first != field:
            raise _taken(f"{local_part}@{domain.name}", field, f"{first} is the same")


def _check_free(tx: Transaction, domain: Domain, checked: Sequence[_Checked]) -> None:
    taken = accounts.taken(tx, domain.id, [part for part, _ in _local_parts(checked)])
    for local_part, field in _local_parts(checked):
        if addresses.key(local_part) in taken:
            raise _taken(f"{local_part}@{domain.name}", field)


def _taken(
    address: str, field: str, why: str = "a mailbox or an alias has it already"
) -> ManagementError:
    return ManagementError(
        Code.ADDRESS_TAKEN, f"{address} is taken: {why}", field=field, allowed="another address"
    )


def _check_runs(account: Account, now_s: int) -> None:
    if account.renewal.as_of(now_s).period is Period.CANCELED:
        raise ManagementError(
            Code.NOT_ACTIVE,
            f"the subscription of {account.address} was canceled, and has ended",
            field="MailboxId",
        )


def _taken_meanwhile(
    error: mailboxes.AddressTaken, domain: Domain, checked: Sequence[_Checked]
) -> ManagementError:
    fields = {f"{part}@{domain.name}": field for part, field in _local_parts(checked)}
    return _taken(error.address, fields[error.address])


def _domain_to_list(tx: Transaction, actor: Actor, request: ListRequest) -> UUID:
    assert request.domain_id is not None
    domain = domains.find(tx, actor, request.domain_id)
    if request.organization_id not in (None, domain.organization_id):
        raise values.invalid(
            "DomainId", f"{domain.name} is of another organization", "a domain of the organization"
        )
    return domain.organization_id


def _field(n: int, name: str) -> str:
    return f"Mailboxes[{n}].{name}"
