"""Responders in one process: each port is an origin that behaves as it is told.

Arguments: the port that is told, and the ports of the origins. Behaviours: `ack`; `silent`, which
never answers; `slow:SECONDS`, which acknowledges after that time; `reset`; `garbage`; `away`, which
does not listen and closes what there is. Counted of each origin: requests, acknowledgements,
connections now and at most (since last told), and when which subscription was notified.
"""

import asyncio
import json
import re
import sys
import time
from asyncio import Server, StreamReader, StreamWriter
from typing import Any

MESSAGES = "http://schemas.microsoft.com/exchange/services/2006/messages"
_ACK = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
    f'<SendNotificationResult xmlns="{MESSAGES}"><SubscriptionStatus>OK</SubscriptionStatus>'
    "</SendNotificationResult></s:Body></s:Envelope>"
).encode()
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n"
_ACKNOWLEDGED = _HEAD % len(_ACK) + _ACK
_GARBAGE = _HEAD % 7 + b"<html>\n"
_LENGTH = re.compile(rb"\r\nContent-Length: *(\d+)", re.IGNORECASE)
_SUBSCRIPTION = re.compile(rb"of=(\d+)")


class Origin(asyncio.Protocol):
    """One port."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.behaviour = "ack"
        self.connections: set[Connection] = set()
        self.most_connections = 0
        self.requests = 0
        self.acknowledged = 0
        self.arrivals: list[tuple[float, int]] = []  # monotonic time, subscription
        self.server: Server | None = None

    async def behave(self, behaviour: str) -> None:
        self.behaviour = behaviour
        if behaviour == "away" and self.server is not None:
            self.server.close()
            self.server = None
            for connection in list(self.connections):
                connection.transport.abort()
        elif behaviour != "away" and self.server is None:
            await self.listen()

    async def listen(self) -> None:
        loop = asyncio.get_running_loop()
        self.server = await loop.create_server(
            lambda: Connection(self), "127.0.0.1", self.port, backlog=1000, reuse_address=True
        )

    def told(self) -> dict[str, Any]:
        """What was counted; times of arrivals and the most connections only since last told."""
        arrivals, self.arrivals = self.arrivals, []
        most, self.most_connections = self.most_connections, len(self.connections)
        return {
            "requests": self.requests,
            "acknowledged": self.acknowledged,
            "connections": len(self.connections),
            "most_connections": most,
            "arrivals": arrivals,
        }


class Connection(asyncio.Protocol):
    """Requests one after the other."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._received = b""
        self.transport: asyncio.Transport

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self._origin.connections.add(self)
        count = len(self._origin.connections)
        self._origin.most_connections = max(self._origin.most_connections, count)

    def connection_lost(self, _: Exception | None) -> None:
        self._origin.connections.discard(self)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, separator, body = self._received.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if separator and length and len(body) >= int(length[1]):
            self._received = body[int(length[1]) :]
            self._answer(head)

    def _answer(self, head: bytes) -> None:
        origin = self._origin
        origin.requests += 1
        name, _, argument = origin.behaviour.partition(":")
        if name == "ack":
            subscription = _SUBSCRIPTION.search(head)
            if subscription is not None:
                origin.arrivals.append((time.monotonic(), int(subscription[1])))
            self._acknowledge()
        elif name == "slow":
            asyncio.get_running_loop().call_later(float(argument), self._acknowledge)
        elif name == "reset":
            self.transport.abort()
        elif name == "garbage":
            self.transport.write(_GARBAGE)

    def _acknowledge(self) -> None:
        if not self.transport.is_closing():
            self._origin.acknowledged += 1
            self.transport.write(_ACKNOWLEDGED)


async def main(control: int, ports: list[int]) -> None:
    """Serve until terminated."""
    origins = [Origin(port) for port in ports]
    for origin in origins:
        await origin.listen()

    async def told(reader: StreamReader, writer: StreamWriter) -> None:
        what = json.loads(await reader.readline())
        if what:
            await origins[what["origin"]].behave(what["behaviour"])
        answer = [] if what else [origin.told() for origin in origins]
        writer.write(json.dumps(answer).encode() + b"\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(told, "127.0.0.1", control)
    await server.serve_forever()


asyncio.run(main(int(sys.argv[1]), list(map(int, sys.argv[2:]))))
