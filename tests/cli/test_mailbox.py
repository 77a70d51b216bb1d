"""`ewspush mailbox`, with a running server and without."""

import json
import os
import sqlite3
import stat
import time
from contextlib import closing
from datetime import datetime, timedelta

import click
import pytest

from ewspush.control import direct
from ewspush.core.events import EventType, event_filter
from ewspush.operations.passwords import LONGEST
from ewspush.store import mailboxes, pull_subscriptions, subscriptions
from ewspush.store.database import Database
from ewspush.store.pull_subscriptions import PullSubscription
from support.checks_for_store import subscription
from support.running_server import EwsClient, Mailbox

REFUSED = (
    f"the password is not allowed (8 to {LONGEST} characters, several different ones, no address)"
)


@pytest.fixture(params=["server", "database"])
def data(request, elsewhere):
    """A data directory: a running server's, or one that no server uses."""
    if request.param == "server":
        return request.getfixturevalue("server").data
    return elsewhere / "data"


def addresses(told):
    """Those in a table, which has titles above and a count below."""
    assert told.status == 0, told.err
    return [line.split()[0] for line in told.out.splitlines()[1:-1]]


def test_create_prints_a_password_once_and_list_shows_the_mailbox(ewspush, data, address):
    created = ewspush("mailbox", "create", address.upper(), "--data", data)
    assert (created.status, created.err) == (0, "")
    first, second = created.out.splitlines()
    assert first == f"created {address}"
    assert second.startswith("password: ")
    listed = ewspush("mailbox", "list", "--data", data)
    assert address in addresses(listed)
    assert second.split()[1] not in listed.out


def test_the_password_that_is_printed_works(ewspush, server, address):
    created = ewspush("mailbox", "create", address, "--data", server.data)
    mailbox = Mailbox(address, created.out.split()[-1])
    assert EwsClient(server, mailbox).send("POST", body=b"<x/>").status != 401
    wrong = Mailbox(address, created.out.split()[-1] + "x")
    assert EwsClient(server, wrong).send("POST", body=b"<x/>").status == 401


@pytest.mark.parametrize(
    "line", ["pass word\n", "ключ и слово€\r\n", "no line break", "password 1\nmore\n"]
)
def test_a_password_from_standard_input_works_and_is_not_printed(ewspush, server, address, line):
    told = ewspush(
        *("mailbox", "create", address, "--password-stdin", "--data", server.data),
        stdin=line.encode(),
    )
    assert (told.status, told.out) == (0, f"created {address}\n")
    mailbox = Mailbox(address, line.splitlines()[0])
    assert EwsClient(server, mailbox).send("POST", body=b"<x/>").status != 401


@pytest.mark.parametrize(
    ("stdin", "why"),
    [
        (b"", REFUSED),
        (b"\n", REFUSED),
        (b"shortpw\n", REFUSED),
        (b"x" * (LONGEST + 1), REFUSED),
        (b"x" * 100_000, REFUSED),
        (b"caf\xe9\n", "the password is not UTF-8"),
    ],
)
def test_a_password_that_is_none_is_refused(ewspush, data, address, stdin, why):
    told = ewspush("mailbox", "create", address, "--password-stdin", "--data", data, stdin=stdin)
    assert (told.status, told.out, told.err) == (1, "", f"ewspush: {why}\n")


@pytest.mark.parametrize(
    "wrong", ["", "user", "@example.org", "a b@example.org", os.fsdecode(b"\xff@b")]
)
def test_an_address_that_is_none_is_refused_in_one_line(ewspush, data, wrong):
    told = ewspush("mailbox", "create", wrong, "--data", data)
    assert (told.status, told.out) == (1, "")
    assert told.err.startswith("ewspush: ")
    assert told.err.count("\n") == 1


def test_an_address_is_taken_once(ewspush, data, address):
    ewspush("mailbox", "create", address, "--data", data)
    told = ewspush("mailbox", "create", address.title(), "--data", data)
    assert told.status == 1
    assert told.err == (
        f"ewspush: {address} is taken: a mailbox or an alias has it already"
        " (ADDRESS: another address)\n"
    )


def test_an_international_address_is_listed_as_it_is(ewspush, data):
    ewspush("mailbox", "create", "jürgen@müller.example", "--data", data)
    listed = ewspush("mailbox", "list", "--domain", "müller.example", "--data", data)
    assert addresses(listed) == ["jürgen@müller.example"]
    assert "jürgen" in ewspush("mailbox", "list", "--data", data, "--json").out


