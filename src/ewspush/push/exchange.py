"""One POST and what came of it: an Answer, or NoAnswer with its kind."""

from collections.abc import Sequence
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple

import pycurl
from twisted.internet.defer import Deferred

_REDIRECT_LIMIT = 2083  # bytes
_DETAIL_LIMIT = 200  # characters; libcurl quotes what certificates and far ends say

# libcurl's name lacks in pycurl.
_E_HTTP2_STREAM = 92
_E_TOO_LARGE = 100  # a single header line over 100 KB
_E_ECH_REQUIRED = 101

# libcurl gives up on headers beyond this (MAX_HTTP_RESP_HEADER_SIZE), with E_RECV_ERROR.
_HEADERS_LIMIT = 300 * 1024

_DAY_S = 86_400


class FailureKind(Enum):
    """Why an attempt brought no answer. The values are for logs."""

    ADDRESS_REFUSED = "address-refused"  # by the address policy; nothing was sent
    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    RESET = "reset"  # the connection ended before the answer did
    ANSWER_TOO_LARGE = "answer-too-large"
    PROTOCOL = "protocol"  # what came is not HTTP
    UNSENDABLE = "unsendable"  # libcurl does not take the URL or a header
    CANCELLED = "cancelled"  # by close()
    INTERNAL = "internal"  # a failure of this machine or of libcurl, not of the responder


_KINDS = MappingProxyType(
    {
        pycurl.E_UNSUPPORTED_PROTOCOL: FailureKind.PROTOCOL,  # also what is not HTTP/1 or later
        pycurl.E_URL_MALFORMAT: FailureKind.UNSENDABLE,
        pycurl.E_COULDNT_RESOLVE_HOST: FailureKind.DNS,
        pycurl.E_COULDNT_CONNECT: FailureKind.CONNECT,
        pycurl.E_FTP_WEIRD_SERVER_REPLY: FailureKind.PROTOCOL,  # E_WEIRD_SERVER_REPLY today
        pycurl.E_HTTP2: FailureKind.RESET,  # a connection that ends; garbage times out
        pycurl.E_PARTIAL_FILE: FailureKind.RESET,
        pycurl.E_OPERATION_TIMEDOUT: FailureKind.TIMEOUT,
        pycurl.E_SSL_CONNECT_ERROR: FailureKind.TLS,
        pycurl.E_GOT_NOTHING: FailureKind.RESET,
        pycurl.E_SEND_ERROR: FailureKind.RESET,
        pycurl.E_RECV_ERROR: FailureKind.RESET,
        pycurl.E_SSL_CERTPROBLEM: FailureKind.TLS,
        pycurl.E_SSL_CIPHER: FailureKind.TLS,
        pycurl.E_PEER_FAILED_VERIFICATION: FailureKind.TLS,
        pycurl.E_BAD_CONTENT_ENCODING: FailureKind.PROTOCOL,
        pycurl.E_FILESIZE_EXCEEDED: FailureKind.ANSWER_TOO_LARGE,
        pycurl.E_SSL_CACERT_BADFILE: FailureKind.TLS,
        pycurl.E_SSL_ISSUER_ERROR: FailureKind.TLS,
        pycurl.E_SSL_INVALIDCERTSTATUS: FailureKind.TLS,
        _E_HTTP2_STREAM: FailureKind.RESET,
        _E_TOO_LARGE: FailureKind.ANSWER_TOO_LARGE,
        _E_ECH_REQUIRED: FailureKind.TLS,
    }
)

# How a kept-alive connection fails that the far end has just closed.
_CLOSED_MEANWHILE = frozenset(
    (
        pycurl.E_HTTP2,
        pycurl.E_GOT_NOTHING,
        pycurl.E_SEND_ERROR,
        pycurl.E_RECV_ERROR,
        _E_HTTP2_STREAM,
    )
)


class Times(NamedTuple):
    """When a POST got how far, in microseconds since its start; None: it never did.

    The start is when it no longer waited for others' name lookups. On a connection that was there
    already nothing was connected, so `connect_us` and `tls_us` are None.
    """

    connect_us: int | None
    tls_us: int | None  # the handshake was over
    first_byte_us: int | None  # of the answer, whose first line has come
    total_us: int


class NoAnswer(Exception):
    """No usable answer came.

    `detail` is one printable line without the URL's query or user info; `times` tells how far the
    attempt got.
    """

    def __init__(self, kind: FailureKind, detail: str, times: Times) -> None:
        super().__init__(kind, detail, times)
        self.kind = kind
        self.detail = detail
        self.times = times

    def __str__(self) -> str:
        return f"{self.kind.value}: {self.detail}"


class Answer(NamedTuple):  # made in half the time of a frozen dataclass
    """A complete HTTP answer of any status; redirects are not followed.

    `retry_after` is in seconds, a day at most: what Retry-After says beside a status other than
    2xx. None if it says nothing, or nothing that lies in the future. `redirect` is where such an
    answer says to go on, as a whole URL, which may hold secrets and be cut off.
    """

    status: int
    body: bytes
    times: Times
    retry_after: int | None
    redirect: str | None = None


