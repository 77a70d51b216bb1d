"""The strict reader accepts good envelopes, and names what is wrong with each broken one."""

import re
from base64 import b64encode

import pytest

from support.strict_reader import (
    Chain,
    challenge_problems,
    notification_problems,
    response_problems,
    streaming_problems,
)

M = "http://schemas.microsoft.com/exchange/services/2006/messages"
T = "http://schemas.microsoft.com/exchange/services/2006/types"
E = "http://schemas.microsoft.com/exchange/services/2006/errors"
DECLARATION = '<?xml version="1.0" encoding="utf-8"?>'
ENVELOPE = (
    DECLARATION
    + '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"'
    + f' xmlns:m="{M}" xmlns:t="{T}">'
    + "<soap:Header>{header}</soap:Header><soap:Body>{body}</soap:Body></soap:Envelope>"
)
SEND_HEADERS = {
    "Content-Type": "text/xml; charset=utf-8",
    "SOAPAction": f'"{M}/SendNotification"',
    "Accept": "text/xml",
    "User-Agent": "ewspush/0.1.0",
}
ANSWER_HEADERS = {"Content-Type": "text/xml; charset=utf-8"}
BASE = 1 << 40


def watermark(sequence: int) -> str:
    return b64encode((BASE + sequence).to_bytes(8, "little")).decode()


def send_notification(response_class: str, content: str) -> str:
    return ENVELOPE.format(
        header='<t:RequestServerVersion Version="Exchange2010_SP2"/>',
        body=(
            "<m:SendNotification><m:ResponseMessages><m:SendNotificationResponseMessage"
            f' ResponseClass="{response_class}">{content}</m:SendNotificationResponseMessage>'
            "</m:ResponseMessages></m:SendNotification>"
        ),
    )


def notification(previous: int, *events: str, more: str = "false") -> str:
    return send_notification(
        "Success",
        "<m:ResponseCode>NoError</m:ResponseCode><m:Notification>"
        "<t:SubscriptionId>c3ViLTE=</t:SubscriptionId>"
        f"<t:PreviousWatermark>{watermark(previous)}</t:PreviousWatermark>"
        f"<t:MoreEvents>{more}</t:MoreEvents>{''.join(events)}</m:Notification>",
    )


def event(name: str, sequence: int, kind: str = "Item", rest: str = "") -> str:
    return (
        f"<t:{name}><t:Watermark>{watermark(sequence)}</t:Watermark>"
        f'<t:TimeStamp>2026-03-01T09:30:00Z</t:TimeStamp><t:{kind}Id Id="b25l" ChangeKey="AQ=="/>'
        f'<t:ParentFolderId Id="cGFyZW50"/>{rest}</t:{name}>'
    )


def status(sequence: int) -> str:
    return f"<t:StatusEvent><t:Watermark>{watermark(sequence)}</t:Watermark></t:StatusEvent>"


def answer(body: str) -> str:
    return ENVELOPE.format(
        header=(
            '<t:ServerVersionInfo MajorVersion="14" MinorVersion="2" MajorBuildNumber="390"'
            ' MinorBuildNumber="3" Version="Exchange2010_SP2"/>'
        ),
        body=body,
    )


def response(operation: str, *messages: str) -> str:
    return answer(
        f"<m:{operation}Response><m:ResponseMessages>{''.join(messages)}</m:ResponseMessages>"
        f"</m:{operation}Response>"
    )


def message(operation: str, response_class: str, content: str) -> str:
    name = f"m:{operation}ResponseMessage"
    return f'<{name} ResponseClass="{response_class}">{content}</{name}>'


def fault(code: str, message_xml: str = "") -> str:
    return answer(
        f'<soap:Fault><faultcode xmlns:a="{T}">a:{code}</faultcode>'
        '<faultstring xml:lang="en-US">The request failed.</faultstring><detail>'
        f'<e:ResponseCode xmlns:e="{E}">{code}</e:ResponseCode>'
        f'<e:Message xmlns:e="{E}">The request failed.</e:Message>{message_xml}'
        "</detail></soap:Fault>"
    )


