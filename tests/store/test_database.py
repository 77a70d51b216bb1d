"""Opening a database, and its transactions."""

import sqlite3
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError

from ewspush.core.events import Event
from ewspush.store import event_log, folders, mailboxes, subscriptions
from ewspush.store.database import Database, Transaction, UnsupportedDatabase
from ewspush.store.event_log import Window
from ewspush.store.mailboxes import Mailbox
from support.checks_for_store import (
    NOW_S,
    Backend,
    current,
    happened,
    log_events,
    new_mailbox,
    on_postgresql,
    rows,
    sequences,
    sqlite_file,
    subscription,
    threads,
)


class Trouble(Exception):
    """What a block of a transaction raises."""


def test_a_block_that_ends_well_is_committed(database: Database) -> None:
    mailbox = new_mailbox(database)
    assert current(database, mailbox) == mailbox


def test_a_block_that_raises_has_no_effect(database: Database) -> None:
    mailbox = new_mailbox(database)
    with pytest.raises(Trouble), database.write() as tx:
        mailboxes.insert_mailbox(tx, "other@example.org", "-", NOW_S)
        folders.add_to_counts(tx, mailbox.id, 3, change=100, total=1, unread=1)
        event_log.append(tx, mailbox.id, happened(NOW_S))
        subscriptions.insert_subscription(tx, subscription(mailbox.id))
        raise Trouble
    with database.read() as tx:
        assert mailboxes.by_address(tx, "other@example.org") is None
        inbox = folders.by_number(tx, mailbox.id, 3)
        assert inbox is not None
        assert inbox.total_count == 0
        assert subscriptions.of_mailbox(tx, mailbox.id) == []
    assert current(database, mailbox) == mailbox
    assert sequences(database, mailbox) == []


def test_a_transaction_sees_what_it_wrote(database: Database) -> None:
    mailbox = new_mailbox(database)
    with database.write() as tx:
        event_log.append(tx, mailbox.id, happened(NOW_S))
        (excerpt,) = event_log.read(tx, [Window(mailbox.id, 0, 10)])
    assert excerpt is not None
    assert (excerpt.head, len(excerpt.events)) == (1, 1)


# One snapshot


def _log(tx: Transaction, mailbox: int) -> None:
    event_log.append(tx, mailbox, happened(NOW_S, NOW_S))


def _purge(tx: Transaction, mailbox: int) -> None:
    event_log.purge(tx, mailbox, 0, 2, NOW_S + 1, 100)


def _subscribe(tx: Transaction, mailbox: int) -> None:
    subscriptions.insert_subscription(tx, subscription(mailbox, 2))


Change = Callable[[Transaction, int], None]


@pytest.mark.parametrize("change", [_log, _purge, _subscribe])
def test_a_reader_sees_one_snapshot_whatever_is_committed_meanwhile(
    database: Database, change: Change
) -> None:
    mailbox = new_mailbox(database)
    log_events(database, mailbox.id, *[NOW_S] * 3)
    with database.write() as tx:
        subscriptions.insert_subscription(tx, subscription(mailbox.id))

    def look(tx: Transaction) -> object:
        return (
            mailboxes.by_address(tx, mailbox.address),
            event_log.read(tx, [Window(mailbox.id, 0, 10)]),
            list(subscriptions.all_live(tx)),
            event_log.mailboxes_to_purge(tx, 0, NOW_S + 1, 10),
        )

    with database.read() as tx:
        before = look(tx)
        with database.write() as other:
            change(other, mailbox.id)
        assert look(tx) == before
    with database.read() as tx:
        assert look(tx) != before


@pytest.mark.parametrize("change", [_log, _purge])
def test_events_floor_and_head_fit_each_other_when_read_after_something_else(
    database: Database, change: Change
) -> None:
    mailbox = new_mailbox(database)
    log_events(database, mailbox.id, *[NOW_S] * 3)
    with database.read() as tx:
        seen = mailboxes.by_address(tx, mailbox.address)
        with database.write() as other:
            change(other, mailbox.id)
        (excerpt,) = event_log.read(tx, [Window(mailbox.id, 0, 10)])
    assert seen is not None
    assert excerpt is not None
    assert (excerpt.floor, excerpt.head) == (seen.floor, seen.head) == (0, 3)
    assert [event.sequence for event in excerpt.events] == [1, 2, 3]


def test_readers_do_not_wait_for_a_writer(database: Database) -> None:
    mailbox = new_mailbox(database)
    with threads() as run, database.write() as tx:
        event_log.append(tx, mailbox.id, happened(NOW_S))
        assert run(current, database, mailbox).result(30).head == 0
    assert current(database, mailbox).head == 1


