"""A mailbox is disabled: for thirty days it can be restored, then it is gone for good."""

import pytest

from ewspush.testing import EmulatorError
from support.emulated import log_of
from support.ews import (
    get_events,
    get_folder,
    subscribe_to_pull,
    subscribe_to_streaming,
    unsubscribe,
)
from support.streaming_client import StreamingClient

DAY_S = 86_400
KEPT_S = 30 * DAY_S


def codes(responder):
    return [push.received.code for push in responder.pushes]


def test_after_thirty_days_it_is_deleted_and_its_responder_was_told_once(
    server, mailbox, ews_server, ews_mailbox, follow, client
):
    follower = follow(minutes=5)
    server.deliver(mailbox)
    ews_mailbox.disable()
    ews_server.advance(KEPT_S - 60)
    assert ews_mailbox.show().status == "disabled"
    assert codes(follower.responder) == ["NoError", "NoError", "ErrorAccountDisabled"]
    assert client.send("POST", body=get_folder("inbox")).status == 401
    ews_server.advance(120)
    for ask in (ews_mailbox.show, ews_mailbox.restore):
        with pytest.raises(EmulatorError) as gone:
            ask()
        assert gone.value.status == 404
    ews_server.advance(60 * DAY_S)
    assert len(follower.responder.pushes) == 3
    assert ews_server.subscriptions() == []


def test_until_then_it_can_be_restored_and_nothing_is_missing(
    server, mailbox, ews_server, ews_mailbox, follow, responder
):
    follower = follow(minutes=1440)
    responder.stop()
    server.deliver(mailbox)
    ews_server.advance(100)
    waiting = log_of(ews_mailbox)
    ews_mailbox.disable()
    ews_server.advance(0)
    responder.start()
    ews_server.advance(KEPT_S - 60)
    assert codes(responder) == ["NoError"]
    ews_mailbox.restore()
    ews_server.advance(0)
    assert codes(responder) == ["NoError"] * 2
    server.deliver(mailbox)
    assert follower.seen()[:3] == waiting
    assert len(follower.seen()) == 6
    ews_server.advance(KEPT_S)
    assert follower.subscription.phase == "idle"


def test_a_responder_that_cannot_be_told_is_not_told_later(
    ews_server, ews_mailbox, follow, responder
):
    follow(minutes=5)
    responder.stop()
    ews_mailbox.disable()
    ews_server.advance(60)
    responder.start()
    ews_server.advance(KEPT_S - 120)
    assert codes(responder) == ["NoError"]


def test_a_stream_ends_and_the_next_one_goes_on(server, mailbox, ews_server, ews_mailbox, client):
    id = client.ask(subscribe_to_streaming()).text("m:SubscriptionId")
    with StreamingClient(server, mailbox, id) as stream:
        stream.next()
        server.deliver(mailbox)
        (first,) = stream.told(1)
        ews_server.advance(2)  # it is seen that this has arrived
        ews_mailbox.disable()
        error, closed = stream.rest()
        assert (error.code, error.refused) == ("ErrorAccountDisabled", [id])
        assert (error.status, closed.status) == ("Closed", "Closed")
    with StreamingClient(server, mailbox, id) as stream:
        assert stream.head.startswith("http/1.1 401 ")
    ews_server.advance(20 * DAY_S)
    ews_mailbox.restore()
    server.deliver(mailbox)
    with StreamingClient(server, mailbox, id) as stream:
        stream.next()
        (second,) = stream.told(1)
    assert second != first


def test_a_pull_subscription_has_as_much_time_left_as_it_had(
    server, mailbox, ews_server, ews_mailbox, client
):
    answer = client.ask(subscribe_to_pull(timeout=10))
    id, watermark = answer.text("m:SubscriptionId"), answer.text("m:Watermark")
    server.deliver(mailbox)
    ews_server.advance(6 * 60)
    ews_mailbox.disable()
    ews_server.advance(20 * DAY_S)
    ews_mailbox.restore()
    ews_server.advance(4 * 60 - 1)
    pulled = client.ask(get_events(id, watermark))
    assert len(pulled.all("t:NewMailEvent")) == 1
    ews_mailbox.disable()
    ews_server.advance(20 * DAY_S)
    ews_mailbox.restore()
    ews_server.advance(10 * 60 + 1)
    assert client.ask(unsubscribe(id)).codes == ["ErrorSubscriptionNotFound"]


def test_the_address_is_free_again_for_another_mailbox(server, mailbox, ews_server, ews_mailbox):
    ews_mailbox.disable()
    with pytest.raises(EmulatorError):
        ews_server.create_mailbox(mailbox.address)
    ews_server.advance(KEPT_S + 60)
    assert ews_server.create_mailbox(mailbox.address).items() == []
