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

RECORDED = sorted((ROOT / "tests" / "data" / "requests").rglob("*.xml"))

# exchangelib writes it in the namespace of messages; the server tolerates that.
MISPLACED_WATERMARK = {
    "exchangelib-subscribe-push-watermark",
    "exchangelib-subscribe-pull-watermark",
}

# How many documents are made of each request and of each response: those with items are larger.
OPERATIONS = {
    "GetFolder": (10, 10),
    "FindFolder": (15, 10),
    "CreateFolder": (15, 5),
    "UpdateFolder": (20, 5),
    "MoveFolder": (5, 5),
    "CopyFolder": (5, 5),
    "DeleteFolder": (5, 5),
    "EmptyFolder": (5, 5),
    "SyncFolderHierarchy": (5, 15),
    "GetItem": (15, 60),
    "FindItem": (40, 20),
    "CreateItem": (60, 5),
    "UpdateItem": (60, 10),
    "SendItem": (5, 5),
    "MoveItem": (5, 5),
    "CopyItem": (5, 5),
    "DeleteItem": (5, 5),
    "MarkAllItemsAsRead": (5, 5),
    "SyncFolderItems": (10, 20),
    "GetAttachment": (10, 15),
    "CreateAttachment": (15, 10),
    "DeleteAttachment": (5, 5),
    "ResolveNames": (5, 15),
    "ConvertId": (10, 10),
    "GetServerTimeZones": (5, 15),
    "Subscribe": (20, 5),
    "Unsubscribe": (5, 5),
    "GetEvents": (5, 20),
    "GetStreamingEvents": (5, 5),
}
HEADERS = (
    "RequestServerVersion",
    "ServerVersionInfo",
    "ExchangeImpersonation",
    "MailboxCulture",
    "DateTimePrecision",
    "ManagementRole",
    "TimeZoneContext",
)
EXAMPLES = {
    **{f"{{{MESSAGES}}}{name}": request for name, (request, _) in OPERATIONS.items()},
    **{f"{{{MESSAGES}}}{name}Response": answer for name, (_, answer) in OPERATIONS.items()},
    f"{{{MESSAGES}}}SendNotification": 20,
    f"{{{MESSAGES}}}SendNotificationResult": 5,
    **{f"{{{TYPES}}}{name}": 10 for name in HEADERS},
}

RESPONSE_MESSAGES = {f"{name}ResponseMessage" for name in (*OPERATIONS, "SendNotification")}
LEFT_OUT_KINDS = {"RoleMember", "Network", "Person"}

# Exchange sends the children of these in another namespace than its schema gives them.
STREAMED = ("GetStreamingEventsResponseMessageType", {"Notifications", "ErrorSubscriptionIds"})
OUR_TYPES = {
    f"{{{MESSAGES}}}StreamedNotificationsType",
    f"{{{MESSAGES}}}RefusedSubscriptionIdsType",
}

# One range here, a union of it and a smaller one in Microsoft's.
SAID_SHORTER = {f"{{{TYPES}}}ReminderMinutesBeforeStartType"}


def is_streamed(kind: str, element: str) -> bool:
    return kind == STREAMED[0] and element in STREAMED[1]


def left_out(kind: str, element: str) -> bool:
    """Whether `wsdl/` leaves out an element of a type; `types.xsd` and `messages.xsd` say why."""
    if kind == "ArrayOfResponseMessagesType":
        return element not in RESPONSE_MESSAGES
    return element in LEFT_OUT_KINDS or is_streamed(kind, element)


OURS = Definitions(WSDL, is_streamed)


@cache
def microsofts_definitions() -> Definitions:
    return Definitions(MICROSOFT, left_out)


def quick(examples: int) -> settings:
    return settings(
        derandomize=True,
        deadline=None,
        database=None,
        max_examples=examples,
        suppress_health_check=list(HealthCheck),
    )


def assert_valid_under_both(document: etree._Element) -> None:
    assert block_violations(compiled(MICROSOFT), document) == []
    assert block_violations(compiled(WSDL), document) == []


def assert_same_verdict(document: etree._Element, what: str = "") -> None:
    ours = block_violations(compiled(WSDL), document)
    microsofts = block_violations(compiled(MICROSOFT), document)
    assert bool(ours) == bool(microsofts), (what, ours, microsofts, etree.tostring(document))


def blocks(envelope: bytes) -> list[etree._Element]:
    """The header blocks and body elements of an envelope."""
    root = etree.fromstring(envelope)
    return [*root.iterfind(f"{{{SOAP}}}Header/*"), *root.iterfind(f"{{{SOAP}}}Body/*")]


each_document = pytest.mark.parametrize(
    "name", EXAMPLES, ids=[name.rpartition("}")[2] for name in EXAMPLES]
)


@needs_microsoft_schema
@pytest.mark.parametrize("name", sorted(OURS.elements.keys() | OURS.types.keys()))
def test_every_definition_means_what_microsofts_means(name: str) -> None:
    if name not in OUR_TYPES | SAID_SHORTER:
        assert OURS.described(name) == microsofts_definitions().described(name)


