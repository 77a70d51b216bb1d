"""`ewspush mailbox`."""

from pathlib import Path
from typing import Any

import click

from ewspush.cli import options, passwords
from ewspush.cli.connection import connect
from ewspush.cli.picture import print_picture
from ewspush.cli.selection import in_domain, of_new_mailbox, searched

STATUSES = ("active", "deletion_scheduled", "deleted")
ORDERS = ("name", "created_at", "updated_at", "status")
_PERIODS = ("monthly", "yearly", "canceled")


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
    settings = options.load(config, data)
    given = passwords.Source(password_stdin, password_prompt).read_all(addresses)
    options.keep_files_private()
    with connect(settings, may_create=True) as server:
        created = server.call(
            "mailbox.create",
            addresses=addresses,
            passwords=given,
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
    settings = options.load(config, data)
    with connect(settings) as server:
        found = server.call("mailbox.list", **wanted)
    if as_json:
        options.print_json(found)
        return
    listed = found["mailboxes"]
    titles = ("address", "name", "status", "period", "next period", "created", "to be deleted")
    columns = (
        "email",
        "name",
        "status",
        "subscription_period",
        "next_subscription_period",
        "created_at",
        "deletion_scheduled_at",
    )
    options.print_table(titles, [[each[column] for column in columns] for each in listed])
    options.print_page(wanted["page"], wanted["page_size"], len(listed), found["total_count"])


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
    settings = options.load(config, data)
    with connect(settings) as server:
        found = server.call("mailbox.show", mailbox=mailbox)
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
    settings = options.load(config, data)
    password = passwords.Source(password_stdin, password_prompt).read(mailbox)
    with connect(settings) as server:
        updated = server.call(
            "mailbox.update",
            mailbox=mailbox,
            period=period,
            password=password,
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
    settings = options.load(config, data)
    with connect(settings) as server:
        deleted = server.call("mailbox.delete", mailbox=mailbox)
    if as_json:
        options.print_json(deleted)
    else:
        until = deleted["deletion_scheduled_at"]
        click.echo(f"deleted {deleted['email']}: it can be restored until {until}")


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
    settings = options.load(config, data)
    with connect(settings) as server:
        restored = server.call("mailbox.restore", mailbox=mailbox)
    if as_json:
        options.print_json(restored)
    else:
        click.echo(f"restored {restored['email']}")


def _periods(mailbox: dict[str, Any]) -> str:
    runs, following = mailbox["subscription_period"], mailbox["next_subscription_period"]
    return f"{runs} until {mailbox['next_subscription_period_starts_at']}, then {following}"
