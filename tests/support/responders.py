"""A push responder that keeps what it gets, answers as scripted and lets tests wait for news."""

import socket
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from lxml import etree

from ewspush.core.subscription import SubscriptionStatus
from support import notifications
from support.acks import ack
from support.notifications import Received
from support.running_server import PATIENCE_S
from support.strict_reader import Chain

_HOST = "127.0.0.1"


@dataclass(frozen=True)
class Say:
    """How to answer a notification. `is_ack`: the server goes on from it."""

    status: int = 200
    body: bytes = b""
    content_type: str | None = "text/xml; charset=utf-8"
    is_ack: bool = False
    drops: bool = False  # the connection, without an answer
    waits: threading.Event | None = None  # for this, before answering
    retry_after: str | None = None


def acknowledging(body: bytes, content_type: str | None = "text/xml; charset=utf-8") -> Say:
    """These bytes, which are an acknowledgement."""
    return Say(body=body, content_type=content_type, is_ack=True)


OK = acknowledging(ack())
UNSUBSCRIBE = acknowledging(ack(SubscriptionStatus.UNSUBSCRIBE))
FAILURE = Say(status=503)
DROP = Say(drops=True)


def held(until: threading.Event, say: Say = OK) -> Say:
    """`say`, but not before `until` is set."""
    return replace(say, waits=until)


@dataclass(frozen=True)
class Push:
    """A notification as it came, and what was answered."""

    path: str  # with the query
    headers: Mapping[str, str]
    received: Received
    said: Say

    @property
    def body(self) -> bytes:
        return self.received.body


class Responder:
    """Listens on loopback in threads of its own.

    It answers with `script`, then with `otherwise`. Every notification is held against every reader
    there is; what one of them dislikes is raised in the test that waits, or by `close`.
    """

    def __init__(self, *script: Say, otherwise: Say = OK, tls: ssl.SSLContext | None = None):
        self.otherwise = otherwise
        self.pushes: list[Push] = []
        self._script = list(script)
        self._kills: list[int] = []  # how many pushes had come when the server was killed
        self._complaints: list[Exception] = []
        self._connections: set[socket.socket] = set()
        self._tls = tls
        self._news = threading.Condition()
        self._server: ThreadingHTTPServer | None = None
        self._reserved = _bound(0)
        self.port: int = self._reserved.getsockname()[1]
        self.start()

    def url(self, path: str = "/push?key=1&b=2") -> str:
        return f"{'https' if self._tls else 'http'}://{_HOST}:{self.port}{path}"

    # Up and down

    def start(self) -> None:
        """Listen, on the port of before."""
        server = ThreadingHTTPServer((_HOST, self.port), self._handler(), bind_and_activate=False)
        server.socket.close()
        server.socket = self._reserved
        if self._tls is not None:
            server.socket = self._tls.wrap_socket(
                self._reserved, server_side=True, do_handshake_on_connect=False
            )
        server.daemon_threads = True
        server.server_activate()
        self._server = server
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        """Cut every connection and refuse new ones. The port stays ours."""
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()
        self._server = None
        self._reserved = _bound(self.port)
        with self._news:
            for connection in self._connections:
                with suppress(OSError):  # closed by the other end
                    connection.shutdown(socket.SHUT_RDWR)
            assert self._news.wait_for(lambda: not self._connections, PATIENCE_S)

    def close(self) -> None:
        """Stop for good. Raises what was wrong with a notification."""
        if self._server is not None:
            self.stop()
        self._reserved.close()
        self._raise_complaints()

    # What tests ask

    def script(self, *script: Say) -> None:
        """What to answer next."""
        with self._news:
            self._script += script

    def wait_until(self, happened: Callable[[], object], what: str = "what was awaited") -> None:
        """Wait until it is so, looking again whenever a notification has come."""
        with self._news:
            self._news.wait_for(lambda: self._complaints or happened(), PATIENCE_S)
            self._raise_complaints()
            names = [push.received.names for push in self.pushes]
            assert happened(), f"{what} did not happen; what came: {names}"

    def wait_for(self, count: int) -> list[Push]:
        """All notifications, once there are so many."""
        self.wait_until(lambda: len(self.pushes) >= count, f"notification {count}")
        return list(self.pushes)

    def wait_for_new_mails(self, count: int) -> list[Push]:
        """All notifications, once those acknowledged told of so many NewMailEvents."""
        self.wait_until(lambda: self._new_mails() >= count, f"NewMailEvent {count}")
        return list(self.pushes)

    def server_was_killed(self) -> None:
        """Put down that the server may have forgotten acknowledgements from here on."""
        with self._news:
            # What was on its way came from the server before it died.
            assert self._news.wait_for(lambda: not self._connections, PATIENCE_S)
            self._kills.append(len(self.pushes))

    def followed(self, chain: Chain) -> Chain:
        """What a careful client makes of everything that came for its subscription."""
        with self._news:
            for number, push in enumerate(self.pushes):
                if number in self._kills:
                    chain.server_killed()
                if push.received.subscription == chain.subscription_id:
                    (chain.receive if push.said.is_ack else chain.refuse)(push.body)
        return chain

    def _new_mails(self) -> int:
        told = {
            event
            for push in self.pushes
            if push.said.is_ack
            for event in push.received.events
            if event[0] == "NewMailEvent"
        }
        return len(told)

    def _raise_complaints(self) -> None:
        for complaint in self._complaints:
            raise complaint

    # Answering

    def _take(self, path: str, headers: Mapping[str, str], body: bytes) -> Say:
        with self._news:
            said = self._script.pop(0) if self._script else self.otherwise
            try:
                self.pushes.append(Push(path, headers, notifications.read(headers, body), said))
            except (AssertionError, etree.XMLSyntaxError, StopIteration) as error:
                self._complaints.append(error)
                said = FAILURE
            self._news.notify_all()
        return said

    def _opened(self, connection: socket.socket) -> None:
        with self._news:
            self._connections.add(connection)

    def _closed(self, connection: socket.socket) -> None:
        with self._news:
            self._connections.discard(connection)
            self._news.notify_all()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        responder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 2 * PATIENCE_S
            wbufsize = -1  # an answer in one piece

            def handle(self) -> None:
                responder._opened(self.connection)
                # A server that was killed, or that does not trust our certificate, just goes.
                with suppress(OSError):
                    super().handle()

            def finish(self) -> None:
                with suppress(OSError):
                    super().finish()
                responder._closed(self.connection)

            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                body = self.rfile.read(length)
                if len(body) < length:
                    self.close_connection = True  # the server was killed while sending
                    return
                self._answer(responder._take(self.path, dict(self.headers), body))

            def _answer(self, said: Say) -> None:
                if said.waits is not None:
                    assert said.waits.wait(PATIENCE_S), "a held answer was never let go"
                if said.drops:
                    self.close_connection = True
                    return
                self.send_response(said.status)
                if said.content_type is not None:
                    self.send_header("Content-Type", said.content_type)
                if said.retry_after is not None:
                    self.send_header("Retry-After", said.retry_after)
                self.send_header("Content-Length", str(len(said.body)))
                self.end_headers()
                self.wfile.write(said.body)

            def log_message(self, format: str, *args: object) -> None:
                """What came is kept."""

        return Handler


def _bound(port: int) -> socket.socket:
    """A socket that holds a port of loopback; until it listens, connections are refused."""
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((_HOST, port))
    return bound


def new_mails(pushes: Sequence[Push]) -> list[Any]:
    """The watermarks of all NewMailEvents, in the order in which they came."""
    return [
        mark for push in pushes for name, mark in push.received.events if name == "NewMailEvent"
    ]
