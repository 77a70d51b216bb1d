"""The database: opening and migrating it, and transactions.

Everything here blocks and may be called from any thread but the reactor's.
"""

import sqlite3
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, ExceptionContext
from sqlalchemy.exc import DBAPIError

from ewspush.core.events import Event
from ewspush.store import migrations

EventsCommitted = Callable[[Mapping[int, Sequence[Event]]], None]  # by mailbox
MailQueued = Callable[[], None]
StatusChanged = Callable[[int], None]


class UnsupportedDatabase(Exception):
    """A database that this version of ewspush cannot use. `str()` says why and what to do."""


@dataclass(frozen=True)
class Transaction:
    """What the functions of the store are given. They never commit: whoever opened it does."""

    connection: Connection
    # Events appended so far, by mailbox; told to those who wait for them once they are durable.
    appended: dict[int, list[Event]] = field(default_factory=lambda: defaultdict(list))
    queued: set[int] = field(default_factory=set)  # mailboxes with new outgoing mail; told likewise
    disabled_or_restored: set[int] = field(default_factory=set)  # mailboxes; told likewise

    @property
    def is_sqlite(self) -> bool:
        return self.connection.dialect.name == "sqlite"

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """A part that has no effect if it raises, while the transaction goes on."""
        before = {mailbox: len(events) for mailbox, events in self.appended.items()}
        try:
            with self.connection.begin_nested():
                yield
        except BaseException:
            for mailbox, events in self.appended.items():
                del events[before.get(mailbox, 0) :]
            raise

    def insert(self, table: Table) -> postgresql.Insert | sqlite.Insert:
        """An INSERT that can have ON CONFLICT, which is a matter of the dialect."""
        return sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)


class Database:
    """An opened database. SQLite (WAL, synchronous FULL) or PostgreSQL, by URL."""

    def __init__(self, engine: Engine, writing_engine: Engine) -> None:
        """The second one is for what writes; it may be the first."""
        self._engine = engine
        self._writing_engine = writing_engine
        self._reader = engine.execution_options(**_READ_OPTIONS.get(engine.dialect.name, {}))
        # SQLite has one writer. Waiting for it here is fair and quick; its own waiting polls.
        self._writer = threading.Lock() if engine.dialect.name == "sqlite" else None
        self._listeners: list[EventsCommitted] = []
        self._mail_listeners: list[MailQueued] = []
        self._status_listeners: list[StatusChanged] = []

    @classmethod
    def open(cls, url: str, busy_timeout_s: float = 30.0) -> "Database":
        """Open the database at an SQLAlchemy URL, making or migrating its tables first.

        Raises UnsupportedDatabase, the database untouched, if a newer version or another program
        wrote it, or if it cannot be reached.
        """
        engine = _make_engine(make_url(url), busy_timeout_s)
        try:
            migrations.upgrade(engine)
            if engine.dialect.name == "sqlite":
                _use_wal(engine)
        except migrations.UnknownRevision as error:
            engine.dispose()
            raise UnsupportedDatabase(str(error)) from error
        except DBAPIError as error:
            engine.dispose()
            raise UnsupportedDatabase(f"the database cannot be used: {error.orig}") from error
        return cls(engine, _make_writing_engine(engine, busy_timeout_s))

    def close(self) -> None:
        self._engine.dispose()
        self._writing_engine.dispose()

    def check(self) -> None:
        """Have the database read a table. Raises DBAPIError if it cannot."""
        with self.read() as tx:
            tx.connection.execute(_ONE_ROW)

    def copy(self) -> bytes:
        """What an SQLite database holds now."""
        with closing(sqlite3.connect(":memory:")) as copied:
            with self._engine.connect() as connection:
                _driver_connection(connection).backup(copied)
            content = bytearray(copied.serialize())
        # It says still that it has a write-ahead log, which there is not in memory (SQLite's file
        # format, 1.3.3).
        content[18:20] = b"\x01\x01"
        return bytes(content)

    def replace(self, copied: bytes) -> None:
        """Have it hold what a copy of it has. Nobody is told."""
        with closing(sqlite3.connect(":memory:")) as source:
            source.deserialize(copied)
            with self._writer or nullcontext(), self._writing_engine.connect() as connection:
                driver_connection = _driver_connection(connection)
                source.backup(driver_connection)
                # A backup makes no checkpoint by itself, and the log would grow with each.
                driver_connection.execute("PRAGMA wal_checkpoint(PASSIVE)").close()

    def on_events(self, listener: EventsCommitted) -> None:
        """Have `listener` called, in the committing thread, for the events of every commit."""
        self._listeners.append(listener)

    def on_mail_queued(self, listener: MailQueued) -> None:
        """Have `listener` called, in the committing thread, after mail was queued."""
        self._mail_listeners.append(listener)

    def on_status_changed(self, listener: StatusChanged) -> None:
        """Have `listener` called, in the committing thread, for mailboxes disabled or restored."""
        self._status_listeners.append(listener)

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """A transaction that sees one snapshot and changes nothing."""
        with self._reader.connect() as connection, connection.begin():
            yield Transaction(connection)

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """A transaction that is committed if the block ends well, and has no effect otherwise."""
        with self._writer or nullcontext(), self._writing_engine.begin() as connection:
            transaction = Transaction(connection)
            yield transaction
        committed = {mailbox: events for mailbox, events in transaction.appended.items() if events}
        for listener in self._listeners if committed else ():
            listener(committed)
        if transaction.queued:
            for mail_listener in self._mail_listeners:
                mail_listener()
        for mailbox in transaction.disabled_or_restored:
            for status_listener in self._status_listeners:
                status_listener(mailbox)


