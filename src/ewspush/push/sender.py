"""Posts notifications over HTTP and HTTPS, with libcurl on the Twisted reactor."""

import time
from collections.abc import Callable, Sequence

import pycurl
from twisted.internet.defer import Deferred, gatherResults

from ewspush.push.curl_handle import EasyHandle, SenderSettings
from ewspush.push.curl_reactor import CurlTransfers, Reactor
from ewspush.push.exchange import (
    Answer,
    Exchange,
    FailureKind,
    NoAnswer,
    Times,
    failure_of,
    redirect_of,
    retry_after_of,
    times_of_answer,
    times_of_failure,
    was_closed_meanwhile,
    was_looking_up,
)
from ewspush.push.name_lookups import NameLookups
from ewspush.push.trust_store import TrustStore, UnusableCAFile

__all__ = [
    "Answer",
    "FailureKind",
    "NoAnswer",
    "Sender",
    "SenderSettings",
    "Times",
    "UnusableCAFile",
]

_GRACE = 1.0  # seconds that libcurl gets to notice a timeout itself
_IDLE_HANDLES = 512
_HTTP2_REMEMBERED = 10_000  # authorities
_BODY_OF_IDLE_HANDLE = 16_384  # bytes; libcurl keeps the last body as long as the handle lives


class Sender:
    """Sends POSTs and hands out answers, whatever they say.

    How many requests go to one origin at once is for the caller to bound; all that are posted
    start at once, save that they may wait for the name lookups of others (see name_lookups).

    `refusal` says why an address must not be connected to, or None; it is asked about every address
    just before a connection is made to it. `clock` is monotonic. Raises UnusableCAFile.
    """

    def __init__(
        self,
        reactor: Reactor,
        refusal: Callable[[str], str | None],
        settings: SenderSettings,
        user_agent: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reactor = reactor
        self._refusal = refusal
        self._settings = settings
        self._user_agent = user_agent
        self._clock = clock
        self._trust = TrustStore(settings.ca_file)
        self._transfers: CurlTransfers | None = None  # that new posts go to
        self._open: set[CurlTransfers] = set()
        self._under_way: dict[pycurl.Curl, EasyHandle] = {}  # oldest first
        self._idle: list[EasyHandle] = []
        self._lookups: NameLookups[Exchange] = NameLookups()
        self._just_resolved: list[str] = []
        self._http2: dict[str, None] = {}  # authorities that spoke it when last connected to
        self._is_closed = False

    @property
    def in_flight(self) -> int:
        """Posts without a result yet."""
        return len(self._under_way) + len(self._lookups.waiting())

    def post(self, url: str, headers: Sequence[str], body: bytes) -> Deferred[Answer]:
        """POST `body` with `headers` (each "Name: value"); the Deferred fails with NoAnswer only.

        `url` is in the form that was judged. `headers` must not be changed afterwards. Cancelling
        the Deferred does not stop the post.
        """
        deferred: Deferred[Answer] = Deferred()
        exchange = Exchange(url, headers, body, deferred, self._clock())
        if self._is_closed:
            self._fail(exchange, FailureKind.CANCELLED, "the sender is closed")
        elif self._lookups.admit(exchange.authority, exchange):
            self._start(exchange)
            self._start_ready()
        return deferred

    def drop_connections(self) -> None:
        """Let later posts connect, and be judged, anew; those under way end as they would."""
        if self._transfers is not None:
            self._transfers.retire()
            self._transfers = None

    def cancel(self) -> None:
        """Fail what is under way as CANCELLED."""
        for exchange in self._drop():
            self._fail(exchange, FailureKind.CANCELLED, "it was cancelled")

    def close(self) -> Deferred[None]:
        """Fail what is under way as CANCELLED; fires when all connections are closed."""
        self._is_closed = True
        cancelled = self._drop()
        for handle in self._idle:
            handle.close()
        self._idle.clear()
        closed = [transfers.closed for transfers in self._open]
        for transfers in list(self._open):
            transfers.close()
        for exchange in cancelled:
            self._fail(exchange, FailureKind.CANCELLED, "the sender was closed")
        return gatherResults(closed).addCallback(lambda _: self._trust.close())

    def _drop(self) -> list[Exchange]:
        """Let go what is under way, or waits for a name."""
        dropped = self._lookups.waiting()
        self._lookups = NameLookups()
        for handle in list(self._under_way.values()):
            dropped.append(handle.exchange)
            self._take_out(handle)
            handle.close()
        return dropped

    def transfer_ended(self, easy: pycurl.Curl, code: int, message: str) -> None:
        """For CurlTransfers: libcurl is done with `easy`."""
        handle = self._under_way.get(easy)
        if handle is None:
            return  # taken out by what another's end led to
        self._take_out(handle)
        if code == pycurl.E_OK:
            self._succeed(handle)
        elif not handle.exchange.repeated and was_closed_meanwhile(easy, code):
            handle.exchange.repeated = True
            self._start(handle.exchange)
            handle.close()
        else:
            self._explain(handle, code, message)
        self._start_ready()

    def turn_ended(self) -> None:
        """For CurlTransfers: pass on what names resolved, end what libcurl let run too long."""
        while self._just_resolved:
            self._lookups.resolved(self._just_resolved.pop())
        self._start_ready()
        too_old = self._clock() - self._settings.timeout - _GRACE
        while self._under_way:
            handle = next(iter(self._under_way.values()))
            if handle.exchange.started > too_old:
                break
            self._take_out(handle)
            self._explain(handle, pycurl.E_OPERATION_TIMEDOUT, "no complete answer in time")

    def transfers_lost(self, transfers: CurlTransfers) -> None:
        """For CurlTransfers: the reactor watches `transfers` no longer."""
        if transfers is self._transfers:
            self._transfers = None
        lost = [handle for handle in self._under_way.values() if handle.transfers is transfers]
        for handle in lost:
            self._take_out(handle)
        transfers.close()
        for handle in lost:
            self._explain(handle, pycurl.E_ABORTED_BY_CALLBACK, "the reactor gave up on libcurl")

    def _start_ready(self) -> None:
        ready = self._lookups.ready
        while ready:
            exchange = ready.popleft()
            exchange.started = self._clock()
            self._start(exchange)

    def _start(self, exchange: Exchange) -> None:
        reuse = self._idle and not exchange.repeated
        handle = self._idle.pop() if reuse else self._new_handle()
        try:
            handle.load(exchange)
            if exchange.repeated:
                exchange.before_us = self._us_since(exchange.started)
                # One connection had many posts, and is gone; afresh, each would open its own.
                may_share = exchange.authority in self._http2
                timeout = self._settings.timeout - exchange.before_us / 1e6
                handle.repeat(timeout, may_share=may_share)
            handle.transfers = self._current_transfers()
            handle.transfers.add(handle.easy)
        except (ValueError, pycurl.error):
            # Their messages quote the URL.
            self._explain(handle, pycurl.E_URL_MALFORMAT, "not a URL or header for libcurl", False)
        except OSError as error:
            self._explain(handle, pycurl.E_FAILED_INIT, f"no transfer: {error.strerror}", False)
        else:
            self._under_way[handle.easy] = handle

    def _new_handle(self) -> EasyHandle:
        return EasyHandle(
            self._settings, self._user_agent, self._trust.path, self._refusal, self._resolved
        )

    def _current_transfers(self) -> CurlTransfers:
        if self._transfers is None:
            transfers = CurlTransfers(self._reactor, self, self._settings.idle_connections)
            self._open.add(transfers)
            transfers.closed.addCallback(lambda _: self._open.discard(transfers))
            self._transfers = transfers
        return self._transfers

    def _take_out(self, handle: EasyHandle) -> None:
        del self._under_way[handle.easy]
        handle.transfers.remove(handle.easy)

    def _succeed(self, handle: EasyHandle) -> None:
        exchange = handle.exchange
        if exchange.authority in self._lookups.looking:
            self._lookups.resolved(exchange.authority)
        if exchange.connecting:
            self._remember_version(exchange.authority, handle.easy)
        status = handle.easy.getinfo(pycurl.RESPONSE_CODE)
        retry_after = redirect = None
        if not 200 <= status < 300:  # noqa: PLR2004 - the success class of HTTP
            retry_after = retry_after_of(handle.easy)
            redirect = redirect_of(handle.easy)
        total_us = self._us_since(exchange.started)
        times = times_of_answer(exchange, handle.easy, total_us)
        body = handle.unload()
        if (
            not exchange.repeated
            and len(exchange.body) <= _BODY_OF_IDLE_HANDLE
            and len(self._idle) < _IDLE_HANDLES
        ):
            self._idle.append(handle)
        else:
            handle.close()
        exchange.deferred.callback(Answer(status, body, times, retry_after, redirect))

    def _remember_version(self, authority: str, easy: pycurl.Curl) -> None:
        self._http2.pop(authority, None)
        if easy.getinfo(pycurl.INFO_HTTP_VERSION) == pycurl.CURL_HTTP_VERSION_2_0:
            self._http2[authority] = None
            if len(self._http2) > _HTTP2_REMEMBERED:
                del self._http2[next(iter(self._http2))]

    def _explain(self, handle: EasyHandle, code: int, message: str, has_begun: bool = True) -> None:
        """Fail the exchange, and those that waited for the same name if it has no address.

        `has_begun`: libcurl took it, so that what the handle knows is not of the one before.
        """
        exchange = handle.exchange
        kind, detail = failure_of(exchange, handle.easy, code, message)
        if kind is FailureKind.TLS and self._trust.path is None:
            detail += " (no trust store found on this system)"
        times = self._only_total(exchange)
        if has_begun:
            times = times_of_failure(exchange, handle.easy, times.total_us)
        waited = self._end_lookup(handle, kind)
        handle.close()
        exchange.deferred.errback(NoAnswer(kind, detail, times))
        for each in waited:
            self._fail(each, kind, detail)

    def _end_lookup(self, handle: EasyHandle, kind: FailureKind) -> list[Exchange]:
        """Tell what a failure says about the name; returns those that waited and fail with it."""
        exchange = handle.exchange
        if was_looking_up(exchange, handle.easy, kind):
            return self._lookups.failed(exchange.authority)
        if exchange.authority in self._lookups.looking:
            if exchange.resolved:
                self._lookups.resolved(exchange.authority)
            else:
                self._lookups.undecided(exchange.authority)
        return []

    def _fail(self, exchange: Exchange, kind: FailureKind, detail: str) -> None:
        """Fail an exchange that got nowhere, or of which nobody asks how far."""
        exchange.deferred.errback(NoAnswer(kind, detail, self._only_total(exchange)))

    def _only_total(self, exchange: Exchange) -> Times:
        return Times(None, None, None, self._us_since(exchange.started))

    def _us_since(self, started: float) -> int:
        return int((self._clock() - started) * 1e6)

    def _resolved(self, authority: str) -> None:
        if authority in self._lookups.looking:
            self._just_resolved.append(authority)
