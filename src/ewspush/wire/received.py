"""Reading a SendNotification envelope, as a responder does."""

from dataclasses import dataclass

from lxml import etree

from ewspush.wire import xml
from ewspush.wire.namespaces import MESSAGES, TYPES

_T = f"{{{TYPES}}}"
_M = f"{{{MESSAGES}}}"


class NotANotification(ValueError):
    """Not a SendNotification envelope. `str()` says why."""


class ErrorNotification(NotANotification):
    """An envelope that tells of an error, in the place of a notification: its code and text."""


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    """One event, its values as text."""

    name: str  # as in NewMailEvent
    watermark: str
    timestamp: str | None  # a StatusEvent has none
    subject: str | None  # "item" or "folder", with its id
    unread_count: str | None
    parent_id: str | None = None
    old_id: str | None = None  # of the item or folder, before it was moved or copied
    old_parent_id: str | None = None


@dataclass(frozen=True, slots=True)
class ReceivedNotification:
    """A notification, its values as text."""

    subscription_id: str
    previous_watermark: str
    more_events: bool
    events: tuple[ReceivedEvent, ...]


def parse(body: bytes) -> ReceivedNotification:
    """Read a notification. Raises NotANotification, ErrorNotification if it tells of an error."""
    try:
        root = xml.parse(body)
    except xml.Unreadable as error:
        raise NotANotification(f"not XML: {error}") from None
    notification = next(root.iter(f"{_M}Notification"), None)
    if notification is None:
        code = next((e.text for e in root.iter(f"{_M}ResponseCode")), None)
        if code in (None, "NoError"):
            raise NotANotification(code or "no Notification in it")
        text = next((e.text for e in root.iter(f"{_M}MessageText")), None)
        raise ErrorNotification(f"{code}: {text}" if text else code)
    return ReceivedNotification(
        subscription_id=notification.findtext(f"{_T}SubscriptionId") or "",
        previous_watermark=notification.findtext(f"{_T}PreviousWatermark") or "",
        more_events=notification.findtext(f"{_T}MoreEvents") == "true",
        events=tuple(
            _event(child)
            for child in notification.iterchildren()
            if etree.QName(child).localname.endswith("Event")
        ),
    )


def _event(element: etree._Element) -> ReceivedEvent:
    subject = None
    for kind in ("Item", "Folder"):
        id = _id(element, f"{kind}Id")
        if id is not None:
            subject = f"{kind.lower()} {id}"
    return ReceivedEvent(
        name=etree.QName(element).localname,
        watermark=element.findtext(f"{_T}Watermark") or "",
        timestamp=element.findtext(f"{_T}TimeStamp"),
        subject=subject,
        unread_count=element.findtext(f"{_T}UnreadCount"),
        parent_id=_id(element, "ParentFolderId"),
        old_id=_id(element, "OldItemId") or _id(element, "OldFolderId"),
        old_parent_id=_id(element, "OldParentFolderId"),
    )


def _id(element: etree._Element, name: str) -> str | None:
    found = element.find(f"{_T}{name}")
    return None if found is None else found.get("Id")