UNREAD = "<t:UnreadCount>3</t:UnreadCount>"
DELIVERY = notification(
    7,
    event("CreatedEvent", 8),
    event("NewMailEvent", 9),
    event("ModifiedEvent", 11, "Folder", UNREAD),
)
MOVE = notification(
    7,
    event("MovedEvent", 8, rest='<t:OldItemId Id="b2xk"/><t:OldParentFolderId Id="d2FzaW4="/>'),
    event(
        "CopiedEvent",
        9,
        "Folder",
        '<t:OldFolderId Id="b2xk"/><t:OldParentFolderId Id="d2FzaW4="/>',
    ),
    more="true",
)
OTHERS = notification(
    7,
    event("DeletedEvent", 8, "Folder"),
    event("FreeBusyChangedEvent", 9),
    event("ModifiedEvent", 10),
)
STATUS = notification(7, status(7))
STATUS_AHEAD = notification(7, status(12))
ERROR_HEAD = (
    "<m:MessageText>The events can't be read.</m:MessageText>"
    "<m:ResponseCode>ErrorReadEventsFailed</m:ResponseCode>"
    "<m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>"
)
FAILED = send_notification(
    "Error",
    ERROR_HEAD + '<m:MessageXml><t:Value Name="SubscriptionId">c3ViLTE=</t:Value></m:MessageXml>',
)
NO_ERROR = "<m:ResponseCode>NoError</m:ResponseCode>"
SUBSCRIBED = response(
    "Subscribe",
    message(
        "Subscribe",
        "Success",
        NO_ERROR
        + "<m:SubscriptionId>c3ViLTE=</m:SubscriptionId>"
        + f"<m:Watermark>{watermark(7)}</m:Watermark>",
    ),
)
WATERMARK = f"<m:Watermark>{watermark(7)}</m:Watermark>"
PULLED = response(
    "GetEvents",
    message(
        "GetEvents",
        "Success",
        NO_ERROR + STATUS[STATUS.index("<m:Notification>") : STATUS.index("</m:SendNotificationR")],
    ),
)
UNSUBSCRIBED = response("Unsubscribe", message("Unsubscribe", "Success", NO_ERROR))
FOLDERS = response(
    "GetFolder",
    message(
        "GetFolder",
        "Success",
        NO_ERROR + '<m:Folders><t:Folder><t:FolderId Id="aW5ib3g="/></t:Folder></m:Folders>',
    ),
    message(
        "GetFolder",
        "Error",
        ERROR_HEAD.replace("ErrorReadEventsFailed", "ErrorFolderNotFound") + "<m:Folders/>",
    ),
)
UNSUPPORTED = fault("ErrorInvalidOperation")
INVALID = fault(
    "ErrorSchemaValidation",
    f'<t:MessageXml xmlns:t="{T}"><t:LineNumber>1</t:LineNumber>'
    "<t:LinePosition>34</t:LinePosition><t:Violation>No such element.</t:Violation>"
    "</t:MessageXml>",
)
BUSY = fault(
    "ErrorServerBusy",
    '<t:MessageXml><t:Value Name="BackOffMilliseconds">2500</t:Value></t:MessageXml>',
)


GOOD_NOTIFICATIONS = {
    "delivery": DELIVERY,
    "move and copy": MOVE,
    "other events": OTHERS,
    "status": STATUS,
    "status ahead": STATUS_AHEAD,
    "failed": FAILED,
}
GOOD_ANSWERS = {
    "subscribed": (200, SUBSCRIBED),
    "pulled": (200, PULLED),
    "unsubscribed": (200, UNSUBSCRIBED),
    "folders": (200, FOLDERS),
    "warning": (200, FOLDERS.replace('"Error"', '"Warning"')),
    "unsupported": (500, UNSUPPORTED),
    "invalid": (500, INVALID),
    "busy": (500, BUSY),
}


@pytest.mark.parametrize("envelope", GOOD_NOTIFICATIONS.values(), ids=GOOD_NOTIFICATIONS)
@pytest.mark.parametrize("separator", ["><", ">\n  <"], ids=["compact", "indented"])
def test_a_good_notification_has_no_problems(envelope: str, separator: str) -> None:
    body = envelope.replace("><", separator).encode()
    assert notification_problems(SEND_HEADERS, body) == []


