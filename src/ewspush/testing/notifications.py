"""Notifications as tests look at them: every value in a type of its own."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Self

from ewspush.testing.push_responder import Handled
from ewspush.wire.received import NotANotification, ReceivedEvent, ReceivedNotification

EventType = Literal[
    "CopiedEvent",
    "CreatedEvent",
    "DeletedEvent",
    "ModifiedEvent",
    "MovedEvent",
    "NewMailEvent",
    "FreeBusyChangedEvent",
    "StatusEvent",
]
"""The names of EWS; a StatusEvent is a heartbeat."""


_NOTHING = ReceivedNotification("", "", False, ())


@dataclass(frozen=True, slots=True)
class NotifiedEvent:
    """One event of a notification. Of `item_id` and `folder_id` there is one, or none."""

    type: str
    watermark: str
    timestamp: datetime | None  # a StatusEvent has none
    item_id: str | None
    folder_id: str | None
    parent_folder_id: str | None
    old_id: str | None  # of the item or folder, before it was moved or copied
    old_parent_folder_id: str | None
    unread_count: int | None  # in a ModifiedEvent of a folder

    @property
    def is_status(self) -> bool:
        """Whether it is a heartbeat, and so nothing that happened."""
        return self.type == "StatusEvent"

    @classmethod
    def of(cls, received: ReceivedEvent) -> Self:
        """Raises ValueError for a TimeStamp or an UnreadCount that is none."""
        kind, _, id = (received.subject or "").partition(" ")
        unread = received.unread_count
        return cls(
            type=received.name,
            watermark=received.watermark,
            timestamp=datetime.fromisoformat(received.timestamp) if received.timestamp else None,
            item_id=id if kind == "item" else None,
            folder_id=id if kind == "folder" else None,
            parent_folder_id=received.parent_id,
            old_id=received.old_id,
            old_parent_folder_id=received.old_parent_id,
            unread_count=None if unread is None else int(unread),
        )

    def __str__(self) -> str:
        named = f" of item {self.item_id}" if self.item_id else ""
        named = f" of folder {self.folder_id}" if self.folder_id else named
        return f"{self.type}{named}"


@dataclass(frozen=True, slots=True)
class Notification:
    """A request that came to a responder, and how it was answered."""

    number: int  # from 1
    subscription_id: str
    previous_watermark: str
    more_events: bool
    events: tuple[NotifiedEvent, ...]
    error: str | None  # what an error message says, or why it is no notification; no events then
    is_acknowledged: bool  # with OK or Unsubscribe
    answer: str  # for people
    body: bytes

    @property
    def watermark(self) -> str | None:
        """Its last one, with which a subscription goes on after it; an error has none."""
        return self.events[-1].watermark if self.events else None

    @property
    def is_heartbeat(self) -> bool:
        """Whether all that it has is a StatusEvent."""
        return bool(self.events) and all(event.is_status for event in self.events)

    @classmethod
    def of(cls, handled: Handled) -> Self:
        """What came, whatever it was."""
        received = _NOTHING
        events: tuple[NotifiedEvent, ...] = ()
        error: str | None = None
        try:
            if isinstance(handled.notification, NotANotification):
                raise handled.notification
            received = handled.notification
            events = tuple(map(NotifiedEvent.of, received.events))
        except ValueError as problem:
            error = str(problem)
        return cls(
            number=handled.number,
            subscription_id=received.subscription_id,
            previous_watermark=received.previous_watermark,
            more_events=received.more_events,
            events=events,
            error=error,
            is_acknowledged=handled.is_acknowledged,
            answer=handled.answer,
            body=handled.body,
        )

    def __str__(self) -> str:
        return f"#{self.number} {self._what()}, answered with {self.answer}"

    def _what(self) -> str:
        if self.error is not None:
            return f"an error ({self.error})"
        if self.is_heartbeat:
            return "a heartbeat"
        return ", ".join(map(str, self.events))
