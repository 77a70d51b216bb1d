"""What one notification tells a responder."""

from collections.abc import Sequence
from dataclasses import dataclass

from ewspush.core.events import Event


@dataclass(frozen=True, slots=True)
class Notification:
    """A batch of events, or a StatusEvent when there are none. Watermarks are sequences here."""

    previous: int  # PreviousWatermark
    events: Sequence[Event]
    through: int  # where the cursor stands once this is acknowledged
    more: bool  # MoreEvents: another notification follows at once


def compose(acknowledged: int, wanted: Sequence[Event], examined: int, limit: int) -> Notification:
    """The notification that is due after `acknowledged`.

    `wanted` are the wanted events after it, oldest first: all of them, or `limit` and at least one
    more if there are more. `examined` is how far the log was searched.

    The client compares each PreviousWatermark with the last watermark it saw, so the cursor stops
    only on a watermark that was sent: the last event's, or the one a StatusEvent carries. That one
    is `examined`, since nothing up to there was wanted.
    """
    if wanted:
        batch = wanted[:limit]
        return Notification(acknowledged, batch, batch[-1].sequence, len(wanted) > limit)
    return Notification(acknowledged, (), max(examined, acknowledged), False)