@pytest.mark.parametrize(("status_code", "envelope"), GOOD_ANSWERS.values(), ids=GOOD_ANSWERS)
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["bare", "byte order mark"])
def test_a_good_answer_has_no_problems(status_code: int, envelope: str, mark: str) -> None:
    assert response_problems(status_code, ANSWER_HEADERS, (mark + envelope).encode()) == []


def test_escapes_of_markup_and_of_attribute_values_are_no_problem() -> None:
    text = "a &lt; b &amp; c &gt; d"
    good = FAILED.replace("The events can't be read.", text).replace("b25l", "&quot;&#65;")
    assert notification_problems(SEND_HEADERS, good.encode()) == []


def changed(envelope: str, old: str, new: str) -> bytes:
    assert old in envelope
    return envelope.replace(old, new, 1).encode()


SECOND = f"<t:Watermark>{watermark(9)}</t:Watermark>"
PREVIOUS = f"<t:PreviousWatermark>{watermark(7)}</t:PreviousWatermark>"
MORE = "<t:MoreEvents>false</t:MoreEvents>"
STAMP = "<t:TimeStamp>2026-03-01T09:30:00Z</t:TimeStamp>"
PARENT = '<t:ParentFolderId Id="cGFyZW50"/>'
VERSION = '<t:RequestServerVersion Version="Exchange2010_SP2"/>'
BROKEN_NOTIFICATIONS = [
    (DELIVERY, DECLARATION, "", "no XML declaration"),
    (DELIVERY, DECLARATION, " " + DECLARATION, "no XML declaration"),
    (DELIVERY, DECLARATION, "\ufeff" + DECLARATION, "no XML declaration"),
    (DELIVERY, ' encoding="utf-8"', "", "no XML declaration"),
    (DELIVERY, DECLARATION, DECLARATION + "<!DOCTYPE a>", "a DTD"),
    (DELIVERY, "</soap:Body>", "", "not well-formed"),
    (
        DELIVERY,
        "schemas.xmlsoap.org/soap/envelope/",
        "www.w3.org/2003/05/soap-envelope",
        "SOAP 1.1",
    ),
    (DELIVERY, f"<soap:Header>{VERSION}</soap:Header>", "", "no soap:Header"),
    (DELIVERY, f"<soap:Header>{VERSION}</soap:Header>", "<soap:Header/>", "no t:RequestServerV"),
    (DELIVERY, VERSION, "<t:RequestServerVersion/>", "Version is None"),
    (DELIVERY, VERSION, VERSION.replace("/>", ">\n</t:RequestServerVersion>"), "is not empty"),
    (DELIVERY, VERSION, VERSION + "<t:ServerVersionInfo/>", "unexpected t:ServerVersionInfo"),
    (DELIVERY, "</soap:Body>", "<m:Extra/></soap:Body>", "soap:Body: unexpected m:Extra"),
    (DELIVERY, '"Success"', '"Warning"', "ResponseClass is 'Warning'"),
    (DELIVERY, ' ResponseClass="Success"', "", "ResponseClass is None"),
    (DELIVERY, "NoError", "ErrorReadEventsFailed", "m:ResponseCode is"),
    (DELIVERY, NO_ERROR, "", "no m:ResponseCode"),
    (DELIVERY, NO_ERROR, "<m:MessageText>x</m:MessageText>" + NO_ERROR, "unexpected m:MessageText"),
    (DELIVERY, "c3ViLTE=", "", "t:SubscriptionId is None"),
    (DELIVERY, PREVIOUS, "", "no t:PreviousWatermark"),
    (DELIVERY, MORE, "", "no t:MoreEvents"),
    (DELIVERY, PREVIOUS + MORE, MORE + PREVIOUS, "out of order"),
    (DELIVERY, MORE, "<t:MoreEvents>False</t:MoreEvents>", "t:MoreEvents is 'False'"),
    (DELIVERY, MORE, "<t:MoreEvents>0</t:MoreEvents>", "t:MoreEvents is '0'"),
    (DELIVERY, MORE, "<t:MoreEvents> false</t:MoreEvents>", "t:MoreEvents is ' false'"),
    (DELIVERY, watermark(7), "AAAAAAA=", "t:PreviousWatermark is 'AAAAAAA='"),
    (DELIVERY, watermark(8), watermark(8)[:-2] + "B=", "t:Watermark is"),
    (DELIVERY, SECOND, "", "t:NewMailEvent: no t:Watermark"),
    (DELIVERY, watermark(9), watermark(8), "does not come after"),
    (DELIVERY, watermark(9), watermark(12), "does not come after"),
    (DELIVERY, watermark(7), watermark(8), "does not come after"),
    (DELIVERY, STAMP, "", "t:CreatedEvent: no t:TimeStamp"),
    (DELIVERY, "09:30:00Z", "09:30:00.123Z", "t:TimeStamp is"),
    (DELIVERY, "09:30:00Z", "09:30:00+01:00", "t:TimeStamp is"),
    (DELIVERY, "09:30:00Z", "09:30:00", "t:TimeStamp is"),
    (DELIVERY, "2026-03-01T", "2026-13-01T", "t:TimeStamp is"),
    (DELIVERY, STAMP + '<t:ItemId Id="b25l" ChangeKey="AQ=="/>', STAMP, "no t:FolderId"),
    (DELIVERY, PARENT, "", "no t:ParentFolderId"),
    (DELIVERY, PARENT, PARENT + UNREAD, "t:CreatedEvent: unexpected t:UnreadCount"),
    (DELIVERY, PARENT + UNREAD, UNREAD + PARENT, "t:ModifiedEvent: out of order"),
    (DELIVERY, UNREAD, "<t:UnreadCount>many</t:UnreadCount>", "t:UnreadCount is 'many'"),
    (OTHERS, PARENT + "</t:ModifiedEvent>", PARENT + UNREAD + "</t:ModifiedEvent>", "unexpected"),
    (DELIVERY, 'Id="b25l"', 'Id=""', "t:ItemId: Id is ''"),
    (DELIVERY, 'Id="b25l" ', "", "t:ItemId: Id is None"),
    (DELIVERY, 'ChangeKey="AQ=="', 'ChangeKey=""', "ChangeKey is ''"),
    (DELIVERY, 'Id="b25l"', 'Id="b25l" Class="IPM.Note"', "unexpected attribute 'Class'"),
    (DELIVERY, '"cGFyZW50"/>', '"cGFyZW50">x</t:ParentFolderId>', "t:ParentFolderId is not empty"),
    (DELIVERY, PARENT, PARENT + "<t:Subject>Hi</t:Subject>", "unexpected t:Subject"),
    (DELIVERY, PARENT, PARENT + "loose", "text between elements"),
    (MOVE, '<t:OldParentFolderId Id="d2FzaW4="/>', "", "no t:OldParentFolderId"),
    (MOVE, '<t:OldItemId Id="b2xk"/>', "", "no t:OldItemId"),
    (MOVE, "<t:OldItemId", "<t:OldFolderId", "t:MovedEvent: unexpected t:OldFolderId"),
    (MOVE, 'OldItemId Id="b2xk"', 'OldItemId Id=" "', "t:OldItemId: Id is ' '"),
    (STATUS, status(7), "", "no event"),
    (STATUS, status(7), status(6), "does not come after"),
    (STATUS, "</t:StatusEvent>", STAMP + "</t:StatusEvent>", "t:StatusEvent: unexpected"),
    (STATUS, status(7), "<t:StatusEvent/>", "t:StatusEvent: no t:Watermark"),
    (STATUS, status(7), status(7) + event("NewMailEvent", 9), "StatusEvent is not alone"),
    (STATUS, MORE, "<t:MoreEvents>true</t:MoreEvents>", "MoreEvents is true beside"),
    (FAILED, "<m:MessageText>The events can't be read.</m:MessageText>", "", "no m:MessageText"),
    (FAILED, "<m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>", "", "no m:DescriptiveLinkKey"),
    (FAILED, "ErrorReadEventsFailed", "NoError", "m:ResponseCode is 'NoError'"),
    (FAILED, "<m:DescriptiveLinkKey>0", "<m:DescriptiveLinkKey>", "m:DescriptiveLinkKey is None"),
    (FAILED.replace("m:MessageXml>", "t:MessageXml>"), "", "", "unexpected t:MessageXml"),
    (FAILED, "can't", "can&apos;t", "&apos;"),
    (FAILED, "can't", "can&#39;t", "&#39;"),
]


