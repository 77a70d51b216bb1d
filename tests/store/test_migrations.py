"""Making and migrating the tables, and leaving alone what is not ours."""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, inspect, text

from ewspush.core.accounts import AccountStatus, OrderBy
from ewspush.core.ids import shard_of
from ewspush.core.renewal import Period, Renewal
from ewspush.store import (
    account_listing,
    accounts,
    attempt_schema,
    mailboxes,
    migrations,
    organizations,
)
from ewspush.store.account_listing import Selection
from ewspush.store.database import Database, Transaction, UnsupportedDatabase
from ewspush.store.mailboxes import Mailbox
from ewspush.store.migrations import steps
from support.checks_for_store import (
    NOW_S,
    Backend,
    current,
    log_events,
    new_mailbox,
    sequences,
    sqlite_file,
    threads,
    wait_until_blocked,
)
from support.schemas import ROOT

T = TypeVar("T")
metadata = attempt_schema.attempts.metadata  # of every table
TABLES = set(metadata.tables)


def engine_of(url: str) -> Engine:
    return create_engine(url.replace("postgresql:", "postgresql+psycopg:"))


def with_connection(url: str, function: Callable[[Connection], T]) -> T:
    engine = engine_of(url)
    try:
        with engine.begin() as connection:
            return function(connection)
    finally:
        engine.dispose()


def tables(url: str) -> set[str]:
    names = with_connection(url, lambda connection: inspect(connection).get_table_names())
    return {name for name in names if is_of_the_schema(name)}


def is_of_the_schema(name: str | None) -> bool:
    """Whether a table or an index is on both databases, unlike those that find texts."""
    return not (name or "").startswith("account_search")


def in_its_own_words(url: str) -> list[str]:
    """What the database says of its tables and indexes."""
    statement = {
        "sqlite": "SELECT sql FROM sqlite_master",
        "postgresql": """
            SELECT indexdef FROM pg_indexes
            WHERE schemaname = 'public'
            UNION ALL
            SELECT concat_ws(' ', table_name, column_name, ordinal_position, data_type,
                             character_maximum_length, is_nullable, column_default)
            FROM information_schema.columns
            WHERE table_schema = 'public'
            UNION ALL
            SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid))
            FROM pg_constraint
            WHERE connamespace = 'public'::regnamespace""",
    }[url.partition(":")[0]]

    def ask(connection: Connection) -> list[str]:
        found = connection.execute(text(statement)).scalars()
        return sorted(" ".join(each.split()) for each in found if each)

    return with_connection(url, ask)


def every_row(url: str) -> dict[str, list[Any]]:
    """The rows of each table that has any."""

    def read(connection: Connection) -> dict[str, list[Any]]:
        names = filter(is_of_the_schema, sorted(inspect(connection).get_table_names()))
        rows = {name: connection.execute(text(f"SELECT * FROM {name}")).all() for name in names}
        return {name: list(found) for name, found in rows.items() if found}

    return with_connection(url, read)


def test_a_migrated_database_has_the_tables_of_the_schema(backend: Backend) -> None:
    url = backend.empty()
    with_connection(url, migrate)
    assert tables(url) == {*TABLES, "alembic_version"}

    def differences(connection: Connection) -> Any:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "compare_server_default": True,
                "include_object": lambda _object, name, *_: is_of_the_schema(name),
            },
        )
        return compare_metadata(context, metadata)

    assert with_connection(url, differences) == []


def test_a_new_database_is_exactly_what_migrations_make(backend: Backend) -> None:
    migrated, new = backend.empty(), backend.empty()
    with_connection(migrated, migrate)
    Database.open(new).close()
    assert in_its_own_words(new) == in_its_own_words(migrated)
    assert every_row(new) == every_row(migrated)


def test_the_revision_is_that_of_the_last_migration() -> None:
    assert ScriptDirectory(str(migrations.FOLDER)).get_current_head() == migrations.HEAD


