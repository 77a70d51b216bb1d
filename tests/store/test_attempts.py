"""The attempt log: what is kept of attempts, for how long, and how it is found."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, insert, select

from ewspush.store import attempts, mailbox_purge
from ewspush.store.attempt_schema import attempt_bodies, attempt_groups
from ewspush.store.attempt_schema import attempts as attempts_table
from ewspush.store.attempts import Attempt, Keep, StoredAttempt
from ewspush.store.database import Database, Transaction
from ewspush.store.schema import folders
from support.attempts import attempt
from support.checks_for_store import new_mailbox, threads, wait_until_blocked

ALL = Keep(1_000_000, 5)
GREAT = 2**63 - 1


def append(database: Database, *new: Attempt, keep: Keep = ALL) -> None:
    with database.write() as tx:
        attempts.append(tx, new, keep)


def found(
    database: Database, mailbox: int = 1, number: int = 7, most: int = 1000, **where: Any
) -> list[StoredAttempt]:
    with database.read() as tx:
        return attempts.of_subscription(tx, mailbox, number, most, **where)


def times(stored: Sequence[StoredAttempt]) -> list[int]:
    return [each.attempt.at_ms for each in stored]


def count(database: Database, table: Any = attempts_table) -> int:
    with database.read() as tx:
        number: int = tx.connection.execute(select(func.count()).select_from(table)).scalar_one()
        return number


@pytest.fixture
def small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "_GROUP", 4)
    monkeypatch.setattr(attempts, "_FIRST_GROUPS", 2)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="usual"),
        pytest.param({"connect_us": 0, "tls_us": 3000, "first_byte_us": 0}, id="a new connection"),
        pytest.param({"http_status": None, "first_byte_us": None}, id="no answer"),
        pytest.param({"detail": "ключ ' \" \n", "outcome": "not-an-ack"}, id="a failure"),
        pytest.param({"events": 0, "more_events": True}, id="flags"),
        pytest.param({"request": b"", "answer": b""}, id="empty bodies"),
        pytest.param({"request": bytes(range(256)), "answer": None}, id="one body"),
        pytest.param({"answer": b"\0" * 70_000}, id="a large answer"),
        pytest.param(
            {
                "mailbox": GREAT,
                "subscription": GREAT,
                "previous": GREAT,
                "through": GREAT,
                "total_us": GREAT,
                "outcome": "o" * 32,
            },
            id="great numbers",
        ),
    ],
)
def test_an_attempt_comes_back_as_it_was_written(
    database: Database, changes: dict[str, Any]
) -> None:
    new = attempt()._replace(**changes)
    append(database, new)
    (stored,) = found(database, new.mailbox, new.subscription)
    assert stored.attempt == new
    assert isinstance(stored.attempt.more_events, bool)


def test_the_newest_come_first_and_only_those_of_the_subscription(
    database: Database, small_groups: None
) -> None:
    for n in range(0, 30, 3):
        mine = [attempt(at_ms=n + each) for each in range(3)]
        append(database, mine[0], attempt(1, 8), *mine[1:], attempt(2, 7))
    assert times(found(database)) == list(range(29, -1, -1))
    assert times(found(database, most=4)) == [29, 28, 27, 26]
    assert len(found(database, 1, 8)) == len(found(database, 2, 7)) == 10
    assert found(database, 2, 8) == found(database, 3, 7) == found(database, most=0) == []


def test_the_log_is_read_on_from_an_id(database: Database, small_groups: None) -> None:
    for n in range(20):
        append(database, attempt(at_ms=n), attempt(2))
    read: list[StoredAttempt] = []
    while page := found(database, most=3, before=read[-1].id if read else None):
        read += page
    assert times(read) == list(range(19, -1, -1))


@pytest.mark.parametrize("of", [(), (1,), (1, 7)], ids=["all", "a mailbox", "a subscription"])
def test_the_log_is_read_from_its_beginning(
    database: Database, small_groups: None, of: tuple[int, ...]
) -> None:
    for n in range(20):
        append(database, attempt(at_ms=n), attempt(1, 8, at_ms=100 + n), attempt(2, at_ms=200 + n))
    read: list[StoredAttempt] = []
    with database.read() as tx:
        while page := attempts.after(tx, read[-1].id if read else 0, 3, *of):
            assert len(page) <= 3
            read += page
        assert read[-1].id <= attempts.newest(tx) == 60
    assert all(each.attempt[: len(of)] == of for each in read)
    assert len(read) == {0: 60, 1: 40, 2: 20}[len(of)]
    assert [each.id for each in read] == sorted(each.id for each in read)


def test_no_id_is_given_out_twice(database: Database) -> None:
    with database.read() as tx:
        assert attempts.newest(tx) == 0
    append(database, attempt(at_ms=1), attempt(at_ms=2))
    with database.write() as tx:
        assert attempts.purge_old(tx, 1000, 100) == 2
    append(database, attempt(at_ms=3))
    assert [each.id for each in found(database)] == [3]


def test_no_group_is_passed_over_between_two_looks(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "_GROUP", 1)
    monkeypatch.setattr(attempts, "_FIRST_GROUPS", 1)
    for n in range(30):
        append(database, attempt(at_ms=n))
    assert times(found(database)) == list(range(29, -1, -1))


def test_the_last_one_and_the_last_that_delivered_events(
    database: Database, small_groups: None
) -> None:
    with database.read() as tx:
        assert attempts.last_of(tx, [(1, 7)]) == {}
        assert attempts.last_with_events(tx, 1, 7) is None
    append(database, attempt(at_ms=1), attempt(at_ms=2), attempt(1, 8, at_ms=3))
    for n in range(3):
        append(database, attempt(at_ms=10 + n, events=0))
        append(database, attempt(at_ms=20 + n, outcome="status", http_status=503))
        append(database, attempt(1, 8, at_ms=30 + n))
    append(database, attempt(at_ms=40, outcome="Unsubscribe"))
    with database.read() as tx:
        last = attempts.last_of(tx, [(1, 7), (1, 8), (1, 9), (2, 7)])
        with_events = attempts.last_with_events(tx, 1, 7)
    assert {key: each.attempt.at_ms for key, each in last.items()} == {(1, 7): 40, (1, 8): 32}
    assert with_events is not None
    assert with_events.attempt.at_ms == 2


# How many are kept


@pytest.mark.parametrize("together", [1, 3, 4, 5, 40])
@pytest.mark.parametrize("rows", [1, 10, 25])
def test_so_many_are_kept_and_a_few_more_for_a_while(
    database: Database, small_groups: None, rows: int, together: int
) -> None:
    for n in range(0, 120, together):
        append(
            database,
            *(attempt(at_ms=n + each, request=b"r") for each in range(together)),
            keep=Keep(rows, 5),
        )
        kept = times(found(database))
        assert kept == list(range(n + together - 1, n + together - 1 - len(kept), -1))
        assert min(rows, n + together) <= len(kept) < max(rows, together) + 4 + together
        assert count(database, attempt_bodies) == min(5, len(kept))
    assert count(database, attempt_groups) <= len(kept) // 4 + 2


def test_with_room_for_none_nothing_is_kept_and_the_rest_goes_bit_by_bit(
    database: Database, small_groups: None
) -> None:
    append(database, *(attempt(request=b"r") for _ in range(4)))
    append(database, *(attempt(request=b"r") for _ in range(4)))
    left = []
    for _ in range(3):
        append(database, attempt(request=b"r"), keep=Keep(0, 5))
        left.append(count(database))
    assert left == [0, 0, 0]
    assert count(database, attempt_bodies) == 0
    append(database, attempt())
    assert len(found(database)) == 1


def test_a_log_that_is_to_be_much_shorter_is_trimmed_in_steps(
    database: Database, small_groups: None
) -> None:
    for _ in range(10):
        append(database, *[attempt()] * 4)
    left = [count(database)]
    while left[-1] > 8:
        append(database, *[attempt()] * 4, keep=Keep(4, 5))
        left.append(count(database))
    assert left == [40, 36, 32, 28, 24, 20, 16, 12, 8]


def test_the_newest_bodies_of_each_subscription_are_kept(database: Database) -> None:
    keep = Keep(1000, 2)
    append(database, *(attempt(answer=b"%d" % n) for n in range(5)), keep=keep)
    append(database, attempt(1, 8, answer=b"other"), attempt(2, 7, answer=b"another"), keep=keep)
    append(database, attempt(answer=b"5"), attempt(), attempt(), keep=keep)
    append(database, attempt(answer=b"not kept"), keep=Keep(1000, 0))
    answers = [each.attempt.answer for each in found(database)]
    assert answers == [None, None, None, b"5", b"4", None, None, None, None]
    assert [each.attempt.answer for each in found(database, 1, 8)] == [b"other"]
    assert [each.attempt.answer for each in found(database, 2, 7)] == [b"another"]


def test_nothing_new_is_nothing_written(database: Database) -> None:
    append(database)
    assert count(database, attempt_groups) == 0


# For how long


def test_what_is_old_goes_with_its_bodies_so_many_at_a_time(
    database: Database, small_groups: None
) -> None:
    for n in range(10):
        append(database, attempt(at_ms=n, request=b"r"), keep=Keep(1000, 100))
    removed = []
    for _ in range(3):
        with database.write() as tx:
            removed.append(attempts.purge_old(tx, before_ms=7, most=4))
    assert removed == [4, 3, 0]
    assert times(found(database)) == [9, 8, 7]
    assert count(database, attempt_bodies) == 3
    assert count(database, attempt_groups) == 2


def test_an_old_one_behind_a_younger_one_stays(database: Database) -> None:
    append(database, *(attempt(at_ms=at_ms) for at_ms in (1, 2, 9, 3)))
    with database.write() as tx:
        assert attempts.purge_old(tx, before_ms=5, most=100) == 2
    assert times(found(database)) == [3, 9]


def test_a_log_that_was_emptied_begins_anew(database: Database) -> None:
    append(database, attempt(request=b"r"), attempt())
    with database.write() as tx:
        assert attempts.purge_old(tx, before_ms=GREAT, most=100) == 2
    append(database, attempt(at_ms=8, request=b"again"))
    (stored,) = found(database)
    assert (stored.attempt.at_ms, stored.attempt.request) == (8, b"again")


# Mailboxes that are purged


def test_attempts_of_a_mailbox_that_is_purged_go_in_small_steps(
    database: Database, small_groups: None
) -> None:
    gone, other = new_mailbox(database, "gone").id, new_mailbox(database, "other").id
    for n in range(10):
        append(database, attempt(gone, n, request=b"r"), attempt(other, n, answer=b"a"))
    left = []
    is_there = True
    while is_there:
        with database.write() as tx:
            is_there = mailbox_purge.purge_some(tx, gone, 3)
        left.append(count(database) + count(database, attempt_bodies) + count(database, folders))
    assert max(before - after for before, after in pairwise(left)) == 3
    assert count(database) == count(database, attempt_bodies) == 10
    assert all(found(database, other, n)[0].attempt.answer == b"a" for n in range(10))
    assert not any(found(database, gone, n) for n in range(10))


def test_the_log_is_not_searched_before_the_rest_of_a_mailbox_is_gone(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = new_mailbox(database, "gone").id
    append(database, attempt(gone))
    searched = []
    search = attempts.purge_mailbox

    def watched(tx: Transaction, mailbox: int, most: int) -> int:
        searched.append(tx.connection.execute(_COUNT_FOLDERS).scalar_one())
        return search(tx, mailbox, most)

    monkeypatch.setattr(attempts, "purge_mailbox", watched)
    is_there = True
    while is_there:
        with database.write() as tx:
            is_there = mailbox_purge.purge_some(tx, gone, 3)
    assert searched == [0, 0]
    assert found(database, gone) == []


_COUNT_FOLDERS = select(func.count()).select_from(folders)


def test_ids_are_not_given_out_again_while_somebody_has_them(database: Database) -> None:
    append(database, attempt(2, request=b"r"), attempt(1, request=b"r"))
    with database.write() as tx:
        assert attempts.purge_mailbox(tx, 1, most=1) == 1
    append(database, attempt(2, request=b"again"))
    with database.write() as tx:
        assert attempts.purge_mailbox(tx, 1, most=10) == 1
    append(database, attempt(3, request=b"r"))
    assert [each.id for each in found(database, 2)] == [3, 1]
    assert [each.id for each in found(database, 3)] == [4]


def test_an_attempt_of_a_mailbox_that_is_gone_fails_nobody(database: Database) -> None:
    append(database, attempt(), attempt(12345))
    assert len(found(database)) == len(found(database, 12345)) == 1


def test_mailboxes_that_cannot_be_told_apart_in_groups_are_told_apart(database: Database) -> None:
    append(database, attempt(5), attempt(5 + 2**32))
    assert len(found(database, 5)) == len(found(database, 5 + 2**32)) == 1
    with database.write() as tx:
        assert attempts.purge_mailbox(tx, 5, most=10) == 1
    assert len(found(database, 5 + 2**32)) == 1


# Several who write at once


def test_who_writes_waits_for_who_wrote_before(database: Database) -> None:
    with threads() as run:
        with database.write() as tx:
            attempts.append(tx, [attempt(at_ms=1)], ALL)
            second = run(append, database, attempt(at_ms=2))
            wait_until_blocked(tx, second)
        second.result(30)
    assert times(found(database)) == [2, 1]


# Against a list


@contextmanager
def emptied(database: Database) -> Iterator[Transaction]:
    with database.write() as tx:
        for table in (attempts_table, attempt_bodies, attempt_groups):
            tx.connection.execute(delete(table))
        yield tx


owners = st.tuples(st.integers(1, 3), st.integers(0, 2))
groups = st.lists(st.lists(owners, min_size=1, max_size=9), max_size=12)


@settings(deadline=None)
@given(
    written=groups,
    size=st.integers(1, 5),
    rows=st.integers(1, 30),
    purged=st.integers(0, 20),
)
def test_whatever_is_written_each_finds_its_own(
    database_for_all: Database,
    written: list[list[tuple[int, int]]],
    size: int,
    rows: int,
    purged: int,
) -> None:
    with emptied(database_for_all) as tx, pytest.MonkeyPatch.context() as patch:
        patch.setattr(attempts, "_GROUP", size)
        patch.setattr(attempts, "_FIRST_GROUPS", 1)
        log = [owner for group in written for owner in group]
        n = 0
        for group in written:
            new = [attempt(*owner, at_ms=n + place) for place, owner in enumerate(group)]
            attempts.append(tx, new, Keep(rows, 5))
            n += len(group)
        attempts.purge_old(tx, purged, 1000)
        lowest = tx.connection.execute(select(func.min(attempts_table.c.at_ms))).scalar_one()
        first = n if lowest is None else lowest
        assert first <= max(purged, n - rows)
        for owner in {(mailbox, number) for mailbox in range(1, 4) for number in range(3)}:
            own = [at for at, each in enumerate(log) if each == owner and at >= first]
            assert times(attempts.of_subscription(tx, *owner, 1000)) == own[::-1]


@pytest.fixture(scope="module")
def database_for_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    opened = Database.open(f"sqlite:///{tmp_path_factory.mktemp('attempts')}/all.db")
    yield opened
    opened.close()


def test_a_thousand_groups_are_passed(database: Database) -> None:
    append(database, attempt(at_ms=1))
    with database.write() as tx:
        rows = [{"first_id": n, "last_id": n, "mailboxes": b"none"} for n in range(2, 1002)]
        tx.connection.execute(insert(attempt_groups), rows)
    assert times(found(database)) == [1]
