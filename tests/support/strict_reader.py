"""A strict reader of what the server sends: what makes a real client fail is a problem here.

The rules are what the EWS Java API ("Java"), the EWS Managed API ("C#"), exchangelib and the AWS
responder were seen to require; numbers in comments are sections of the protocol notes. None of the
server's own code is used, so that a mistake there cannot hide itself here.
"""

import re
from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Self

from lxml import etree

Element = etree._Element
Problems = Iterator[str]

NAMESPACES = {
    "soap": "http://schemas.xmlsoap.org/soap/envelope/",
    "m": "http://schemas.microsoft.com/exchange/services/2006/messages",
    "t": "http://schemas.microsoft.com/exchange/services/2006/types",
    "e": "http://schemas.microsoft.com/exchange/services/2006/errors",
}
PREFIXES = {uri: prefix for prefix, uri in NAMESPACES.items()}

# Java reads no other form; exchangelib makes None of a TimeStamp with fractions (12, 13).
TIMESTAMP = re.compile(
    r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ"
)
# Canonical base64 of 8 bytes, in SubscribeResponse too: clients compare watermarks as text (1, 15).
WATERMARK = re.compile(r"[A-Za-z0-9+/]{10}[AEIMQUYcgkosw048]=")
BOOLEAN = re.compile(r"true|false")
INTEGER = re.compile(r"-?\d+")
COUNT = re.compile(r"\d+")
NOT_BLANK = re.compile(r"\S(.*\S)?", re.DOTALL)
NO_ERROR = re.compile(r"NoError")
ERROR_CODE = re.compile(r"Error\w+")
CONNECTION_STATUS = re.compile(r"OK|Closed")

# ASMX, WCF and PHP responders dispatch on SOAPAction, which SOAP 1.1 wants in quotes (6).
REQUEST_HEADERS = {
    "Content-Type": re.compile(r"text/xml; charset=utf-8"),
    "SOAPAction": re.compile(f'"{re.escape(NAMESPACES["m"])}/SendNotification"'),
    "Accept": re.compile(r"text/xml"),
    "User-Agent": re.compile(r"ewspush/\d\S*"),
}
STREAMED_ENVELOPE = f'<Envelope xmlns="{NAMESPACES["soap"]}">'.encode()
STREAMED_MESSAGE = "m:GetStreamingEventsResponseMessage"
NOTIFICATION_MESSAGE = "m:SendNotificationResponseMessage"
STATUS_EVENT = "t:StatusEvent"
MOVES = ("t:MovedEvent", "t:CopiedEvent")
ITEM_EVENTS = ("t:NewMailEvent", "t:CreatedEvent", "t:DeletedEvent", "t:FreeBusyChangedEvent")
EVENTS = (*ITEM_EVENTS, "t:ModifiedEvent", *MOVES, STATUS_EVENT)
IDS = ("t:ItemId", "t:FolderId", "t:ParentFolderId")
OLD_IDS = ("t:OldItemId", "t:OldFolderId", "t:OldParentFolderId")
ATTRIBUTES = {
    "t:RequestServerVersion": {"Version"},
    NOTIFICATION_MESSAGE: {"ResponseClass"},
    "t:Value": {"Name"},
    **{name: {"Id", "ChangeKey"} for name in (*IDS, *OLD_IDS)},
}
# Java and C# read these one after the other and throw when one is missing (8).
ERROR_HEAD = ("m:MessageText", "m:ResponseCode", "m:DescriptiveLinkKey")
# Each of these as a fault makes exchangelib repeat the call once per API version (8).
MISLEADING_FAULTS = {
    "ErrorInvalidRequest",
    "ErrorInvalidServerVersion",
    "ErrorIncorrectSchemaVersion",
}
BUILD_NUMBERS = ("MajorVersion", "MinorVersion", "MajorBuildNumber", "MinorBuildNumber")
STATUS_OK, STATUS_UNAUTHORIZED, STATUS_FAULT = 200, 401, 500


