"""What is read from the event log for a subscription."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ewspush.core.events import EventFilter, EventType
from ewspush.operations import mailboxes as mailbox_operations
from ewspush.operations.retention import Sweep
from ewspush.store import backlog, event_log
from ewspush.store.backlog import Backlog, BrokenLog
from ewspush.store.database import Transaction
from ewspush.store.event_log import Excerpt, Happened, Window
from support.world import INBOX, World

WANTED, UNWANTED = EventType.NEW_MAIL, EventType.CREATED
FILTER = EventFilter(frozenset({WANTED}), frozenset({INBOX}))
EVERY_WINDOW = 2 * (1 + 5 + 25 + 125)  # batches looked at in one go


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


def read_all(
    world: World, *positions: tuple[int, int, EventFilter], batch: int = 3
) -> list[Backlog | BrokenLog]:
    with world.database.read() as tx:
        return backlog.read(tx, positions, batch)


def read(world: World, *, after: int = 0, batch: int = 3) -> Backlog:
    (found,) = read_all(world, (world.mailbox.id, after, FILTER), batch=batch)
    assert isinstance(found, Backlog), found
    return found


def sequences(found: Backlog) -> list[int]:
    return [event.sequence for event in found.events]


def test_one_more_than_a_batch_is_read_at_most(world: World) -> None:
    world.record(*[WANTED] * 9)
    assert sequences(read(world)) == [1, 2, 3, 4]
    assert sequences(read(world, after=4)) == [5, 6, 7, 8]
    assert sequences(read(world, after=6)) == [7, 8, 9]


def test_an_empty_log_has_nothing(world: World) -> None:
    found = read(world)
    assert (sequences(found), found.examined, found.unread) == ([], 0, False)


def test_a_log_that_was_read_to_its_end_has_nothing_more(world: World) -> None:
    world.record(*[WANTED] * 2)
    found = read(world, after=2)
    assert (sequences(found), found.examined, found.unread) == ([], 2, False)


def test_the_whole_log_is_examined_when_little_is_wanted(world: World) -> None:
    world.record(*[UNWANTED] * 20, WANTED, *[UNWANTED] * 20)
    found = read(world)
    assert (sequences(found), found.examined, found.unread) == ([21], 41, False)


def test_the_filter_counts_folders_as_well(world: World) -> None:
    world.record(WANTED, folder=INBOX + 1)
    world.record(WANTED)
    assert sequences(read(world)) == [2]


def test_a_stretch_longer_than_all_windows_is_left_for_the_next_time(world: World) -> None:
    world.record(*[UNWANTED] * (EVERY_WINDOW + 5), WANTED)
    found = read(world, batch=1)
    assert (sequences(found), found.examined, found.unread) == ([], EVERY_WINDOW, True)
    found = read(world, after=found.examined, batch=1)
    assert (sequences(found), found.unread) == ([EVERY_WINDOW + 6], False)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    happened=st.lists(st.sampled_from([WANTED, *[UNWANTED] * 5]), min_size=1, max_size=80),
    after=st.integers(0, 80),
    batch=st.integers(1, 4),
)
def test_what_is_found_is_the_beginning_of_what_is_wanted(
    world: World, happened: list[EventType], after: int, batch: int
) -> None:
    before = world.head()
    world.record(*happened)
    after = min(after, len(happened))
    wanted = [before + n for n, type_ in enumerate(happened, 1) if type_ is WANTED and n > after]
    found = read(world, after=before + after, batch=batch)
    assert sequences(found) == wanted[: batch + 1]
    assert found.unread == (found.examined < before + len(happened))
    if len(found.events) <= batch:
        assert not [each for each in wanted[len(found.events) :] if each <= found.examined]


def test_everything_comes_from_one_snapshot(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.record(*[UNWANTED] * 5)
    reads: list[int] = []

    def read_while_mail_comes(tx: Transaction, windows: list[Window]) -> list[Excerpt | None]:
        reads.append(len(windows))
        excerpts = whole(tx, windows)
        world.record(WANTED)
        return excerpts

    whole: Callable[[Transaction, list[Window]], list[Excerpt | None]] = event_log.read
    monkeypatch.setattr(event_log, "read", read_while_mail_comes)
    found = read(world, batch=1)
    assert reads == [1, 1]
    assert (sequences(found), found.examined, found.unread) == ([], 5, False)


def test_events_that_were_purged_are_not_passed_over_in_silence(world: World) -> None:
    world.record(*[WANTED] * 5)
    sweep = Sweep(
        world.database, events_before_s=1 << 40, over_before_s=0, attempts_before_ms=0, now_s=0
    )
    while sweep.step():
        pass
    (found,) = read_all(world, (world.mailbox.id, 4, FILTER))
    assert isinstance(found, BrokenLog)
    assert str(found) == "events after 4 are purged up to 5"
    assert sequences(read(world, after=5)) == []


def break_row(world: World, sequence: int) -> None:
    with world.database.write() as tx:
        tx.connection.exec_driver_sql("UPDATE events SET type = 99 WHERE sequence = ?", (sequence,))


def test_a_row_that_cannot_be_read_is_told(world: World) -> None:
    world.record(*[WANTED] * 5)
    break_row(world, 3)
    (found,) = read_all(world, (world.mailbox.id, 0, FILTER))
    assert isinstance(found, BrokenLog)
    assert str(found) == "event 3 is of unknown type 99"


def test_a_row_behind_what_is_read_hurts_nobody(world: World) -> None:
    world.record(*[WANTED] * 20)
    break_row(world, 9)
    assert sequences(read(world)) == [1, 2, 3, 4]


def test_the_trouble_of_one_is_not_that_of_the_others(world: World) -> None:
    world.record(*[UNWANTED] * 50, WANTED)
    with world.database.write() as tx:
        sick = mailbox_operations.create(tx, "sick@example.org", "-", 0)
        event_log.append(tx, sick.id, [Happened(WANTED, 0, False, 100, INBOX)])
        tx.connection.exec_driver_sql(
            "UPDATE events SET type = 99 WHERE mailbox_id = ?", (sick.id,)
        )
    gone = sick.id + 1
    positions = [
        (mailbox, 0, FILTER) for mailbox in (gone, world.mailbox.id, sick.id, world.mailbox.id)
    ]
    results = read_all(world, *positions)
    found = [result for result in results if isinstance(result, Backlog)]
    assert [sequences(each) for each in found] == [[51], [51]]
    broken = [str(result) for result in results if isinstance(result, BrokenLog)]
    assert broken == ["the mailbox is gone", "event 1 is of unknown type 99"]


def test_each_has_its_own_filter_and_position(world: World) -> None:
    world.record(WANTED, UNWANTED, WANTED, UNWANTED)
    other = EventFilter(frozenset({UNWANTED}), None)
    mailbox = world.mailbox.id
    results = read_all(world, (mailbox, 0, FILTER), (mailbox, 2, other), (mailbox, 1, FILTER))
    assert [sequences(each) for each in results if isinstance(each, Backlog)] == [[1, 3], [4], [3]]
