"""What a responder does with a notification that has come whole.

A manner says whether its answer is an acknowledgement, which is certain: it writes a whole OK that
the server has the time to read, or nothing that could be taken for one.
"""

import asyncio
import socket
import struct
from collections.abc import Callable
from random import Random
from typing import Protocol

from support.acks import ack


class Connection(Protocol):
    """What a manner may use."""

    transport: asyncio.Transport
    random: Random
    is_doomed: bool  # is reset as soon as another request begins

    def stall(self) -> None:
        """Stay open, and silent for good."""

    def write_endlessly(self) -> None:
        """Write for as long as somebody reads."""


Manner = Callable[[Connection], bool]

_OK = ack()
_RESET = struct.pack("ii", 1, 0)  # struct linger: on, for no time


def _answer(body: bytes, length: int) -> bytes:
    """A complete answer, if that is its true length."""
    return (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=utf-8\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (length, body)
    )


_WHOLE = _answer(_OK, len(_OK))


def well(to: Connection) -> bool:
    """Acknowledges at once."""
    to.transport.write(_WHOLE)
    return True


def resets(to: Connection) -> bool:
    """Resets the connection before its answer, or in the middle of it."""
    to.transport.write(_WHOLE[: to.random.choice((0, 12, 60, len(_WHOLE) - 1))])
    reset(to.transport)
    return False


def stalls(to: Connection) -> bool:
    """Writes a part of its answer, and nothing more."""
    to.transport.write(_WHOLE[: to.random.choice((0, 12, 60, len(_WHOLE) - 1))])
    to.stall()
    return False


def never_ends(to: Connection) -> bool:
    """Begins with an acknowledgement and goes on for ever."""
    to.transport.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n" + _OK)
    to.write_endlessly()
    return False


def closes(to: Connection) -> bool:
    """Acknowledges, and ends the connection at the moment of the next request."""
    to.transport.write(_WHOLE)
    if to.random.random() < 0.5:
        to.is_doomed = True
    else:
        asyncio.get_running_loop().call_later(to.random.uniform(0, 0.03), to.transport.close)
    return True


def lies(to: Connection) -> bool:
    """Tells another length than its answer has: less, or more."""
    length = to.random.choice((len(_OK) // 2, len(_OK) + 100))
    to.transport.write(_answer(_OK, length))
    to.transport.close()
    return False


def reset(transport: asyncio.Transport) -> None:
    """End a connection without any order: what it has not sent is lost."""
    raw = transport.get_extra_info("socket")
    if raw is not None and raw.fileno() >= 0:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    transport.abort()
