"""What the engine does when a mailbox is disabled, restored or purged."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred, ensureDeferred

from ewspush.core.events import EventType, event_filter
from ewspush.core.subscription import IDLE, Ended, Idle, Retrying, SubscriptionStatus
from ewspush.push.sender import Answer, FailureKind
from ewspush.store import subscriptions
from ewspush.store.subscriptions import Subscription
from support.acks import ack, took
from support.world import DOWN, OK, UNSUBSCRIBE, Say, World, answers, fails, hangs

CREATED, NEW_MAIL = EventType.CREATED, EventType.NEW_MAIL
DISABLED = "ErrorAccountDisabled"


def codes(world: World) -> list[str]:
    return [attempt.received.code for attempt in world.attempts]


def late(answer: Answer, after_s: float) -> Say:
    """The responder takes its time."""

    def say(world: World) -> "Deferred[Answer]":
        answering: Deferred[Answer] = Deferred()
        world.clock.callLater(after_s, answering.callback, answer)
        return answering

    return say


# Disabled


def test_each_live_subscription_is_told_once_that_the_mailbox_was_disabled(world: World) -> None:
    told = {world.subscribe(number=n, minutes=1) for n in (1, 2, 3)}
    world.attempts.clear()
    world.disable()
    world.advance(86_400)
    assert codes(world) == [DISABLED] * 3
    assert {attempt.received.subscription for attempt in world.attempts} == told


@pytest.mark.parametrize(
    "say",
    [
        pytest.param(UNSUBSCRIBE, id="Unsubscribe"),
        pytest.param(DOWN, id="no answer"),
        pytest.param(answers(500, b""), id="an error"),
        pytest.param(answers(200, b"<a/>"), id="garbage"),
        pytest.param(fails(FailureKind.TIMEOUT, after_s=30), id="silence"),
    ],
)
def test_whatever_is_answered_to_that_is_ignored_and_it_is_not_repeated(
    world: World, say: Say
) -> None:
    id = world.subscribe(minutes=1)
    before = world.stored(id)
    world.script = [say]
    world.disable()
    world.advance(3600)
    assert codes(world) == ["NoError", DISABLED]
    assert world.stored(id) == before
    world.restore()
    world.settle()
    assert codes(world) == ["NoError", DISABLED, "NoError"]


def test_it_is_told_after_the_notification_that_is_under_way_whose_answer_counts(
    world: World,
) -> None:
    id = world.subscribe()
    world.script = [late(Answer(200, ack(), took(10), None), 10)]
    world.record(NEW_MAIL)
    world.settle()
    world.disable()
    world.advance(9)
    assert codes(world) == ["NoError", "NoError"]
    world.advance(2)
    assert codes(world) == ["NoError", "NoError", DISABLED]
    assert world.stored(id).acknowledged == 1


def test_it_is_told_once_however_long_the_answer_takes(world: World) -> None:
    world.subscribe(minutes=1)
    world.script = [late(Answer(200, ack(), took(10), None), 10), fails(after_s=300)]
    world.record(NEW_MAIL)
    world.settle()
    world.disable()
    world.advance(3600)
    assert codes(world) == ["NoError", "NoError", DISABLED]


def test_a_notification_under_way_that_fails_is_not_counted(world: World) -> None:
    id = world.subscribe()
    world.script = [fails(after_s=10)]
    world.record(NEW_MAIL)
    world.settle()
    world.disable()
    world.advance(3600)
    assert codes(world) == ["NoError", "NoError", DISABLED]
    assert world.stored(id).acknowledged == 0
    assert isinstance(world.stored(id).phase, Idle)


def test_unsubscribe_for_a_notification_under_way_ends_it(world: World) -> None:
    id = world.subscribe()
    unsubscribe = Answer(200, ack(SubscriptionStatus.UNSUBSCRIBE), took(10), None)
    world.script = [late(unsubscribe, 10)]
    world.record(NEW_MAIL)
    world.settle()
    world.disable()
    world.advance(20)
    world.restore()
    world.advance(3600)
    assert codes(world) == ["NoError", "NoError"]
    assert isinstance(world.stored(id).phase, Ended)


def test_nothing_is_kept_in_memory_of_one_that_was_told(world: World) -> None:
    id = world.subscribe()
    world.disable()
    world.settle()
    assert world.describe(id) is None
    assert not world.engine._roster._by_mailbox
    assert not world.engine._admission._origins


def test_events_and_retries_of_a_disabled_mailbox_cause_nothing(world: World) -> None:
    world.script = [OK, DOWN]
    id = world.subscribe()
    world.record(NEW_MAIL)
    world.settle()
    world.disable()
    world.settle()
    phase = world.stored(id).phase
    assert isinstance(phase, Retrying)
    world.attempts.clear()
    world.record(NEW_MAIL)
    world.advance(86_400)
    assert world.attempts == []
    assert world.stored(id).phase == phase


def test_what_is_said_waits_for_its_turn_at_the_origin(tmp_path: Path) -> None:
    world = World(tmp_path, origin_requests=1)
    for number in (1, 2, 3):
        world.subscribe(number=number)
    world.attempts.clear()
    world.script = [fails(after_s=5)] * 3
    world.disable()
    world.advance(60)
    assert world.times == [0, 5, 10]
    world.close()


def test_one_that_may_not_be_called_is_told_nothing(world: World, monkeypatch: Any) -> None:
    world.subscribe()
    (live,) = world.engine._roster._by_mailbox[world.mailbox.id]
    live.refused = "the address policy was made stricter"
    world.attempts.clear()
    world.disable()
    world.settle()
    assert world.attempts == []
    assert not world.engine._roster._by_mailbox


def test_one_ended_by_its_owner_meanwhile_is_told_nothing_more(world: World) -> None:
    id = world.subscribe()
    world.script = [hangs]
    world.disable()
    world.settle()
    world.unsubscribe(id)
    world.restore()
    world.advance(3600)
    assert codes(world) == ["NoError", DISABLED]


# Restarts while it is disabled


def test_a_restart_takes_up_nothing_and_says_nothing_again(world: World) -> None:
    world.subscribe(minutes=1)
    world.disable()
    world.settle()
    world.attempts.clear()
    world.kill()
    world.record(NEW_MAIL)
    world.advance(86_400)
    assert world.attempts == []
    world.restore()
    world.settle()
    assert [attempt.received.names for attempt in world.attempts] == [["NewMailEvent"]]


@pytest.mark.parametrize("is_disabled", [True, False])
def test_a_status_that_changes_while_the_snapshot_is_loaded_counts(
    world: World, monkeypatch: Any, is_disabled: bool
) -> None:
    world.subscribe()
    if not is_disabled:
        world.disable()
        world.settle()
    world.attempts.clear()
    whole, after_snapshot = subscriptions.all_live, world.disable if is_disabled else world.restore

    def load(tx: Any) -> Any:
        found = list(whole(tx))
        world.clock.callLater(0, after_snapshot)  # known before the snapshot is
        return found

    monkeypatch.setattr(subscriptions, "all_live", load)
    world.start()
    world.settle()
    assert codes(world) == ([DISABLED] if is_disabled else ["NoError"])
    world.advance(3600)
    assert codes(world).count(DISABLED) == is_disabled
    assert (len(world.attempts) == 1) == is_disabled


def test_one_ended_while_the_snapshot_is_loaded_is_not_taken_up(
    world: World, monkeypatch: Any
) -> None:
    id = world.subscribe()
    whole = subscriptions.all_live

    def load(tx: Any) -> Any:
        found = list(whole(tx))
        world.clock.callLater(0, world.unsubscribe, id)
        return found

    monkeypatch.setattr(subscriptions, "all_live", load)
    world.start()
    world.advance(3600)
    assert len(world.attempts) == 1


# Restored


@pytest.mark.parametrize(
    ("types", "names"),
    [([], ["StatusEvent"]), ([CREATED, NEW_MAIL], ["CreatedEvent", "NewMailEvent"])],
)
def test_it_goes_on_from_its_cursor_at_once(
    world: World, types: list[EventType], names: list[str]
) -> None:
    id = world.subscribe()
    world.record(NEW_MAIL)
    world.settle()
    world.disable()
    world.settle()
    world.record(*types)
    world.advance(86_400)
    world.attempts.clear()
    world.restore()
    world.settle()
    (attempt,) = world.attempts
    assert attempt.received.names == names
    assert attempt.received.previous == world.watermark(1)
    assert world.stored(id).acknowledged == 1 + len(types)


def test_its_heartbeats_come_again(world: World) -> None:
    world.subscribe(minutes=1)
    world.disable()
    world.settle()
    world.restore()
    world.settle()
    world.attempts.clear()
    world.advance(601)
    assert len(world.attempts) >= 10


@pytest.mark.parametrize("is_told", [True, False])
def test_a_retry_begins_anew_with_a_whole_window(world: World, is_told: bool) -> None:
    world.script = [OK] + [DOWN] * 99
    id = world.subscribe(minutes=1)
    world.record(NEW_MAIL)
    world.advance(59)
    world.disable()
    if is_told:
        world.advance(3600)
    world.attempts.clear()
    world.restore()
    world.advance(3600)
    assert codes(world) == ["NoError"] * 3
    assert world.times == [0, 30, 60]
    assert world.describe(id) is None


def test_disabled_and_restored_again_and_again_it_misses_nothing(world: World) -> None:
    id = world.subscribe()
    world.attempts.clear()
    for _ in range(5):
        world.disable()
        world.settle()
        world.record(NEW_MAIL)
        world.restore()
        world.settle()
    assert codes(world) == [DISABLED, "NoError"] * 5
    events = [event for attempt in world.attempts for event in attempt.received.events]
    assert events == [("NewMailEvent", world.watermark(n)) for n in range(1, 6)]
    assert world.stored(id).acknowledged == 5


def test_restored_while_it_is_told_it_goes_on_after_that(world: World) -> None:
    world.subscribe()
    world.script = [fails(after_s=10)]
    world.disable()
    world.settle()
    world.restore()
    world.record(NEW_MAIL)
    world.advance(9)
    assert codes(world) == ["NoError", DISABLED]
    world.advance(2)
    assert world.attempts[-1].received.names == ["NewMailEvent"]
    assert len(world.attempts) == 3


def test_disabled_again_while_it_is_told_it_is_told_again(world: World) -> None:
    world.subscribe()
    world.script = [fails(after_s=10)]
    world.disable()
    world.settle()
    world.restore()
    world.settle()
    world.disable()
    world.advance(3600)
    assert codes(world) == ["NoError", DISABLED, DISABLED]


def test_events_of_a_notification_that_failed_meanwhile_are_sent_again(world: World) -> None:
    world.subscribe()
    world.script = [fails(after_s=10), fails(after_s=10)]
    world.record(NEW_MAIL)
    world.settle()
    world.disable()
    world.advance(11)  # what was under way has failed, and it is being told
    world.restore()
    world.advance(11)
    names = [attempt.received.names for attempt in world.attempts]
    assert names == [["StatusEvent"], ["NewMailEvent"], [], ["NewMailEvent"]]


def test_what_is_over_does_not_come_back(world: World) -> None:
    world.script = [UNSUBSCRIBE]
    world.subscribe(number=1)
    world.script = [DOWN] * 3
    world.subscribe(number=2, minutes=1)
    world.advance(100)
    world.attempts.clear()
    world.disable()
    world.settle()
    world.restore()
    world.advance(3600)
    assert world.attempts == []


def test_one_that_is_paused_does_not_come_back(world: World) -> None:
    ids = [world.subscribe(number=n) for n in (1, 2)]
    world.disable()
    world.settle()
    with world.database.write() as tx:
        assert subscriptions.pause(tx, world.mailbox.id, 1, 0)
    world.attempts.clear()
    world.restore()
    world.settle()
    assert [attempt.received.subscription for attempt in world.attempts] == ids[1:]


@pytest.mark.parametrize("answer", ["OK", "Unsubscribe"])
def test_it_goes_on_from_an_acknowledgement_that_was_not_written_yet(
    world: World, monkeypatch: Any, answer: str
) -> None:
    id = world.subscribe()
    whole = subscriptions.write_progress

    def locked(*_: object) -> None:
        raise OSError("database is locked")

    monkeypatch.setattr(subscriptions, "write_progress", locked)
    world.script = [OK if answer == "OK" else UNSUBSCRIBE]
    world.record(NEW_MAIL)
    world.settle()
    world.disable()
    world.advance(10)
    world.restore()
    world.advance(10)
    world.attempts.clear()
    assert world.stored(id).acknowledged == 0
    monkeypatch.setattr(subscriptions, "write_progress", whole)
    world.advance(10)
    if answer == "OK":
        assert [attempt.received.previous for attempt in world.attempts] == [world.watermark(1)]
    else:
        assert world.attempts == []


def test_a_failure_written_after_the_restore_does_not_cut_the_window_short(world: World) -> None:
    world.script = [OK, DOWN, OK, hangs]
    id = world.subscribe(minutes=1)
    world.record(NEW_MAIL)
    world.settle()
    failed = world.stored(id)
    world.disable()
    world.settle()
    whole = world.engine._status._look_up

    def look_up(mailbox: int) -> Any:
        with world.database.write() as tx:  # a group that was on its way
            subscriptions.write_progress(
                tx, [subscriptions.Progress(mailbox, failed.number, 0, failed.phase)], 0
            )
        return whole(mailbox)

    world.engine._status._look_up = look_up  # type: ignore[method-assign]
    world.restore()
    world.settle()
    assert isinstance(world.stored(id).phase, Idle)


# Whatever the order


def test_only_what_is_the_case_in_the_end_counts(world: World) -> None:
    world.subscribe()
    world.attempts.clear()
    for _ in range(3):
        world.disable()
        world.restore()
    world.settle()
    assert world.attempts == []
    for _ in range(3):
        world.disable()
        world.restore()
    world.disable()
    world.advance(3600)
    assert codes(world) == [DISABLED]


@pytest.mark.parametrize("is_disabled", [True, False])
def test_to_be_told_often_changes_nothing(world: World, is_disabled: bool) -> None:
    world.subscribe()
    if is_disabled:
        world.disable()
        world.settle()
    world.attempts.clear()
    for _ in range(5):
        world.engine.status_changed(world.mailbox.id)
        world.engine.status_changed(world.mailbox.id)
        world.settle()
    assert world.attempts == []
    assert world.engine._status._under_way == {}


def test_what_was_read_before_the_status_changed_again_is_not_used(
    world: World, monkeypatch: Any
) -> None:
    world.subscribe()
    world.attempts.clear()
    whole = world.engine._status._look_up
    restores = [world.restore]

    def look_up(mailbox: int) -> Any:
        found = whole(mailbox)
        if restores:
            restores.pop()()
        return found

    world.engine._status._look_up = look_up  # type: ignore[method-assign]
    world.disable()
    world.advance(10)
    assert codes(world) == []


def test_a_database_that_cannot_be_read_is_asked_again(world: World, monkeypatch: Any) -> None:
    world.subscribe()
    whole = subscriptions.of_mailbox
    world.disable()
    world.settle()

    def broken(*_: object) -> None:
        raise OSError("disk I/O error")

    monkeypatch.setattr(subscriptions, "of_mailbox", broken)
    world.restore()
    world.advance(5)
    assert codes(world) == ["NoError", DISABLED]
    monkeypatch.setattr(subscriptions, "of_mailbox", whole)
    world.advance(1)
    assert codes(world) == ["NoError", DISABLED, "NoError"]


def test_one_ended_while_it_is_looked_for_does_not_come_back(world: World) -> None:
    id = world.subscribe()
    world.disable()
    world.settle()
    whole = world.engine._status._look_up
    looks: list[int] = []

    def look_up(mailbox: int) -> Any:
        found = whole(mailbox)
        looks.append(mailbox)
        if len(looks) == 2:  # the read that would be used
            world.unsubscribe(id)
        return found

    world.engine._status._look_up = look_up  # type: ignore[method-assign]
    world.restore()
    world.advance(3600)
    assert codes(world) == ["NoError", DISABLED]


def test_one_that_unsubscribes_while_it_is_looked_for_does_not_come_back(world: World) -> None:
    world.subscribe()
    answering: Deferred[Answer] = Deferred()
    world.script = [lambda _: answering]
    world.record(NEW_MAIL)
    world.settle()
    world.disable()
    world.settle()
    whole = world.engine._status._look_up
    looks: list[int] = []

    def look_up(mailbox: int) -> Any:
        found = whole(mailbox)
        looks.append(mailbox)
        if len(looks) == 2:  # the read that would be used
            answering.callback(Answer(200, ack(SubscriptionStatus.UNSUBSCRIBE), took(), None))
        return found

    world.engine._status._look_up = look_up  # type: ignore[method-assign]
    world.restore()
    world.advance(3600)
    assert codes(world) == ["NoError", "NoError"]


def test_a_server_that_stops_says_nothing_more(world: World) -> None:
    world.subscribe()
    world.attempts.clear()
    world.disable()
    world.stop()
    looks: list[int] = []
    world.engine._status._look_up = looks.append  # type: ignore[method-assign,assignment]
    world.engine.status_changed(world.mailbox.id)
    world.advance(3600)
    assert world.attempts == []
    assert looks == []  # the database may be closed by now


# Subscribing at the same time


@pytest.mark.parametrize("when", ["before", "while", "after"])
def test_one_subscribed_at_the_same_time_does_not_stay_live(world: World, when: str) -> None:
    """`when` its answer was written: before the engine heard, while it looked, or after."""
    new = Subscription(
        mailbox=world.mailbox.id,
        number=7,
        url="http://responder.example/",
        wanted=event_filter(frozenset(EventType), None),
        status_frequency_min=1,
        server_version="Exchange2010_SP2",
        caller_data=None,
        created_at_s=0,
        acknowledged=0,
        phase=IDLE,
    )
    with world.database.write() as tx:
        subscriptions.insert_subscription(tx, new)

    def answered() -> None:
        world.engine.subscribed(new, world.mailbox.watermark_base)

    steps: list[Callable[[], None]] = {
        "before": [answered, world.disable],
        "while": [world.disable, answered],
        "after": [world.disable, world.settle, answered],
    }[when]
    for step in steps:
        step()
    world.record(NEW_MAIL)
    world.advance(3600)
    assert codes(world)[-1:] == [DISABLED]
    assert codes(world).count(DISABLED) == 1
    assert len(world.attempts) <= 2
    assert not world.engine._roster._by_mailbox
    world.restore()
    world.settle()
    assert codes(world)[-1] == "NoError"


def test_one_subscribed_after_the_restore_is_live(world: World) -> None:
    world.disable()
    world.settle()
    world.restore()
    world.settle()
    world.subscribe()
    world.record(NEW_MAIL)
    world.settle()
    assert codes(world) == ["NoError", "NoError"]


# Purged


@pytest.mark.parametrize("is_told", [True, False])
def test_a_purge_ends_it_whatever_is_still_to_be_written(world: World, is_told: bool) -> None:
    world.subscribe(minutes=1)
    world.script = [late(Answer(200, ack(), took(10), None), 10)]
    world.record(NEW_MAIL)
    world.settle()
    world.disable()
    if is_told:
        world.settle()
    world.purge()
    world.advance(3600)
    assert codes(world) == ["NoError", "NoError", DISABLED]
    assert not world.engine._roster._by_mailbox
    with world.database.read() as tx:
        assert list(subscriptions.all_live(tx)) == []
        assert subscriptions.of_mailbox(tx, world.mailbox.id) == []


def test_a_mailbox_that_is_gone_when_it_is_looked_for_counts_as_disabled(world: World) -> None:
    world.subscribe()
    world.purge()
    world.engine.status_changed(world.mailbox.id)
    world.advance(3600)
    assert codes(world) == ["NoError", DISABLED]


def test_a_stop_waits_for_what_is_being_told(world: World) -> None:
    world.subscribe()
    world.script = [fails(after_s=1)]
    world.disable()
    world.settle()
    stopped: list[object] = []
    ensureDeferred(world.engine.stop()).addBoth(stopped.append)
    world.settle()
    assert stopped == []
    world.advance(1)
    assert stopped == [None]