def test_list_as_json_has_the_total(ewspush, data, address):
    ewspush("mailbox", "create", address, "--data", data)
    told = ewspush("mailbox", "list", "--search", address.split("@")[0], "--data", data, "--json")
    found = json.loads(told.out)
    assert address in {each["email"] for each in found["mailboxes"]}
    assert found["total_count"] == len(found["mailboxes"])
    assert found["mailboxes"][0]["created_at"].endswith("Z")


def test_several_are_created_at_once_or_none(ewspush, elsewhere):
    told = ewspush("mailbox", "create", "a@example.org", "b@example.org", "--json")
    assert [each["email"] for each in json.loads(told.out)] == ["a@example.org", "b@example.org"]
    assert all(len(each["password"]) >= 20 for each in json.loads(told.out))
    assert ewspush("mailbox", "create", "c@example.org", "b@example.org").status == 1
    assert addresses(ewspush("mailbox", "list")) == ["a@example.org", "b@example.org"]


def test_several_have_a_line_each_of_standard_input(ewspush, server):
    told = ewspush(
        *("mailbox", "create", "one@lines.example", "two@lines.example", "--password-stdin"),
        *("--data", server.data),
        stdin=b"the first password\nthe second password\n",
    )
    assert told.out == "created one@lines.example\ncreated two@lines.example\n"
    for name, password in (("one", "the first password"), ("two", "the second password")):
        mailbox = Mailbox(f"{name}@lines.example", password)
        assert EwsClient(server, mailbox).send("POST", body=b"<x/>").status != 401


def test_a_password_can_be_asked_for(ewspush, elsewhere, monkeypatch):
    asked = []

    def answer(question, **how):
        asked.append((question, how["hide_input"], how["confirmation_prompt"]))
        return "asked for this"

    monkeypatch.setattr(click, "prompt", answer)
    told = ewspush("mailbox", "create", "a@example.org", "--password-prompt")
    assert (told.out, asked) == (
        "created a@example.org\n",
        [("Password of a@example.org", True, True)],
    )


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["create", "a@b.example", "c@b.example", "--name", "A"], "--name and --alias are for one"),
        (
            ["create", "a@b.example", "c@b.example", "--alias", "x"],
            "--name and --alias are for one",
        ),
        (["create", "a@b.example", "--password-stdin", "--password-prompt"], "Give either"),
        (["create", "a@b.example", "--period", "canceled"], "Invalid value for '--period'"),
        (["update", "a@b.example"], "Say what to change"),
        (
            ["update", "a@b.example", "--password-stdin", "--password-generate"],
            "Give one of the options for a password",
        ),
        (["list", "--status", "gone"], "Invalid value for '--status'"),
        (["list", "--order", "size"], "Invalid value for '--order'"),
    ],
)
def test_options_that_do_not_go_together_are_wrong_usage(ewspush, elsewhere, arguments, why):
    told = ewspush("mailbox", *arguments)
    assert (told.status, told.out) == (2, "")
    assert told.err.startswith(f"ewspush: {why}")
    assert not list(elsewhere.iterdir())


@pytest.fixture
def three(ewspush, elsewhere):
    """Three mailboxes on a database that no server uses."""
    ewspush("mailbox", "create", "b@example.org", "--name", "Bob", "--alias", "sales")
    ewspush("mailbox", "create", "a@example.org", "--name", "Zoe", "--period", "yearly")
    ewspush("mailbox", "create", "c@example.com", "--name", "Ann")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], ["c@example.com", "b@example.org", "a@example.org"]),
        (["--descending"], ["a@example.org", "b@example.org", "c@example.com"]),
        (["--order", "created_at"], ["b@example.org", "a@example.org", "c@example.com"]),
        (["--domain", "example.org"], ["b@example.org", "a@example.org"]),
        (["--search", "zo"], ["a@example.org"]),
        (["--page-size", "2", "--page", "2"], ["a@example.org"]),
        (["--page", "9"], []),
        (
            ["--org", "default", "--status", "active"],
            ["c@example.com", "b@example.org", "a@example.org"],
        ),
        (["--status", "deleted"], []),
    ],
)
def test_a_list_has_what_is_asked_for(ewspush, three, options, expected):
    assert addresses(ewspush("mailbox", "list", *options)) == expected


