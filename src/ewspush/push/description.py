"""A live subscription, for those who ask."""

from typing import Any

from ewspush.core.subscription import Retrying
from ewspush.push.agenda import NEVER
from ewspush.push.live import Live


def describe(live: Live, epoch_s: float) -> dict[str, Any]:
    """Where it stands. Times are seconds since the epoch, at which `epoch_s` is the clock's 0."""
    described: dict[str, Any] = {
        "phase": type(live.phase).__name__.lower(),
        "acknowledged": live.acknowledged,
        "next": "notification" if live.due_s == NEVER else "heartbeat",
        "next_at": None if live.due_s == NEVER else live.due_s + epoch_s,
    }
    if isinstance(live.phase, Retrying):
        described["failures"] = live.phase.failures
        described["next"] = "retry"
        described["gives_up_at"] = live.phase.since_s + live.status_frequency_s + epoch_s
    return described
