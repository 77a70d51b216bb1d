"""exchangelib 5.6 pulls events, and has them streamed."""

from threading import Thread

import pytest
from exchangelib import errors
from exchangelib.properties import CreatedEvent, ModifiedEvent, NewMailEvent, StatusEvent

DELIVERY = [CreatedEvent, NewMailEvent, ModifiedEvent]


def kinds(notification):
    return [type(event) for event in notification.events]


def items(notification):
    return [event.item_id.id for event in notification.events if event.item_id]


def one(notifications):
    (notification,) = notifications
    return notification


def first_streamed(account, *subscription_ids):
    """Hangs up after one notification."""
    ids = list(subscription_ids)
    return one(account.inbox.get_streaming_events(ids, 1, max_notifications_returned=1))


# Pull


def test_a_quiet_mailbox_has_a_status_event(account):
    id, watermark = account.inbox.subscribe_to_pull()
    notification = one(account.inbox.get_events(id, watermark))
    assert kinds(notification) == [StatusEvent]
    assert (notification.subscription_id, notification.previous_watermark) == (id, watermark)
    assert notification.events[0].watermark == watermark


@pytest.mark.parametrize(
    "subscribe",
    [
        lambda account: account.inbox.subscribe_to_pull(),
        lambda account: account.subscribe_to_pull(),
    ],
    ids=["inbox", "all folders"],
)
def test_a_delivery_is_pulled_in_its_own_classes(server, mailbox, account, subscribe):
    id, watermark = subscribe(account)
    server.deliver(mailbox)
    notification = one(account.inbox.get_events(id, watermark))
    assert kinds(notification) == DELIVERY
    assert notification.more_events is False
    again = one(account.inbox.get_events(id, notification.events[-1].watermark))
    assert kinds(again) == [StatusEvent]


def test_many_events_are_pulled_in_two_answers(server, mailbox, account):
    """It repeats its watermark while there are more events."""
    id, watermark = account.inbox.subscribe_to_pull(event_types=["NewMailEvent"])
    for _ in range(60):
        server.deliver(mailbox)
    first, second = account.inbox.get_events(id, watermark)
    assert (len(first.events), first.more_events) == (50, True)
    assert (len(second.events), second.more_events) == (60, False)
    assert items(second)[:50] == items(first)
    last = one(account.inbox.get_events(id, second.events[-1].watermark))
    assert kinds(last) == [StatusEvent]


def test_a_pull_subscription_resumes_from_a_watermark(server, mailbox, account):
    _, watermark = account.inbox.subscribe_to_pull()
    server.deliver(mailbox)
    id, resumed = account.inbox.subscribe_to_pull(watermark=watermark)
    assert resumed == watermark
    assert kinds(one(account.inbox.get_events(id, watermark))) == DELIVERY


def test_the_context_manager_unsubscribes(server, mailbox, account):
    with account.inbox.pull_subscription() as (id, watermark):
        server.deliver(mailbox)
        assert kinds(one(account.inbox.get_events(id, watermark))) == DELIVERY
    with pytest.raises(errors.ErrorSubscriptionNotFound):
        list(account.inbox.get_events(id, watermark))


def test_what_cannot_be_pulled_is_its_own_typed_error(server, account, open_account, responder):
    id, watermark = account.inbox.subscribe_to_pull()
    other = open_account(server.add_mailbox("somebody.who.pulls@example.com"))
    push_id, _ = account.inbox.subscribe_to_push(responder.url())
    expected = [
        (errors.ErrorInvalidWatermark, account, id, "AAAAAAAAAAA="),
        (errors.ErrorSubscriptionAccessDenied, other, id, watermark),
        (errors.ErrorInvalidPullSubscriptionId, account, push_id, watermark),
        (errors.ErrorSubscriptionNotFound, account, "nonsense", watermark),
        (
            errors.ErrorInvalidSubscription,
            account,
            account.inbox.subscribe_to_streaming(),
            watermark,
        ),
    ]
    for error, who, wrong, mark in expected:
        with pytest.raises(error):
            list(who.inbox.get_events(wrong, mark))


# Streaming


def test_a_delivery_is_streamed_when_it_happens(server, mailbox, account):
    id = account.inbox.subscribe_to_streaming()
    before = len(server.log.events("stream.opened"))

    def deliver():
        server.wait_until(lambda: len(server.log.events("stream.opened")) > before)
        server.deliver(mailbox)

    delivering = Thread(target=deliver)
    delivering.start()
    notification = first_streamed(account, id)
    delivering.join()
    assert notification.subscription_id == id
    assert kinds(notification) == DELIVERY
    assert all(event.timestamp for event in notification.events)


def test_a_client_that_hangs_up_after_each_notification_gets_each_once(server, mailbox, account):
    id = account.inbox.subscribe_to_streaming(event_types=["NewMailEvent"])
    seen = []
    for _ in range(5):
        server.deliver(mailbox)
        seen += items(first_streamed(account, id))
    assert len(seen) == len(set(seen)) == 5


def test_several_subscriptions_are_streamed_on_one_connection(server, mailbox, account):
    inbox = account.inbox.subscribe_to_streaming(event_types=["NewMailEvent"])
    everything = account.subscribe_to_streaming(event_types=["CreatedEvent"])
    server.deliver(mailbox)
    told = {}
    for notification in account.inbox.get_streaming_events(
        [inbox, everything], 1, max_notifications_returned=2
    ):
        told[notification.subscription_id] = kinds(notification)
    assert told == {inbox: [NewMailEvent], everything: [CreatedEvent]}


def test_it_understands_that_the_server_ends_the_stream(start_server, open_account):
    server = start_server()
    mailbox = server.add_mailbox("user@example.com")
    account = open_account(mailbox, at=server)
    id = account.inbox.subscribe_to_streaming()
    server.deliver(mailbox)
    streamed = []
    for notification in account.inbox.get_streaming_events(id, connection_timeout=1):
        streamed.append(kinds(notification))
        server.ask_to_stop()
    assert streamed == [DELIVERY]
    assert server.wait() == 0


def test_a_streaming_subscription_that_is_none_is_its_own_typed_error(account):
    with account.inbox.streaming_subscription() as id:
        pass
    with pytest.raises(errors.ErrorInvalidSubscription) as raised:
        list(account.inbox.get_streaming_events(id, connection_timeout=1))
    assert id in str(raised.value)


def test_more_than_twenty_subscriptions_are_its_own_typed_error(account):
    for _ in range(10):
        account.inbox.subscribe_to_pull()
        account.inbox.subscribe_to_streaming()
    for subscribe in (account.inbox.subscribe_to_pull, account.inbox.subscribe_to_streaming):
        with pytest.raises(errors.ErrorExceededSubscriptionCount):
            subscribe()


# A restart of the server, which loses them in Exchange


@pytest.mark.parametrize("end", ["terminate", "kill"])
def test_both_go_on_after_a_restart(start_server, open_account, end):
    server = start_server()
    mailbox = server.add_mailbox("user@example.com")
    account = open_account(mailbox, at=server)
    streaming = account.inbox.subscribe_to_streaming(event_types=["NewMailEvent"])
    pull, watermark = account.inbox.subscribe_to_pull(event_types=["NewMailEvent"])
    server.deliver(mailbox)
    pulled = one(account.inbox.get_events(pull, watermark))
    getattr(server, end)()
    server.start(same_ports=True)
    server.deliver(mailbox)
    again = one(account.inbox.get_events(pull, pulled.events[-1].watermark))
    streamed = first_streamed(account, streaming)
    assert items(streamed) == items(pulled) + items(again)
    assert len(set(items(streamed))) == 2
