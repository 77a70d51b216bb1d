"""The queue of messages to recipients elsewhere."""

from dataclasses import replace
from typing import Any

import pytest

from ewspush.core.ids import shard_of
from ewspush.store import contents, outgoing
from ewspush.store.database import Database, Transaction
from ewspush.store.outgoing import Key, Outgoing
from support.checks_for_store import NOW_S, new_mailbox, rows

CONTENT = b"Subject: \xff\r\n\r\n" + bytes(range(256))


@pytest.fixture
def mailbox(database: Database) -> int:
    return new_mailbox(database).id


def message(mailbox: int, number: int = 101, **changes: Any) -> Outgoing:
    values: dict[str, Any] = {
        "sender": "user@example.org",
        "recipients": ("a@example.net", "ж@example.net"),
        "size": len(CONTENT),
        "created_at_s": NOW_S,
        "failures": 0,
        "due_at_s": NOW_S,
        "last_failure": None,
    }
    return Outgoing(mailbox, number, **values | changes)


def store(tx: Transaction, *messages: Outgoing) -> None:
    for each in messages:
        outgoing.insert_outgoing(tx, each, CONTENT)


def test_a_message_comes_back_as_it_was_stored(database: Database, mailbox: int) -> None:
    new = message(mailbox, failures=3, due_at_s=NOW_S + 60, last_failure="450 Später")
    with database.write() as tx:
        store(tx, new)
    with database.read() as tx:
        assert outgoing.by_key(tx, new.key) == new
        assert outgoing.content(tx, new.key) == CONTENT
        assert outgoing.by_key(tx, Key(mailbox, 102)) is None
        assert rows(tx, "SELECT shard FROM outgoing") == [(shard_of(mailbox),)]


def test_what_is_due_comes_with_the_longest_due_first(database: Database, mailbox: int) -> None:
    due_at_s = {1: NOW_S, 2: NOW_S - 5, 3: NOW_S + 1, 4: NOW_S - 5, 5: NOW_S + 9}
    with database.write() as tx:
        store(tx, *(message(mailbox, n, due_at_s=due_s) for n, due_s in due_at_s.items()))
    with database.read() as tx:
        assert [key.number for key in outgoing.due(tx, NOW_S, 10)] == [2, 4, 1]
        assert [key.number for key in outgoing.due(tx, NOW_S, 2)] == [2, 4]
        assert outgoing.next_due_s(tx, NOW_S) == NOW_S + 1
        assert outgoing.next_due_s(tx, NOW_S + 1) == NOW_S + 9
        assert outgoing.next_due_s(tx, NOW_S + 9) is None


def test_a_message_is_put_off_for_those_who_are_left(database: Database, mailbox: int) -> None:
    new, other = message(mailbox), message(mailbox, 102)
    later = {
        "recipients": ("ж@example.net",),
        "failures": 1,
        "due_at_s": NOW_S + 60,
        "last_failure": "450 Later",
    }
    with database.write() as tx:
        store(tx, new, other)
        outgoing.put_off(tx, new.key, **later)
    with database.read() as tx:
        assert outgoing.by_key(tx, new.key) == replace(new, **later)
        assert outgoing.content(tx, new.key) == CONTENT
        assert outgoing.by_key(tx, other.key) == other


def test_a_message_is_deleted_with_its_content(database: Database, mailbox: int) -> None:
    new, other = message(mailbox), message(mailbox, 102)
    with database.write() as tx:
        store(tx, new, other)
        outgoing.delete_outgoing(tx, new.key)
    with database.read() as tx:
        assert outgoing.by_key(tx, new.key) is None
        assert contents.mime(tx, mailbox, new.number) is None
        assert outgoing.content(tx, other.key) == CONTENT
        assert outgoing.count(tx, mailbox) == 1


def test_what_is_queued_is_counted_and_listed_by_mailbox(database: Database, mailbox: int) -> None:
    other = new_mailbox(database, "other").id
    with database.write() as tx:
        store(tx, *(message(each, n) for each in (other, mailbox) for n in (3, 1, 2)))
    with database.read() as tx:

        def listed(of: int | None, after: tuple[int, int], most: int) -> list[tuple[int, int]]:
            return [each.key for each in outgoing.in_order(tx, of, Key(*after), most)]

        everything = [(each, n) for each in sorted((mailbox, other)) for n in (1, 2, 3)]
        assert listed(None, (0, 0), 100) == everything
        assert listed(None, everything[1], 2) == everything[2:4]
        assert listed(other, (0, 0), 100) == [(other, 1), (other, 2), (other, 3)]
        assert listed(other, (other, 2), 100) == [(other, 3)]
        assert outgoing.count(tx, other) == 3


def test_what_waits_is_made_due(database: Database, mailbox: int) -> None:
    other = new_mailbox(database, "other").id
    with database.write() as tx:
        store(tx, message(mailbox, 1, due_at_s=NOW_S + 60), message(mailbox, 2, due_at_s=NOW_S - 9))
        store(tx, message(other, 3, due_at_s=NOW_S + 70))
        assert outgoing.make_due(tx, mailbox, NOW_S) == 1
        assert [key.number for key in outgoing.due(tx, NOW_S, 10)] == [2, 1]
        assert outgoing.make_due(tx, None, NOW_S) == 1
        assert [key.number for key in outgoing.due(tx, NOW_S, 10)] == [2, 1, 3]
