"""`ewspush mailbox`."""

from pathlib import Path
from typing import Any

import click

from ewspush.cli import options, passwords
from ewspush.cli.connection import call, call_creating
from ewspush.cli.picture import print_picture
from ewspush.cli.selection import in_domain, of_new_mailbox, searched

STATUSES = ("active", "deletion_scheduled", "deleted")
ORDERS = ("name", "created_at", "updated_at", "status")
_PERIODS = ("monthly", "yearly", "canceled")
_COLUMNS = {
    "address": "email",
    "name": "name",
    "status": "status",
    "period": "subscription_period",
    "next period": "next_subscription_period",
    "created": "created_at",
    "to be deleted": "deletion_scheduled_at",
}


@click.group()
def mailbox() -> None:
    """Create, list, change, delete and restore mailboxes.

    MAILBOX is an address, an alias or an id.
    """


@mailbox.command()
@click.argument("addresses", metavar="ADDRESS...", nargs=-1, required=True)
@of_new_mailbox
@passwords.options
@options.organization
@options.where
@options.as_json
def create(
    addresses: tuple[str, ...],
    name: str | None,
    aliases: tuple[str, ...],
    period: str,
    password_stdin: bool,
    password_prompt: bool,
    organization: str | None,
    config: Path | None,
    data: str | None,
    as_json: bool,
) -> None:
    """Create mailboxes with their users, all or none, while the server runs or not.

    \b
    ewspush mailbox create user@example.org
    ewspush mailbox create user@example.org --alias sales@example.org --period yearly
    ewspush mailbox create user@example.org --password-stdin < password.txt
    ewspush mailbox create a@example.org b@example.org

    Without --password-stdin or --password-prompt a password is generated and printed. It is shown
    this once: only its hash is kept. Of several, standard input has one line for each.

    A domain that does not exist yet is made: in the organization of --org, in the only one there
    is, or in one called `default`.
    """
    if len(addresses) > 1 and (name or aliases):
        raise click.UsageError(
            "--name and --alias are for one mailbox.", click.get_current_context()
        )
    created = call_creating(
        config,
        data,
        "mailbox.create",
        addresses=addresses,
        passwords=passwords.Source(password_stdin, password_prompt).read_all(addresses),
        name=name,
        aliases=aliases,
        period=period,
        organization=organization,
    )
    if as_json:
        options.print_json(created)
        return
    for each in created:
        click.echo(f"created {each['email']}")
        passwords.print_generated(each)


@mailbox.command("list")
@options.organization
@in_domain
@click.option(
    "--status",
    "statuses",
    multiple=True,
    type=click.Choice(STATUSES),
    metavar="STATUS",
    help="Only active, deletion_scheduled or deleted ones; may be repeated."
    "  [default: all but deleted]",
)
@searched
@click.option(
    "--order",
    type=click.Choice(ORDERS),
    default="name",
    show_default=True,
    metavar="FIELD",
    help="By name, created_at, updated_at or status.",
)
@click.option("--descending", is_flag=True, help="The other way round.")
@options.pages
@options.where
@options.as_json
def list_(config: Path | None, data: str | None, as_json: bool, **wanted: Any) -> None:
    """List mailboxes, while the server runs or not, and how many there are.

    \b
    ewspush mailbox list
    ewspush mailbox list --domain example.org --search ann --order created_at --descending
    ewspush mailbox list --status deletion_scheduled --page 2 --page-size 50

    If there are several organizations, --org or --domain says whose.
    """
    found = call(config, data, "mailbox.list", **wanted)
    options.print_page(found, "mailboxes", _COLUMNS, wanted, as_json=as_json)


@mailbox.command()
@click.argument("mailbox")
@options.where
@options.as_json
def show(mailbox: str, config: Path | None, data: str | None, as_json: bool) -> None:
    """Show everything that is known of MAILBOX: its life, aliases, delegates, subscriptions.

    \b
    ewspush mailbox show user@example.org

    What comes next for a subscription is known to a running server only.
    """
    found = call(config, data, "mailbox.show", mailbox=mailbox)
    if as_json:
        options.print_json(found)
    else:
        print_picture(found)


@mailbox.command()
@click.argument("mailbox")
@click.option(
    "--period",
    type=click.Choice(_PERIODS),
    metavar="PERIOD",
    help="What follows the period that runs: monthly, yearly or canceled (it ends then).",
)
@passwords.options
@click.option("--password-generate", is_flag=True, help="Make up a new password and print it.")
@options.where
@options.as_json
def update(
    mailbox: str,
    period: str | None,
    password_stdin: bool,
    password_prompt: bool,
    password_generate: bool,
    config: Path | None,
    data: str | None,
    as_json: bool,
) -> None:
    """Change the subscription period of MAILBOX, its password, or both.

    \b
    ewspush mailbox update user@example.org --period yearly
    ewspush mailbox update user@example.org --password-stdin < password.txt
    """
    changes = (period is not None, password_stdin, password_prompt, password_generate)
    if not any(changes):
        raise click.UsageError("Say what to change.", click.get_current_context())
    if sum(changes[1:]) > 1:
        raise click.UsageError(
            "Give one of the options for a password.", click.get_current_context()
        )
    updated = call(
        config,
        data,
        "mailbox.update",
        mailbox=mailbox,
        period=period,
        password=passwords.Source(password_stdin, password_prompt).read(mailbox),
        generate_password=password_generate,
    )
    if as_json:
        options.print_json(updated)
        return
    click.echo(f"updated {updated['email']}: {_periods(updated)}")
    passwords.print_generated(updated)


@mailbox.command()
@click.argument("mailbox")
@options.where
@options.as_json
def delete(mailbox: str, config: Path | None, data: str | None, as_json: bool) -> None:
    """Let nobody use MAILBOX from now on; after 30 days it is gone for good.

    \b
    ewspush mailbox delete user@example.org

    Logins, mail and notifications stop at once. Until then `ewspush mailbox restore` brings it back
    as it was; `ewspush user delete` does not wait. [management] retention_days sets the time.
    """
    deleted = call(config, data, "mailbox.delete", mailbox=mailbox)
    until = deleted["deletion_scheduled_at"]
    in_words = f"deleted {deleted['email']}: it can be restored until {until}"
    options.print_result(deleted, in_words, as_json=as_json)


@mailbox.command()
@click.argument("mailbox")
@options.where
@options.as_json
def restore(mailbox: str, config: Path | None, data: str | None, as_json: bool) -> None:
    """Bring a deleted MAILBOX back as it was: mail, folders, ids, aliases, subscriptions.

    \b
    ewspush mailbox restore user@example.org

    Refused once its time has passed, and if its organization or its user was deleted.
    """
    restored = call(config, data, "mailbox.restore", mailbox=mailbox)
    options.print_result(restored, f"restored {restored['email']}", as_json=as_json)


def _periods(mailbox: dict[str, Any]) -> str:
    runs, following = mailbox["subscription_period"], mailbox["next_subscription_period"]
    return f"{runs} until {mailbox['next_subscription_period_starts_at']}, then {following}"
