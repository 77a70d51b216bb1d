"""A responder of raw Twisted protocols that plays one behaviour per request.

A behaviour is a function of the transport. Nothing of HTTP is done beyond finding where a request
ends, so that a behaviour may answer anything, or nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IPullProducer
from twisted.internet.protocol import Protocol
from twisted.internet.ssl import CertificateOptions
from zope.interface import implementer

from support.scripted_responder import ScriptedResponder

Behaviour = Callable[[Protocol], None]


@dataclass(frozen=True)
class Request:
    """A complete request; `head` is its lines without their ends, connections count from 1."""

    head: list[str]
    body: bytes
    connection: int


class RawResponder(ScriptedResponder[Request]):
    """Listens on loopback; a behaviour is played with the transport."""

    def __init__(
        self, *behaviours: Behaviour, tls: CertificateOptions | None = None, port: int = 0
    ) -> None:
        if tls is None:
            listening = reactor.listenTCP(port, self, interface="127.0.0.1", backlog=500)
        else:
            listening = reactor.listenSSL(port, self, tls, interface="127.0.0.1")
        super().__init__(behaviours, listening)
        self.doomed: set[int] = set()  # connections that are reset as soon as something comes
        self._scheme = "http" if tls is None else "https"

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"{self._scheme}://{host}:{self.port}{path}"

    def connection(self, number: int) -> Protocol:
        return _Connection(self, number)


class _Connection(Protocol):
    def __init__(self, responder: RawResponder, number: int) -> None:
        self.responder = responder
        self.number = number
        self.received = bytearray()
        self.lost: Deferred[None] = Deferred()

    def connectionMade(self) -> None:
        self.responder.open.add(self)

    def connectionLost(self, _reason: object) -> None:
        self.responder.open.discard(self)
        self.lost.callback(None)

    def dataReceived(self, data: bytes) -> None:
        self.received += data
        if self.number in self.responder.doomed:
            self.transport.abortConnection()
            return
        head, end, body = self.received.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        length = sum(int(line[16:]) for line in lines if line.startswith("Content-Length: "))
        if end and len(body) == length:
            self.received = b""
            self.responder.take(Request(lines, body, self.number), self.transport)


def answer(status: int = 200, body: bytes = b"ok", *headers: str) -> Behaviour:
    """A complete answer, after which the connection stays open."""
    lines = [f"HTTP/1.1 {status} Whatever", *headers, f"Content-Length: {len(body)}"]
    return raw("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def raw(data: bytes) -> Behaviour:
    """These bytes and nothing more."""
    return lambda transport: transport.write(data)


def then_close(data: bytes) -> Behaviour:
    """These bytes, and the end of the connection in good order."""

    def play(transport):
        transport.write(data)
        transport.loseConnection()

    return play


def then_reset(data: bytes) -> Behaviour:
    """These bytes, and a reset."""

    def play(transport):
        transport.getHandle().send(data)
        transport.abortConnection()

    return play


def endless(head: bytes, piece: bytes) -> Behaviour:
    """`head`, and `piece` for as long as somebody reads."""

    def play(transport):
        transport.write(head)
        transport.registerProducer(_Endless(transport, piece), False)

    return play


def silence(_transport: object) -> None:
    """No answer."""


def reset(transport) -> None:
    """A reset at once."""
    transport.abortConnection()


@implementer(IPullProducer)
class _Endless:
    def __init__(self, transport, piece: bytes) -> None:
        self._transport = transport
        self._piece = piece

    def resumeProducing(self) -> None:
        self._transport.write(self._piece)

    def stopProducing(self) -> None:
        pass
