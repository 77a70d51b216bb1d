"""The migrations, as Alembic takes them one after the other."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection


def is_known(folder: Path, revision: str) -> bool:
    """Whether there is a migration to this revision."""
    revisions = ScriptDirectory(str(folder)).walk_revisions()
    return revision in {each.revision for each in revisions}


def take(folder: Path, connection: Connection, to: str = "head") -> None:
    """Bring the database to a revision, within the transaction of the connection."""
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.attributes["connection"] = connection
    command.upgrade(config, to)
