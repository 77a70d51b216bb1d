"""A far end for clients of the control API: remembers what is asked, and answers as it is told."""

import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True)
class Asked:
    method: str
    target: str  # below /emulator/, with its query
    content_type: str | None
    body: bytes

    @property
    def json(self) -> Any:
        assert self.content_type == "application/json"
        return json.loads(self.body)


class FakeControlApi:
    """Answers what is in `answers`, by method and target, or else what `otherwise` says."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.answers: dict[tuple[str, str], object] = {}
        self.otherwise: tuple[int, bytes] = (204, b"")
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def last(self) -> Asked:
        return self.asked[-1]

    def refuse(self, status: int, error: str, field: str | None = None) -> None:
        self.otherwise = (status, json.dumps({"error": error, "field": field}).encode())

    def _answer(self, asked: Asked) -> tuple[int, bytes]:
        self.asked.append(asked)
        told = self.answers.get((asked.method, asked.target))
        return self.otherwise if told is None else (200, json.dumps(told).encode())

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        api = self

        class Handler(BaseHTTPRequestHandler):
            def _respond(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                target = self.path.removeprefix("/emulator/")
                asked = Asked(self.command, target, self.headers.get("Content-Type"), body)
                status, content = api._answer(asked)
                self.send_response(status)
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PATCH = do_DELETE = _respond

            def log_message(self, format: str, *args: object) -> None:
                """The test knows what was asked."""

        return Handler
