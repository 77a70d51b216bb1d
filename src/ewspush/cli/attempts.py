"""Attempts to deliver a notification, as `ewspush subscription show` prints them."""

from collections.abc import Sequence
from typing import Any

import click

from ewspush.cli import options

MOST = 1000  # that are shown
_LONGEST_BODY = 4000  # characters of one that are shown

_COLUMNS = {
    "outcome": "outcome",
    "http_status": "http",
    "connect_ms": "connect",
    "tls_ms": "tls",
    "first_byte_ms": "first byte",
    "total_ms": "total ms",
    "previous_watermark": "previous",
    "watermark": "watermark",
}


def print_attempts(attempts: Sequence[dict[str, Any]]) -> None:
    """A table, below what is told of the subscription."""
    click.echo()
    columns = ("at", "events", *_COLUMNS.values(), "detail")
    options.print_table(columns, [_row(each) for each in attempts])


def _row(attempt: dict[str, Any]) -> list[object]:
    cells = (_cell(attempt[name]) for name in _COLUMNS)
    return [attempt["at"], _events(attempt), *cells, attempt["detail"] or None]


def _cell(value: object) -> object:
    return f"{value:.1f}" if isinstance(value, float) else value


def _events(attempt: dict[str, Any]) -> str:
    if attempt["kind"] == "status":
        return "status"
    return f"{attempt['events']}{' and more' if attempt['more_events'] else ''}"


def print_bodies(attempts: Sequence[dict[str, Any]]) -> None:
    """The requests and the answers that were kept."""
    kept = [each for each in attempts if each["request"] or each["answer"]]
    for attempt in kept:
        for name in ("request", "answer"):
            _print_body(f"{name} of {attempt['at']}, {attempt['outcome']}", attempt[name])
    if not kept:
        click.echo("\nno bodies are kept of these attempts")


def _print_body(title: str, body: str | None) -> None:
    click.echo(f"\n{options.printable(title)}:")
    for line in (body or "(none)")[:_LONGEST_BODY].splitlines():
        click.echo(f"  {options.printable(line)}")
    if body and len(body) > _LONGEST_BODY:
        click.echo(f"  ({len(body) - _LONGEST_BODY} more characters: --json has them)")
