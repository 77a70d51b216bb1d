"""A responder that notes when the first byte of each notification came, and answers at once.

Argument: the file to write at SIGTERM, a line for each event: SubscriptionId, Watermark, and
seconds on the monotonic clock, which the processes of a machine share. Prints its port.
"""

import asyncio
import re
import signal
import sys
import time
from pathlib import Path

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_SUBSCRIPTION = re.compile(rb"<t:SubscriptionId>([^<]*)<")
_MARK = re.compile(rb"<t:Watermark>([^<]*)<")
_ACK = (
    b'<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">'
    b"<s:Body><SendNotificationResult"
    b' xmlns="http://schemas.microsoft.com/exchange/services/2006/messages">'
    b"<SubscriptionStatus>OK</SubscriptionStatus></SendNotificationResult></s:Body></s:Envelope>"
)
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n%b" % (
    len(_ACK),
    _ACK,
)

requests: list[tuple[float, bytes]] = []  # when the first byte came, and the whole


class Responder(asyncio.Protocol):
    """One connection, on which requests follow each other and none is sent before its answer."""

    def __init__(self) -> None:
        self._received = b""
        self._first_byte_s = 0.0
        self._whole = 0  # bytes; 0 while the header is incomplete

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if not self._received:
            self._first_byte_s = time.monotonic()
        self._received += data
        header = self._received.find(b"\r\n\r\n")
        if not self._whole and header >= 0:
            length = _LENGTH.search(self._received, 0, header + 2)
            self._whole = header + 4 + (int(length[1]) if length else 0)
        if self._whole and len(self._received) >= self._whole:
            requests.append((self._first_byte_s, self._received))
            self._transport.write(_ANSWER)
            self._received, self._whole = b"", 0


def write(file: Path) -> None:
    with file.open("w") as out:
        for at_s, request in requests:
            subscription = _SUBSCRIPTION.search(request)
            for mark in _MARK.findall(request):
                assert subscription is not None, "a notification names its subscription"
                out.write(f"{subscription[1].decode()} {mark.decode()} {at_s}\n")


async def main(file: Path) -> None:
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    server = await loop.create_server(Responder, "127.0.0.1", 0, backlog=1024)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await stopped.wait()
    write(file)


asyncio.run(main(Path(sys.argv[1])))
