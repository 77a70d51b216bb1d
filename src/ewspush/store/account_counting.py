"""Keeping the counts of accounts in buckets, of at most LARGEST each.

Buckets are written by one transaction of an organization at a time. On PostgreSQL, who finds
another at it does not wait: what it would count is kept as moves, which readers add to the
buckets, and the next who writes buckets counts them there.
"""

import hashlib
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    delete,
    func,
    insert,
    literal,
    select,
    union_all,
    update,
)

from ewspush.core.accounts import AccountStatus
from ewspush.store.account_positions import COUNTED, KeyOrder, Move, Scope
from ewspush.store.database import Transaction
from ewspush.store.listing_schema import account_buckets, account_keys, account_moves

LARGEST = 2_000  # accounts in a bucket; a larger one is cut into pieces of half that
_FEW = 8  # positions, up to which the bucket of each is looked up


def record(tx: Transaction, organization_id: UUID, moves: Iterable[Move]) -> None:
    """Count accounts of an organization that moved. Their keys are stored already."""
    if not _may_write_buckets(tx, organization_id):
        _keep(tx, moves)
        return
    by_series: dict[_Series, list[_Place]] = defaultdict(list)
    for scope, order, position, status, change in [*_take_kept(tx, organization_id), *moves]:
        by_series[_Series(scope, order)].append(_Place(position, status, change))
    for series in sorted(by_series, key=lambda series: (series.scope.id, series.order)):
        series.count(tx, by_series[series])


def _may_write_buckets(tx: Transaction, organization_id: UUID) -> bool:
    """Whether this transaction is the one that writes buckets, and stays so until its end."""
    if tx.is_sqlite:  # which has one writer
        return True
    digest = hashlib.blake2b(b"account_buckets" + organization_id.bytes, digest_size=8).digest()
    lock = func.pg_try_advisory_xact_lock(int.from_bytes(digest, signed=True))
    return bool(tx.connection.execute(select(lock)).scalar_one())


def _keep(tx: Transaction, moves: Iterable[Move]) -> None:
    rows = [
        {
            "organization_id": scope.organization_id,
            "scope": scope.id,
            "key_order": order,
            "position": position,
            "status": status,
            "change": change,
        }
        for scope, order, position, status, change in moves
    ]
    if rows:
        tx.connection.execute(insert(account_moves), rows)


def _take_kept(tx: Transaction, organization_id: UUID) -> list[Move]:
    if tx.is_sqlite:
        return []
    table = account_moves.c
    rows = tx.connection.execute(
        delete(account_moves)
        .where(table.organization_id == organization_id)
        .returning(table.scope, table.key_order, table.position, table.status, table.change)
    )
    return [
        Move(
            Scope(organization_id, None if scope == organization_id else scope),
            KeyOrder(order),
            position,
            AccountStatus(status),
            change,
        )
        for scope, order, position, status, change in rows
    ]


class _Place(NamedTuple):
    position: bytes
    status: int
    change: int


@dataclass(slots=True)
class _Bucket:
    lowest: bytes
    counts: list[int]  # of each status

    @property
    def total(self) -> int:
        return sum(self.counts)


_SET_COUNTS = (
    update(account_buckets)
    .where(
        account_buckets.c.scope == bindparam("of_scope"),
        account_buckets.c.key_order == bindparam("of_order"),
        account_buckets.c.lowest == bindparam("from_lowest"),
    )
    .values({column.name: bindparam(f"new_{column.name}") for column in COUNTED})
)


