"""Carrying out commands on a database while no server runs on it."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from ewspush.control import CommandError
from ewspush.control.commands import Commands
from ewspush.settings import ServerSettings
from ewspush.store import lock
from ewspush.store.database import Database, UnsupportedDatabase

_PATIENCE_S = 0.2  # for another command that is about to finish
_BUSY_TIMEOUT_S = 5.0  # another program may have locked the database


class InUse(CommandError):
    """Another process uses the database: a server that does not listen yet, or a command."""


class Direct:
    """The commands, by the names that the control socket knows."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands.by_name()

    def call(self, command: str, **arguments: Any) -> Any:
        """Carry out one command. Raises CommandError."""
        return self._commands[command](**arguments)


@contextmanager
def open_database(server: ServerSettings, *, may_create: bool) -> Iterator[Direct]:
    """The commands on the database of these settings. Raises InUse, CommandError or OSError.

    A database in the data directory is made only if `may_create`.
    """
    if may_create:
        server.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    elif not server.database and not server.database_file.exists():
        raise CommandError(
            f"there is no database in {server.data}: `ewspush serve` makes one, `ewspush mailbox"
            " create` too; --data names another directory"
        )
    try:
        with lock.exclusive(server.database_url, _PATIENCE_S):
            database = Database.open(server.database_url, _BUSY_TIMEOUT_S)
            with closing(database):
                yield Direct(Commands(database, time.time))
    except lock.InUse as error:
        raise InUse(str(error)) from None
    except UnsupportedDatabase as error:
        raise CommandError(str(error)) from None
