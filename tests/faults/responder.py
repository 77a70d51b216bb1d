"""A responder with several ports, each its own origin, that holds what comes against an account.

It is in this process, in a thread of its own. Every notification is read for what the reckoning
needs; some are held against every reader there is.
"""

import asyncio
import re
import select
import ssl
import threading
import time
from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from random import Random
from typing import TypeVar

import trustme

from faults.manners import Manner, reset, well
from faults.places import free_port
from faults.reckoning import Account, Notified
from support import notifications
from support.running_server import PATIENCE_S

T = TypeVar("T")

HOST = "127.0.0.1"
_READ_WITH_CARE = 50  # one notification of so many
_PIECE = b" " * 16384
_TURNS = 50  # of the loop, in which what has arrived is read; a TLS handshake takes several

_HEAD = re.compile(rb"<t:SubscriptionId>([^<]+)</t:SubscriptionId><t:PreviousWatermark>([^<]+)<")
_MARK = re.compile(rb"<t:Watermark>([^<]+)</t:Watermark>")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_TIMESTAMP = re.compile(rb"<t:TimeStamp>([^<]+)<")


def watermark(text: str | bytes) -> int:
    """The integer that a watermark stands for."""
    return int.from_bytes(b64decode(text), "little", signed=True)


class Responder:
    """Listens from the beginning to `close`. Its methods are for other threads."""

    def __init__(self, http: int, https: int, seed: int) -> None:
        self.random = Random(seed)
        self.accounts: dict[str, Account] = {}
        self.complaints: list[str] = []  # what a reader disliked, and what nobody subscribed to
        self.timestamp = ""  # of the last event that came
        self.met: Counter[Manner] = Counter()  # notifications, by what was done with them
        self.connections: set[_Connection] = set()
        self._early: dict[str, list[Notified]] = {}  # before the answer to Subscribe was read
        self._taken = 0
        self._trusted, self._foreign = trustme.CA(), trustme.CA()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.ports = [Port(self, is_secure=n >= http) for n in range(http + https)]
        for port in self.ports:
            self._run(port.listen(self._certificate(self._trusted)))

    @property
    def ca_pem(self) -> bytes:
        """The authority that the server is to trust."""
        return self._trusted.cert_pem.bytes()

    @property
    def https_ports(self) -> list["Port"]:
        return [port for port in self.ports if port.is_secure]

    def expect(self, id: str, mark: str) -> None:
        """There is a subscription that begins with this watermark."""
        self._call(self._expect, id, watermark(mark))

    def behave(self, ports: Sequence["Port"], manner: Manner) -> None:
        """From now on; notifications that were stalled are let go."""
        self._call(self._behave, ports, manner)

    def change_certificates(self, *, trusted: bool) -> None:
        """New ones for all https ports, of an authority that the server trusts or does not."""
        authority = self._trusted if trusted else self._foreign
        for port in self.https_ports:
            self._run(port.listen(self._certificate(authority)))

    def drop_connections(self) -> None:
        """End all there are in good order: what was answered is sent."""
        self._call(self._drop)

    def server_killed(self, at_s: float) -> None:
        """Put down the kill, which was then, behind everything that came before it."""
        self._run(self._until_gone())
        self._call(self._put_down_kill, at_s)

    def ask(self, question: Callable[[], T]) -> T:
        """What it answers in the responder's thread, while nothing else happens."""
        return self._call(question)

    def close(self) -> None:
        """Leave nothing behind."""
        for port in self.ports:
            self._run(port.close())
        self._call(self._drop)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)
        self._loop.close()

    # In its own thread

    def takes(self, head: bytes, body: bytes, is_acknowledged: bool) -> None:
        self._taken += 1
        if self._taken % _READ_WITH_CARE == 0:
            self._read_with_care(head, body)
        found = _HEAD.search(body)
        if found is None:
            self.complaints.append(f"no notification: {body[:2000]!r}")
            return
        marks = [watermark(mark) for mark in _MARK.findall(body)]
        is_status = b"<t:StatusEvent>" in body
        if not is_status:
            self.timestamp = _TIMESTAMP.findall(body)[-1].decode()
        notified = Notified(
            previous=watermark(found[2]),
            through=marks[-1],
            events=() if is_status else marks,
            is_acknowledged=is_acknowledged,
            at_s=time.monotonic(),
        )
        id = found[1].decode()
        if id in self.accounts:
            self.accounts[id].takes(notified)
        else:
            self._early.setdefault(id, []).append(notified)

    def _read_with_care(self, head: bytes, body: bytes) -> None:
        lines = [line.partition(":") for line in head.decode("latin-1").split("\r\n")[1:]]
        try:
            notifications.read({name: value.strip() for name, _, value in lines}, body)
        except (AssertionError, ValueError) as error:
            self.complaints.append(str(error))

    def _expect(self, id: str, mark: int) -> None:
        self.accounts[id] = account = Account(mark)
        for notified in self._early.pop(id, ()):
            account.takes(notified)

    def _behave(self, ports: Sequence["Port"], manner: Manner) -> None:
        for port in ports:
            port.manner = manner
        for connection in list(self.connections):
            if connection.is_stalled:
                reset(connection.transport)

    def _drop(self) -> None:
        for connection in list(self.connections):
            connection.transport.close()

    async def _until_gone(self) -> None:
        """Until everything was read that a dead server had sent."""
        for port in self.ports:
            await port.accept_all()
        for _ in range(_TURNS):
            await asyncio.sleep(0.001)
        while self.connections:
            await asyncio.sleep(0.005)

    def _put_down_kill(self, at_s: float) -> None:
        for account in self.accounts.values():
            account.server_killed(at_s)

    # Between threads

    def _call(self, function: Callable[..., T], *args: object) -> T:
        done: Future[T] = Future()

        def call() -> None:
            try:
                done.set_result(function(*args))
            except Exception as error:
                done.set_exception(error)

        self._loop.call_soon_threadsafe(call)
        return done.result(PATIENCE_S)

    def _run(self, coroutine: object) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(PATIENCE_S)

    def _certificate(self, authority: trustme.CA) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(HOST).configure_cert(context)
        return context


