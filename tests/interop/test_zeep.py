"""zeep as a client made from the WSDL that the server serves."""

import pytest
from lxml.etree import QName
from zeep.exceptions import Fault

from ewspush.core.server_version import ServerVersion
from ewspush.endpoint.ews.framework import Framework
from support.ews import ALL_TYPES

INBOX = {"_value_1": [{"DistinguishedFolderId": {"Id": "inbox"}}]}


@pytest.fixture
def service(connect):
    return connect().service


def types(*names):
    return {"_value_1": [{"EventType": name} for name in names]}


def push_request(url, **more):
    return {
        "FolderIds": INBOX,
        "EventTypes": types(*ALL_TYPES),
        "StatusFrequency": 5,
        "URL": url,
        **more,
    }


def message_of(answer):
    (message,) = answer.body.ResponseMessages._value_1
    ((_, content),) = message.items()
    return content


@pytest.mark.parametrize(
    "path", ["/EWS/Services.wsdl", "/EWS/Exchange.asmx?wsdl", "/ews/exchange.asmx?WSDL"]
)
def test_the_wsdl_resolves_and_points_to_this_server(server, connect, path):
    client = connect(path)
    assert client.service._binding_options["address"] == server.url()
    done = {QName(name).localname for name in Framework(ServerVersion()).operations}
    assert set(client.service._binding.all()) == done


def test_over_tls_the_wsdl_points_to_https(tls_server, tls_mailbox, connect):
    client = connect(at=tls_server, owner=tls_mailbox)
    assert client.service._binding_options["address"] == tls_server.url()
    assert tls_server.url().startswith("https://127.0.0.1:")
    answer = client.service.GetFolder(FolderShape={"BaseShape": "IdOnly"}, FolderIds=INBOX)
    assert message_of(answer).ResponseCode == "NoError"


def test_a_folder_has_typed_properties(service):
    answer = service.GetFolder(FolderShape={"BaseShape": "Default"}, FolderIds=INBOX)
    version = answer.header.ServerVersion
    assert (version.MajorVersion, version.MinorVersion, version.Version) == (
        14,
        2,
        "Exchange2010_SP2",
    )
    message = message_of(answer)
    assert (message.ResponseClass, message.ResponseCode) == ("Success", "NoError")
    (folder,) = message.Folders._value_1
    assert folder["Folder"].DisplayName == "Inbox"
    assert folder["Folder"].TotalCount == 0


def test_a_subscription_by_the_folders_id_is_told_of_mail(server, mailbox, service, responder):
    answer = service.GetFolder(FolderShape={"BaseShape": "IdOnly"}, FolderIds=INBOX)
    inbox = message_of(answer).Folders._value_1[0]["Folder"].FolderId
    by_id = {"_value_1": [{"FolderId": {"Id": inbox.Id, "ChangeKey": inbox.ChangeKey}}]}
    subscribed = message_of(
        service.Subscribe(
            PushSubscriptionRequest=push_request(responder.url(), FolderIds=by_id),
            _soapheaders={"RequestVersion": {"Version": "Exchange2013_SP1"}},
        )
    )
    server.deliver(mailbox)
    first = responder.wait_for_new_mails(1)[0]
    assert first.received.subscription == subscribed.SubscriptionId
    assert first.received.previous == subscribed.Watermark
    assert b'Version="Exchange2013_SP1"' in first.body


def test_unsubscribing_twice_is_a_typed_error_message(service, responder):
    subscribed = message_of(
        service.Subscribe(PushSubscriptionRequest=push_request(responder.url()))
    )
    done = message_of(service.Unsubscribe(SubscriptionId=subscribed.SubscriptionId))
    assert (done.ResponseClass, done.ResponseCode) == ("Success", "NoError")
    again = message_of(service.Unsubscribe(SubscriptionId=subscribed.SubscriptionId))
    assert (again.ResponseClass, again.ResponseCode, again.DescriptiveLinkKey) == (
        "Error",
        "ErrorSubscriptionNotFound",
        0,
    )


def test_events_are_pulled_by_their_types(server, mailbox, service):
    pull = {"FolderIds": INBOX, "EventTypes": types("NewMailEvent"), "Timeout": 10}
    subscribed = message_of(service.Subscribe(PullSubscriptionRequest=pull))
    server.deliver(mailbox)
    pulled = message_of(
        service.GetEvents(SubscriptionId=subscribed.SubscriptionId, Watermark=subscribed.Watermark)
    )
    assert pulled.Notification.PreviousWatermark == subscribed.Watermark
    (event,) = pulled.Notification._value_1
    assert event["NewMailEvent"].ItemId.Id


def test_a_fault_is_raised_with_its_code_and_detail(service):
    with pytest.raises(Fault) as raised:
        service.GetStreamingEvents(
            SubscriptionIds={"SubscriptionId": ["nonsense"] * 1001}, ConnectionTimeout=1
        )
    assert raised.value.code.endswith("ErrorDataSizeLimitExceeded")
    assert "1000 subscriptions at most" in raised.value.message
    assert raised.value.detail.findtext("{*}ResponseCode") == "ErrorDataSizeLimitExceeded"