def notification_problems(headers: Mapping[str, str], body: bytes) -> list[str]:
    """What is wrong with a SendNotification, as a responder receives it."""
    problems = []
    for name, form in REQUEST_HEADERS.items():
        value = _header(headers, name)
        if value is None or not form.fullmatch(value):
            problems.append(f"header {name} is {value!r}")
    return [*problems, *_document(body), *_in_tree(body, _notification_envelope)]


def response_problems(
    status: int, headers: Mapping[str, str], body: bytes, *, to_streaming: bool = False
) -> list[str]:
    """What is wrong with an ordinary (not streaming) answer of the EWS endpoint.

    `to_streaming`: the request was to subscribe to streaming.
    """
    if status == STATUS_UNAUTHORIZED:
        return challenge_problems(headers)
    problems = []
    content_type = _header(headers, "Content-Type") or ""
    if not content_type.startswith("text/xml"):
        # Java: "The response received from the service didn't contain valid XML" (8, 15).
        problems.append(f"header Content-Type is {content_type!r}")
    unmarked = body.removeprefix(b"\xef\xbb\xbf")  # a byte order mark hurts nobody (15)
    return [
        *problems,
        *_document(unmarked),
        *_in_tree(body, lambda root: _answer(status, root, to_streaming)),
    ]


def streaming_problems(chunk: bytes) -> list[str]:
    """What is wrong with an HTTP chunk of an answer to GetStreamingEvents."""
    problems = []
    if not chunk.startswith(STREAMED_ENVELOPE):
        # C# fails on an XML declaration, ews-javascript-api looks for "<Envelope" (5, 15).
        problems.append(f"the chunk begins with {chunk[: len(STREAMED_ENVELOPE)]!r}")
    if chunk.count(b"<Envelope") != 1:
        # Java loses the second (15).
        problems.append("the chunk is not one envelope")
    return [*problems, *_references(chunk), *_in_tree(chunk, _streamed)]


def challenge_problems(headers: Mapping[str, str]) -> list[str]:
    """What is wrong with the challenge of a 401 answer."""
    challenge = _header(headers, "WWW-Authenticate")
    if challenge is None:
        # Java and C# send no credentials before they were asked for Basic (10, 15).
        return ["no WWW-Authenticate"]
    if re.search(r"\b(ntlm|negotiate)\b", challenge, re.IGNORECASE):
        # exchangelib would choose NTLM (10); Java and C# fail on the offer alone (15).
        return [f"WWW-Authenticate offers NTLM or Negotiate: {challenge!r}"]
    if not re.fullmatch(r'Basic realm="[^"]+"', challenge):
        return [f"WWW-Authenticate is not exactly one Basic challenge with a realm: {challenge!r}"]
    return []


