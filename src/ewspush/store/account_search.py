"""Finding accounts by a part of their name or local part.

Texts of three characters or more are looked up in an index of trigrams: FTS5 of SQLite, or pg_trgm
of PostgreSQL if it could be installed. What is shorter, or matches a lot, is found by reading an
index of all accounts of the scope.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    column,
    func,
    literal,
    select,
    table,
    text,
    true,
    union_all,
)

from ewspush.core.accounts import Account
from ewspush.store.account_positions import Counts, Found, KeyOrder, Parts, Scope, Stretch, walk
from ewspush.store.database import Transaction
from ewspush.store.listing_schema import account_keys

LONGEST = 256  # characters of a search text
FEW = 10_000  # matches that are sorted by themselves
_TRIGRAM = 3  # characters
_SLICES = 16  # in which matches are counted, so that few have to be walked over

_NOT_IN_TEXT = re.compile("[\0\ud800-\udfff]")

_INDEX = table("account_search", column("rowid"))
_ADD = text("INSERT INTO account_search (rowid, searched) VALUES (:mailbox_id, :searched)")
_REMOVE = text(
    "INSERT INTO account_search (account_search, rowid, searched)"
    " VALUES ('delete', :mailbox_id, :searched)"
)


def fold(of: str) -> str:
    """A text as it is compared and searched: in NFC and one line, without regard to case."""
    return unicodedata.normalize("NFC", " ".join(of.split()).casefold())


def searched(account: Account) -> str:
    """Where an account is searched for. A search text is one line and matches in one."""
    return f"{fold(account.name)}\n{fold(account.local_part)}"


def fold_wanted(search: str) -> str:
    """A text to search for, folded. Raises ValueError if it is longer than LONGEST."""
    if len(search) > LONGEST:
        raise ValueError(f"a text to search for has at most {LONGEST} characters")
    # What no name contains stays that, and can be sent to the database.
    return fold(_NOT_IN_TEXT.sub("\ufffe", search))


# The index. PostgreSQL keeps its own.


def index(tx: Transaction, new: Sequence[Account]) -> None:
    """Let accounts be found."""
    if tx.is_sqlite and new:
        tx.connection.execute(_ADD, [_texts(account) for account in new])


def index_again(tx: Transaction, old: Account, new: Account) -> None:
    """Let an account be found by another name."""
    if tx.is_sqlite and _texts(old) != _texts(new):
        tx.connection.execute(_REMOVE, _texts(old))
        tx.connection.execute(_ADD, _texts(new))


def _texts(account: Account) -> dict[str, Any]:
    return {"mailbox_id": account.mailbox_id, "searched": searched(account)}


# Searching


def search(tx: Transaction, scope: Scope, order: KeyOrder, parts: Parts, wanted: str) -> Found:
    """The accounts of which the name or the local part contains a folded text."""
    counts = Counts(tx, scope, order)
    total = counts.total(status for part in parts for status in part)
    if total > FEW and len(wanted) >= _TRIGRAM:
        matches = _by_trigrams(tx, wanted)
        if _are_few(tx, matches):
            matching = account_keys.c.mailbox_id.in_(matches)
            return _Few(tx, [_unindexed(scope.column) == scope.id, matching], order, parts)
    return _Many(tx, scope, order, parts, counts.lows, _contains(tx, wanted))


class _Few:
    """Matches that are sorted by themselves."""

    def __init__(
        self,
        tx: Transaction,
        criteria: Sequence[ColumnElement[bool]],
        order: KeyOrder,
        parts: Parts,
    ) -> None:
        part_of = {status: number for number, part in enumerate(parts) for status in part}
        rows = tx.connection.execute(
            select(account_keys.c.mailbox_id, account_keys.c.status)
            .where(*criteria, _unindexed(account_keys.c.status).in_(part_of))
            .order_by(_unindexed(order.column))
        )
        self._mailboxes: list[list[int]] = [[] for _ in parts]
        for mailbox, status in rows:
            self._mailboxes[part_of[status]].append(mailbox)
        self.sizes = [len(part) for part in self._mailboxes]

    def take(self, part: int, first: int, count: int) -> list[int]:
        return self._mailboxes[part][first : first + count]


class _Many:
    """Matches that are counted in slices of their order; a page walks through few of these."""

    def __init__(
        self,
        tx: Transaction,
        scope: Scope,
        order: KeyOrder,
        parts: Parts,
        lows: Sequence[bytes],
        contains: ColumnElement[bool],
    ) -> None:
        self._tx, self._scope, self._order, self._parts = tx, scope, order, parts
        self._contains = contains
        self._lows = lows[:: len(lows) // _SLICES + 1]
        self._counts = [[0] * len(self._lows) for _ in parts]
        for part, place, count in self._count():
            self._counts[part][place] += count
        self.sizes = [sum(slices) for slices in self._counts]

    def take(self, part: int, first: int, count: int) -> list[int]:
        stretch = Stretch.of(first, count, self._lows, self._counts[part])
        statuses = self._parts[part]
        return walk(self._tx, self._scope, self._order, statuses, stretch, self._contains)

    def _count(self) -> Iterable[Any]:
        """How many match, by part and slice: a range of an index for each, and no sorting."""
        position, status = self._order.column, account_keys.c.status
        each = [
            select(literal(part), literal(place), func.count()).where(
                self._scope.criterion,
                status == of,
                position >= low,
                true() if place + 1 == len(self._lows) else position < self._lows[place + 1],
                self._contains,
            )
            for part, statuses in enumerate(self._parts)
            for of in statuses
            for place, low in enumerate(self._lows)
        ]
        return self._tx.connection.execute(union_all(*each)) if each else []


def _by_trigrams(tx: Transaction, wanted: str) -> Any:
    """A SELECT of the mailboxes that match, in the whole database, from an index."""
    if tx.is_sqlite:
        phrase = '"' + wanted.replace('"', '""') + '"'
        return (
            select(_INDEX.c.rowid).where(text("account_search MATCH :phrase")).params(phrase=phrase)
        )
    like = account_keys.c.searched.contains(wanted, autoescape=True)
    return select(account_keys.c.mailbox_id).where(like)


def _are_few(tx: Transaction, matches: Any) -> bool:
    some = matches.limit(FEW + 1).subquery()
    return tx.connection.execute(select(func.count()).select_from(some)).scalar_one() <= FEW


def _contains(tx: Transaction, wanted: str) -> ColumnElement[bool]:
    position = func.instr if tx.is_sqlite else func.strpos
    return position(account_keys.c.searched, wanted) > 0


def _unindexed(of: ColumnElement[Any]) -> ColumnElement[Any]:
    """A column, to be left out of account when the database chooses an index."""
    return func.coalesce(of, of, type_=of.type)
