"""An emulator in the process of the tests with its control API, and a client that speaks HTTP."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from twisted.internet import reactor
from twisted.internet.threads import deferToThread

from ewspush.emulator.api.resource import ControlApi
from ewspush.emulator.emulator import Emulator
from support.emulation import ADDRESS, InProcess
from support.running_server import PATIENCE_S

JSON = "application/json"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        assert self.headers["Content-Type"] == JSON, self.content
        return json.loads(self.content)


class ControlledEmulator:
    """An emulator with one mailbox, that a client drives from a thread of its own."""

    def __init__(self, *, allow_remote: bool = False, **server: object) -> None:
        """`server` are settings of that table. A mailbox may have three subscriptions."""
        self._running = InProcess(
            lambda emulator: {b"emulator": self._make_api(emulator, allow_remote)},
            server=server,
            subscriptions={"per_mailbox": 3},
        )
        self.emulator = self._running.emulator

    def _make_api(self, emulator: Emulator, allow_remote: bool) -> ControlApi:
        self.control_api = ControlApi(reactor, emulator, allow_remote=allow_remote)
        return self.control_api

    async def start(self) -> "ControlledEmulator":
        await self.emulator.start()
        return self

    async def close(self) -> None:
        self.control_api.stop()
        await self._running.close()

    @property
    def base(self) -> str:
        return f"http://{self.emulator.http}"

    # Asking

    async def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """What the control API answers, asked from a thread over a connection of its own."""
        sent = dict(headers or {})
        if content is None and body is not None:
            content = json.dumps(body).encode()
            sent.setdefault("Content-Type", JSON)
        where = f"/emulator{path}"
        return await deferToThread(_ask, self.emulator.http, method, where, content, sent)

    async def get(self, path: str) -> Any:
        return await self._expect(200, "GET", path)

    async def post(self, path: str, body: object = None, status: int = 200) -> Any:
        return await self._expect(status, "POST", path, body)

    async def create(self, path: str, body: object = None) -> Any:
        return await self._expect(201, "POST", path, body)

    async def patch(self, path: str, body: object) -> Any:
        return await self._expect(200, "PATCH", path, body)

    async def delete(self, path: str) -> None:
        await self._expect(204, "DELETE", path)

    async def refuse(self, status: int, method: str, path: str, body: object = None) -> Any:
        """What is wrong with such a request."""
        refusal = await self._expect(status, method, path, body)
        assert set(refusal) == {"error", "field"}
        return refusal

    async def _expect(self, status: int, method: str, path: str, body: object = None) -> Any:
        answer = await self.ask(method, path, body)
        assert answer.status == status, (method, path, answer.status, answer.content)
        return answer.json if answer.content else None

    @property
    def mailbox(self) -> str:
        """The path of the mailbox that is there from the start."""
        return path_of(ADDRESS)


def path_of(address: str) -> str:
    """The path of a mailbox."""
    return f"/mailboxes/{quote(address, safe='')}"


def _ask(
    where: Any, method: str, path: str, content: bytes | None, headers: Mapping[str, str]
) -> Answer:
    connection = http.client.HTTPConnection(where.host, where.port, timeout=PATIENCE_S)
    try:
        connection.request(method, path, content, dict(headers))
        response = connection.getresponse()
        return Answer(response.status, dict(response.headers), response.read())
    finally:
        connection.close()