@dataclass
class Chain:
    """What a careful client checks over the notifications of one subscription.

    A PreviousWatermark must be the last watermark that the client was given; after `answer_lost`
    or `server_killed` it may be an earlier one, until the next notification is acknowledged. Each
    event comes at least once and in order. `seen` are the events' watermarks as integers, each
    once, in the order of arrival; `problems` is what was wrong.
    """

    subscription_id: str
    watermark: str  # of SubscribeResponse
    seen: list[int] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    _known: set[int] = field(default_factory=set)  # the events in `seen`
    _given: set[int] = field(default_factory=set)  # every watermark the cursor may stand on
    _last: int = 0
    _first_after: dict[int, int] = field(default_factory=dict)
    _may_repeat: bool = False

    def __post_init__(self) -> None:
        self._last = _number(self.watermark)
        self._given.add(self._last)

    @classmethod
    def of_subscribe_response(cls, body: bytes) -> Self:
        """The chain that begins with this answer to Subscribe."""
        message = _located(_parse(body), ".//m:SubscribeResponseMessage")
        return cls(_content(message, "m:SubscriptionId"), _content(message, "m:Watermark"))

    def answer_lost(self) -> None:
        """The acknowledgement of the last notification did not reach the server."""
        self._may_repeat = True

    def server_killed(self) -> None:
        """The server may have forgotten acknowledgements."""
        self._may_repeat = True

    def refuse(self, body: bytes) -> None:
        """A notification came and was not acknowledged: it will be repeated."""
        previous, _, events = self._read(body)
        self._check(previous, events)

    def receive(self, body: bytes) -> None:
        """A notification came and was acknowledged."""
        previous, through, events = self._read(body)
        self._check(previous, events)
        self._check_repeated(previous, through, events)
        self.seen += [event for event in events if event not in self._known]
        self._known.update(events)
        self._given.add(through)
        self._last = through
        self._may_repeat = False

    def _read(self, body: bytes) -> tuple[int, int, list[int]]:
        """PreviousWatermark, the last watermark, and the events' (none for a StatusEvent)."""
        notification = _located(_parse(body), ".//m:Notification")
        if (found := _content(notification, "t:SubscriptionId")) != self.subscription_id:
            self.problems.append(f"SubscriptionId {found} instead of {self.subscription_id}")
        numbers = [_number(mark.text or "") for mark in _event_watermarks(notification)]
        if not numbers:
            raise ValueError("a notification without any Watermark of an event")
        status = notification.find(_tag(STATUS_EVENT)) is not None
        previous = _number(_content(notification, "t:PreviousWatermark"))
        return previous, numbers[-1], [] if status else numbers

    def _check(self, previous: int, events: Sequence[int]) -> None:
        """Compare with what came before (architecture, The promise, exactly)."""
        if previous not in self._given:
            self.problems.append(f"PreviousWatermark {previous} was never given to this client")
        elif previous > self._last or (previous < self._last and not self._may_repeat):
            self.problems.append(f"PreviousWatermark {previous}, but {self._last} was given last")
        first = events[0] if events else None
        known = self._first_after.get(previous, first)
        if known != first:
            self.problems.append(f"after {previous} came event {known}, and now {first}")
        if first is not None:
            self._first_after[previous] = first

    def _check_repeated(self, previous: int, through: int, events: Sequence[int]) -> None:
        newest = max(self._given)
        if late := [event for event in events if event <= newest and event not in self._known]:
            self.problems.append(f"events {late} come for the first time, after {newest}")
        if previous >= newest:
            return
        again = [event for event in self.seen if previous < event <= through]
        if again != [event for event in events if event in self._known]:
            self.problems.append(f"{again} were to be repeated, but {list(events)} came")


def _tag(name: str) -> str:
    prefix, _, local = name.rpartition(":")
    return f"{{{NAMESPACES[prefix]}}}{local}" if prefix else local


def _short(element: Element) -> str:
    name = etree.QName(element)
    if name.namespace is None:
        return name.localname
    return f"{PREFIXES.get(name.namespace, '{' + name.namespace + '}')}:{name.localname}"


def _header(headers: Mapping[str, str], wanted: str) -> str | None:
    return next((v for name, v in headers.items() if name.lower() == wanted.lower()), None)


def _parse(body: bytes) -> Element:
    return etree.fromstring(
        body, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    )


def _located(root: Element, path: str) -> Element:
    found = root.find(path, NAMESPACES)
    if found is None:
        raise ValueError(f"no {path} in {_short(root)}")
    return found


def _content(parent: Element, name: str) -> str:
    return _located(parent, name).text or ""


def _event_watermarks(notification: Element) -> list[Element]:
    return notification.findall("*/t:Watermark", NAMESPACES)


def _number(watermark: str) -> int:
    return int.from_bytes(b64decode(watermark, validate=True), "little", signed=True)


def _document(body: bytes) -> Problems:
    # C# reads the declaration first and throws without it (8, 12, 15).
    if not re.match(rb"""<\?xml version=["']1\.0["'] encoding=["']utf-8["']\s*\?>""", body, re.I):
        yield "no XML declaration with encoding utf-8 at offset 0"
    yield from _references(body)


def _references(body: bytes) -> Problems:
    text = re.sub(rb"""<!--.*?-->|<(?:"[^"]*"|'[^']*'|[^<>"'])*>""", b"", body, flags=re.DOTALL)
    # Java drops white space that stands alone between two references: use few of them (15).
    for reference in sorted({*re.findall(rb"&[^;\s]*;", text)} - {b"&amp;", b"&lt;", b"&gt;"}):
        yield f"{reference!r} in text: only &, < and > are escaped"