@dataclass(frozen=True, slots=True)
class _Series:
    """The buckets of one order of a scope, in a transaction that may write them."""

    scope: Scope
    order: KeyOrder

    def count(self, tx: Transaction, places: Sequence[_Place]) -> None:
        """Count accounts that came or left, and keep the buckets of the right size."""
        around = self._around(tx, sorted({place.position for place in places}))
        buckets = _count_in(around, places)
        self._store(tx, buckets)
        for bucket in buckets:
            if bucket.total > LARGEST:
                self._split(tx, bucket)
            elif bucket.lowest and bucket.total < LARGEST // 4:
                self._merge(tx, bucket.lowest)

    def _around(self, tx: Transaction, positions: Sequence[bytes]) -> list[_Bucket]:
        """At least the buckets in which these positions are."""
        ends = (positions[0], positions[-1])
        spans = [ends] if len(positions) > _FEW else [(each, each) for each in positions]
        buckets = {bucket.lowest: bucket for span in spans for bucket in self._between(tx, *span)}
        if not buckets:
            first = _Bucket(b"", [0] * len(COUNTED))
            self._insert(tx, [first])
            return [first]
        return [buckets[lowest] for lowest in sorted(buckets)]

    def _between(self, tx: Transaction, first: bytes, last: bytes) -> list[_Bucket]:
        low = account_buckets.c.lowest
        begin = (
            select(low)
            .where(self._criterion, low <= first)
            .order_by(low.desc())
            .limit(1)
            .scalar_subquery()
        )
        return self._select(tx, low >= begin, low <= last)

    def _select(self, tx: Transaction, *criteria: ColumnElement[bool]) -> list[_Bucket]:
        rows = tx.connection.execute(
            select(account_buckets.c.lowest, *COUNTED)
            .where(self._criterion, *criteria)
            .order_by(account_buckets.c.lowest)
        )
        return [_Bucket(lowest, counts) for lowest, *counts in rows]

    def _split(self, tx: Transaction, bucket: _Bucket) -> None:
        """Cut a bucket into pieces, by the accounts that are there."""
        places = self._places(tx, bucket.lowest)
        size = max(LARGEST // 2, 1)
        cuts = sorted({place.position for place in places})[size::size]
        pieces = [_Bucket(lowest, [0] * len(COUNTED)) for lowest in (bucket.lowest, *cuts)]
        _count_in(pieces, places)
        self._store(tx, pieces[:1])
        if pieces[1:]:
            self._insert(tx, pieces[1:])

    def _places(self, tx: Transaction, lowest: bytes) -> list[_Place]:
        """What is counted in a bucket.

        One statement sees the accounts of others, and takes away what they keep as moves: both
        are there since the same commit.
        """
        low = account_buckets.c.lowest
        following = tx.connection.execute(
            select(low).where(self._criterion, low > lowest).order_by(low).limit(1)
        ).scalar_one_or_none()

        def inside(position: Any) -> ColumnElement[bool]:
            above = position >= lowest
            return above if following is None else and_(above, position < following)

        accounts = select(self.order.column, account_keys.c.status, literal(1)).where(
            self.scope.criterion,
            account_keys.c.status.in_(AccountStatus),  # as the index has it
            inside(self.order.column),
        )
        moves = account_moves.c
        kept = select(moves.position, moves.status, -moves.change).where(
            moves.organization_id == self.scope.organization_id,
            moves.scope == self.scope.id,
            moves.key_order == self.order,
            inside(moves.position),
        )
        return [_Place(*row) for row in tx.connection.execute(union_all(accounts, kept))]

    def _merge(self, tx: Transaction, lowest: bytes) -> None:
        """Let a bucket that became small be part of the one before it, if both make a small one."""
        low = account_buckets.c.lowest
        rows = tx.connection.execute(
            select(low, *COUNTED)
            .where(self._criterion, low <= lowest)
            .order_by(low.desc())
            .limit(2)
        )
        small, before = (_Bucket(low, counts) for low, *counts in rows)
        if small.total + before.total > LARGEST // 2:
            return
        before.counts = [sum(both) for both in zip(before.counts, small.counts, strict=True)]
        tx.connection.execute(delete(account_buckets).where(self._criterion, low == lowest))
        self._store(tx, [before])

    def _store(self, tx: Transaction, buckets: Sequence[_Bucket]) -> None:
        rows = [
            {
                "of_scope": self.scope.id,
                "of_order": self.order,
                "from_lowest": bucket.lowest,
                **{f"new_{name}": count for name, count in _named(bucket.counts).items()},
            }
            for bucket in buckets
        ]
        tx.connection.execute(_SET_COUNTS, rows)

    def _insert(self, tx: Transaction, buckets: Sequence[_Bucket]) -> None:
        common = {"scope": self.scope.id, "key_order": self.order}
        rows = [{**common, "lowest": bucket.lowest, **_named(bucket.counts)} for bucket in buckets]
        tx.connection.execute(insert(account_buckets), rows)

    @property
    def _criterion(self) -> ColumnElement[bool]:
        table = account_buckets.c
        return and_(table.scope == self.scope.id, table.key_order == self.order)


def _count_in(buckets: Sequence[_Bucket], places: Iterable[_Place]) -> list[_Bucket]:
    """Count in the bucket of each, and say which these were; `buckets` are in order."""
    lows = [bucket.lowest for bucket in buckets]
    touched = set()
    for position, status, change in places:
        index = bisect_right(lows, position) - 1
        buckets[index].counts[status - 1] += change
        touched.add(index)
    return [buckets[index] for index in sorted(touched)]


def _named(counts: Sequence[int]) -> dict[str, int]:
    return {column.name: count for column, count in zip(COUNTED, counts, strict=True)}