@pytest.mark.parametrize(
    ("good", "old", "new", "problem"),
    BROKEN_NOTIFICATIONS,
    ids=[problem for *_, problem in BROKEN_NOTIFICATIONS],
)
def test_a_broken_notification_is_named(good: str, old: str, new: str, problem: str) -> None:
    problems = notification_problems(SEND_HEADERS, changed(good, old, new))
    assert any(problem in found for found in problems), problems


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Content-Type", "text/xml"),
        ("Content-Type", "application/soap+xml; charset=utf-8"),
        ("SOAPAction", f"{M}/SendNotification"),
        ("SOAPAction", '""'),
        ("Accept", "*/*"),
        ("User-Agent", "libcurl"),
    ],
)
def test_a_wrong_header_of_a_notification_is_named(name: str, value: str) -> None:
    headers = {**SEND_HEADERS, name: value}
    assert notification_problems(headers, DELIVERY.encode()) == [f"header {name} is {value!r}"]


@pytest.mark.parametrize("name", SEND_HEADERS)
def test_a_missing_header_of_a_notification_is_named(name: str) -> None:
    headers = {other: value for other, value in SEND_HEADERS.items() if other != name}
    assert notification_problems(headers, DELIVERY.encode()) == [f"header {name} is None"]


def test_the_case_of_header_names_does_not_matter() -> None:
    headers = {name.lower(): value for name, value in SEND_HEADERS.items()}
    assert notification_problems(headers, DELIVERY.encode()) == []


