"""What responders of raw Twisted protocols have in common: one behaviour is played per request."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from twisted.internet.defer import Deferred, gatherResults, maybeDeferred
from twisted.internet.protocol import Factory, Protocol

R = TypeVar("R")


class ScriptedResponder(Factory, Generic[R]):
    """Keeps the requests (R) that came; the last behaviour is played again and again.

    Connections put themselves into `open`, and have a Deferred `lost` that fires at their end.
    """

    def __init__(self, behaviours: Sequence[Callable[[Any], object]], port: Any) -> None:
        """`port` listens for this factory."""
        self.behaviours = list(behaviours)
        self.requests: list[R] = []
        self.connections = 0
        self.open: set[Any] = set()
        self._awaited: list[tuple[int, Deferred[None]]] = []
        self._port = port
        self.port: int = port.getHost().port

    @abstractmethod
    def connection(self, number: int) -> Protocol:
        """A new connection; they count from 1."""

    def buildProtocol(self, _address: object) -> Protocol:
        self.connections += 1
        return self.connection(self.connections)

    def take(self, request: R, behaves: Any) -> None:
        """A request came completely: play its behaviour with `behaves`."""
        number = len(self.requests)
        self.requests.append(request)
        self.behaviours[min(number, len(self.behaviours) - 1)](behaves)
        for count, awaited in self._awaited:
            if len(self.requests) == count:
                awaited.callback(None)

    def requests_arrived(self, count: int) -> Deferred:
        """Fires when so many requests have come completely."""
        awaited: Deferred[None] = Deferred()
        if len(self.requests) >= count:
            awaited.callback(None)
        else:
            self._awaited.append((count, awaited))
        return awaited

    async def stop(self) -> None:
        """Leaves nothing in the reactor; may be called twice."""
        gone = [connection.lost for connection in self.open]
        for connection in list(self.open):
            connection.transport.abortConnection()
        await gatherResults(gone)
        await maybeDeferred(self._port.stopListening)
