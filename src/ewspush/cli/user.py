"""`ewspush user`."""

from pathlib import Path
from typing import Any

import click

from ewspush.cli import options, passwords
from ewspush.cli.connection import connect
from ewspush.cli.selection import in_domain, of_new_mailbox, searched

STATES = ("enabled", "disabled", "deleted")


@click.group()
def user() -> None:
    """Enable, disable and delete the users of mailboxes, and change their passwords.

    USER is the address of the mailbox, or the user's id.
    """


@user.command()
@click.argument("address")
@of_new_mailbox
@passwords.options
@options.organization
@options.where
@options.as_json
def create(
    address: str,
    password_stdin: bool,
    password_prompt: bool,
    config: Path | None,
    data: str | None,
    as_json: bool,
    **wanted: Any,
) -> None:
    """Create a user with the mailbox ADDRESS: as `ewspush mailbox create`, for one.

    \b
    ewspush user create ann@example.org --name 'Ann Example'
    """
    settings = options.load(config, data)
    password = passwords.Source(password_stdin, password_prompt).read(address)
    options.keep_files_private()
    with connect(settings, may_create=True) as server:
        created = server.call("user.create", address=address, password=password, **wanted)
    _tell("created", created, as_json)


@user.command("list")
@options.organization
@in_domain
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice(STATES),
    metavar="STATE",
    help="Only enabled, disabled or deleted ones; may be repeated.  [default: all but deleted]",
)
@searched
@options.pages
@options.where
@options.as_json
def list_(config: Path | None, data: str | None, as_json: bool, **wanted: Any) -> None:
    """List users by name, and how many there are.

    \b
    ewspush user list --state disabled
    """
    settings = options.load(config, data)
    with connect(settings) as server:
        found = server.call("user.list", **wanted)
    if as_json:
        options.print_json(found)
        return
    listed = found["users"]
    titles = ("name", "address", "state", "id", "to be deleted")
    columns = ("name", "email", "state", "id", "deletion_scheduled_at")
    options.print_table(titles, [[each[column] for column in columns] for each in listed])
    options.print_page(wanted["page"], wanted["page_size"], len(listed), found["total_count"])


@user.command()
@click.argument("user")
@options.where
@options.as_json
def show(user: str, config: Path | None, data: str | None, as_json: bool) -> None:
    """Show USER, a deleted one too.

    \b
    ewspush user show ann@example.org

    `ewspush mailbox show` shows the mailbox.
    """
    found = _call(config, data, "user.show", user)
    if as_json:
        options.print_json(found)
    else:
        options.print_fields([(name.replace("_", " "), value) for name, value in found.items()])


@user.command()
@click.argument("user")
@options.where
@options.as_json
def disable(user: str, config: Path | None, data: str | None, as_json: bool) -> None:
    """Let USER's mailbox be used by nobody: as `ewspush mailbox delete`.

    \b
    ewspush user disable ann@example.org
    """
    disabled = _call(config, data, "user.disable", user)
    if as_json:
        options.print_json(disabled)
    else:
        until = disabled["deletion_scheduled_at"]
        click.echo(f"disabled {disabled['email']}: can be enabled until {until}")


@user.command()
@click.argument("user")
@options.where
@options.as_json
def enable(user: str, config: Path | None, data: str | None, as_json: bool) -> None:
    """Bring the mailbox of a disabled USER back: as `ewspush mailbox restore`.

    \b
    ewspush user enable ann@example.org
    """
    _tell("enabled", _call(config, data, "user.enable", user), as_json)


@user.command()
@click.argument("user")
@options.yes
@options.where
@options.as_json
def delete(user: str, is_meant: bool, config: Path | None, data: str | None, as_json: bool) -> None:
    """Delete USER and all that is in the mailbox, for good and at once.

    \b
    ewspush user delete ann@example.org
    ewspush user delete ann@example.org --yes

    It is asked whether that is meant; without a terminal --yes is needed. The address is free at
    once; a new user with it is another one.
    """
    options.confirm(f"Delete {user} and the whole mailbox, for good?", is_meant=is_meant)
    _tell("deleted", _call(config, data, "user.delete", user), as_json)


@user.command()
@click.argument("user")
@passwords.options
@options.where
@options.as_json
def password(
    user: str,
    password_stdin: bool,
    password_prompt: bool,
    config: Path | None,
    data: str | None,
    as_json: bool,
) -> None:
    """Give USER another password; it is generated and printed if none is given.

    \b
    ewspush user password ann@example.org
    ewspush user password ann@example.org --password-stdin < password.txt
    """
    settings = options.load(config, data)
    new = passwords.Source(password_stdin, password_prompt).read(user)
    with connect(settings) as server:
        changed = server.call("user.password", user=user, password=new)
    _tell("changed the password of", changed, as_json)


def _call(config: Path | None, data: str | None, command: str, user: str) -> dict[str, Any]:
    settings = options.load(config, data)
    with connect(settings) as server:
        found: dict[str, Any] = server.call(command, user=user)
    return found


def _tell(what: str, user: dict[str, Any], as_json: bool) -> None:
    if as_json:
        options.print_json(user)
        return
    click.echo(f"{what} {user['email']}")
    passwords.print_generated(user)
