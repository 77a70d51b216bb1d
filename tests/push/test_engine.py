"""The delivery engine, with scripted responders and no time passing but the test's own."""

from typing import Any

import pytest

from ewspush.core.events import EventType
from ewspush.core.subscription import Ended, Idle, Parked, Retrying
from ewspush.push.sender import FailureKind
from ewspush.store import backlog, event_log, subscriptions
from ewspush.store.event_log import Happened
from support.acks import ack
from support.checks_for_store import NOW_S
from support.world import (
    DOWN,
    INBOX,
    OK,
    UNSUBSCRIBE,
    World,
    answers,
    fails,
    hangs,
)

CREATED, NEW_MAIL = EventType.CREATED, EventType.NEW_MAIL


def test_the_first_notification_is_a_status_event_and_goes_out_at_once(world: World) -> None:
    id = world.subscribe()
    (attempt,) = world.attempts
    assert attempt.received.subscription == id
    assert attempt.received.names == ["StatusEvent"]
    assert attempt.received.previous == world.watermark(0)


def test_the_first_notification_after_a_resume_is_the_backlog(world: World) -> None:
    world.record(CREATED, NEW_MAIL)
    world.subscribe(after=0)
    (attempt,) = world.attempts
    assert attempt.received.names == ["CreatedEvent", "NewMailEvent"]
    assert attempt.received.previous == world.watermark(0)


def test_an_event_is_sent_when_it_is_committed(world: World) -> None:
    world.subscribe()
    world.record(NEW_MAIL)
    world.settle()
    assert world.attempts[-1].received.names == ["NewMailEvent"]


def test_each_notification_goes_on_from_the_one_before(world: World) -> None:
    world.subscribe()
    for _ in range(3):
        world.record(NEW_MAIL)
        world.settle()
    first, *others = [attempt.received for attempt in world.attempts]
    for one, following in zip([first, *others], others, strict=False):
        assert following.previous == one.events[-1][1]


def test_the_cursor_is_written_down(world: World) -> None:
    id = world.subscribe()
    world.record(CREATED, NEW_MAIL)
    world.settle()
    assert world.stored(id).acknowledged == 2


def test_unwanted_events_are_passed_over_and_not_sent(world: World) -> None:
    world.subscribe(types=[NEW_MAIL], folders=frozenset({INBOX}))
    world.record(CREATED)
    world.record(NEW_MAIL, folder=INBOX + 1)
    world.settle()
    assert len(world.attempts) == 1
    world.record(NEW_MAIL)
    world.settle()
    assert world.attempts[-1].received.previous == world.watermark(0)
    assert world.attempts[-1].received.events == (("NewMailEvent", world.watermark(3)),)


def test_a_status_event_carries_the_head_when_nothing_was_wanted(world: World) -> None:
    id = world.subscribe(types=[NEW_MAIL], minutes=1)
    world.record(*[CREATED] * 7)
    world.advance(60)
    assert world.attempts[-1].received.events == (("StatusEvent", world.watermark(7)),)
    world.settle()
    assert world.stored(id).acknowledged == 7


def test_a_backlog_comes_in_batches_that_follow_at_once(world: World) -> None:
    world.record(*[NEW_MAIL] * 250)
    world.subscribe(after=0)
    sizes = [len(attempt.received.events) for attempt in world.attempts]
    assert sizes == [100, 100, 50]
    assert [attempt.received.more for attempt in world.attempts] == [True, True, False]


def test_wanted_events_behind_a_long_unwanted_stretch_are_found(tmp_path) -> None:
    world = World(tmp_path, batch=2)
    world.record(*[CREATED] * 3000, NEW_MAIL, *[CREATED] * 2000, NEW_MAIL, NEW_MAIL)
    world.subscribe(types=[NEW_MAIL], after=0)
    events = [event for attempt in world.attempts for event in attempt.received.events]
    assert events == [("NewMailEvent", world.watermark(n)) for n in (3001, 5002, 5003)]
    world.close()


@pytest.mark.parametrize(
    ("minutes", "offsets"),
    [(1, [0, 30, 60]), (2, [0, 30, 90, 120]), (5, [0, 30, 90, 210, 300])],
)
def test_a_failing_responder_is_tried_again_with_back_off_and_then_parked(
    world: World, minutes: int, offsets: list[int]
) -> None:
    world.script = [OK] + [DOWN] * 99
    id = world.subscribe(minutes=minutes)
    world.attempts.clear()
    world.record(NEW_MAIL)
    world.advance(3600)
    assert world.times == offsets
    assert isinstance(world.stored(id).phase, Parked)
    assert world.stored(id).over_at_s is not None
    assert world.describe(id) is None


