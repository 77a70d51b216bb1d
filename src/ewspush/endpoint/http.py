"""Bounds on what HTTP clients may send and hold, before anything looks at it."""

from io import BytesIO
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.web.error import UnsupportedMethod
from twisted.web.resource import Resource
from twisted.web.server import Request, Site

import ewspush

SERVER = f"ewspush/{ewspush.__version__}".encode("ascii")
PLAIN = b"text/plain; charset=utf-8"

_IDLE_S = 60
_SMALL = 64 * 1024  # bytes of a body that every connection may send
_LARGE_AT_ONCE = 4  # bodies of the greatest size
_CLOSING_S = 1.0
# A body over the limit is read on and dropped, since a client that is still sending would not see
# the answer; after so many times the limit the connection is cut.
_DRAINED = 8


class BoundedRequest(Request):
    """A request whose body is kept in memory, up to its site's limit."""

    channel: Any
    site: "BoundedSite"

    def __init__(self, channel: Any, _queued: object = False) -> None:
        # A SOAP service has no forms: their parsing would read the body first.
        super().__init__(channel, parsePOSTFormSubmission=False)
        self.site = channel.site
        self._body = bytearray()
        self._received = 0
        self._budgeted = 0  # bytes of the body that count into the site's budget

    @property
    def body(self) -> bytes:
        """What the client sent, if it is not too large."""
        return bytes(self._body)

    @property
    def body_is_too_large(self) -> bool:
        return self._received > self.site.body_limit

    @property
    def is_crowded_out(self) -> bool:
        """Whether the body was dropped because others' bodies take the room."""
        return not self.body_is_too_large and len(self._body) < self._received

    @property
    def is_lost(self) -> bool:
        """Whether the client has gone."""
        return self._disconnected

    def field(self, name: bytes) -> str | None:
        """The value of a header field, whose octets can be any."""
        value = self.getHeader(name)
        return None if value is None else value.decode("latin-1")

    def gotLength(self, length: int | None) -> None:  # noqa: ARG002
        self.content = BytesIO()  # for Twisted; the body is kept here

    def handleContentChunk(self, data: bytes) -> None:
        was_kept = len(self._body) == self._received
        self._received += len(data)
        if was_kept and not self.body_is_too_large and self._has_room():
            self._body += data
        else:
            self.forget_body()
        if self._received > _DRAINED * self.site.body_limit and self.channel is not None:
            self.channel.forceAbortClient()

    def _has_room(self) -> bool:
        more = max(0, self._received - _SMALL) - self._budgeted
        if self.site.held + more > self.site.budget:
            return False
        self.site.held += more
        self._budgeted += more
        return True

    def forget_body(self) -> None:
        """Give up the room that it takes."""
        self.site.held -= self._budgeted
        self._budgeted = 0
        self._body = bytearray()

    def process(self) -> None:
        self.site.under_way.add(self)
        super().process()

    def render(self, resrc: Resource) -> None:
        self.setHeader(b"Server", SERVER)
        try:
            resrc.render(self)  # which answers by itself, now or later
        except UnsupportedMethod as error:
            self.setHeader(b"Allow", b", ".join(error.allowedMethods))
            self.answer(405, b"This is not done here.\n")

    def finish(self) -> None:
        super().finish()
        self.site.ended(self)

    def connectionLost(self, reason: object) -> None:
        self.site.ended(self)
        super().connectionLost(reason)

    def answer(self, status: int, body: bytes, content_type: bytes = PLAIN) -> None:
        """Send the whole answer. That the client has gone is no error."""
        if self.is_lost:
            return
        self.setResponseCode(status)
        self.setHeader(b"Content-Type", content_type)
        self.setHeader(b"Content-Length", str(len(body)).encode("ascii"))
        if self.site.is_closing:
            self.setHeader(b"Connection", b"close")
        if self.method != b"HEAD":
            self.write(body)
        self.finish()


class BoundedSite(Site):
    """A site that bounds bodies and knows which requests are under way."""

    requestFactory = BoundedRequest  # type: ignore[assignment]
    displayTracebacks = False

    def __init__(self, root: Resource, reactor: IReactorTime, body_limit: int) -> None:
        super().__init__(root, timeout=_IDLE_S, reactor=reactor)
        self.body_limit = body_limit
        # What all bodies together may take beyond what every connection may send.
        self.budget = _LARGE_AT_ONCE * body_limit
        self.held = 0  # bytes of it
        self.under_way: set[BoundedRequest] = set()
        self.is_closing = False
        self._quiet: list[Deferred[None]] = []

    def log(self, request: object) -> None:
        """Requests are logged where they are understood."""

    def ended(self, request: BoundedRequest) -> None:
        """The request was answered, or its client has gone."""
        request.forget_body()
        self.under_way.discard(request)
        if not self.under_way:
            quiet, self._quiet = self._quiet, []
            for one in quiet:
                one.callback(None)

    def quiet(self) -> "Deferred[None]":
        """Fires when no request is under way."""
        quiet: Deferred[None] = Deferred()
        self._quiet.append(quiet)
        if not self.under_way:
            self._quiet.remove(quiet)
            quiet.callback(None)
        return quiet


class LimitedConnections(WrappingFactory[ProtocolWrapper]):
    """At most so many connections at once; further ones are closed without a word."""

    noisy = False

    def __init__(self, factory: Site, most: int) -> None:
        super().__init__(factory)
        self._most = most
        self._closed: list[Deferred[None]] = []

    def buildProtocol(self, addr: IAddress | None) -> ProtocolWrapper | None:  # type: ignore[override]
        if len(self.protocols) >= self._most:
            return None
        return super().buildProtocol(addr)

    def unregisterProtocol(self, p: ProtocolWrapper) -> None:
        super().unregisterProtocol(p)
        if not self.protocols:
            closed, self._closed = self._closed, []
            for one in closed:
                one.callback(None)

    def close(self, clock: Any) -> "Deferred[None]":
        """Close every connection once what was written to it is sent; fires when all are closed.

        A client that does not read, or does not answer the end of TLS, is waited for a second.
        """
        if not self.protocols:
            return succeed(None)
        closed: Deferred[None] = Deferred()
        self._closed.append(closed)
        patience = clock.callLater(_CLOSING_S, self.abort_all)
        for protocol in list(self.protocols):
            protocol.unregisterProducer()  # TLS does not end while there is one
            protocol.loseConnection()

        def be_patient_no_longer(_: None) -> None:
            if patience.active():
                patience.cancel()

        return closed.addCallback(be_patient_no_longer)

    def abort_all(self) -> None:
        """Cut every connection."""
        for protocol in list(self.protocols):
            protocol.abortConnection()
