"""The time that a server lives in."""

import time
from collections.abc import Callable
from typing import Any, Protocol

from ewspush.push.clock import Clock


class ServerTime(Clock, Protocol):
    """A monotonic clock, and the time of day that goes with it."""

    def now_s(self) -> float:
        """Seconds since the epoch. For any thread."""
        ...


class RealTime:
    """The time of this machine. The time of day may be set; the reactor's clock goes on."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor

    def seconds(self) -> float:
        now_s: float = self._reactor.seconds()
        return now_s

    def callLater(self, delay: float, function: Callable[..., object], *args: object) -> Any:
        return self._reactor.callLater(delay, function, *args)

    def now_s(self) -> float:
        return time.time()