def _in_tree(body: bytes, check: Callable[[Element], Problems]) -> Problems:
    try:
        root = _parse(body)
    except etree.XMLSyntaxError as error:
        yield f"not well-formed: {error}"
        return
    if root.getroottree().docinfo.doctype:
        yield "a DTD, which SOAP 1.1 forbids"
    yield from check(root)


def _children(parent: Element, names: Sequence[str], optional: Collection[str] = ()) -> Problems:
    """The children must be `names` in this order; those in `optional` may be missing.

    C# and Java read in the schema's order (15), and nothing unknown is ours to send.
    """
    found = [_short(child) for child in parent.iterchildren("*")]
    wanted = [name for name in names if name in found or name not in optional]
    missing, surplus = Counter(wanted) - Counter(found), Counter(found) - Counter(wanted)
    yield from (f"{_short(parent)}: no {name}" for name in missing)
    yield from (f"{_short(parent)}: unexpected {name}" for name in surplus)
    if found != wanted and not missing and not surplus:
        yield f"{_short(parent)}: out of order: {' '.join(found)}"
    if any((text or "").strip() for text in (parent.text, *(child.tail for child in parent))):
        yield f"{_short(parent)}: text between elements"


def _descend(element: Element, *path: str) -> Generator[str, None, Element | None]:
    """Go down through elements that are each the only child of the one above."""
    for name in path:
        yield from _children(element, [name])
        inner = element.find(_tag(name))
        if inner is None:
            return None
        element = inner
    return element


def _text(parent: Element, name: str, form: re.Pattern[str]) -> Problems:
    for child in parent.iterfind(_tag(name)):
        if len(child) or not form.fullmatch(child.text or ""):
            yield f"{name} is {child.text!r}, not {form.pattern}"


def _envelope(root: Element) -> Generator[str, None, tuple[Element | None, Element | None]]:
    if _short(root) != "soap:Envelope":
        yield f"the root is {_short(root)}, not a SOAP 1.1 Envelope"
    # Java and C# fail without soap:Header, and so does the AWS responder (8, 12, 13, 15).
    yield from _children(root, ["soap:Header", "soap:Body"])
    return root.find(_tag("soap:Header")), root.find(_tag("soap:Body"))


def _notification_envelope(root: Element) -> Problems:
    header, body = yield from _envelope(root)
    if header is not None:
        version = yield from _descend(header, "t:RequestServerVersion")
        yield from () if version is None else _request_server_version(version)
    if body is not None:
        path = ("m:SendNotification", "m:ResponseMessages", NOTIFICATION_MESSAGE)
        message = yield from _descend(body, *path)
        yield from () if message is None else _notification_message(message)
    for element in root.iter("*"):
        known = ATTRIBUTES.get(_short(element), set())
        yield from (
            f"{_short(element)}: unexpected attribute {name!r}"
            for name in element.attrib
            if name not in known
        )


def _request_server_version(version: Element) -> Problems:
    if not re.fullmatch(r"Exchange20\d\d(_SP\d)?", version.get("Version", "")):
        yield f"RequestServerVersion: Version is {version.get('Version')!r}"
    if len(version) or version.text is not None:
        # The schema's content type is empty: white space, as in the guide's sample, is invalid (1).
        yield "RequestServerVersion is not empty"


def _notification_message(message: Element) -> Problems:
    response_class = message.get("ResponseClass")
    if response_class == "Success":
        yield from _children(message, ["m:ResponseCode", "m:Notification"])
        yield from _text(message, "m:ResponseCode", NO_ERROR)
    elif response_class == "Error":
        # Exchange sends ErrorReadEventsFailed without a Notification (6).
        rest = ("m:MessageXml", "m:Notification")
        yield from _children(message, [*ERROR_HEAD, *rest], optional=rest)
        yield from _error_head(message)
    else:
        yield f"SendNotificationResponseMessage: ResponseClass is {response_class!r}"
    for notification in message.iterfind(_tag("m:Notification")):
        yield from _notification(notification)


