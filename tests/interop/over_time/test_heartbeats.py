"""Heartbeats over hours and days: a responder is never left in silence for StatusFrequency."""

from itertools import pairwise

import pytest

from support.emulated import log_of, offsets, seconds_between

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400
EARLY = 0.1  # of StatusFrequency, at most


@pytest.mark.parametrize(
    ("minutes", "long_s"),
    [(1, HOUR_S), (2, 2 * HOUR_S), (7, 5 * HOUR_S), (30, DAY_S), (1440, 7 * DAY_S)],
)
def test_no_silence_is_longer_than_the_status_frequency(
    ews_server, ews_mailbox, follow, minutes, long_s
):
    follower = follow(minutes=minutes)
    frequency_s = minutes * MINUTE_S
    ews_server.advance(long_s)
    attempts = follower.attempts
    for sooner, later in pairwise(offsets(attempts)):
        assert (1 - EARLY) * frequency_s <= later - sooner <= frequency_s
    assert seconds_between(attempts[-1].at, ews_server.time.now) <= frequency_s
    assert all(push.received.names == ["StatusEvent"] for push in follower.responder.pushes)
    assert {each.outcome for each in attempts} == {"OK"}
    assert follower.seen() == log_of(ews_mailbox) == []


def test_each_subscription_has_heartbeats_of_its_own(ews_server, follow):
    followers = [follow(minutes=minutes) for minutes in (1, 7, 30)]
    ews_server.advance(HOUR_S)
    counted = [len(each.attempts) - 1 for each in followers]
    for count, minutes in zip(counted, (1, 7, 30), strict=True):
        assert 60 // minutes <= count <= 60 / (minutes * (1 - EARLY))


def test_events_that_are_acknowledged_put_the_heartbeat_off(
    server, mailbox, ews_server, ews_mailbox, follow
):
    follower = follow(minutes=5)
    for _ in range(30):
        ews_server.advance(4 * MINUTE_S)
        server.deliver(mailbox)
    assert [each.kind for each in follower.attempts] == ["status", *["events"] * 30]
    ews_server.advance(5 * MINUTE_S)
    *_, event, heartbeat = follower.attempts
    assert heartbeat.kind == "status"
    assert (1 - EARLY) * 300 <= seconds_between(event.at, heartbeat.at) <= 300
    assert follower.seen() == log_of(ews_mailbox)


def test_a_retry_that_is_acknowledged_puts_the_heartbeat_off(
    server, mailbox, ews_server, ews_mailbox, follow
):
    follower = follow(minutes=5)
    follower.responder.stop()
    ews_server.advance(4 * MINUTE_S)
    server.deliver(mailbox)
    ews_server.advance(80)
    follower.responder.start()
    ews_server.advance(10)
    assert [each.outcome for each in follower.attempts] == ["OK", "connect", "connect", "OK"]
    ews_server.advance(5 * MINUTE_S)
    *_, retry, heartbeat = follower.attempts
    assert (retry.kind, heartbeat.kind) == ("events", "status")
    assert (1 - EARLY) * 300 <= seconds_between(retry.at, heartbeat.at) <= 300
    assert follower.seen() == log_of(ews_mailbox)


def test_heartbeats_bring_the_watermark_over_events_that_are_not_wanted(
    server, mailbox, ews_server, ews_mailbox, follow
):
    """So a client that is only told of its folder can resume after a month of others'."""
    follower = follow(minutes=1440, folders='<t:DistinguishedFolderId Id="junkemail"/>')
    for _ in range(40):
        server.deliver(mailbox)
        ews_server.advance(DAY_S)
    assert follower.seen() == []
    assert follower.last_watermark == ews_mailbox.events()[-1].watermark
    assert ews_mailbox.events()[0].sequence > 1
    again = follow(minutes=1440, watermark=follower.last_watermark)
    assert again.chain.watermark == follower.last_watermark
