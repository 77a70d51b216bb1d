"""A bare aiohttp loop: posts the same bytes over and over, and does nothing else.

Arguments: URL, bytes of the body, requests, connections. Prints requests a second and a CPU second.
"""

import asyncio
import sys

import aiohttp
from stopwatch import Stopwatch

HEADERS = {
    "Content-Type": "text/xml; charset=utf-8",
    "SOAPAction": '"http://schemas.microsoft.com/exchange/services/2006/messages/SendNotification"',
}


async def main(url: str, size: int, requests: int, connections: int) -> None:
    body, left = b"x" * size, iter(range(requests))
    connector = aiohttp.TCPConnector(limit=connections)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def work() -> None:
            for _ in left:
                async with session.post(url, data=body, headers=HEADERS) as answer:
                    await answer.read()

        watch = Stopwatch()
        await asyncio.gather(*(work() for _ in range(connections)))
        sys.stdout.write(f"{watch.rates(requests)}\n")


asyncio.run(main(sys.argv[1], *map(int, sys.argv[2:])))
