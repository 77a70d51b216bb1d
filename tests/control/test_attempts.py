"""The attempt log as operators read it."""

import os

import pytest

from ewspush.control import CommandError
from ewspush.control.attempt_records import attempts_after
from ewspush.control.commands import Commands
from ewspush.core import watermark
from ewspush.core.ids import Kind
from ewspush.operations.management.context import Management, Policy
from ewspush.store import attempts, subscriptions
from ewspush.store.attempts import Keep
from ewspush.wire import ids
from support.attempts import attempt
from support.checks_for_store import NOW_S, new_mailbox, subscription
from support.directory import DAY_S, hash_nothing


@pytest.fixture
def mailbox(database):
    return new_mailbox(database)


@pytest.fixture
def id(database, mailbox):
    with database.write() as tx:
        subscriptions.insert_subscription(tx, subscription(mailbox.id))
    return ids.encode(Kind.SUBSCRIPTION, mailbox.id, 1)


@pytest.fixture
def list_attempts(database):
    policy = Policy(retention_s=30 * DAY_S, shortest_password=8)
    management = Management(database, lambda: NOW_S, policy, hash_nothing)
    return Commands(management).by_name(os.geteuid())["subscription.attempts"]


def log(database, mailbox, *new):
    with database.write() as tx:
        attempts.append(tx, [attempt(mailbox.id, 1, **each) for each in new], Keep(5000, 9))


def test_everything_is_told_of_an_attempt(database, mailbox, id, list_attempts):
    log(
        database,
        mailbox,
        {
            "more_events": True,
            "outcome": "not-an-ack",
            "detail": "the answer has no SubscriptionStatus",
            "connect_us": 1500,
            "tls_us": 2500,
            "request": b"<a/>",
            "answer": b"\xff\xe4 ok",
        },
    )
    expected = {
        "at": "2026-09-21T14:13:20Z",
        "kind": "events",
        "events": 1,
        "more_events": True,
        "previous_watermark": watermark.encode(mailbox.watermark_base, 4),
        "watermark": watermark.encode(mailbox.watermark_base, 5),
        "outcome": "not-an-ack",
        "http_status": 200,
        "detail": "the answer has no SubscriptionStatus",
        "connect_ms": 1.5,
        "tls_ms": 2.5,
        "first_byte_ms": 0.9,
        "total_ms": 1.2,
    }
    assert list_attempts(id) == [expected]
    bodies = {"request": "<a/>", "answer": "\ufffd\ufffd ok"}
    assert list_attempts(id, bodies=True) == [expected | bodies]


def test_what_was_not_reached_or_kept_is_null(database, mailbox, id, list_attempts):
    log(database, mailbox, {"first_byte_us": None, "http_status": None, "events": 0})
    (told,) = list_attempts(id, bodies=True)
    assert [name for name, value in told.items() if value is None] == [
        "http_status",
        "connect_ms",
        "tls_ms",
        "first_byte_ms",
        "request",
        "answer",
    ]
    assert told["kind"] == "status"


def test_the_newest_come_first_and_so_many_as_are_wanted(database, mailbox, id, list_attempts):
    log(database, mailbox, *({"total_us": 1000 * n} for n in range(1100)))
    assert [each["total_ms"] for each in list_attempts(id)] == list(range(1099, 1079, -1))
    assert [each["total_ms"] for each in list_attempts(id, most=2)] == [1099, 1098]
    assert len(list_attempts(id, most=1_000_000)) == 1000


def test_one_that_is_not_there_is_said(mailbox, id, list_attempts):
    assert list_attempts(id) == []
    for wrong in (ids.encode(Kind.SUBSCRIPTION, mailbox.id, 7), "xyz"):
        with pytest.raises(CommandError, match=f"^there is no .*subscription {wrong}"):
            list_attempts(wrong)


def test_what_came_after_one_is_read_oldest_first_with_its_bodies(database, mailbox, id):
    log(database, mailbox, {"at_ms": 1}, {"at_ms": 2, "request": b"<a/>", "answer": b"\xff"}, {})
    first, second = attempts_after(database, 1, 2, mailbox.id, 1)
    assert (first["number"], second["number"]) == (2, 3)
    assert (first["at_ms"], first["subscription"]) == (2, id)
    assert (first["request"], first["answer"]) == ("<a/>", "\ufffd")
    assert attempts_after(database, 3, 2) == attempts_after(database, 0, 2, mailbox.id, 9) == []
