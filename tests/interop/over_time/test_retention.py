"""A month and more: what is still known then, and what is not."""

from datetime import timedelta

import pytest

from ewspush.testing import EmulatorError
from support.emulated import log_of
from support.ews import envelope, get_events, subscribe_to_pull, unsubscribe
from support.responders import FAILURE, UNSUBSCRIBE, new_mails
from support.strict_reader import Chain
from support.subscribers import Refused

A_MINUTE = timedelta(minutes=1)
DAY_S = 86_400
KEPT_S = 30 * DAY_S  # events, and rows of subscriptions that are over
KEPT_ATTEMPTS_S = 7 * DAY_S


@pytest.fixture
def last_watermark(ews_mailbox):
    """The watermark of the newest event."""
    return lambda: ews_mailbox.events()[-1].watermark


def test_a_watermark_resumes_for_thirty_days_and_is_then_refused(
    server, mailbox, ews_server, ews_mailbox, responder, subscriber, last_watermark
):
    server.deliver(mailbox)
    in_the_message = ews_mailbox.events()[-2].watermark
    first = last_watermark()
    ews_server.advance(DAY_S)
    server.deliver(mailbox)
    second = last_watermark()

    ews_server.advance(KEPT_S - DAY_S - 60)  # the first message is not quite thirty days old
    id, _ = subscriber.subscribe(responder.url("/"), 30, in_the_message)
    ews_server.advance(0)
    assert [push.received.previous for push in responder.pushes] == [in_the_message]
    assert len(responder.pushes[-1].received.events) == 1 + 3
    subscriber.unsubscribe(id)

    ews_server.advance(120)
    with pytest.raises(Refused) as refused:
        subscriber.subscribe(responder.url("/"), 30, in_the_message)
    assert refused.value.code == "ErrorInvalidWatermark"
    id, start = subscriber.subscribe(responder.url("/"), 30, first)
    ews_server.advance(0)
    assert len(new_mails(responder.pushes)) == 2
    followed = responder.followed(Chain(id, start))
    assert followed.problems == []
    assert followed.seen == log_of(ews_mailbox)
    subscriber.unsubscribe(id)

    ews_server.advance(KEPT_S)
    assert ews_mailbox.events() == []
    with pytest.raises(Refused) as refused:
        subscriber.subscribe(responder.url("/"), 30, first)
    assert refused.value.code == "ErrorInvalidWatermark"
    assert subscriber.subscribe(responder.url("/"), 30, second).watermark == second


def test_what_a_live_subscription_has_yet_to_tell_is_kept_longer(
    server, mailbox, ews_server, ews_mailbox, follow, last_watermark
):
    follower = follow()
    server.deliver(mailbox)
    told = last_watermark()
    follower.subscription.pause()
    for _ in range(3):
        server.deliver(mailbox)
        ews_server.advance(20 * DAY_S)
    waiting = log_of(ews_mailbox)
    assert len(waiting) == 9  # the first message was told, and is as old as these
    follower.subscription.resume()
    ews_server.advance(60)
    assert follower.seen()[3:] == waiting
    assert log_of(ews_mailbox) == waiting[-3:]
    assert told not in [each.watermark for each in ews_mailbox.events()]


def test_what_a_parked_subscription_had_yet_to_tell_is_not_kept_longer(
    server, mailbox, ews_server, ews_mailbox, follow
):
    follower = follow()
    follower.responder.otherwise = FAILURE
    server.deliver(mailbox)
    ews_server.advance(KEPT_S - 60)
    assert follower.subscription.phase == "parked"
    assert len(ews_mailbox.events()) == 3
    ews_server.advance(120)
    assert ews_mailbox.events() == []


def is_parked(ews_server, follower):
    with ews_server.faults.fail_to_connect():
        ews_server.advance(600)


def is_ended_by_its_responder(ews_server, follower):
    follower.responder.script(UNSUBSCRIBE)
    ews_server.advance(300)


def is_unsubscribed(ews_server, follower):
    follower.subscription.end()


@pytest.mark.parametrize(
    ("end", "phase"),
    [(is_parked, "parked"), (is_ended_by_its_responder, "ended"), (is_unsubscribed, "ended")],
)
def test_a_subscription_that_is_over_can_be_looked_at_for_thirty_days(
    ews_server, client, follow, end, phase
):
    follower = follow(minutes=5)
    end(ews_server, follower)
    shown = follower.subscription.show()
    assert shown.phase == phase
    living = follow(minutes=1440)
    ews_server.advance_to(shown.over_at + timedelta(days=30) - A_MINUTE)
    assert follower.subscription.phase == phase
    assert client.ask(unsubscribe(follower.id)).codes == ["ErrorSubscriptionNotFound"]
    ews_server.advance(2 * A_MINUTE)
    with pytest.raises(EmulatorError) as gone:
        follower.subscription.show()
    assert gone.value.status == 404
    assert client.ask(unsubscribe(follower.id)).codes == ["ErrorSubscriptionNotFound"]
    assert living.subscription.phase == "idle"


def test_the_attempt_log_forgets_what_is_older_than_a_week(ews_server, follow):
    follower = follow(minutes=1440)
    for _ in range(20):
        ews_server.advance(DAY_S)
        now = ews_server.time.now
        times = [each.at for each in follower.subscription.attempts()]
        assert all((now - at).total_seconds() <= KEPT_ATTEMPTS_S + 1 for at in times)
    assert 7 <= len(times) <= 8
    assert len(follower.responder.pushes) > 20
    assert follower.subscription.phase == "idle"


def test_get_events_with_a_watermark_that_is_too_old_ends_the_subscription(
    server, mailbox, ews_server, client
):
    answer = client.ask(subscribe_to_pull(timeout=1440))
    id, first = answer.text("m:SubscriptionId"), answer.text("m:Watermark")
    watermark = first
    for _ in range(32):
        server.deliver(mailbox)
        ews_server.advance(DAY_S - 60)
        pulled = client.ask(get_events(id, watermark))
        watermark = pulled.text("t:NewMailEvent/t:Watermark")
    assert client.ask(get_events(id, watermark)).codes == ["NoError"]
    assert client.ask(get_events(id, first)).codes == ["ErrorEventNotFound"]
    assert client.ask(get_events(id, watermark)).codes == ["ErrorSubscriptionNotFound"]


def test_what_a_mailbox_holds_does_not_grow_old(server, mailbox, ews_server, ews_mailbox, client):
    server.deliver(mailbox)
    ews_server.advance(10 * 365 * DAY_S)
    assert ews_mailbox.events() == []
    found = client.ask(
        envelope(
            '<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape>'
            "</m:ItemShape><m:ParentFolderIds>"
            '<t:DistinguishedFolderId Id="inbox"/></m:ParentFolderIds></m:FindItem>'
        )
    )
    assert len(found.all("t:ItemId")) == 1
