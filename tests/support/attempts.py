"""Attempts to deliver a notification, as the attempt log has them."""

from typing import Any

from ewspush.store.attempts import Attempt
from support.checks_for_store import NOW_S


def attempt(mailbox: int = 1, subscription: int = 7, **changes: Any) -> Attempt:
    """An attempt that delivered one event, without bodies."""
    values: dict[str, Any] = {
        "at_ms": 1000 * NOW_S,
        "previous": 4,
        "through": 5,
        "events": 1,
        "more_events": False,
        "outcome": "OK",
        "http_status": 200,
        "detail": "",
        "connect_us": None,
        "tls_us": None,
        "first_byte_us": 900,
        "total_us": 1200,
        "request": None,
        "answer": None,
    }
    return Attempt(mailbox, subscription, **values | changes)
