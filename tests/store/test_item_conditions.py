"""What the database judges of a restriction: never does it lose an item that is found."""

from collections.abc import Mapping
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ewspush.core.errors import EwsError
from ewspush.core.item_paths import FieldPath
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
)
from ewspush.operations.items.values import values_of
from ewspush.store import item_search, items
from ewspush.store.database import Database, Transaction
from ewspush.store.item_conditions import condition_of
from ewspush.store.item_search import Scope
from ewspush.store.items import Item
from support import item_searches
from support.checks_for_store import NOW_S, new_mailbox

FOLDER = 3
numbers = count(1000)
names = count(1)

SIZES = (0, 1, 2, 3, 150, 2**31 - 1)


def item(values: Mapping[str, Any], **columns: Any) -> Item:
    """An item with these values, in columns and properties."""
    number = next(numbers)
    properties = {
        name: value
        for name, value in values.items()
        if name not in ("Subject", "ItemClass", "IsRead", "Body", "MimeContent")
    }
    given = {
        "number": number,
        "folder_number": FOLDER,
        "content_number": number,
        "deleted_from": None,
        "item_class": values.get("ItemClass", "IPM.Note"),
        "subject": values.get("Subject"),
        "is_read": values.get("IsRead", True),
        "is_draft": False,
        "has_attachments": False,
        "size": 1,
        "received_at_s": NOW_S,
        "created_at_s": NOW_S,
        "modified_at_s": NOW_S,
        "change": number,
        "content_change": number,
        "properties": properties,
    }
    return Item(**{**given, **columns})


stored = st.lists(
    st.builds(
        item,
        item_searches.items,
        is_draft=st.booleans(),
        has_attachments=st.booleans(),
        size=st.sampled_from(SIZES),
        received_at_s=item_searches.seconds,
        created_at_s=item_searches.seconds,
        modified_at_s=item_searches.seconds,
    ),
    max_size=8,
)


def judged(tx: Transaction, mailbox: int, restriction: Restriction) -> tuple[set[int], bool]:
    """Those of which the condition is true, and whether it says that it is exact."""
    condition = condition_of(tx, restriction)
    scope = Scope(FOLDER)
    found = item_search.numbers(
        tx, mailbox, scope, condition, newest_first=False, offset=0, most=1000
    )
    assert item_search.count(tx, mailbox, scope, condition) == len(found)
    return set(found), condition.is_exact


def test_nothing_is_lost_and_exact_conditions_find_nothing_else(database: Database) -> None:
    @settings(deadline=None, max_examples=200)
    @given(there=stored, restriction=item_searches.restrictions)
    def check(there: list[Item], restriction: Restriction) -> None:
        _check(database, there, restriction)

    check()


def _check(database: Database, there: list[Item], restriction: Restriction) -> None:
    mailbox = new_mailbox(database, f"user{next(names)}").id
    with database.write() as tx:
        for each in there:
            items.insert_item(tx, mailbox, each)
    try:
        expected = {each.number for each in there if matches(values_of(each), restriction)}
    except EwsError:  # Contains, of what is no text
        return
    with database.read() as tx:
        found, is_exact = judged(tx, mailbox, restriction)
    assert expected <= found
    if is_exact:
        assert expected == found


def compare(name: str, operator: Operator, text: str) -> Comparison:
    return Comparison(operator, FieldPath(name), Constant(text))


UNREAD = compare("IsRead", Operator.EQUAL, "false")
RECENT = compare("DateTimeReceived", Operator.GREATER, "2026-01-01T00:00:00Z")
ABOUT = Contains(FieldPath("Subject"), "order", Mode.SUBSTRING, ignores_case=True)


@pytest.mark.parametrize(
    "restriction",
    [
        UNREAD,
        RECENT,
        compare("Size", Operator.LESS_OR_EQUAL, "1e400"),
        And((UNREAD, Not(RECENT))),
        Or((UNREAD, Not(And((RECENT, UNREAD))))),
    ],
)
def test_columns_that_are_numbers_are_judged_exactly(
    database: Database, restriction: Restriction
) -> None:
    with database.read() as tx:
        assert judged(tx, 1, restriction) == (set(), True)


@pytest.mark.parametrize(
    "restriction",
    [ABOUT, Not(ABOUT), And((UNREAD, ABOUT)), Or((UNREAD, ABOUT)), Exists(FieldPath("Subject"))],
)
def test_texts_are_not(database: Database, restriction: Restriction) -> None:
    with database.read() as tx:
        assert judged(tx, 1, restriction) == (set(), False)


PLAIN = {"Subject": "Nothing", "From": {"Name": "Ann", "EmailAddress": "ann@example.com"}}


@pytest.mark.parametrize(
    "restriction",
    [
        ABOUT,
        compare("Subject", Operator.EQUAL, "order"),
        Contains(FieldPath("Subject"), "nothing", Mode.SUBSTRING),
        Contains(FieldPath("From"), "Bob", Mode.PREFIX_ON_WORDS, ignores_case=True),
        compare("InternetMessageId", Operator.EQUAL, "<1@example.com>"),
        compare("ItemClass", Operator.EQUAL, "IPM.Task"),
    ],
)
def test_what_cannot_be_found_is_not_even_read(
    database: Database, restriction: Restriction
) -> None:
    mailbox = new_mailbox(database).id
    with database.write() as tx:
        items.insert_item(tx, mailbox, item(PLAIN))
        assert judged(tx, mailbox, restriction)[0] == set()


def equal(name: str, text: str) -> Comparison:
    return compare(name, Operator.EQUAL, text)


def within(name: str, text: str) -> Contains:
    return Contains(FieldPath(name), text, Mode.SUBSTRING, ignores_case=True)


@pytest.mark.parametrize(
    ("values", "restriction"),
    [
        ({"Subject": "KISS"}, equal("Subject", "kiss")),
        ({"Subject": "\u212aiss"}, equal("Subject", "KISS")),  # the sign of the kelvin
        ({"Subject": "Ma\u00df"}, within("Subject", "mass")),
        ({"Subject": "\u00c4RGER"}, within("Subject", "\u00e4rger")),
        ({"Subject": "caf\u00e9"}, Contains(FieldPath("Subject"), "cafe", ignores_marks=True)),
        ({"Subject": "2026-11-21T00:00:00Z"}, equal("Subject", "2026-11-21T01:00:00+01:00")),
        ({"From": {"Name": "\u212aim"}}, within("From", "kim")),
        ({"From": {"Name": 'Kim "K"'}}, within("From", 'KIM "k"')),
        ({"From": {"Name": "C:\\new"}}, within("From", "c:\\new")),
        ({"Categories": ["a\tb"]}, equal("Categories", "A\tB")),
        ({"ItemClass": "IPM.Note.Custom"}, within("ItemClass", "ipm.note")),
    ],
)
def test_text_is_found_whatever_its_case_and_its_escapes(
    database: Database, values: dict[str, Any], restriction: Restriction
) -> None:
    mailbox = new_mailbox(database).id
    there = item(values)
    assert matches(values_of(there), restriction)
    with database.write() as tx:
        items.insert_item(tx, mailbox, there)
        assert judged(tx, mailbox, restriction)[0] == {there.number}
