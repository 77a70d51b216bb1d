"""`ewspush org` and `ewspush domain`."""

from pathlib import Path

import click

from ewspush.cli import options
from ewspush.cli.connection import call, call_creating, connect


@click.group()
def org() -> None:
    """Create, list and delete organizations.

    Who serves only one needs none of this: it is made with the first mailbox, as `default`. ORG is
    an alias or an id.
    """


@org.command("create")
@click.argument("alias")
@options.where
@options.as_json
def create_org(alias: str, config: Path | None, data: str | None, as_json: bool) -> None:
    """Create the organization ALIAS.

    \b
    ewspush org create example
    """
    created = call_creating(config, data, "org.create", alias=alias)
    in_words = f"created {created['alias']} ({created['id']})"
    options.print_result(created, in_words, as_json=as_json)


@org.command("list")
@options.where
@options.as_json
def list_orgs(config: Path | None, data: str | None, as_json: bool) -> None:
    """List organizations that are not deleted.

    \b
    ewspush org list
    """
    found = call(config, data, "org.list")
    columns = {"alias": "alias", "id": "id", "created": "created_at"}
    options.print_records(found, columns, as_json=as_json)


@org.command("delete")
@click.argument("org")
@options.yes
@options.where
@options.as_json
def delete_org(
    org: str, is_meant: bool, config: Path | None, data: str | None, as_json: bool
) -> None:
    """Delete the organization ORG with its domains and mailboxes.

    \b
    ewspush org delete example
    ewspush org delete example --yes

    It is asked whether that is meant; without a terminal --yes is needed. Nobody can use its
    mailboxes from then on, nor restore them; they are gone for good after 30 days.
    """
    question = f"Delete {org} with all its mailboxes? None of them can be restored."
    options.confirm(question, is_meant=is_meant)
    deleted = call(config, data, "org.delete", organization=org)
    options.print_result(deleted, f"deleted {deleted['alias']}", as_json=as_json)


@click.group()
def domain() -> None:
    """Create, list and delete domains.

    A domain is also made with its first mailbox. DOMAIN is a name or an id.
    """


@domain.command("create")
@click.argument("name")
@options.organization
@options.where
@options.as_json
def create_domain(
    name: str, organization: str | None, config: Path | None, data: str | None, as_json: bool
) -> None:
    """Create the domain NAME, in the organization of --org if there are several.

    \b
    ewspush domain create example.org
    ewspush domain create example.org --org example
    """
    created = call_creating(config, data, "domain.create", name=name, organization=organization)
    in_words = f"created {created['name']} ({created['id']})"
    options.print_result(created, in_words, as_json=as_json)


@domain.command("list")
@options.organization
@options.where
@options.as_json
def list_domains(
    organization: str | None, config: Path | None, data: str | None, as_json: bool
) -> None:
    """List domains that are not deleted, of all organizations or of one.

    \b
    ewspush domain list --org example
    """
    settings = options.load(config, data)
    with connect(settings) as server:
        found = server.call("domain.list", organization=organization)
        aliases = {each["id"]: each["alias"] for each in server.call("org.list")}
    if as_json:
        options.print_json(found)
        return
    rows = [
        [each["name"], aliases.get(each["organization_id"]), each["id"], each["created_at"]]
        for each in found
    ]
    options.print_table(("name", "organization", "id", "created"), rows)


@domain.command("delete")
@click.argument("domain")
@options.where
@options.as_json
def delete_domain(domain: str, config: Path | None, data: str | None, as_json: bool) -> None:
    """Delete DOMAIN, which must have no mailboxes, nor deleted ones that can be restored.

    \b
    ewspush domain delete example.org
    """
    deleted = call(config, data, "domain.delete", domain=domain)
    options.print_result(deleted, f"deleted {deleted['name']}", as_json=as_json)