@pytest.mark.parametrize(
    ("options", "last"),
    [
        ([], "3 of 3"),
        (["--page-size", "2"], "2 of 3, page 1 of 2"),
        (["--page-size", "2", "--page", "2"], "1 of 3, page 2 of 2"),
        (["--search", "nobody"], "0 of 0"),
    ],
)
def test_below_a_list_is_how_much_there_is(ewspush, three, options, last):
    assert ewspush("mailbox", "list", *options).out.splitlines()[-1] == last


def test_show_tells_everything(ewspush, data, address):
    local_part, domain = address.split("@")
    alias, delegate = f"{local_part}.alias@{domain}", f"{local_part}.delegate@{domain}"
    ewspush("mailbox", "create", address, "--name", "Ann", "--alias", alias, "--data", data)
    ewspush("mailbox", "create", delegate, "--data", data)
    ewspush("permission", "grant", address, delegate, "--data", data)
    ewspush("impersonation", "grant", address, "--of", delegate, "--data", data)
    told = ewspush("mailbox", "show", alias, "--data", data)
    assert (told.status, told.err) == (0, "")
    shown = dict(line.split(":", 1) for line in told.out.splitlines())
    shown = {name: value.strip() for name, value in shown.items()}
    expected = {
        "address": address,
        "status": "active",
        "name": "Ann",
        "aliases": alias,
        "delegates": delegate,
        "may act for": delegate,
        "events kept": "0 of 0",
        "subscriptions": "none",
        "to be deleted": "-",
    }
    assert {name: shown[name] for name in expected} == expected
    assert shown["subscription period"].startswith("monthly, since 2")
    as_json = json.loads(ewspush("mailbox", "show", address, "--json", "--data", data).out)
    assert as_json["id"] == shown["id"]


def test_show_has_subscriptions_of_every_kind(ewspush, elsewhere):
    ewspush("mailbox", "create", "a@example.org")
    database = Database.open("sqlite:///ewspush-data/ewspush.db")
    wanted = event_filter(frozenset({EventType.NEW_MAIL}), None)
    now_s = int(time.time())
    with closing(database), database.write() as tx:
        owner = mailboxes.by_address(tx, "a@example.org").id
        subscriptions.insert_subscription(tx, subscription(owner, 900))
        for number, is_streaming in ((901, False), (902, True)):
            new = PullSubscription(
                owner, number, is_streaming, wanted, now_s, 0, 6000, now_s + 6030
            )
            pull_subscriptions.insert_subscription(tx, new)
    lines = ewspush("mailbox", "show", "a@example.org").out.splitlines()
    table = [line.split() for line in lines[lines.index("") + 2 :]]
    assert [row[2] for row in table] == ["idle", "pull", "streaming"]
    assert "expires in 100 min" in lines[-1]


def test_update_tells_what_follows_and_a_new_password(ewspush, server, mailbox):
    told = ewspush(
        *("mailbox", "update", mailbox.address, "--period", "canceled", "--password-generate"),
        *("--data", server.data),
    )
    first, second = told.out.splitlines()
    assert first.startswith(f"updated {mailbox.address}: monthly until 2")
    assert first.endswith("Z, then canceled")
    changed = Mailbox(mailbox.address, second.removeprefix("password: "))
    assert EwsClient(server, changed).send("POST", body=b"<x/>").status != 401
    assert EwsClient(server, mailbox).send("POST", body=b"<x/>").status == 401


def test_delete_and_restore(ewspush, data, address):
    ewspush("mailbox", "create", address, "--data", data)
    deleted = ewspush("mailbox", "delete", address, "--data", data)
    assert deleted.out.startswith(f"deleted {address}: it can be restored until 2")
    assert "deletion_scheduled" in ewspush("mailbox", "show", address, "--data", data).out
    assert ewspush("mailbox", "restore", address, "--data", data).out == f"restored {address}\n"
    again = ewspush("mailbox", "restore", address, "--data", data)
    assert (again.status, again.out) == (1, "")
    nothing = f"ewspush: {address} is active: there is nothing to restore"
    assert again.err == f"{nothing}\n"
    ewspush("user", "delete", address, "--yes", "--data", data)
    ewspush("mailbox", "create", address, "--data", data)
    assert ewspush("mailbox", "restore", address, "--data", data).err == (
        f"{nothing}; the mailbox before it belonged to another user and cannot be restored\n"
    )


