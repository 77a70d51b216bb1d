"""The phases of a push subscription, and what moves it from one to the next.

          OK                          window passed
     +----------+                 +------------------> Parked
     v          |                 |
    Idle --no answer--> Retrying(failures, since_s)
     |                            |
     +---- Unsubscribe -----------+------------------> Ended

Times are seconds on one monotonic clock, whichever the caller uses. Whether a notification is in
flight is no phase: after a crash it is composed anew from the cursor.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from ewspush.core import retry


class SubscriptionStatus(Enum):
    """A responder's answer, spelled as in the EWS schema."""

    OK = "OK"
    UNSUBSCRIBE = "Unsubscribe"


@dataclass(frozen=True, slots=True)
class Idle:
    """The last notification was acknowledged, or none was sent yet."""


@dataclass(frozen=True, slots=True)
class Retrying:
    """A notification was not acknowledged. Events that arrive meanwhile wait and join it."""

    failures: int
    since_s: float  # when the first failed attempt began
    not_before_s: float = 0.0  # the responder asked to wait until then (Retry-After)


@dataclass(frozen=True, slots=True)
class Parked:
    """The window passed: over for the client, the cursor kept for inspection."""


@dataclass(frozen=True, slots=True)
class Ended:
    """Unsubscribed."""


Phase = Idle | Retrying | Parked | Ended
LivePhase = Idle | Retrying

IDLE: Final = Idle()
PARKED: Final = Parked()
ENDED: Final = Ended()


def after_answer(status: SubscriptionStatus) -> Idle | Ended:
    """The responder answered."""
    return IDLE if status is SubscriptionStatus.OK else ENDED


def after_failure(
    phase: LivePhase, began_s: float, window_s: float, not_before_s: float = 0.0
) -> Retrying | Parked:
    """The attempt that began then brought no acknowledgement.

    `not_before_s` is when the responder asks to be tried again, if it does.

    Only an attempt that began at or after the end of the window is the last one, however late it
    was begun or noticed: a clock that steps or a server that was down cannot cut the window short.
    """
    if isinstance(phase, Idle):
        return Retrying(1, began_s, not_before_s)
    if retry.gives_up(began_s - phase.since_s, window_s):
        return PARKED
    return Retrying(phase.failures + 1, phase.since_s, not_before_s)


def attempt_due_s(
    phase: Retrying, window_s: float, first_wait_s: float, began_s: float | None = None
) -> float:
    """When the attempt is due that follows the one that began at `began_s`, if that is known.

    It may be in the past, if that one took long. It waits for as long as the responder asks, but
    not beyond the window.
    """
    elapsed_s = 0.0 if began_s is None else began_s - phase.since_s
    due_s = phase.since_s + retry.offset_s(phase.failures, window_s, first_wait_s, elapsed_s)
    return max(due_s, min(phase.not_before_s, phase.since_s + window_s))


def due_after_return_s(phase: Retrying, began_s: float, first_wait_s: float) -> float:
    """When the attempt may follow that began at `began_s`, since the responder is back.

    No sooner than the first wait, and than the responder asked for: one that fails for itself while
    its neighbours are well is not retried any faster than that.
    """
    return max(began_s + first_wait_s, phase.not_before_s)


# Heartbeats go out up to a tenth of their interval early, each subscription at its own fraction,
# so that subscriptions which came into step (a responder's return, a restart) part again.
EARLY = 0.1


def status_due_s(succeeded_s: float, status_frequency_s: float, spread: float) -> float:
    """When a StatusEvent is due if nothing else succeeds. `spread`, 0 to 1, is how early."""
    return succeeded_s + status_frequency_s * (1 - EARLY * spread)


def status_due_after_start_s(started_s: float, status_frequency_s: float, spread: float) -> float:
    """When the first StatusEvent is due after the server started.

    Spread over half of StatusFrequency: a client that resubscribes after twice StatusFrequency of
    silence hears in time even if it was due when the server stopped. Those that are early later are
    early here too: the other way about, all would come into step after five intervals.
    """
    return started_s + status_frequency_s * (1 - spread) / 2


def spread_of(number: int) -> float:
    """A subscription's own fraction, 0 to 1, from its random number."""
    return (number & 0xFFFF) / 0x10000
