"""`ewspush permission`."""

from pathlib import Path

import click

from ewspush.cli import options
from ewspush.cli.connection import call


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
    granted = call(config, data, "permission.grant", mailbox=mailbox, delegate=delegate)
    in_words = f"{granted['delegate']} has full access to {granted['mailbox']}"
    options.print_result(granted, in_words, as_json=as_json)


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
    revoked = call(config, data, "permission.revoke", mailbox=mailbox, delegate=delegate)
    in_words = f"{delegate} has no access to {mailbox} any more"
    options.print_result(revoked, in_words, as_json=as_json)


@permission.command("list")
@click.argument("mailbox")
@options.where
@options.as_json
def list_(mailbox: str, config: Path | None, data: str | None, as_json: bool) -> None:
    """List who has full access to MAILBOX.

    \b
    ewspush permission list ann@example.org
    """
    found = call(config, data, "permission.list", mailbox=mailbox)
    columns = {"delegate": "delegate", "permission": "permission", "since": "granted_at"}
    options.print_records(found, columns, as_json=as_json)
