"""What operators ask of single subscriptions."""

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from ewspush.core.events import EventType
from ewspush.core.subscription import Idle, Parked, Retrying
from ewspush.push.orders import CannotNow
from ewspush.push.outcome import Outcome
from ewspush.store import subscriptions
from ewspush.wire import ids
from support.world import DOWN, OK, UNSUBSCRIBE, Say, World, fails, hangs

NEW_MAIL = EventType.NEW_MAIL


def ask(world: World, what: str, id: str, *arguments: Any) -> "list[Outcome | Failure]":
    """Ask for an attempt; how it ended, once it has."""
    ended: list[Outcome | Failure] = []
    asking: Deferred[Outcome] = getattr(world.engine, what)(ids.decode(id), *arguments)
    asking.addBoth(ended.append)
    return ended


def outcome(ended: "list[Outcome | Failure]") -> str:
    (only,) = ended
    assert isinstance(only, Outcome)
    return only.name


# retry-now


def test_a_retry_can_be_made_at_once(world: World) -> None:
    world.script = [OK, DOWN]
    id = world.subscribe()
    world.record(NEW_MAIL)
    world.settle()
    ended = ask(world, "retry_now", id)
    assert ended == []
    world.settle()
    assert outcome(ended) == "OK"
    assert world.attempts[-1].received.names == ["NewMailEvent"]
    assert isinstance(world.stored(id).phase, Idle)


def test_a_retry_that_fails_at_once_counts_as_any_other(world: World) -> None:
    world.script = [OK] + [DOWN] * 9
    id = world.subscribe(minutes=5)
    world.attempts.clear()
    world.record(NEW_MAIL)
    world.advance(10)
    ended = ask(world, "retry_now", id)
    world.advance(3600)
    assert outcome(ended) == "connect"
    assert world.times == [0, 10, 90, 210, 300]
    assert isinstance(world.stored(id).phase, Parked)


def test_there_is_nothing_to_retry_if_nothing_failed(world: World) -> None:
    id = world.subscribe()
    with pytest.raises(CannotNow, match="nothing to retry"):
        ask(world, "retry_now", id)


# heartbeat


def test_a_heartbeat_can_be_sent_at_any_time(world: World) -> None:
    id = world.subscribe(minutes=5)
    world.advance(60)
    ended = ask(world, "heartbeat", id)
    world.settle()
    assert outcome(ended) == "OK"
    assert [each.received.names for each in world.attempts] == [["StatusEvent"]] * 2


def test_the_next_heartbeat_is_due_an_interval_after_that_one(world: World) -> None:
    id = world.subscribe(minutes=5, number=0)
    world.advance(60)
    ask(world, "heartbeat", id)
    world.advance(299)
    assert len(world.attempts) == 2
    world.advance(2)
    assert len(world.attempts) == 3


def test_events_that_wait_go_in_place_of_a_heartbeat(world: World) -> None:
    world.script = [OK, OK, hangs]
    id = world.subscribe()
    world.record(NEW_MAIL)
    world.advance(0.001)
    world.record(NEW_MAIL)
    ended = ask(world, "heartbeat", id)
    world.settle()
    assert world.attempts[-1].received.names == ["NewMailEvent"]
    assert ended == []


def test_one_that_retries_gets_no_heartbeat(world: World) -> None:
    world.script = [DOWN]
    id = world.subscribe()
    with pytest.raises(CannotNow, match="retried"):
        ask(world, "heartbeat", id)


def test_whoever_asks_while_one_is_under_way_hears_of_the_next(world: World) -> None:
    world.script = [OK, fails(after_s=5)]
    id = world.subscribe()
    world.record(NEW_MAIL)
    world.advance(1)
    ended = ask(world, "heartbeat", id)
    world.advance(10)
    assert outcome(ended) == "OK"
    assert len(world.attempts) == 3


# rewind


def test_what_was_sent_can_be_sent_again(world: World) -> None:
    id = world.subscribe()
    for _ in range(3):
        world.record(NEW_MAIL)
        world.settle()
    ended = ask(world, "rewind", id, 1)
    world.settle()
    assert outcome(ended) == "OK"
    again = world.attempts[-1].received
    assert again.previous == world.watermark(1)
    assert [watermark for _, watermark in again.events] == [world.watermark(n) for n in (2, 3)]
    assert world.stored(id).acknowledged == 3


