"""`wsdl/` has the same verdict as Microsoft's schema, but for what it leaves out on purpose."""

from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from ewspush.core.errors import EwsError
from support import samples
from support.document_changes import CHANGES, changed, single_changes
from support.schema_documents import Definitions, documents
from support.schemas import (
    MESSAGES,
    MICROSOFT,
    ROOT,
    SOAP,
    TYPES,
    WSDL,
    block_violations,
    compiled,
    microsoft_violations,
    needs_microsoft_schema,
    our_violations,
)

OURS = Definitions(WSDL)
RECORDED = sorted((ROOT / "tests" / "data" / "requests").glob("*.xml"))

DOCUMENTS = [
    f"{{{MESSAGES}}}{name}"
    for name in (
        "Subscribe",
        "SubscribeResponse",
        "Unsubscribe",
        "UnsubscribeResponse",
        "GetFolder",
        "GetFolderResponse",
        "SendNotification",
        "SendNotificationResult",
    )
] + [
    f"{{{TYPES}}}{name}"
    for name in (
        "RequestServerVersion",
        "ServerVersionInfo",
        "ExchangeImpersonation",
        "MailboxCulture",
        "DateTimePrecision",
        "ManagementRole",
        "TimeZoneContext",
    )
]

RESPONSE_MESSAGES = {
    "SubscribeResponseMessage",
    "UnsubscribeResponseMessage",
    "GetFolderResponseMessage",
    "SendNotificationResponseMessage",
}
LEFT_OUT_OF_FOLDERS = {"PermissionSet", "SearchParameters"}

quick = settings(
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=200,
    suppress_health_check=list(HealthCheck),
)


def left_out(kind: str, element: str) -> bool:
    """Whether `wsdl/` leaves out an element of a type; `types.xsd` and `messages.xsd` say why."""
    if kind == "ArrayOfResponseMessagesType":
        return element not in RESPONSE_MESSAGES
    return element in LEFT_OUT_OF_FOLDERS


@cache
def microsofts_definitions() -> Definitions:
    return Definitions(MICROSOFT, left_out)


def assert_same_verdict(document: etree._Element, what: str = "") -> None:
    ours = block_violations(compiled(WSDL), document)
    microsofts = block_violations(compiled(MICROSOFT), document)
    assert bool(ours) == bool(microsofts), (what, ours, microsofts, etree.tostring(document))


def blocks(envelope: bytes) -> list[etree._Element]:
    """The header blocks and body elements of an envelope."""
    root = etree.fromstring(envelope)
    return [*root.iterfind(f"{{{SOAP}}}Header/*"), *root.iterfind(f"{{{SOAP}}}Body/*")]


def of_operations_that_exist(envelope: bytes) -> bool:
    return all(str(block.tag) in OURS.elements for block in blocks(envelope))


@needs_microsoft_schema
@pytest.mark.parametrize("name", sorted(OURS.elements.keys() | OURS.types.keys()))
def test_every_definition_means_what_microsofts_means(name: str) -> None:
    assert OURS.described(name) == microsofts_definitions().described(name)


@needs_microsoft_schema
@quick
@given(document=documents(OURS, DOCUMENTS))
def test_documents_made_from_our_schema_are_valid_under_both(document: etree._Element) -> None:
    assert block_violations(compiled(WSDL), document) == []
    assert block_violations(compiled(MICROSOFT), document) == []


@needs_microsoft_schema
@quick
@given(data=st.data())
def test_documents_made_from_microsofts_schema_are_valid_under_both(data: st.DataObject) -> None:
    document = data.draw(documents(microsofts_definitions(), DOCUMENTS))
    assert block_violations(compiled(MICROSOFT), document) == []
    assert block_violations(compiled(WSDL), document) == []


@needs_microsoft_schema
@quick
@given(document=documents(OURS, DOCUMENTS), data=st.data())
def test_a_changed_document_has_the_same_verdict(
    document: etree._Element, data: st.DataObject
) -> None:
    for _ in range(2):
        position = data.draw(st.integers(0, sum(1 for _ in document.iter()) - 1))
        what = data.draw(st.sampled_from(list(CHANGES)))
        document = changed(document, position, CHANGES[what])
        assert_same_verdict(document, what)


@pytest.mark.parametrize("name", samples.NAMES)
def test_only_the_header_with_white_space_makes_a_sample_invalid(name: str) -> None:
    complaint = (
        f"line 1: Element '{{{TYPES}}}RequestServerVersion': Character content is not allowed, "
        "because the content type is empty."
    )
    expected = [complaint] if name == "send-notification" else []
    assert our_violations(samples.readable(name)) == expected


@pytest.mark.parametrize("name", ["ack-ok", "ack-unsubscribe", "status-event"])
def test_some_samples_are_not_well_formed_as_printed(name: str) -> None:
    [violation] = our_violations(samples.printed(name))
    assert violation.startswith("not well-formed: ")


@needs_microsoft_schema
@pytest.mark.parametrize("name", samples.NAMES)
def test_a_sample_has_the_same_verdict(name: str) -> None:
    envelope = samples.readable(name)
    assert our_violations(envelope) == microsoft_violations(envelope)


@needs_microsoft_schema
@pytest.mark.parametrize("name", samples.NAMES)
def test_a_sample_with_any_one_change_has_the_same_verdict(name: str) -> None:
    for block in blocks(samples.readable(name)):
        for what, document in single_changes(block):
            assert_same_verdict(document, what)


