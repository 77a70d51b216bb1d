"""Notifications in a form for people."""

import click

from ewspush.cli.options import printable
from ewspush.testing.push_responder import Handled
from ewspush.wire.received import (
    ErrorNotification,
    NotANotification,
    ReceivedEvent,
    ReceivedNotification,
)


def headline(handled: Handled) -> str:
    """What came and what was answered."""
    answer = click.style(handled.answer, fg="green" if handled.is_acknowledged else "yellow")
    return f"#{handled.number}  {what(handled.notification)}  -> {answer}"


def events(handled: Handled) -> list[str]:
    """A line for each event; none for a heartbeat, whose watermark is in the headline."""
    notification = handled.notification
    if isinstance(notification, NotANotification) or _is_heartbeat(notification):
        return []
    return [_event(event) for event in notification.events]


def what(notification: ReceivedNotification | NotANotification) -> str:
    """What came, in a few words."""
    if isinstance(notification, ErrorNotification):
        return f"error ({printable(str(notification))})"
    if isinstance(notification, NotANotification):
        return f"not a notification ({printable(str(notification))})"
    previous = printable(notification.previous_watermark)
    if _is_heartbeat(notification):
        watermark = printable(notification.events[0].watermark)
        moved = "" if watermark == previous else f", on to {watermark}"
        return f"heartbeat at {previous}{moved}"
    count = len(notification.events)
    what = "1 event" if count == 1 else f"{count} events"
    more = ", more to come" if notification.more_events else ""
    return f"{what} after {previous}{more}"


def _is_heartbeat(notification: ReceivedNotification) -> bool:
    return [event.name for event in notification.events] == ["StatusEvent"]


def _event(event: ReceivedEvent) -> str:
    unread = f"{event.unread_count} unread" if event.unread_count is not None else None
    parts = (event.name.ljust(13), event.watermark, event.timestamp, event.subject, unread)
    return printable("  ".join(part for part in parts if part))
