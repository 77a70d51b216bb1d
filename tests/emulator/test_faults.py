"""What faults do to notifications, by the rules: which one, how often, and when."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from ewspush.core.ids import Kind
from ewspush.core.notification import Notification
from ewspush.emulator import faults as module
from ewspush.emulator.fault_models import parse_fault
from ewspush.emulator.faults import Faults, TooManyFaults
from ewspush.push.courier import HEADERS
from ewspush.push.sender import Answer, FailureKind, NoAnswer, Times
from ewspush.wire import ids, notification
from support import notifications
from support.acks import ack, took

URL = "http://responder.example/push?key=1"
ID = ids.encode(Kind.SUBSCRIPTION, 1, 5)
OTHER_ID = ids.encode(Kind.SUBSCRIPTION, 1, 6)
VERSION = "Exchange2010_SP2"
TIMEOUT_S = 30.0
SENT = {"User-Agent": "ewspush/1", **dict(header.split(": ", 1) for header in HEADERS)}
ANSWER = Answer(200, ack(), Times(1, None, 2, 3), None)

Result = Answer | NoAnswer | None


class World:
    """Faults, a clock, and a responder that acknowledges or does what it is told."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.posted: list[tuple[str, bytes]] = []
        self.answer: Callable[[], Deferred[Answer]] = lambda: succeed(ANSWER)
        self.faults = Faults(self.clock, self._post, TIMEOUT_S)

    def _post(self, url: str, headers: Sequence[str], body: bytes) -> Deferred[Answer]:
        assert tuple(headers) == HEADERS
        self.posted.append((url, body))
        return self.answer()

    def add(self, kind: str, **given: Any) -> str:
        return self.faults.add(parse_fault({"kind": kind, **given})).id

    def attempt(self, id: str = ID, url: str = URL) -> "Attempt":
        return Attempt(self.faults.post(url, HEADERS, body(id)))


class Attempt:
    """A post and, as soon as there is one, its result."""

    def __init__(self, posting: Deferred[Answer]) -> None:
        self.result: Result = None
        posting.addCallbacks(self._end, self._fail)

    def _end(self, answer: Answer) -> None:
        self.result = answer

    def _fail(self, failure: Failure) -> None:
        assert isinstance(failure.value, NoAnswer)
        self.result = failure.value

    @property
    def failure(self) -> NoAnswer:
        assert isinstance(self.result, NoAnswer)
        return self.result


def body(id: str = ID) -> bytes:
    return notification.render(Notification(1, (), 1, False), 1, 1 << 40, id, VERSION)


@pytest.fixture
def world() -> World:
    return World()


# What each kind does


def test_without_a_fault_it_is_posted(world: World) -> None:
    assert world.attempt().result == ANSWER
    assert world.posted == [(URL, body())]


def test_a_connection_is_refused_and_nothing_sent(world: World) -> None:
    world.add("connect")
    failure = world.attempt().failure
    assert failure.kind is FailureKind.CONNECT
    assert failure.detail == "the connection was refused, by a fault of the emulator"
    assert world.posted == []


def test_silence_ends_after_the_time_that_an_answer_may_take(world: World) -> None:
    world.add("timeout")
    attempt = world.attempt()
    assert world.faults.waiting == 1
    world.clock.advance(TIMEOUT_S - 0.1)
    assert attempt.result is None
    world.clock.advance(0.1)
    assert attempt.failure.kind is FailureKind.TIMEOUT
    assert attempt.failure.detail == "no answer came in time, by a fault of the emulator"
    assert attempt.failure.times == took(TIMEOUT_S)
    assert world.posted == []
    assert world.faults.waiting == 0


def test_a_lost_answer_was_an_answer(world: World) -> None:
    world.add("lost")
    failure = world.attempt().failure
    assert failure.kind is FailureKind.RESET
    assert failure.detail == "the answer, which was HTTP 200, was lost, by a fault of the emulator"
    assert failure.times == ANSWER.times
    assert world.posted == [(URL, body())]


def test_what_is_delayed_is_posted_when_its_time_has_come(world: World) -> None:
    world.add("delay", delay_s=7.0)
    attempt = world.attempt()
    world.clock.advance(6.9)
    assert (world.posted, attempt.result, world.faults.waiting) == ([], None, 1)
    world.clock.advance(0.1)
    assert attempt.result == ANSWER
    assert world.posted == [(URL, body())]
    assert world.faults.waiting == 0


def test_what_is_delayed_waits_for_its_answer_and_no_more_for_time(world: World) -> None:
    answering: Deferred[Answer] = Deferred()
    world.answer = lambda: answering
    world.add("delay", delay_s=7.0)
    attempt = world.attempt()
    world.clock.advance(7.0)
    assert (attempt.result, world.faults.waiting) == (None, 0)
    answering.callback(ANSWER)
    assert attempt.result == ANSWER


@pytest.mark.parametrize("code", [None, "ErrorMissedNotificationEvents"])
def test_an_error_is_told_instead_and_the_attempt_fails_whatever_is_answered(
    world: World, code: str | None
) -> None:
    world.add("error", **({"response_code": code} if code else {}))
    failure = world.attempt().failure
    code = code or "ErrorReadEventsFailed"
    assert failure.kind is FailureKind.INTERNAL
    assert failure.detail == (
        f"a message with {code} was sent instead, by a fault of the emulator;"
        " the answer was HTTP 200"
    )
    ((url, sent),) = world.posted
    received = notifications.read(SENT, sent)
    assert (url, received.code, received.subscription) == (URL, code, ID)
    assert f'Version="{VERSION}"'.encode() in sent


