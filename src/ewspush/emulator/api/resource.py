"""The control API as a resource of the HTTP server."""

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import structlog
from pydantic import BaseModel
from twisted.internet.defer import ensureDeferred
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from ewspush.emulator.api import openapi, requests
from ewspush.emulator.api.callers import Callers
from ewspush.emulator.api.errors import ApiError, refusal_of
from ewspush.emulator.api.routing import WrongMethod, find
from ewspush.emulator.api.surroundings import Surroundings
from ewspush.emulator.api.table import ROUTES
from ewspush.emulator.api.waiting import Waits
from ewspush.emulator.emulator import Emulator
from ewspush.endpoint.http import BoundedRequest

log = structlog.get_logger()

_JSON = b"application/json"


class ControlApi(Resource):
    """What answers under /emulator/.

    `clock` is of real time. `changed` is called after each request that may have changed something.
    Only clients on this machine are answered unless `allow_remote`.
    """

    isLeaf = True

    def __init__(
        self,
        clock: Any,
        emulator: Emulator,
        *,
        allow_remote: bool = False,
        changed: Callable[[], object] = lambda: None,
    ) -> None:
        super().__init__()
        self._changed = changed
        self._callers = Callers(allow_remote=allow_remote)
        self._waits = Waits(clock, emulator)
        self._around = Surroundings(emulator, self._waits, _describe)

    def stop(self) -> None:
        """Answer those who wait: the server is stopping."""
        self._waits.end_all("the emulator is stopping")

    def render(self, request: BoundedRequest) -> int:
        ensureDeferred(self._respond(request)).addErrback(_answer_bug, request)
        return NOT_DONE_YET

    async def _respond(self, request: BoundedRequest) -> None:
        request.setHeader(b"Cache-Control", b"no-store")
        request.setHeader(b"X-Content-Type-Options", b"nosniff")
        try:
            await self._serve(request)
        except Exception as error:
            refusal = refusal_of(error)
            if refusal is None:
                raise
            _refuse(request, refusal)

    async def _serve(self, request: BoundedRequest) -> None:
        self._callers.check(request)
        method = request.method.decode("latin-1")
        route, path = find(ROUTES, method, requests.segments(request))
        answer = await route.handler(self._around, requests.read(route, path, request))
        if route.method != "GET":
            self._changed()
        if answer is None:
            _answer_nothing(request, route.status)
        else:
            request.answer(route.status, _encoded(answer), _JSON)


@cache
def _describe() -> Mapping[str, Any]:
    """Made when somebody asks for it: not every test does."""
    return openapi.document(ROUTES)


def _encoded(answer: BaseModel | Mapping[str, Any]) -> bytes:
    if isinstance(answer, BaseModel):
        return answer.model_dump_json(by_alias=True, exclude_unset=True).encode()
    return json.dumps(answer).encode()


def _answer_nothing(request: BoundedRequest, status: int) -> None:
    if not request.is_lost:
        request.setResponseCode(status)
        request.finish()


def _refuse(request: BoundedRequest, refusal: ApiError) -> None:
    if isinstance(refusal, WrongMethod):
        request.setHeader(b"Allow", ", ".join(refusal.allowed).encode("ascii"))
    told = {"error": str(refusal), "field": refusal.field}
    request.answer(refusal.status, json.dumps(told).encode(), _JSON)


def _answer_bug(failure: Failure, request: BoundedRequest) -> None:
    log.critical("emulator.bug", traceback=failure.getTraceback())
    told = {"error": "the emulator failed: its log says how", "field": None}
    request.answer(500, json.dumps(told).encode(), _JSON)
