"""What `ewspush demo` has seen, and whether that is what was promised."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ewspush.core.subscription import SubscriptionStatus
from ewspush.testing.push_responder import Handled
from ewspush.wire.received import ReceivedEvent, ReceivedNotification

_EVENTS_OF_A_MESSAGE = 3  # CreatedEvent, NewMailEvent, ModifiedEvent of the folder


class DidNotHappen(Exception):
    """Something that was promised. `str()` says what."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that a careful client and its mail sender know in the end."""

    watermark: str  # of SubscribeResponse
    handled: Sequence[Handled]
    told: int  # messages delivered until the Unsubscribe
    delivered: int  # messages delivered, in all
    phase: str  # of the subscription in the end, as the server says

    @property
    def failures(self) -> int:
        return sum(not one.is_acknowledged for one in self.handled)

    @property
    def heartbeats(self) -> int:
        return sum(event.name == "StatusEvent" for event in _events(self.handled))

    @property
    def events(self) -> int:
        """Those that happened in the mailbox, as heartbeats did not."""
        return len(_events(self.handled)) - self.heartbeats

    def check(self) -> None:
        """Raises DidNotHappen."""
        self._check_beginning()
        self._check_watermarks()
        self._check_repetitions()
        self._check_end()
        self._check_messages()

    def _check_beginning(self) -> None:
        if [event.name for event in _events(self.handled[:1])] != ["StatusEvent"]:
            raise DidNotHappen("a heartbeat right after Subscribe")

    def _check_watermarks(self) -> None:
        last = self.watermark
        for notification in _acknowledged(self.handled):
            if notification.previous_watermark != last:
                raise DidNotHappen("each PreviousWatermark is the last watermark before it")
            last = notification.events[-1].watermark

    def _check_repetitions(self) -> None:
        if not self.failures:
            raise DidNotHappen("notifications that failed")
        for failed, following in pairwise(self.handled):
            if not failed.is_acknowledged and _start(failed) != _start(following):
                raise DidNotHappen("what failed is sent again, from the same watermark and event")

    def _check_messages(self) -> None:
        told = len(new_mails(self.handled))
        if told != self.told:
            raise DidNotHappen(f"news of {self.told} messages; there was news of {told}")
        if self.events != _EVENTS_OF_A_MESSAGE * self.told:
            raise DidNotHappen(f"three events for each message, each once; {self.events} came")

    def _check_end(self) -> None:
        *earlier, last = (one.status is SubscriptionStatus.UNSUBSCRIBE for one in self.handled)
        if any(earlier) or not last:
            raise DidNotHappen("silence after Unsubscribe")
        if self.phase != "ended":
            raise DidNotHappen(f"the subscription is ended; it is {self.phase}")


def new_mails(handled: Sequence[Handled]) -> set[str | None]:
    """The items of the NewMailEvents that were acknowledged."""
    return {event.subject for event in _events(handled) if event.name == "NewMailEvent"}


def _acknowledged(handled: Sequence[Handled]) -> list[ReceivedNotification]:
    return [
        one.notification
        for one in handled
        if one.is_acknowledged and isinstance(one.notification, ReceivedNotification)
    ]


def _events(handled: Sequence[Handled]) -> list[ReceivedEvent]:
    return [event for notification in _acknowledged(handled) for event in notification.events]


def _start(one: Handled) -> tuple[str, ReceivedEvent] | None:
    if not isinstance(one.notification, ReceivedNotification):
        return None
    return one.notification.previous_watermark, one.notification.events[0]