def test_a_cursor_is_never_moved_ahead(world: World) -> None:
    world.script = [OK, DOWN]
    id = world.subscribe()
    world.record(NEW_MAIL)
    world.settle()
    ask(world, "rewind", id, 1)
    world.settle()
    assert world.attempts[-1].received.previous == world.watermark(0)


def test_one_that_is_moved_back_while_one_is_under_way_goes_back_after_that(world: World) -> None:
    world.script = [OK, OK, lambda world: _acknowledges_after(world, 5)]
    id = world.subscribe()
    world.record(NEW_MAIL)
    world.settle()
    world.record(NEW_MAIL)
    world.settle()
    ended = ask(world, "rewind", id, 0)
    world.advance(10)
    assert outcome(ended) == "OK"
    again = world.attempts[-1].received
    assert [watermark for _, watermark in again.events] == [world.watermark(n) for n in (1, 2)]
    assert world.stored(id).acknowledged == 2


def test_a_pause_that_waits_is_not_displaced_by_a_resend(world: World) -> None:
    world.script = [OK, lambda world: _acknowledges_after(world, 5)]
    id = world.subscribe()
    world.record(NEW_MAIL)
    world.settle()
    world.pause(id)
    with pytest.raises(CannotNow, match="under way"):
        ask(world, "rewind", id, 0)
    world.advance(3600)
    assert len(world.attempts) == 2


@pytest.mark.parametrize("order", ["pause", "rewind"])
def test_an_order_that_waits_is_forgotten_with_its_subscription(world: World, order: str) -> None:
    world.script = [OK, lambda world: _unsubscribes_after(world, 5)]
    id = world.subscribe()
    world.record(NEW_MAIL)
    world.settle()
    if order == "pause":
        world.pause(id)
    else:
        ask(world, "rewind", id, 0)
    world.advance(10)
    assert world.engine._orders._afterwards == {}


def test_a_kill_after_it_was_moved_back_sends_it_all_the_same(world: World) -> None:
    world.script = [OK, OK, hangs]
    id = world.subscribe()
    world.record(NEW_MAIL)
    world.settle()
    ask(world, "rewind", id, 0)
    world.settle()
    assert world.stored(id).acknowledged == 0
    world.kill()
    world.settle()
    assert world.attempts[-1].received.names == ["NewMailEvent"]


# pause and resume


def test_one_that_is_paused_gets_nothing_and_misses_nothing(world: World) -> None:
    id = world.subscribe(minutes=1)
    world.pause(id)
    world.attempts.clear()
    world.record(NEW_MAIL)
    world.advance(3600)
    assert world.attempts == []
    assert world.describe(id) is None
    world.resume(id)
    world.settle()
    assert world.attempts[0].received.names == ["NewMailEvent"]
    assert world.attempts[0].received.previous == world.watermark(0)


def test_it_stays_paused_over_a_restart(world: World) -> None:
    id = world.subscribe(minutes=1)
    world.pause(id)
    world.kill()
    world.attempts.clear()
    world.record(NEW_MAIL)
    world.advance(3600)
    assert world.attempts == []
    world.resume(id)
    world.settle()
    assert world.attempts[0].received.names == ["NewMailEvent"]


def test_one_that_is_resumed_has_a_whole_window_again(world: World) -> None:
    world.script = [OK, DOWN, DOWN]
    id = world.subscribe(minutes=1)
    world.record(NEW_MAIL)
    world.advance(31)
    world.pause(id)
    world.advance(3600)
    world.script = [DOWN] * 9
    world.attempts.clear()
    world.resume(id)
    world.advance(3600)
    assert world.times == [0, 30, 60]


def test_what_is_under_way_when_it_is_paused_still_counts(world: World) -> None:
    world.script = [OK, lambda world: _acknowledges_after(world, 5)]
    id = world.subscribe()
    world.record(NEW_MAIL)
    world.settle()
    world.pause(id)
    world.record(NEW_MAIL)
    world.advance(3600)
    assert len(world.attempts) == 2
    assert world.stored(id).acknowledged == 1


