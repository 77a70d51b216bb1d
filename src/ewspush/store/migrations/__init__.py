"""Making and migrating the tables, with Alembic."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text


class UnknownRevision(Exception):
    """The database is not one of this version's or an older one's."""


def upgrade(engine: Engine) -> None:
    """Bring the database to this version's tables, in one transaction.

    Raises UnknownRevision, the database untouched, if a newer version or another program wrote it.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    script = ScriptDirectory.from_config(config)
    with engine.begin() as connection:
        _wait_for_others(connection)
        current = MigrationContext.configure(connection).get_current_revision()
        if current is None and inspect(connection).get_table_names():
            raise UnknownRevision("the database has tables, but they are not those of ewspush")
        if current is not None and current not in {r.revision for r in script.walk_revisions()}:
            raise UnknownRevision(
                f"the database was written by a newer version of ewspush (its revision is"
                f" {current}): use that version or a newer one"
            )
        if current != script.get_current_head():
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def _wait_for_others(connection: Connection) -> None:
    """Whoever opens the same database at this time comes after us, or before."""
    if connection.dialect.name == "postgresql":  # on SQLite the transaction is enough
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('ewspush migrations'))"))
