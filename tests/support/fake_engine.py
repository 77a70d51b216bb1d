"""An engine that does nothing but put down what it is told."""

from dataclasses import dataclass, field
from typing import Any

from ewspush.control import CommandError
from ewspush.core.ids import ObjectId

OK = {"outcome": "OK", "detail": "", "http_status": 200, "ms": 12}
FAILED = {"outcome": "status", "detail": "HTTP 503", "http_status": 503, "ms": 7}
NO_ANSWER = {"outcome": "connect", "detail": "refused", "http_status": None, "ms": 3}


@dataclass
class FakeEngine:
    """Answers every attempt alike, or refuses to make any."""

    answer: dict[str, Any] = field(default_factory=lambda: OK)
    refusal: str | None = None
    told: list[tuple[Any, ...]] = field(default_factory=list)

    def pause(self, id: ObjectId) -> None:
        self.told.append(("pause", id.number))

    def resume(self, id: ObjectId) -> None:
        self.told.append(("resume", id.number))

    def end(self, id: ObjectId) -> None:
        self.told.append(("end", id.number))

    def retry_now(self, id: ObjectId) -> dict[str, Any]:
        return self._attempt("retry_now", id)

    def heartbeat(self, id: ObjectId) -> dict[str, Any]:
        return self._attempt("heartbeat", id)

    def rewind(self, id: ObjectId, sequence: int) -> dict[str, Any]:
        return self._attempt("rewind", id, sequence)

    def _attempt(self, what: str, id: ObjectId, *more: int) -> dict[str, Any]:
        if self.refusal:
            raise CommandError(self.refusal)
        self.told.append((what, id.number, *more))
        return self.answer
