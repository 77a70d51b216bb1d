"""Giving commands to the server of a data directory, or to its database while no server runs."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ewspush.control import CONTROL_SOCKET
from ewspush.control.commands import CommandError, Commands
from ewspush.settings import ServerSettings
from ewspush.store import lock
from ewspush.store.database import Database, UnsupportedDatabase

_TIMEOUT_S = 60.0  # for an answer
_STARTING_S = 5.0  # a server that holds the lock and does not yet listen is waited for so long


class NoServer(CommandError):
    """No server runs on this data directory."""


class RunningServer:
    """A server that runs on a data directory."""

    def __init__(self, data: Path) -> None:
        self._path = data / CONTROL_SOCKET

    def call(self, command: str, **arguments: Any) -> Any:
        """Carry out one command. Raises NoServer, or CommandError as the server does."""
        request = json.dumps({"command": command, "arguments": arguments}).encode() + b"\n"
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_TIMEOUT_S)
            try:
                connection.connect(str(self._path))
            except OSError as error:
                raise NoServer(f"no server runs on {self._path.parent}: {error}") from None
            try:
                connection.sendall(request)
                answer = json.loads(connection.makefile("rb").readline())
            except (OSError, ValueError) as error:
                raise CommandError(f"the server did not answer: {error}") from None
        if "error" in answer:
            raise CommandError(answer["error"])
        return answer["result"]


class _Direct:
    """The same commands, on the database itself."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands.by_name()

    def call(self, command: str, **arguments: Any) -> Any:
        return self._commands[command](**arguments)


@contextmanager
def connect(settings: ServerSettings) -> "Iterator[RunningServer | _Direct]":
    """The running server of these settings, or their database if no server runs.

    Raises CommandError.
    """
    server = RunningServer(settings.data)
    until_s = time.monotonic() + _STARTING_S
    while True:
        try:
            server.call("status")
            yield server
            return
        except NoServer:
            pass
        try:
            with lock.exclusive(settings.database_url, patience_s=0.2):
                database = Database.open(settings.database_url)
                try:
                    yield _Direct(Commands(database, time.time))
                finally:
                    database.close()
                return
        except UnsupportedDatabase as error:
            raise CommandError(str(error)) from None
        except lock.InUse as error:
            if time.monotonic() >= until_s:
                raise CommandError(str(error)) from None