def test_one_that_is_resumed_before_its_pause_began_goes_on(world: World) -> None:
    world.script = [OK, fails(after_s=5)]
    id = world.subscribe()
    world.record(NEW_MAIL)
    world.settle()
    world.pause(id)
    world.resume(id)
    world.advance(60)
    assert world.attempts[-1].received.names == ["NewMailEvent"]
    assert isinstance(world.stored(id).phase, Idle)


@pytest.mark.parametrize("say", [OK, lambda world: _acknowledges_after(world, 5)])
def test_the_engine_may_hear_of_a_resume_before_the_pause(world: World, say: Say) -> None:
    world.script = [OK, say]
    id = world.subscribe()
    world.record(NEW_MAIL)
    world.settle()
    parsed = ids.decode(id)
    with world.database.write() as tx:
        assert subscriptions.pause(tx, parsed.mailbox, parsed.number, 0)
        assert subscriptions.resume(tx, parsed.mailbox, parsed.number)
    world.engine.resume(parsed)
    world.settle()
    world.engine.pause(parsed)
    world.advance(10)
    world.record(NEW_MAIL)
    world.settle()
    assert world.stored(id).acknowledged == 2


def test_a_neighbour_that_retries_is_not_disturbed(world: World) -> None:
    neighbour = "http://other.example/"
    id = world.subscribe(number=1)
    world.always[neighbour] = DOWN
    world.subscribe(number=2, url=neighbour, minutes=5)
    world.advance(10)
    world.pause(id)
    world.settle()
    world.attempts.clear()
    world.resume(id)
    world.advance(5)
    assert [each.url for each in world.attempts if each.url == neighbour] == []


def test_one_that_ends_while_it_is_paused_is_not_resumed(world: World) -> None:
    id = world.subscribe()
    world.pause(id)
    world.unsubscribe(id)
    world.engine.resume(ids.decode(id))
    world.record(NEW_MAIL)
    world.advance(3600)
    assert len(world.attempts) == 1


def test_one_in_a_mailbox_that_is_restored_stays_paused(world: World) -> None:
    id = world.subscribe(minutes=1)
    world.pause(id)
    world.disable()
    world.settle()
    world.restore()
    world.record(NEW_MAIL)
    world.advance(3600)
    assert len(world.attempts) == 1
    world.resume(id)
    world.settle()
    assert world.attempts[-1].received.names == ["NewMailEvent"]


@pytest.mark.parametrize("what", ["retry_now", "heartbeat"])
def test_one_that_is_paused_or_unknown_cannot_be_asked(world: World, what: str) -> None:
    id = world.subscribe()
    world.pause(id)
    with pytest.raises(CannotNow):
        ask(world, what, id)


def ends_by_unsubscribe(world: World, id: str) -> None:
    world.unsubscribe(id)


def ends_by_its_responder(world: World, _: str) -> None:
    world.advance(10)


def ends_by_a_stop(world: World, _: str) -> None:
    world.stop()


@pytest.mark.parametrize("ends", [ends_by_unsubscribe, ends_by_its_responder, ends_by_a_stop])
def test_whoever_asked_is_told_that_there_will_be_no_attempt(
    world: World, ends: Callable[[World, str], None]
) -> None:
    world.script = [OK, lambda world: _unsubscribes_after(world, 5)]
    id = world.subscribe()
    world.record(NEW_MAIL)
    world.settle()
    ended = ask(world, "heartbeat", id)
    ends(world, id)
    (told,) = ended
    assert isinstance(told, Failure)
    assert told.check(CannotNow)


def test_a_retrying_one_is_described_with_its_next_attempt(world: World) -> None:
    world.script = [OK, DOWN, DOWN]
    id = world.subscribe()
    world.record(NEW_MAIL)
    world.settle()
    ask(world, "retry_now", id)
    world.settle()
    described = world.describe(id)
    assert described is not None
    assert (described["next"], described["failures"]) == ("retry", 2)
    assert isinstance(world.stored(id).phase, Retrying)


def _later(world: World, after_s: float, say: Any) -> "Deferred[Any]":
    answering: Deferred[Any] = Deferred()
    world.clock.callLater(after_s, lambda: say(world).chainDeferred(answering))
    return answering


def _acknowledges_after(world: World, after_s: float) -> "Deferred[Any]":
    return _later(world, after_s, OK)


def _unsubscribes_after(world: World, after_s: float) -> "Deferred[Any]":
    return _later(world, after_s, UNSUBSCRIBE)
