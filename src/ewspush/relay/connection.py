"""A connection to the relay: commands go out, replies come in, each within a time.

It blocks, in a thread of its own, and another thread can end that with `abort`. The standard
library's smtplib is not used: it takes a reply of any length, allows the time anew for every byte
of it, hides the socket while TLS begins, and sends no password beyond ASCII. Nor is Twisted's
client (twisted.mail.smtp), which knows neither 8BITMIME nor SMTPUTF8.
"""

import re
import socket
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

REPLY_LIMIT = 64 * 1024  # bytes of a reply, all its lines
_DETAIL_LIMIT = 400  # characters of a reply that are kept
_PIECE = 64 * 1024  # bytes sent within one time limit
_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?", re.DOTALL)


class Unreachable(Exception):
    """The relay cannot be used now; `str()` says why, on one printable line.

    `status` is of RFC 3463; `code` is that of the relay's reply, if it was one.
    """

    def __init__(self, detail: str, status: str, code: int | None = None) -> None:
        super().__init__(printable(detail))
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class Reply:
    """What the relay answered. `lines` are printable and without the code."""

    code: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """All of it as one line."""
        return " ".join(self.lines)[:_DETAIL_LIMIT].strip()


class Connection:
    """A connection to `host` and `port`; `open` makes it. Times are in seconds.

    All methods but `abort` raise Unreachable.
    """

    def __init__(self, host: str, port: int, timeout_s: float) -> None:
        self._host = host
        self._port = port
        self._timeout_s = timeout_s
        self._socket: socket.socket | None = None
        self._input = bytearray()
        self._aborted = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._socket is not None:
            self._socket.close()

    @property
    def own_address(self) -> str:
        """Our end's IP address."""
        address: str = self._open_socket.getsockname()[0]
        return address

    def open(self) -> None:
        """Connect, within the time limit for each address that the host has."""
        try:
            self._adopt(socket.create_connection((self._host, self._port), self._timeout_s))
        except OSError as error:
            raise Unreachable(f"no connection: {_reason(error)}", "4.4.1") from error

    def start_tls(self, context: ssl.SSLContext) -> None:
        """Go on in TLS, with a relay whose certificate is good for `host`."""
        if self._input:
            raise Unreachable("the relay sent something between its answer and TLS", "4.7.5")
        try:
            wrapped = context.wrap_socket(
                self._open_socket, server_hostname=self._host, do_handshake_on_connect=False
            )
            self._adopt(wrapped)
            wrapped.settimeout(self._timeout_s)
            wrapped.do_handshake()
        except OSError as error:
            raise Unreachable(f"no TLS: {_reason(error)}", "4.7.5") from error

    def command(self, line: str) -> Reply:
        """Send a command and read its reply."""
        self._send(f"{line}\r\n".encode())
        return self.reply()

    def send_data(self, octets: bytes) -> None:
        """Send what follows the answer to DATA."""
        for start in range(0, len(octets), _PIECE):
            self._send(octets[start : start + _PIECE])

    def reply(self, patience: int = 1) -> Reply:
        """Read a reply, which must be there after `patience` times the time limit."""
        until_s = time.monotonic() + patience * self._timeout_s
        lines: list[str] = []
        left = REPLY_LIMIT
        while True:
            line = self._read_line(until_s, left)
            left -= len(line) + 1
            parts = _LINE.fullmatch(line.rstrip(b"\r"))
            if parts is None:
                raise Unreachable("the relay does not speak SMTP", "4.5.0")
            lines.append(printable((parts[3] or b"").decode(errors="replace")))
            if parts[2] != b"-":
                return Reply(int(parts[1]), tuple(lines))

    def abort(self) -> None:
        """Have whatever is under way fail at once. For any thread."""
        self._aborted = True
        if self._socket is not None:
            with suppress(OSError):  # it may not be connected any more
                # Not SSLSocket's own, which takes the session from a thread that reads from it.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def _adopt(self, connected: socket.socket) -> None:
        self._socket = connected
        if self._aborted:  # meanwhile, and what it shut down was not this one
            raise OSError("aborted")

    @property
    def _open_socket(self) -> socket.socket:
        assert self._socket is not None, "opened before it is used"
        return self._socket

    def _send(self, octets: bytes) -> None:
        try:
            self._open_socket.settimeout(self._timeout_s)
            self._open_socket.sendall(octets)
        except OSError as error:
            raise _broken(error) from error

    def _read_line(self, until_s: float, limit: int) -> bytes:
        while (end := self._input.find(b"\n", 0, limit)) < 0:
            if len(self._input) >= limit:
                raise Unreachable("the relay's reply has no end", "4.5.0")
            self._input += self._receive(until_s)
        line = bytes(self._input[:end])
        del self._input[: end + 1]
        return line

    def _receive(self, until_s: float) -> bytes:
        left_s = until_s - time.monotonic()
        try:
            if left_s <= 0:
                raise TimeoutError("timed out")
            self._open_socket.settimeout(left_s)
            octets = self._open_socket.recv(4096)
        except OSError as error:
            raise _broken(error) from error
        if not octets:
            raise Unreachable("the relay closed the connection", "4.4.2")
        return octets


def _broken(error: OSError) -> Unreachable:
    if isinstance(error, TimeoutError):
        return Unreachable("the relay did not answer in time", "4.4.2")
    return Unreachable(f"the connection broke: {_reason(error)}", "4.4.2")


def _reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not good: {error.verify_message}"
    return error.strerror or str(error) or type(error).__name__


def printable(text: str) -> str:
    """`text` from outside, on one line."""
    return "".join(c if c.isprintable() else "?" for c in text)
