"""Options that several commands have, and the forms in which they print."""

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ewspush.control import CommandError

if TYPE_CHECKING:
    from ewspush.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])

_config = click.option(
    "--config",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Settings (TOML); samples/ewspush.toml has them all.",
)
_data = click.option(
    "--data",
    metavar="DIR",
    help="The data directory.  [default: ewspush-data, if no setting says otherwise]",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def where(command: F) -> F:
    """--config and --data: which server a command is for."""
    return _config(_data(command))


def load(config: Path | None, data: str | None, **server: Any) -> "Settings":
    """The settings, those of the command line first. Raises CommandError."""
    # Imported late: Pydantic takes a while, and --help does not need it.
    from ewspush import settings

    given = {key: value for key, value in {"data": data, **server}.items() if value is not None}
    try:
        return settings.load(config, os.environ, {"server": given})
    except settings.InvalidSettings as error:
        raise CommandError(str(error)) from None


def keep_files_private() -> None:
    """Let only the owner read the files that follow: they hold mail and password hashes."""
    os.umask(0o077)


def describe(error: OSError) -> str:
    """What went wrong, and with which file."""
    return f"{error.filename}: {error.strerror}" if error.filename else error.strerror or str(error)


def print_error(text: str) -> None:
    """On one line of standard error."""
    click.echo(f"ewspush: {' '.join(text.split())}", err=True)


def print_json(value: object) -> None:
    """For programs."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """For people: columns as wide as they need to be, nothing but a title above them."""
    lines = [[title.upper() for title in columns], *([_text(cell) for cell in r] for r in rows)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(columns))]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def printable(text: str) -> str:
    """`text` from outside, on one line and without what a terminal would obey."""
    return "".join(c if c.isprintable() else "?" for c in text)


def _text(cell: object) -> str:
    return "-" if cell is None else printable(str(cell))
