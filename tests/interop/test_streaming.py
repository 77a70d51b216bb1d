"""GetStreamingEvents over real connections: framing, mishaps, and the end of the server."""

import ssl
import time

import pytest

from support.ews import get_folder, subscribe_to_streaming, unsubscribe
from support.running_server import EwsClient
from support.streaming_client import StreamingClient
from support.streaming_world import Message

DELIVERY = 2  # item events in the Inbox: created, and new mail


@pytest.fixture
def subscribed(client):
    return client.ask(subscribe_to_streaming(types=("CreatedEvent", "NewMailEvent"))).text(
        "m:SubscriptionId"
    )


def status(message):
    assert isinstance(message, Message)
    return message.status


def test_each_message_is_a_chunk_of_its_own(server, mailbox, subscribed):
    with StreamingClient(server, mailbox, subscribed) as client:
        assert client.head.startswith("http/1.1 200 ok\r\n")
        assert "\r\ncontent-type: text/xml; charset=utf-8\r\n" in client.head
        assert "\r\ntransfer-encoding: chunked\r\n" in client.head
        assert status(client.next()) == "OK"
        items = []
        for _ in range(5):
            server.deliver(mailbox)
            message = client.next()
            assert list(message.told) == [subscribed]
            items += message.told[subscribed]
        assert len(set(items)) == 5
        assert len(items) == 5 * DELIVERY


def test_it_works_over_tls(tls_server, tls_mailbox, certificate):
    context = ssl.create_default_context(cafile=certificate[0])
    ask = EwsClient(tls_server, tls_mailbox, context).ask
    id = ask(subscribe_to_streaming()).text("m:SubscriptionId")
    for _ in range(3):  # a client that hangs up without a word has what it has read
        with StreamingClient(tls_server, tls_mailbox, id, tls=context) as client:
            assert status(client.next()) == "OK"
            tls_server.deliver(tls_mailbox)
            assert len(client.next().told[id]) == 1


def test_the_connection_is_there_for_the_next_request(server, mailbox, client, subscribed):
    """After an answer that has ended, as when ConnectionTimeout is over."""
    with StreamingClient(server, mailbox, "nonsense") as streaming:
        error, closed = streaming.rest()
        assert (error.code, error.refused) == ("ErrorInvalidSubscription", ["nonsense"])
        assert (error.status, closed.status) == ("Closed", "Closed")
        assert streaming.post(get_folder("inbox")).startswith("http/1.1 200 ok\r\n")


def test_a_client_that_hangs_up_goes_on_where_it_was(server, mailbox, subscribed):
    told = []
    for _ in range(3):
        with StreamingClient(server, mailbox, subscribed) as client:
            server.deliver(mailbox)
            told += client.told(DELIVERY)
        server.deliver(mailbox)
        with StreamingClient(server, mailbox, subscribed) as client:
            told += client.told(DELIVERY)
    assert len(told) == 6 * DELIVERY
    assert len(set(told)) == 6


def test_a_second_connection_takes_over(server, mailbox, subscribed):
    with (
        StreamingClient(server, mailbox, subscribed) as first,
        StreamingClient(server, mailbox, subscribed) as second,
    ):
        codes = [message.code for message in first.rest()]
        assert codes == ["NoError", "ErrorNewEventStreamConnectionOpened", "NoError"]
        assert status(second.next()) == "OK"
        server.deliver(mailbox)
        assert len(second.told(DELIVERY)) == DELIVERY


def test_unsubscribing_ends_the_stream(server, mailbox, client, subscribed):
    with StreamingClient(server, mailbox, subscribed) as streaming:
        assert status(streaming.next()) == "OK"
        assert client.ask(unsubscribe(subscribed)).codes == ["NoError"]
        error, closed = streaming.rest()
        assert (error.code, error.refused) == ("ErrorInvalidSubscription", [subscribed])
        assert closed.status == "Closed"


def test_a_client_that_reads_slowly_gets_everything_in_order(start_server):
    server = start_server()
    mailbox = server.add_mailbox("slow@example.com")
    ask = EwsClient(server, mailbox).ask
    id = ask(subscribe_to_streaming(types=("NewMailEvent",))).text("m:SubscriptionId")
    events = 20_000
    with StreamingClient(server, mailbox, id, receive_buffer=4096) as client:
        assert status(client.next()) == "OK"
        log_events(server, events)
        server.deliver(mailbox)  # which wakes the stream
        told = client.told(events + 1)
    assert told[:-1] == list(map(str, range(1_000_000, 1_000_000 + events)))


def log_events(server, events):
    """New mails in the Inbox, put into the log behind the server's back."""
    with server.database() as database:
        database.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
            " INSERT INTO events (mailbox_id, shard, sequence, type, at_s, is_folder, object,"
            " parent) SELECT m.id, m.shard, m.head + i, 6, ?, 0, 999999 + i, 3"
            " FROM n, mailboxes AS m",
            (events, int(time.time())),
        )
        database.execute("UPDATE mailboxes SET head = head + ?", (events,))


@pytest.mark.parametrize("end", ["terminate", "kill"])
def test_a_subscription_survives_the_server(start_server, end):
    server = start_server()
    mailbox = server.add_mailbox("user@example.com")
    ask = EwsClient(server, mailbox).ask
    id = ask(subscribe_to_streaming()).text("m:SubscriptionId")
    with StreamingClient(server, mailbox, id) as client:
        server.deliver(mailbox)
        (first,) = client.told(1)
        if end == "terminate":
            assert server.terminate() == 0
            assert [message.status for message in client.rest()] == ["Closed"]
        else:
            server.kill()
    server.start()
    server.deliver(mailbox)
    with StreamingClient(server, mailbox, id) as client:
        told = client.told(1)
        if end == "kill" and told[0] == first:  # it was killed before the position was written
            told = told[1:] or client.told(1)
    assert len(told) == 1
    assert told != [first]


def test_a_server_that_stops_waits_for_nobody(start_server):
    server = start_server()
    mailbox = server.add_mailbox("user@example.com")
    ask = EwsClient(server, mailbox).ask
    ids = [ask(subscribe_to_streaming()).text("m:SubscriptionId") for _ in range(3)]
    clients = [StreamingClient(server, mailbox, id) for id in ids]
    assert [status(client.next()) for client in clients] == ["OK"] * 3
    assert server.terminate() == 0
    assert server.log.events("server.cut_off") == []
    for client in clients:
        assert [message.status for message in client.rest()] == ["Closed"]
        client.close()


def test_one_mailbox_does_not_see_anothers_events(server, mailbox, subscribed):
    other = server.add_mailbox(f"not.{mailbox.address}")
    with StreamingClient(server, other, subscribed) as client:
        error, _ = client.rest()
        assert (error.code, error.refused) == ("ErrorInvalidSubscription", [subscribed])
    with StreamingClient(server, mailbox, subscribed) as client:
        assert status(client.next()) == "OK"
        server.deliver(other)
        server.deliver(mailbox)
        assert len(client.told(DELIVERY)) == DELIVERY
