"""A running LMTP server with mailboxes in memory, and a client that speaks line by line."""

import contextlib
import socket
import threading

import pytest

from ewspush.intake.lmtp import LmtpServer
from ewspush.operations.mail import UnknownRecipient

PATIENCE_S = 20  # for what is expected to happen; only a failing test waits so long


class Mailboxes:
    """What the server delivers to. Addresses beginning with `slow` wait for `let_go`."""

    def __init__(self):
        self.known = {f"{name}@example.org" for name in ("anna", "ben", "cleo", "slow1", "slow2")}
        self.errors = {}
        self.delivered = []
        self.waiting = threading.Semaphore(0)
        self.let_go = threading.Event()

    def accepts(self, address):
        if address.startswith("broken"):
            raise OSError("the database is away")
        return address in self.known

    def deliver(self, address, message):
        if address.startswith("slow"):
            self.waiting.release()
            assert self.let_go.wait(PATIENCE_S)
        if address in self.errors:
            raise self.errors[address]
        if address not in self.known:
            raise UnknownRecipient(address)
        self.delivered.append((address, message))


class Client:
    """An LMTP client over a plain socket."""

    def __init__(self, address):
        self.socket = socket.create_connection(address, PATIENCE_S)
        self.lines = self.socket.makefile("rb")
        self.greeting = self.line()

    def line(self):
        """The next line without its CRLF; empty at the end of the connection."""
        line = self.lines.readline()
        assert line.endswith(b"\r\n") or not line
        return line[:-2].decode()

    def send(self, *lines):
        """Lines of text in one write, each ended by CRLF."""
        self.socket.sendall(b"".join(line.encode() + b"\r\n" for line in lines))

    def ask(self, *lines):
        """Send lines in one write; returns one answer line for each."""
        self.send(*lines)
        return [self.line() for _ in lines]

    def lhlo(self):
        """Greet; returns what the server announces."""
        self.send("LHLO client.example.org")
        lines = [self.line()]
        while lines[-1][3] == "-":
            lines.append(self.line())
        return lines

    def begin(self, *recipients):
        """LHLO, MAIL, RCPT for each and DATA, all accepted."""
        self.lhlo()
        rcpts = [f"RCPT TO:<{name}@example.org>" for name in recipients]
        answers = self.ask("MAIL FROM:<>", *rcpts, "DATA")
        assert [answer[:3] for answer in answers] == ["250"] * (len(rcpts) + 1) + ["354"]

    def data(self, octets, answers=1):
        """Octets of a message as they are, and the lone dot; returns the answers."""
        self.socket.sendall(octets + b".\r\n")
        return [self.line() for _ in range(answers)]

    def ended(self):
        """Whether the server closes the connection, having said all it had."""
        try:
            return not self.lines.readline()
        except ConnectionResetError:
            return True

    def close(self):
        """Go away without a word."""
        self.lines.close()
        self.socket.close()


@pytest.fixture
def mailboxes():
    made = Mailboxes()
    yield made
    made.let_go.set()


@pytest.fixture
def lmtp_server(mailboxes):
    """Makes servers that are not started yet, and stops them in the end."""
    with contextlib.ExitStack() as stack:

        def make(port=0, **bounds):
            server = LmtpServer(
                "127.0.0.1",
                port,
                accepts=mailboxes.accepts,
                deliver=mailboxes.deliver,
                hostname="mail.example.org",
                **bounds,
            )
            stack.callback(server.stop)
            stack.callback(mailboxes.let_go.set)
            return server

        yield make


@pytest.fixture
def connect():
    """Connects clients, and closes them in the end."""
    with contextlib.ExitStack() as stack:

        def make(address):
            client = Client(address)
            stack.callback(client.close)
            return client

        yield make


@pytest.fixture
def client(lmtp_server, connect):
    """A client of a server with the usual bounds."""
    return connect(lmtp_server().start())
