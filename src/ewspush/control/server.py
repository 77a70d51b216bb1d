"""The Unix socket through which the command line talks to a running server.

A connection is for one request, one line of JSON, `{"command": NAME, "arguments": {…}}`; so is the
answer, with `result`, or with `error` and, if they are known, `code`, `field` and `allowed`. Who
may open the socket (mode 0600) may do everything.
"""

import inspect
import json
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, connectionDone
from twisted.protocols.basic import LineOnlyReceiver
from twisted.protocols.policies import TimeoutMixin
from twisted.python.failure import Failure

from ewspush.control import REQUEST_LIMIT, CommandError
from ewspush.control.commands import Commands
from ewspush.control.operators import peer_id
from ewspush.threads import InThread

log = structlog.get_logger()

CONNECTIONS = 200  # at once; a script may run many commands
REQUEST_TIMEOUT_S = 30.0  # from the connection to the end of the request


class _Connection(LineOnlyReceiver, TimeoutMixin):
    transport: Any
    factory: "ControlFactory"
    delimiter = b"\n"
    MAX_LENGTH = REQUEST_LIMIT
    _asked = False

    def connectionMade(self) -> None:
        self.setTimeout(REQUEST_TIMEOUT_S)

    def lineReceived(self, line: bytes) -> None:
        if self._asked:
            return
        self._asked = True
        self.setTimeout(None)
        self.transport.pauseProducing()
        try:
            call = self.factory.find(json.loads(line), peer_id(self.transport.getHandle()))
        except (ValueError, KeyError, TypeError, RecursionError):
            self._answer({"error": "the running server does not know this command"})
            return
        self.factory.in_thread(call).addCallbacks(self._succeeded, self._failed)

    def lineLengthExceeded(self, line: bytes) -> None:  # noqa: ARG002
        self.setTimeout(None)
        self._answer({"error": f"a command has {REQUEST_LIMIT} bytes at most"})

    def _succeeded(self, result: object) -> None:
        self._answer({"result": result})

    def _failed(self, failure: Failure) -> None:
        if isinstance(failure.value, CommandError):
            record = failure.value.as_record()
            self._answer({"error": record.pop("text"), **record})
        else:
            log.error("control.failed", traceback=failure.getTraceback())
            self._answer({"error": "the server could not do this; its log says why"})

    def _answer(self, answer: object) -> None:
        self.transport.write(json.dumps(answer).encode() + b"\n")
        self.transport.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: ARG002
        self.setTimeout(None)
        self.factory.connections -= 1


class ControlFactory(Factory[_Connection]):
    """Answers commands. `status` tells where the server listens."""

    noisy = False

    def __init__(
        self, commands: Commands, status: Callable[[], Mapping[str, Any]], in_thread: InThread
    ) -> None:
        self._commands = commands
        self._status = status
        self.in_thread = in_thread
        self.connections = 0

    def find(self, request: Any, operator: int) -> Callable[[], Any]:
        """What this request of the user `operator` asks for.

        Raises KeyError or TypeError if it is no request.
        """
        commands = {"status": self._status, **self._commands.by_name(operator)}
        command = commands[request["command"]]
        arguments = inspect.signature(command).bind(**request["arguments"])
        return lambda: command(*arguments.args, **arguments.kwargs)

    def buildProtocol(self, addr: IAddress | None) -> _Connection | None:  # noqa: ARG002
        if self.connections >= CONNECTIONS:
            return None
        self.connections += 1
        connection = _Connection()
        connection.factory = self
        return connection
