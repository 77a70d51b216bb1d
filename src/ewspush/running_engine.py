"""The delivery engine, for commands: those run in threads, and the engine in the reactor's."""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.threads import blockingCallFromThread

from ewspush.control import CommandError
from ewspush.control.steering import Attempted
from ewspush.core.ids import ObjectId
from ewspush.push.engine import Engine
from ewspush.push.orders import CannotNow
from ewspush.push.outcome import Outcome


class RunningEngine:
    """What `control.steering.Engine` asks for. Blocks until the reactor has done it."""

    def __init__(self, reactor: Any, engine: Engine) -> None:
        self._reactor = reactor
        self._engine = engine

    def describe(self, id: ObjectId) -> dict[str, Any] | None:
        """What the engine knows of a subscription beyond the database."""
        described: dict[str, Any] | None = self._call(self._engine.describe, id)
        return described

    def pause(self, id: ObjectId) -> None:
        self._call(self._engine.pause, id)

    def resume(self, id: ObjectId) -> None:
        self._call(self._engine.resume, id)

    def retry_now(self, id: ObjectId) -> Attempted:
        return self._attempt(self._engine.retry_now, id)

    def heartbeat(self, id: ObjectId) -> Attempted:
        return self._attempt(self._engine.heartbeat, id)

    def rewind(self, id: ObjectId, sequence: int) -> Attempted:
        return self._attempt(self._engine.rewind, id, sequence)

    def _call(self, function: Callable[..., Any], *arguments: object) -> Any:
        return blockingCallFromThread(self._reactor, function, *arguments)

    def _attempt(
        self, function: Callable[..., "Deferred[Outcome]"], *arguments: object
    ) -> Attempted:
        try:
            outcome: Outcome = self._call(function, *arguments)
        except CannotNow as error:
            raise CommandError(str(error)) from None
        return {
            "outcome": outcome.name,
            "detail": outcome.detail,
            "http_status": outcome.http_status,
            "ms": 0 if outcome.times is None else round(outcome.times.total_us / 1000),
        }
