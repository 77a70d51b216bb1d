"""Finding items of a folder."""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from operator import itemgetter
from typing import Any

from ewspush.core.errors import ExceededFindCountLimit
from ewspush.core.item_paths import FieldPath, Path
from ewspush.core.paging import IndexedView, Page, View, page_of, shortened
from ewspush.core.search import Restriction, matches, sort_key
from ewspush.operations.items.searched_values import (
    SearchedValues,
    cheapest_first,
    columns_for,
    name_of,
    names_in,
)
from ewspush.store import folders, item_search, items
from ewspush.store.database import Transaction
from ewspush.store.folders import Folder
from ewspush.store.item_conditions import condition_of
from ewspush.store.item_search import Scope
from ewspush.store.items import Item

_RECEIVED = FieldPath("DateTimeReceived")
_MOST_PROPERTIES = 16 * 1024 * 1024  # characters of a page's items, which are read at once
_RECOVERABLE = "recoverableitemsdeletions"


class Traversal(Enum):
    """Which items are searched (Traversal of FindItem, EWS XML reference)."""

    SHALLOW = "Shallow"
    SOFT_DELETED = "SoftDeleted"  # those that were in the folder
    ASSOCIATED = "Associated"  # hidden ones: there are none here


@dataclass(frozen=True, slots=True)
class Order:
    """A property by which items are sorted. An item without it comes before all others."""

    path: Path
    is_descending: bool = False


NEWEST_FIRST = (Order(_RECEIVED, is_descending=True),)


@dataclass(frozen=True, slots=True)
class ItemSearch:
    """What FindItem asks for."""

    traversal: Traversal = Traversal.SHALLOW
    restriction: Restriction | None = None
    orders: tuple[Order, ...] = NEWEST_FIRST  # the first counts most
    view: View | None = None
    must_fit: bool = False  # all that the view asks for, or nothing


@dataclass(frozen=True, slots=True)
class Found:
    """A page of what was found."""

    items: list[Item]
    page: Page


def find_items(
    tx: Transaction, mailbox: int, folder: Folder, search: ItemSearch, most: int
) -> Found:
    """The items of a folder that are searched for, `most` of them at once.

    Items that are sorted alike are in the order in which they came, in the direction of the last
    property. Raises ContainsFilterWrongType, and ExceededFindCountLimit if all must fit.
    """
    if search.traversal is Traversal.ASSOCIATED:
        return Found([], page_of(search.view, 0, most))
    finder = _Finder(tx, mailbox, folder, search, most)
    page, numbers = finder.find()
    page, numbers = _fitting(tx, mailbox, search.view, page, numbers)
    if search.must_fit and min(page.total, _asked_for(search.view) or page.total) > len(numbers):
        raise ExceededFindCountLimit
    by_number = {item.number: item for item in items.by_numbers(tx, mailbox, numbers)}
    return Found([by_number[number] for number in numbers], page)


def _fitting(
    tx: Transaction, mailbox: int, view: View | None, page: Page, numbers: Sequence[int]
) -> tuple[Page, Sequence[int]]:
    """As much of a page as may be in memory."""
    is_backward = isinstance(view, IndexedView) and view.from_end
    as_read = numbers[::-1] if is_backward else numbers
    size = items.fitting(tx, mailbox, as_read, _MOST_PROPERTIES)
    if size == len(numbers):
        return page, numbers
    return shortened(view, page, size), numbers[-size:] if is_backward else numbers[:size]


def _asked_for(view: View | None) -> int | None:
    return None if view is None else view.most


