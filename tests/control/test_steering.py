"""What operators do to subscriptions: what is written, what the engine is told, what is refused."""

import os

import pytest

from ewspush.control import CommandError
from ewspush.control.commands import Commands
from ewspush.core import watermark
from ewspush.core.events import EventType, event_filter
from ewspush.core.ids import Kind
from ewspush.core.subscription import ENDED, IDLE, PARKED, Retrying
from ewspush.operations.management.context import Management, Policy
from ewspush.store import attempts, audit_log, event_log, pull_subscriptions, subscriptions
from ewspush.store.attempts import Keep
from ewspush.store.pull_subscriptions import PullSubscription
from ewspush.wire import ids
from support.attempts import attempt
from support.checks_for_store import NOW_S, current, log_events, new_mailbox, subscription
from support.directory import DAY_S, hash_nothing
from support.disabling import disable
from support.fake_engine import FAILED, OK, FakeEngine

NOW = "2026-09-21T14:13:20Z"  # NOW_S
STEERING = ["pause", "resume", "end", "retry_now", "heartbeat", "resend"]
SENDING = STEERING[3:]


class Desk:
    """An operator, one subscription with the number 1, and perhaps an engine."""

    def __init__(self, database):
        self.database = database
        self.mailbox = new_mailbox(database)
        self.engine = FakeEngine()
        self.live = {}
        log_events(database, self.mailbox.id, *[NOW_S] * 10)

    def store(self, number=1, **values):
        new = subscription(self.mailbox.id, number, **{"acknowledged": 8} | values)
        with self.database.write() as tx:
            subscriptions.insert_subscription(tx, new)
        return ids.encode(Kind.SUBSCRIPTION, new.mailbox, number)

    def log(self, *new):
        with self.database.write() as tx:
            attempts.append(tx, [attempt(self.mailbox.id, 1, **each) for each in new], Keep(99, 9))

    def do(self, command, *arguments):
        policy = Policy(retention_s=30 * DAY_S, shortest_password=8)
        management = Management(self.database, lambda: NOW_S, policy, hash_nothing)
        commands = Commands(management, lambda _: self.live, engine=self.engine)
        return commands.by_name(os.geteuid())[f"subscription.{command}"](*arguments)

    def watermark(self, sequence):
        return watermark.encode(self.mailbox.watermark_base, sequence)

    def stored(self):
        with self.database.read() as tx:
            return subscriptions.by_number(tx, self.mailbox.id, 1)

    def audited(self):
        with self.database.read() as tx:
            found, _ = audit_log.newest_first(tx, None, None, 0, 10)
        return [(each.action, each.after) for each in found]


@pytest.fixture
def desk(database):
    return Desk(database)


# Pausing and resuming


@pytest.mark.parametrize("runs", [True, False])
def test_pause_and_resume_are_written_and_the_engine_is_told(desk, runs):
    id = desk.store(phase=Retrying(2, NOW_S))
    if not runs:
        desk.engine = None
    assert desk.do("pause", id) == {"id": id, "paused_at": NOW}
    assert desk.stored().paused_at_s == NOW_S
    assert desk.do("resume", id) == {"id": id, "paused_at": None}
    assert (desk.stored().paused_at_s, desk.stored().phase) == (None, IDLE)
    if runs:
        assert desk.engine.told == [("pause", 1), ("resume", 1)]
    assert desk.audited() == [
        ("subscription.resume", {"subscription": id}),
        ("subscription.pause", {"subscription": id}),
    ]


def test_the_engine_is_told_when_the_row_says_so(desk):
    id = desk.store()
    seen = []
    desk.engine.pause = lambda _: seen.append(desk.stored().paused_at_s)
    desk.engine.resume = lambda _: seen.append(desk.stored().paused_at_s)
    desk.do("pause", id)
    desk.do("resume", id)
    assert seen == [NOW_S, None]


def test_what_is_paused_is_not_paused_and_what_is_not_is_not_resumed(desk):
    id = desk.store()
    with pytest.raises(CommandError, match=r"^it is not paused$"):
        desk.do("resume", id)
    desk.do("pause", id)
    with pytest.raises(CommandError, match=r"^it is paused already$"):
        desk.do("pause", id)
    assert desk.engine.told == [("pause", 1)]
    assert len(desk.audited()) == 1


@pytest.mark.parametrize("runs", [True, False])
def test_end_is_written_and_the_engine_is_told(desk, runs):
    id = desk.store(phase=Retrying(2, NOW_S))
    if not runs:
        desk.engine = None
    assert desk.do("end", id) == {"id": id, "over_at": NOW}
    assert (desk.stored().phase, desk.stored().over_at_s) == (ENDED, NOW_S)
    if runs:
        assert desk.engine.told == [("end", 1)]
    assert desk.audited() == [("subscription.end", {"subscription": id})]


# Sending


@pytest.mark.parametrize("command", ["retry_now", "heartbeat"])
@pytest.mark.parametrize("answer", [OK, FAILED])
def test_how_the_attempt_ended_is_told_and_put_down(desk, command, answer):
    id = desk.store()
    desk.engine.answer = answer
    assert desk.do(command, id) == answer
    assert desk.engine.told == [(command, 1)]
    outcome = answer["outcome"]
    assert desk.audited() == [(f"subscription.{command}", {"subscription": id, "outcome": outcome})]


