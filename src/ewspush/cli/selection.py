"""Options that mailboxes and their users share: which of them, and what a new one has."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

in_domain = click.option("--domain", metavar="DOMAIN", help="Only those in this domain.")
searched = click.option(
    "--search", metavar="TEXT", help="Only those with this text in name or address before the @."
)
_name = click.option("--name", help="The user's name.  [default: the address before the @]")
_aliases = click.option(
    "--alias",
    "aliases",
    metavar="ADDRESS",
    multiple=True,
    help="Another address in the same domain; may be repeated.",
)
_period = click.option(
    "--period",
    type=click.Choice(("monthly", "yearly")),
    default="monthly",
    show_default=True,
    metavar="PERIOD",
    help="The subscription period, monthly or yearly.",
)


def of_new_mailbox(command: F) -> F:
    """--name, --alias and --period."""
    return _name(_aliases(_period(command)))
