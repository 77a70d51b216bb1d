"""The event log: sequences without holes, windows, and purging."""

import threading
from collections.abc import Sequence

import pytest
from sqlalchemy import text

from ewspush.core.events import Event, EventType
from ewspush.store import event_log
from ewspush.store.database import Database, Transaction
from ewspush.store.event_log import Excerpt, Happened, Window
from ewspush.store.mailboxes import Mailbox
from support.checks_for_store import (
    NOW_S,
    current,
    happened,
    log_events,
    new_mailbox,
    on_sqlite,
    rows,
    sequences,
    shards,
    threads,
    wait_until_blocked,
)

DAY_S = 86_400
EVERYTHING = 1 << 40


@pytest.fixture
def mailbox(database: Database) -> Mailbox:
    return new_mailbox(database)


def read(tx: Transaction, *windows: Window) -> list[Excerpt]:
    found = event_log.read(tx, windows)
    assert None not in found
    return [excerpt for excerpt in found if excerpt]


# Appending


def test_events_are_numbered_from_one_in_their_order(database: Database, mailbox: Mailbox) -> None:
    with database.write() as tx:
        first = event_log.append(tx, mailbox.id, happened(NOW_S, NOW_S + 5, NOW_S))
        second = event_log.append(tx, mailbox.id, happened(NOW_S))
    assert [event.sequence for event in [*first, *second]] == [1, 2, 3, 4]
    assert [event.at_s for event in first] == [NOW_S, NOW_S + 5, NOW_S]
    assert current(database, mailbox).head == 4


@pytest.mark.parametrize(
    "one",
    [
        Happened(EventType.CREATED, NOW_S, False, 100, 3),
        Happened(EventType.MODIFIED, NOW_S, True, 3, 2, unread_count=0),
        Happened(EventType.MODIFIED, NOW_S, True, 3, 2, unread_count=2**31 - 1),
        Happened(EventType.MOVED, NOW_S, True, 50, 51, 49, 48),
        Happened(EventType.COPIED, 0, False, 2**63 - 1, 2**63 - 1, 2**63 - 1, 2**63 - 1),
        Happened(EventType.FREE_BUSY_CHANGED, 2**40, False, 1, 1),
    ],
)
def test_an_event_comes_back_as_it_was_logged(
    database: Database, mailbox: Mailbox, one: Happened
) -> None:
    with database.write() as tx:
        (logged,) = event_log.append(tx, mailbox.id, [one])
        (excerpt,) = read(tx, Window(mailbox.id, 0, 10))
    assert excerpt.events == [logged] == [Event(1, *one)]
    assert isinstance(excerpt.events[0].type, EventType)
    assert excerpt.events[0].is_folder is one.is_folder


def test_nothing_can_be_logged_and_leaves_nothing(database: Database, mailbox: Mailbox) -> None:
    with database.write() as tx:
        assert event_log.append(tx, mailbox.id, []) == []
    assert current(database, mailbox) == mailbox


def test_each_mailbox_counts_for_itself(database: Database, mailbox: Mailbox) -> None:
    other = new_mailbox(database, "other")
    log_events(database, mailbox.id, NOW_S, NOW_S)
    log_events(database, other.id, NOW_S)
    assert sequences(database, mailbox) == [1, 2]
    assert sequences(database, other) == [1]
    with database.read() as tx:
        assert not shards(tx, mailbox.id)


class Undone(Exception):
    """A transaction that is rolled back on purpose."""


def test_there_are_no_holes_with_several_writers_and_transactions_rolled_back(
    database: Database, mailbox: Mailbox
) -> None:
    def log(number: int) -> None:
        with database.write() as tx:
            event_log.append(tx, mailbox.id, happened(*[NOW_S] * (1 + number % 3)))
            if number % 4 == 0:
                raise Undone

    def watch() -> None:
        """What a reader sees meanwhile is a beginning of the log, up to its head."""
        seen = 0
        while not written.is_set():
            with database.read() as tx:
                (excerpt,) = read(tx, Window(mailbox.id, 0, EVERYTHING))
            found = [event.sequence for event in excerpt.events]
            assert found == list(range(1, excerpt.head + 1))
            assert excerpt.head >= seen
            seen = excerpt.head

    written = threading.Event()
    with threads(5) as run:
        watching = run(watch)
        writing = [run(log, number) for number in range(60)]
        undone = [isinstance(each.exception(30), Undone) for each in writing]
        written.set()
        watching.result(30)
    assert undone == [number % 4 == 0 for number in range(60)]
    expected = sum(1 + number % 3 for number in range(60) if number % 4)
    assert sequences(database, mailbox) == list(range(1, expected + 1))


