"""`ewspush org`, `domain`, `user`, `alias`, `permission`, `admin` and `audit`."""

import json
import sqlite3
from contextlib import closing

import pytest

from support.running_server import EwsClient, Mailbox


@pytest.fixture(params=["server", "database"])
def data(request, elsewhere):
    """A data directory: a running server's, or one that no server uses."""
    if request.param == "server":
        return request.getfixturevalue("server").data
    return elsewhere / "data"


@pytest.fixture
def give(ewspush, data):
    """Gives a command that succeeds; what it printed."""

    def give(*arguments, stdin=b""):
        told = ewspush(*arguments, "--data", data, stdin=stdin)
        assert (told.status, told.err) == (0, "")
        return told.out

    return give


@pytest.fixture
def own(address):
    """A name that no other test has, for an organization or an administrator."""
    return address.partition("@")[0]


def rows(table):
    return [line.split() for line in table.splitlines()[1:]]


def test_organizations_and_domains_are_created_listed_and_deleted(give, own):
    assert give("org", "create", own.upper()).startswith(f"created {own} (")
    give("domain", "create", f"{own}.example", "--org", own)
    assert own in [row[0] for row in rows(give("org", "list"))]
    assert [row[:2] for row in rows(give("domain", "list", "--org", own))] == [
        [f"{own}.example", own]
    ]
    (listed,) = json.loads(give("domain", "list", "--org", own, "--json"))
    assert give("domain", "delete", listed["id"]) == f"deleted {own}.example\n"
    assert give("org", "delete", own, "--yes") == f"deleted {own}\n"
    assert own not in [row[0] for row in rows(give("org", "list"))]


def test_a_domain_needs_no_organization_before_it(ewspush, elsewhere):
    assert ewspush("domain", "create", "example.org").status == 0
    assert [row[:2] for row in rows(ewspush("domain", "list").out)] == [["example.org", "default"]]


def test_several_organizations_must_be_told_apart(ewspush, elsewhere):
    for alias in ("one", "two"):
        ewspush("org", "create", alias)
    ewspush("domain", "create", "y.example", "--org", "one")
    for command in (
        ["domain", "create", "x.example"],
        ["mailbox", "create", "a@x.example"],
        ["mailbox", "list"],
        ["user", "list"],
    ):
        told = ewspush(*command)
        assert (told.status, told.out) == (1, "")
        assert told.err == (
            "ewspush: there are 2 organizations: say which one"
            " (--org: the alias or the id of an organization)\n"
        )
    assert ewspush("mailbox", "create", "a@x.example", "--org", "two").status == 0
    assert "a@x.example" in ewspush("mailbox", "list", "--org", "two").out
    assert "a@x.example" in ewspush("mailbox", "list", "--domain", "x.example").out


def test_the_life_of_a_user(give, ewspush, data, address):
    created = give("user", "create", address, "--name", "Ann Example")
    first, second = created.splitlines()
    assert first == f"created {address}"
    assert second.startswith("password: ")
    shown = json.loads(give("user", "show", address, "--json"))
    assert (shown["name"], shown["state"]) == ("Ann Example", "enabled")
    assert "state:                enabled" in give("user", "show", shown["id"])
    assert give("user", "disable", address).startswith(f"disabled {address}: can be enabled until")
    assert address in give("user", "list", "--state", "disabled", "--search", "ann")
    assert give("user", "enable", shown["id"]) == f"enabled {address}\n"
    assert give("user", "delete", address, "--yes") == f"deleted {address}\n"
    assert json.loads(give("user", "show", shown["id"], "--json"))["state"] == "deleted"
    again = ewspush("user", "enable", address, "--data", data)
    assert again.err == f"ewspush: the user of {address} is not in the directory\n"


def test_a_changed_password_works(ewspush, server, mailbox):
    told = ewspush("user", "password", mailbox.address, "--data", server.data)
    first, second = told.out.splitlines()
    assert first == f"changed the password of {mailbox.address}"
    changed = Mailbox(mailbox.address, second.removeprefix("password: "))
    assert EwsClient(server, changed).send("POST", body=b"<x/>").status != 401
    given = ewspush(
        *("user", "password", mailbox.address, "--password-stdin", "--data", server.data),
        stdin=b"another one\n",
    )
    assert given.out == f"changed the password of {mailbox.address}\n"
    changed = Mailbox(mailbox.address, "another one")
    assert EwsClient(server, changed).send("POST", body=b"<x/>").status != 401


def test_deleting_a_user_while_no_server_runs_purges_the_mailbox(ewspush, elsewhere):
    ewspush("mailbox", "create", "a@example.org")
    before = json.loads(ewspush("mailbox", "show", "a@example.org", "--json").out)
    assert before["folders"] > 0
    ewspush("user", "delete", "a@example.org", "--yes")
    after = json.loads(ewspush("mailbox", "show", before["id"], "--json").out)
    assert (after["status"], after["folders"]) == ("deleted", 0)
    changes = json.loads(ewspush("audit", "list", "--json").out)["changes"]
    assert [each["action"] for each in changes[:2]] == ["mailbox.purge", "user.delete"]


