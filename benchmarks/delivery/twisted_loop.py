"""A bare loop on Twisted's Agent: posts the same bytes over and over, and does nothing else.

Arguments: URL, bytes of the body, requests, connections. Prints requests a second and a CPU second.
"""

import sys
from collections.abc import Awaitable
from typing import Any

from stopwatch import Stopwatch
from twisted.internet import defer, epollreactor

epollreactor.install()

from twisted.internet import reactor  # noqa: E402
from twisted.web.client import Agent, HTTPConnectionPool, readBody  # noqa: E402
from twisted.web.http_headers import Headers  # noqa: E402
from twisted.web.iweb import IBodyProducer  # noqa: E402
from zope.interface import implementer  # noqa: E402

HEADERS = Headers(
    {
        b"Content-Type": [b"text/xml; charset=utf-8"],
        b"SOAPAction": [
            b'"http://schemas.microsoft.com/exchange/services/2006/messages/SendNotification"'
        ],
    }
)


@implementer(IBodyProducer)
class Body:
    """The bytes of a body."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.length = len(content)

    def startProducing(self, consumer: Any) -> Awaitable[None]:
        consumer.write(self.content)
        return defer.succeed(None)

    def stopProducing(self) -> None:
        """It is written at once."""

    pauseProducing = resumeProducing = stopProducing


async def main(url: str, size: int, requests: int, connections: int) -> None:
    pool = HTTPConnectionPool(reactor)
    pool.maxPersistentPerHost = connections
    agent, content, left = Agent(reactor, pool=pool), b"x" * size, iter(range(requests))

    async def work() -> None:
        for _ in left:
            answer = await agent.request(b"POST", url.encode(), HEADERS, Body(content))
            await readBody(answer)

    watch = Stopwatch()
    await defer.gatherResults([defer.ensureDeferred(work()) for _ in range(connections)])
    sys.stdout.write(f"{watch.rates(requests)}\n")
    reactor.stop()


reactor.callWhenRunning(lambda: defer.ensureDeferred(main(sys.argv[1], *map(int, sys.argv[2:]))))
reactor.run()
