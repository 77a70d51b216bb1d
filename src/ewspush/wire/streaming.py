"""The envelopes of GetStreamingEvents, in the one form that every known client library accepts.

Each is complete and without an XML declaration, begins literally with `<Envelope xmlns=`, by which
ews-javascript-api finds it, and has a Header. It carries either Notifications or ConnectionStatus.
Events have no Watermark: the EWS Java API and the EWS Managed API fail on one. m:Notification and
m:SubscriptionId are in the namespace in which Exchange sends and these libraries read them, not in
that of Microsoft's schema.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

from ewspush.core.errors import EwsError
from ewspush.core.events import Event
from ewspush.core.server_version import ServerVersion
from ewspush.wire import notification
from ewspush.wire.faults import server_version_info
from ewspush.wire.namespaces import MESSAGES, SOAP, TYPES

_SUCCESS = "<m:ResponseCode>NoError</m:ResponseCode>"
_CLOSED = "<m:ConnectionStatus>Closed</m:ConnectionStatus>"


class StreamedEvents(NamedTuple):
    """What one subscription is told."""

    subscription_id: str
    events: Sequence[Event]


class StreamingEnvelopes:
    """Renders the envelopes of a server that calls itself this version."""

    def __init__(self, version: ServerVersion) -> None:
        self._before = (
            f'<Envelope xmlns="{SOAP}"><Header>{server_version_info(version)}</Header><Body>'
            f'<m:GetStreamingEventsResponse xmlns:m="{MESSAGES}" xmlns:t="{TYPES}">'
            "<m:ResponseMessages><m:GetStreamingEventsResponseMessage ResponseClass="
        )
        self._after = (
            "</m:GetStreamingEventsResponseMessage></m:ResponseMessages>"
            "</m:GetStreamingEventsResponse></Body></Envelope>"
        )
        # The sign of life and the last one: a ConnectionStatus and nothing else.
        self.ok = self._success("<m:ConnectionStatus>OK</m:ConnectionStatus>")
        self.closed = self._success(_CLOSED)

    def notifications(self, mailbox: int, told: Iterable[StreamedEvents]) -> bytes:
        """Events of subscriptions of one mailbox, at least one of each."""
        each = "".join(_notification(mailbox, one) for one in told)
        return self._success(f"<m:Notifications>{each}</m:Notifications>")

    def error(self, error: EwsError, subscription_ids: Sequence[str], *, is_last: bool) -> bytes:
        """An error, of these subscriptions or of the connection; `is_last`: it ends with it."""
        ids = "".join(
            f"<m:SubscriptionId>{escape(id)}</m:SubscriptionId>" for id in subscription_ids
        )
        refused = f"<m:ErrorSubscriptionIds>{ids}</m:ErrorSubscriptionIds>" if ids else ""
        return self._envelope(
            "Error",
            f"<m:MessageText>{escape(str(error))}</m:MessageText>"
            f"<m:ResponseCode>{error.response_code}</m:ResponseCode>"
            f"<m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>{refused}{_CLOSED if is_last else ''}",
        )

    def _success(self, content: str) -> bytes:
        return self._envelope("Success", _SUCCESS + content)

    def _envelope(self, response_class: str, content: str) -> bytes:
        return f'{self._before}"{response_class}">{content}{self._after}'.encode()


def _notification(mailbox: int, told: StreamedEvents) -> str:
    events = "".join(notification.event_element(each, mailbox) for each in told.events)
    return (
        f"<m:Notification><t:SubscriptionId>{told.subscription_id}</t:SubscriptionId>"
        f"{events}</m:Notification>"
    )
