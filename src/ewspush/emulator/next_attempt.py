"""When the server next sends something by itself."""

from collections.abc import Mapping
from math import ceil
from typing import Protocol

from ewspush.push.agenda import TICKS_PER_S

_CLOSE_S = 1e-6  # times of day have no more than so much of exactness


class Clock(Protocol):
    def now_s(self) -> float: ...

    def seconds_at(self, now_s: float) -> float: ...


def next_attempt_s(due: Mapping[tuple[int, int], float], clock: Clock) -> float | None:
    """The time of day at which the next heartbeat or retry is made; None if none is due.

    `due` is when each is due, and `clock` that of the agenda, which makes them at its ticks.
    """
    if not due:
        return None
    first_s = clock.seconds_at(min(due.values()))
    made_s = ceil((first_s - _CLOSE_S) * TICKS_PER_S) / TICKS_PER_S
    return made_s - clock.seconds_at(0.0)
