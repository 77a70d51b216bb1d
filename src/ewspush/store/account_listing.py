"""Pages of accounts, in any order, out of a million."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, insert, select, text, update

from ewspush.core.accounts import Account, AccountStatus, OrderBy
from ewspush.core.ids import shard_of
from ewspush.store import account_counting, account_positions, account_search
from ewspush.store.account_positions import Everything, Found, KeyOrder, Move, Parts, Scope
from ewspush.store.account_rows import of_row
from ewspush.store.database import Transaction
from ewspush.store.directory_schema import accounts
from ewspush.store.listing_schema import account_keys

_KEY_ORDERS = {
    OrderBy.NAME: KeyOrder.NAME,
    OrderBy.CREATED_AT: KeyOrder.CREATED_AT,
    OrderBy.UPDATED_AT: KeyOrder.UPDATED_AT,
    OrderBy.STATUS: KeyOrder.NAME,  # of each status in turn
}


@dataclass(frozen=True, slots=True)
class Selection:
    """Which accounts are asked for, and in which order."""

    organization_id: UUID
    domain_id: UUID | None  # None: every domain of the organization
    statuses: frozenset[AccountStatus]
    search: str  # in name and local part, without regard to case; empty: all
    order_by: OrderBy
    descending: bool = False


def page(
    tx: Transaction, selection: Selection, offset: int, count: int
) -> tuple[list[Account], int]:
    """`count` accounts after the first `offset`, and how many there are.

    Accounts that are equal in the order follow each other by mailbox; `descending` is the exact
    reverse. White space around the search text is ignored, and any in it is like one space. Both
    parts of the answer are of one moment in a transaction of `Database.read`.

    Raises ValueError if the search text is longer than account_search.LONGEST, or if `offset` or
    `count` is negative.
    """
    if offset < 0 or count < 0:
        raise ValueError("the place and the length of a page are not negative")
    if not tx.is_sqlite:  # which plan is good depends on the place of the page, and on the text
        tx.connection.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))
    parts = _parts(selection)
    found = _find(tx, selection, parts)
    total = sum(found.sizes)
    end = total - offset if selection.descending else min(offset + count, total)
    start = max(end - count, 0) if selection.descending else offset
    mailboxes: list[int] = []
    for part, size in enumerate(found.sizes):
        first, last = max(start, 0), min(end, size)
        if first < last:
            mailboxes += found.take(part, first, last - first)
        start, end = start - size, end - size
    if selection.descending:
        mailboxes.reverse()
    return _accounts(tx, mailboxes), total


def _parts(selection: Selection) -> Parts:
    if selection.order_by is OrderBy.STATUS:
        return [[status] for status in sorted(selection.statuses)]
    return [selection.statuses] if selection.statuses else []


def _find(tx: Transaction, selection: Selection, parts: Parts) -> Found:
    scope = Scope(selection.organization_id, selection.domain_id)
    order = _KEY_ORDERS[selection.order_by]
    wanted = account_search.fold_wanted(selection.search)
    if wanted:
        return account_search.search(tx, scope, order, parts, wanted)
    return Everything(tx, scope, order, parts)


def _accounts(tx: Transaction, mailboxes: Sequence[int]) -> list[Account]:
    rows = tx.connection.execute(select(accounts).where(accounts.c.mailbox_id.in_(mailboxes)))
    by_mailbox = {row.mailbox_id: of_row(row) for row in rows}
    return [by_mailbox[mailbox] for mailbox in mailboxes]


# Writing

_CHANGING = ("status", "searched", "by_name", "by_created_at", "by_updated_at")
_UPDATE = (
    update(account_keys)
    .where(account_keys.c.mailbox_id == bindparam("of_mailbox"))
    .values({name: bindparam(f"new_{name}") for name in _CHANGING})
)


def added(tx: Transaction, new: Sequence[Account]) -> None:
    """Accounts were inserted."""
    if not new:
        return
    tx.connection.execute(insert(account_keys), [_keys(account) for account in new])
    account_search.index(tx, new)
    for organization in sorted({account.organization_id for account in new}):
        mine = (account for account in new if account.organization_id == organization)
        moves = (move for account in mine for move in _moves(account, 1))
        account_counting.record(tx, organization, moves)


def changed(tx: Transaction, old: Account, new: Account) -> None:
    """An account was changed. It is in the same domain as before."""
    before, after = list(_moves(old, -1)), list(_moves(new, 1))
    moves = [
        move
        for left, came in zip(before, after, strict=True)
        if left[:-1] != came[:-1]
        for move in (left, came)
    ]
    if not moves:
        return
    keys = _keys(new)
    values = {f"new_{name}": keys[name] for name in _CHANGING}
    tx.connection.execute(_UPDATE, {"of_mailbox": old.mailbox_id, **values})
    account_search.index_again(tx, old, new)
    account_counting.record(tx, new.organization_id, moves)


def _keys(account: Account) -> dict[str, Any]:
    positions = {order.column.name: at for order, at in _positions(account).items()}
    return {
        "mailbox_id": account.mailbox_id,
        "shard": shard_of(account.mailbox_id),
        "organization_id": account.organization_id,
        "domain_id": account.domain_id,
        "status": account.status,
        "searched": account_search.searched(account),
        **positions,
    }


def _positions(account: Account) -> dict[KeyOrder, bytes]:
    name, mailbox = account_search.fold(account.name), account.mailbox_id
    return {
        KeyOrder.NAME: account_positions.name_position(name, mailbox),
        KeyOrder.CREATED_AT: account_positions.time_position(account.created_at_s, mailbox),
        KeyOrder.UPDATED_AT: account_positions.time_position(account.updated_at_s, mailbox),
    }


def _moves(account: Account, change: int) -> Iterator[Move]:
    positions = _positions(account)
    for domain in (None, account.domain_id):
        scope = Scope(account.organization_id, domain)
        for order, position in positions.items():
            yield Move(scope, order, position, account.status, change)
