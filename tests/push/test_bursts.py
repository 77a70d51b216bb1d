"""How a burst of events is gathered into few notifications."""

import pytest

from ewspush.core.events import EventType
from support.world import DOWN, World, hangs

NEW_MAIL = EventType.NEW_MAIL
LINGER_S = 0.01


def sent(world: World) -> list[tuple[float, int]]:
    """When notifications were sent, and with how many events."""
    return [(round(each.at_s, 4), len(each.received.events)) for each in world.attempts]


@pytest.fixture
def start_s(world: World) -> float:
    """A subscription has nothing to be told then."""
    world.subscribe()
    world.attempts.clear()
    return round(world.clock.seconds(), 4)


def test_the_first_event_is_sent_at_once(world: World, start_s: float) -> None:
    world.record(NEW_MAIL)
    world.settle()
    assert sent(world) == [(start_s, 1)]


def test_a_burst_becomes_two_notifications(world: World, start_s: float) -> None:
    for _ in range(9):
        world.record(NEW_MAIL)
        world.advance(0.001)
    world.settle()
    assert sent(world) == [(start_s, 1), (round(start_s + LINGER_S, 4), 8)]


def test_a_long_burst_is_sent_in_even_steps(world: World, start_s: float) -> None:
    for _ in range(100):
        world.record(NEW_MAIL)
        world.advance(0.001)
    world.settle()
    assert sum(events for _, events in sent(world)) == 100
    assert 10 <= len(sent(world)) <= 12


def test_an_event_after_the_burst_is_sent_at_once(world: World, start_s: float) -> None:
    world.record(NEW_MAIL)
    world.advance(LINGER_S)
    world.record(NEW_MAIL)
    world.settle()
    assert sent(world) == [(start_s, 1), (round(start_s + LINGER_S, 4), 1)]


def test_full_batches_follow_each_other_at_once(world: World) -> None:
    world.record(*[NEW_MAIL] * 450)
    world.subscribe(after=0)
    assert [events for _, events in sent(world)] == [100] * 4 + [50]
    assert len({at_s for at_s, _ in sent(world)}) == 1


def test_a_failed_attempt_is_not_lingered_over(world: World, start_s: float) -> None:
    world.script = [DOWN]
    world.record(NEW_MAIL)
    world.advance(31)
    assert [at_s for at_s, _ in sent(world)] == [start_s, start_s + 30]


def test_without_a_linger_each_commit_is_a_notification(tmp_path) -> None:
    world = World(tmp_path, linger_s=0)
    world.subscribe()
    world.attempts.clear()
    for _ in range(9):
        world.record(NEW_MAIL)
        world.advance(0.001)
    assert [events for _, events in sent(world)] == [1] * 9
    world.close()


def test_a_heartbeat_that_is_due_meanwhile_is_not_lost(tmp_path) -> None:
    world = World(tmp_path, linger_s=10)
    world.subscribe(minutes=1, number=0)
    world.attempts.clear()
    world.record(NEW_MAIL)
    world.advance(0)
    assert len(world.attempts) == 1
    world.advance(61)
    assert world.attempts[-1].received.names == ["StatusEvent"]
    world.close()


def test_one_that_ends_in_the_meantime_gets_nothing_more(world: World) -> None:
    id = world.subscribe()
    world.record(NEW_MAIL)
    world.advance(0.001)
    world.record(NEW_MAIL)
    world.unsubscribe(id)
    before = len(world.attempts)
    world.advance(3600)
    assert len(world.attempts) == before


def test_a_stop_waits_for_nobody_who_lingers(world: World, start_s: float) -> None:
    world.record(NEW_MAIL)
    world.advance(0.001)
    world.record(NEW_MAIL)
    world.stop()
    world.advance(3600)
    assert sent(world) == [(start_s, 1)]


def test_commits_of_one_turn_go_together_and_later_ones_wait_for_the_answer(
    world: World, start_s: float
) -> None:
    world.script = [hangs]
    world.record(NEW_MAIL)
    for _ in range(5):
        world.record(NEW_MAIL)
        world.advance(0.001)
    world.settle()
    assert sent(world) == [(start_s, 2)]
