"""`ewspush queue`."""

from pathlib import Path
from typing import Any

import click

from ewspush.cli import options
from ewspush.cli.connection import connect

_mailbox = click.option("--mailbox", metavar="ADDRESS", help="Only what this mailbox sent.")


@click.group()
def queue() -> None:
    """See the mail to recipients elsewhere that is on its way, and why one still is."""


@queue.command("list")
@_mailbox
@options.where
@options.as_json
def list_(mailbox: str | None, config: Path | None, data: str | None, as_json: bool) -> None:
    """List what is queued, while the server runs or not.

    NEXT is when it is tried the next time, LAST FAILURE why the last time did not do.
    """
    settings = options.load(config, data)
    found: list[dict[str, Any]] = []
    with connect(settings) as server:
        after: list[int] | None = [0, 0]
        while after is not None:
            page = server.call("queue.list", mailbox=mailbox, after=after)
            found, after = found + page["messages"], page["next"]
    if as_json:
        options.print_json(found)
        return
    columns = ("sender", "recipients", "size", "queued", "failures", "next", "last failure")
    options.print_table(columns, [_row(each) for each in found])


@queue.command()
@_mailbox
@options.where
def retry(mailbox: str | None, config: Path | None, data: str | None) -> None:
    """Try now what waits to be tried again, once the relay is mended for one.

    While no server runs: as soon as one does.
    """
    settings = options.load(config, data)
    with connect(settings) as server:
        waited = server.call("queue.retry", mailbox=mailbox)["messages"]
    click.echo(f"{waited} message{'' if waited == 1 else 's'} waited")


def _row(found: dict[str, Any]) -> list[object]:
    first, *others = found["recipients"]
    return [
        found["sender"] or "<>",
        f"{first} and {len(others)} more" if others else first,
        found["size"],
        found["queued_at"],
        found["failures"],
        found["next_at"],
        found["last_failure"],
    ]
