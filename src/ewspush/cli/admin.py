"""`ewspush admin` and `ewspush audit`."""

from pathlib import Path
from typing import Any

import click

from ewspush.cli import options, passwords
from ewspush.cli.connection import call, call_creating, connect


@click.group()
def admin() -> None:
    """Create, list and delete administrators, who manage mailboxes over SOAP.

    They are accounts of their own and cannot read mail. The command line needs none: it is for
    whoever may enter the data directory.
    """


@admin.command()
@click.argument("name")
@click.option(
    "--org",
    "organization",
    metavar="ORG",
    help="See and change nothing but this organization: its alias or its id.",
)
@passwords.options
@options.where
@options.as_json
def create(
    name: str,
    organization: str | None,
    password_stdin: bool,
    password_prompt: bool,
    config: Path | None,
    data: str | None,
    as_json: bool,
) -> None:
    """Create the administrator NAME, of all organizations or of one.

    \b
    ewspush admin create root
    ewspush admin create helpdesk --org example --password-prompt

    Without --password-stdin or --password-prompt a password is generated and printed, this once.
    """
    password = passwords.Source(password_stdin, password_prompt).read(name)
    wanted = {"name": name, "password": password, "organization": organization}
    _tell("created", call_creating(config, data, "admin.create", **wanted), as_json)


@admin.command("list")
@options.where
@options.as_json
def list_(config: Path | None, data: str | None, as_json: bool) -> None:
    """List administrators.

    \b
    ewspush admin list
    """
    settings = options.load(config, data)
    with connect(settings) as server:
        found = server.call("admin.list")
        aliases = {each["id"]: each["alias"] for each in server.call("org.list")}
    if as_json:
        options.print_json(found)
        return
    rows = [[each["name"], _of(each, aliases), each["created_at"]] for each in found]
    options.print_table(("name", "organization", "created"), rows)


@admin.command()
@click.argument("name")
@passwords.options
@options.where
@options.as_json
def password(
    name: str,
    password_stdin: bool,
    password_prompt: bool,
    config: Path | None,
    data: str | None,
    as_json: bool,
) -> None:
    """Give the administrator NAME another password; it is generated if none is given.

    \b
    ewspush admin password helpdesk
    """
    new = passwords.Source(password_stdin, password_prompt).read(name)
    changed = call(config, data, "admin.password", name=name, password=new)
    _tell("changed the password of", changed, as_json)


@admin.command()
@click.argument("name")
@options.where
@options.as_json
def delete(name: str, config: Path | None, data: str | None, as_json: bool) -> None:
    """Delete the administrator NAME, from the next request on.

    \b
    ewspush admin delete helpdesk
    """
    _tell("deleted", call(config, data, "admin.delete", name=name), as_json)


@click.group()
def audit() -> None:
    """See who changed what, and when."""


@audit.command("list")
@click.option("--mailbox", metavar="MAILBOX", help="Only changes of this one: address or id.")
@options.organization
@options.pages
@options.where
@options.as_json
def list_changes(config: Path | None, data: str | None, as_json: bool, **wanted: Any) -> None:
    """List changes, the newest first, whether made here or over SOAP.

    \b
    ewspush audit list
    ewspush audit list --mailbox ann@example.org

    ACTOR is an administrator, or a user of the operating system for the command line.
    """
    found = call(config, data, "audit.list", **wanted)
    if not as_json:
        found["changes"] = [{**each, "change": _change(each)} for each in found["changes"]]
    columns = {each: each for each in ("at", "actor", "origin", "action", "subject", "change")}
    options.print_page(found, "changes", columns, wanted, as_json=as_json)


def _change(audited: dict[str, Any]) -> str | None:
    """What is not the same before and after."""
    before, after = audited["before"] or {}, audited["after"] or {}
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return "; ".join(_difference(name, before.get(name), after.get(name)) for name in names) or None


def _difference(name: str, before: object, after: object) -> str:
    if before is None:
        return f"{name} {after}"
    if after is None:
        return f"{name} {before} -> none"
    return f"{name} {before} -> {after}"


def _tell(what: str, administrator: dict[str, Any], as_json: bool) -> None:
    if as_json:
        options.print_json(administrator)
        return
    click.echo(f"{what} {administrator['name']}")
    passwords.print_generated(administrator)


def _of(administrator: dict[str, Any], aliases: dict[str, str]) -> str:
    id = administrator["organization_id"]
    return "(all)" if id is None else aliases.get(id, id)
