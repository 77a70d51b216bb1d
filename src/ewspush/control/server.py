"""The Unix socket through which the command line talks to a running server.

A request is one line of JSON, `{"command": NAME, "arguments": {…}}`; so is the answer, with
`result` or with `error`. Who may open the socket (mode 0600) may do everything.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory
from twisted.protocols.basic import LineOnlyReceiver
from twisted.python.failure import Failure

from ewspush.control.commands import CommandError, Commands
from ewspush.threads import InThread

log = structlog.get_logger()

REQUEST_LIMIT = 64 * 1024  # bytes


class _Connection(LineOnlyReceiver):
    transport: Any
    delimiter = b"\n"
    MAX_LENGTH = REQUEST_LIMIT

    def __init__(self, commands: Mapping[str, Callable[..., Any]], in_thread: InThread) -> None:
        self._commands = commands
        self._in_thread = in_thread

    def lineReceived(self, line: bytes) -> None:
        try:
            request = json.loads(line)
            command = self._commands[request["command"]]
            arguments = dict(request["arguments"])
        except (ValueError, KeyError, TypeError):
            self._send({"error": "the running server does not know this command"})
            return
        running = self._in_thread(lambda: command(**arguments))
        running.addCallbacks(self._succeeded, self._failed)

    def _succeeded(self, result: object) -> None:
        self._send({"result": result})

    def _failed(self, failure: Failure) -> None:
        if failure.check(CommandError):
            self._send({"error": str(failure.value)})
        else:
            log.error("control.failed", traceback=failure.getTraceback())
            self._send({"error": "the server could not do this; its log says why"})

    def _send(self, answer: object) -> None:
        if self.transport is not None:
            self.transport.write(json.dumps(answer).encode() + b"\n")


class ControlFactory(Factory[_Connection]):
    """Answers commands. `status` tells where the server listens."""

    noisy = False

    def __init__(
        self, commands: Commands, status: Callable[[], Mapping[str, Any]], in_thread: InThread
    ) -> None:
        self._commands = {"status": status, **commands.by_name()}
        self._in_thread = in_thread

    def buildProtocol(self, addr: IAddress | None) -> _Connection:  # noqa: ARG002
        connection = _Connection(self._commands, self._in_thread)
        connection.factory = self
        return connection
