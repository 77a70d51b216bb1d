"""zeep, a SOAP client that knows nothing of EWS, works from the WSDL files alone."""

from pathlib import Path
from typing import Any

import pytest
import zeep
from lxml import etree

from support import samples
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


@pytest.mark.parametrize(
    ("name", "headers"),
    [
        ("Subscribe", ["Impersonation", "MailboxCulture", "RequestVersion"]),
        ("Unsubscribe", ["Impersonation", "MailboxCulture", "RequestVersion"]),
        ("GetFolder", ["Impersonation", "MailboxCulture", "RequestVersion", "TimeZoneContext"]),
    ],
)
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


@pytest.mark.parametrize("path", sorted(WSDL.iterdir()), ids=lambda path: path.name)
def test_files_refer_to_each_other_by_bare_name(path: Path) -> None:
    locations = etree.parse(path).xpath("//@schemaLocation | //@location[contains(., 'sd')]")
    assert set(locations) <= {"types.xsd", "messages.xsd"}
