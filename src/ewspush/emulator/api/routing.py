"""Routes: what can be asked for, how it is described, and which one a request takes."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter

from ewspush.emulator.api.errors import ApiError
from ewspush.emulator.api.models.common import Given, Nothing, Told
from ewspush.emulator.api.surroundings import Surroundings

Q = TypeVar("Q")
B = TypeVar("B")

MAIL = "message/rfc822"


@dataclass(frozen=True, slots=True)
class Call(Generic[Q, B]):
    """A request that was read: what is in its path, its query and its body."""

    path: Mapping[str, str]
    query: Q
    body: B
    on_gone: Callable[[Callable[[], None]], None]  # whom to call when the client has gone


Handler = Callable[[Surroundings, Call[Any, Any]], Awaitable[Told | Mapping[str, Any] | None]]


@dataclass(frozen=True)
class Route:
    """Something that can be asked for.

    `errors` are the statuses of refusals beyond those that the form of the request allows.
    """

    method: str
    path: str  # under /emulator, with {names}
    handler: Handler
    summary: str
    tag: str
    answer: Any = None
    status: HTTPStatus = HTTPStatus.OK
    query: type[Given] = Nothing
    body: Any = None
    is_body_needed: bool = True
    takes_mail: bool = False  # a message as it is, in place of JSON
    errors: frozenset[HTTPStatus] = field(default=frozenset())

    @property
    def name(self) -> str:
        """Of the operation, for programs: that of its handler."""
        name: str = self.handler.__name__
        return name

    @property
    def segments(self) -> list[str]:
        return self.path.split("/")[1:]

    @property
    def parameters(self) -> list[str]:
        """The names in the path."""
        return [each[1:-1] for each in self.segments if each.startswith("{")]

    @cached_property
    def body_adapter(self) -> TypeAdapter[Any]:
        """Reads a body."""
        return TypeAdapter(Nothing if self.body is None else self.body)

    def match(self, segments: Sequence[str]) -> dict[str, str] | None:
        """What the names stand for in this path; None if it is another."""
        own = self.segments
        if len(own) != len(segments):
            return None
        found: dict[str, str] = {}
        for pattern, segment in zip(own, segments, strict=True):
            if pattern.startswith("{") and segment:
                found[pattern[1:-1]] = segment
            elif pattern != segment:
                return None
        return found


class WrongMethod(ApiError):
    """There is something, but not by this method."""

    def __init__(self, method: str, allowed: Iterable[str]) -> None:
        self.allowed = sorted({*allowed, *(["HEAD"] if "GET" in allowed else [])})
        text = f"{method} is not done here, but {', '.join(self.allowed)}"
        super().__init__(HTTPStatus.METHOD_NOT_ALLOWED, text)


def find(
    routes: Iterable[Route], method: str, segments: Sequence[str]
) -> tuple[Route, dict[str, str]]:
    """The route of a request, and what its path names. Raises ApiError: 404 or 405."""
    there = [(each, path) for each in routes if (path := each.match(segments)) is not None]
    if not there:
        text = "there is nothing here; /emulator/openapi.json says what there is"
        raise ApiError(HTTPStatus.NOT_FOUND, text)
    asked = "GET" if method == "HEAD" else method
    for each, path in there:
        if each.method == asked:
            return each, path
    raise WrongMethod(method[:20], [each.method for each, _ in there])
