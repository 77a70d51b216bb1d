"""When messages are sent, how many at once, and what a failure of our own leaves behind.

The database is real; time and the relay are the test's.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from structlog.testing import capture_logs
from twisted.internet.defer import Deferred, ensureDeferred, maybeDeferred
from twisted.internet.task import Clock

from ewspush.core.outgoing import Outcome, Result
from ewspush.operations import outgoing
from ewspush.operations.outgoing import Key, Message, Policy
from ewspush.relay.relay import LOOK_EVERY_S, REST_S, UNWRITTEN, Relay
from ewspush.store import folders
from ewspush.store import outgoing as queue
from ewspush.store.database import Database
from support.checks_for_store import NOW_S, Backend, new_mailbox, on_sqlite

pytestmark = on_sqlite

HOUR_S = 3600
GRACE_S = 10.0
CONTENT = b"Subject: Secret\r\n\r\nText\r\n"
ACCEPTED = Result(Outcome.ACCEPTED, "2.0.0", "Ok", 250)
LATER = Result(Outcome.DEFERRED, "4.2.0", "Later", 450)
NOBODY = Result(Outcome.REFUSED, "5.1.1", "Nobody", 550)


class Sending:
    """One message on its way; the test says when it arrives."""

    def __init__(self, message: Message, result: Result | Exception) -> None:
        self.message = message
        self.done: Deferred[dict[str, Result]] = Deferred()
        self._result = result

    @property
    def recipients(self) -> tuple[str, ...]:
        return self.message.envelope.recipients

    def run(self) -> dict[str, Result]:
        if isinstance(self._result, Exception):
            raise self._result
        return dict.fromkeys(self.recipients, self._result)

    def abort(self) -> None:
        self.done.callback(dict.fromkeys(self.recipients, LATER))


class World:
    """A relay's part of the server, on a clock that the test moves."""

    def __init__(self, database: Database, give_up_after_s: int, connections: int) -> None:
        self.database = database
        self.clock = Clock()
        self.result: Result | Exception = ACCEPTED
        self.is_slow = False  # the database's answers are held back until `answer`
        self._answers: list[tuple[Deferred[Any], Any]] = []
        self.is_holding = False  # messages stay under way until the test finishes them
        self.begun: list[Sending] = []
        self.failing: list[Exception | None] = []  # what the next calls of the database raise
        self.relay = Relay(
            self.clock,
            self.now_s,
            self._in_thread,
            self._in_own_thread,
            database,
            self._begin,
            Policy(give_up_after_s, "mail.example.org"),
            connections,
        )

    def now_s(self) -> float:
        return NOW_S + self.clock.seconds()

    def enqueue(self, *recipients: str) -> None:
        for each in recipients:
            with self.database.write() as tx:
                now_s = int(self.now_s())
                outgoing.enqueue(tx, 1, "user@example.org", [each], CONTENT, now_s)

    def queued(self) -> list[str]:
        with self.database.read() as tx:
            return [each.recipients[0] for each in queue.in_order(tx, None, Key(0, 0), 1000)]

    def reports(self) -> int:
        with self.database.read() as tx:
            inbox = folders.by_name(tx, 1, "inbox")
        assert inbox is not None
        return inbox.total_count

    def sent(self) -> list[str]:
        """To whom, in order, again if it was tried again."""
        return [each.recipients[0] for each in self.begun]

    def finish(self, sending: Sending) -> None:
        maybeDeferred(sending.run).chainDeferred(sending.done)

    def pass_time(self, seconds: float) -> None:
        """As it passes: every call that is due is made when it is."""
        until_s = self.clock.seconds() + seconds
        while calls := [c for c in self.clock.getDelayedCalls() if c.getTime() <= until_s]:
            next_s = min(call.getTime() for call in calls)
            self.clock.advance(max(0.0, next_s - self.clock.seconds()))
        self.clock.advance(until_s - self.clock.seconds())

    def stop(self) -> "Deferred[None]":
        return ensureDeferred(self.relay.stop(GRACE_S))

    def _begin(self, message: Message) -> Sending:
        self.begun.append(Sending(message, self.result))
        return self.begun[-1]

    def _in_thread(self, function: Callable[..., Any], /, *args: object) -> "Deferred[Any]":
        def run() -> Any:
            if self.failing and (error := self.failing.pop(0)):
                raise error
            return function(*args)

        if not self.is_slow:
            return maybeDeferred(run)
        answer: Deferred[Any] = Deferred()
        self._answers.append((answer, run()))
        return answer

    def answer(self) -> None:
        answers, self._answers = self._answers, []
        for deferred, result in answers:
            deferred.callback(result)

    def _in_own_thread(self, function: Callable[..., Any], /) -> "Deferred[Any]":
        if self.is_holding:
            return self.begun[-1].done
        return maybeDeferred(function)


