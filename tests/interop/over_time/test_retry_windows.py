"""Responders that fail for minutes and hours: when they are tried again, and what comes of it."""

import pytest

from support.emulated import Follower, log_of, offsets
from support.responders import DROP, FAILURE, OK, Say
from support.strict_reader import Chain
from support.subscribers import Refused

DAY_S = 86_400
WINDOWS = {  # StatusFrequency, and seconds from the first failed attempt to each attempt
    1: [0, 30, 60],
    2: [0, 30, 90, 120],
    5: [0, 30, 90, 210, 300],
    30: [0, 30, 90, 210, 450, 930, 1800],
    1440: [0, 30, 90, 210, 450, 930, 1890, 3810, 7650, 15_330, 30_690, 61_410, 86_400],
}
A_TICK_S = 0.02  # no attempt is so late


def failed(follower):
    """The attempts that failed, which come one after the other."""
    return [each for each in follower.attempts if each.outcome != "OK"]


@pytest.mark.parametrize("minutes", WINDOWS)
def test_waits_double_and_the_last_attempt_is_at_the_end_of_the_window(
    server, mailbox, ews_server, follow, minutes
):
    follower = follow(minutes=minutes)
    ews_server.advance(60 * minutes * 2.6)  # the age of the subscription is of no account
    follower.responder.otherwise = FAILURE
    server.deliver(mailbox)
    ews_server.advance(60 * minutes - 1)
    assert follower.subscription.phase == "retrying"
    ews_server.advance(1)
    assert offsets(failed(follower)) == pytest.approx(WINDOWS[minutes], abs=A_TICK_S)
    assert follower.subscription.phase == "parked"
    told = len(follower.responder.pushes)
    ews_server.advance(2 * DAY_S)
    assert len(follower.responder.pushes) == told


@pytest.mark.parametrize(
    "failure",
    [
        FAILURE,
        DROP,
        Say(status=302),
        Say(body=b"<html>not an acknowledgement</html>"),
        Say(body=b"x" * 100_000),
        Say(status=200, body=b""),
    ],
    ids=["503", "dropped", "redirect", "garbage", "endless", "empty"],
)
def test_every_failure_has_the_same_window(
    server, mailbox, ews_server, ews_mailbox, follow, failure
):
    follower = follow(minutes=5)
    follower.responder.otherwise = failure
    server.deliver(mailbox)
    ews_server.advance(299)
    follower.responder.otherwise = OK
    ews_server.advance(1)
    # Of the subscription: libcurl repeats by itself what failed on a connection that was kept.
    attempts = follower.subscription.attempts()[1:]
    assert offsets(attempts) == pytest.approx(WINDOWS[5], abs=A_TICK_S)
    assert len({push.body for push in follower.responder.pushes[1:]}) == 1
    assert follower.seen() == log_of(ews_mailbox)


@pytest.mark.parametrize("fault", ["fail_to_connect", "time_out", "lose_answers"])
def test_a_fault_of_the_emulator_has_the_same_window(server, mailbox, ews_server, follow, fault):
    follower = follow(minutes=30)
    getattr(ews_server.faults, fault)()
    server.deliver(mailbox)
    ews_server.advance(30 * 60 + 30)
    assert offsets(failed(follower)) == pytest.approx(WINDOWS[30], abs=A_TICK_S)
    assert follower.subscription.phase == "parked"


def test_an_acknowledgement_ends_a_window_and_the_next_failure_begins_another(
    server, mailbox, ews_server, ews_mailbox, follow
):
    follower = follow(minutes=5)
    for _ in range(3):
        follower.responder.stop()
        server.deliver(mailbox)
        before = len(follower.attempts)
        ews_server.advance(250)
        server.deliver(mailbox)
        follower.responder.start()
        ews_server.advance(51)
        assert offsets(follower.attempts[before - 1 :]) == pytest.approx(WINDOWS[5], abs=A_TICK_S)
        assert follower.subscription.phase == "idle"
    assert follower.seen() == log_of(ews_mailbox)


@pytest.mark.parametrize(
    ("retry_after", "expected"),
    [
        ("1", [0, 30, 90, 210, 300]),  # no sooner than the back-off says
        ("45", [0, 45, 90, 210, 300]),
        ("200", [0, 200, 210, 300]),
        ("86400", [0, 300]),  # no later than the end of the window
    ],
)
def test_retry_after_is_kept_within_the_window(
    server, mailbox, ews_server, follow, retry_after, expected
):
    follower = follow(minutes=5)
    follower.responder.script(Say(status=503, retry_after=retry_after))
    follower.responder.otherwise = FAILURE
    server.deliver(mailbox)
    ews_server.advance(600)
    assert offsets(failed(follower)) == pytest.approx(expected, abs=A_TICK_S)


def test_after_parking_a_new_subscription_with_the_last_watermark_misses_nothing(
    server, mailbox, ews_server, ews_mailbox, responder, subscriber
):
    def subscribe(watermark=None):
        id, start = subscriber.subscribe(responder.url("/"), 5, watermark)
        ews_server.advance(0)
        return Follower(Chain(id, start), ews_server.subscription(id), responder)

    old = subscribe()
    server.deliver(mailbox)
    responder.otherwise = FAILURE
    server.deliver(mailbox)
    ews_server.advance(300)
    assert old.subscription.phase == "parked"
    server.deliver(mailbox)
    with pytest.raises(Refused) as refused:
        subscriber.unsubscribe(old.id)
    assert refused.value.code == "ErrorSubscriptionNotFound"

    responder.otherwise = OK
    new = subscribe(old.last_watermark)
    assert new.chain.watermark == old.last_watermark
    server.deliver(mailbox)
    assert len(old.seen()) == 3
    assert old.seen() + new.seen() == log_of(ews_mailbox)


def test_retries_go_on_when_a_snapshot_is_restored(
    server, mailbox, ews_server, ews_mailbox, follow
):
    follower = follow(minutes=5)
    follower.responder.otherwise = FAILURE
    server.deliver(mailbox)
    ews_server.advance(100)
    snapshot = ews_server.snapshot()
    for _ in range(2):
        ews_server.advance(600)
        assert follower.subscription.phase == "parked"
        ews_server.restore(snapshot)
        ews_server.advance(0)
        assert follower.subscription.phase == "retrying"
        assert offsets(follower.subscription.attempts()[1:]) == pytest.approx(
            [0, 30, 90], abs=A_TICK_S
        )
    follower.responder.otherwise = OK
    ews_server.advance(120)
    tried = follower.subscription.attempts()[1:]
    assert offsets(tried) == pytest.approx([0, 30, 90, 210], abs=A_TICK_S)
    assert follower.seen() == log_of(ews_mailbox)


def test_all_of_an_origin_are_tried_again_when_it_answers_one_of_them(
    server, ews_server, follow, responder, mailbox, ews_mailbox
):
    """But none of them sooner than 30 seconds after its last attempt."""
    patient, hurried = follow(minutes=30), follow(minutes=5)
    responder.stop()
    server.deliver(mailbox)
    ews_server.advance(210)  # the next attempts are due at 300 and 450
    responder.start()
    ews_server.advance(90)
    assert offsets(hurried.attempts[1:])[-1] == pytest.approx(300, abs=A_TICK_S)
    assert offsets(patient.attempts[1:])[-1] == pytest.approx(300, abs=1)
    for follower in (patient, hurried):
        assert follower.seen() == log_of(ews_mailbox)
