"""`ewspush permission`."""

from pathlib import Path

import click

from ewspush.cli import options
from ewspush.cli.connection import connect


@click.group()
def permission() -> None:
    """Let a user use another user's mailbox: delegates with full access.

    MAILBOX and DELEGATE are addresses, aliases or ids of mailboxes.
    """


@permission.command()
@click.argument("mailbox")
@click.argument("delegate")
@options.where
@options.as_json
def grant(
    mailbox: str, delegate: str, config: Path | None, data: str | None, as_json: bool
) -> None:
    """Give DELEGATE full access to the folders and items of MAILBOX.

    \b
    ewspush permission grant ann@example.org assistant@example.org

    Both are of one organization.
    """
    settings = options.load(config, data)
    with connect(settings) as server:
        granted = server.call("permission.grant", mailbox=mailbox, delegate=delegate)
    if as_json:
        options.print_json(granted)
    else:
        click.echo(f"{granted['delegate']} has full access to {granted['mailbox']}")


@permission.command()
@click.argument("mailbox")
@click.argument("delegate")
@options.where
@options.as_json
def revoke(
    mailbox: str, delegate: str, config: Path | None, data: str | None, as_json: bool
) -> None:
    """Take DELEGATE's access to MAILBOX back, from the next request on.

    \b
    ewspush permission revoke ann@example.org assistant@example.org
    """
    settings = options.load(config, data)
    with connect(settings) as server:
        revoked = server.call("permission.revoke", mailbox=mailbox, delegate=delegate)
    if as_json:
        options.print_json(revoked)
    else:
        click.echo(f"{delegate} has no access to {mailbox} any more")


@permission.command("list")
@click.argument("mailbox")
@options.where
@options.as_json
def list_(mailbox: str, config: Path | None, data: str | None, as_json: bool) -> None:
    """List who has full access to MAILBOX.

    \b
    ewspush permission list ann@example.org
    """
    settings = options.load(config, data)
    with connect(settings) as server:
        found = server.call("permission.list", mailbox=mailbox)
    if as_json:
        options.print_json(found)
    else:
        rows = [[each["delegate"], each["permission"], each["granted_at"]] for each in found]
        options.print_table(("delegate", "permission", "since"), rows)
