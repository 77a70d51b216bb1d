"""How the doctor gets to know: names looked up, connections made, certificates asked for."""

import select
import socket
import time
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from typing import Any, Protocol, TypeVar

from OpenSSL import SSL
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread

from ewspush.doctor.certificates import Certificate, describe
from ewspush.doctor.network import Connected
from ewspush.push.courier import HEADERS
from ewspush.push.sender import Answer

T = TypeVar("T")
Post = Callable[[str, Sequence[str], bytes], "Deferred[Answer]"]

_LONGEST_S = 10.0  # for a connection, for a handshake


class NoAddress(Exception):
    """A name that has none. `str()` says why."""


class Probes(Protocol):
    """What an examination asks for."""

    async def lookup(self, host: str, port: int) -> list[str]:
        """The addresses of a host, each once. Raises NoAddress."""

    async def connect(self, address: str, port: int) -> Connected:
        """Try to connect."""

    async def chain(self, address: str, port: int, host: str) -> tuple[Certificate, ...]:
        """The certificates that are sent for this host, unverified; none if none can be had."""

    async def post(self, url: str, body: bytes) -> Answer:
        """POST as the server does. Raises NoAnswer."""


class RealProbes:
    """Blocking ones run in threads of the reactor. No step takes longer than `timeout_s`."""

    def __init__(self, post: Post, timeout_s: float) -> None:
        self._post = post
        self._timeout_s = min(timeout_s, _LONGEST_S)

    async def lookup(self, host: str, port: int) -> list[str]:
        return await deferToThread(_lookup, host, port)

    async def connect(self, address: str, port: int) -> Connected:
        return await deferToThread(_connect, address, port, self._timeout_s)

    async def chain(self, address: str, port: int, host: str) -> tuple[Certificate, ...]:
        return await deferToThread(_chain, address, port, host, self._timeout_s)

    async def post(self, url: str, body: bytes) -> Answer:
        return await self._post(url, HEADERS, body)


def _lookup(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NoAddress(getattr(error, "strerror", None) or str(error)) from None
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _connect(address: str, port: int, timeout_s: float) -> Connected:
    began_s = time.monotonic()
    try:
        socket.create_connection((address, port), timeout_s).close()
    except TimeoutError:
        return Connected(address, None, f"no answer within {timeout_s:g} s")
    except OSError as error:
        return Connected(address, None, error.strerror or str(error))
    return Connected(address, (time.monotonic() - began_s) * 1000)


def _chain(address: str, port: int, host: str, timeout_s: float) -> tuple[Certificate, ...]:
    """By pyOpenSSL: Python's ssl does not show a chain that it did not verify."""
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_verify(SSL.VERIFY_NONE)
    until_s = time.monotonic() + timeout_s
    try:
        with socket.create_connection((address, port), timeout_s) as connected:
            connection = SSL.Connection(context, connected)
            if not _is_address(host):
                connection.set_tlsext_host_name(host.encode("ascii"))
            connection.set_connect_state()
            _shake_hands(connection, connected, until_s)
            sent = connection.get_peer_cert_chain(as_cryptography=True)
            return tuple(map(describe, sent or ()))
    except (OSError, SSL.Error, ValueError):
        return ()


def _shake_hands(connection: Any, connected: socket.socket, until_s: float) -> None:
    """Raises TimeoutError or SSL.Error."""
    while True:
        try:
            connection.do_handshake()
        except SSL.WantReadError:
            left_s = max(0.0, until_s - time.monotonic())
            if not select.select([connected], [], [], left_s)[0]:
                raise TimeoutError from None
        else:
            return


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
