"""The SendNotification envelope, in the one form that every known client library accepts.

An XML declaration, a Header with RequestServerVersion, PreviousWatermark and MoreEvents always, a
Watermark in every event, TimeStamps without fractions, UnreadCount only beside a FolderId. It is
put together from strings: this is the hot path, and every value but the version is our own.
"""

from functools import lru_cache
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from ewspush.core import times, watermark
from ewspush.core.errors import EwsError
from ewspush.core.events import Event
from ewspush.core.ids import Kind
from ewspush.core.notification import Notification
from ewspush.wire import ids
from ewspush.wire.namespaces import MESSAGES, SOAP, TYPES

SOAP_ACTION = f"{MESSAGES}/SendNotification"


def render(
    notification: Notification,
    mailbox: int,
    watermark_base: int,
    subscription_id: str,
    server_version: str,
) -> bytes:
    """The envelope. `server_version` is the RequestServerVersion of the subscriber."""
    content = _content(notification, mailbox, watermark_base, subscription_id)
    return f"{_opening(server_version)}{content}{_CLOSING}".encode("ascii")


def render_error(error: EwsError, subscription_id: str, server_version: str) -> bytes:
    """The envelope that says why a subscription gets no more notifications.

    Without a Notification, which the schema requires, as Exchange sends it.
    """
    return (
        f"{_head(server_version)}"
        '<m:SendNotificationResponseMessage ResponseClass="Error">'
        f"<m:MessageText>{escape(str(error))}</m:MessageText>"
        f"<m:ResponseCode>{error.response_code}</m:ResponseCode>"
        "<m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>"
        f'<m:MessageXml><t:Value Name="SubscriptionId">{subscription_id}</t:Value></m:MessageXml>'
        f"{_TAIL}"
    ).encode()


def element(
    notification: Notification, mailbox: int, watermark_base: int, subscription_id: str
) -> etree._Element:
    """The m:Notification alone, for an answer to GetEvents."""
    content = _content(notification, mailbox, watermark_base, subscription_id)
    return etree.fromstring(
        f'<m:Notification xmlns:m="{MESSAGES}" xmlns:t="{TYPES}">{content}</m:Notification>'
    )


def _content(
    notification: Notification, mailbox: int, watermark_base: int, subscription_id: str
) -> str:
    parts = [
        "<t:SubscriptionId>",
        subscription_id,
        "</t:SubscriptionId><t:PreviousWatermark>",
        watermark.encode(watermark_base, notification.previous),
        "</t:PreviousWatermark><t:MoreEvents>",
        "true" if notification.more else "false",
        "</t:MoreEvents>",
    ]
    for each in notification.events:
        mark = watermark.encode(watermark_base, each.sequence)
        parts.append(event_element(each, mailbox, f"<t:Watermark>{mark}</t:Watermark>"))
    if not notification.events:
        through = watermark.encode(watermark_base, notification.through)
        parts.append(f"<t:StatusEvent><t:Watermark>{through}</t:Watermark></t:StatusEvent>")
    return "".join(parts)


def event_element(event: Event, mailbox: int, mark: str = "") -> str:
    """The element of an event. `mark` is its t:Watermark, which streamed events have not."""
    kind = Kind.FOLDER if event.is_folder else Kind.ITEM
    name, tag = event.type.element, "FolderId" if event.is_folder else "ItemId"
    old = unread = ""
    if event.old_object is not None and event.old_parent is not None:
        old = (
            f'<t:Old{tag} Id="{ids.encode(kind, mailbox, event.old_object)}"/>'
            f'<t:OldParentFolderId Id="{ids.encode(Kind.FOLDER, mailbox, event.old_parent)}"/>'
        )
    if event.unread_count is not None:
        unread = f"<t:UnreadCount>{event.unread_count}</t:UnreadCount>"
    return (
        f"<t:{name}>{mark}"
        f"<t:TimeStamp>{timestamp(event.at_s)}</t:TimeStamp>"
        f'<t:{tag} Id="{ids.encode(kind, mailbox, event.object)}"/>'
        f'<t:ParentFolderId Id="{ids.encode(Kind.FOLDER, mailbox, event.parent)}"/>'
        f"{old}{unread}</t:{name}>"
    )


@lru_cache(maxsize=1024)
def timestamp(at_s: int) -> str:
    """A TimeStamp: events come many to a second."""
    return times.to_text(at_s)


@lru_cache(maxsize=64)
def _opening(server_version: str) -> str:
    return (
        f"{_head(server_version)}"
        '<m:SendNotificationResponseMessage ResponseClass="Success">'
        "<m:ResponseCode>NoError</m:ResponseCode><m:Notification>"
    )


def _head(server_version: str) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<soap:Envelope xmlns:soap="{SOAP}"><soap:Header>'
        f'<t:RequestServerVersion xmlns:t="{TYPES}" Version={quoteattr(server_version)}/>'
        f'</soap:Header><soap:Body><m:SendNotification xmlns:m="{MESSAGES}" xmlns:t="{TYPES}">'
        "<m:ResponseMessages>"
    )


_TAIL = (
    "</m:SendNotificationResponseMessage></m:ResponseMessages>"
    "</m:SendNotification></soap:Body></soap:Envelope>"
)
_CLOSING = f"</m:Notification>{_TAIL}"