def test_a_database_that_is_up_to_date_needs_no_alembic(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ewspush.db'}"
    code = (
        "import sys; from ewspush.store.database import Database\n"
        f"for _ in range(2): Database.open({url!r}).close()\n"
        "sys.exit('alembic' in sys.modules)"
    )
    path = {"PYTHONPATH": str(ROOT / "src")}
    subprocess.run([sys.executable, "-c", code], env=os.environ | path, check=True)


def test_migrations_make_exactly_what_the_schema_says(backend: Backend) -> None:
    migrated, made = backend.empty(), backend.empty()
    with_connection(migrated, migrate)
    with_connection(made, metadata.create_all)
    version = {"alembic_version", "alembic_version_pkc"}
    assert in_its_own_words(made) == [
        each for each in in_its_own_words(migrated) if not version & set(re.findall(r"\w+", each))
    ]


def test_opening_again_changes_nothing(backend: Backend) -> None:
    url = backend.empty()
    database = Database.open(url)
    mailbox = new_mailbox(database)
    log_events(database, mailbox.id, NOW_S)
    database.close()
    words = in_its_own_words(url)
    for _ in range(2):
        database = Database.open(url)
        assert sequences(database, mailbox) == [1]
        database.close()
    assert in_its_own_words(url) == words


def test_an_empty_file_becomes_a_database(tmp_path: Path) -> None:
    file = tmp_path / "ewspush.db"
    file.touch()
    Database.open(f"sqlite:///{file}").close()
    assert tables(f"sqlite:///{file}") > TABLES


OLDER = pytest.mark.parametrize("older", [None, "ewspush_0004"])


def database_of(backend: Backend, revision: str | None) -> str:
    """The URL of one that is to be made (None) or migrated."""
    url = backend.empty()
    if revision is not None:
        with_connection(url, lambda connection: migrate(connection, revision))
    return url


def around_making(patch: pytest.MonkeyPatch, around: Callable[[Callable[[], None]], None]) -> None:
    """Have `around` called with what makes or migrates the tables."""
    for owner, name in ((command, "upgrade"), (metadata, "create_all")):
        function = getattr(owner, name)

        def make(*given: Any, function: Any = function, **named: Any) -> None:
            around(lambda: function(*given, **named))

        patch.setattr(owner, name, make)


@OLDER
def test_making_tables_leaves_nothing_if_it_fails(
    backend: Backend, older: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = database_of(backend, older)
    before = in_its_own_words(url)

    def fail(make: Callable[[], None]) -> None:
        make()
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        around_making(patch, fail)
        with pytest.raises(OSError, match="no space"):
            Database.open(url)
    assert in_its_own_words(url) == before
    Database.open(url).close()
    assert tables(url) > TABLES


@OLDER
def test_a_database_that_two_open_at_once_is_made_once(
    backend: Backend, older: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = database_of(backend, older)
    with threads() as run:
        others: list[Future[Database]] = []

        def make_while_another_opens(make: Callable[[], None]) -> None:
            assert not others
            others.append(run(Database.open, url))
            engine = engine_of(url)
            with engine.connect() as connection:
                wait_until_blocked(Transaction(connection), others[0])
            engine.dispose()
            make()

        around_making(monkeypatch, make_while_another_opens)
        first = Database.open(url)
        second = others[0].result(30)
    mailbox = new_mailbox(first)
    assert current(second, mailbox) == mailbox
    first.close()
    second.close()


# From before there was a directory

BEFORE = """
INSERT INTO mailboxes (id, shard, address, password_hash, created_at_s, next_number,
                       watermark_base, floor, head)
    VALUES (7, {0}, 'user@example.org', 'hash', 11, 20, 9, 0, 1);
INSERT INTO mailboxes (id, shard, address, password_hash, created_at_s, next_number,
                       watermark_base, floor, head)
    VALUES (12, {1}, 'jürgen@example.net', 'other', 12, 1, 9, 0, 0);
INSERT INTO events (mailbox_id, sequence, type, at_s, is_folder, object, parent, shard)
    VALUES (7, 1, 1, 11, {false}, 1, 1, {0});
INSERT INTO impersonation_rights (mailbox_id, of_mailbox_id, shard) VALUES (7, 12, {0})
"""


def test_mailboxes_of_before_get_accounts(backend: Backend) -> None:
    url = backend.empty()

    def make(connection: Connection) -> None:
        migrate(connection, "ewspush_0002")
        false = "0" if url.startswith("sqlite") else "false"
        statements = BEFORE.format(shard_of(7), shard_of(12), false=false)
        for statement in statements.split(";"):
            connection.execute(text(statement))
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT setval('mailboxes_id_seq', 12)"))

    with_connection(url, make)
    database = Database.open(url)
    with database.read() as tx:
        user, other = mailboxes.after(tx, 0, 10)
        assert user == Mailbox(7, "user@example.org", "hash", 11, 9, 0, 1)
        assert mailboxes.by_address(tx, "user@example.org") == user
        assert mailboxes.by_address(tx, "jürgen@example.net") == other
        account = accounts.by_mailbox(tx, 7)
        assert account is not None
        assert (account.local_part, account.name, account.created_at_s) == ("user", "user", 11)
        assert account.renewal.as_of(11) == Renewal.begin(Period.MONTHLY, 11)
        organization = organizations.organization_by_alias(tx, "default")
        assert organization is not None
        everything = Selection(organization.id, None, frozenset(AccountStatus), "", OrderBy.NAME)
        listed, count = account_listing.page(tx, everything, 0, 10)
        assert ([each.mailbox_id for each in listed], count) == ([12, 7], 2)
    assert sequences(database, user) == [1]
    assert new_mailbox(database, "third").id > 12
    database.close()


def migrate(connection: Connection, revision: str = "head") -> None:
    steps.take(migrations.FOLDER, connection, revision)


# A later version

LATER = """
import sqlalchemy as sa
from alembic import op

revision = "later"
down_revision = {head!r}


def upgrade() -> None:
    op.add_column("mailboxes", sa.Column("quota", sa.Integer(), nullable=True))
    op.create_table("quotas", sa.Column("id", sa.Integer(), primary_key=True))
"""


@contextmanager
def later_version(folder: Path) -> Iterator[None]:
    """Meanwhile this program is one that knows a revision more."""
    copied = shutil.copytree(migrations.FOLDER, folder / "migrations")
    (copied / "versions" / "later.py").write_text(LATER.format(head=migrations.HEAD))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrations, "FOLDER", copied)
        patch.setattr(migrations, "HEAD", "later")
        yield


def test_a_later_version_migrates_what_is_there(backend: Backend, tmp_path: Path) -> None:
    url = backend.empty()
    database = Database.open(url)
    mailbox = new_mailbox(database)
    log_events(database, mailbox.id, NOW_S)
    database.close()
    with later_version(tmp_path):
        database = Database.open(url)
        assert current(database, mailbox).head == 1
        assert sequences(database, mailbox) == [1]
        database.close()
    assert tables(url) == {*TABLES, "alembic_version", "quotas"}


def contents(url: str) -> object:
    """Everything in a database: of SQLite, the bytes of its file and what lies beside it."""
    if url.startswith("sqlite"):
        file = sqlite_file(url)
        return [
            (path.name, path.read_bytes()) for path in sorted(file.parent.glob(f"{file.name}*"))
        ]

    return in_its_own_words(url), every_row(url)


def test_what_a_newer_version_wrote_is_refused_untouched(backend: Backend, tmp_path: Path) -> None:
    url = backend.empty()
    with later_version(tmp_path):
        database = Database.open(url)
        new_mailbox(database)
        database.close()
    before = contents(url)
    with pytest.raises(UnsupportedDatabase, match="newer version of ewspush") as refused:
        Database.open(url)
    assert "later" in str(refused.value)
    assert contents(url) == before


# Other programs


def test_what_another_program_wrote_is_refused_untouched(backend: Backend) -> None:
    url = backend.empty()
    with_connection(url, lambda connection: connection.execute(text("CREATE TABLE a (b int)")))
    before = contents(url)
    with pytest.raises(UnsupportedDatabase, match="not those of ewspush"):
        Database.open(url)
    assert contents(url) == before


@pytest.mark.parametrize("revision", ["0001", "1", "head", "ae1027a6acf"])
def test_what_another_program_migrated_is_refused_untouched(
    backend: Backend, revision: str
) -> None:
    url = backend.empty()

    def migrate(connection: Connection) -> None:
        connection.execute(text("CREATE TABLE alembic_version (version_num varchar(32))"))
        connection.execute(text("INSERT INTO alembic_version VALUES (:it)"), {"it": revision})
        connection.execute(text("CREATE TABLE a (b int)"))

    with_connection(url, migrate)
    before = contents(url)
    with pytest.raises(UnsupportedDatabase):
        Database.open(url)
    assert contents(url) == before


@pytest.mark.parametrize("mode", ["delete", "truncate", "wal"])
def test_an_sqlite_file_of_another_program_keeps_its_journal_mode(
    mode: str, tmp_path: Path
) -> None:
    file = tmp_path / "other.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(f"PRAGMA journal_mode={mode}")
        connection.execute("CREATE TABLE a (b)")
    before = contents(f"sqlite:///{file}")
    with pytest.raises(UnsupportedDatabase):
        Database.open(f"sqlite:///{file}")
    assert contents(f"sqlite:///{file}") == before


@pytest.mark.parametrize("content", [b"To: user@example.org\r\n" * 100, bytes(4096)])
def test_a_file_that_is_no_database_is_refused_untouched(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "mail.mbox"
    file.write_bytes(content)
    with pytest.raises(UnsupportedDatabase):
        Database.open(f"sqlite:///{file}")
    assert contents(f"sqlite:///{file}") == [(file.name, content)]


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedDatabase):
        Database.open(f"sqlite:///{tmp_path}")


def test_a_postgresql_server_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(UnsupportedDatabase, match="connect") as refused:
        Database.open(f"postgresql://user:pa55word@/name?host={tmp_path}")
    assert "pa55word" not in str(refused.value)
