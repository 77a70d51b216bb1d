"""To whom a command is given: the running server of a data directory, or its database."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ewspush.cli import options
from ewspush.control.client import NoServer, RunningServer

if TYPE_CHECKING:
    from ewspush.settings import Settings

_STARTING_S = 5.0  # a server that holds the database and does not listen yet is waited for so long


class Carrier(Protocol):
    """Carries out commands."""

    def call(self, command: str, **arguments: Any) -> Any:
        """Carry out one command. Raises CommandError."""


@contextmanager
def connect(settings: "Settings", *, may_create: bool = False) -> Iterator[Carrier]:
    """The running server of these settings, or their database if no server runs.

    A database is made only if `may_create`. Raises CommandError or OSError.
    """
    with ExitStack() as held:
        yield _find(settings, may_create, held)


def call(config: Path | None, data: str | None, command: str, **arguments: Any) -> Any:
    """Carry out one command where --config and --data say. Raises CommandError or OSError."""
    with connect(options.load(config, data)) as server:
        return server.call(command, **arguments)


def call_creating(config: Path | None, data: str | None, command: str, **arguments: Any) -> Any:
    """The same for a command that makes a database if there is none."""
    settings = options.load(config, data)
    options.keep_files_private()
    with connect(settings, may_create=True) as server:
        return server.call(command, **arguments)


def _find(settings: "Settings", may_create: bool, held: ExitStack) -> Carrier:
    until_s = time.monotonic() + _STARTING_S
    server = RunningServer(settings.server.data, settings.delivery.timeout_s)
    while True:
        try:
            server.call("status")
        except NoServer:
            # Imported late: what a database needs takes a while, and a running server has it.
            from ewspush.control import direct

            try:
                return held.enter_context(direct.open_database(settings, may_create=may_create))
            except direct.InUse:
                if time.monotonic() >= until_s:
                    raise
        else:
            return server
