"""Giving commands to the running server of a data directory."""

import errno
import json
import os
import socket
import time
from pathlib import Path
from typing import Any

from ewspush.control import CONTROL_SOCKET, REQUEST_LIMIT, CommandError

_TIMEOUT_S = 60.0  # for an answer to a command that is no attempt to deliver
_QUEUE_FULL_S = 0.02  # before trying again


class NoServer(CommandError):
    """No server runs on this data directory."""


class RunningServer:
    """A server that runs on a data directory.

    `attempt_s` is how long an attempt to deliver a notification may take, in seconds.
    """

    def __init__(self, data: Path, attempt_s: float = 0.0) -> None:
        self._data = data
        self._timeout_s = _TIMEOUT_S + attempt_s

    def call(self, command: str, **arguments: Any) -> Any:
        """Carry out one command. Raises NoServer, or CommandError as the server does."""
        request = json.dumps({"command": command, "arguments": arguments}).encode() + b"\n"
        if len(request) > REQUEST_LIMIT:
            raise CommandError("the arguments of this command are too long")
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(self._timeout_s)
            self._connect(connection)
            try:
                connection.sendall(request)
                answer = json.loads(connection.makefile("rb").readline())
            except (OSError, ValueError):
                raise CommandError(
                    f"the server of {self._data} did not answer: is it stopping? Its log says more"
                ) from None
        if "error" in answer:
            details = (answer.get(name) for name in ("code", "field", "allowed"))
            raise CommandError(answer["error"], *details)
        return answer["result"]

    def _connect(self, connection: socket.socket) -> None:
        until_s = time.monotonic() + _TIMEOUT_S
        while (error := connection.connect_ex(str(self._data / CONTROL_SOCKET))) == errno.EAGAIN:
            if time.monotonic() >= until_s:  # many others wait to be accepted
                break
            time.sleep(_QUEUE_FULL_S)
        # Refused: the socket was left behind by a server that was killed.
        if error in (errno.ENOENT, errno.ENOTDIR, errno.ECONNREFUSED):
            raise NoServer(f"no server runs on {self._data}")
        if error:
            raise CommandError(f"cannot reach the server of {self._data}: {os.strerror(error)}")
