"""`ewspush mailbox`."""

import sys
from pathlib import Path
from typing import Any

import click

from ewspush.cli import options
from ewspush.control import client


@click.group()
def mailbox() -> None:
    """Create and list mailboxes, while the server runs or not."""


@mailbox.command()
@click.argument("address")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@options.where
def create(address: str, password_stdin: bool, config: Path | None, data: Path | None) -> None:
    """Create the mailbox ADDRESS, as in: ewspush mailbox create user@example.org

    Prints a password that it generates, unless --password-stdin gives one.
    """
    settings = options.load(config, data)
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    with client.connect(settings.server) as server:
        created = server.call("mailbox.create", address=address, password=password)
    click.echo(f"created {created['address']}")
    if "password" in created:
        click.echo(f"password: {created['password']}")


@mailbox.command("list")
@options.where
@options.as_json
def list_(config: Path | None, data: Path | None, as_json: bool) -> None:
    """List mailboxes, with how many events each has had and how many live subscriptions it has."""
    settings = options.load(config, data)
    found: list[dict[str, Any]] = []
    with client.connect(settings.server) as server:
        while page := server.call("mailbox.list", after=found[-1]["address"] if found else ""):
            found += page
    if as_json:
        options.print_json(found)
    else:
        columns = ("address", "created_at", "events", "subscriptions")
        options.print_table(columns, [[each[name] for name in columns] for each in found])