class Port:
    """One origin."""

    def __init__(self, responder: Responder, *, is_secure: bool) -> None:
        self.is_secure = is_secure
        self.manner: Manner = well
        self._responder = responder
        self._number = free_port()
        self._server: asyncio.Server | None = None

    def url(self, path: str) -> str:
        return f"{'https' if self.is_secure else 'http'}://{HOST}:{self._number}{path}"

    async def listen(self, tls: ssl.SSLContext) -> None:
        """Or listen anew; connections that there are end."""
        await self.close()
        self._server = await asyncio.get_running_loop().create_server(
            lambda: _Connection(self._responder, self),
            HOST,
            self._number,
            ssl=tls if self.is_secure else None,
            backlog=500,
        )

    async def accept_all(self) -> None:
        """Until whoever has connected so far is known: connections are accepted in turn."""
        _, writer = await asyncio.open_connection(HOST, self._number)
        writer.close()

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            for connection in list(self._responder.connections):
                if connection.port is self:
                    connection.transport.close()


class _Connection(asyncio.Protocol):
    transport: asyncio.Transport

    def __init__(self, responder: Responder, port: Port) -> None:
        self.port = port
        self.random = responder.random
        self.is_doomed = self.is_stalled = self._is_endless = self._is_full = False
        self._responder = responder
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._responder.connections.add(self)

    def connection_lost(self, _error: Exception | None) -> None:
        self._is_endless = False
        self._responder.connections.discard(self)

    def data_received(self, data: bytes) -> None:
        if self.is_doomed:
            reset(self.transport)
            return
        self._received += data
        head, end, rest = self._received.partition(b"\r\n\r\n")
        if not end:
            return
        length = int(_LENGTH.search(head)[1])
        if len(rest) >= length:
            self._received.clear()
            self._answer(bytes(head), bytes(rest))

    def _answer(self, head: bytes, body: bytes) -> None:
        manner = self.port.manner
        is_acknowledged = self._is_awaited() and manner(self)
        self._responder.met[manner] += 1
        self._responder.takes(head, body, is_acknowledged)

    def _is_awaited(self) -> bool:
        """Whether the server still waits: it has not hung up while we were too busy to answer."""
        if self.transport.is_closing():
            return False
        waiting = select.poll()
        raw = self.transport.get_extra_info("socket")
        waiting.register(raw.fileno(), select.POLLIN | select.POLLRDHUP)
        return not waiting.poll(0)

    def stall(self) -> None:
        self.is_stalled = True

    def write_endlessly(self) -> None:
        self._is_endless = True
        self._write_on()

    def _write_on(self) -> None:
        if self._is_endless and not self._is_full:
            self.transport.write(_PIECE)
            asyncio.get_running_loop().call_soon(self._write_on)

    def pause_writing(self) -> None:
        self._is_full = True

    def resume_writing(self) -> None:
        self._is_full = False
        self._write_on()
