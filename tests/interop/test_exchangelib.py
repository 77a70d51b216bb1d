"""exchangelib 5.6 as a client of the server, and as the parser in a responder."""

from contextlib import contextmanager

import pytest
from exchangelib import (
    BASIC,
    errors,
)
from exchangelib.properties import CreatedEvent, ModifiedEvent, NewMailEvent, StatusEvent
from exchangelib.services import SendNotification
from exchangelib.version import EXCHANGE_2010_SP2

from support.responders import acknowledging

DELIVERY = [CreatedEvent, NewMailEvent, ModifiedEvent]


@contextmanager
def at_most(exchanges, adapter):
    """A failing call must not be repeated for every version there is."""
    before = len(adapter.answers)
    yield
    assert len(adapter.answers) - before <= exchanges


def parse(push):
    (notification,) = SendNotification(protocol=None).parse(push.body)
    return notification


def kinds(notification):
    return [type(event) for event in notification.events]


def test_it_finds_out_the_version_and_how_to_authenticate(open_account, mailbox):
    account = open_account(mailbox, auth_type=None)
    assert account.inbox.name == "Inbox"
    assert account.protocol.auth_type == BASIC
    assert account.version.build == EXCHANGE_2010_SP2.__class__(14, 2, 390, 3)
    assert account.version.api_version == "Exchange2010_SP2"


def test_it_finds_the_folders(account):
    assert account.root.id
    assert (account.inbox.name, account.inbox.unread_count, account.inbox.total_count) == (
        "Inbox",
        0,
        0,
    )
    assert account.sent.parent_folder_id.id == account.inbox.parent_folder_id.id


def test_it_works_over_tls(tls_server, tls_mailbox, open_account, responder):
    account = open_account(tls_mailbox, auth_type=None, at=tls_server)
    id, _ = account.inbox.subscribe_to_push(responder.url())
    (first,) = responder.wait_for(1)
    assert parse(first).subscription_id == id


@pytest.mark.parametrize("folder", ["root", "inbox"])
def test_the_first_notification_is_a_status_event_that_goes_on_from_subscribe(
    account, responder, folder
):
    subscribed_to = getattr(account, folder)
    id, watermark = subscribed_to.subscribe_to_push(responder.url(), status_frequency=1440)
    notification = parse(responder.wait_for(1)[0])
    assert kinds(notification) == [StatusEvent]
    assert notification.subscription_id == id
    assert notification.previous_watermark == watermark
    assert notification.more_events is False


@pytest.mark.parametrize(
    "subscribe",
    [
        lambda account, url: account.inbox.subscribe_to_push(url),
        lambda account, url: account.subscribe_to_push(url),
    ],
    ids=["inbox", "all folders"],
)
def test_a_delivery_is_told_in_its_own_classes(server, mailbox, account, responder, subscribe):
    subscribe(account, responder.url())
    server.deliver(mailbox)
    responder.wait_for_new_mails(1)
    (notification,) = (
        parsed for push in responder.pushes if kinds(parsed := parse(push)) != [StatusEvent]
    )
    assert kinds(notification) == DELIVERY
    created, new_mail, modified = notification.events
    assert created.item_id.id == new_mail.item_id.id
    assert created.parent_folder_id.id == account.inbox.id == modified.folder_id.id
    assert modified.parent_folder_id.id == account.inbox.parent_folder_id.id
    assert modified.unread_count == 1
    assert created.timestamp == new_mail.timestamp == modified.timestamp
    assert created.timestamp is not None


def test_folders_other_than_the_subscribed_one_are_not_told_of(server, mailbox, account, responder):
    account.sent.subscribe_to_push(responder.url("/sent"))
    account.inbox.subscribe_to_push(responder.url("/inbox"))
    responder.wait_for(2)
    server.deliver(mailbox)
    responder.wait_for_new_mails(1)
    assert {push.path for push in responder.pushes[2:]} == {"/inbox"}


def test_only_the_event_types_asked_for_are_told(server, mailbox, account, responder):
    account.inbox.subscribe_to_push(responder.url(), event_types=["NewMailEvent"])
    server.deliver(mailbox)
    server.deliver(mailbox)
    responder.wait_for_new_mails(2)
    told = [event for push in responder.pushes for event in kinds(parse(push))]
    assert set(told) <= {StatusEvent, NewMailEvent}