def _error_head(message: Element) -> Problems:
    yield from _text(message, "m:MessageText", NOT_BLANK)
    yield from _text(message, "m:ResponseCode", ERROR_CODE)
    yield from _text(message, "m:DescriptiveLinkKey", INTEGER)


def _notification(notification: Element) -> Problems:
    found = [child for child in notification.iterchildren("*") if _short(child) in EVENTS]
    events = [_short(event) for event in found]
    # Optional in the schema, but Java and C# fail without the first three (6, 12, 13).
    head = ["t:SubscriptionId", "t:PreviousWatermark", "t:MoreEvents"]
    yield from _children(notification, [*head, *events])
    yield from _text(notification, "t:SubscriptionId", NOT_BLANK)
    yield from _text(notification, "t:PreviousWatermark", WATERMARK)
    yield from _text(notification, "t:MoreEvents", BOOLEAN)
    if not events:
        yield "Notification: no event"
    for event in found:
        yield from _event(event)
    if STATUS_EVENT in events:
        yield from _status(notification, events)
    yield from _watermark_order(notification, strictly=STATUS_EVENT not in events)


def _status(notification: Element, events: Sequence[str]) -> Problems:
    # A StatusEvent says that there is no event, so neither can another one follow (4, 7).
    if len(events) > 1:
        yield f"StatusEvent is not alone: {' '.join(events)}"
    if notification.findtext(_tag("t:MoreEvents")) == "true":
        yield "MoreEvents is true beside a StatusEvent"


def _event(event: Element, *, is_streamed: bool = False) -> Problems:
    # Java and C# fail on an event without Watermark, StatusEvent included (6, 13), but on a
    # streamed one with it (5).
    children = _event_children(event)[1 if is_streamed else 0 :]
    yield from _children(event, children, optional=["t:UnreadCount"])
    yield from _text(event, "t:Watermark", WATERMARK)
    yield from _text(event, "t:TimeStamp", TIMESTAMP)
    yield from _text(event, "t:UnreadCount", COUNT)
    for name in (*IDS, *OLD_IDS):
        for identifier in event.iterfind(_tag(name)):
            yield from _identifier(identifier)


def _event_children(event: Element) -> list[str]:
    """Section 6, table of the events."""
    name = _short(event)
    if name == STATUS_EVENT:
        return ["t:Watermark"]
    kind = "ItemId" if event.find(_tag("t:ItemId")) is not None else "FolderId"
    children = ["t:Watermark", "t:TimeStamp", f"t:{kind}", "t:ParentFolderId"]
    if name in MOVES:
        children += [f"t:Old{kind}", "t:OldParentFolderId"]
    if name == "t:ModifiedEvent" and kind == "FolderId":
        # Java and C# throw on an UnreadCount beside an ItemId (12, 13).
        children.append("t:UnreadCount")
    return children


def _identifier(identifier: Element) -> Problems:
    if len(identifier) or (identifier.text or "").strip():
        yield f"{_short(identifier)} is not empty"
    for name, value in (("Id", identifier.get("Id")), ("ChangeKey", identifier.get("ChangeKey"))):
        # ChangeKey may be missing (6), an Id may not.
        if (value is None and name == "Id") or (value is not None and not value.strip()):
            yield f"{_short(identifier)}: {name} is {value!r}"


def _watermark_order(notification: Element, strictly: bool) -> Problems:
    """A client that resumes from any watermark it was given must miss nothing (7)."""
    marks = [*notification.findall(_tag("t:PreviousWatermark")), *_event_watermarks(notification)]
    texts = [mark.text or "" for mark in marks]
    if not all(WATERMARK.fullmatch(text) for text in texts):
        return
    for before, after in pairwise(texts):
        if _number(after) < _number(before) or (strictly and after == before):
            yield f"Watermark {after} does not come after {before}"


