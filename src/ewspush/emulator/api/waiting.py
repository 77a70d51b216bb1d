"""Requests that wait until something has happened, for so many real seconds at most."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Protocol, TypeVar

from twisted.internet.defer import Deferred

from ewspush.emulator.api.errors import ApiError

MOST = 100  # requests that wait at once

T = TypeVar("T")


class Watched(Protocol):
    """Who says that something has happened, in the reactor's thread."""

    def watch(self, listener: Callable[[int, int], object]) -> Callable[[], None]: ...


class Waits:
    """The requests that wait. `clock` is of real time. Everything is in the reactor's thread."""

    def __init__(self, clock: Any, watched: Watched) -> None:
        self._clock = clock
        self._watched = watched
        self._waiting: set[_Wait] = set()
        self._stop_watching: Callable[[], None] | None = None

    async def until(
        self,
        look: Callable[[], Awaitable[T | None]],
        timeout_s: float,
        on_gone: Callable[[Callable[[], None]], None],
    ) -> T | None:
        """What `look` finds, now or after something has happened; None: nothing in that time.

        `on_gone` is told whom to call when the client has gone. Raises ApiError if too many wait,
        or if the wait is ended before its time.
        """
        if len(self._waiting) >= MOST:
            raise ApiError(HTTPStatus.CONFLICT, f"{MOST} requests wait already")
        wait = _Wait()
        self._add(wait)
        on_gone(wait.time_out)
        timer = self._clock.callLater(timeout_s, wait.time_out)
        try:
            while True:
                wait.has_news = False
                found = await look()
                if found is not None:
                    return found
                await wait.news()
                if wait.ended:
                    raise ApiError(HTTPStatus.CONFLICT, wait.ended)
                if wait.is_over:
                    return None
        finally:
            if timer.active():
                timer.cancel()
            self._remove(wait)

    def end_all(self, why: str) -> None:
        """Nothing of what they wait for can happen any more."""
        for wait in tuple(self._waiting):
            wait.end(why)

    def _add(self, wait: "_Wait") -> None:
        self._waiting.add(wait)
        if self._stop_watching is None:
            self._stop_watching = self._watched.watch(self._happened)

    def _remove(self, wait: "_Wait") -> None:
        self._waiting.discard(wait)
        if not self._waiting and self._stop_watching is not None:
            self._stop_watching()
            self._stop_watching = None

    def _happened(self, _mailbox: int, _number: int) -> None:
        for wait in tuple(self._waiting):
            wait.wake()


class _Wait:
    """One request. What happens while it looks makes it look once more."""

    def __init__(self) -> None:
        self.has_news = False
        self.is_over = False
        self.ended = ""  # why, before its time
        self._sleeping: Deferred[None] | None = None

    def news(self) -> "Deferred[None]":
        """Fires when there are any, or when it is over."""
        sleeping: Deferred[None] = Deferred()
        self._sleeping = sleeping
        if self.has_news or self.is_over:
            self._rouse()
        return sleeping

    def wake(self) -> None:
        self.has_news = True
        self._rouse()

    def time_out(self) -> None:
        self.is_over = True
        self._rouse()

    def end(self, why: str) -> None:
        self.ended = why
        self.time_out()

    def _rouse(self) -> None:
        sleeping, self._sleeping = self._sleeping, None
        if sleeping is not None:
            sleeping.callback(None)