# What is told after a commit


class Told:
    """A listener that looks into the database when it is called."""

    def __init__(self, database: Database, mailbox: Mailbox) -> None:
        self.calls: list[tuple[int, list[int]]] = []
        self.heads: list[int] = []
        self._database = database
        self._mailbox = mailbox

    def __call__(self, by_mailbox: Mapping[int, Sequence[Event]]) -> None:
        for mailbox, events in by_mailbox.items():
            self.calls.append((mailbox, [event.sequence for event in events]))
        self.heads.append(current(self._database, self._mailbox).head)


@pytest.fixture
def mailbox(database: Database) -> Mailbox:
    return new_mailbox(database)


@pytest.fixture
def told(database: Database, mailbox: Mailbox) -> Told:
    told = Told(database, mailbox)
    database.on_events(told)
    return told


def test_events_are_told_when_they_are_durable_and_not_before(
    database: Database, mailbox: Mailbox, told: Told
) -> None:
    with database.write() as tx:
        event_log.append(tx, mailbox.id, happened(NOW_S))
        event_log.append(tx, mailbox.id, happened(NOW_S, NOW_S))
        assert told.calls == []
    assert told.calls == [(mailbox.id, [1, 2, 3])]
    assert told.heads == [3]


def test_events_that_were_rolled_back_are_not_told(
    database: Database, mailbox: Mailbox, told: Told
) -> None:
    with pytest.raises(Trouble), database.write() as tx:
        event_log.append(tx, mailbox.id, happened(NOW_S))
        raise Trouble
    log_events(database, mailbox.id, NOW_S)
    assert told.calls == [(mailbox.id, [1])]


def test_each_mailbox_and_each_listener_is_told(
    database: Database, mailbox: Mailbox, told: Told
) -> None:
    other, second = new_mailbox(database, "other"), Told(database, mailbox)
    database.on_events(second)
    with database.write() as tx:
        event_log.append(tx, mailbox.id, happened(NOW_S))
        event_log.append(tx, other.id, happened(NOW_S))
        event_log.append(tx, mailbox.id, happened(NOW_S))
    assert told.calls == second.calls == [(mailbox.id, [1, 2]), (other.id, [1])]


def test_nothing_is_told_when_nothing_was_logged(database: Database, told: Told) -> None:
    new_mailbox(database, "other")
    with database.read():
        pass
    assert told.calls == []


def test_events_of_a_commit_that_fails_are_not_told(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 'ewspush.db'}")
    mailbox = new_mailbox(database)
    told = Told(database, mailbox)
    database.on_events(told)
    with pytest.raises(IntegrityError), database.write() as tx:
        tx.connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        event_log.append(tx, mailbox.id, happened(NOW_S))
        subscriptions.insert_subscription(tx, subscription(mailbox.id + 1))  # nobody's
    assert told.calls == []
    assert current(database, mailbox).head == 0
    database.close()


# Errors


_COLUMNS = "shard, created_at_s, next_number, watermark_base, floor, head, password_hash, address"
_INSERT = f"INSERT INTO mailboxes ({_COLUMNS}) VALUES (0, 0, 1, 0, 0, 0, :secret, :address)"
_ORGANIZATION = "INSERT INTO organizations (id, alias, created_at_s) VALUES (:id, 'default', 0)"
_ORPHAN = "INSERT INTO impersonation_rights (mailbox_id, of_mailbox_id, shard) VALUES (:id, 0, 0)"
SECRETS = {"secret": "secret-of-the-row", "address": "user@example.org"}

# Statements that fail, and what of the row an error of PostgreSQL tells by itself.
QUOTING = {
    "a key that is taken": (_ORGANIZATION, {"id": "0" * 32}, "(alias)="),
    "a row that lacks something": (_INSERT, SECRETS | {"address": None}, "secret-of"),
    "a reference to nothing": (_ORPHAN, {"id": 987654}, "987654"),
}


def everything_told(error: BaseException) -> str:
    """What a log holds of an error that nobody expected."""
    return "".join(traceback.format_exception(error)) + repr(error) + repr(error.__cause__)


@pytest.mark.parametrize(("statement", "values", "quoted"), QUOTING.values(), ids=QUOTING)
def test_errors_do_not_carry_what_was_written(
    database: Database, statement: str, values: dict[str, object], quoted: str
) -> None:
    new_mailbox(database)
    with pytest.raises(IntegrityError) as failed, database.write() as tx:
        rows(tx, statement, **values)
    told = everything_told(failed.value)
    assert quoted not in told
    assert "DETAIL" not in told
    assert "constraint" in str(failed.value)  # it still says what is wrong
    assert "parameters hidden" in str(failed.value)