def test_a_lower_sequence_never_becomes_visible_after_a_higher_one(
    database: Database, mailbox: Mailbox
) -> None:
    with threads() as run:
        with database.write() as tx:
            (first,) = event_log.append(tx, mailbox.id, happened(NOW_S))
            other = run(log_events, database, mailbox.id, NOW_S + 1)
            wait_until_blocked(tx, other)
        other.result(30)
    with database.read() as tx:
        (excerpt,) = read(tx, Window(mailbox.id, 0, 10))
    assert first.sequence == 1
    assert [(event.sequence, event.at_s) for event in excerpt.events] == [
        (1, NOW_S), (2, NOW_S + 1),
    ]  # fmt: skip


# Reading


@pytest.mark.parametrize(
    ("after", "size", "found"),
    [
        (0, 100, [3, 4, 5, 6]),  # 1 and 2 are purged
        (2, 100, [3, 4, 5, 6]),
        (2, 4, [3, 4, 5, 6]),
        (2, 3, [3, 4, 5]),
        (4, 1, [5]),
        (5, 1, [6]),
        (6, 100, []),
        (100, 100, []),
        (0, 3, [3]),
        (0, 2, []),
        (3, 0, []),
    ],
)
def test_a_window_holds_so_many_sequences_after_a_place(
    database: Database, mailbox: Mailbox, after: int, size: int, found: list[int]
) -> None:
    log_events(database, mailbox.id, *[NOW_S] * 6)
    with database.write() as tx:
        event_log.purge(tx, mailbox.id, 0, 2, NOW_S + 1, 100)
    with database.read() as tx:
        (excerpt,) = read(tx, Window(mailbox.id, after, size))
    assert [event.sequence for event in excerpt.events] == found
    assert (excerpt.floor, excerpt.head, excerpt.bad_row) == (2, 6, None)


def test_many_windows_are_read_together_and_answered_in_their_order(database: Database) -> None:
    boxes = [new_mailbox(database, f"user{n}") for n in range(12)]
    for n, box in enumerate(boxes):
        log_events(database, box.id, *[NOW_S] * n)
    windows = [Window(box.id, 1, 5) for box in reversed(boxes)]
    windows += [Window(boxes[5].id, 0, 2), Window(boxes[5].id, 2, 2), Window(boxes[5].id, 0, 2)]
    with database.read() as tx:
        found = read(tx, *windows)
    assert [excerpt.head for excerpt in found] == [*reversed(range(12)), 5, 5, 5]
    for excerpt, window in zip(found, windows, strict=True):
        last = min(window.after + window.size, excerpt.head)
        assert [event.sequence for event in excerpt.events] == [*range(window.after + 1, last + 1)]


def test_the_window_of_a_mailbox_that_is_not_there_is_none(
    database: Database, mailbox: Mailbox
) -> None:
    windows = [Window(mailbox.id + 1, 0, 5), Window(mailbox.id, 0, 5), Window(0, 0, 5)]
    with database.read() as tx:
        assert [excerpt is None for excerpt in event_log.read(tx, windows)] == [True, False, True]
        assert event_log.read(tx, []) == []


def test_a_row_that_cannot_be_read_is_told_and_does_not_stop_the_others(
    database: Database, mailbox: Mailbox
) -> None:
    other = new_mailbox(database, "other")
    for box in (mailbox, other):
        log_events(database, box.id, *[NOW_S] * 4)
    with database.write() as tx:
        tx.connection.execute(
            text("UPDATE events SET type = 99 WHERE mailbox_id = :id AND sequence = 3"),
            {"id": mailbox.id},
        )
    with database.read() as tx:
        spoilt, whole, before = read(
            tx, Window(mailbox.id, 0, 9), Window(other.id, 0, 9), Window(mailbox.id, 0, 2)
        )
    assert [event.sequence for event in spoilt.events] == [1, 2]
    assert spoilt.bad_row is not None
    assert "event 3" in spoilt.bad_row
    assert [event.sequence for event in whole.events] == [1, 2, 3, 4]
    assert whole.bad_row is before.bad_row is None


