"""The agenda with a timer that rings when something on it is due."""

from collections.abc import Callable
from typing import Generic, TypeVar

from ewspush.push.agenda import NEVER, Agenda, Entry
from ewspush.push.clock import Call, Clock

E = TypeVar("E", bound=Entry)


class Alarm(Generic[E]):
    """Tells `ring` of each entry whose time has come, and when that was, to a tick."""

    def __init__(self, clock: Clock, ring: Callable[[E, float], None]) -> None:
        self._clock = clock
        self._ring = ring
        self._agenda: Agenda[E] = Agenda()
        self._timer: Call | None = None  # that has not rung
        self._timer_s = NEVER  # when it does
        self._is_stopped = False

    def set(self, entry: E, due_s: float) -> None:
        """Have it ring for `entry` then, and not at the time that was set before."""
        self._agenda.set(entry, due_s)
        if due_s < NEVER and (self._timer is None or due_s < self._timer_s):
            self._set_timer()

    def clear(self, entry: E) -> None:
        """Do not ring for `entry`."""
        self._agenda.set(entry, NEVER)

    def stop(self) -> None:
        self._is_stopped = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set_timer(self) -> None:
        next_s = self._agenda.next_s()
        if next_s is None or self._is_stopped:
            return
        if self._timer is not None:
            if self._timer_s <= next_s:
                return
            self._timer.cancel()
        self._timer_s = next_s
        delay_s = max(0.0, next_s - self._clock.seconds())
        self._timer = self._clock.callLater(delay_s, self._time_has_come)

    def _time_has_come(self) -> None:
        self._timer = None
        for entry in self._agenda.take_due(self._clock.seconds()):
            self._ring(entry, self._agenda.taken_s)
        self._set_timer()
