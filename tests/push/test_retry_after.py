"""A responder that asks to be tried again later."""

import pytest
from twisted.internet.defer import succeed

from ewspush.core.events import EventType
from ewspush.core.subscription import Idle
from ewspush.push.exchange import Times
from ewspush.push.sender import Answer
from support.world import DOWN, OK, Say, World

NEW_MAIL = EventType.NEW_MAIL


def busy(retry_after_s: int) -> Say:
    return lambda _: succeed(Answer(503, b"", Times(None, None, 900, 1000), retry_after_s))


@pytest.mark.parametrize(
    ("retry_after_s", "offsets"),
    [
        (1, [0, 30, 90, 210, 300]),  # no sooner than the back-off says
        (45, [0, 45, 90, 210, 300]),
        (200, [0, 200, 210, 300]),
        (86_400, [0, 300]),  # no later than the end of the window
    ],
)
def test_it_is_honoured_within_the_window(
    world: World, retry_after_s: int, offsets: list[int]
) -> None:
    world.script = [OK, busy(retry_after_s)] + [DOWN] * 9
    world.subscribe(minutes=5)
    world.attempts.clear()
    world.record(NEW_MAIL)
    world.advance(3600)
    assert world.times == offsets


@pytest.mark.parametrize("skew_s", [0, 3600, -3600])
def test_a_restart_keeps_to_it(world: World, skew_s: int) -> None:
    world.script = [OK, busy(200)]
    id = world.subscribe(minutes=5)
    world.attempts.clear()
    world.record(NEW_MAIL)
    world.advance(60)
    world.kill()
    world.clock_skew_s = skew_s
    world.advance(400)
    assert world.times[:2] == [0, 200]
    assert isinstance(world.stored(id).phase, Idle)
