"""Options that several commands have, and the forms in which they print."""

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
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
class Given:
    """What is known of a command line: the form of its output, and its command."""

    is_json: bool = False
    context: click.Context | None = None  # of a command that can print JSON


def _set_form(context: click.Context, _option: click.Parameter, is_json: bool) -> bool:
    given = context.ensure_object(Given)
    given.is_json, given.context = is_json, context
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


def print_result(result: object, in_words: str, *, as_json: bool) -> None:
    """What a command did, for programs or in a line for people."""
    if as_json:
        print_json(result)
    else:
        click.echo(in_words)


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """For people: columns as wide as they need to be, nothing but a title above them."""
    lines = [[title.upper() for title in columns], *([_text(cell) for cell in r] for r in rows)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(columns))]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def print_records(
    records: Sequence[Mapping[str, Any]], columns: Mapping[str, str], *, as_json: bool
) -> None:
    """A list, for programs or as a table. The columns have titles, and what each shows."""
    if as_json:
        print_json(records)
    else:
        print_table(tuple(columns), [[each[name] for name in columns.values()] for each in records])


def print_page(
    found: Mapping[str, Any],
    kind: str,
    columns: Mapping[str, str],
    wanted: Mapping[str, Any],
    *,
    as_json: bool,
) -> None:
    """The wanted page of a list of this kind; for people how much there is in all, too."""
    if as_json:
        print_json(found)
        return
    records, total = found[kind], found["total_count"]
    print_records(records, columns, as_json=False)
    pages = max(1, -(-total // wanted["page_size"]))
    which = f", page {wanted['page']} of {pages}" if pages > 1 else ""
    click.echo(f"{len(records)} of {total}{which}")


def print_fields(fields: Sequence[tuple[str, object]]) -> None:
    """For people: a name and a value on each line."""
    for name, value in fields:
        click.echo(f"{name + ':':<22}{_text(value)}")


def printable(text: str) -> str:
    """`text` from outside, on one line and without what a terminal would obey."""
    return "".join(c if c.isprintable() else "?" for c in text)


def _text(cell: object) -> str:
    return "-" if cell is None else printable(str(cell))
