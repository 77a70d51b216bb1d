"""The delivery engine, for commands: those run in threads, and the engine in the reactor's."""

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred, TimeoutError
from twisted.internet.threads import blockingCallFromThread

from ewspush.control import CommandError
from ewspush.control.steering import Attempted
from ewspush.core.ids import ObjectId
from ewspush.push.engine import Engine
from ewspush.push.orders import CannotNow
from ewspush.push.outcome import Outcome

WAITING_AT_ONCE = 5  # commands that wait for an attempt; others need threads, too


class RunningEngine:
    """What `control.steering.Engine` asks for. Blocks until the reactor has done it.

    An attempt that has not ended after `patience_s` goes on, but is waited for no longer: its
    origin may have a long queue. `engine` is asked for anew each time.
    """

    def __init__(self, reactor: Any, engine: Callable[[], Engine], patience_s: float) -> None:
        self._reactor = reactor
        self._engine = engine
        self._patience_s = patience_s
        self._waiting = threading.BoundedSemaphore(WAITING_AT_ONCE)

    def describe(self, id: ObjectId) -> dict[str, Any] | None:
        """What the engine knows of a subscription beyond the database."""
        described: dict[str, Any] | None = self._call(lambda: self._engine().describe(id))
        return described

    def pause(self, id: ObjectId) -> None:
        self._call(lambda: self._engine().pause(id))

    def resume(self, id: ObjectId) -> None:
        self._call(lambda: self._engine().resume(id))

    def end(self, id: ObjectId) -> None:
        self._call(lambda: self._engine().unsubscribed(id))

    def retry_now(self, id: ObjectId) -> Attempted:
        return self._attempt(lambda: self._engine().retry_now(id))

    def heartbeat(self, id: ObjectId) -> Attempted:
        return self._attempt(lambda: self._engine().heartbeat(id))

    def rewind(self, id: ObjectId, sequence: int) -> Attempted:
        return self._attempt(lambda: self._engine().rewind(id, sequence))

    def _call(self, function: Callable[[], Any]) -> Any:
        return blockingCallFromThread(self._reactor, function)

    def _attempt(self, function: Callable[[], "Deferred[Outcome]"]) -> Attempted:
        if not self._waiting.acquire(blocking=False):
            raise CommandError(f"{WAITING_AT_ONCE} commands already wait for attempts to end")
        try:
            outcome: Outcome = self._call(partial(self._patiently, function))
        except CannotNow as error:
            raise CommandError(str(error)) from None
        except TimeoutError:
            return {
                "outcome": "waiting",
                "detail": "not begun, or not ended: `ewspush subscription show` tells how it ends",
                "http_status": None,
                "ms": round(self._patience_s * 1000),
            }
        finally:
            self._waiting.release()
        return {
            "outcome": outcome.name,
            "detail": outcome.detail,
            "http_status": outcome.http_status,
            "ms": 0 if outcome.times is None else round(outcome.times.total_us / 1000),
        }

    def _patiently(self, function: Callable[[], "Deferred[Outcome]"]) -> "Deferred[Outcome]":
        return function().addTimeout(self._patience_s, self._reactor)