def test_a_window_of_a_day_is_kept(world: World) -> None:
    world.script = [DOWN] * 99
    world.subscribe(minutes=1440)
    world.advance(2 * 86_400)
    assert world.times[-1] == 86_400
    assert world.times[:4] == [0, 30, 90, 210]


def test_a_parked_subscription_gets_nothing_more(world: World) -> None:
    world.script = [DOWN] * 3
    world.subscribe(minutes=1)
    world.advance(61)
    world.record(NEW_MAIL)
    world.advance(3600)
    assert len(world.attempts) == 3


def test_slow_failures_delay_the_next_attempt_and_the_last_one_still_begins_at_the_end(
    world: World,
) -> None:
    world.script = [fails(FailureKind.TIMEOUT, after_s=45)] * 9
    world.subscribe(minutes=1)
    world.advance(600)
    assert world.times == [0, 45, 90]


def test_events_that_arrive_while_retrying_join_the_next_attempt(world: World) -> None:
    world.script = [OK, DOWN]
    world.subscribe()
    world.record(NEW_MAIL)
    world.settle()
    world.record(CREATED)
    world.settle()
    assert len(world.attempts) == 2
    world.advance(30)
    retried = world.attempts[-1].received
    assert retried.names == ["NewMailEvent", "CreatedEvent"]
    assert retried.previous == world.attempts[1].received.previous


def test_after_a_retry_that_worked_the_next_window_is_whole_again(world: World) -> None:
    world.script = [OK, DOWN, DOWN, OK] + [DOWN] * 9
    id = world.subscribe(minutes=1)
    world.record(NEW_MAIL)
    world.advance(31)
    world.advance(30)
    assert isinstance(world.stored(id).phase, Idle)
    world.attempts.clear()
    world.record(NEW_MAIL)
    world.advance(300)
    assert world.times == [0, 30, 60]


@pytest.mark.parametrize("body", [b"", b"OK", b"<a/>", ack()[:-9], b"\0"])
def test_an_answer_without_a_status_is_a_failed_attempt(world: World, body: bytes) -> None:
    world.script = [answers(200, body)]
    id = world.subscribe()
    assert isinstance(world.stored(id).phase, Retrying)
    assert world.logged(id)[-1].outcome == "not-an-ack"


@pytest.mark.parametrize("status", [199, 301, 302, 400, 404, 500, 503])
def test_another_status_than_2xx_is_a_failed_attempt_even_with_an_ack(
    world: World, status: int
) -> None:
    world.script = [answers(status, ack())]
    id = world.subscribe()
    assert isinstance(world.stored(id).phase, Retrying)


@pytest.mark.parametrize("status", [200, 202, 204, 299])
def test_any_2xx_with_an_ack_counts(world: World, status: int) -> None:
    world.script = [answers(status, ack())]
    id = world.subscribe()
    assert isinstance(world.stored(id).phase, Idle)


def test_unsubscribe_ends_it_at_once(world: World) -> None:
    world.script = [OK, UNSUBSCRIBE]
    id = world.subscribe()
    world.record(NEW_MAIL)
    world.settle()
    world.record(NEW_MAIL)
    world.advance(86_400)
    assert len(world.attempts) == 2
    assert isinstance(world.stored(id).phase, Ended)


def test_a_subscription_ended_by_its_owner_gets_nothing_more(world: World) -> None:
    id = world.subscribe(minutes=1)
    world.unsubscribe(id)
    world.record(NEW_MAIL)
    world.advance(3600)
    assert len(world.attempts) == 1


def test_one_ended_while_a_notification_is_under_way_stays_ended(world: World) -> None:
    world.script = [OK, fails(after_s=10)]
    id = world.subscribe(minutes=1)
    world.record(NEW_MAIL)
    world.settle()
    world.unsubscribe(id)
    world.advance(3600)
    assert len(world.attempts) == 2
    assert isinstance(world.stored(id).phase, Ended)


@pytest.mark.parametrize("minutes", [1, 5, 30])
def test_silence_never_lasts_longer_than_status_frequency(world: World, minutes: int) -> None:
    world.subscribe(minutes=minutes)
    world.advance(minutes * 60 * 20)
    gaps = [
        later.at_s - earlier.at_s
        for earlier, later in zip(world.attempts, world.attempts[1:], strict=False)
    ]
    assert len(gaps) >= 20
    assert max(gaps) <= minutes * 60 + 0.02
    assert min(gaps) >= minutes * 60 * 0.9
    assert all(attempt.received.names == ["StatusEvent"] for attempt in world.attempts)


