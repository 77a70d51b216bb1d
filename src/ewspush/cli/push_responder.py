"""A push responder to try things with: an HTTP server that does as it is told."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from ewspush.core.subscription import SubscriptionStatus
from ewspush.settings import Address
from ewspush.wire import ack

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
    """A notification that came, and how it was answered."""

    number: int  # from 1
    body: bytes
    answer: str  # "OK", "Unsubscribe" or "HTTP 503"

    @property
    def is_acknowledged(self) -> bool:
        return not self.answer.startswith("HTTP")


class PushResponder:
    """Listens in threads of its own, and tells `handled` of each notification."""

    def __init__(
        self, listen: Address, behaviour: Behaviour, handled: Callable[[Handled], None]
    ) -> None:
        """Raises OSError if the address cannot be had."""
        self.behaviour = behaviour
        self._handled = handled
        self._lock = threading.Lock()
        self._count = 0
        self._acknowledged = 0
        self._server = ThreadingHTTPServer(listen, self._handler())
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        host, port = self._server.server_address[:2]
        return f"http://{Address(str(host), int(port))}/"

    def serve(self) -> None:
        """Answer until `stop` is called from another thread."""
        self._server.serve_forever()

    def start(self) -> None:
        """Serve in a thread."""
        threading.Thread(target=self.serve, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, body: bytes) -> tuple[int, bytes]:
        time.sleep(self.behaviour.delay_s)
        with self._lock:
            self._count += 1
            behaviour = self.behaviour
            if behaviour.fail_always or behaviour.fail > 0:
                behaviour.fail = max(0, behaviour.fail - 1)
                self._handled(Handled(self._count, body, f"HTTP {behaviour.status}"))
                return behaviour.status, b""
            after = behaviour.unsubscribe_after
            is_enough = after is not None and self._acknowledged >= after
            status = SubscriptionStatus.UNSUBSCRIBE if is_enough else SubscriptionStatus.OK
            self._acknowledged += 1
            self._handled(Handled(self._count, body, status.value))
            return 200, ack.render(status)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        responder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 120  # seconds that a connection may be idle
            wbufsize = -1  # an answer in one piece, not delayed by Nagle's algorithm

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                status, answer = (
                    responder._answer(self.rfile.read(length))
                    if 0 < length <= BODY_LIMIT
                    else (413, b"")
                )
                self.send_response(status)
                self.send_header("Content-Type", "text/xml; charset=utf-8")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: object) -> None:
                """What came is shown in a better form."""

        return Handler
