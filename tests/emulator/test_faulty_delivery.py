"""Faults and the delivery engine together: retries, tiny batches, and nothing missed."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred

from ewspush.core.events import EventType
from ewspush.emulator.fault_models import parse_fault
from ewspush.emulator.faults import Faults
from ewspush.push.clock import Call
from ewspush.push.sender import Answer
from support.postgresql import in_memory
from support.world import World

NEW_MAIL = EventType.NEW_MAIL
HOUR = 3600


class FaultyWorld(World):
    """A world whose posts and batches meet faults."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.faults = Faults(_ClockOf(self), super()._post, timeout_s=30)
        super().__init__(folder, linger_s=0, **settings)

    def start(self) -> None:
        super().start()
        self.engine._batch_of = self.faults.batch

    def add(self, kind: str, **given: Any) -> None:
        self.faults.add(parse_fault({"kind": kind, **given}))

    def _post(self, url: str, headers: Sequence[str], body: bytes) -> Deferred[Answer]:
        return self.faults.post(url, headers, body)


class _ClockOf:
    """The clock that a world has at the time."""

    def __init__(self, world: World) -> None:
        self._world = world

    def seconds(self) -> float:
        return self._world.clock.seconds()

    def callLater(self, delay: float, function: Callable[..., object], *args: object) -> Call:
        call: Call = self._world.clock.callLater(delay, function, *args)
        return call


@pytest.fixture
def world() -> Iterator[FaultyWorld]:
    with faulty_world() as world:
        yield world


@contextmanager
def faulty_world(**settings: Any) -> Iterator[FaultyWorld]:
    with TemporaryDirectory(dir=in_memory()) as folder:
        world = FaultyWorld(Path(folder), **settings)
        yield world
        world.close()


def batches(world: World) -> list[tuple[int, bool]]:
    """How many events came in each notification, and whether more were to follow."""
    return [
        (sum(name != "StatusEvent" for name in each.received.names), each.received.more)
        for each in world.attempts
    ]


def test_a_burst_comes_in_tiny_batches_with_more_events(world: FaultyWorld) -> None:
    id = world.subscribe()
    world.add("batch", batch=2, times=2, subscription=id)
    world.attempts.clear()
    world.record(*[NEW_MAIL] * 7)
    world.settle()
    assert batches(world) == [(2, True), (2, True), (3, False)]


def test_a_batch_that_nobody_got_is_composed_anew(world: FaultyWorld) -> None:
    world.add("connect", url="http://responder.example/", times=2)
    id = world.subscribe()
    world.add("batch", batch=1, times=None)
    world.record(NEW_MAIL, NEW_MAIL)
    world.advance(120)
    assert batches(world)[:2] == [(1, True), (1, False)]
    assert world.stored(id).acknowledged == world.head()


def test_a_responder_that_is_down_for_some_attempts_misses_nothing(world: FaultyWorld) -> None:
    id = world.subscribe(minutes=30)
    world.attempts.clear()
    world.add("connect", times=3, subscription=id)
    world.record(NEW_MAIL)
    world.settle()
    assert world.attempts == []
    world.advance(HOUR / 2)
    assert batches(world)[0] == (1, False)
    assert world.faults.list()[0].used == 3
    assert [each.outcome for each in world.logged(id)][1:5] == ["connect"] * 3 + ["OK"]


_KINDS = st.sampled_from(["connect", "timeout", "lost", "delay", "error", "batch"])


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(_KINDS, st.integers(1, 2)), max_size=2), st.integers(1, 5))
def test_whatever_faults_there_are_each_event_comes_in_order(
    added: list[tuple[str, int]], events: int
) -> None:
    with faulty_world() as world:
        id = world.subscribe(minutes=1440)
        world.attempts.clear()
        for kind, times in added:
            more = {"delay": {"delay_s": 9.0}, "batch": {"batch": 1}}.get(kind, {})
            world.add(kind, times=times, **more)
        world.record(*[NEW_MAIL] * events)
        world.advance(HOUR)
        told = [
            world.sequence(mark)
            for each in world.attempts
            for name, mark in each.received.events
            if name == "NewMailEvent"
        ]
        head = world.head()
        assert list(dict.fromkeys(told)) == list(range(head - events + 1, head + 1))
        assert world.stored(id).acknowledged == head
        assert world.faults.waiting == 0