def test_an_event_puts_the_next_heartbeat_off(world: World) -> None:
    world.subscribe(minutes=1)
    world.advance(50)
    world.record(NEW_MAIL)
    world.advance(50)
    assert [attempt.received.names for attempt in world.attempts] == [
        ["StatusEvent"],
        ["NewMailEvent"],
    ]


def test_heartbeats_of_many_subscriptions_do_not_come_in_step(world: World) -> None:
    for n in range(100):
        world.subscribe(minutes=10, number=n * 655 + (1 << 50))
    world.attempts.clear()
    world.advance(601)
    times = [attempt.at_s for attempt in world.attempts]
    assert len(times) == 100
    assert max(times) - min(times) > 40
    busiest_second = max(sum(1 for t in times if start <= t < start + 1) for start in times)
    assert busiest_second < 10


def test_one_notification_is_in_flight_at_most(world: World) -> None:
    world.script = [OK, hangs]
    world.subscribe(minutes=1)
    for _ in range(5):
        world.record(NEW_MAIL)
        world.settle()
    world.advance(3600)
    assert len(world.attempts) == 2


def test_requests_to_one_origin_are_limited_and_others_are_not_held_up(tmp_path) -> None:
    world = World(tmp_path, origin_requests=2)
    slow, healthy = "http://slow.example/", "http://healthy.example/"
    for n in range(5):
        world.subscribe(url=slow, number=n + 1)
    world.subscribe(url=healthy, number=9)
    world.attempts.clear()
    world.always = {slow: hangs}
    world.record(NEW_MAIL)
    world.settle()
    urls = [attempt.url for attempt in world.attempts]
    assert urls.count(slow) == 2
    assert urls.count(healthy) == 1
    world.close()


def test_the_next_of_an_origin_goes_when_one_has_ended(tmp_path) -> None:
    world = World(tmp_path, origin_requests=1)
    for n in range(5):
        world.subscribe(number=n + 1)
    world.attempts.clear()
    world.script = [fails(after_s=5)] * 5
    world.record(NEW_MAIL)
    world.advance(26)
    assert world.times == [0, 5, 10, 15, 20]
    world.close()


# Restarts


def test_a_restart_sends_what_was_not_acknowledged(world: World) -> None:
    world.script = [OK, hangs]
    world.subscribe()
    world.record(NEW_MAIL)
    world.settle()
    world.kill()
    world.settle()
    assert world.attempts[-1].received == world.attempts[-2].received


def test_a_restart_goes_on_with_a_retry_where_it_was(world: World) -> None:
    world.script = [OK] + [DOWN] * 9
    world.subscribe(minutes=5)
    world.attempts.clear()
    world.record(NEW_MAIL)
    world.advance(100)  # attempts at 0, 30 and 90
    world.kill()
    world.advance(3600)
    assert world.times == [0, 30, 90, 210, 300]


def test_an_attempt_that_became_due_while_the_server_was_down_is_made_at_the_start(
    world: World,
) -> None:
    world.script = [OK, DOWN]
    id = world.subscribe(minutes=1)
    world.record(NEW_MAIL)
    world.settle()
    world.clock_skew_s += 3600  # an hour passed, by the wall
    world.kill()
    assert len(world.attempts) == 3
    world.settle()
    assert isinstance(world.stored(id).phase, Idle)


def test_if_it_fails_after_the_window_the_subscription_is_parked(world: World) -> None:
    world.script = [OK, DOWN, DOWN]
    id = world.subscribe(minutes=1)
    world.record(NEW_MAIL)
    world.settle()
    world.clock_skew_s += 3600
    world.kill()
    world.settle()
    assert len(world.attempts) == 3
    assert isinstance(world.stored(id).phase, Parked)


@pytest.mark.parametrize("skew_s", [3600, -3600])
def test_a_step_of_the_wall_clock_moves_nothing(world: World, skew_s: float) -> None:
    world.script = [OK] + [DOWN] * 9
    world.subscribe(minutes=5)
    world.attempts.clear()
    world.record(NEW_MAIL)
    world.advance(60)
    world.clock_skew_s = skew_s
    world.advance(3600)
    assert world.times == [0, 30, 90, 210, 300]