def test_its_acknowledgements_are_understood(server, mailbox, account, responder):
    service = SendNotification(protocol=None)
    responder.otherwise = acknowledging(service.ok_payload())
    id, _ = account.inbox.subscribe_to_push(responder.url())
    server.deliver(mailbox)
    responder.wait_for_new_mails(1)
    responder.otherwise = acknowledging(service.unsubscribe_payload())
    server.deliver(mailbox)
    responder.wait_for_new_mails(2)
    ended = server.log.wait_for(
        "delivery.attempted",
        lambda line: line["subscription"] == id and line["outcome"] == "Unsubscribe",
    )
    assert ended["phase"] == "ended"
    outcomes = [
        line["outcome"]
        for line in server.log.events("delivery.attempted")
        if line["subscription"] == id
    ]
    assert outcomes[-1] == "Unsubscribe"
    assert set(outcomes[:-1]) == {"OK"}


def test_it_resumes_from_a_watermark(server, mailbox, account, responder):
    """It writes the watermark into the wrong namespace."""
    _, start = account.inbox.subscribe_to_push(responder.url("/first"))
    server.deliver(mailbox)
    responder.wait_for_new_mails(1)
    id, watermark = account.inbox.subscribe_to_push(responder.url("/again"), watermark=start)
    assert watermark == start
    responder.wait_until(lambda: any(push.path == "/again" for push in responder.pushes))
    again = parse(next(push for push in responder.pushes if push.path == "/again"))
    assert kinds(again) == DELIVERY
    assert (again.subscription_id, again.previous_watermark) == (id, start)


def test_it_unsubscribes(account, responder):
    """Exchange refuses this for push; here it is an extension."""
    id, _ = account.inbox.subscribe_to_push(responder.url())
    account.inbox.unsubscribe(id)
    with pytest.raises(errors.ErrorSubscriptionNotFound):
        account.inbox.unsubscribe(id)


@pytest.mark.parametrize(
    ("error", "arguments"),
    [
        (errors.ErrorInvalidWatermark, {"watermark": "AAAAAAAAAAA="}),
        (errors.ErrorInvalidPushSubscriptionUrl, {"callback_url": "ftp://responder.example/"}),
        (errors.ErrorInvalidPushSubscriptionUrl, {"callback_url": "http://10.0.0.1/"}),
        (errors.ErrorInvalidPushSubscriptionUrl, {"callback_url": f"http://a/{'x' * 2083}"}),
    ],
    ids=["watermark", "scheme", "private address", "too long"],
)
def test_a_refused_subscription_is_its_own_typed_error(account, responder, error, arguments):
    with pytest.raises(error):
        account.inbox.subscribe_to_push(**{"callback_url": responder.url(), **arguments})


def test_more_subscriptions_than_allowed_are_its_own_typed_error(account, responder):
    for _ in range(3):
        account.inbox.subscribe_to_push(responder.url())
    with pytest.raises(errors.ErrorExceededSubscriptionCount):
        account.inbox.subscribe_to_push(responder.url())


def test_a_subscription_of_somebody_else_is_its_own_typed_error(
    server, account, open_account, responder
):
    id, _ = account.inbox.subscribe_to_push(responder.url())
    other = open_account(server.add_mailbox("somebody.else@example.com"))
    with pytest.raises(errors.ErrorSubscriptionAccessDenied):
        other.inbox.unsubscribe(id)
    account.inbox.unsubscribe(id)


@pytest.mark.parametrize("auth_type", [BASIC, None], ids=["basic", "probing"])
def test_a_wrong_password_is_said_at_once(open_account, mailbox, checking_adapter, auth_type):
    account = open_account(mailbox, password="wrong", auth_type=auth_type)
    with at_most(2, checking_adapter), pytest.raises(errors.UnauthorizedError):
        account.inbox.refresh()


def test_what_is_not_supported_fails_cleanly(account, checking_adapter):
    assert account.inbox.name == "Inbox"
    with at_most(2, checking_adapter), pytest.raises(errors.ErrorInvalidOperation):
        account.oof_settings  # noqa: B018
