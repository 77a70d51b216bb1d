"""The SendNotification envelope, in the one form that every known client library accepts.

An XML declaration, a Header with RequestServerVersion, PreviousWatermark and MoreEvents always, a
Watermark in every event, TimeStamps without fractions, UnreadCount only beside a FolderId. It is
put together from strings: this is the hot path, and every value but the version is our own.
"""

import time
from functools import lru_cache
from xml.sax.saxutils import quoteattr

from ewspush.core import watermark
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
    parts = [
        _opening(server_version),
        "<t:SubscriptionId>",
        subscription_id,
        "</t:SubscriptionId><t:PreviousWatermark>",
        watermark.encode(watermark_base, notification.previous),
        "</t:PreviousWatermark><t:MoreEvents>",
        "true" if notification.more else "false",
        "</t:MoreEvents>",
    ]
    for event in notification.events:
        parts.append(_event(event, mailbox, watermark_base))
    if not notification.events:
        through = watermark.encode(watermark_base, notification.through)
        parts.append(f"<t:StatusEvent><t:Watermark>{through}</t:Watermark></t:StatusEvent>")
    parts.append(_CLOSING)
    return "".join(parts).encode("ascii")


def _event(event: Event, mailbox: int, watermark_base: int) -> str:
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
        f"<t:{name}>"
        f"<t:Watermark>{watermark.encode(watermark_base, event.sequence)}</t:Watermark>"
        f"<t:TimeStamp>{timestamp(event.at_s)}</t:TimeStamp>"
        f'<t:{tag} Id="{ids.encode(kind, mailbox, event.object)}"/>'
        f'<t:ParentFolderId Id="{ids.encode(Kind.FOLDER, mailbox, event.parent)}"/>'
        f"{old}{unread}</t:{name}>"
    )


@lru_cache(maxsize=1024)
def timestamp(at_s: int) -> str:
    """`yyyy-MM-ddTHH:mm:ssZ`: the EWS Java API fails on fractions and on offsets."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at_s))


@lru_cache(maxsize=64)
def _opening(server_version: str) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<soap:Envelope xmlns:soap="{SOAP}"><soap:Header>'
        f'<t:RequestServerVersion xmlns:t="{TYPES}" Version={quoteattr(server_version)}/>'
        f'</soap:Header><soap:Body><m:SendNotification xmlns:m="{MESSAGES}" xmlns:t="{TYPES}">'
        '<m:ResponseMessages><m:SendNotificationResponseMessage ResponseClass="Success">'
        "<m:ResponseCode>NoError</m:ResponseCode><m:Notification>"
    )


_CLOSING = (
    "</m:Notification></m:SendNotificationResponseMessage></m:ResponseMessages>"
    "</m:SendNotification></soap:Body></soap:Envelope>"
)
