"""The envelopes of GetStreamingEvents, against the schema and the strictest clients."""

import pytest
from lxml import etree

from ewspush.core.errors import EwsError, ExceededConnectionCount, InvalidSubscription
from ewspush.core.events import Event, EventType
from ewspush.core.server_version import ServerVersion
from ewspush.wire.streaming import StreamedEvents, StreamingEnvelopes
from support.schemas import our_violations
from support.strict_reader import NAMESPACES, streaming_problems

ENVELOPES = StreamingEnvelopes(ServerVersion())
AT_S = 1_790_000_000
EVENTS = [
    *(
        Event(sequence, type_, AT_S, is_folder, 100, 3)
        for sequence, (type_, is_folder) in enumerate(
            (type_, is_folder)
            for type_ in EventType
            for is_folder in (False, True)
            if type_ not in (EventType.MOVED, EventType.COPIED)
        )
    ),
    Event(20, EventType.MOVED, AT_S, False, 101, 7, 100, 3),
    Event(21, EventType.COPIED, AT_S, True, 8, 7, 6, 3),
    Event(22, EventType.MODIFIED, AT_S, True, 3, 2, unread_count=1),
]


def read(envelope: bytes) -> etree._Element:
    assert streaming_problems(envelope) == []
    assert our_violations(envelope) == []
    return etree.fromstring(envelope)


def texts(root: etree._Element, path: str) -> list[str | None]:
    return [found.text for found in root.iterfind(f".//{path}", NAMESPACES)]


@pytest.mark.parametrize(
    ("envelope", "status"), [(ENVELOPES.ok, "OK"), (ENVELOPES.closed, "Closed")]
)
def test_a_message_without_events_says_how_the_connection_is(envelope: bytes, status: str) -> None:
    assert texts(read(envelope), "m:ConnectionStatus") == [status]


@pytest.mark.parametrize(
    "event", EVENTS, ids=lambda event: f"{event.type.element} {event.is_folder}"
)
def test_every_event_is_as_clients_need_it(event: Event) -> None:
    root = read(ENVELOPES.notifications(1, [StreamedEvents("id", [event])]))
    assert texts(root, "t:SubscriptionId") == ["id"]
    assert root.find(f".//m:Notification/t:{event.type.element}", NAMESPACES) is not None
    assert texts(root, "t:TimeStamp") == ["2026-09-21T14:13:20Z"]
    assert texts(root, "t:UnreadCount") == (["1"] if event.unread_count else [])
    assert texts(root, "t:Watermark") == []


def test_several_subscriptions_are_told_in_one_message_and_events_in_their_order() -> None:
    root = read(
        ENVELOPES.notifications(
            1, [StreamedEvents("one", EVENTS[::-1]), StreamedEvents("two", EVENTS[:2])]
        )
    )
    one, two = root.findall(".//m:Notification", NAMESPACES)
    assert [etree.QName(child).localname for child in one[1:]] == [
        event.type.element for event in EVENTS[::-1]
    ]
    assert (len(one), len(two)) == (1 + len(EVENTS), 3)


@pytest.mark.parametrize("is_last", [True, False])
@pytest.mark.parametrize("subscription_ids", [[], ["one"], ["one", "<&>\"'"]])
def test_an_error_names_the_subscriptions_it_is_about(
    subscription_ids: list[str], is_last: bool
) -> None:
    root = read(ENVELOPES.error(InvalidSubscription(), subscription_ids, is_last=is_last))
    assert texts(root, "m:ResponseCode") == ["ErrorInvalidSubscription"]
    assert texts(root, "m:SubscriptionId") == subscription_ids
    assert texts(root, "m:ConnectionStatus") == (["Closed"] if is_last else [])


@pytest.mark.parametrize("error", [InvalidSubscription("a < b & c"), ExceededConnectionCount()])
def test_an_error_has_its_text(error: EwsError) -> None:
    assert texts(read(ENVELOPES.error(error, [], is_last=True)), "m:MessageText") == [str(error)]


def test_every_message_says_which_server_it_is_from() -> None:
    version = ServerVersion(15, 1, 2, 3, "Exchange2016")
    root = read(StreamingEnvelopes(version).ok)
    (info,) = root.iterfind(".//t:ServerVersionInfo", NAMESPACES)
    assert (info.get("MajorVersion"), info.get("Version")) == ("15", "Exchange2016")
