"""Carrying out commands on a database while no server runs on it."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any
from uuid import UUID

from ewspush.control import CommandError
from ewspush.control.commands import Commands
from ewspush.control.operators import own_id
from ewspush.operations import passwords
from ewspush.operations.management import lifecycle
from ewspush.operations.management.context import Management, Policy
from ewspush.settings import Settings
from ewspush.store import accounts, lock
from ewspush.store.database import Database, UnsupportedDatabase

_PATIENCE_S = 0.2  # for another command that is about to finish
_BUSY_TIMEOUT_S = 5.0  # another program may have locked the database


class InUse(CommandError):
    """Another process uses the database: a server that does not listen yet, or a command."""


class Direct:
    """The commands, by the names that the control socket knows."""

    def __init__(self, management: Management) -> None:
        self._management = management
        self._commands = Commands(management).by_name(own_id())

    def call(self, command: str, **arguments: Any) -> Any:
        """Carry out one command. Raises CommandError."""
        result = self._commands[command](**arguments)
        if command == "user.delete":
            self._purge(UUID(result["mailbox_id"]))
        return result

    def _purge(self, id: UUID) -> None:
        """Do what a running server would do in its own time."""
        with self._management.look() as tx:
            deleted = accounts.by_id(tx, id)
        assert deleted is not None, "accounts stay for ever"
        while lifecycle.take_up(self._management, deleted.mailbox_id):
            pass


@contextmanager
def open_database(settings: Settings, *, may_create: bool) -> Iterator[Direct]:
    """The commands on the database of these settings. Raises InUse, CommandError or OSError.

    A database in the data directory is made only if `may_create`.
    """
    server = settings.server
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
                yield Direct(_management(database, settings))
    except lock.InUse as error:
        raise InUse(str(error)) from None
    except UnsupportedDatabase as error:
        raise CommandError(str(error)) from None


def _management(database: Database, settings: Settings) -> Management:
    policy = Policy(
        retention_s=settings.management.retention_days * 86_400,
        shortest_password=settings.management.shortest_password,
    )
    return Management(database, lambda: int(time.time()), policy, passwords.hash_many)
