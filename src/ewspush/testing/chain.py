"""Whether anything is missing from what a subscription's responder was told."""

from collections.abc import Iterator

from ewspush.testing.notifications import Notification, NotifiedEvent


class Chain:
    """The acknowledged notifications of one subscription, by their watermarks.

    Each PreviousWatermark is the last watermark before it. An older one says that an
    acknowledgement was lost: the events after it come again, from the first of them. One that
    never came says that something is missing.
    """

    def __init__(self, start: str) -> None:
        """`start` is the Watermark of SubscribeResponse, or the first PreviousWatermark."""
        self._last = start
        self._places = {start: 0}  # of each watermark: how many events came until there
        self._events: list[NotifiedEvent] = []
        self.missed: list[str] = []

    def add(self, notification: Notification) -> list[NotifiedEvent]:
        """The events that had not come before."""
        previous = notification.previous_watermark
        place = self._places.get(previous)
        if place is None:
            self.missed.append(
                f"notification #{notification.number} of subscription"
                f" {notification.subscription_id} follows on the watermark {previous!r}, which"
                f" never came: the last one was {self._last!r}, and what lies between is missing"
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
            self._last = event.watermark
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
        self._last = event.watermark
        return True
