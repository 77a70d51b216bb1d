"""Options that several commands have."""

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from ewspush import settings as all_settings
from ewspush.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])

_config = click.option(
    "--config", type=click.Path(path_type=Path, dir_okay=False), help="A settings file (TOML)."
)
_data = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="The data directory; ./ewspush-data if neither this nor a setting says otherwise.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def where(command: F) -> F:
    """--config and --data: which server a command is for."""
    return _config(_data(command))


def load(config: Path | None, data: Path | None, **server: Any) -> Settings:
    """The settings, those of the command line first. Raises InvalidSettings."""
    given = {key: value for key, value in {"data": data, **server}.items() if value is not None}
    return all_settings.load(config, os.environ, {"server": given})


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


def _text(cell: object) -> str:
    return "-" if cell is None else str(cell)
