"""Notifications as a responder reads them, each checked by every reader there is."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from ewspush.wire.namespaces import MESSAGES, TYPES
from support.schemas import microsoft_violations, our_violations
from support.strict_reader import notification_problems

_T = f"{{{TYPES}}}"
_M = f"{{{MESSAGES}}}"

_NO_NOTIFICATION = re.compile(
    rf"'{re.escape(_M)}SendNotificationResponseMessage': Missing child element\(s\)\."
    rf" Expected is .*{re.escape(_M)}Notification"
)


@dataclass(frozen=True)
class Received:
    """A notification, its values still as text."""

    body: bytes
    subscription: str
    previous: str
    more: bool
    events: tuple[tuple[str, str], ...]  # name and Watermark
    code: str = "NoError"  # with an error there is nothing but the subscription

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.events]


def read(headers: Mapping[str, str], body: bytes) -> Received:
    """Read a notification; an AssertionError tells what a client or a schema dislikes."""
    if b'ResponseClass="Error"' in body:
        return _read_error(headers, body)
    assert notification_problems(headers, body) == []
    assert our_violations(body) == []
    assert not microsoft_violations(body)
    notification = next(etree.fromstring(body).iter(f"{_M}Notification"))
    return Received(
        body=body,
        subscription=notification.findtext(f"{_T}SubscriptionId") or "",
        previous=notification.findtext(f"{_T}PreviousWatermark") or "",
        more=notification.findtext(f"{_T}MoreEvents") == "true",
        events=tuple(
            (etree.QName(event).localname, event.findtext(f"{_T}Watermark") or "")
            for event in notification.iterchildren()
            if etree.QName(event).localname.endswith("Event")
        ),
    )


def _read_error(headers: Mapping[str, str], body: bytes) -> Received:
    assert notification_problems(headers, body) == []
    # The listed exception to schema validity: an error has no Notification (protocol notes, 6).
    for violations in (our_violations(body), microsoft_violations(body) or []):
        assert all(_NO_NOTIFICATION.search(each) for each in violations), violations
    message = next(etree.fromstring(body).iter(f"{_M}SendNotificationResponseMessage"))
    assert message.find(f"{_M}Notification") is None
    (value,) = message.iterfind(f"{_M}MessageXml/{_T}Value")
    assert value.get("Name") == "SubscriptionId"
    return Received(body, value.text or "", "", False, (), message.findtext(f"{_M}ResponseCode"))