@on_sqlite  # PostgreSQL plans by the sizes of tables
def test_a_window_is_read_through_the_key(database: Database) -> None:
    """A log of millions of events costs no more than what is read of it."""
    with database.read() as tx:
        statement = f"EXPLAIN QUERY PLAN {event_log._READ_SQLITE}"
        plan = " ".join(row.detail for row in rows(tx, statement, windows="[]"))
    assert "SEARCH e USING PRIMARY KEY (mailbox_id=? AND sequence>? AND sequence<?)" in plan
    assert "SEARCH m USING INTEGER PRIMARY KEY" in plan


# Purging

LATE = NOW_S + 100 * DAY_S


@pytest.mark.parametrize(
    ("ages", "through", "before_s", "most", "floor"),
    [
        pytest.param([1, 2, 3, 4], 9, 3, 100, 2, id="what is older goes"),
        pytest.param([1, 2, 3, 4], 9, 99, 100, 4, id="all of it, up to the head"),
        pytest.param([1, 2, 3, 4], 9, 1, 100, 0, id="nothing is old enough"),
        pytest.param([1, 2, 3, 4], 2, 99, 100, 2, id="never past a cursor"),
        pytest.param([1, 2, 3, 4], 0, 99, 100, 0, id="a cursor at the floor holds all"),
        pytest.param([1, 2, 3, 4], 9, 99, 3, 3, id="so many at a time"),
        pytest.param([1, 9, 2, 3], 9, 5, 100, 1, id="a prefix only: the clock was set back"),
        pytest.param([9, 1, 2, 3], 9, 5, 100, 0, id="nothing behind a younger one"),
        pytest.param([3, 2, 1, 9], 9, 5, 100, 3, id="in any order"),
        pytest.param([], 9, 99, 100, 0, id="an empty log"),
    ],
)
def test_a_prefix_is_purged(
    database: Database,
    mailbox: Mailbox,
    ages: Sequence[int],
    through: int,
    before_s: int,
    most: int,
    floor: int,
) -> None:
    log_events(database, mailbox.id, *ages)
    with database.write() as tx:
        assert event_log.purge(tx, mailbox.id, 0, through, before_s, most) == floor
    now = current(database, mailbox)
    assert (now.floor, now.head) == (floor, len(ages))
    assert sequences(database, mailbox) == list(range(floor + 1, len(ages) + 1))


def test_purging_goes_on_from_the_floor(database: Database, mailbox: Mailbox) -> None:
    log_events(database, mailbox.id, *range(1, 11))
    floors = []
    for _ in range(4):
        with database.write() as tx:
            floors.append(
                event_log.purge(tx, mailbox.id, current(database, mailbox).floor, 9, 99, 4)
            )
    assert floors == [4, 8, 9, 9]


def test_a_purged_sequence_is_never_given_out_again(database: Database, mailbox: Mailbox) -> None:
    log_events(database, mailbox.id, 1, 2, 3)
    with database.write() as tx:
        event_log.purge(tx, mailbox.id, 0, 3, 99, 100)
    log_events(database, mailbox.id, 4)
    assert sequences(database, mailbox) == [4]


def test_purging_one_mailbox_leaves_the_others_alone(database: Database, mailbox: Mailbox) -> None:
    other = new_mailbox(database, "other")
    log_events(database, mailbox.id, 1, 2)
    log_events(database, other.id, 1, 2)
    with database.write() as tx:
        event_log.purge(tx, mailbox.id, 0, 2, 99, 100)
    assert sequences(database, other) == [1, 2]


def test_mailboxes_to_purge_are_found_span_by_span(database: Database) -> None:
    boxes = [new_mailbox(database, f"user{n}") for n in range(7)]
    for box, at_s in zip(boxes, [[1], [9], [], [4, 9], [9, 1], [1, 2], [5]], strict=True):
        log_events(database, box.id, *at_s)
    with database.write() as tx:
        event_log.purge(tx, boxes[5].id, 0, 2, 99, 100)  # empty now
    found: list[list[int]] = []
    after: int | None = 0
    with database.read() as tx:
        for _ in range(4):
            assert after is not None
            due, after = event_log.mailboxes_to_purge(tx, after, before_s=5, span=3)
            found.append([[box.id for box in boxes].index(id) for id in due])
    assert found == [[0], [3], [], []]
    assert after is None


def test_where_there_is_no_mailbox_nothing_is_to_be_purged(database: Database) -> None:
    with database.read() as tx:
        assert event_log.mailboxes_to_purge(tx, 0, LATE, 10) == ([], None)
