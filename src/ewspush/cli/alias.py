"""`ewspush alias`."""

from pathlib import Path

import click

from ewspush.cli import options
from ewspush.cli.connection import connect


@click.group()
def alias() -> None:
    """Give mailboxes more addresses, and take these back.

    MAILBOX is an address, an alias or an id.
    """


@alias.command()
@click.argument("mailbox")
@click.argument("alias")
@click.option("--description", metavar="TEXT", help="What it is for.")
@options.where
@options.as_json
def create(
    mailbox: str,
    alias: str,
    description: str | None,
    config: Path | None,
    data: str | None,
    as_json: bool,
) -> None:
    """Let mail to ALIAS, an address in its domain, reach MAILBOX.

    \b
    ewspush alias create ann@example.org sales@example.org --description 'until May'

    Its owner can also log in with it.
    """
    settings = options.load(config, data)
    with connect(settings) as server:
        created = server.call("alias.create", mailbox=mailbox, alias=alias, description=description)
    if as_json:
        options.print_json(created)
    else:
        click.echo(f"created {created['email']}")


@alias.command("list")
@click.argument("mailbox")
@options.where
@options.as_json
def list_(mailbox: str, config: Path | None, data: str | None, as_json: bool) -> None:
    """List the aliases of MAILBOX.

    \b
    ewspush alias list ann@example.org
    """
    settings = options.load(config, data)
    with connect(settings) as server:
        found = server.call("alias.list", mailbox=mailbox)
    if as_json:
        options.print_json(found)
    else:
        columns = ("email", "id", "created_at", "description")
        rows = [[each[column] for column in columns] for each in found]
        options.print_table(("alias", "id", "created", "description"), rows)


@alias.command()
@click.argument("alias")
@options.where
@options.as_json
def delete(alias: str, config: Path | None, data: str | None, as_json: bool) -> None:
    """Give up ALIAS, an address or an id. Others may have it at once.

    \b
    ewspush alias delete sales@example.org
    """
    settings = options.load(config, data)
    with connect(settings) as server:
        deleted = server.call("alias.delete", alias=alias)
    if as_json:
        options.print_json(deleted)
    else:
        click.echo(f"deleted {deleted['email']}")
