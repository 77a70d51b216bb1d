"""Making and migrating the tables.

A new SQLite database gets them from the schema at once, any other one with Alembic's migrations,
to the same effect: a new PostgreSQL database too, whose server may lack an extension.
"""

from pathlib import Path

from sqlalchemy import Column, Connection, Engine, MetaData, String, Table, inspect, select, text
from sqlalchemy.schema import PrimaryKeyConstraint

from ewspush.store import attempt_schema, directory_schema, listing_schema, schema

FOLDER = Path(__file__).parent
HEAD = "ewspush_0005"  # the last of `versions/`

# What is in the metadata: the tables of all modules that are imported.
SCHEMA = (schema, directory_schema, listing_schema, attempt_schema)

_VERSION = Table(  # as Alembic makes it
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


class UnknownRevision(Exception):
    """The database is not one of this version's or an older one's."""


def upgrade(engine: Engine) -> None:
    """Bring the database to this version's tables, in one transaction.

    Raises UnknownRevision, the database untouched, if a newer version or another program wrote it.
    """
    with engine.begin() as connection:
        _wait_for_others(connection)
        current = _revision(connection)
        if current is None and connection.dialect.name == "sqlite":
            _create(connection)
        elif current != HEAD:
            _migrate(connection, current)


def _wait_for_others(connection: Connection) -> None:
    """Whoever opens the same database at this time comes after us, or before."""
    if connection.dialect.name == "postgresql":  # on SQLite the transaction is enough
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('ewspush migrations'))"))


def _revision(connection: Connection) -> str | None:
    """None if there are no tables. Raises UnknownRevision if there are others."""
    tables = inspect(connection).get_table_names()
    if not tables:
        return None
    found = connection.scalars(select(_VERSION)).all() if _VERSION.name in tables else []
    if len(found) != 1:
        raise UnknownRevision("the database has tables, but they are not those of ewspush")
    return str(found[0])


def _create(connection: Connection) -> None:
    schema.metadata.create_all(connection, checkfirst=False)
    _VERSION.create(connection, checkfirst=False)
    connection.execute(_VERSION.insert(), {"version_num": HEAD})


def _migrate(connection: Connection, current: str | None) -> None:
    # Imported late: Alembic takes a while, and most starts find nothing to migrate.
    from ewspush.store.migrations import steps  # noqa: PLC0415

    if current is not None and not steps.is_known(FOLDER, current):
        raise UnknownRevision(
            f"the database was written by a newer version of ewspush (its revision is {current}):"
            " use that version or a newer one"
        )
    steps.take(FOLDER, connection)
