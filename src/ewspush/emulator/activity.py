"""What is under way, and would go on to change something."""

from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet.defer import Deferred

from ewspush.threads import InThread

T = TypeVar("T")


class Activity:
    """Counts what has begun and not ended. For the reactor's thread."""

    def __init__(self) -> None:
        self.count = 0
        self._ends: list[Deferred[None]] = []

    def next_end(self) -> "Deferred[None]":
        """Fires when the next thing ends."""
        end: Deferred[None] = Deferred()
        self._ends.append(end)
        return end

    def during(self, deferred: "Deferred[T]") -> "Deferred[T]":
        """Count one more until `deferred` has fired."""
        self.count += 1
        return deferred.addBoth(self._ended)

    def counting(self, in_thread: InThread) -> InThread:
        """The same, each call counted."""

        def counted(function: Callable[..., T], /, *args: object) -> "Deferred[T]":
            return self.during(in_thread(function, *args))

        return counted

    def _ended(self, result: Any) -> Any:
        self.count -= 1
        ends, self._ends = self._ends, []
        for end in ends:
            end.callback(None)
        return result
