"""The real server in a process of its own, as an operator runs it, and a client for it."""

import http.client
import json
import os
import shutil
import smtplib
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import IO, Any, Protocol, Self

from argon2 import PasswordHasher
from lxml import etree

from ewspush.control import client as control
from ewspush.operations import mailboxes
from ewspush.settings import Address, parse_address
from ewspush.store.database import Database
from support.ews import Answer
from support.schemas import ROOT, microsoft_violations, our_violations
from support.strict_reader import response_problems

PATIENCE_S = 30.0  # for what takes milliseconds; only a failing test waits so long
RESPONDERS = "127.0.0.0/8"

QUICK_PASSWORD = "not hard to verify"
QUICK_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(QUICK_PASSWORD)

MESSAGE = (
    b"From: Shop <orders@example.com>\r\nTo: user@example.com\r\n"
    b"Subject: Order 1001\r\n\r\nThree of them.\r\n"
)


def check_answer(
    status: int, headers: Mapping[str, str], body: bytes, request: bytes = b""
) -> None:
    """Hold an answer of the EWS endpoint to a request against every reader there is."""
    to_streaming = b"StreamingSubscriptionRequest" in request
    assert response_problems(status, headers, body, to_streaming=to_streaming) == []
    if status != http.client.UNAUTHORIZED:
        assert our_violations(body) == []
        assert not microsoft_violations(body)


@dataclass(frozen=True)
class Mailbox:
    """A mailbox of the server, and what its owner knows."""

    address: str
    password: str

    @property
    def authorization(self) -> str:
        """The header field of HTTP Basic."""
        return "Basic " + b64encode(f"{self.address}:{self.password}".encode()).decode()


@dataclass(frozen=True)
class HttpAnswer:
    """What came back, unjudged."""

    status: int
    headers: Message
    body: bytes


class Listening(Protocol):
    """A server that clients can reach."""

    @property
    def http(self) -> Address: ...


@contextmanager
def serving(**settings: object) -> Iterator["ServerProcess"]:
    """A server that runs, and that must not have failed when the tests are done."""
    server = ServerProcess(**settings)
    try:
        server.start()
        yield server
        assert server.terminate() == 0
        assert server.log.troubles == []
    finally:
        server.close()


