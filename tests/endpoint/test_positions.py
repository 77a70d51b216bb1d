"""What is written of positions when the database is slow, or fails."""

from collections import deque
from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from ewspush.endpoint.positions import RETRY_S, PositionWriter
from ewspush.operations.events import Position


class World:
    """A writer whose writes end when the test says so."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.written: list[list[Position]] = []
        self._under_way: deque[tuple[Callable[[], Any], Deferred[Any]]] = deque()
        self.writer = PositionWriter(self.clock, self._in_thread, self.written.append)

    def put(self, number: int, acknowledged: int | None, expires_at_s: int = 1) -> None:
        self.writer.put([position(number, acknowledged, expires_at_s)])
        self.clock.advance(0)

    def succeed(self) -> None:
        function, done = self._under_way.popleft()
        done.callback(function())
        self.clock.advance(0)

    def fail(self) -> None:
        _, done = self._under_way.popleft()
        done.errback(OSError("disk I/O error"))
        self.clock.advance(0)

    @property
    def is_writing(self) -> bool:
        return bool(self._under_way)

    def _in_thread(self, function: Callable[..., Any], /, *args: object) -> "Deferred[Any]":
        done: Deferred[Any] = Deferred()
        self._under_way.append((lambda: function(*args), done))
        return done


def position(number: int, acknowledged: int | None, expires_at_s: int = 1) -> Position:
    return Position(7, number, acknowledged, expires_at_s)


@pytest.fixture
def world() -> World:
    return World()


def test_a_position_is_written_at_once(world: World) -> None:
    world.put(1, 5)
    world.succeed()
    assert world.written == [[position(1, 5)]]
    assert not world.is_writing


def test_what_is_put_while_a_group_is_written_is_the_next_group(world: World) -> None:
    world.put(1, 5)
    world.put(1, 6)
    world.put(2, 9)
    world.put(1, 7)
    world.succeed()
    world.succeed()
    assert world.written == [[position(1, 5)], [position(1, 7), position(2, 9)]]
    assert not world.is_writing


def test_the_newest_position_is_known_until_it_is_written(world: World) -> None:
    assert world.writer.unwritten(7, 1) is None
    world.put(1, 0)
    assert world.writer.unwritten(7, 1) == 0
    world.put(1, 6)
    assert world.writer.unwritten(7, 1) == 6
    world.succeed()
    assert world.writer.unwritten(7, 1) == 6
    world.succeed()
    assert world.writer.unwritten(7, 1) is None
    assert world.writer.unwritten(8, 1) is None


def test_a_position_that_stays_does_not_hide_one_that_waits(world: World) -> None:
    world.put(1, 5)
    world.put(1, None, expires_at_s=2)
    assert world.writer.unwritten(7, 1) == 5
    world.put(1, 6, expires_at_s=3)
    world.put(1, None, expires_at_s=4)
    assert world.writer.unwritten(7, 1) == 6
    world.succeed()
    world.succeed()
    assert world.written[1] == [position(1, 6, 4)]


def test_what_could_not_be_written_is_written_later_with_what_came_since(world: World) -> None:
    world.put(1, 5)
    world.put(2, 5)
    world.fail()
    world.put(2, 6)
    assert not world.is_writing
    world.clock.advance(RETRY_S)
    world.succeed()
    assert world.written == [[position(1, 5), position(2, 6)]]


def test_a_newer_position_is_not_overwritten_by_one_that_failed(world: World) -> None:
    world.put(1, 5)
    world.put(1, 6)
    world.fail()
    world.clock.advance(RETRY_S)
    world.succeed()
    assert world.written == [[position(1, 6)]]


def test_it_is_drained_when_everything_is_written(world: World) -> None:
    drained: list[str] = []
    world.writer.drain().addCallback(lambda _: drained.append("empty"))
    assert drained == ["empty"]
    world.put(1, 5)
    world.put(1, 6)
    world.writer.drain().addCallback(lambda _: drained.append("done"))
    world.succeed()
    assert drained == ["empty"]
    world.succeed()
    assert drained == ["empty", "done"]
