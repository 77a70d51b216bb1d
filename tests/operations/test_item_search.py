"""Finding items: as if all of them were read, judged, sorted, and cut into pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cmp_to_key
from itertools import count
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from ewspush.core.errors import ExceededFindCountLimit
from ewspush.core.item_paths import FieldPath
from ewspush.core.paging import FractionalView, IndexedView, View, page_of
from ewspush.core.search import (
    And,
    Comparison,
    Constant,
    Contains,
    Exists,
    Mode,
    Not,
    Operator,
    Or,
    Restriction,
    matches,
    sort_key,
)
from ewspush.operations.folders.finding import FolderByName, get_folder
from ewspush.operations.items import search as operation
from ewspush.operations.items import searched_values
from ewspush.operations.items.creation import create
from ewspush.operations.items.moves import Disposal, delete_items
from ewspush.operations.items.search import (
    NEWEST_FIRST,
    Found,
    ItemSearch,
    Order,
    Traversal,
    find_items,
)
from ewspush.operations.items.searched_values import cheapest_first
from ewspush.operations.items.values import content_values, values_of
from ewspush.operations.journal import Journal
from ewspush.store import item_search, items
from ewspush.store.database import Database, Transaction
from ewspush.store.items import Item
from support import item_searches
from support.checks_for_store import NOW_S, new_mailbox

MOST = 5  # items on a page
MANY = 1000
BY_RECEIVED = st.just((Order(FieldPath("DateTimeReceived")),))
names = count(1)


@dataclass
class World:
    """A mailbox with items in its Inbox, some of them soft-deleted."""

    database: Database
    mailbox: int
    there: list[Item]
    deleted: list[Item]

    def find(self, search: ItemSearch, most: int = MOST) -> Found:
        with self.database.read() as tx:
            folder = get_folder(tx, self.mailbox, FolderByName("inbox"))
            return find_items(tx, self.mailbox, folder, search, most)

    def numbers(self, search: ItemSearch) -> list[int]:
        return [item.number for item in self.find(search, MANY).items]

    def expected(self, search: ItemSearch, most: int = MOST) -> tuple[list[int], int]:
        """The numbers on the page, and how many items there are in all, the long way."""
        is_deleted = search.traversal is Traversal.SOFT_DELETED
        with self.database.read() as tx:
            judged = [
                (item.number, values)
                for item in (self.deleted if is_deleted else self.there)
                for values in [all_values(tx, self.mailbox, item)]
                if search.restriction is None or matches(values, search.restriction)
            ]
        judged.sort(key=cmp_to_key(lambda a, b: compared(a, b, search.orders)))
        page = page_of(search.view, len(judged), most)
        return [number for number, _ in judged[page.start : page.stop]], page.total


def all_values(tx: Transaction, mailbox: int, item: Item) -> dict[str, Any]:
    contents = content_values(
        tx, mailbox, item, frozenset({"Body", "InternetMessageHeaders"}), "Text"
    )
    return {**values_of(item), **contents}


def compared(
    a: tuple[int, Mapping[str, Any]], b: tuple[int, Mapping[str, Any]], orders: Sequence[Order]
) -> int:
    for order in orders:
        left, right = (sort_key(values, order.path) for _, values in (a, b))
        if left != right:
            return 1 if (left > right) != order.is_descending else -1
    return 1 if (a[0] > b[0]) != orders[-1].is_descending else -1


def world(
    database: Database, contents: Sequence[tuple[Mapping[str, Any], int, bool]] = ()
) -> World:
    """Of values, the time at which they came, and whether they were deleted."""
    mailbox = new_mailbox(database, f"user{next(names)}").id
    made = World(database, mailbox, [], [])
    with database.write() as tx:
        inbox, recoverable = (
            get_folder(tx, mailbox, FolderByName(name)).number
            for name in ("inbox", "recoverableitemsdeletions")
        )
        for values, at_s, is_deleted in contents:
            journal = Journal(tx, mailbox, at_s)
            item = create(journal, inbox, values)
            if is_deleted:
                delete_items(journal, [item], Disposal.SOFT)
            journal.settle()
        made.there += items.in_folder(tx, mailbox, inbox, 0, MANY)
        made.deleted += items.in_folder(tx, mailbox, recoverable, 0, MANY)
    return made


def test_a_search_finds_what_reading_everything_finds(database: Database) -> None:
    @settings(deadline=None, max_examples=150)
    @given(
        contents=st.lists(
            st.tuples(
                item_searches.items, item_searches.seconds, st.sampled_from([False, False, True])
            ),
            max_size=8,
        ),
        searches=st.lists(
            st.builds(
                ItemSearch,
                st.sampled_from([Traversal.SHALLOW] * 3 + [Traversal.SOFT_DELETED]),
                st.none() | item_searches.restrictions,
                st.just(NEWEST_FIRST) | BY_RECEIVED | item_searches.orders.map(tuple),
                item_searches.views,
            ),
            min_size=1,
            max_size=4,
        ),
    )
    def check(contents: list[Any], searches: list[ItemSearch]) -> None:
        made = world(database, contents)
        for search in searches:
            found = made.find(search)
            event("found some" if found.items else "found nothing")
            numbers = [item.number for item in found.items]
            assert (numbers, found.page.total) == made.expected(search)

    check()


def received(at_s: int, **values: Any) -> tuple[dict[str, Any], int, bool]:
    return {"ItemClass": "IPM.Note", **values}, at_s, False


@pytest.fixture
def eight(database: Database) -> World:
    """Items with subjects from 0 to 7, the last one the newest."""
    return world(database, [received(NOW_S + each, Subject=str(each)) for each in range(8)])


def subjects(found: Found) -> str:
    return "".join(item.subject or "-" for item in found.items)


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        (None, "76543"),
        (IndexedView(0, most=3), "765"),
        (IndexedView(3, most=3), "432"),
        (IndexedView(6, most=3), "10"),
        (IndexedView(9, most=3), ""),
        (IndexedView(0, from_end=True, most=3), "210"),
        (IndexedView(2, from_end=True, most=3), "432"),
        (IndexedView(6, from_end=True, most=3), "76"),
        (IndexedView(9, from_end=True, most=3), ""),
        (IndexedView(2), "54321"),
        (FractionalView(0, 4, 2), "76"),
        (FractionalView(3, 4, 4), "10"),
        (FractionalView(1, 1, 4), ""),
    ],
)
@pytest.mark.parametrize(
    "restriction",
    [
        None,
        Exists(FieldPath("Subject")),
        Comparison(Operator.EQUAL, FieldPath("IsRead"), Constant("true")),
    ],
    ids=["without", "read", "asked"],
)
@pytest.mark.parametrize(
    "orders",
    [NEWEST_FIRST, (Order(FieldPath("Subject"), is_descending=True),)],
    ids=["date", "text"],
)
def test_a_view_is_the_same_page_however_it_is_found(
    eight: World,
    view: View | None,
    expected: str,
    restriction: Restriction | None,
    orders: tuple[Order, ...],
) -> None:
    found = eight.find(ItemSearch(restriction=restriction, orders=orders, view=view))
    assert (subjects(found), found.page.total) == (expected, 8)


def test_more_items_than_are_read_at_once_are_all_found(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(item_search, "_AT_ONCE", 3)
    made = world(database, [received(NOW_S + each // 4) for each in range(20)])
    search = ItemSearch(restriction=Exists(FieldPath("Size")))
    for order in (NEWEST_FIRST, (Order(FieldPath("DateTimeReceived")),)):
        numbers = made.numbers(replace(search, orders=order))
        assert sorted(numbers) == [item.number for item in made.there]


@pytest.mark.parametrize("from_end", [False, True])
def test_sorting_keeps_in_memory_what_a_page_needs(
    from_end: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    ranking = operation._Ranking([False], -10 if from_end else 10)
    for number in range(5000):
        ranking.add(((1, number * 7919 % 5000), number))
        assert len(ranking._rows) <= 1000
    found = ranking.numbers(page_of(IndexedView(0, from_end, 10), 5000, 1000))
    keys = [number * 7919 % 5000 for number in found]
    assert keys == list(range(4990, 5000) if from_end else range(10))


def test_items_without_the_property_come_first(database: Database) -> None:
    made = world(
        database,
        [received(NOW_S, Subject="b"), received(NOW_S), received(NOW_S, Subject="A")],
    )
    assert subjects(made.find(ItemSearch(orders=(Order(FieldPath("Subject")),)))) == "-Ab"


def test_what_is_sorted_alike_is_in_the_order_in_which_it_came(database: Database) -> None:
    made = world(database, [received(NOW_S, Subject=each) for each in ("a", "A", "b")])
    by_subject = (Order(FieldPath("Subject")),)
    newest_of_each = (*by_subject, Order(FieldPath("DateTimeReceived"), is_descending=True))
    assert subjects(made.find(ItemSearch(orders=by_subject))) == "aAb"
    assert subjects(made.find(ItemSearch(orders=newest_of_each))) == "Aab"


def test_hidden_items_are_none(eight: World) -> None:
    found = eight.find(ItemSearch(Traversal.ASSOCIATED))
    assert (found.items, found.page.total, found.page.includes_last) == ([], 0, True)


def test_what_must_fit_and_does_not_is_an_error(eight: World) -> None:
    everything = ItemSearch(restriction=Exists(FieldPath("Size")), must_fit=True)
    assert len(eight.find(everything, most=8).items) == 8
    with pytest.raises(ExceededFindCountLimit):
        eight.find(everything, most=7)


def contains(name: str, text: str) -> Contains:
    return Contains(FieldPath(name), text, Mode.PREFIX_ON_WORDS, ignores_case=True)


def test_the_names_of_attachments_are_found(database: Database) -> None:
    report = {"Kind": "FileAttachment", "Name": "report.pdf", "Content": ""}
    made = world(database, [received(NOW_S, Attachments=[report]), received(NOW_S)])
    search = ItemSearch(restriction=contains("Attachments", "report"))
    assert made.numbers(search) == [made.there[0].number]


def test_contents_are_read_only_when_the_rest_leaves_it_open(
    eight: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []

    def reading(tx: Transaction, mailbox: int, item: Item, *rest: Any) -> dict[str, Any]:
        read.append(item.number)
        return content_values(tx, mailbox, item, *rest)

    monkeypatch.setattr(searched_values, "content_values", reading)
    subject = Comparison(Operator.EQUAL, FieldPath("Subject"), Constant("4"))
    eight.find(ItemSearch(restriction=And((contains("Body", "x"), Not(Not(subject))))))
    assert read == [eight.there[4].number]


BODY, FROM, SUBJECT = (contains(name, "x") for name in ("Body", "From", "Subject"))


@pytest.mark.parametrize(
    ("restriction", "expected"),
    [
        (And((BODY, FROM, SUBJECT)), And((SUBJECT, FROM, BODY))),
        (Or((BODY, Not(SUBJECT))), Or((Not(SUBJECT), BODY))),
        (Not(And((BODY, SUBJECT))), Not(And((SUBJECT, BODY)))),
        (And((Or((BODY, SUBJECT)), FROM)), And((FROM, Or((SUBJECT, BODY))))),
    ],
)
def test_what_costs_least_is_asked_first(restriction: Restriction, expected: Restriction) -> None:
    assert cheapest_first(restriction) == expected


@pytest.mark.parametrize("from_end", [False, True])
def test_a_page_ends_where_memory_does_and_the_next_goes_on(
    database: Database, monkeypatch: pytest.MonkeyPatch, *, from_end: bool
) -> None:
    monkeypatch.setattr(operation, "_MOST_PROPERTIES", 250)
    there = world(database, [({"Subject": "x" * 100}, at_s, False) for at_s in range(7)])
    found: list[int] = []
    page = None
    while page is None or not page.includes_last:
        view = IndexedView(page.next_offset if page else 0, from_end=from_end, most=4)
        answer = there.find(ItemSearch(view=view))
        page = answer.page
        assert page.total == 7
        numbers = [item.number for item in answer.items]
        assert 1 <= len(numbers) <= 2
        found = numbers + found if from_end else found + numbers
    assert found == there.numbers(ItemSearch())[:1] + found[1:]
    assert sorted(found, reverse=True) == found
    assert len(found) == 7


def test_what_must_fit_must_fit_into_memory(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operation, "_MOST_PROPERTIES", 250)
    there = world(database, [({"Subject": "x" * 100}, at_s, False) for at_s in range(4)])
    with pytest.raises(ExceededFindCountLimit):
        there.find(ItemSearch(must_fit=True))