MakeWorld = Callable[..., World]


@pytest.fixture
def make_world(backend: Backend) -> Iterator[MakeWorld]:
    with closing(Database.open(backend.migrated())) as database:
        new_mailbox(database)

        made: list[World] = []

        def make(*, give_up_after_s: int = 48 * HOUR_S, connections: int = 2) -> World:
            made.append(World(database, give_up_after_s, connections))
            return made[-1]

        yield make
        for each in made:  # what is under way in it goes on when it is collected
            each.stop()


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    return make_world()


@pytest.fixture
def unwritable(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """No result can be written until this is undone."""

    def fail(*_: object) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(outgoing, "settle", fail)
        yield patch


# When


def test_what_was_queued_before_the_start_is_sent_at_the_start(world: World) -> None:
    world.enqueue("a@example.net", "b@example.net", "c@example.net")
    world.relay.wake()
    assert world.sent() == ["a@example.net", "b@example.net", "c@example.net"]
    assert world.queued() == []


def test_what_is_queued_later_is_sent_when_the_relay_is_woken(world: World) -> None:
    world.relay.wake()
    world.enqueue("a@example.net")
    world.relay.wake()
    assert world.sent() == ["a@example.net"]


def test_what_nobody_told_of_is_found_by_the_timer(world: World) -> None:
    world.relay.wake()
    world.enqueue("a@example.net")
    world.pass_time(LOOK_EVERY_S)
    assert world.sent() == ["a@example.net"]


def test_waits_grow_to_an_hour_and_the_sender_is_told_at_the_end(make_world: MakeWorld) -> None:
    world = make_world(give_up_after_s=4 * HOUR_S)
    world.result = LATER
    world.enqueue("a@example.net")
    world.relay.wake()
    times = []
    for minute in range(5 * 60):
        while len(times) < len(world.begun):
            times.append(minute)
        world.pass_time(60)
    assert times == [0, 1, 3, 7, 15, 31, 63, 123, 183, 240]
    assert (world.queued(), world.reports()) == ([], 1)


def test_a_message_that_was_put_off_is_tried_when_it_is_due_and_not_before(world: World) -> None:
    world.result = LATER
    world.enqueue("a@example.net")
    world.relay.wake()
    for _ in range(3):
        world.pass_time(19)
        world.relay.wake()
    assert len(world.begun) == 1
    world.pass_time(3)
    assert len(world.begun) == 2


def test_a_wake_while_the_queue_is_read_is_not_lost(world: World) -> None:
    world.is_slow = True
    world.relay.wake()  # finds nothing, and does not know yet
    world.enqueue("a@example.net")
    world.relay.wake()
    world.is_slow = False
    world.answer()
    assert world.sent() == ["a@example.net"]


# How many


def test_so_many_are_under_way_at_once(make_world: MakeWorld) -> None:
    world = make_world(connections=2)
    world.is_holding = True
    world.enqueue("a@example.net", "b@example.net", "c@example.net", "d@example.net")
    world.relay.wake()
    world.relay.wake()
    assert world.sent() == ["a@example.net", "b@example.net"]
    world.finish(world.begun[1])
    assert world.sent()[2:] == ["c@example.net"]
    world.pass_time(LOOK_EVERY_S)
    assert world.sent()[3:] == []
    world.finish(world.begun[0])
    assert world.sent()[3:] == ["d@example.net"]


def test_one_that_is_under_way_is_not_sent_again(world: World) -> None:
    world.is_holding = True
    world.enqueue("a@example.net")
    world.relay.wake()
    world.pass_time(10 * LOOK_EVERY_S)
    world.relay.wake()
    assert len(world.begun) == 1
    world.finish(world.begun[0])
    assert world.queued() == []


# Failures of our own


def test_a_bug_backs_off_and_does_not_stop_the_others(world: World) -> None:
    world.result = ZeroDivisionError("Secret")
    world.enqueue("a@example.net")
    with capture_logs() as logs:
        world.relay.wake()
    assert [each["event"] for each in logs] == ["relay.bug", "relay.attempted"]
    assert "Secret" not in str(logs)
    world.result = ACCEPTED
    world.enqueue("b@example.net")
    world.relay.wake()
    assert world.queued() == ["a@example.net"]
    world.pass_time(60)
    assert world.queued() == []


def test_a_result_that_cannot_be_written_is_kept_and_the_message_not_sent_again(
    world: World, unwritable: pytest.MonkeyPatch
) -> None:
    world.enqueue("a@example.net")
    with capture_logs() as logs:
        world.relay.wake()
    assert [each["event"] for each in logs] == ["relay.result_not_written"]
    world.pass_time(10 * REST_S)
    assert (len(world.begun), world.queued()) == (1, ["a@example.net"])
    unwritable.undo()
    world.pass_time(REST_S)
    assert (len(world.begun), world.queued()) == (1, [])


def test_sending_pauses_while_results_cannot_be_written(
    make_world: MakeWorld, unwritable: pytest.MonkeyPatch
) -> None:
    world = make_world(connections=1)
    many = [f"a{n}@example.net" for n in range(UNWRITTEN + 10)]
    world.enqueue(*many)
    world.relay.wake()
    world.pass_time(10 * LOOK_EVERY_S)
    assert world.sent() == many[: UNWRITTEN + 1]
    unwritable.undo()
    world.pass_time(REST_S + LOOK_EVERY_S)
    assert (world.sent(), world.queued()) == (many, [])


@pytest.mark.parametrize("reads", [0, 1])
def test_a_database_that_cannot_be_read_is_asked_again(world: World, reads: int) -> None:
    world.enqueue("a@example.net")
    world.failing = [*[None] * reads, OSError("locked")]  # the queue, or the message
    world.relay.wake()
    assert world.begun == []
    world.pass_time(max(LOOK_EVERY_S, REST_S))
    assert world.sent() == ["a@example.net"]


# The end, and another start


def test_a_stop_waits_for_what_is_under_way_and_begins_nothing(make_world: MakeWorld) -> None:
    world = make_world(connections=1)
    world.is_holding = True
    world.enqueue("a@example.net", "b@example.net")
    world.relay.wake()
    stopped = world.stop()
    world.pass_time(GRACE_S - 1)
    assert not stopped.called
    world.finish(world.begun[0])
    assert stopped.called
    assert (world.sent(), world.queued()) == (["a@example.net"], ["b@example.net"])
    world.relay.wake()
    world.pass_time(HOUR_S)
    assert len(world.begun) == 1
    assert world.clock.getDelayedCalls() == []


def test_a_message_that_is_read_when_the_stop_comes_is_left(world: World) -> None:
    world.enqueue("a@example.net")
    world.is_slow = True
    world.relay.wake()
    world.answer()  # to what is due; the message itself is read now
    stopped = world.stop()
    world.is_slow = False
    world.answer()
    assert stopped.called
    assert (world.begun, world.queued()) == ([], ["a@example.net"])


def test_what_takes_longer_is_cut_off_and_stays_queued(world: World) -> None:
    world.is_holding = True
    world.enqueue("a@example.net")
    world.relay.wake()
    stopped = world.stop()
    world.pass_time(GRACE_S)
    assert stopped.called
    assert world.queued() == ["a@example.net"]


def test_a_stop_does_not_wait_for_a_result_that_cannot_be_written(
    world: World, unwritable: pytest.MonkeyPatch
) -> None:
    world.enqueue("a@example.net")
    world.relay.wake()
    assert world.stop().called
    assert world.clock.getDelayedCalls() == []


def test_a_stop_of_an_idle_relay_is_at_once(world: World) -> None:
    world.relay.wake()
    assert world.stop().called


def test_another_start_goes_on_where_the_waits_were(make_world: MakeWorld) -> None:
    world = make_world()
    world.result = LATER
    world.enqueue("a@example.net")
    world.relay.wake()
    world.pass_time(60)
    again = make_world()  # the first one was killed: nothing of it is left but the database
    again.result = LATER
    again.clock.advance(61)
    again.relay.wake()
    assert again.begun == []
    again.pass_time(120)
    assert again.sent() == ["a@example.net"]
    assert again.begun[0].message.envelope.failures == 2


# The log


@pytest.mark.parametrize(
    ("result", "given_up"), [(ACCEPTED, False), (LATER, False), (NOBODY, True)]
)
def test_an_attempt_is_one_line_for_each_recipient(
    world: World, result: Result, given_up: bool
) -> None:
    world.result = result
    world.enqueue("a@example.net")
    with capture_logs() as logs:
        world.relay.wake()
    (line,) = logs
    assert line == {
        "event": "relay.attempted",
        "log_level": "info",
        "mailbox": 1,
        "message": line["message"],
        "recipient": "a@example.net",
        "outcome": result.outcome.value,
        "status": result.status,
        "detail": str(result),
        "given_up": given_up,
    }
