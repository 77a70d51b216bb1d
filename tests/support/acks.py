"""Answers of push responders."""

from ewspush.core.subscription import SubscriptionStatus
from ewspush.push.sender import Times
from ewspush.wire.namespaces import MESSAGES, SOAP


def ack(status: SubscriptionStatus = SubscriptionStatus.OK) -> bytes:
    """A well-formed acknowledgement."""
    return (
        f'<?xml version="1.0"?><s:Envelope xmlns:s="{SOAP}"><s:Body>'
        f'<SendNotificationResult xmlns="{MESSAGES}"><SubscriptionStatus>{status.value}'
        "</SubscriptionStatus></SendNotificationResult></s:Body></s:Envelope>"
    ).encode()


def took(seconds: float = 0.0) -> Times:
    """The times of an attempt on a connection that was there, for answers without a sender."""
    return Times(None, None, None, int(seconds * 1e6))