def _streamed(root: Element) -> Problems:
    header, body = yield from _envelope(root)
    if header is not None:
        yield from _server_version_info(header)
    if body is None:
        return
    path = ("m:GetStreamingEventsResponse", "m:ResponseMessages", STREAMED_MESSAGE)
    message = yield from _descend(body, *path)
    if message is None:
        return
    if message.get("ResponseClass") == "Error":
        rest = ("m:ErrorSubscriptionIds", "m:ConnectionStatus")
        yield from _children(message, [*ERROR_HEAD, *rest], optional=rest)
        yield from _error_head(message)
    else:
        yield from _streamed_success(message)
    yield from _text(message, "m:ConnectionStatus", CONNECTION_STATUS)
    for ids in message.iterfind(_tag("m:ErrorSubscriptionIds")):
        # In the namespace in which C#, Java and exchangelib look for them.
        yield from _children(ids, ["m:SubscriptionId"] * max(1, len(ids)))
        yield from _text(ids, "m:SubscriptionId", NOT_BLANK)


def _streamed_success(message: Element) -> Problems:
    # Java and C# look at the one or the other (15).
    content = ("m:Notifications", "m:ConnectionStatus")
    found = [name for name in content if message.find(_tag(name)) is not None]
    if len(found) != 1:
        yield f"a streamed message with {found}, not with one of {content}"
    yield from _children(message, ["m:ResponseCode", *found])
    yield from _text(message, "m:ResponseCode", NO_ERROR)
    for notifications in message.iterfind(_tag("m:Notifications")):
        yield from _children(notifications, ["m:Notification"] * max(1, len(notifications)))
        for notification in notifications.iterfind(_tag("m:Notification")):
            yield from _streamed_notification(notification)


def _streamed_notification(notification: Element) -> Problems:
    found = [child for child in notification.iterchildren("*") if _short(child) in EVENTS]
    yield from _children(notification, ["t:SubscriptionId", *map(_short, found)])
    yield from _text(notification, "t:SubscriptionId", NOT_BLANK)
    if not found:
        yield "Notification: no event"
    for event in found:
        yield from _event(event, is_streamed=True)


def _answer(status: int, root: Element, to_streaming: bool) -> Problems:
    header, body = yield from _envelope(root)
    if header is not None:
        yield from _server_version_info(header)
    content = [] if body is None else list(body.iterchildren("*"))
    if len(content) != 1:
        yield f"soap:Body has {len(content)} children, not one"
    for element in content:
        if _short(element) == "soap:Fault":
            yield from _fault(status, element)
        else:
            yield from _response(status, element, to_streaming)


def _server_version_info(header: Element) -> Problems:
    # A self-closed Header makes C# fail (15); exchangelib stops at a fault without versions (8).
    info = header.find(_tag("t:ServerVersionInfo"))
    if info is None:
        yield "soap:Header: no t:ServerVersionInfo"
        return
    for name in BUILD_NUMBERS:  # Java unboxes all four (9)
        if not COUNT.fullmatch(info.get(name, "")):
            yield f"ServerVersionInfo: {name} is {info.get(name)!r}"
    if not info.get("Version", "").strip():
        yield "ServerVersionInfo: no Version"  # exchangelib chooses its fields by it (9, 12)


def _response(status: int, response: Element, to_streaming: bool) -> Problems:
    if status != STATUS_OK:
        yield f"{_short(response)} with status {status}, not {STATUS_OK}"
    operation = _short(response).removesuffix("Response")
    messages = yield from _descend(response, "m:ResponseMessages")
    if messages is None:
        return
    if not len(messages):
        yield "m:ResponseMessages is empty"
    for message in messages.iterchildren("*"):
        if _short(message) != f"{operation}ResponseMessage":
            yield f"m:ResponseMessages: unexpected {_short(message)}"
        yield from _response_message(message, to_streaming)