class Exchange:
    """A request and how far it has come. `started` is on the sender's clock, in seconds."""

    __slots__ = (
        "authority",
        "before_us",
        "body",
        "connecting",
        "deferred",
        "headers",
        "obstacle",
        "refused",
        "repeated",
        "resolved",
        "started",
        "url",
    )

    def __init__(
        self,
        url: str,
        headers: Sequence[str],
        body: bytes,
        deferred: Deferred[Answer],
        started: float,
    ) -> None:
        self.url = url
        self.headers = headers
        self.body = body
        self.deferred = deferred
        self.authority = _authority(url)
        self.started = started
        self.resolved = False  # libcurl has an address to connect to
        self.connecting = False  # and a socket for it
        self.refused: str | None = None  # the address policy's reason
        self.obstacle: str | None = None  # why this machine could not give a socket
        self.repeated = False
        self.before_us = 0  # microseconds from `started` to the repetition


def times_of_answer(exchange: Exchange, easy: pycurl.Curl, total_us: int) -> Times:
    """When an exchange that is answered got how far."""
    first_byte_us = _reached(exchange, easy, pycurl.STARTTRANSFER_TIME_T)
    if not exchange.connecting:
        return Times(None, None, first_byte_us, total_us)
    return Times(
        _reached(exchange, easy, pycurl.CONNECT_TIME_T),
        _reached(exchange, easy, pycurl.APPCONNECT_TIME_T),
        first_byte_us,
        total_us,
    )


def times_of_failure(exchange: Exchange, easy: pycurl.Curl, total_us: int) -> Times:
    """How far a failed exchange got, which libcurl must have begun."""
    times = times_of_answer(exchange, easy, total_us)
    # libcurl gives a first byte even to what could not connect.
    return times if easy.getinfo(pycurl.HEADER_SIZE) else times._replace(first_byte_us=None)


def _reached(exchange: Exchange, easy: pycurl.Curl, what: int) -> int | None:
    at_us: int = easy.getinfo(what)
    return exchange.before_us + at_us if at_us else None


def retry_after_of(easy: pycurl.Curl) -> int | None:
    """What the answer's Retry-After says, as Answer has it."""
    seconds: int = easy.getinfo(pycurl.RETRY_AFTER)
    return min(seconds, _DAY_S) if seconds > 0 else None


def redirect_of(easy: pycurl.Curl) -> str | None:
    """Where the answer redirects to, as Answer has it."""
    location: bytes | None = easy.getinfo_raw(pycurl.REDIRECT_URL)
    return location[:_REDIRECT_LIMIT].decode("utf-8", "replace") if location else None


def failure_of(
    exchange: Exchange, easy: pycurl.Curl, code: int, message: str
) -> tuple[FailureKind, str]:
    """What kind of failure libcurl's `code` is for this exchange, and its detail."""
    if code == pycurl.E_COULDNT_CONNECT and not exchange.connecting:
        if exchange.refused is not None:
            return FailureKind.ADDRESS_REFUSED, one_line(exchange.refused)
        if exchange.obstacle is not None:
            return FailureKind.INTERNAL, one_line(exchange.obstacle)
    detail = one_line(message or pycurl.easy_strerror(code))
    if code == pycurl.E_RECV_ERROR and easy.getinfo(pycurl.HEADER_SIZE) > _HEADERS_LIMIT:
        return FailureKind.ANSWER_TOO_LARGE, detail
    return _KINDS.get(code, FailureKind.INTERNAL), detail


def was_closed_meanwhile(easy: pycurl.Curl, code: int) -> bool:
    """Whether a kept-alive connection failed before a byte of the answer came.

    libcurl repeats most of these itself, not all (architecture page, "libcurl sends").
    """
    return (
        code in _CLOSED_MEANWHILE
        and easy.getinfo(pycurl.NUM_CONNECTS) == 0
        and easy.getinfo(pycurl.HEADER_SIZE) == 0
    )


def was_looking_up(exchange: Exchange, easy: pycurl.Curl, kind: FailureKind) -> bool:
    """Whether the exchange failed for want of an address for the host's name."""
    if kind is FailureKind.TIMEOUT:
        # On a reused connection nothing is resolved either, but its address is known.
        return not exchange.resolved and not easy.getinfo(pycurl.PRIMARY_IP)
    return kind is FailureKind.DNS


def one_line(text: str) -> str:
    """`text` as it may stand in a log: printable and bounded."""
    return "".join(c if c.isprintable() else "?" for c in text[:_DETAIL_LIMIT])


def _authority(url: str) -> str:
    """Host and port of a URL with a path, as written; the whole of what is no such URL."""
    parts = url.split("/", 3)
    return parts[2] if len(parts) == 4 else url  # noqa: PLR2004 - "http:", "", authority, path
