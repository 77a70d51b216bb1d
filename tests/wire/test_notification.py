"""The SendNotification envelope: its bytes, and what the guide's samples and readers make of it."""

from collections.abc import Mapping

import pytest
from lxml import etree

import ewspush
from ewspush.core.errors import AccountDisabled, EwsError
from ewspush.core.events import Event, EventType
from ewspush.core.notification import Notification
from ewspush.wire import notification as envelope
from ewspush.wire import received
from ewspush.wire.namespaces import MESSAGES, SOAP, TYPES
from support import notifications
from support.samples import readable
from support.schemas import ROOT, our_violations

GOLDEN = ROOT / "tests" / "data" / "golden"

# Such that the watermarks of the guide's sample are those of sequences 274 and 275.
BASE, PREVIOUS = 3000, 274
AT_S = 1_517_584_514  # 2018-02-02T15:15:14Z, as in the sample
SUBSCRIPTION = "hKJETtoAdi9PPW0tZDQ4MThmMDoVYB"
MAILBOX, ROOT_FOLDER, INBOX, ARCHIVE, ITEM = 7, 2, 3, 19, 100

HEADERS = {
    "Content-Type": "text/xml; charset=utf-8",
    "SOAPAction": f'"{envelope.SOAP_ACTION}"',
    "Accept": "text/xml",
    "User-Agent": f"ewspush/{ewspush.__version__}",
}


def item(type_: EventType, sequence: int = PREVIOUS + 1, **others: int) -> Event:
    return Event(sequence, type_, AT_S, False, ITEM, INBOX, **others)


def folder(type_: EventType, sequence: int = PREVIOUS + 1, **others: int) -> Event:
    return Event(sequence, type_, AT_S, True, INBOX, ROOT_FOLDER, **others)


def batch(*events: Event, more: bool = False) -> Notification:
    return Notification(PREVIOUS, events, events[-1].sequence, more)


def heartbeat(through: int) -> Notification:
    return Notification(PREVIOUS, (), through, False)


MOVED_ITEM = {"old_object": ITEM - 1, "old_parent": ARCHIVE}
MOVED_FOLDER = {"old_object": INBOX + 1, "old_parent": ARCHIVE}
DELIVERY = (
    item(EventType.CREATED),
    item(EventType.NEW_MAIL, PREVIOUS + 2),
    folder(EventType.MODIFIED, PREVIOUS + 3, unread_count=12),
)

NOTIFICATIONS: Mapping[str, Notification] = {
    "created-item": batch(item(EventType.CREATED)),
    "created-folder": batch(folder(EventType.CREATED)),
    "deleted-item": batch(item(EventType.DELETED)),
    "new-mail": batch(item(EventType.NEW_MAIL)),
    "free-busy-changed": batch(item(EventType.FREE_BUSY_CHANGED)),
    "modified-item": batch(item(EventType.MODIFIED)),
    "modified-folder": batch(folder(EventType.MODIFIED, unread_count=0)),
    "moved-item": batch(item(EventType.MOVED, **MOVED_ITEM)),
    "moved-folder": batch(folder(EventType.MOVED, **MOVED_FOLDER)),
    "copied-item": batch(item(EventType.COPIED, **MOVED_ITEM)),
    "copied-folder": batch(folder(EventType.COPIED, **MOVED_FOLDER)),
    "delivery": batch(*DELIVERY),
    "more-events": batch(*DELIVERY, more=True),
    "status-event": heartbeat(PREVIOUS),
    "status-event-at-the-head": heartbeat(PREVIOUS + 100),
    "exchange2007-sp1": batch(*DELIVERY),
}
ERRORS: Mapping[str, EwsError] = {"account-disabled": AccountDisabled("The mailbox was disabled.")}


def rendered(name: str) -> bytes:
    if name in ERRORS:
        return envelope.render_error(ERRORS[name], SUBSCRIPTION, "Exchange2010_SP2")
    version = "Exchange2007_SP1" if name == "exchange2007-sp1" else "Exchange2010_SP2"
    return envelope.render(NOTIFICATIONS[name], MAILBOX, BASE, SUBSCRIPTION, version)


def test_there_is_a_golden_file_for_each_notification_and_no_other() -> None:
    assert {path.stem for path in GOLDEN.glob("*.xml")} == {*NOTIFICATIONS, *ERRORS}


@pytest.mark.parametrize("name", [*NOTIFICATIONS, *ERRORS])
def test_an_envelope_is_its_golden_file_byte_for_byte(name: str) -> None:
    assert rendered(name) == (GOLDEN / f"{name}.xml").read_bytes()


