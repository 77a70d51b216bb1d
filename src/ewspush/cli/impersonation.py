"""`ewspush impersonation`."""

from pathlib import Path
from typing import Any

import click

from ewspush.cli import options
from ewspush.cli.connection import connect


@click.group()
def impersonation() -> None:
    """Say which accounts may act for other mailboxes (ExchangeImpersonation)."""


_of_all = click.option("--all", "of_all", is_flag=True, help="Every mailbox, later ones too.")
_of = click.option(
    "--of", metavar="ADDRESS", multiple=True, help="This mailbox; can be given several times."
)


@impersonation.command()
@click.argument("address")
@_of_all
@_of
@options.where
def grant(
    address: str, of_all: bool, of: tuple[str, ...], config: Path | None, data: str | None
) -> None:
    """Let the account ADDRESS act for other mailboxes, while the server runs or not.

    \b
    ewspush impersonation grant service@example.org --of a@example.org --of b@example.org
    ewspush impersonation grant service@example.org --all
    """
    _change("impersonation.grant", address, of_all, of, config, data)


@impersonation.command()
@click.argument("address")
@click.option("--all", "of_all", is_flag=True, help="Every right, those by --of too.")
@_of
@options.where
def revoke(
    address: str, of_all: bool, of: tuple[str, ...], config: Path | None, data: str | None
) -> None:
    """Take rights of the account ADDRESS back, from its next request on.

    \b
    ewspush impersonation revoke service@example.org --of a@example.org
    ewspush impersonation revoke service@example.org --all

    What it subscribed to for another mailbox belongs to that mailbox, and stays.
    """
    _change("impersonation.revoke", address, of_all, of, config, data)


@impersonation.command("list")
@options.where
@options.as_json
def list_(config: Path | None, data: str | None, as_json: bool) -> None:
    """List the rights, while the server runs or not."""
    settings = options.load(config, data)
    found: list[dict[str, Any]] = []
    with connect(settings) as server:
        after: list[int] | None = [0, 0]
        while after is not None:
            page = server.call("impersonation.list", after=after)
            found, after = found + page["rights"], page["next"]
    found.sort(key=lambda each: (each["account"], each["of"] or ""))
    if as_json:
        options.print_json(found)
    else:
        rows = [[each["account"], each["of"] or "(all)"] for each in found]
        options.print_table(("account", "may act for"), rows)


def _change(
    command: str,
    address: str,
    of_all: bool,
    of: tuple[str, ...],
    config: Path | None,
    data: str | None,
) -> None:
    if of_all == bool(of):
        raise click.UsageError("Give either --all or --of.", click.get_current_context())
    settings = options.load(config, data)
    with connect(settings) as server:
        now = server.call(command, account=address, of=None if of_all else of)
    click.echo(f"{now['account']} may act for {_extent(now)}")


def _extent(rights: dict[str, Any]) -> str:
    if rights["of_all"]:
        return "all mailboxes"
    count = rights["named"]
    return {0: "no other mailbox", 1: "1 other mailbox"}.get(count, f"{count} other mailboxes")
