"""Items, where they are and how they changed."""

from dataclasses import replace

import pytest

from ewspush.store import items
from ewspush.store.database import Database
from ewspush.store.items import Item
from ewspush.store.mailboxes import Mailbox
from support.checks_for_store import NOW_S, new_mailbox, rows, shards

INBOX, DRAFTS = 3, 4


@pytest.fixture
def mailbox(database: Database) -> Mailbox:
    return new_mailbox(database)


def item(number: int, folder: int = INBOX, **changed: object) -> Item:
    made = Item(
        number=number,
        folder_number=folder,
        content_number=number,
        deleted_from=None,
        item_class="IPM.Note",
        subject="Grüße",
        is_read=False,
        is_draft=False,
        has_attachments=True,
        size=3_000_000_000 // 2,
        received_at_s=NOW_S,
        created_at_s=NOW_S + 1,
        modified_at_s=NOW_S + 2,
        change=number,
        content_change=number,
        properties={"Categories": ["ä", "b"], "Importance": "High"},
    )
    return replace(made, **changed)


def insert(database: Database, mailbox: Mailbox, *some: Item) -> None:
    with database.write() as tx:
        for one in some:
            items.insert_item(tx, mailbox.id, one)


def test_an_item_comes_back_as_it_was(database: Database, mailbox: Mailbox) -> None:
    stored = item(100, subject=None, deleted_from=INBOX, properties={})
    insert(database, mailbox, item(99), stored)
    with database.read() as tx:
        assert items.by_number(tx, mailbox.id, 99) == item(99)
        assert items.by_number(tx, mailbox.id, 100) == stored
        assert items.by_content(tx, mailbox.id, 99) == item(99)
        assert not shards(tx, mailbox.id)


def test_what_is_not_there_is_none(database: Database, mailbox: Mailbox) -> None:
    insert(database, mailbox, item(99))
    with database.read() as tx:
        assert items.by_number(tx, mailbox.id, 98) is None
        assert items.by_number(tx, mailbox.id + 1, 99) is None
        assert items.by_content(tx, mailbox.id, 98) is None
        assert list(items.by_numbers(tx, mailbox.id, [])) == []


def test_many_are_found_at_once(database: Database, mailbox: Mailbox) -> None:
    numbers = range(100, 1300)
    insert(database, mailbox, *(item(number) for number in numbers))
    with database.read() as tx:
        found = list(items.by_numbers(tx, mailbox.id, [*numbers, 5]))
    assert sorted(one.number for one in found) == list(numbers)


def test_the_items_of_a_folder_are_walked_in_the_order_they_came(
    database: Database, mailbox: Mailbox
) -> None:
    some = [item(n, DRAFTS if n % 5 == 0 else INBOX, is_read=n % 2 == 0) for n in range(30, 50)]
    insert(database, mailbox, *reversed(some))
    with database.read() as tx:
        walked = items.in_folder(tx, mailbox.id, INBOX, after=33, most=4)
        unread = items.in_folder(tx, mailbox.id, INBOX, after=33, most=4, is_read=False)
    assert [one.number for one in walked] == [34, 36, 37, 38]
    assert [one.number for one in unread] == [37, 39, 41, 43]


def test_an_update_writes_all_of_an_item_under_its_new_number(
    database: Database, mailbox: Mailbox
) -> None:
    insert(database, mailbox, item(50), item(51))
    moved = item(60, DRAFTS, content_number=50, is_read=True, properties={"Body": 1}, change=60)
    with database.write() as tx:
        items.update_items(tx, mailbox.id, [(50, moved)])
    with database.read() as tx:
        assert items.by_number(tx, mailbox.id, 50) is None
        assert items.by_number(tx, mailbox.id, 60) == moved
        assert items.by_number(tx, mailbox.id, 51) == item(51)


def test_a_deletion_takes_those_that_are_named(database: Database, mailbox: Mailbox) -> None:
    other = new_mailbox(database, "other")
    insert(database, mailbox, item(50), item(51), item(52))
    insert(database, other, item(50))
    with database.write() as tx:
        items.delete_items(tx, mailbox.id, [50, 52])
    with database.read() as tx:
        assert [one.number for one in items.by_numbers(tx, mailbox.id, [50, 51, 52])] == [51]
        assert items.by_number(tx, other.id, 50) is not None


def test_removals_are_recorded(database: Database, mailbox: Mailbox) -> None:
    with database.write() as tx:
        items.record_removed(tx, mailbox.id, [(70, INBOX, 50), (71, DRAFTS, 51)])
    with database.read() as tx:
        found = rows(tx, "SELECT change, folder_number, number FROM removed_items")
        assert not shards(tx, mailbox.id)
    assert [tuple(row) for row in found] == [(70, INBOX, 50), (71, DRAFTS, 51)]
    with database.write() as tx:
        items.forget_removed(tx, mailbox.id, INBOX)
        assert [row.folder_number for row in rows(tx, "SELECT * FROM removed_items")] == [DRAFTS]


def test_items_are_read_at_once_up_to_a_size_and_the_first_always(
    database: Database, mailbox: Mailbox
) -> None:
    sizes = (100, 10, 0, 10)
    some = [
        item(number, subject="x" * size or None, properties={})
        for number, size in enumerate(sizes, 100)
    ]
    insert(database, mailbox, *some)
    numbers = [one.number for one in some]
    with database.read() as tx:
        fits = {most: items.fitting(tx, mailbox.id, numbers, most) for most in (1, 103, 113, 999)}
        assert items.fitting(tx, mailbox.id, numbers[1:], 15) == 2
        assert items.fitting(tx, mailbox.id, [], 1) == 0
    assert fits == {1: 1, 103: 1, 113: 1, 999: 4}