_CACHE_KIB = 16 * 1024  # of the connection that writes

_ONE_ROW = text("SELECT version_num FROM alembic_version")

_READ_OPTIONS: dict[str, dict[str, Any]] = {
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
    "sqlite": {"ewspush_begin": "BEGIN"},
}


def _driver_connection(connection: Connection) -> sqlite3.Connection:
    driver_connection = connection.connection.driver_connection
    assert isinstance(driver_connection, sqlite3.Connection)
    return driver_connection


def _make_engine(url: URL, busy_timeout_s: float) -> Engine:
    if url.get_backend_name() == "sqlite":
        if not url.database or url.database.startswith((":memory:", "file:")):
            raise UnsupportedDatabase(
                "an SQLite database needs a file, given by its path: several threads share it"
            )
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        return _make_sqlite_engine(url, busy_timeout_s, connections=20)
    if url.get_backend_name() == "postgresql":
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            pool_size=20,
            pool_pre_ping=True,  # a database that was restarted fails no request
            hide_parameters=True,
        )
        event.listen(engine, "handle_error", _keep_only_what_is_primary)
        return engine
    raise UnsupportedDatabase(
        f"{url.get_backend_name()!r} databases are not supported: use sqlite or postgresql"
    )


def _make_sqlite_engine(url: URL, busy_timeout_s: float, connections: int) -> Engine:
    engine = create_engine(
        url,
        connect_args={"timeout": busy_timeout_s, "check_same_thread": False},
        pool_size=connections,
        hide_parameters=True,
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_writing_engine(engine: Engine, busy_timeout_s: float) -> Engine:
    """For SQLite one with a single connection, whatever else reads.

    A connection forgets the pages that it has cached when another one has written.
    """
    if engine.dialect.name != "sqlite":
        return engine
    writing = _make_sqlite_engine(engine.url, busy_timeout_s, connections=1)
    event.listen(writing, "connect", _cache_much)
    return writing


def _cache_much(dbapi_connection: Any, _record: object) -> None:
    dbapi_connection.execute(f"PRAGMA cache_size=-{_CACHE_KIB}").close()


def _keep_only_what_is_primary(context: ExceptionContext) -> None:
    """Leave rows out of an error: PostgreSQL quotes them in DETAIL, and errors are logged."""
    orig, raised = context.original_exception, context.sqlalchemy_exception
    primary = getattr(getattr(orig, "diag", None), "message_primary", None)
    if primary is None:  # not from the server: the connection failed, for one
        return
    whole = str(orig)
    orig.args = (primary,)
    if raised is not None:  # its text is made already, with that of `orig` in it
        raised.args = (raised.args[0].replace(whole, primary), *raised.args[1:])


def _prepare_sqlite(dbapi_connection: Any, _record: object) -> None:
    # The driver's own BEGINs come too late for a snapshot and too soon for DDL: we send ours.
    dbapi_connection.isolation_level = None
    for pragma in ("synchronous=FULL", "foreign_keys=ON"):
        dbapi_connection.execute(f"PRAGMA {pragma}").close()


def _use_wal(engine: Engine) -> None:
    # Written into the file, and so done only when the file is known to be ours.
    connection = engine.raw_connection()
    try:
        connection.cursor().execute("PRAGMA journal_mode=WAL")
    finally:
        connection.close()


def _begin_sqlite(connection: Connection) -> None:
    # A write transaction takes its lock at once: one that read first could not be retried.
    begin = connection.get_execution_options().get("ewspush_begin", "BEGIN IMMEDIATE")
    connection.exec_driver_sql(begin)