@on_postgresql  # SQLite does not quote rows
def test_errors_of_a_commit_do_not_carry_what_was_written(database: Database) -> None:
    with pytest.raises(IntegrityError) as failed, database.write() as tx:
        tx.connection.exec_driver_sql(
            "CREATE TABLE late (word text UNIQUE DEFERRABLE INITIALLY DEFERRED)"
        )
        for _ in range(2):
            tx.connection.execute(text("INSERT INTO late VALUES (:word)"), {"word": "secret"})
    assert "duplicate key" in str(failed.value)
    assert "secret" not in everything_told(failed.value)


def test_a_row_needs_its_mailbox(database: Database) -> None:
    with pytest.raises(IntegrityError), database.write() as tx:
        subscriptions.insert_subscription(tx, subscription(12345))


# Opening


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("sqlite:///file::memory:?uri=true", "needs a file"),
        ("sqlite:///file:ewspush?mode=memory&uri=true", "needs a file"),
        ("mysql://user:pa55word@host/name", "mysql"),
        ("mssql+pyodbc://host/name", "mssql"),
    ],
)
def test_a_database_that_is_not_supported_is_refused(
    url: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnsupportedDatabase, match=reason) as refused:
        Database.open(url)
    assert "pa55word" not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_the_folder_of_an_sqlite_database_is_made(tmp_path: Path) -> None:
    file = tmp_path / "new" / "folder" / "ewspush.db"
    Database.open(f"sqlite:///{file}").close()
    assert file.is_file()


def test_an_open_database_leaves_no_file_beside_it_when_it_is_closed(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 'ewspush.db'}")
    new_mailbox(database)
    database.close()
    assert [path.name for path in tmp_path.iterdir()] == ["ewspush.db"]


@pytest.mark.parametrize(
    ("pragma", "value"), [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)]
)
def test_every_connection_to_sqlite_is_durable_and_checks_keys(
    pragma: str, value: object, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'ewspush.db'}"
    for _ in range(2):  # a new one, and one that was there
        database = Database.open(url)
        with database.read() as one, database.read() as other, database.write() as writer:
            for tx in (one, other, writer):
                assert rows(tx, f"PRAGMA {pragma}") == [(value,)]
        database.close()


def test_a_database_that_another_program_locks_is_an_error_and_then_well_again(
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path / 'ewspush.db'}"
    database = Database.open(url, busy_timeout_s=0.01)
    mailbox = new_mailbox(database)
    other = sqlite3.connect(sqlite_file(url), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(OperationalError, match="locked"), database.write() as tx:
        event_log.append(tx, mailbox.id, happened(NOW_S))
    other.close()
    log_events(database, mailbox.id, NOW_S)
    assert current(database, mailbox).head == 1
    database.close()


def test_a_writer_has_the_lock_from_its_beginning(tmp_path: Path) -> None:
    """What it reads first is still so when it writes."""
    url = f"sqlite:///{tmp_path / 'ewspush.db'}"
    database = Database.open(url)
    other = sqlite3.connect(sqlite_file(url), timeout=0, isolation_level=None)
    with database.write(), pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("BEGIN IMMEDIATE")
    with database.read():
        other.execute("BEGIN IMMEDIATE")
    other.close()
    database.close()


def test_a_postgresql_url_needs_no_driver_in_it(backend: Backend) -> None:
    scheme, _, rest = backend.migrated().partition("://")
    for spelling in {"sqlite": ("sqlite", "sqlite+pysqlite")}.get(
        scheme, ("postgresql", "postgresql+psycopg", "postgresql+psycopg2")
    ):
        Database.open(f"{spelling}://{rest}").close()


def test_a_copy_brings_back_what_there_was_and_tells_nobody(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ewspush.db'}"
    database = Database.open(url)
    old = new_mailbox(database)
    copied = database.copy()
    log_events(database, old.id, NOW_S)
    told: list[object] = []
    database.on_events(told.append)
    with database.read() as tx:  # who reads meanwhile goes on with what it saw
        count = "SELECT count(*) FROM events"
        assert tx.connection.execute(text(count)).scalar() == 1
        database.replace(copied)
        assert tx.connection.execute(text(count)).scalar() == 1
    assert current(database, old) == old
    assert (sequences(database, old), told) == ([], [])
    database.close()
    again = Database.open(url)
    assert current(again, old) == old
    again.close()


def test_replacing_again_and_again_takes_no_more_room(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 'ewspush.db'}")
    copied = database.copy()
    for _ in range(30):
        database.replace(copied)
    assert (tmp_path / "ewspush.db-wal").stat().st_size < 10 * len(copied)
    database.close()
