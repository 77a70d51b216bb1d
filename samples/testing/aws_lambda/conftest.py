"""What stands in front of a function of AWS Lambda, on this machine."""

from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import orders
import pytest

Handler = Callable[[dict[str, Any], object], dict[str, Any]]


@pytest.fixture
def url() -> Iterator[str]:
    """The function's URL during a test."""
    orders.new_mail.clear()
    with function_url(orders.handler) as url:
        yield url


@contextmanager
def function_url(handler: Handler) -> Iterator[str]:
    """Calls `handler` as Lambda does it for a function URL (payload format 2.0)."""

    class Request(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = handler(
                {
                    "version": "2.0",
                    "rawPath": self.path,
                    "headers": {name.lower(): value for name, value in self.headers.items()},
                    "requestContext": {"http": {"method": "POST", "path": self.path}},
                    "body": b64encode(body).decode(),
                    "isBase64Encoded": True,
                },
                None,
            )
            content = answer.get("body", "").encode()
            self.send_response(answer["statusCode"])
            for name, value in answer.get("headers", {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Request)
    Thread(target=server.serve_forever).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