class _Finder:
    """One search of one folder."""

    def __init__(
        self, tx: Transaction, mailbox: int, folder: Folder, search: ItemSearch, most: int
    ) -> None:
        self._tx = tx
        self._mailbox = mailbox
        self._folder = folder
        self._search = search
        self._most = most
        self._scope = _scope(tx, mailbox, folder, search.traversal)
        self._condition = condition_of(tx, search.restriction)

    def find(self) -> tuple[Page, Sequence[int]]:
        """A page, and the numbers of the items on it."""
        by_received = [order.path for order in self._search.orders] == [_RECEIVED]
        if not by_received:
            return self._sorted()
        newest_first = self._search.orders[0].is_descending
        if self._condition.is_exact:
            return self._by_index(newest_first=newest_first)
        found = array("q", (row.number for row, _ in self._matching(newest_first=newest_first)))
        page = page_of(self._search.view, len(found), self._most)
        return page, found[page.start : page.stop]

    def _by_index(self, *, newest_first: bool) -> tuple[Page, list[int]]:
        page = page_of(self._search.view, self._count(), self._most)
        size = page.stop - page.start
        offset, after = page.start, page.total - page.stop
        from_end = after < offset  # the index is walked from where it is nearer
        numbers = item_search.numbers(
            self._tx,
            self._mailbox,
            self._scope,
            self._condition,
            newest_first=newest_first != from_end,
            offset=after if from_end else offset,
            most=size,
        )
        return page, numbers[::-1] if from_end else numbers

    def _count(self) -> int:
        if self._search.restriction is None and self._search.traversal is Traversal.SHALLOW:
            return self._folder.total_count
        return item_search.count(self._tx, self._mailbox, self._scope, self._condition)

    def _sorted(self) -> tuple[Page, list[int]]:
        orders = self._search.orders
        ranking = _Ranking([order.is_descending for order in orders], self._kept())
        for row, values in self._matching():
            ranking.add((*(sort_key(values, order.path) for order in orders), row.number))
        page = page_of(self._search.view, ranking.total, self._most)
        return page, ranking.numbers(page)

    def _kept(self) -> int | None:
        """How many must be kept to know those on the page; negative: of the last ones."""
        match self._search.view:
            case IndexedView(offset, from_end, most):
                kept = offset + min(most or self._most, self._most)
                return -kept if from_end else kept
            case None:
                return self._most
        return None

    def _matching(self, *, newest_first: bool = True) -> Iterator[tuple[Any, SearchedValues]]:
        restriction = self._search.restriction
        sorted_by = {name_of(order.path) for order in self._search.orders}
        names = names_in(restriction) | sorted_by
        wanted = None if restriction is None else cheapest_first(restriction)
        for row in item_search.scan(
            self._tx,
            self._mailbox,
            self._scope,
            self._condition,
            columns_for(names),
            newest_first=newest_first,
        ):
            values = SearchedValues(self._tx, self._mailbox, row)
            if wanted is None or matches(values, wanted):
                yield row, values


def _scope(tx: Transaction, mailbox: int, folder: Folder, traversal: Traversal) -> Scope:
    if traversal is Traversal.SHALLOW:
        return Scope(folder.number)
    recoverable = folders.by_name(tx, mailbox, _RECOVERABLE)
    assert recoverable is not None, "every mailbox has its distinguished folders"
    return Scope(recoverable.number, deleted_from=folder.number)


class _Ranking:
    """Sorts rows, of which it keeps the first ones, or the last, and forgets the others.

    A row is the keys by which it is sorted and, as the last of them, a number.
    """

    def __init__(self, descending: Sequence[bool], kept: int | None) -> None:
        self.total = 0
        self._rows: list[tuple[Any, ...]] = []
        self._directions = [*descending, descending[-1]]
        self._kept = kept
        self._most = None if kept is None else max(1000, 2 * abs(kept))

    def add(self, row: tuple[Any, ...]) -> None:
        self.total += 1
        self._rows.append(row)
        if self._most is not None and len(self._rows) > self._most:
            self._sort()

    def numbers(self, page: Page) -> list[int]:
        """The numbers of the rows on a page."""
        self._sort()
        is_of_last = self._kept is not None and self._kept < 0
        before = self.total - len(self._rows) if is_of_last else 0
        return [row[-1] for row in self._rows[page.start - before : page.stop - before]]

    def _sort(self) -> None:
        for place in reversed(range(len(self._directions))):  # sorting keeps the order of equals
            self._rows.sort(key=itemgetter(place), reverse=self._directions[place])
        if self._kept is not None:
            gone = slice(self._kept, None) if self._kept >= 0 else slice(None, self._kept)
            del self._rows[gone]
