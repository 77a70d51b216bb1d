"""Whether anything is missing from what a responder was told."""

import struct
from base64 import b64decode
from collections.abc import Iterator, Sequence

from ewspush.testing.notifications import Notification, NotifiedEvent

__tracebackhide__ = True  # pytest shows the line of the test, and not those here

_FAR = 1 << 32  # so far apart are watermarks of two mailboxes


class Chain:
    """The notifications of one subscription that were acknowledged, by their watermarks.

    Each PreviousWatermark is the last watermark before it. An older one says that an
    acknowledgement was lost: the events after it come again, from the first of them. One that
    never came says that something is missing.
    """

    def __init__(self, first: Notification) -> None:
        """It begins with the PreviousWatermark of the first one, acknowledged or not."""
        self.subscription_id = first.subscription_id
        self.start = start = first.previous_watermark
        self.last = start
        self.began = self.heard = first.number  # of the first notification, and of the last one
        self._places = {start: 0}  # of each watermark: how many events came until there
        self._events: list[NotifiedEvent] = []
        self.missed: list[str] = []

    def hear(self, notification: Notification) -> None:
        """It came, acknowledged or not."""
        self.heard = notification.number

    def add(self, notification: Notification) -> list[NotifiedEvent]:
        """The events that had not come before."""
        previous = notification.previous_watermark
        place = self._places.get(previous)
        if place is None:
            self.missed.append(
                f"notification #{notification.number} of subscription"
                f" {notification.subscription_id} follows on the watermark {previous!r}, which"
                f" never came: the last one was {self.last!r}, and what lies between is missing"
            )
            place = len(self._events)
        repeated = iter(self._events[place:])
        return [
            event for event in notification.events if self._is_new(notification, event, repeated)
        ]

    def _is_new(
        self, notification: Notification, event: NotifiedEvent, repeated: Iterator[NotifiedEvent]
    ) -> bool:
        if event.is_status:
            self._places.setdefault(event.watermark, len(self._events))
            self.last = event.watermark
            return False
        expected = next(repeated, None)
        if expected is not None:
            if expected != event:
                self.missed.append(
                    f"notification #{notification.number} repeats what came before, and has {event}"
                    f" at {event.watermark!r} where {expected} at {expected.watermark!r} came"
                )
            return False
        self._events.append(event)
        self._places[event.watermark] = len(self._events)
        self.last = event.watermark
        return True


def gaps(chains: Sequence[Chain]) -> Iterator[str]:
    """What subscriptions missed that began later than where the ones before them had ended.

    The chains are in the order in which they began. One that goes on beside a later one may yet be
    told what is between.
    """
    for place, chain in enumerate(chains):
        before = [each for each in chains[:place] if _is_of_one_mailbox(each, chain)]
        if not before or any(each.heard > chain.began for each in before):
            continue
        newest = max(before, key=lambda each: _position(each.last))
        count = _position(chain.start) - _position(newest.last)
        if count > 0:
            yield _gap(newest, chain, count)


def _gap(before: Chain, after: Chain, count: int) -> str:
    events = "1 event" if count == 1 else f"{count} events"
    return (
        f"subscription {after.subscription_id} begins after the watermark {after.start!r}; the last"
        f" one that was acknowledged before it, of subscription {before.subscription_id}, is"
        f" {before.last!r}: {events} of the mailbox between them, wanted or not, were told to"
        " neither. Subscribe with that last watermark to be told of them"
    )


def _is_of_one_mailbox(one: Chain, other: Chain) -> bool:
    """As far as watermarks tell: they count from a number that each mailbox has of its own."""
    positions = _position(one.last), _position(other.start)
    return min(positions) >= 0 and abs(positions[0] - positions[1]) < _FAR


def _position(watermark: str) -> int:
    """The number that a watermark of ewspush is; negative if it is none."""
    try:
        (position,) = struct.unpack("<q", b64decode(watermark, validate=True))
    except (ValueError, struct.error):
        return -1
    return int(position)