BROKEN_ANSWERS = [
    (200, SUBSCRIBED, DECLARATION, "", "no XML declaration"),
    (200, SUBSCRIBED, "<soap:Body>", "</soap:Body>", "not well-formed"),
    (200, SUBSCRIBED.replace("soap:Header>", "soap:Head>"), "", "", "no soap:Header"),
    (200, SUBSCRIBED, "<t:ServerVersionInfo", "<t:Other", "no t:ServerVersionInfo"),
    (200, SUBSCRIBED, ' MajorVersion="14"', "", "MajorVersion is None"),
    (200, SUBSCRIBED, ' MinorVersion="2"', ' MinorVersion="x"', "MinorVersion is 'x'"),
    (200, SUBSCRIBED, ' MajorBuildNumber="390"', "", "MajorBuildNumber is None"),
    (200, SUBSCRIBED, ' MinorBuildNumber="3"', "", "MinorBuildNumber is None"),
    (200, SUBSCRIBED, ' Version="Exchange2010_SP2"', "", "no Version"),
    (200, SUBSCRIBED, "</soap:Body>", "<m:X/></soap:Body>", "soap:Body has 2 children"),
    (500, SUBSCRIBED, "", "", "with status 500"),
    (200, SUBSCRIBED, '"Success"', '"OK"', "ResponseClass is 'OK'"),
    (200, SUBSCRIBED, "NoError", "ErrorAccessDenied", "m:ResponseCode is"),
    (200, SUBSCRIBED, f"<m:Watermark>{watermark(7)}</m:Watermark>", "", "no m:Watermark"),
    (200, SUBSCRIBED, watermark(7), "AAAAAAA=", "m:Watermark is 'AAAAAAA='"),
    (200, SUBSCRIBED, "<m:SubscriptionId>c3ViLTE=</m:SubscriptionId>", "", "no m:SubscriptionId"),
    (200, SUBSCRIBED, NO_ERROR, "<m:MessageText/>" + NO_ERROR, "Success: unexpected m:MessageText"),
    (200, SUBSCRIBED, "c3ViLTE=", "", "m:SubscriptionId is None"),
    (200, UNSUBSCRIBED, NO_ERROR, "", "Success begins with"),
    (200, UNSUBSCRIBED.replace("eMessages>", "es>"), "", "", "no m:ResponseMessages"),
    (200, response("Unsubscribe"), "", "", "m:ResponseMessages is empty"),
    (200, response("Unsubscribe", message("X", "Success", NO_ERROR)), "", "", "unexpected m:XResp"),
    (200, FOLDERS, "The events can't be read.", "", "m:MessageText is None"),
    (200, FOLDERS, "<m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>", "", "Error begins with"),
    (200, FOLDERS, "<m:MessageText>The events can't be read.</m:MessageText>", "", "Error begins"),
    (200, FOLDERS, "ErrorFolderNotFound", "NoError", "m:ResponseCode is 'NoError'"),
    (200, FOLDERS, "<t:Folder>", "<t:Folder/><t:Folder>", "has 2 folders"),
    (200, FOLDERS, 'Id="aW5ib3g="', 'Id=""', "t:FolderId: Id is ''"),
    (200, FOLDERS, "can't", "can&quot;t", "&quot;"),
    (200, UNSUPPORTED, "", "", "a Fault with status 200"),
    (400, UNSUPPORTED, "", "", "a Fault with status 400"),
    (500, UNSUPPORTED, "<t:ServerVersionInfo", "<t:Other", "no t:ServerVersionInfo"),
    (500, UNSUPPORTED.replace("faultcode", "soap:faultcode"), "", "", "no faultcode"),
    (500, UNSUPPORTED.replace("detail>", "soap:detail>"), "", "", "no detail"),
    (500, UNSUPPORTED, "a:ErrorInv", "soap:ErrorInv", "not a QName of the types namespace"),
    (500, UNSUPPORTED, "a:ErrorInv", "ErrorInv", "not a QName of the types namespace"),
    (500, UNSUPPORTED, "a:ErrorInvalidOperation", "a:Client", "faultcode 'a:Client', but"),
    (500, UNSUPPORTED, f' xmlns:e="{E}">The', f' xmlns:e="{T}">The', "no e:Message"),
    (500, UNSUPPORTED, "The request failed.<", "<", "faultstring is None"),
    (500, UNSUPPORTED, f'"{E}">The request failed.', f'"{E}">', "e:Message is None"),
    (500, fault("Client"), "", "", "e:ResponseCode is 'Client'"),
    (500, INVALID, "<t:LineNumber>1</t:LineNumber>", "", "no t:LineNumber"),
    (500, INVALID, "<t:LineNumber>1", "<t:LineNumber>one", "t:LineNumber is 'one'"),
    (500, INVALID, "<t:LinePosition>34", "<t:LinePosition>-", "t:LinePosition is '-'"),
    (500, INVALID, "No such element.", "", "t:Violation is None"),
    (
        500,
        INVALID,
        f't:MessageXml xmlns:t="{T}"',
        f't:MessageXml xmlns:t="{M}"',
        "unexpected m:Mess",
    ),
    (500, fault("ErrorSchemaValidation"), "", "", "without t:MessageXml"),
    (500, BUSY, "2500", "soon", "without BackOffMilliseconds"),
    (500, fault("ErrorInvalidRequest"), "", "", "every API version"),
    (500, fault("ErrorInvalidServerVersion"), "", "", "every API version"),
    (500, fault("ErrorIncorrectSchemaVersion"), "", "", "every API version"),
]


