"""What monitoring asks: /metrics and /health, for those who are near."""

from collections.abc import Callable, Sequence
from ipaddress import IPv6Address, ip_address
from typing import Any

import structlog
from twisted.internet.address import IPv4Address as TcpAddress
from twisted.internet.address import IPv6Address as Tcp6Address
from twisted.internet.task import LoopingCall
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from ewspush.endpoint.http import BoundedRequest
from ewspush.endpoint.web import NotFound
from ewspush.settings import Network
from ewspush.threads import InThread

log = structlog.get_logger()

ASK_EVERY_S = 5.0
PATIENCE_S = 15.0  # a database that has not answered for so long is not well

_FORWARDED = (b"forwarded", b"x-forwarded-for", b"x-real-ip", b"via")


class Readers:
    """Who may ask: loopback, unless `behind_proxy`, and the networks that are listed.

    Behind a proxy everybody may seem to come from loopback.
    """

    def __init__(self, networks: Sequence[Network], behind_proxy: bool) -> None:
        self._networks = networks
        self._with_loopback = not behind_proxy

    def include(self, request: BoundedRequest) -> bool:
        """Whether this request is one of theirs. What a proxy says it forwarded never is."""
        peer = request.getClientAddress()
        is_forwarded = any(map(request.requestHeaders.hasHeader, _FORWARDED))
        if is_forwarded or not isinstance(peer, TcpAddress | Tcp6Address):
            return False
        address = ip_address(peer.host)
        if isinstance(address, IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        if self._with_loopback and address.is_loopback:
            return True
        return any(address in network for network in self._networks)


class MonitoringResource(Resource):
    """What is there for some and not for others."""

    isLeaf = True

    def __init__(self, readers: Readers) -> None:
        super().__init__()
        self._readers = readers

    def render(self, request: BoundedRequest) -> int:
        if not self._readers.include(request):
            return NotFound().render(request)
        answered: int = super().render(request)
        return answered


class MetricsResource(MonitoringResource):
    """GET: the text of a scrape, which `render_metrics` makes."""

    def __init__(
        self, readers: Readers, render_metrics: Callable[[], bytes], content_type: str
    ) -> None:
        super().__init__(readers)
        self._render_metrics = render_metrics
        self._content_type = content_type.encode("ascii")

    def render_GET(self, request: BoundedRequest) -> int:
        request.answer(200, self._render_metrics(), self._content_type)
        return NOT_DONE_YET


class HealthResource(MonitoringResource):
    """GET: 200 if all is well, 503 and what is not otherwise."""

    def __init__(self, readers: Readers, trouble: Callable[[], str]) -> None:
        super().__init__(readers)
        self._trouble = trouble

    def render_GET(self, request: BoundedRequest) -> int:
        trouble = self._trouble()
        request.setHeader(b"Cache-Control", b"no-store")
        request.answer(503 if trouble else 200, f"{trouble or 'ok'}\n".encode("ascii"))
        return NOT_DONE_YET


class Health:
    """Asks the database now and then, which `ask` does in a thread, from `start` to `stop`."""

    def __init__(self, clock: Any, in_thread: InThread, ask: Callable[[], None]) -> None:
        self._clock = clock
        self._in_thread = in_thread
        self._ask = ask
        self._answered_s: float | None = None  # None: not running
        self._loop = LoopingCall(self._try)
        self._loop.clock = clock

    def start(self) -> None:
        """The server has started, its database having answered."""
        self._answered_s = self._clock.seconds()
        self._loop.start(ASK_EVERY_S).addErrback(self._failed)

    def stop(self) -> None:
        self._answered_s = None
        if self._loop.running:
            self._loop.stop()

    def trouble(self) -> str:
        """What is not well; empty if all is."""
        if self._answered_s is None:
            return "starting or stopping"
        if self._clock.seconds() - self._answered_s > PATIENCE_S:
            return "the database does not answer"
        return ""

    def _try(self) -> Any:
        """The next time is not before this one has ended."""
        return self._in_thread(self._ask).addCallbacks(self._answered, self._failed)

    def _answered(self, _: None) -> None:
        if self._answered_s is not None:
            self._answered_s = self._clock.seconds()

    def _failed(self, failure: Failure) -> None:
        log.error("health.database_failed", error=str(failure.value))