@pytest.mark.parametrize("kind", ["lost", "error", "delay"])
def test_a_failure_that_no_fault_made_is_told_as_it_is(world: World, kind: str) -> None:
    real = NoAnswer(FailureKind.DNS, "no such name", took())
    world.answer = lambda: fail(real)
    world.add(kind, **({"delay_s": 1.0} if kind == "delay" else {}))
    attempt = world.attempt()
    world.clock.advance(1.0)
    assert attempt.failure is real


def test_a_batch_is_for_who_composes_and_touches_no_post(world: World) -> None:
    world.add("batch", batch=2, times=2, subscription=ID)
    assert world.attempt().result == ANSWER
    assert world.faults.batch(URL, OTHER_ID) is None
    assert [world.faults.batch(URL, ID) for _ in range(3)] == [2, 2, None]


# Which fault, and how often


def test_of_several_that_fit_the_one_added_first_happens_until_it_is_used_up(world: World) -> None:
    world.add("connect", times=2)
    world.add("lost", url="http://responder.example/")
    world.add("connect", times=None, subscription=OTHER_ID)
    kinds = [world.attempt().result for _ in range(4)]
    assert [each.kind if isinstance(each, NoAnswer) else None for each in kinds] == [
        FailureKind.CONNECT,
        FailureKind.CONNECT,
        FailureKind.RESET,
        None,
    ]


def test_a_batch_and_another_fault_affect_the_same_notification(world: World) -> None:
    world.add("batch", batch=1)
    world.add("connect")
    assert world.faults.batch(URL, ID) == 1
    assert world.attempt().failure.kind is FailureKind.CONNECT


def test_faults_of_requests_leave_notifications_alone_and_the_reverse(world: World) -> None:
    world.add("drop", times=None)
    world.add("connect", times=None, subscription=OTHER_ID)
    assert world.attempt().result == ANSWER
    fault = world.faults.of_request("user@example.com", "GetItem")
    assert fault is not None
    assert fault.kind == "drop"


def test_what_is_left_and_used_can_be_seen_and_stays_to_be_seen(world: World) -> None:
    once, always = world.add("connect", subscription=ID), world.add("connect", times=None)
    for _ in range(3):
        world.attempt()
    assert [each.described() for each in world.faults.list()] == [
        {"id": once, "kind": "connect", "subscription": ID, "times": 1, "left": 0, "used": 1},
        {"id": always, "kind": "connect", "times": None, "left": None, "used": 2},
    ]
    assert world.faults.get(always).used == 2


def test_a_fault_that_is_removed_happens_no_more(world: World) -> None:
    id = world.add("connect", times=None)
    world.attempt()
    world.faults.remove(id)
    assert world.attempt().result == ANSWER
    for ask in (world.faults.get, world.faults.remove):
        with pytest.raises(KeyError):
            ask(id)


def test_a_number_is_never_given_again(world: World) -> None:
    first = world.add("connect")
    world.faults.clear()
    assert world.faults.list() == []
    assert world.add("connect") != first
    assert world.attempt().failure.kind is FailureKind.CONNECT


def test_what_is_used_up_makes_room_and_what_is_not_stays(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    kept, used_up = world.add("connect", subscription=OTHER_ID), world.add("connect")
    with pytest.raises(TooManyFaults, match="2 faults"):
        world.add("lost")
    world.attempt()
    new = world.add("lost")
    assert used_up not in (kept, new)
    assert [each.id for each in world.faults.list()] == [kept, new]


# Ending


def test_what_waits_is_cancelled_and_nothing_of_it_happens_later(world: World) -> None:
    world.add("timeout")
    world.add("delay", delay_s=1.0)
    attempts = [world.attempt(), world.attempt()]
    assert world.faults.waiting == 2
    world.faults.cancel()
    assert [each.failure.kind for each in attempts] == [FailureKind.CANCELLED] * 2
    assert world.faults.waiting == 0
    assert world.clock.getDelayedCalls() == []
    assert world.posted == []


def test_a_removed_fault_leaves_those_waiting_that_wait(world: World) -> None:
    world.add("delay", delay_s=1.0)
    attempt = world.attempt()
    world.faults.clear()
    world.clock.advance(1.0)
    assert attempt.result == ANSWER


# In general

_FAULTS = st.tuples(
    st.sampled_from(["connect", "timeout", "lost", "error", "delay"]),
    st.one_of(st.none(), st.sampled_from([ID, OTHER_ID])),
    st.integers(1, 3),
)


@settings(deadline=None, max_examples=150)
@given(st.lists(_FAULTS, max_size=6), st.lists(st.sampled_from([ID, OTHER_ID]), max_size=20))
def test_each_attempt_meets_the_first_fault_that_fits_and_is_left(
    added: list[tuple[str, str | None, int]], attempts: list[str]
) -> None:
    world = World()
    for kind, id, times in added:
        more: dict[str, Any] = {"delay_s": 5.0} if kind == "delay" else {}
        world.add(kind, subscription=id, times=times, **more)
    left = [times for *_, times in added]
    for id in attempts:
        expected = None
        for n, (kind, only, _) in enumerate(added):
            if left[n] and only in (None, id):
                left[n] -= 1
                expected = kind
                break
        attempt = world.attempt(id)
        if expected in ("timeout", "delay"):
            assert attempt.result is None
            world.clock.advance(TIMEOUT_S)
        assert _seen(attempt) == _SEEN[expected]
    assert [each.left for each in world.faults.list()] == left
    assert world.faults.waiting == 0


_SEEN = {
    None: None,
    "delay": None,
    "connect": FailureKind.CONNECT,
    "timeout": FailureKind.TIMEOUT,
    "lost": FailureKind.RESET,
    "error": FailureKind.INTERNAL,
}


def _seen(attempt: Attempt) -> FailureKind | None:
    assert attempt.result is not None
    return attempt.result.kind if isinstance(attempt.result, NoAnswer) else None
