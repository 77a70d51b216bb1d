"""What the doctor posts: messages as the server makes them, of a mailbox that does not exist."""

from collections.abc import Iterator
from dataclasses import dataclass

from ewspush.core.errors import AccountDisabled
from ewspush.core.events import Event, EventType
from ewspush.core.ids import Kind
from ewspush.core.notification import Notification
from ewspush.wire import ids
from ewspush.wire import notification as envelope

_MAILBOX = 1
_BASES = 1 << 14  # more watermarks than a batch has: no second shares one with another
_INBOX = 1
_ROOT = 2
_FIRST_ITEM = 3

GARBAGE = b"This is not XML, <nor> will it be & nobody closes this"


@dataclass(frozen=True, slots=True)
class Messages:
    """Bodies, each following on the one before by its watermarks."""

    status: bytes
    event: bytes
    batch: bytes
    error: bytes
    last_status: bytes


def compose(batch: int, now_s: int, subscription_id: str | None, server_version: str) -> Messages:
    """Messages with a batch of so many events, all of which happened at `now_s`.

    `subscription_id` is in all of them, or else one that no responder knows.
    """
    subscription = subscription_id or ids.encode(Kind.SUBSCRIPTION, _MAILBOX, 1)
    base = now_s * _BASES
    new_mail = Event(1, EventType.NEW_MAIL, now_s, False, _FIRST_ITEM, _INBOX)
    events = tuple(_events(2, batch, now_s))
    last = 1 + batch

    def render(notification: Notification) -> bytes:
        return envelope.render(notification, _MAILBOX, base, subscription, server_version)

    return Messages(
        status=render(Notification(0, (), 0, more=False)),
        event=render(Notification(0, (new_mail,), 1, more=False)),
        batch=render(Notification(1, events, last, more=False)),
        error=envelope.render_error(
            AccountDisabled("The mailbox was disabled."), subscription, server_version
        ),
        last_status=render(Notification(last, (), last, more=False)),
    )


def _events(first: int, count: int, at_s: int) -> Iterator[Event]:
    """Those of messages that arrive: each is made, is new mail, and changes the Inbox."""
    for sequence in range(first, first + count):
        message, kind = divmod(sequence - first, 3)
        item = _FIRST_ITEM + 1 + message
        if kind == 0:
            yield Event(sequence, EventType.CREATED, at_s, False, item, _INBOX)
        elif kind == 1:
            yield Event(sequence, EventType.NEW_MAIL, at_s, False, item, _INBOX)
        else:
            yield Event(
                sequence, EventType.MODIFIED, at_s, True, _INBOX, _ROOT, unread_count=message + 2
            )
