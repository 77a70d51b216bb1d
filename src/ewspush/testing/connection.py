"""Requests to the control API of an emulator: JSON over HTTP."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from http.client import GATEWAY_TIMEOUT, HTTPConnection, HTTPException, HTTPResponse
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

__tracebackhide__ = True  # pytest shows the line of the test, and not those here

Record = dict[str, Any]
"""A JSON object."""

MOST = 1000  # of anything, in one answer
_LONGEST = 256 * 1024 * 1024  # bytes of an answer
PATIENCE_S = 600.0  # an advance lasts as long as the responders take
_SUCCESS = 2  # the class of HTTP status


class EmulatorError(Exception):
    """What the emulator refused, in its words, or why there is no answer of it."""

    def __init__(self, why: str, status: int | None = None, field: str | None = None) -> None:
        super().__init__(why)
        self.status = status  # HTTP's; None: there was no answer
        self.field = field  # of the request, where one was wrong


class WaitTimedOut(EmulatorError):
    """What was waited for did not happen. `str()` says what there is instead."""


class Connection:
    """Calls the control API at `url`, which is that of the server, without a path.

    Each request has a connection of its own, so any thread may ask.
    """

    def __init__(self, url: str, timeout_s: float = PATIENCE_S) -> None:
        """Raises ValueError if the URL is none of an emulator."""
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.netloc or parts.path not in ("", "/"):
            raise ValueError(f"an emulator has a URL like http://127.0.0.1:8080, not {url!r}")
        self._netloc = parts.netloc
        self._timeout_s = timeout_s
        self.url = f"http://{parts.netloc}"

    def get(self, *path: str, **query: str | int | None) -> Record:
        """Raises EmulatorError, as all the others do."""
        return self._ask("GET", path, query)

    def listed(
        self,
        name: str,
        *path: str,
        place: str,
        after: str | int | None = None,
        **query: str | int | None,
    ) -> Iterator[Record]:
        """All in the list `name` of an answer, page by page.

        The next page is what comes after `place` in the last object of a page.
        """
        while True:
            page = self.get(*path, after=after, limit=MOST, **query)[name]
            yield from page
            if len(page) < MOST:
                return
            after = page[-1][place]

    def post(self, *path: str, **body: object) -> Record:
        """Post a JSON object with the values of `body` that are not None."""
        return self.post_json(path, {key: each for key, each in body.items() if each is not None})

    def post_json(self, path: tuple[str, ...], body: Mapping[str, object]) -> Record:
        return self._ask("POST", path, {}, _json(body), "application/json")

    def post_message(self, path: tuple[str, ...], message: bytes) -> Record:
        return self._ask("POST", path, {}, message, "message/rfc822")

    def patch(self, *path: str, **body: object) -> Record:
        given = {key: each for key, each in body.items() if each is not None}
        return self._ask("PATCH", path, {}, _json(given), "application/json")

    def delete(self, *path: str, **query: str | int | None) -> None:
        self._ask("DELETE", path, query)

    def _ask(
        self,
        method: str,
        path: tuple[str, ...],
        query: Mapping[str, str | int | None],
        body: bytes | None = None,
        content_type: str | None = None,
    ) -> Record:
        target = "/emulator/" + "/".join(quote(part, safe="") for part in path)
        given = {key: each for key, each in query.items() if each is not None}
        if given:
            target += f"?{urlencode(given)}"
        headers = {"Content-Type": content_type} if content_type else {}
        try:
            with closing(HTTPConnection(self._netloc, timeout=self._timeout_s)) as connection:
                connection.request(method, target, body, headers)
                answer = connection.getresponse()
                content = answer.read(_LONGEST + 1)
        except (OSError, HTTPException) as error:
            why = str(error) or type(error).__name__
            raise EmulatorError(f"the emulator at {self.url} does not answer: {why}") from None
        return _read(answer, content)


def _json(body: Mapping[str, object]) -> bytes:
    """Raises TypeError for a value that JSON does not have."""
    for name, value in body.items():
        try:
            json.dumps(value)
        except TypeError:
            raise TypeError(f"{name} cannot be {value!r}") from None
    return json.dumps(body).encode("ascii")


def _read(answer: HTTPResponse, content: bytes) -> Record:
    if len(content) > _LONGEST:
        why = f"the emulator's answer has more than {_LONGEST} bytes"
        raise EmulatorError(why, answer.status)
    try:
        record: object = json.loads(content) if content else {}
    except ValueError:
        record = None
    if not isinstance(record, dict):
        raise EmulatorError(
            f"the answer, with HTTP status {answer.status}, is none of an emulator: is it one,"
            " or a server that `ewspush serve` runs, which has no control API?",
            answer.status,
        )
    if answer.status // 100 == _SUCCESS:
        return record
    text, field = str(record.get("error")), record.get("field")
    if answer.status == GATEWAY_TIMEOUT:
        raise WaitTimedOut(f"{text}{_of_event_loop()}", answer.status, field)
    raise EmulatorError(text, answer.status, field)


def _of_event_loop() -> str:
    """What may be the reason if it is this thread that answers notifications."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return ""
    return (
        ". The event loop of this thread stood still meanwhile: a responder that runs on it could"
        " not answer. Use `await asyncio.to_thread(...)` for calls that wait"
    )
