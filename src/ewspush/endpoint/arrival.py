"""Which of the things written to a connection have arrived at the far end's machine."""

import fcntl
import math
import socket
import struct
import sys
import termios
from collections import deque
from typing import Any, Generic, Protocol, TypeVar

T = TypeVar("T")

# tcp_info.tcpi_bytes_acked (linux/tcp.h, since 4.1), and what TIOCOUTQ answers (tcp(7)).
_BYTES_ACKED = struct.Struct("=120xQ")
_UNACKNOWLEDGED = struct.Struct("i")

_FIN = 1  # byte, which the end of a connection counts as until it is acknowledged
_SLACK = 64 * 1024  # bytes; more than the framing of HTTP and TLS adds to what waits to be sent


class ByteCounter(Protocol):
    """Counts the bytes of a connection, from any starting point."""

    def counts(self) -> tuple[float, int]:
        """How many the far end has acknowledged, and how many more were given to the system."""
        ...

    def close(self) -> None: ...


class TcpCounter:
    """Counts what TCP acknowledges, below TLS.

    Linux alone tells this; elsewhere all that is written counts as acknowledged. The socket is
    kept open by a duplicate, since the question is asked once more when the connection is lost.
    """

    def __init__(self, transport: Any) -> None:
        while (below := getattr(transport, "transport", None)) is not None:
            transport = below
        own = transport.getHandle() if sys.platform == "linux" else None
        self._socket: socket.socket | None = own.dup() if isinstance(own, socket.socket) else None

    def counts(self) -> tuple[float, int]:
        if self._socket is None:
            return math.inf, 0
        waiting = fcntl.ioctl(self._socket, termios.TIOCOUTQ, bytes(_UNACKNOWLEDGED.size))
        info = self._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _BYTES_ACKED.size)
        return _BYTES_ACKED.unpack(info)[0], _UNACKNOWLEDGED.unpack(waiting)[0]

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()


class Arrival(Generic[T]):
    """Remembers what was written in the order of writing, and tells how far it has arrived."""

    def __init__(self, counter: ByteCounter) -> None:
        self._counter = counter
        self._end = 0.0  # of what was written, by the counter; less than the truth by the framing
        self._under_way: deque[tuple[float, T]] = deque()

    @property
    def is_complete(self) -> bool:
        """Whether everything was told by `latest`."""
        return not self._under_way

    def writing(self, size: int, what: T) -> None:
        """So many bytes are about to be written, by which `what` is the case."""
        acknowledged, waiting = self._counter.counts()
        self._end = max(self._end, acknowledged + waiting) + size
        self._under_way.append((self._end, what))

    def latest(self) -> T | None:
        """The last that has arrived since this was asked before; None if nothing has."""
        acknowledged, waiting = self._counter.counts()
        sure = acknowledged if waiting <= _FIN else acknowledged - _SLACK
        latest = None
        while self._under_way and self._under_way[0][0] <= sure:
            _, latest = self._under_way.popleft()
        return latest

    def close(self) -> None:
        self._counter.close()
