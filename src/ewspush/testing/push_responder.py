"""A push responder to try things with: an HTTP server that does as it is told."""

import select
import socket
import socketserver
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ewspush.core.subscription import SubscriptionStatus
from ewspush.settings import Address
from ewspush.wire import ack, received
from ewspush.wire.received import ErrorNotification, NotANotification, ReceivedNotification

BODY_LIMIT = 16 * 1024 * 1024  # bytes
_POLL_S = 0.02  # how soon it notices that it has to stop


@dataclass(slots=True)
class Behaviour:
    """What to answer next. May be changed at any time."""

    fail: int = 0  # so many notifications get `status`, then acknowledgements follow
    status: int = 503
    fail_always: bool = False
    delay_s: float = 0.0
    unsubscribe_after: int | None = None  # acknowledgements
    hang: bool = False  # no answer as long as this is set
    body: bytes | None = None  # answered with HTTP 200 in the place of an acknowledgement


@dataclass(frozen=True, slots=True)
class Handled:
    """A request that came, and how it was answered."""

    number: int  # from 1
    body: bytes
    notification: ReceivedNotification | NotANotification
    status: SubscriptionStatus | None  # None: it was not acknowledged
    answer: str  # for people

    @property
    def is_acknowledged(self) -> bool:
        return self.status is not None


class PushResponder:
    """Listens in threads of its own, and tells `handled` of each request before it is answered."""

    def __init__(
        self, listen: Address, behaviour: Behaviour, handled: Callable[[Handled], None]
    ) -> None:
        """Raises OSError if the address cannot be had."""
        self.behaviour = behaviour
        self.count = 0
        self.acknowledged = 0
        self._handled = handled
        self._lock = threading.Lock()
        self._trouble: OSError | None = None
        # Bound and never listening: it keeps the port while the responder is down.
        self._reserved = _bind(listen)
        self._address = Address(*self._reserved.getsockname()[:2])
        self._server: _Server | None = self._listen()

    @property
    def url(self) -> str:
        return f"http://{self._address}/"

    def serve(self) -> None:
        """Answer until it is stopped from another thread. Raises an OSError of `handled`."""
        assert self._server is not None, "it is down"
        self._server.serve_forever(poll_interval=_POLL_S)
        if self._trouble is not None:
            raise self._trouble

    def start(self) -> None:
        """Serve in a thread."""
        threading.Thread(target=self.serve, daemon=True).start()

    def down(self) -> None:
        """Refuse connections until `up`, and break those there are. What is under way fails."""
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()
            server.break_connections()

    def up(self) -> None:
        """Serve again, at the same port, in a thread. Raises OSError if somebody else has it."""
        if self._server is None:
            self._server = self._listen()
            self.start()

    def stop(self) -> None:
        """Be down for good, and give the port away."""
        self.down()
        self._reserved.close()

    def _listen(self) -> "_Server":
        try:
            return _Server(self._address, self._handler())
        except OSError:
            self._reserved.close()
            raise

    # Answering

    def _answer(self, body: bytes, has_left: Callable[[], bool]) -> tuple[int, bytes] | None:
        """HTTP status and body; None if there is nobody (left) to be answered."""
        time.sleep(self.behaviour.delay_s)
        while self.behaviour.hang and not has_left():
            time.sleep(_POLL_S)
        with self._lock:
            self.count += 1
            notification = _parse(body)
            if has_left():
                self._tell(body, notification, None, "no answer: the server did not wait for it")
                return None
            if isinstance(notification, ErrorNotification):
                self._tell(body, notification, None, "OK, which changes nothing")
                return 200, ack.render(SubscriptionStatus.OK)
            if isinstance(notification, NotANotification):
                self._tell(body, notification, None, "HTTP 400")
                return 400, b""
            failure = self._next_failure()
            if failure is not None:
                self._tell(body, notification, None, f"HTTP {failure}")
                return failure, b""
            if self.behaviour.body is not None:
                return 200, self._answer_with(self.behaviour.body, body, notification)
            status = self._next_status()
            self._tell(body, notification, status, status.value)
            return 200, ack.render(status)

    def _answer_with(self, answer: bytes, body: bytes, notification: ReceivedNotification) -> bytes:
        try:
            status = ack.parse(answer)
        except ack.NotAnAcknowledgement as error:
            self._tell(body, notification, None, f"HTTP 200, and {error}")
        else:
            self.acknowledged += 1
            self._tell(body, notification, status, status.value)
        return answer

    def _next_failure(self) -> int | None:
        behaviour = self.behaviour
        if not behaviour.fail_always and behaviour.fail <= 0:
            return None
        behaviour.fail = max(0, behaviour.fail - 1)
        return behaviour.status

    def _next_status(self) -> SubscriptionStatus:
        after = self.behaviour.unsubscribe_after
        is_enough = after is not None and self.acknowledged >= after
        self.acknowledged += 1
        return SubscriptionStatus.UNSUBSCRIBE if is_enough else SubscriptionStatus.OK

    def _tell(
        self,
        body: bytes,
        notification: ReceivedNotification | NotANotification,
        status: SubscriptionStatus | None,
        answer: str,
    ) -> None:
        self._handled(Handled(self.count, body, notification, status, answer))

    def _give_up(self, trouble: OSError) -> None:
        """What comes can no longer be told: end `serve`."""
        self._trouble = trouble
        threading.Thread(target=self.down, daemon=True).start()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        responder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 120  # seconds that a connection may be idle
            wbufsize = -1  # an answer in one piece, not delayed by Nagle's algorithm

            def do_POST(self) -> None:
                length = self.headers.get("Content-Length", "")
                if not length.isdecimal() or int(length) > BODY_LIMIT:
                    self.close_connection = True  # the body was not read
                    self._send(413 if length.isdecimal() else 411, b"")
                    return
                body = self.rfile.read(int(length))
                if len(body) < int(length):
                    self.close_connection = True  # it was cut off
                    return
                try:
                    answer = responder._answer(body, self._has_left)
                except OSError as error:
                    responder._give_up(error)
                    answer = None
                if answer is None:
                    self.close_connection = True
                else:
                    self._send(*answer)

            def _has_left(self) -> bool:
                readable, _, _ = select.select([self.connection], [], [], 0)
                try:
                    return bool(readable) and not self.connection.recv(1, socket.MSG_PEEK)
                except OSError:
                    return True

            def _send(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "text/xml; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """What came is shown in a better form."""

        return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, listen: Address, handler: type[BaseHTTPRequestHandler]) -> None:
        self.address_family = _family(listen)
        self._connections: set[socket.socket] = set()
        super().__init__(listen, handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, peer = super().get_request()
        self._connections.add(connection)
        return connection, peer

    def close_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().close_request(request)

    def break_connections(self) -> None:
        """End all connections, whatever is under way on them."""
        for connection in tuple(self._connections):
            with suppress(OSError):  # it was ended just now
                connection.shutdown(socket.SHUT_RDWR)

    def server_bind(self) -> None:
        # HTTPServer's asks DNS for the name of this machine, which may take long.
        socketserver.TCPServer.server_bind(self)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):  # a connection that broke: it is tried again
            super().handle_error(request, client_address)


def _family(address: Address) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address.host else socket.AF_INET


def _bind(address: Address) -> socket.socket:
    bound = socket.socket(_family(address))
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    return bound


def _parse(body: bytes) -> ReceivedNotification | NotANotification:
    try:
        return received.parse(body)
    except NotANotification as error:
        return error
