"""Handing each thing on after the same time."""

from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from ewspush.push.clock import Call, Clock

T = TypeVar("T")


class DelayLine(Generic[T]):
    """Hands on what is put in after `delay_s`, in the same order, with one timer for all."""

    def __init__(self, clock: Clock, delay_s: float, hand_on: Callable[[T], None]) -> None:
        self._clock = clock
        self._delay_s = delay_s
        self._hand_on = hand_on
        self._inside: deque[tuple[float, T]] = deque()
        self._timer: Call | None = None

    def __len__(self) -> int:
        return len(self._inside)

    def put(self, one: T) -> None:
        self._inside.append((self._clock.seconds() + self._delay_s, one))
        if self._timer is None:
            self._timer = self._clock.callLater(self._delay_s, self._time_has_come)

    def stop(self) -> None:
        """Hand nothing on any more."""
        self._inside.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _time_has_come(self) -> None:
        self._timer = None
        now_s = self._clock.seconds()
        while self._inside and self._inside[0][0] <= now_s:
            self._hand_on(self._inside.popleft()[1])
        if self._inside and self._timer is None:
            delay_s = max(0.0, self._inside[0][0] - now_s)
            self._timer = self._clock.callLater(delay_s, self._time_has_come)