@pytest.mark.parametrize(
    ("status_code", "good", "old", "new", "problem"),
    BROKEN_ANSWERS,
    ids=[problem for *_, problem in BROKEN_ANSWERS],
)
def test_a_broken_answer_is_named(
    status_code: int, good: str, old: str, new: str, problem: str
) -> None:
    problems = response_problems(status_code, ANSWER_HEADERS, changed(good, old, new))
    assert any(problem in found for found in problems), problems


def test_a_streaming_subscription_alone_has_no_watermark() -> None:
    streaming = changed(SUBSCRIBED, WATERMARK, "")
    assert response_problems(200, ANSWER_HEADERS, streaming, to_streaming=True) == []
    assert response_problems(200, ANSWER_HEADERS, streaming) != []
    assert response_problems(200, ANSWER_HEADERS, SUBSCRIBED.encode(), to_streaming=True) != []


# Streamed envelopes


def streamed(response_class: str, content: str) -> str:
    head = SUBSCRIBED[SUBSCRIBED.index("<t:ServerVersionInfo") : SUBSCRIBED.index("</soap:Header>")]
    return (
        '<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Header>'
        + head.replace("<t:ServerVersionInfo", f'<t:ServerVersionInfo xmlns:t="{T}"')
        + f'</Header><Body><m:GetStreamingEventsResponse xmlns:m="{M}" xmlns:t="{T}">'
        + "<m:ResponseMessages>"
        + message("GetStreamingEvents", response_class, content)
        + "</m:ResponseMessages></m:GetStreamingEventsResponse></Body></Envelope>"
    )