def test_retention_is_a_setting(ewspush, elsewhere, monkeypatch):
    monkeypatch.setenv("EWSPUSH_MANAGEMENT_RETENTION_DAYS", "3")
    ewspush("mailbox", "create", "a@example.org")
    deleted = json.loads(ewspush("mailbox", "delete", "a@example.org", "--json").out)
    scheduled = datetime.fromisoformat(deleted["deletion_scheduled_at"])
    assert scheduled - datetime.fromisoformat(deleted["updated_at"]) == timedelta(days=3)


def test_the_shortest_password_is_a_setting(ewspush, elsewhere, monkeypatch):
    monkeypatch.setenv("EWSPUSH_MANAGEMENT_SHORTEST_PASSWORD", "3")
    told = ewspush("mailbox", "create", "a@example.org", "--password-stdin", stdin=b"abc\n")
    assert (told.status, told.out) == (0, "created a@example.org\n")


def test_with_json_a_refusal_is_an_object(ewspush, data, address):
    ewspush("domain", "create", address.replace("@", "."), "--data", data)
    told = ewspush("mailbox", "show", address, "--json", "--data", data)
    assert (told.status, told.out) == (1, "")
    assert json.loads(told.err) == {
        "code": "MailboxNotFound",
        "text": f"there is no mailbox {address}",
        "field": "MailboxId",
        "allowed": None,
    }


def test_with_json_every_error_is_an_object(ewspush, elsewhere):
    told = ewspush("mailbox", "list", "--json")
    assert (told.status, told.out) == (1, "")
    error = json.loads(told.err)
    assert error["text"].startswith("there is no database in ewspush-data")
    assert error["code"] is None


# The data directory, while no server runs


def test_create_makes_a_data_directory_that_only_its_owner_may_enter(ewspush, elsewhere):
    assert ewspush("mailbox", "create", "a@example.org", "--data", "new/data").status == 0
    assert stat.S_IMODE((elsewhere / "new" / "data").stat().st_mode) == 0o700
    for file in (elsewhere / "new" / "data").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_create_uses_the_directory_of_the_settings(ewspush, elsewhere, monkeypatch):
    (elsewhere / "ewspush.toml").write_text("[server]\ndata = 'from-file'\n")
    ewspush("mailbox", "create", "a@example.org", "--config", "ewspush.toml")
    assert (elsewhere / "from-file" / "ewspush.db").exists()
    monkeypatch.setenv("EWSPUSH_SERVER_DATA", "from-environment")
    ewspush("mailbox", "create", "a@example.org", "--config", "ewspush.toml")
    assert (elsewhere / "from-environment" / "ewspush.db").exists()


@pytest.mark.parametrize(
    "command", [["mailbox", "list"], ["subscription", "list"], ["subscription", "show", "x"]]
)
def test_what_only_looks_makes_no_database(ewspush, elsewhere, command):
    told = ewspush(*command, "--data", "none")
    assert (told.status, told.out) == (1, "")
    assert told.err.startswith("ewspush: there is no database in none: `ewspush serve` makes one")
    assert not list(elsewhere.iterdir())
    (elsewhere / "empty").mkdir()
    assert ewspush(*command, "--data", "empty").status == 1
    assert not list((elsewhere / "empty").iterdir())


def test_a_database_of_something_else_is_refused(ewspush, elsewhere):
    (elsewhere / "ewspush.db").write_bytes(b"this is no database at all\n" * 50)
    told = ewspush("mailbox", "list", "--data", ".")
    assert told.status == 1
    assert told.err == "ewspush: the database cannot be used: file is not a database\n"


def test_a_database_that_another_program_has_locked_is_said(ewspush, elsewhere, monkeypatch):
    monkeypatch.setattr(direct, "_BUSY_TIMEOUT_S", 0.01)
    ewspush("mailbox", "create", "a@example.org", "--data", "data")
    other = sqlite3.connect(elsewhere / "data" / "ewspush.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    told = ewspush("mailbox", "create", "b@example.org", "--data", "data")
    other.close()
    assert (told.status, told.err) == (
        1,
        "ewspush: the database cannot be used: database is locked\n",
    )
    assert addresses(ewspush("mailbox", "list", "--data", "data")) == ["a@example.org"]
