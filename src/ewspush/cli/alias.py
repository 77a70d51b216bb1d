"""`ewspush alias`."""

from pathlib import Path

import click

from ewspush.cli import options
from ewspush.cli.connection import call

_COLUMNS = {"alias": "email", "id": "id", "created": "created_at", "description": "description"}


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
    wanted = {"mailbox": mailbox, "alias": alias, "description": description}
    created = call(config, data, "alias.create", **wanted)
    options.print_result(created, f"created {created['email']}", as_json=as_json)


@alias.command("list")
@click.argument("mailbox")
@options.where
@options.as_json
def list_(mailbox: str, config: Path | None, data: str | None, as_json: bool) -> None:
    """List the aliases of MAILBOX.

    \b
    ewspush alias list ann@example.org
    """
    found = call(config, data, "alias.list", mailbox=mailbox)
    options.print_records(found, _COLUMNS, as_json=as_json)


@alias.command()
@click.argument("alias")
@options.where
@options.as_json
def delete(alias: str, config: Path | None, data: str | None, as_json: bool) -> None:
    """Give up ALIAS, an address or an id. Others may have it at once.

    \b
    ewspush alias delete sales@example.org
    """
    deleted = call(config, data, "alias.delete", alias=alias)
    options.print_result(deleted, f"deleted {deleted['email']}", as_json=as_json)