def unmarked(*events: str) -> str:
    return re.sub("<t:Watermark>[^<]*</t:Watermark>", "", "".join(events))


ALIVE = streamed("Success", NO_ERROR + "<m:ConnectionStatus>OK</m:ConnectionStatus>")
TOLD = streamed(
    "Success",
    NO_ERROR
    + "<m:Notifications><m:Notification><t:SubscriptionId>one</t:SubscriptionId>"
    + unmarked(event("NewMailEvent", 8), event("ModifiedEvent", 9, "Folder", UNREAD))
    + "</m:Notification><m:Notification><t:SubscriptionId>two</t:SubscriptionId>"
    + unmarked(event("DeletedEvent", 8))
    + "</m:Notification></m:Notifications>",
)
REFUSED = streamed(
    "Error",
    ERROR_HEAD
    + "<m:ErrorSubscriptionIds><m:SubscriptionId>one</m:SubscriptionId></m:ErrorSubscriptionIds>"
    + "<m:ConnectionStatus>Closed</m:ConnectionStatus>",
)


@pytest.mark.parametrize("chunk", [ALIVE, TOLD, REFUSED], ids=["alive", "told", "refused"])
def test_a_good_streamed_envelope_has_no_problems(chunk: str) -> None:
    assert streaming_problems(chunk.encode()) == []


BROKEN_STREAMED = [
    (ALIVE, "<Envelope", DECLARATION + "<Envelope", "the chunk begins with"),
    (ALIVE, "<Envelope xmlns=", "<Envelope  xmlns=", "the chunk begins with"),
    (ALIVE, "</Envelope>", "</Envelope>" + ALIVE, "the chunk is not one envelope"),
    (ALIVE, "<Header>", "<Body/><Header>", "unexpected soap:Body"),
    (ALIVE, 'MajorVersion="14"', "", "MajorVersion is None"),
    (ALIVE, ">OK<", ">Open<", "m:ConnectionStatus is 'Open'"),
    (ALIVE, "<m:ConnectionStatus>OK</m:ConnectionStatus>", "", "a streamed message with []"),
    (
        TOLD,
        "</m:Notifications>",
        "</m:Notifications><m:ConnectionStatus>OK</m:ConnectionStatus>",
        "a streamed message with ['m:Notifications', 'm:ConnectionStatus']",
    ),
    (TOLD, "<t:NewMailEvent>", f"<t:NewMailEvent>{status(8)[15:-16]}", "unexpected t:Watermark"),
    (TOLD, "09:30:00Z", "09:30:00.5Z", "t:TimeStamp is"),
    (TOLD, "m:Notification>", "t:Notification>", "unexpected t:Notification"),
    (TOLD, "<t:SubscriptionId>one</t:SubscriptionId>", "", "no t:SubscriptionId"),
    (REFUSED, "m:SubscriptionId>", "t:SubscriptionId>", "unexpected t:SubscriptionId"),
    (REFUSED, "<m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>", "", "no m:DescriptiveLinkKey"),
    (REFUSED, ">one<", "><", "m:SubscriptionId is None"),
]


@pytest.mark.parametrize(
    ("good", "old", "new", "problem"),
    BROKEN_STREAMED,
    ids=[problem for *_, problem in BROKEN_STREAMED],
)
def test_a_broken_streamed_envelope_is_named(good: str, old: str, new: str, problem: str) -> None:
    assert old in good
    problems = streaming_problems(good.replace(old, new).encode())
    assert any(problem in found for found in problems), problems


def test_an_answer_of_another_content_type_is_named() -> None:
    headers = {"Content-Type": "application/soap+xml"}
    problems = response_problems(200, headers, SUBSCRIBED.encode())
    assert problems == ["header Content-Type is 'application/soap+xml'"]


def test_one_basic_challenge_is_right() -> None:
    headers = {"WWW-Authenticate": 'Basic realm="ewspush"'}
    assert challenge_problems(headers) == []
    assert response_problems(401, headers, b"") == []