@pytest.mark.parametrize("name", NOTIFICATIONS)
def test_every_client_and_schema_accepts_a_golden_file(name: str) -> None:
    composed = NOTIFICATIONS[name]
    read = notifications.read(HEADERS, (GOLDEN / f"{name}.xml").read_bytes())
    assert read.subscription == SUBSCRIPTION
    assert read.previous == "ygwAAAAAAAA="
    assert read.more is composed.more
    assert read.names == [event.type.element for event in composed.events] or ["StatusEvent"]


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_has_no_notification_and_is_as_the_schema_says_otherwise(name: str) -> None:
    body = (GOLDEN / f"{name}.xml").read_bytes()
    read = notifications.read(HEADERS, body)
    assert (read.subscription, read.events) == (SUBSCRIPTION, ())
    assert read.code == ERRORS[name].response_code
    (missing,) = our_violations(body)
    assert "SendNotificationResponseMessage': Missing child element(s)" in missing


@pytest.mark.parametrize("name", ERRORS)
def test_our_own_responder_says_which_error_it_is(name: str) -> None:
    with pytest.raises(received.ErrorNotification, match=ERRORS[name].response_code):
        received.parse(rendered(name))


def test_the_text_of_an_error_cannot_break_out_of_its_element() -> None:
    text = "</m:MessageText>&<x/>"
    document = envelope.render_error(AccountDisabled(text), SUBSCRIPTION, "Exchange2010_SP2")
    assert etree.fromstring(document).findtext(f".//{{{MESSAGES}}}MessageText") == text


def test_every_event_type_has_a_golden_file() -> None:
    shown = {event.type for each in NOTIFICATIONS.values() for event in each.events}
    assert shown == set(EventType)


Outline = list[tuple[str, dict[str, str], str]]


def outline(document: bytes) -> Outline:
    """Path, attributes and text of each element in its order; of ids only that there are some."""
    root = etree.fromstring(document)
    tree = root.getroottree()
    return [
        (
            tree.getelementpath(element),
            {name: "" if name == "Id" else value for name, value in element.items()},
            (element.text or "").strip(),
        )
        for element in root.iter()
    ]


def test_a_modified_event_is_the_guides_sample_and_an_unread_count() -> None:
    ours = outline(rendered("modified-folder"))
    additions = [each for each in ours if each[0].endswith("UnreadCount")]
    assert [text for *_, text in additions] == ["0"]
    assert ours.index(additions[0]) == len(ours) - 1
    assert ours[:-1] == outline(readable("send-notification"))


def test_a_status_event_is_the_guides_sample() -> None:
    ours = envelope.render(
        Notification(0, (), 0, False), MAILBOX, 0, SUBSCRIPTION, "Exchange2010_SP2"
    )
    assert outline(ours) == outline(readable("status-event"))


def test_the_request_server_version_is_the_subscribers_and_empty() -> None:
    root = etree.fromstring(rendered("exchange2007-sp1"))
    (version,) = root.iterfind(f"{{{SOAP}}}Header/*")
    assert version.tag == f"{{{TYPES}}}RequestServerVersion"
    assert dict(version.attrib) == {"Version": "Exchange2007_SP1"}
    assert version.text is None


@pytest.mark.parametrize("version", ['"><x/>', "'\"&<>", "Exchange2010_SP2' Version='x"])
def test_a_server_version_cannot_break_out_of_its_attribute(version: str) -> None:
    document = envelope.render(heartbeat(PREVIOUS), MAILBOX, BASE, SUBSCRIPTION, version)
    (header,) = etree.fromstring(document).iterfind(f"{{{SOAP}}}Header/*")
    assert dict(header.attrib) == {"Version": version}


@pytest.mark.parametrize(
    ("at_s", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (951_782_400, "2000-02-29T00:00:00Z"),
        (AT_S, "2018-02-02T15:15:14Z"),
        (4_102_444_799, "2099-12-31T23:59:59Z"),
    ],
)
def test_a_timestamp_is_utc_without_fractions(at_s: int, text: str) -> None:
    assert envelope.timestamp(at_s) == text


@pytest.mark.parametrize("name", NOTIFICATIONS)
def test_our_own_responder_reads_what_we_send(name: str) -> None:
    read = received.parse(rendered(name))
    strictly = notifications.read(HEADERS, rendered(name))
    assert read.subscription_id == SUBSCRIPTION
    assert read.previous_watermark == strictly.previous
    assert read.more_events is strictly.more
    assert [(event.name, event.watermark) for event in read.events] == list(strictly.events)


def test_our_own_responder_tells_what_an_event_is_about() -> None:
    created, _, modified = received.parse(rendered("delivery")).events
    assert (created.subject or "").startswith("item ")
    assert created.unread_count is None
    assert (modified.subject or "").startswith("folder ")
    assert modified.unread_count == "12"
    assert modified.timestamp == "2018-02-02T15:15:14Z"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param(b"", "not XML", id="nothing"),
        pytest.param(b"<a/>", "no Notification in it", id="something else"),
        pytest.param(b"<!DOCTYPE a><a/>", "DTD", id="a DTD"),
        pytest.param(
            rendered("status-event").replace(b"m:Notification>", b"m:Nothing>"), "NoError",
            id="a message without a Notification",
        ),
    ],
)  # fmt: skip
def test_our_own_responder_says_what_is_no_notification(body: bytes, reason: str) -> None:
    with pytest.raises(received.NotANotification, match=reason):
        received.parse(body)