def test_what_follows_a_watermark_is_sent_again(desk):
    id = desk.store()
    for sequence in (0, 5, 8):
        assert desk.do("resend", id, desk.watermark(sequence)) == OK
    assert desk.engine.told == [("rewind", 1, 0), ("rewind", 1, 5), ("rewind", 1, 8)]
    told = {"subscription": id, "outcome": "OK", "from": desk.watermark(8)}
    assert desk.audited()[0] == ("subscription.resend", told)


def test_without_one_the_last_notification_with_events_is_sent_again(desk):
    id = desk.store()
    desk.log(
        {"previous": 2, "through": 5},
        {"previous": 5, "through": 8},
        {"previous": 8, "through": 8, "events": 0},
        {"previous": 8, "through": 9, "outcome": "status"},
    )
    assert desk.do("resend", id) == OK
    assert desk.engine.told == [("rewind", 1, 5)]


def test_without_one_there_must_be_such_a_notification(desk):
    id = desk.store()
    desk.log({"events": 0}, {"outcome": "timeout"})
    with pytest.raises(CommandError, match="no acknowledged notification with events"):
        desk.do("resend", id)


def test_the_last_notification_must_still_be_kept(desk):
    id = desk.store()
    desk.log({"previous": 2, "through": 8})
    raise_floor(desk, 3)
    with pytest.raises(CommandError, match="events of the last notification are not kept"):
        desk.do("resend", id)


def raise_floor(desk, floor):
    with desk.database.write() as tx:
        event_log.purge(tx, desk.mailbox.id, 0, floor, NOW_S + 1, 100)
    assert current(desk.database, desk.mailbox).floor == floor


def test_a_watermark_is_one_of_the_mailbox_between_the_floor_and_the_cursor(desk):
    id = desk.store()
    raise_floor(desk, 3)
    other = new_mailbox(desk.database, "other")
    for text in (
        "",
        "abc",
        desk.watermark(2),
        desk.watermark(11),
        watermark.encode(other.watermark_base, 5),
    ):
        with pytest.raises(CommandError, match="is no watermark of this mailbox, or of before"):
            desk.do("resend", id, text)
    with pytest.raises(CommandError, match="after the last watermark acknowledged"):
        desk.do("resend", id, desk.watermark(9))
    assert desk.engine.told == desk.audited() == []
    desk.do("resend", id, desk.watermark(3))


def test_the_cursor_is_that_of_the_engine_if_it_is_ahead(desk):
    id = desk.store()
    desk.live = {"acknowledged": 10}
    desk.do("resend", id, desk.watermark(9))
    assert desk.engine.told == [("rewind", 1, 9)]


@pytest.mark.parametrize("command", SENDING)
def test_what_the_engine_refuses_was_not_done(desk, command):
    id = desk.store()
    desk.log({"previous": 5})
    desk.engine.refusal = "it is not waiting to retry"
    with pytest.raises(CommandError, match=r"^it is not waiting to retry$"):
        desk.do(command, id)
    assert desk.audited() == []


@pytest.mark.parametrize("command", SENDING)
def test_only_a_running_server_sends(desk, command):
    id = desk.store()
    desk.engine = None
    with pytest.raises(CommandError, match="needs a running server, and none runs"):
        desk.do(command, id)


@pytest.mark.parametrize("command", SENDING)
def test_nothing_is_sent_to_one_that_is_paused(desk, command):
    id = desk.store(paused_at_s=NOW_S)
    with pytest.raises(CommandError, match=f"^paused since {NOW}: resume it first$"):
        desk.do(command, id)
    assert desk.engine.told == []


# What there is to steer


@pytest.mark.parametrize("command", STEERING)
@pytest.mark.parametrize(("phase", "what"), [(PARKED, "parked"), (ENDED, "ended")])
def test_one_that_is_over_stays_so(desk, command, phase, what):
    id = desk.store(phase=phase, over_at_s=NOW_S, paused_at_s=NOW_S)
    with pytest.raises(CommandError, match=f"^{what} since {NOW}: its client has to subscribe"):
        desk.do(command, id)
    assert desk.engine.told == desk.audited() == []


@pytest.mark.parametrize("command", STEERING)
def test_one_of_a_disabled_mailbox_is_left_alone(desk, command):
    id = desk.store()
    disable(desk.database, desk.mailbox.id, NOW_S)
    with pytest.raises(CommandError, match=f"^its mailbox is disabled since {NOW}: nothing is"):
        desk.do(command, id)
    assert desk.engine.told == desk.audited() == []


@pytest.mark.parametrize("command", STEERING)
def test_one_that_its_client_reads_is_not_pushed(desk, command):
    wanted = event_filter(frozenset(EventType), None)
    new = PullSubscription(desk.mailbox.id, 9, False, wanted, NOW_S, 0, 300, NOW_S + 300)
    with desk.database.write() as tx:
        pull_subscriptions.insert_subscription(tx, new)
    id = ids.encode(Kind.SUBSCRIPTION, desk.mailbox.id, 9)
    with pytest.raises(CommandError, match=r"^it is no push subscription"):
        desk.do(command, id)


@pytest.mark.parametrize("command", STEERING)
def test_one_that_is_not_there_is_said(desk, command):
    id = ids.encode(Kind.SUBSCRIPTION, desk.mailbox.id, 7)
    for wrong in (id, "xyz", ids.encode(Kind.FOLDER, desk.mailbox.id, 3)):
        with pytest.raises(CommandError, match=f"^there is no subscription {wrong}"):
            desk.do(command, wrong)