@pytest.mark.parametrize(
    ("challenge", "problem"),
    [
        ("Basic", "not exactly one Basic"),
        ('Basic realm=""', "not exactly one Basic"),
        ('Digest realm="ewspush"', "not exactly one Basic"),
        ('Basic realm="a", Basic realm="b"', "not exactly one Basic"),
        ('Basic realm="ewspush", NTLM', "NTLM or Negotiate"),
        ('Negotiate, Basic realm="ewspush"', "NTLM or Negotiate"),
    ],
)
def test_any_other_challenge_is_named(challenge: str, problem: str) -> None:
    (found,) = response_problems(401, {"www-authenticate": challenge}, b"")
    assert problem in found


def test_a_missing_challenge_is_named() -> None:
    assert challenge_problems({}) == ["no WWW-Authenticate"]


def news(previous: int, *sequences: int) -> bytes:
    return notification(previous, *(event("NewMailEvent", n) for n in sequences)).encode()


def beat(previous: int, through: int) -> bytes:
    return notification(previous, status(through)).encode()


def chain() -> Chain:
    return Chain.of_subscribe_response(SUBSCRIBED.encode())


def test_a_chain_collects_the_events_of_an_undisturbed_subscription() -> None:
    client = chain()
    for body in (beat(7, 7), news(7, 8, 9), beat(9, 12), news(12, 13)):
        client.receive(body)
    assert client.problems == []
    assert client.seen == [BASE + n for n in (8, 9, 13)]


def test_a_refused_notification_may_come_again_with_more_events() -> None:
    client = chain()
    client.refuse(news(7, 8))
    client.refuse(news(7, 8, 9))
    client.receive(news(7, 8, 9, 10))
    assert client.problems == []
    assert client.seen == [BASE + n for n in (8, 9, 10)]


def test_a_lost_answer_allows_an_earlier_watermark_until_the_next_acknowledgement() -> None:
    client = chain()
    client.receive(news(7, 8, 9))
    client.answer_lost()
    client.refuse(news(7, 8, 9, 10))
    client.receive(news(7, 8, 9, 10))
    assert client.problems == []
    client.receive(news(7, 8, 9, 10))
    assert len(client.problems) == 1


def test_a_kill_allows_any_earlier_watermark() -> None:
    client = chain()
    client.receive(news(7, 8))
    client.receive(news(8, 9))
    client.server_killed()
    client.receive(news(7, 8, 9, 10))
    client.receive(news(10, 11))
    assert client.problems == []
    assert client.seen == [BASE + n for n in (8, 9, 10, 11)]


@pytest.mark.parametrize(
    ("before", "killed", "then", "problem"),
    [
        ([], False, news(6, 8), "was never given"),
        ([news(7, 8)], False, news(7, 8, 9), "was given last"),
        ([news(7, 8, 9)], False, news(8, 9), "was never given"),
        ([news(7, 8), news(8, 9)], True, news(9 + 1, 11), "was never given"),
        ([news(7, 8, 9)], True, news(7, 9, 10), "after"),
        ([news(7, 8), news(8, 9)], True, news(7, 8, 10), "were to be repeated"),
        ([news(7, 8)], True, beat(7, 8), "came event"),
        ([beat(7, 10)], True, news(7, 9), "for the first time"),
    ],
)
def test_a_break_in_the_chain_is_named(
    before: list[bytes], killed: bool, then: bytes, problem: str
) -> None:
    client = chain()
    for body in before:
        client.receive(body)
    if killed:
        client.server_killed()
    assert client.problems == []
    client.receive(then)
    assert any(problem in found for found in client.problems), client.problems


def test_another_first_event_after_a_refusal_is_named() -> None:
    client = chain()
    client.refuse(news(7, 8))
    client.receive(news(7, 9))
    assert client.problems == [f"after {BASE + 7} came event {BASE + 8}, and now {BASE + 9}"]


def test_a_notification_of_another_subscription_is_named() -> None:
    client = Chain("b3RoZXI=", watermark(7))
    client.receive(news(7, 8))
    assert client.problems == ["SubscriptionId c3ViLTE= instead of b3RoZXI="]