@needs_microsoft_schema
@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_recorded_request_has_the_same_verdict(path: Path) -> None:
    envelope = path.read_bytes()
    if of_operations_that_exist(envelope):
        assert bool(our_violations(envelope)) == bool(microsoft_violations(envelope))
    else:
        assert our_violations(envelope) != []


REFUSED = {
    "no StatusFrequency": ("<t:StatusFrequency>1</t:StatusFrequency>", ""),
    "StatusFrequency too small": ("Frequency>1<", "Frequency>0<"),
    "StatusFrequency too large": ("Frequency>1<", "Frequency>1441<"),
    "StatusFrequency no number": ("Frequency>1<", "Frequency>PT1M<"),
    "no URL": ("<t:URL>https://YOUR_PUSH_RESPONDER_URL</t:URL>", ""),
    "URL in lower case": ("t:URL>", "t:Url>"),
    "URL before StatusFrequency": (
        "<t:StatusFrequency>1</t:StatusFrequency>",
        "<t:URL>http://a/</t:URL><t:StatusFrequency>1</t:StatusFrequency>",
    ),
    "StatusEvent subscribed": ("MovedEvent", "StatusEvent"),
    "unknown folder name": ('Id="inbox"', 'Id="Inbox"'),
    "folder without Id": ('Id="inbox"', ""),
    "no folder in FolderIds": ('<t:DistinguishedFolderId Id="inbox" />', ""),
    "empty Watermark": ("</t:EventTypes>", "</t:EventTypes><t:Watermark/>"),
    "Watermark among the messages": (
        "</t:EventTypes>",
        "</t:EventTypes><m:Watermark>AA==</m:Watermark>",
    ),
    "wrong namespace of the operation": ("2006/messages", "2006/types"),
    "operation that does not exist": ("m:Subscribe>", "m:GetEvents>"),
}


@pytest.mark.parametrize("change", REFUSED.values(), ids=REFUSED)
def test_a_wrong_subscribe_is_refused(change: tuple[str, str]) -> None:
    printed = samples.printed("subscribe-request").decode()
    assert our_violations(printed.replace(*change).encode()) != []


ACCEPTED = {
    "ids and names of folders mixed": (
        '<t:DistinguishedFolderId Id="inbox" />',
        '<t:DistinguishedFolderId Id="inbox"/><t:FolderId Id="x"/>'
        '<t:DistinguishedFolderId Id="drafts" ChangeKey="y"/>',
    ),
    "Watermark": ("</t:EventTypes>", "</t:EventTypes><t:Watermark>AA==</t:Watermark>"),
    "CallerData": ("</t:URL>", "</t:URL><t:CallerData/>"),
    "all folders": (
        "<m:PushSubscriptionRequest>",
        '<m:PushSubscriptionRequest SubscribeToAllFolders="1">',
    ),
}


@pytest.mark.parametrize("change", ACCEPTED.values(), ids=ACCEPTED)
def test_every_form_of_a_push_subscription_is_accepted(change: tuple[str, str]) -> None:
    printed = samples.printed("subscribe-request").decode()
    assert change[0] in printed
    assert our_violations(printed.replace(*change).encode()) == []


FOLDER = (
    f'<m:GetFolderResponse xmlns:m="{MESSAGES}" xmlns:t="{TYPES}"><m:ResponseMessages>'
    '<m:GetFolderResponseMessage ResponseClass="Success"><m:Folders><t:SearchFolder>'
    "%s</t:SearchFolder></m:Folders></m:GetFolderResponseMessage></m:ResponseMessages>"
    "</m:GetFolderResponse>"
)
OTHER_RESPONSE = (
    f'<m:GetFolderResponse xmlns:m="{MESSAGES}"><m:ResponseMessages>'
    '<m:SendItemResponseMessage ResponseClass="Success"/></m:ResponseMessages>'
    "</m:GetFolderResponse>"
)
RESTRICTION = (
    '<t:SearchParameters><t:Restriction><t:Exists><t:FieldURI FieldURI="item:Body"/></t:Exists>'
    '</t:Restriction><t:BaseFolderIds><t:FolderId Id="x"/></t:BaseFolderIds></t:SearchParameters>'
)
LEFT_OUT = {
    "PermissionSet": FOLDER % "<t:PermissionSet><t:Permissions/></t:PermissionSet>",
    "SearchParameters": FOLDER % RESTRICTION,
    "response message of another operation": OTHER_RESPONSE,
    "other operation": f'<m:GetServerTimeZones xmlns:m="{MESSAGES}"/>',
    "header block of another operation": (
        f'<t:SharingSecurity xmlns:t="{TYPES}"><x xmlns="y"/></t:SharingSecurity>'
    ),
}


@pytest.mark.parametrize("document", LEFT_OUT.values(), ids=LEFT_OUT)
def test_what_is_left_out_is_refused(document: str) -> None:
    assert block_violations(compiled(WSDL), etree.fromstring(document)) != []


@needs_microsoft_schema
@pytest.mark.parametrize("document", LEFT_OUT.values(), ids=LEFT_OUT)
def test_what_is_left_out_is_valid_for_microsoft(document: str) -> None:
    assert block_violations(compiled(MICROSOFT), etree.fromstring(document)) == []


@pytest.mark.parametrize("error", EwsError.__subclasses__())
def test_the_code_of_every_error_is_in_the_contract(error: type[EwsError]) -> None:
    codes = OURS.types[f"{{{MESSAGES}}}ResponseCodeType"].iter("{*}enumeration")
    assert error.response_code in {code.get("value") for code in codes}