class ServerProcess:
    """`ewspush serve` on a data directory of its own.

    Keyword arguments are settings by the names of their environment variables:
    `delivery_timeout_s=2` is EWSPUSH_DELIVERY_TIMEOUT_S=2.
    """

    def __init__(self, **settings: object) -> None:
        # Not in pytest's own folders: the path of a Unix socket has 107 bytes at most.
        self.folder = Path(tempfile.mkdtemp(prefix="ewspush-"))
        self.data = self.folder / "data"
        self.log = Log()
        self.is_secure = "server_tls_cert" in settings
        self._settings = {
            "delivery_callback_allow": RESPONDERS,
            "delivery_first_retry_wait_s": 0.1,
            "log_format": "json",
            "log_level": "debug",  # each attempt is told
            **settings,
        }
        self._process: subprocess.Popen[str] | None = None
        self._http = self._lmtp = Address("127.0.0.1", 0)

    # Its life

    def start(self, *, same_ports: bool = False) -> Self:
        """Start it and wait until it listens, on ports that were free unless `same_ports`."""
        self.spawn(same_ports=same_ports)
        self.log.wait_for("server.started")
        status = self.control.call("status")
        self._http, self._lmtp = parse_address(status["http"]), parse_address(status["lmtp"])
        return self

    def spawn(self, *, same_ports: bool = False) -> None:
        """Start it and do not wait."""
        http_, lmtp = (self._http, self._lmtp) if same_ports else ("127.0.0.1:0", "127.0.0.1:0")
        where = ("--data", str(self.data), "--http", str(http_), "--lmtp", str(lmtp))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "ewspush", "serve", *where],
            env=self._environment(),
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stderr is not None
        self.log.follow(self._process.stderr)

    def kill(self) -> None:
        """`kill -9`."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(PATIENCE_S)
        self.log.ended()

    def ask_to_stop(self) -> None:
        """SIGTERM, without waiting."""
        assert self._process is not None
        self._process.terminate()

    def wait(self) -> int:
        """Wait until it has ended; its exit status."""
        assert self._process is not None
        status = self._process.wait(PATIENCE_S)
        self.log.ended()
        return status

    def terminate(self) -> int:
        """SIGTERM; the exit status."""
        self.ask_to_stop()
        return self.wait()

    def close(self) -> None:
        """Leave nothing behind."""
        if self._process is not None:
            self.kill()
        shutil.rmtree(self.folder)

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    # Where it is

    @property
    def http(self) -> Address:
        return self._http

    @property
    def lmtp(self) -> Address:
        return self._lmtp

    def url(self, path: str = "/EWS/Exchange.asmx") -> str:
        return f"{'https' if self.is_secure else 'http'}://{self._http}{path}"

    # What is done to it

    @property
    def control(self) -> control.RunningServer:
        """Its control socket."""
        return control.RunningServer(self.data)

    def create_mailbox(self, address: str = "user@example.com") -> Mailbox:
        """As an operator does. Its password takes the server a while, now and at first use."""
        (created,) = self.control.call("mailbox.create", addresses=[address])
        return Mailbox(address, created["password"])

    def add_mailbox(self, address: str) -> Mailbox:
        """A mailbox put into the database, with a password that is verified quickly."""
        database = Database.open(f"sqlite:///{self.data / 'ewspush.db'}")
        with closing(database), database.write() as tx:
            mailboxes.create(tx, address, QUICK_HASH, int(time.time()))
        return Mailbox(address, QUICK_PASSWORD)

    def deliver(self, mailbox: Mailbox, message: bytes = MESSAGE) -> None:
        """Hand over a message by LMTP, and return when it was accepted."""
        with smtplib.LMTP(self._lmtp.host, self._lmtp.port, timeout=PATIENCE_S) as lmtp:
            lmtp.sendmail("shop@example.com", [mailbox.address], message)

    def subscription(self, id: str) -> dict[str, Any]:
        """What `ewspush subscription show` knows."""
        shown: dict[str, Any] = self.control.call("subscription.show", id=id)
        return shown

    def wait_until(self, happened: Callable[[], object]) -> None:
        """Ask the server, through `happened`, until it is so."""
        until_s = time.monotonic() + PATIENCE_S
        while not happened():
            assert time.monotonic() < until_s, "what was awaited did not happen"

    @contextmanager
    def database(self) -> Iterator[sqlite3.Connection]:
        """A connection to its database, which is committed and closed."""
        connection = sqlite3.connect(self.data / "ewspush.db", timeout=PATIENCE_S)
        try:
            with connection:
                yield connection
        finally:
            connection.close()

    def _environment(self) -> dict[str, str]:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("EWSPUSH_")}
        ours = {f"EWSPUSH_{k.upper()}": str(v) for k, v in self._settings.items()}
        return {**inherited, "PYTHONPATH": str(ROOT / "src"), **ours}


class Log:
    """The lines that a server writes to standard error, over all its starts."""

    def __init__(self) -> None:
        self._news = threading.Condition()
        self._lines: list[str] = []
        self._seen = 0  # lines of earlier starts
        self._reader: threading.Thread | None = None
        self._at_end = True

    def follow(self, stream: IO[str]) -> None:
        """Read a new process's lines as they come."""
        self._seen, self._at_end = len(self._lines), False
        self._reader = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self._reader.start()

    def _read(self, stream: IO[str]) -> None:
        for line in stream:
            with self._news:
                self._lines.append(line)
                self._news.notify_all()
        stream.close()
        with self._news:
            self._at_end = True
            self._news.notify_all()

    def ended(self) -> None:
        """Wait for the last lines of a process that has ended."""
        if self._reader is not None:
            self._reader.join(PATIENCE_S)

    @property
    def text(self) -> str:
        with self._news:
            return "".join(self._lines)

    @property
    def troubles(self) -> list[dict[str, Any]]:
        """What says that the server itself has failed, over all its starts."""
        with self._news:
            lines = list(self._parsed(0))
        return [line for line in lines if line.get("level") not in ("debug", "info", "warning")]

    def events(self, name: str) -> list[dict[str, Any]]:
        """The lines of this event, since the last start."""
        with self._news:
            return [line for line in self._parsed() if line["event"] == name]

    def wait_for(self, name: str, matches: Callable[[dict[str, Any]], bool] = bool) -> Any:
        """The first such line since the last start, once it is there."""

        def find() -> dict[str, Any] | None:
            found = (line for line in self._parsed() if line["event"] == name and matches(line))
            return next(found, None)

        with self._news:
            self._news.wait_for(lambda: find() or self._at_end, PATIENCE_S)
            found = find()
            assert found, f"no {name} in the log:\n{''.join(self._lines[self._seen :])}"
            return found

    def _parsed(self, first: int | None = None) -> Iterator[dict[str, Any]]:
        for line in self._lines[self._seen if first is None else first :]:
            yield json.loads(line) if line.startswith("{") else {"event": "", "text": line}


class EwsClient:
    """POSTs envelopes over connections of its own; every answer is checked."""

    def __init__(
        self,
        server: Listening,
        mailbox: Mailbox | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._server = server
        self._mailbox = mailbox
        self._tls = tls

    def ask(self, envelope: bytes) -> Answer:
        """The answer to a request, which must be SOAP."""
        answer = self.send("POST", body=envelope)
        check_answer(answer.status, dict(answer.headers), answer.body, envelope)
        return Answer(
            answer, answer.status, etree.fromstring(answer.body, etree.XMLParser(huge_tree=True))
        )

    def send(
        self,
        method: str,
        path: str = "/EWS/Exchange.asmx",
        body: bytes | Iterator[bytes] | None = None,
        headers: Mapping[str, str | None] | None = None,
    ) -> HttpAnswer:
        """Any request; an iterator is sent in chunks. A header that is None is left out."""
        own = {
            "Content-Type": "text/xml; charset=utf-8" if body is not None else None,
            "Authorization": self._mailbox.authorization if self._mailbox else None,
            **(headers or {}),
        }
        connection = self._connect()
        try:
            sent = {name: value for name, value in own.items() if value is not None}
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            return HttpAnswer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def _connect(self) -> http.client.HTTPConnection:
        host, port = self._server.http
        if self._tls is None:
            return http.client.HTTPConnection(host, port, timeout=PATIENCE_S)
        return http.client.HTTPSConnection(host, port, timeout=PATIENCE_S, context=self._tls)
