"""Where accounts are in each order, and how many of each status are before a place in it.

The accounts of a scope are counted in buckets. So a page is found by adding up buckets and walking
through one at most, wherever it is.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Sequence
from enum import IntEnum
from itertools import accumulate
from typing import Any, NamedTuple, Protocol, Self
from uuid import UUID

from sqlalchemy import Column, ColumnElement, select, union_all

from ewspush.core.accounts import AccountStatus
from ewspush.store.database import Transaction
from ewspush.store.listing_schema import account_buckets, account_keys, account_moves

COUNTED = [account_buckets.c[status.of_mailbox] for status in AccountStatus]


class KeyOrder(IntEnum):
    """The orders in which accounts are counted. That by status follows from that by name."""

    NAME = 1
    CREATED_AT = 2
    UPDATED_AT = 3

    @property
    def column(self) -> Column[bytes]:
        """The positions of accounts in this order."""
        return account_keys.c[f"by_{self.name.lower()}"]


class Scope(NamedTuple):
    """An organization, or one domain of it."""

    organization_id: UUID
    domain_id: UUID | None

    @property
    def id(self) -> UUID:
        return self.domain_id or self.organization_id

    @property
    def column(self) -> Column[UUID]:
        """Where keys have the id of such a scope."""
        columns = account_keys.c
        return columns.organization_id if self.domain_id is None else columns.domain_id

    @property
    def criterion(self) -> ColumnElement[bool]:
        """Which keys are in this scope."""
        return self.column == self.id


# Statuses of which the accounts are listed one set after the other.
Parts = Sequence[Collection[AccountStatus]]


class Found(Protocol):
    """Accounts that were asked for, in order."""

    sizes: list[int]  # how many there are of each part

    def take(self, part: int, first: int, count: int) -> list[int]:
        """The mailboxes of `count` accounts of a part after the first `first`."""


class Move(NamedTuple):
    """An account that comes to a place (1) or leaves it (-1)."""

    scope: Scope
    order: KeyOrder
    position: bytes
    status: AccountStatus
    change: int


def name_position(folded: str, mailbox_id: int) -> bytes:
    """Where an account is by its folded name: in the order of code points, then by mailbox."""
    return folded.encode() + b"\0" + mailbox_id.to_bytes(8)


def time_position(at_s: int, mailbox_id: int) -> bytes:
    """Where an account is by a time, then by mailbox."""
    return (at_s + (1 << 63)).to_bytes(8) + mailbox_id.to_bytes(8)


class Counts:
    """How many accounts there are in the buckets of one order, by status."""

    def __init__(self, tx: Transaction, scope: Scope, order: KeyOrder) -> None:
        table = account_buckets.c
        rows = tx.connection.execute(
            select(table.lowest, *COUNTED)
            .where(table.scope == scope.id, table.key_order == order)
            .order_by(table.lowest)
        ).all()
        self.lows: list[bytes] = [row[0] for row in rows] or [b""]
        self._counts = [list(row[1:]) for row in rows] or [[0] * len(COUNTED)]
        for position, status, change in tx.connection.execute(_moves_in(scope, order)):
            self._counts[bisect_right(self.lows, position) - 1][status - 1] += change

    def total(self, statuses: Iterable[AccountStatus]) -> int:
        """How many there are of these statuses."""
        return sum(self.of(statuses))

    def of(self, statuses: Iterable[AccountStatus]) -> list[int]:
        """How many there are of these statuses in each bucket."""
        places = [status - 1 for status in statuses]
        return [sum(counts[place] for place in places) for counts in self._counts]


class Everything:
    """All accounts of a scope."""

    def __init__(self, tx: Transaction, scope: Scope, order: KeyOrder, parts: Parts) -> None:
        self._tx, self._scope, self._order, self._parts = tx, scope, order, parts
        counts = Counts(tx, scope, order)
        self._lows, self._counts = counts.lows, [counts.of(part) for part in parts]
        self.sizes = [sum(buckets) for buckets in self._counts]

    def take(self, part: int, first: int, count: int) -> list[int]:
        stretch = Stretch.of(first, count, self._lows, self._counts[part])
        return walk(self._tx, self._scope, self._order, self._parts[part], stretch)


class Stretch(NamedTuple):
    """Which accounts to walk through, and which of these are wanted."""

    lowest: bytes
    until: bytes | None  # None: the end of the order
    skipped: int
    wanted: int

    @classmethod
    def of(cls, first: int, count: int, lows: Sequence[bytes], counts: Iterable[int]) -> Self:
        """`count` accounts after the first `first`, of `counts` in pieces that begin at `lows`."""
        ends = list(accumulate(counts, initial=0))
        begin = min(bisect_right(ends, first) - 1, len(lows) - 1)
        following = bisect_left(ends, first + count)
        until = lows[following] if following < len(lows) else None
        return cls(lows[begin], until, first - ends[begin], count)


def walk(
    tx: Transaction,
    scope: Scope,
    order: KeyOrder,
    statuses: Iterable[AccountStatus],
    stretch: Stretch,
    *criteria: ColumnElement[bool],
) -> list[int]:
    """The mailboxes of accounts of these statuses in an order. Nothing but an index is read."""
    lowest, until, skipped, wanted = stretch
    position = order.column
    inside = [position >= lowest, *([] if until is None else [position < until])]
    each = [
        select(position.label("position")).where(
            scope.criterion, account_keys.c.status == status, *inside, *criteria
        )
        for status in statuses
    ]
    # Each is in the order of the index: databases merge them, if they are a subquery of this form.
    found = union_all(*each).subquery()
    ordered = select(found.c.position).order_by(found.c.position).limit(wanted).offset(skipped)
    return [int.from_bytes(each[-8:]) for each in tx.connection.execute(ordered).scalars()]


def _moves_in(scope: Scope, order: KeyOrder) -> Any:
    table = account_moves.c
    return select(table.position, table.status, table.change).where(
        table.organization_id == scope.organization_id,
        table.scope == scope.id,
        table.key_order == order,
    )
