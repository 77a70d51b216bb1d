"""Writing in groups, with a clock and threads that do as they are told."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from ewspush.core.subscription import IDLE
from ewspush.push.progress import GATHER_S, MOST_WITH_BODIES, NOTE_S, RETRY_S, ProgressWriter
from ewspush.store.attempts import Attempt
from ewspush.store.subscriptions import Progress
from support.attempts import attempt

FIRST, SECOND = (attempt(at_ms=at_ms) for at_ms in (1000, 2000))
WITH_BODIES = FIRST._replace(request=b"request", answer=b"answer")


class Desk:
    """A writer, the states that it is to write, and what it has written."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.states: dict[int, int] = {}
        self.durable: dict[int, int] = {}
        self.groups: list[list[tuple[int, int]]] = []  # handed to a thread: number and state
        self.attempts: list[list[Attempt]] = []  # handed over with them
        self.times_written = 0
        self.measurements: list[tuple[int, float]] = []
        self.ending: Deferred[Any] | None = None  # of the write under way
        self.writer = ProgressWriter[int](
            self.clock, self.in_thread, self.state_of, self.write, self.written, self.measured
        )

    def put(self, number: int, state: int) -> None:
        self.states[number] = state
        self.writer.put(number)

    def state_of(self, number: int) -> Progress:
        return Progress(1, number, self.states[number], IDLE)

    def in_thread(self, function: Callable[..., Any], /, *args: Any) -> "Deferred[Any]":
        assert self.ending is None, "one write at a time"
        group, attempts = args
        self.attempts.append(list(attempts))
        self.groups.append([(each.number, each.acknowledged) for each in group])
        self.ending = Deferred()
        return self.ending

    def write(self, group: Sequence[Progress], attempts: Sequence[Attempt]) -> None:
        raise AssertionError("only a thread may write")

    def written(self) -> None:
        self.times_written += 1

    def measured(self, size: int, seconds: float) -> None:
        self.measurements.append((size, seconds))

    def succeed(self) -> None:
        self.durable.update(self.groups[-1])
        ending, self.ending = self.ending, None
        assert ending is not None
        ending.callback(None)

    def fail(self) -> None:
        ending, self.ending = self.ending, None
        assert ending is not None
        ending.errback(OSError("database is locked"))


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_group_is_gathered_before_it_is_written(desk: Desk) -> None:
    desk.put(1, 10)
    desk.clock.advance(GATHER_S / 2)
    desk.put(2, 20)
    assert desk.groups == []
    desk.clock.advance(GATHER_S / 2)
    assert desk.groups == [[(1, 10), (2, 20)]]


def test_the_newest_state_is_written_once(desk: Desk) -> None:
    desk.put(1, 10)
    desk.put(1, 11)
    desk.clock.advance(GATHER_S)
    assert desk.groups == [[(1, 11)]]


def test_what_is_put_while_a_group_is_written_makes_the_next(desk: Desk) -> None:
    desk.put(1, 10)
    desk.clock.advance(GATHER_S)
    desk.put(1, 11)
    desk.put(2, 20)
    desk.clock.advance(10)
    assert len(desk.groups) == 1
    desk.succeed()
    desk.clock.advance(GATHER_S)
    assert desk.groups[1:] == [[(1, 11), (2, 20)]]


def test_nothing_is_written_when_nothing_was_put(desk: Desk) -> None:
    desk.put(1, 10)
    desk.clock.advance(GATHER_S)
    desk.succeed()
    desk.clock.advance(3600)
    assert len(desk.groups) == 1


def test_a_group_that_could_not_be_written_is_kept_and_goes_first(desk: Desk) -> None:
    desk.put(1, 10)
    desk.put(2, 20)
    desk.clock.advance(GATHER_S)
    desk.put(3, 30)
    desk.put(2, 21)
    desk.fail()
    desk.clock.advance(RETRY_S)
    assert desk.groups[1:] == [[(1, 10), (2, 21), (3, 30)]]


def test_after_a_failure_there_is_a_pause_whatever_is_put(desk: Desk) -> None:
    desk.put(1, 10)
    desk.clock.advance(GATHER_S)
    desk.fail()
    desk.put(2, 20)
    desk.clock.advance(RETRY_S / 2)
    assert len(desk.groups) == 1
    desk.clock.advance(RETRY_S / 2)
    assert len(desk.groups) == 2


def test_it_is_tried_until_it_works(desk: Desk) -> None:
    desk.put(1, 10)
    desk.clock.advance(GATHER_S)
    for _ in range(20):
        desk.fail()
        desk.clock.advance(RETRY_S)
    desk.succeed()
    assert desk.durable == {1: 10}
    assert desk.writer.unwritten == 0


def test_every_put_counts_as_unwritten_until_it_is_durable(desk: Desk) -> None:
    desk.put(1, 10)
    desk.put(1, 11)
    desk.put(2, 20)
    assert desk.writer.unwritten == 3
    desk.clock.advance(GATHER_S)
    desk.put(1, 12)
    assert desk.writer.unwritten == 4
    desk.fail()
    assert desk.writer.unwritten == 4
    desk.clock.advance(RETRY_S)
    desk.put(2, 21)
    desk.succeed()
    assert desk.writer.unwritten == 1


def test_room_is_told_of_after_every_success_and_no_failure(desk: Desk) -> None:
    desk.put(1, 10)
    desk.clock.advance(GATHER_S)
    desk.fail()
    assert desk.times_written == 0
    desk.clock.advance(RETRY_S)
    desk.succeed()
    assert desk.times_written == 1