def test_every_element_of_the_contract_is_compared() -> None:
    messages = {name for name in OURS.elements if MESSAGES in name}
    assert messages <= EXAMPLES.keys() <= OURS.elements.keys()


@needs_microsoft_schema
@each_document
def test_documents_made_from_our_schema_are_valid_under_both(name: str) -> None:
    @quick(EXAMPLES[name])
    @given(document=documents(OURS, [name]))
    def check(document: etree._Element) -> None:
        assert_valid_under_both(document)

    check()


@needs_microsoft_schema
@each_document
def test_documents_made_from_microsofts_schema_are_valid_under_both(name: str) -> None:
    @quick(EXAMPLES[name])
    @given(document=documents(microsofts_definitions(), [name]))
    def check(document: etree._Element) -> None:
        assert_valid_under_both(document)

    check()


@needs_microsoft_schema
@each_document
def test_a_changed_document_has_the_same_verdict(name: str) -> None:
    @quick(EXAMPLES[name])
    @given(document=documents(OURS, [name]), data=st.data())
    def check(document: etree._Element, data: st.DataObject) -> None:
        for _ in range(2):
            position = data.draw(st.integers(0, sum(1 for _ in document.iter()) - 1))
            what = data.draw(st.sampled_from(list(CHANGES)))
            document = changed(document, position, CHANGES[what])
            assert_same_verdict(document, what)

    check()


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
    assert bool(our_violations(envelope)) == bool(microsoft_violations(envelope))


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_recorded_request_is_valid_but_for_the_place_of_a_watermark(path: Path) -> None:
    envelope = path.read_bytes()
    if path.stem in MISPLACED_WATERMARK:
        assert our_violations(envelope) != []
        envelope = envelope.replace(b"m:Watermark>", b"t:Watermark>")
    assert our_violations(envelope) == []


@needs_microsoft_schema
@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_changed_recorded_request_has_the_same_verdict(path: Path) -> None:
    *_, body = blocks(path.read_bytes())

    @quick(10)
    @given(
        position=st.integers(0, sum(1 for _ in body.iter()) - 1),
        what=st.sampled_from(list(CHANGES)),
    )
    def check(position: int, what: str) -> None:
        assert_same_verdict(changed(body, position, CHANGES[what]), what)

    check()


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
    "name of another operation": ("m:Subscribe>", "m:GetEvents>"),
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


def answer(operation: str, content: str) -> str:
    message = f"m:{operation}ResponseMessage"
    return (
        f'<m:{operation}Response xmlns:m="{MESSAGES}" xmlns:t="{TYPES}"><m:ResponseMessages>'
        f'<{message} ResponseClass="Success">{content}</{message}></m:ResponseMessages>'
        f"</m:{operation}Response>"
    )


LEFT_OUT = {
    **{
        f"item kind {kind}": answer("GetItem", f"<m:Items><t:{kind}/></m:Items>")
        for kind in sorted(LEFT_OUT_KINDS)
    },
    "response message of another operation": answer("GetItem", "<m:Items/>").replace(
        "GetItemResponseMessage", "ArchiveItemResponseMessage"
    ),
    "other operation": f'<m:GetRoomLists xmlns:m="{MESSAGES}"/>',
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


STREAMED_NOTIFICATION = (
    "<m:Notifications><{0}:Notification><t:SubscriptionId>x</t:SubscriptionId><t:StatusEvent/>"
    "</{0}:Notification></m:Notifications>"
)
REFUSED_ID = (
    "<m:ErrorSubscriptionIds><{0}:SubscriptionId>x</{0}:SubscriptionId></m:ErrorSubscriptionIds>"
)


@needs_microsoft_schema
@pytest.mark.parametrize("content", [STREAMED_NOTIFICATION, REFUSED_ID], ids=["event", "id"])
def test_streamed_events_are_valid_as_exchange_sends_them(content: str) -> None:
    sent, published = (
        etree.fromstring(answer("GetStreamingEvents", content.format(prefix))) for prefix in "mt"
    )
    assert block_violations(compiled(WSDL), sent) == []
    assert block_violations(compiled(MICROSOFT), sent) != []
    assert block_violations(compiled(WSDL), published) != []
    assert block_violations(compiled(MICROSOFT), published) == []


@needs_microsoft_schema
@pytest.mark.parametrize(
    "minutes", ["-1", "0", "2629800", "2629801", "1525252321", "1525252322", "1.0", ""]
)
def test_minutes_before_a_reminder_have_the_same_bounds(minutes: str) -> None:
    reminder = f"<t:ReminderMinutesBeforeStart>{minutes}</t:ReminderMinutesBeforeStart>"
    item = f"<m:Items><t:CalendarItem>{reminder}</t:CalendarItem></m:Items>"
    assert_same_verdict(etree.fromstring(answer("GetItem", item)))


@pytest.mark.parametrize("error", EwsError.__subclasses__())
def test_the_code_of_every_error_is_in_the_contract(error: type[EwsError]) -> None:
    codes = OURS.types[f"{{{MESSAGES}}}ResponseCodeType"].iter("{*}enumeration")
    assert error.response_code in {code.get("value") for code in codes}