def test_deleting_a_user_while_no_server_runs_does_nothing_else_that_is_due(ewspush, elsewhere):
    ewspush("mailbox", "create", "a@example.org", "b@example.org")
    ewspush("mailbox", "delete", "b@example.org")
    with closing(sqlite3.connect("ewspush-data/ewspush.db")) as database, database:
        database.execute("UPDATE accounts SET due_at_s = 0 WHERE local_part = 'b'")
    ewspush("user", "delete", "a@example.org", "--yes")
    left = json.loads(ewspush("mailbox", "show", "b@example.org", "--json").out)
    assert (left["status"], left["folders"] > 0) == ("deletion_scheduled", True)


def test_deleting_a_user_while_a_server_runs_purges_the_mailbox(ewspush, ews_server, ews_mailbox):
    data = ews_server.status().data
    ewspush("user", "delete", ews_mailbox.address, "--yes", "--data", data)
    ews_server.advance("1m")
    changes = json.loads(ewspush("audit", "list", "--json", "--data", data).out)["changes"]
    assert [each["action"] for each in changes[:2]] == ["mailbox.purge", "user.delete"]


@pytest.mark.parametrize(
    "what", [["user", "delete", "a@example.org"], ["org", "delete", "default"]]
)
def test_what_cannot_be_undone_is_asked_for(ewspush, elsewhere, what):
    ewspush("mailbox", "create", "a@example.org")
    refused = ewspush(*what)
    assert (refused.status, refused.out) == (1, "")
    assert refused.err == (
        "ewspush: this cannot be undone, and there is no terminal to ask at: give --yes\n"
    )
    declined = ewspush(*what, stdin=b"n\n", at_terminal=True)
    assert (declined.status, declined.out) == (1, "")
    assert declined.err.endswith("ewspush: nothing was changed\n")
    assert "1 of 1" in ewspush("mailbox", "list").out
    agreed = ewspush(*what, stdin=b"y\n", at_terminal=True)
    assert (agreed.status, agreed.out) == (0, f"deleted {what[-1]}\n")
    assert "0 of 0" in ewspush("mailbox", "list").out


def test_aliases_are_created_listed_and_deleted(give, address):
    alias = f"alias.{address}"
    give("mailbox", "create", address)
    assert give("alias", "create", address, alias, "--description", "x") == f"created {alias}\n"
    (row,) = rows(give("alias", "list", address))
    assert (row[0], row[-1]) == (alias, "x")
    assert give("alias", "delete", alias) == f"deleted {alias}\n"
    assert rows(give("alias", "list", address)) == []


def test_permissions_are_granted_listed_and_revoked(give, address):
    delegate = f"delegate.{address}"
    give("mailbox", "create", address, delegate)
    told = give("permission", "grant", address, delegate)
    assert told == f"{delegate} has full access to {address}\n"
    (row,) = rows(give("permission", "list", address))
    assert row[:2] == [delegate, "full_access"]
    told = give("permission", "revoke", address, delegate)
    assert told == f"{delegate} has no access to {address} any more\n"
    assert rows(give("permission", "list", address)) == []


def test_administrators_are_created_listed_and_deleted(give, own):
    give("org", "create", own)
    first, second = give("admin", "create", own, "--org", own).splitlines()
    assert first == f"created {own}"
    assert second.startswith("password: ")
    told = give("admin", "create", f"{own}.all", "--password-stdin", stdin=b"some password\n")
    assert told == f"created {own}.all\n"
    listed = {row[0]: row[1] for row in rows(give("admin", "list"))}
    assert (listed[own], listed[f"{own}.all"]) == (own, "(all)")
    assert give("admin", "password", own).splitlines()[1].startswith("password: ")
    assert give("admin", "delete", own) == f"deleted {own}\n"
    assert own not in {row[0] for row in rows(give("admin", "list"))}
    give("org", "delete", own, "--yes")


def test_the_audit_log_shows_what_was_changed(give, address):
    give("mailbox", "create", address)
    give("mailbox", "update", address, "--period", "yearly")
    lines = give("audit", "list", "--mailbox", address).splitlines()
    assert "mailbox.update" in lines[1]
    assert "next_subscription_period monthly -> yearly" in lines[1]
    assert "command line" in lines[1]
    assert "mailbox.create" in lines[2]
    assert lines[-1] == "2 of 2"
    page = give("audit", "list", "--mailbox", address, "--page-size", "1", "--page", "2")
    assert page.splitlines()[-1] == "1 of 2, page 2 of 2"
