"""Options that several commands have, and the forms in which they print."""

import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
yes = click.option("--yes", "is_meant", is_flag=True, help="Do not ask whether it is meant.")
organization = click.option(
    "--org", "organization", metavar="ORG", help="The organization: its alias or its id."
)


@dataclass(slots=True)
class Form:
    """The form in which a command line asked for its output."""

    is_json: bool = False


def _set_form(context: click.Context, _option: click.Parameter, is_json: bool) -> bool:
    context.ensure_object(Form).is_json = is_json
    return is_json


as_json = click.option(
    "--json", "as_json", is_flag=True, callback=_set_form, help="Print JSON, errors too."
)


def pages(command: F) -> F:
    """--page and --page-size."""
    page = click.option(
        "--page", type=int, default=1, show_default=True, metavar="N", help="Which page."
    )
    page_size = click.option(
        "--page-size",
        type=int,
        default=100,
        show_default=True,
        metavar="N",
        help="Entries on a page, 1 to 1000.",
    )
    return page(page_size(command))


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


def print_json_error(error: CommandError) -> None:
    """For programs, on standard error."""
    click.echo(json.dumps(error.as_record(), indent=2, ensure_ascii=False), err=True)


def confirm(question: str, *, is_meant: bool) -> None:
    """Ask at the terminal, unless --yes was given. Raises CommandError if the answer is no."""
    if is_meant:
        return
    if not sys.stdin.isatty():
        raise CommandError("this cannot be undone, and there is no terminal to ask at: give --yes")
    if not click.confirm(question, err=True):
        raise CommandError("nothing was changed")


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


def print_page(page: int, page_size: int, shown: int, total: int) -> None:
    """Below a table that is a page of a list: how much there is in all."""
    pages = max(1, -(-total // page_size))
    click.echo(f"{shown} of {total}" + (f", page {page} of {pages}" if pages > 1 else ""))


def print_fields(fields: Sequence[tuple[str, object]]) -> None:
    """For people: a name and a value on each line."""
    for name, value in fields:
        click.echo(f"{name + ':':<22}{_text(value)}")


def printable(text: str) -> str:
    """`text` from outside, on one line and without what a terminal would obey."""
    return "".join(c if c.isprintable() else "?" for c in text)


def _text(cell: object) -> str:
    return "-" if cell is None else printable(str(cell))
