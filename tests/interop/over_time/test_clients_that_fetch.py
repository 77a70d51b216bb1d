"""Pull subscriptions that nobody asks for, and streams as long as they last."""

from queue import Queue
from threading import Thread

import pytest
from exchangelib import errors
from exchangelib.properties import NewMailEvent, StatusEvent

from support.ews import get_events, subscribe_to_pull, subscribe_to_streaming, unsubscribe
from support.running_server import PATIENCE_S
from support.streaming_client import StreamingClient

MINUTE_S = 60
LIFE_S = 30  # seconds between signs of life of a stream
UNCONNECTED_S = 30 * MINUTE_S


@pytest.mark.parametrize("minutes", [1, 10, 1440])
def test_a_pull_subscription_ends_when_nobody_asked_for_its_timeout(
    server, mailbox, ews_server, client, minutes
):
    answer = client.ask(subscribe_to_pull(timeout=minutes))
    id, watermark = answer.text("m:SubscriptionId"), answer.text("m:Watermark")
    for _ in range(3):  # asking puts it off
        ews_server.advance(minutes * MINUTE_S - 1)
        assert client.ask(get_events(id, watermark)).codes == ["NoError"]
    server.deliver(mailbox)  # what happens in the mailbox does not
    ews_server.advance(minutes * MINUTE_S + 1)
    assert client.ask(get_events(id, watermark)).codes == ["ErrorSubscriptionNotFound"]
    assert client.ask(unsubscribe(id)).codes == ["ErrorSubscriptionNotFound"]
    again = client.ask(
        subscribe_to_pull(watermark=f"<t:Watermark>{watermark}</t:Watermark>", timeout=minutes)
    )
    pulled = client.ask(get_events(again.text("m:SubscriptionId"), watermark))
    assert len(pulled.all("t:NewMailEvent")) == 1


def test_exchangelib_pulls_until_it_stops_for_too_long(server, mailbox, ews_server, account):
    id, watermark = account.inbox.subscribe_to_pull(timeout=10)
    for kind in (StatusEvent, NewMailEvent):
        ews_server.advance(9 * MINUTE_S)
        (notification,) = account.inbox.get_events(id, watermark)
        assert kind in [type(event) for event in notification.events]
        server.deliver(mailbox)
    ews_server.advance(11 * MINUTE_S)
    with pytest.raises(errors.ErrorSubscriptionNotFound):
        list(account.inbox.get_events(id, watermark))


@pytest.mark.parametrize("minutes", [1, 2, 30])
def test_a_stream_shows_signs_of_life_until_its_time_is_over(
    server, mailbox, ews_server, client, minutes
):
    id = client.ask(subscribe_to_streaming()).text("m:SubscriptionId")
    with StreamingClient(server, mailbox, id, minutes=minutes) as stream:
        ews_server.advance(minutes * MINUTE_S)
        statuses = [message.status for message in stream.rest()]
    signs = minutes * MINUTE_S // LIFE_S
    assert statuses in (["OK", *["OK"] * (signs - 1), "Closed"], ["OK", *["OK"] * signs, "Closed"])


def test_a_sign_of_life_comes_thirty_seconds_after_the_last_message(
    server, mailbox, ews_server, client
):
    id = client.ask(subscribe_to_streaming()).text("m:SubscriptionId")
    with StreamingClient(server, mailbox, id, minutes=2) as stream:
        for _ in range(3):
            ews_server.advance(LIFE_S - 5)
            server.deliver(mailbox)
        ews_server.advance(LIFE_S + 1)
        ews_server.advance(2 * MINUTE_S)
        messages = stream.rest()
    kinds = [message.status or len(message.told[id]) for message in messages]
    assert kinds == ["OK", 1, 1, 1, "OK", "Closed"]


def test_exchangelib_streams_until_the_server_ends_it(server, mailbox, ews_server, account):
    id = account.inbox.subscribe_to_streaming(event_types=["NewMailEvent"])
    told = Queue()

    def listen():
        for notification in account.inbox.get_streaming_events(id, connection_timeout=5):
            told.put(notification)
        told.put("ended")

    listening = Thread(target=listen)
    listening.start()
    for _ in range(4):
        server.deliver(mailbox)
        notification = told.get(timeout=PATIENCE_S)
        assert [type(event) for event in notification.events] == [NewMailEvent]
        ews_server.advance(MINUTE_S)
    ews_server.advance(MINUTE_S)
    assert told.get(timeout=PATIENCE_S) == "ended"
    listening.join(PATIENCE_S)


def test_a_streaming_subscription_ends_when_it_was_not_connected_for_half_an_hour(
    server, mailbox, ews_server, client
):
    id = client.ask(subscribe_to_streaming()).text("m:SubscriptionId")
    for _ in range(2):
        ews_server.advance(UNCONNECTED_S - 1)
        server.deliver(mailbox)
        with StreamingClient(server, mailbox, id, minutes=30) as stream:
            assert len(stream.told(1)) == 1
            ews_server.advance(30 * MINUTE_S)
            assert stream.rest()[-1].status == "Closed"
    ews_server.advance(UNCONNECTED_S + 1)
    with StreamingClient(server, mailbox, id) as stream:
        error, closed = stream.rest()
    assert (error.code, error.refused) == ("ErrorInvalidSubscription", [id])
    assert closed.status == "Closed"
