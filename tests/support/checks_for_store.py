"""Databases of every kind that the store supports, and what its tests do with them.

The fixtures are for the conftest.py of the folders that test on both.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cache, partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import pytest
from sqlalchemy import text

from ewspush.core.events import EventType, event_filter
from ewspush.core.ids import shard_of
from ewspush.core.subscription import IDLE
from ewspush.operations import mailboxes as mailbox_operations
from ewspush.store import event_log, mailboxes
from ewspush.store.attempt_schema import attempt_bodies, attempts
from ewspush.store.database import Database, Transaction
from ewspush.store.event_log import Happened
from ewspush.store.mailboxes import Mailbox
from ewspush.store.schema import metadata
from ewspush.store.subscriptions import Subscription
from support.postgresql import Cluster, Unavailable, in_memory

NOW_S = 1_790_000_000
PATIENCE_S = 30.0  # for what is expected to happen; only a failing test waits so long

T = TypeVar("T")
_CLUSTER = pytest.StashKey["Cluster | Unavailable"]()


class Backend:
    """A kind of database. New ones are gone after the test."""

    def __init__(self, name: str, empty: Callable[[], str], migrated: Callable[[], str]) -> None:
        self.name = name
        self.empty = empty  # the URL of a new database without tables
        self.migrated = migrated  # of one with this version's tables

    def __str__(self) -> str:
        return self.name


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """Every kind of database in turn; PostgreSQL is skipped where it cannot be had."""
    with _BACKENDS[request.param](request.config) as made:
        yield made


on_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)


@pytest.fixture
def database(backend: Backend) -> Iterator[Database]:
    """A new database."""
    opened = Database.open(backend.migrated())
    yield opened
    opened.close()


@contextmanager
def _sqlite(_config: pytest.Config) -> Iterator[Backend]:
    numbers = count()
    with TemporaryDirectory(dir=in_memory()) as folder:

        def empty() -> str:
            return f"sqlite:///{folder}/{next(numbers)}.db"

        def migrated() -> str:
            url = empty()
            sqlite_file(url).write_bytes(_migrated_sqlite())
            return url

        yield Backend("sqlite", empty, migrated)


@contextmanager
def _postgresql(config: pytest.Config) -> Iterator[Backend]:
    cluster = _cluster(config)
    with ExitStack() as made:

        def new(make: Callable[[], str]) -> str:
            url = make()
            made.callback(cluster.drop, url)
            return url

        yield Backend("postgresql", partial(new, cluster.empty), partial(new, cluster.migrated))


_BACKENDS: dict[str, Callable[[pytest.Config], AbstractContextManager[Backend]]] = {
    "sqlite": _sqlite,
    "postgresql": _postgresql,
}


def _cluster(config: pytest.Config) -> Cluster:
    """The cluster of this run of pytest, started for the first test that needs it."""
    if _CLUSTER not in config.stash:
        try:
            config.stash[_CLUSTER] = started = Cluster()
            config.add_cleanup(started.stop)
        except Unavailable as reason:
            config.stash[_CLUSTER] = reason
    found = config.stash[_CLUSTER]
    if isinstance(found, Unavailable):
        pytest.skip(str(found))
    return found


@cache
def _migrated_sqlite() -> bytes:
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/template.db"
        Database.open(url).close()
        return sqlite_file(url).read_bytes()


def sqlite_file(url: str) -> Path:
    """Where an SQLite database is."""
    return Path(url.removeprefix("sqlite:///"))


# What is in a database


def new_mailbox(database: Database, name: str = "user") -> Mailbox:
    """A mailbox with its distinguished folders."""
    with database.write() as tx:
        return mailbox_operations.create(tx, f"{name}@example.org", "-", NOW_S)


def happened(*at_s: int, type_: EventType = EventType.NEW_MAIL) -> list[Happened]:
    """An event of an item in the Inbox for each of these times."""
    return [Happened(type_, each, False, 100, 3) for each in at_s]


def log_events(database: Database, mailbox: int, *at_s: int) -> None:
    """Log an event for each of these times, in one transaction."""
    with database.write() as tx:
        event_log.append(tx, mailbox, happened(*at_s))


def subscription(mailbox: int, number: int = 1, **changes: Any) -> Subscription:
    """A live subscription to everything, not stored yet."""
    values: dict[str, Any] = {
        "mailbox": mailbox,
        "number": number,
        "url": "https://responder.example/push?key=1",
        "wanted": event_filter(frozenset(EventType), None),
        "status_frequency_min": 30,
        "server_version": "Exchange2010_SP2",
        "caller_data": None,
        "created_at_s": NOW_S,
        "acknowledged": 0,
        "phase": IDLE,
    }
    return Subscription(**values | changes)


def current(database: Database, mailbox: Mailbox) -> Mailbox:
    """The mailbox as it is now."""
    with database.read() as tx:
        found = mailboxes.by_address(tx, mailbox.address)
    assert found is not None
    return found


def sequences(database: Database, mailbox: Mailbox) -> list[int]:
    """The sequences in a mailbox's log."""
    with database.read() as tx:
        (excerpt,) = event_log.read(tx, [event_log.Window(mailbox.id, 0, 1 << 40)])
    assert excerpt is not None
    return [event.sequence for event in excerpt.events]


def rows(tx: Transaction, statement: str, **values: object) -> Sequence[Any]:
    """What a statement finds."""
    return tx.connection.execute(text(statement), values).all()


def shards(tx: Transaction, mailbox: int) -> set[tuple[str, int]]:
    """The rows of a mailbox that carry another shard than its own, by table."""
    own = shard_of(mailbox)
    found = [
        (table.name, row.shard)
        for table in metadata.tables.values()
        if "mailbox_id" in table.c and table not in (attempts, attempt_bodies)
        for row in rows(tx, f"SELECT shard FROM {table.name} WHERE mailbox_id = :id", id=mailbox)
    ]
    return {(table, shard) for table, shard in found if shard != own}


# Several at once


@contextmanager
def threads(number: int = 1) -> Iterator[Callable[..., "Future[Any]"]]:
    """Run functions in threads of their own."""
    with ThreadPoolExecutor(number) as pool:
        yield pool.submit


def wait_until_blocked(tx: Transaction, waiting: "Future[Any]") -> None:
    """Until another connection waits for a lock that this transaction holds.

    On SQLite nobody can tell, and nobody has to: there is one writer, and this is it.
    """
    if tx.is_sqlite:
        return
    until_s = time.monotonic() + PATIENCE_S
    while not rows(tx, "SELECT 1 FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()"):
        assert time.monotonic() < until_s, "nobody waits"
        assert not waiting.done(), "it went on although the lock is held"