def test_draining_ends_at_once_when_everything_is_durable(desk: Desk) -> None:
    assert desk.writer.drain().called
    desk.put(1, 10)
    desk.clock.advance(GATHER_S)
    desk.succeed()
    assert desk.writer.drain().called


def test_draining_waits_for_the_group_being_written_and_for_the_one_gathered(desk: Desk) -> None:
    desk.put(1, 10)
    desk.clock.advance(GATHER_S)
    desk.put(2, 20)
    drained = [desk.writer.drain(), desk.writer.drain()]
    desk.succeed()
    assert not any(each.called for each in drained)
    desk.clock.advance(GATHER_S)
    desk.fail()
    desk.clock.advance(RETRY_S)
    assert not any(each.called for each in drained)
    desk.succeed()
    assert all(each.called for each in drained)
    assert desk.durable == {1: 10, 2: 20}


def test_draining_does_not_wait_for_what_is_put_meanwhile(desk: Desk) -> None:
    desk.put(1, 10)
    drained = [desk.writer.drain()]
    desk.clock.advance(GATHER_S)
    drained.append(desk.writer.drain())
    desk.put(2, 20)
    desk.succeed()
    assert all(each.called for each in drained)
    assert desk.writer.unwritten == 1


def test_attempts_go_with_the_next_group(desk: Desk) -> None:
    desk.writer.note(FIRST)
    desk.clock.advance(NOTE_S / 2)
    desk.put(1, 10)
    desk.clock.advance(GATHER_S)
    assert desk.groups == [[(1, 10)]]
    assert desk.attempts == [[FIRST]]


def test_attempts_alone_are_written_a_little_later(desk: Desk) -> None:
    desk.writer.note(FIRST)
    desk.clock.advance(NOTE_S / 2)
    desk.writer.note(SECOND)
    assert desk.attempts == []
    desk.clock.advance(NOTE_S / 2)
    assert (desk.groups, desk.attempts) == ([[]], [[FIRST, SECOND]])
    desk.writer.note(FIRST)
    desk.clock.advance(3600)
    desk.succeed()
    desk.clock.advance(NOTE_S)
    assert desk.attempts[1:] == [[FIRST]]
    assert desk.measurements == []


def test_attempts_that_could_not_be_written_are_kept_and_go_first(desk: Desk) -> None:
    desk.writer.note(FIRST)
    desk.clock.advance(NOTE_S)
    desk.writer.note(SECOND)
    desk.fail()
    assert desk.writer.load == 2
    desk.clock.advance(RETRY_S)
    assert desk.attempts[1:] == [[FIRST, SECOND]]
    desk.succeed()
    assert desk.writer.load == 0


def test_bodies_are_kept_of_few_attempts_while_nothing_can_be_written(desk: Desk) -> None:
    for _ in range(2):
        for _ in range(MOST_WITH_BODIES):
            desk.writer.note(WITH_BODIES)
        desk.clock.advance(RETRY_S)
        desk.fail()
    desk.clock.advance(RETRY_S)
    written = desk.attempts[-1]
    assert len(written) == 2 * MOST_WITH_BODIES
    assert written[MOST_WITH_BODIES:] == [FIRST] * MOST_WITH_BODIES
    desk.succeed()
    desk.writer.note(WITH_BODIES)
    desk.clock.advance(NOTE_S)
    assert desk.attempts[-1] == [WITH_BODIES]


def test_attempts_do_not_count_as_acknowledgements_that_a_kill_loses(desk: Desk) -> None:
    desk.writer.note(FIRST)
    assert (desk.writer.unwritten, desk.writer.load) == (0, 1)


def test_draining_writes_attempts_soon(desk: Desk) -> None:
    desk.writer.note(FIRST)
    drained = desk.writer.drain()
    desk.clock.advance(GATHER_S)
    assert desk.attempts == [[FIRST]]
    assert not drained.called
    desk.succeed()
    assert drained.called


@given(
    script=st.lists(
        st.one_of(
            st.tuples(st.just("put"), st.integers(0, 3)),
            st.tuples(st.just("pass"), st.sampled_from([0.001, GATHER_S, RETRY_S])),
            st.tuples(st.sampled_from(["succeed", "fail"]), st.just(0)),
        ),
        max_size=60,
    )
)
def test_at_most_two_groups_are_not_durable(script: list[tuple[str, float]]) -> None:
    """Whatever was put before the last group that was written began is durable."""
    desk = Desk()
    puts: dict[int, int] = {}
    begun: list[dict[int, int]] = []  # what had been put when each write began
    for step, (what, value) in enumerate(script):
        if what == "put":
            desk.put(int(value), step)
            puts[int(value)] = step
        elif what == "pass":
            desk.clock.advance(value)
        elif desk.ending is not None:
            was_written = begun[-1]
            if what == "succeed":
                desk.succeed()
                assert desk.durable == was_written
            else:
                desk.fail()
        begun += [dict(puts)] * (len(desk.groups) - len(begun))
        assert bool(desk.writer.unwritten) == (desk.durable != puts)
    for _ in range(3):
        desk.clock.advance(RETRY_S + GATHER_S)
        if desk.ending is not None:
            desk.succeed()
    assert desk.durable == puts
    assert desk.writer.unwritten == 0


def test_a_written_group_is_measured_and_one_that_failed_is_not(desk: Desk) -> None:
    desk.put(1, 10)
    desk.clock.advance(GATHER_S)
    desk.fail()
    desk.put(2, 20)
    desk.clock.advance(RETRY_S)
    desk.clock.advance(0.5)
    desk.succeed()
    assert desk.measurements == [(2, pytest.approx(0.5))]
