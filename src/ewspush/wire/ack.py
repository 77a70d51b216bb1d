"""What a responder answers: SendNotificationResult."""

from functools import lru_cache

from ewspush.core.subscription import SubscriptionStatus
from ewspush.wire import xml
from ewspush.wire.namespaces import MESSAGES, SOAP


class NotAnAcknowledgement(ValueError):
    """An answer without a SubscriptionStatus that can be read. `str()` says what is wrong."""


_SMALL = 2048  # bytes
_UTF8_BOM = b"\xef\xbb\xbf"
_STATUS = {status.value.lower(): status for status in SubscriptionStatus}


def parse(body: bytes) -> SubscriptionStatus:
    """The SubscriptionStatus of an answer's body, read tolerantly.

    White space before the XML declaration (the WorkMail guide prints its samples so), a BOM, any
    prefix, no namespace and any case of the value are accepted. Raises NotAnAcknowledgement.
    """
    # Nearly every responder answers with the same bytes, time after time.
    return _parse_small(body) if len(body) <= _SMALL else _parse(body)


def _parse(body: bytes) -> SubscriptionStatus:
    try:
        root = xml.parse(body.removeprefix(_UTF8_BOM).lstrip())
    except xml.Unreadable as error:
        raise NotAnAcknowledgement(f"the answer is not XML: {error}") from None
    status = next(root.iter(f"{{{MESSAGES}}}SubscriptionStatus", "SubscriptionStatus"), None)
    if status is None:
        if next(root.iter("{*}SubscriptionStatus"), None) is not None:
            raise NotAnAcknowledgement(f"SubscriptionStatus is not in the namespace {MESSAGES}")
        raise NotAnAcknowledgement("the answer has no SubscriptionStatus")
    try:
        return _STATUS[(status.text or "").strip().lower()]
    except KeyError:
        # Not quoted: this text is logged, and answers are not.
        raise NotAnAcknowledgement("SubscriptionStatus is neither OK nor Unsubscribe") from None


_parse_small = lru_cache(maxsize=1024)(_parse)


def render(status: SubscriptionStatus) -> bytes:
    """An acknowledgement, for responders of our own."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<soap:Envelope xmlns:soap="{SOAP}"><soap:Body>'
        f'<m:SendNotificationResult xmlns:m="{MESSAGES}">'
        f"<m:SubscriptionStatus>{status.value}</m:SubscriptionStatus>"
        "</m:SendNotificationResult></soap:Body></soap:Envelope>"
    ).encode("ascii")
