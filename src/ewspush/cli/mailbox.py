"""`ewspush mailbox`."""

import sys
from pathlib import Path
from typing import Any

import click

from ewspush.cli import options
from ewspush.cli.connection import connect
from ewspush.control import CommandError

_PASSWORD_LIMIT = 8192  # bytes read; what is too long is refused by the command


@click.group()
def mailbox() -> None:
    """Create and list mailboxes."""


@mailbox.command()
@click.argument("address")
@click.option(
    "--password-stdin", is_flag=True, help="Read the password, one line, from standard input."
)
@options.where
def create(address: str, password_stdin: bool, config: Path | None, data: str | None) -> None:
    """Create the mailbox ADDRESS, while the server runs or not.

    \b
    ewspush mailbox create user@example.org
    ewspush mailbox create user@example.org --password-stdin < password.txt

    Without --password-stdin a password is generated and printed. It is shown this once: only its
    hash is kept.
    """
    settings = options.load(config, data)
    password = _read_password() if password_stdin else None
    options.keep_files_private()
    with connect(settings.server, may_create=True) as server:
        created = server.call("mailbox.create", address=address, password=password)
    click.echo(f"created {created['address']}")
    if "password" in created:
        click.echo(f"password: {created['password']}")


@mailbox.command("list")
@options.where
@options.as_json
def list_(config: Path | None, data: str | None, as_json: bool) -> None:
    """List mailboxes, while the server runs or not.

    EVENTS counts all that ever happened in a mailbox, SUBSCRIPTIONS the live ones.
    """
    settings = options.load(config, data)
    found: list[dict[str, Any]] = []
    with connect(settings.server) as server:
        while page := server.call("mailbox.list", after=found[-1]["address"] if found else ""):
            found += page
    if as_json:
        options.print_json(found)
    else:
        columns = ("address", "created_at", "events", "subscriptions")
        titles = ("address", "created", "events", "subscriptions")
        options.print_table(titles, [[each[name] for name in columns] for each in found])


def _read_password() -> str:
    line = sys.stdin.buffer.readline(_PASSWORD_LIMIT)
    try:
        return line.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise CommandError("the password is not UTF-8") from None