def test_the_failure_of_an_attempt_begun_before_the_end_never_parks_even_after_a_restart(
    world: World,
) -> None:
    world.script = [OK, DOWN, DOWN]
    id = world.subscribe(minutes=1)
    world.record(NEW_MAIL)
    world.settle()
    world.clock_skew_s -= 7200  # set back while the server was down
    world.kill()
    world.advance(61)
    assert isinstance(world.stored(id).phase, Idle)


def test_heartbeats_after_a_restart_come_within_half_of_status_frequency(world: World) -> None:
    for n in range(20):
        world.subscribe(minutes=10, number=n * 3000 + 1)
    world.attempts.clear()
    world.kill()
    world.advance(301)
    assert len(world.attempts) == 20


def test_what_is_over_is_not_taken_up_again(world: World) -> None:
    world.script = [UNSUBSCRIBE]
    world.subscribe()
    world.kill()
    world.record(NEW_MAIL)
    world.advance(3600)
    assert len(world.attempts) == 1


def test_a_stop_lets_what_is_under_way_finish_and_begins_nothing(world: World) -> None:
    world.script = [OK, fails(after_s=0.05)]
    id = world.subscribe()
    world.record(NEW_MAIL)
    world.clock.advance(0.001)
    world.stop()
    world.record(NEW_MAIL)
    world.advance(3600)
    assert len(world.attempts) <= 2
    assert world.stored(id).acknowledged == 0


# Trouble inside


def test_one_bad_row_backs_off_and_does_not_stop_the_others(world: World, monkeypatch) -> None:
    sick = world.subscribe(types=[NEW_MAIL], number=1)
    well = world.subscribe(types=[CREATED], number=2)
    with world.database.write() as tx:
        # So many at once that they are read from the log, and not used as the commit has them.
        event_log.append(tx, world.mailbox.id, [Happened(NEW_MAIL, NOW_S, False, 9, 3)] * 20)
        tx.connection.exec_driver_sql("UPDATE events SET object = -1")
    world.record(CREATED)
    world.settle()
    assert isinstance(world.stored(sick).phase, Retrying)
    assert isinstance(world.stored(well).phase, Idle)


def test_what_a_commit_hands_over_is_sent_without_reading_the_log(
    world: World, monkeypatch
) -> None:
    world.subscribe(types=[NEW_MAIL])
    monkeypatch.setattr(backlog, "read", lambda *_: pytest.fail("the log is read"))
    world.record(CREATED)  # wanted by nobody: nothing is sent
    sent = len(world.attempts)
    world.settle()
    assert len(world.attempts) == sent
    world.record(NEW_MAIL, CREATED, NEW_MAIL)
    world.settle()
    assert world.attempts[-1].received.names == ["NewMailEvent", "NewMailEvent"]
    world.advance(3600)
    assert world.attempts[-1].received.names == ["StatusEvent"]


def test_what_comes_out_of_order_is_read_from_the_log(world: World) -> None:
    world.subscribe(types=[NEW_MAIL])
    events: list[Any] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.engine, "wake", lambda *handed: events.append(handed))
        world.record(NEW_MAIL)
        world.record(NEW_MAIL)
    for mailbox, handed in reversed(events):
        world.engine.wake(mailbox, handed)
        world.settle()
    delivered = [name for each in world.attempts for name in each.received.names]
    assert delivered == ["StatusEvent", "NewMailEvent", "NewMailEvent"]


def test_a_database_that_cannot_be_read_counts_against_nobody(world: World, monkeypatch) -> None:
    id = world.subscribe()
    whole = backlog.read

    def broken(*_: object) -> None:
        raise OSError("disk I/O error")

    monkeypatch.setattr(backlog, "read", broken)
    world.record(NEW_MAIL)
    world.advance(10)
    assert isinstance(world.stored(id).phase, Idle)
    monkeypatch.setattr(backlog, "read", whole)
    world.advance(1.5)
    assert world.attempts[-1].received.names == ["NewMailEvent"]


def test_sending_pauses_while_too_much_is_unwritten_and_goes_on_after(
    tmp_path, monkeypatch
) -> None:
    world = World(tmp_path, unwritten=3)
    for n in range(20):
        world.subscribe(number=n + 1)
    world.attempts.clear()
    whole = subscriptions.write_progress

    def locked(*_: object) -> None:
        raise OSError("database is locked")

    monkeypatch.setattr(subscriptions, "write_progress", locked)
    world.record(NEW_MAIL)
    world.advance(30)
    assert 3 <= len(world.attempts) < 20
    monkeypatch.setattr(subscriptions, "write_progress", whole)
    world.advance(2)
    assert len(world.attempts) == 20
    world.close()
