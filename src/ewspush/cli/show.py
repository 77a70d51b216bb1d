"""Notifications in a form for people."""

import click

from ewspush.cli.push_responder import Handled
from ewspush.wire import received


def lines(handled: Handled) -> list[str]:
    """What came and what was answered: a headline, then a line for each event."""
    colour = "green" if handled.is_acknowledged else "yellow"
    answer = click.style(handled.answer, fg=colour)
    try:
        notification = received.parse(handled.body)
    except received.NotANotification as error:
        return [f"#{handled.number}  not a notification ({error})  -> {answer}"]
    count = len(notification.events)
    what = "heartbeat" if notification.events[0].name == "StatusEvent" else f"{count} events"
    more = ", more to come" if notification.more_events else ""
    head = f"#{handled.number}  {what}{more}, after {notification.previous_watermark}  -> {answer}"
    return [head, *(f"    {_event(event)}" for event in notification.events)]


def _event(event: received.ReceivedEvent) -> str:
    parts = [event.name.ljust(17), event.watermark, event.timestamp, event.subject]
    if event.unread_count is not None:
        parts.append(f"{event.unread_count} unread")
    return "  ".join(part for part in parts if part)
