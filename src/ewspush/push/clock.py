"""What the engine needs of a reactor: time, and calls at a time."""

from collections.abc import Callable
from typing import Protocol


class Call(Protocol):
    """A call that was asked for."""

    def getTime(self) -> float: ...
    def active(self) -> bool: ...
    def cancel(self) -> None: ...


class Clock(Protocol):
    """A monotonic clock, in seconds. Twisted's reactors and `task.Clock` are such clocks."""

    def seconds(self) -> float: ...
    def callLater(self, delay: float, function: Callable[..., object], *args: object) -> Call: ...
