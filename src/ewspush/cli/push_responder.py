"""A push responder to try things with: an HTTP server that does as it is told."""

import select
import socket
import socketserver
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ewspush.core.subscription import SubscriptionStatus
from ewspush.settings import Address
from ewspush.wire import ack, received
from ewspush.wire.received import ErrorNotification, NotANotification, ReceivedNotification

BODY_LIMIT = 16 * 1024 * 1024  # bytes


@dataclass(slots=True)
class Behaviour:
    """What to answer next. May be changed at any time."""

    fail: int = 0  # so many notifications get `status`, then acknowledgements follow
    status: int = 503
    fail_always: bool = False
    delay_s: float = 0.0
    unsubscribe_after: int | None = None  # acknowledgements


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
        self._server = _Server(listen, self._handler())

    @property
    def url(self) -> str:
        host, port = self._server.server_address[:2]
        return f"http://{Address(str(host), int(port))}/"

    def serve(self) -> None:
        """Answer until `stop` is called from another thread. Raises an OSError of `handled`."""
        self._server.serve_forever(poll_interval=0.1)
        if self._trouble is not None:
            raise self._trouble

    def start(self) -> None:
        """Serve in a thread."""
        threading.Thread(target=self.serve, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    # Answering

    def _answer(self, body: bytes, has_left: Callable[[], bool]) -> tuple[int, bytes] | None:
        """HTTP status and body; None if there is nobody (left) to be answered."""
        time.sleep(self.behaviour.delay_s)
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
            status = self._next_status()
            self._tell(body, notification, status, status.value)
            return 200, ack.render(status)

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
        threading.Thread(target=self._server.shutdown, daemon=True).start()

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
        if ":" in listen.host:
            self.address_family = socket.AF_INET6
        super().__init__(listen, handler)

    def server_bind(self) -> None:
        # HTTPServer's asks DNS for the name of this machine, which may take long.
        socketserver.TCPServer.server_bind(self)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):  # a connection that broke: it is tried again
            super().handle_error(request, client_address)


def _parse(body: bytes) -> ReceivedNotification | NotANotification:
    try:
        return received.parse(body)
    except NotANotification as error:
        return error