def _response_message(message: Element, to_streaming: bool) -> Problems:
    head = [_short(child) for child in message.iterchildren("*")][: len(ERROR_HEAD)]
    response_class = message.get("ResponseClass")
    if response_class in ("Error", "Warning"):
        if head != list(ERROR_HEAD):
            yield f"{_short(message)} {response_class} begins with {' '.join(head)}"
        yield from _error_head(message)
    elif response_class == "Success":
        if head[:1] != ["m:ResponseCode"]:
            yield f"{_short(message)} Success begins with {' '.join(head)}"
        yield from _text(message, "m:ResponseCode", NO_ERROR)
        for name in ("m:MessageText", "m:DescriptiveLinkKey"):
            if message.find(_tag(name)) is not None:
                yield f"{_short(message)} Success: unexpected {name}"
        yield from _success(message, to_streaming)
    else:
        yield f"{_short(message)}: ResponseClass is {response_class!r}"


def _success(message: Element, to_streaming: bool) -> Problems:
    if _short(message) == "m:SubscribeResponseMessage":
        # Java, C# and exchangelib all fail on a push or pull subscription without Watermark (2).
        names = ["m:ResponseCode", "m:SubscriptionId", "m:Watermark"]
        yield from _children(message, names[:-1] if to_streaming else names)
        yield from _text(message, "m:SubscriptionId", NOT_BLANK)
        yield from _text(message, "m:Watermark", WATERMARK)
    elif _short(message) == "m:GetEventsResponseMessage":
        yield from _children(message, ["m:ResponseCode", "m:Notification"])
        for notification in message.iterfind(_tag("m:Notification")):
            yield from _notification(notification)
    elif _short(message) == "m:GetFolderResponseMessage":
        # One response message per folder asked for (13).
        folders = message.findall("m:Folders/*", NAMESPACES)
        if len(folders) != 1:
            yield f"GetFolderResponseMessage has {len(folders)} folders, not one"
        for identifier in message.iterfind("m:Folders/*/t:FolderId", NAMESPACES):
            yield from _identifier(identifier)


def _fault(status: int, fault: Element) -> Problems:
    if status != STATUS_FAULT:
        # Java, C# and JavaScript cannot read a fault with 200, nor exchangelib one with 400 (8).
        yield f"a Fault with status {status}, not {STATUS_FAULT}"
    yield from _children(fault, ["faultcode", "faultstring", "detail"])
    yield from _text(fault, "faultstring", NOT_BLANK)
    detail = fault.find("detail")
    if detail is None:
        return
    names = ["e:ResponseCode", "e:Message", "t:MessageXml"]
    yield from _children(detail, names, optional=["t:MessageXml"])
    yield from _text(detail, "e:ResponseCode", ERROR_CODE)
    yield from _text(detail, "e:Message", NOT_BLANK)
    code = detail.findtext(_tag("e:ResponseCode")) or ""
    if code in MISLEADING_FAULTS:
        yield f"a Fault with {code}, which makes exchangelib try every API version"
    yield from _fault_code(fault, code)
    yield from _message_xml(detail, code)


def _fault_code(fault: Element, code: str) -> Problems:
    for element in fault.iterfind("faultcode"):
        prefix, _, local = (element.text or "").rpartition(":")
        if element.nsmap.get(prefix or None) != NAMESPACES["t"]:
            yield f"faultcode {element.text!r} is not a QName of the types namespace"
        if local != code:
            yield f"faultcode {element.text!r}, but e:ResponseCode {code!r}"


def _message_xml(detail: Element, code: str) -> Problems:
    """What typed errors of C# and exchangelib are filled from (8)."""
    found = detail.find(_tag("t:MessageXml"))
    if code == "ErrorSchemaValidation":
        if found is None:
            yield "ErrorSchemaValidation without t:MessageXml"
            return
        yield from _children(found, ["t:LineNumber", "t:LinePosition", "t:Violation"])
        yield from _text(found, "t:LineNumber", COUNT)
        yield from _text(found, "t:LinePosition", COUNT)
        yield from _text(found, "t:Violation", NOT_BLANK)
    if code == "ErrorServerBusy":
        pause = detail.findtext(".//t:Value[@Name='BackOffMilliseconds']", "", NAMESPACES)
        if not COUNT.fullmatch(pause):
            yield "ErrorServerBusy without BackOffMilliseconds"
