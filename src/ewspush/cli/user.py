"""`ewspush user`."""

from pathlib import Path
from typing import Any

import click

from ewspush.cli import options, passwords
from ewspush.cli.connection import call, call_creating
from ewspush.cli.selection import in_domain, of_new_mailbox, searched

STATES = ("enabled", "disabled", "deleted")
_COLUMNS = {
    "name": "name",
    "address": "email",
    "state": "state",
    "id": "id",
    "to be deleted": "deletion_scheduled_at",
}


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
    password = passwords.Source(password_stdin, password_prompt).read(address)
    wanted |= {"address": address, "password": password}
    _tell("created", call_creating(config, data, "user.create", **wanted), as_json)


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
    found = call(config, data, "user.list", **wanted)
    options.print_page(found, "users", _COLUMNS, wanted, as_json=as_json)


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
    found = call(config, data, "user.show", user=user)
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
    disabled = call(config, data, "user.disable", user=user)
    until = disabled["deletion_scheduled_at"]
    in_words = f"disabled {disabled['email']}: can be enabled until {until}"
    options.print_result(disabled, in_words, as_json=as_json)


@user.command()
@click.argument("user")
@options.where
@options.as_json
def enable(user: str, config: Path | None, data: str | None, as_json: bool) -> None:
    """Bring the mailbox of a disabled USER back: as `ewspush mailbox restore`.

    \b
    ewspush user enable ann@example.org
    """
    _tell("enabled", call(config, data, "user.enable", user=user), as_json)


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
    _tell("deleted", call(config, data, "user.delete", user=user), as_json)


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
    new = passwords.Source(password_stdin, password_prompt).read(user)
    changed = call(config, data, "user.password", user=user, password=new)
    _tell("changed the password of", changed, as_json)


def _tell(what: str, user: dict[str, Any], as_json: bool) -> None:
    if as_json:
        options.print_json(user)
        return
    click.echo(f"{what} {user['email']}")
    passwords.print_generated(user)
