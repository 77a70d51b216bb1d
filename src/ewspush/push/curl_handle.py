"""libcurl's easy handles: how they are set once, and what changes from one POST to the next."""

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import pycurl

from ewspush.push.curl_reactor import CurlTransfers
from ewspush.push.exchange import Exchange
from ewspush.settings import DeliverySettings


@dataclass(frozen=True)
class SenderSettings:
    """How notifications are posted. Times are in seconds."""

    timeout: float = 30.0  # for one whole exchange, name lookup and connecting included
    answer_limit: int = 65_536  # bytes of body; a real one is under 1,000
    ca_file: str | None = None  # authorities to trust beside the system's, in PEM form
    idle_connections: int = 512  # kept open, the oldest closed first
    idle_timeout: int = 50  # before load balancers close a connection, commonly after 60
    connection_lifetime: int = 600  # after which the name is looked up and judged again

    @classmethod
    def of(cls, delivery: DeliverySettings) -> Self:
        """As [delivery] says."""
        return cls(
            timeout=delivery.timeout_s,
            answer_limit=delivery.answer_limit,
            ca_file=str(delivery.ca_file) if delivery.ca_file else None,
        )


class EasyHandle:
    """An easy handle and the exchange it carries. Set up once, it serves one after the other."""

    __slots__ = (
        "_authority_resolved",
        "_headers",
        "_refusal",
        "_timeout_ms",
        "_url",
        "body",
        "easy",
        "exchange",
        "transfers",
    )

    def __init__(
        self,
        settings: SenderSettings,
        user_agent: str,
        ca_path: str | None,
        refusal: Callable[[str], str | None],
        authority_resolved: Callable[[str], None],
    ) -> None:
        self.body: list[bytes] = []  # of the answer, as it came
        self.exchange: Exchange
        self.transfers: CurlTransfers
        self._refusal = refusal
        self._timeout_ms = int(settings.timeout * 1000)
        self._authority_resolved = authority_resolved
        self._url: str | None = None
        self._headers: Sequence[str] | None = None
        self.easy = pycurl.Curl()
        self._set_request(settings, user_agent)
        self._set_connection(settings)
        self._set_tls(ca_path)

    def load(self, exchange: Exchange) -> None:
        """Set what differs from the exchange before.

        Raises ValueError or pycurl.error if libcurl does not take it.
        """
        self.exchange = exchange
        easy = self.easy
        if exchange.url != self._url:
            easy.setopt(pycurl.URL, exchange.url)
            self._url = exchange.url
        if exchange.headers != self._headers:
            # libcurl would ask for permission to send a large body, and wait for it.
            easy.setopt(pycurl.HTTPHEADER, [*exchange.headers, "Expect:"])
            self._headers = exchange.headers
        easy.setopt(pycurl.POSTFIELDS, exchange.body)

    def repeat(self, timeout: float, *, may_share: bool) -> None:
        """Take `timeout` seconds at most, and no connection that was there unless it `may_share`.

        Such a handle serves once.
        """
        self.easy.setopt(pycurl.FRESH_CONNECT, 0 if may_share else 1)
        self.easy.setopt(pycurl.TIMEOUT_MS, max(1, int(timeout * 1000)))

    def unload(self) -> bytes:
        """The answer's body. Leaves the handle ready for another exchange."""
        body = b"".join(self.body)
        self.body.clear()
        del self.exchange
        return body

    def close(self) -> None:
        self.easy.close()

    def _set_request(self, settings: SenderSettings, user_agent: str) -> None:
        easy = self.easy
        easy.setopt(pycurl.POST, 1)
        easy.setopt(pycurl.USERAGENT, user_agent)
        easy.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS)
        easy.setopt(pycurl.PIPEWAIT, 1)  # HTTP/2 shares a connection only so
        easy.setopt(pycurl.FOLLOWLOCATION, 0)
        easy.setopt(pycurl.HTTPAUTH, pycurl.HTTPAUTH_NONE)  # not even with user info in the URL
        easy.setopt(pycurl.NETRC, pycurl.NETRC_IGNORED)
        easy.setopt(pycurl.WRITEFUNCTION, self.body.append)
        easy.setopt(pycurl.MAXFILESIZE, settings.answer_limit)
        easy.setopt(pycurl.TIMEOUT_MS, self._timeout_ms)

    def _set_connection(self, settings: SenderSettings) -> None:
        easy = self.easy
        easy.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
        easy.setopt(pycurl.NOSIGNAL, 1)
        # Through a proxy of the environment we would judge the proxy's address only.
        easy.setopt(pycurl.PROXY, "")
        easy.setopt(pycurl.OPENSOCKETFUNCTION, self._open_socket)
        # No less: the lookups that name_lookups counts should end before their exchanges do.
        easy.setopt(pycurl.CONNECTTIMEOUT_MS, self._timeout_ms)
        easy.setopt(pycurl.MAXAGE_CONN, settings.idle_timeout)
        easy.setopt(pycurl.MAXLIFETIME_CONN, settings.connection_lifetime)

    def _set_tls(self, ca_path: str | None) -> None:
        easy = self.easy
        easy.setopt(pycurl.SSLVERSION, pycurl.SSLVERSION_TLSv1_2)  # or later
        easy.setopt(pycurl.SSL_VERIFYPEER, 1)
        easy.setopt(pycurl.SSL_VERIFYHOST, 2)
        # In place of libcurl's own places, so that what is trusted is known.
        easy.setopt(pycurl.CAINFO, ca_path)
        easy.setopt(pycurl.CAPATH, None)

    def _open_socket(self, _purpose: int, address: pycurl.CurlSockAddr) -> socket.socket | int:
        """A socket for a connection to `address`, or SOCKET_BAD; must not raise."""
        exchange = self.exchange
        exchange.resolved = True
        self._authority_resolved(exchange.authority)
        reason = self._reason_against(address)
        if reason is not None:
            exchange.refused = reason
            return pycurl.SOCKET_BAD
        try:
            opened = socket.socket(address.family, address.socktype, address.protocol)
            # HTTP/2 would go on using a connection whose other end is gone without a word.
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, self._timeout_ms)
        except OSError as error:
            exchange.obstacle = f"no socket: {error.strerror}"
            return pycurl.SOCKET_BAD
        exchange.connecting = True
        return opened

    def _reason_against(self, address: pycurl.CurlSockAddr) -> str | None:
        if address.family not in (socket.AF_INET, socket.AF_INET6):
            return "not an IP address"
        host = str(address.addr[0])
        try:
            reason = self._refusal(host)
        except Exception as error:  # whatever it is, it must not reach libcurl
            reason = f"cannot be judged ({type(error).__name__})"
        return None if reason is None else f"{host}: {reason}"
