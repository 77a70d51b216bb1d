"""zeep, a SOAP client that knows nothing of EWS, works from the WSDL files alone."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import zeep
from lxml import etree

from support import samples
from support.schema_documents import Definitions
from support.schemas import (
    MESSAGES,
    SOAP,
    TYPES,
    WSDL,
    microsoft_violations,
    needs_microsoft_schema,
    our_violations,
)

ADDRESS = "http://localhost/EWS/Exchange.asmx"


@pytest.fixture(scope="module")
def services() -> zeep.Client:
    return zeep.Client(str(WSDL / "services.wsdl"))


@pytest.fixture(scope="module")
def notification() -> zeep.Client:
    return zeep.Client(str(WSDL / "notification.wsdl"))


def operation(client: zeep.Client, name: str) -> Any:
    [binding] = client.wsdl.bindings.values()
    return binding.get(name)


def header_parts(message: Any) -> dict[str, str]:
    return {name: element.qname.text for name, element in message.header.type.elements}


@pytest.fixture(scope="module")
def subscribe(services: zeep.Client) -> bytes:
    """A Subscribe envelope as zeep writes it, with every header block that the WSDL names."""
    envelope = services.create_message(
        services.service,
        "Subscribe",
        PushSubscriptionRequest={
            "SubscribeToAllFolders": False,
            "FolderIds": {
                "_value_1": [{"DistinguishedFolderId": {"Id": "inbox"}}, {"FolderId": {"Id": "x"}}]
            },
            "EventTypes": {"_value_1": [{"EventType": "NewMailEvent"}]},
            "Watermark": "AAAAAAAAAAA=",
            "StatusFrequency": 1,
            "URL": "https://responder.example/?a=1&b=2",
        },
        _soapheaders={
            "RequestVersion": {"Version": "Exchange2010_SP2"},
            "MailboxCulture": {"_value_1": "en-US"},
            "Impersonation": {"ConnectingSID": {"SmtpAddress": "user@example.com"}},
        },
    )
    return etree.tostring(envelope)


def test_a_subscribe_that_zeep_writes_is_valid(subscribe: bytes) -> None:
    assert our_violations(subscribe) == []
    root = etree.fromstring(subscribe)
    headers = root.iterfind(f"{{{SOAP}}}Header/*")
    assert {etree.QName(header).localname for header in headers} == {
        "RequestServerVersion",
        "MailboxCulture",
        "ExchangeImpersonation",
    }
    ids = root.iterfind(f"{{{SOAP}}}Body/{{{MESSAGES}}}Subscribe//{{{TYPES}}}FolderIds/*")
    assert [etree.QName(one).localname for one in ids] == ["DistinguishedFolderId", "FolderId"]


@needs_microsoft_schema
def test_a_subscribe_that_zeep_writes_is_valid_for_microsoft(subscribe: bytes) -> None:
    assert microsoft_violations(subscribe) == []


COMMON = ["Impersonation", "MailboxCulture", "RequestVersion"]
WITH_ZONE = [*COMMON, "TimeZoneContext"]
WITH_PRECISION = ["DateTimePrecision", *WITH_ZONE]
OPERATIONS = {
    "GetFolder": WITH_ZONE,
    "FindFolder": WITH_ZONE,
    "CreateFolder": WITH_ZONE,
    "UpdateFolder": WITH_ZONE,
    "MoveFolder": COMMON,
    "CopyFolder": COMMON,
    "DeleteFolder": COMMON,
    "EmptyFolder": COMMON,
    "SyncFolderHierarchy": COMMON,
    "GetItem": WITH_PRECISION,
    "FindItem": WITH_PRECISION,
    "CreateItem": WITH_ZONE,
    "UpdateItem": WITH_ZONE,
    "SendItem": COMMON,
    "MoveItem": COMMON,
    "CopyItem": COMMON,
    "DeleteItem": COMMON,
    "MarkAllItemsAsRead": COMMON,
    "SyncFolderItems": COMMON,
    "GetAttachment": WITH_ZONE,
    "CreateAttachment": WITH_ZONE,
    "DeleteAttachment": COMMON,
    "ResolveNames": COMMON,
    "ConvertId": ["Impersonation", "RequestVersion"],
    "GetServerTimeZones": ["MailboxCulture", "RequestVersion"],
    "Subscribe": COMMON,
    "Unsubscribe": COMMON,
    "GetEvents": COMMON,
    "GetStreamingEvents": COMMON,
}


@pytest.mark.parametrize(("name", "headers"), OPERATIONS.items(), ids=OPERATIONS)
def test_an_operation_is_declared_as_exchange_declares_it(
    services: zeep.Client, name: str, headers: list[str]
) -> None:
    declared = operation(services, name)
    assert declared.style == "document"
    assert declared.soapaction == f"{MESSAGES}/{name}"
    assert declared.input.body.qname.text == f"{{{MESSAGES}}}{name}"
    assert declared.output.body.qname.text == f"{{{MESSAGES}}}{name}Response"
    assert sorted(header_parts(declared.input)) == headers
    assert header_parts(declared.output) == {"ServerVersion": f"{{{TYPES}}}ServerVersionInfo"}


def test_every_operation_of_the_schema_is_declared_and_no_other(services: zeep.Client) -> None:
    names = {etree.QName(name).localname for name in Definitions(WSDL).elements if MESSAGES in name}
    answered = {name for name in names if f"{name}Response" in names}
    assert set(services.service._binding.all()) == answered == set(OPERATIONS)


TEXT = {"_value_1": "<p>Thanks</p>", "BodyType": "HTML"}
REQUESTS: dict[str, tuple[str, dict[str, Any]]] = {
    "message and reply": (
        "CreateItem",
        {
            "MessageDisposition": "SendAndSaveCopy",
            "Items": {
                "_value_1": [
                    {"Message": {"Subject": "Hello", "Body": TEXT, "IsRead": True}},
                    {"ReplyAllToItem": {"ReferenceItemId": {"Id": "x"}, "NewBodyContent": TEXT}},
                ]
            },
        },
    ),
    "folder": (
        "CreateFolder",
        {
            "ParentFolderId": {"DistinguishedFolderId": {"Id": "inbox"}},
            "Folders": {"_value_1": [{"Folder": {"DisplayName": "Orders"}}]},
        },
    ),
    "sorted page": (
        "FindItem",
        {
            "Traversal": "Shallow",
            "ItemShape": {"BaseShape": "IdOnly"},
            "IndexedPageItemView": {"Offset": 0, "BasePoint": "Beginning"},
            "ParentFolderIds": {"_value_1": [{"DistinguishedFolderId": {"Id": "inbox"}}]},
            "QueryString": "subject:order",
        },
    ),
    "pull": (
        "Subscribe",
        {
            "PullSubscriptionRequest": {
                "SubscribeToAllFolders": True,
                "EventTypes": {"_value_1": [{"EventType": "NewMailEvent"}]},
                "Timeout": 10,
            }
        },
    ),
    "recurring task": (
        "CreateItem",
        {
            "Items": {
                "_value_1": [
                    {
                        "Task": {
                            "Recurrence": {
                                "WeeklyRegeneration": {"Interval": 2},
                                "NoEndRecurrence": {"StartDate": date(2026, 3, 1)},
                            }
                        }
                    }
                ]
            }
        },
    ),
}


@pytest.mark.parametrize(("name", "content"), REQUESTS.values(), ids=REQUESTS)
def test_a_request_that_zeep_writes_is_valid(
    services: zeep.Client, name: str, content: dict[str, Any]
) -> None:
    written = etree.tostring(services.create_message(services.service, name, **content))
    assert our_violations(written) == []
    assert microsoft_violations(written) in (None, [])


def envelope(body: str) -> etree._Element:
    return etree.fromstring(
        f'<s:Envelope xmlns:s="{SOAP}" xmlns:m="{MESSAGES}" xmlns:t="{TYPES}"><s:Body>{body}'
        "</s:Body></s:Envelope>"
    )


def answer(name: str, content: str) -> etree._Element:
    message = f"m:{name}ResponseMessage"
    return envelope(
        f"<m:{name}Response><m:ResponseMessages>"
        f'<{message} ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>{content}'
        f"</{message}></m:ResponseMessages></m:{name}Response>"
    )


def read(services: zeep.Client, name: str, content: str) -> Any:
    [message] = (
        operation(services, name)
        .output.deserialize(answer(name, content))
        .body["ResponseMessages"]["_value_1"]
    )
    return message[f"{name}ResponseMessage"]


def test_items_of_different_kinds_are_read_from_the_wsdl(services: zeep.Client) -> None:
    content = (
        "<m:Items><t:Message><t:Subject>a</t:Subject><t:IsRead>1</t:IsRead></t:Message>"
        "<t:Task><t:PercentComplete>50</t:PercentComplete></t:Task></m:Items>"
    )
    first, second = read(services, "GetItem", content).Items._value_1
    assert (first["Message"].Subject, first["Message"].IsRead) == ("a", True)
    assert second["Task"].PercentComplete == 50


def test_changes_are_read_from_the_wsdl_in_their_order(services: zeep.Client) -> None:
    content = (
        "<m:SyncState>s</m:SyncState><m:Changes><t:Delete><t:ItemId Id='x'/></t:Delete>"
        "<t:Create><t:PostItem><t:Subject>a</t:Subject></t:PostItem></t:Create></m:Changes>"
    )
    deleted, created = read(services, "SyncFolderItems", content).Changes._value_1
    assert deleted["Delete"].ItemId.Id == "x"
    assert created["Create"].PostItem.Subject == "a"


def test_streamed_events_are_read_from_the_wsdl(services: zeep.Client) -> None:
    content = (
        "<m:Notifications><m:Notification><t:SubscriptionId>x</t:SubscriptionId><t:NewMailEvent>"
        "<t:TimeStamp>2026-03-01T09:30:00Z</t:TimeStamp><t:ItemId Id='i'/><t:ParentFolderId Id='f'"
        "/></t:NewMailEvent></m:Notification></m:Notifications>"
    )
    [notification] = read(services, "GetStreamingEvents", content).Notifications.Notification
    [event] = notification._value_1
    assert event["NewMailEvent"].ItemId.Id == "i"


def test_a_subscribe_response_is_read_from_the_wsdl(services: zeep.Client) -> None:
    envelope = etree.fromstring(samples.readable("subscribe-response"))
    answer = operation(services, "Subscribe").output.deserialize(envelope)
    assert answer.header.ServerVersion.Version == "Exchange2010_SP2"
    [message] = answer.body.ResponseMessages._value_1
    assert message["SubscribeResponseMessage"].ResponseCode == "NoError"
    assert message["SubscribeResponseMessage"].Watermark == "AAAAAAA="


def test_the_address_to_replace_stands_once_in_services_wsdl(services: zeep.Client) -> None:
    assert (WSDL / "services.wsdl").read_text().count(ADDRESS) == 1
    assert services.service._binding_options["address"] == ADDRESS


def test_a_responder_implements_send_notification(notification: zeep.Client) -> None:
    declared = operation(notification, "SendNotification")
    assert declared.soapaction == f"{MESSAGES}/SendNotification"
    assert declared.input.body.qname.text == f"{{{MESSAGES}}}SendNotification"
    assert declared.output.body.qname.text == f"{{{MESSAGES}}}SendNotificationResult"
    version = {"RequestVersion": f"{{{TYPES}}}RequestServerVersion"}
    assert header_parts(declared.input) == version


@pytest.mark.parametrize(("name", "status"), [("ack-ok", "OK"), ("ack-unsubscribe", "Unsubscribe")])
def test_an_acknowledgement_is_read_from_the_wsdl(
    notification: zeep.Client, name: str, status: str
) -> None:
    envelope = etree.fromstring(samples.readable(name))
    declared = operation(notification, "SendNotification")
    assert declared.output.deserialize(envelope) == status


FILES = sorted(WSDL.iterdir())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_files_refer_to_each_other_by_bare_name(path: Path) -> None:
    locations = etree.parse(path).xpath("//@schemaLocation | //@location[contains(., 'sd')]")
    assert set(locations) <= {file.name for file in FILES}


def test_every_part_of_the_schema_is_included_once() -> None:
    included = [
        location
        for name in ("types.xsd", "messages.xsd")
        for location in etree.parse(WSDL / name).xpath("/*/*[local-name() = 'include']/@*")
    ]
    parts = [path.name for path in FILES if path.suffix == ".xsd"]
    assert sorted([*included, "mailboxes.xsd", "messages.xsd", "types.xsd"]) == parts
