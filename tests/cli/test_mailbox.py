"""`ewspush mailbox`, with a running server and without."""

import json
import os
import sqlite3
import stat

import pytest

from ewspush.control import direct
from ewspush.operations.passwords import LONGEST
from support.running_server import EwsClient, Mailbox


@pytest.fixture(params=["server", "database"])
def data(request, elsewhere):
    """A data directory: a running server's, or one that no server uses."""
    if request.param == "server":
        return request.getfixturevalue("server").data
    return elsewhere / "data"


def addresses(told):
    return [line.split()[0] for line in told.out.splitlines()[1:]]


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


@pytest.mark.parametrize("line", ["pass word\n", "ключ€\r\n", "no line break", "p\nmore\n"])
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
        (b"", f"a password should have 1 to {LONGEST} characters"),
        (b"\n", f"a password should have 1 to {LONGEST} characters"),
        (b"x" * (LONGEST + 1), f"a password should have 1 to {LONGEST} characters"),
        (b"x" * 100_000, f"a password should have 1 to {LONGEST} characters"),
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
    assert (told.status, told.err) == (1, f"ewspush: there is a mailbox {address} already\n")


def test_an_international_address_is_listed_as_it_is(ewspush, data):
    ewspush("mailbox", "create", "jürgen@müller.example", "--data", data)
    assert "jürgen@müller.example" in addresses(ewspush("mailbox", "list", "--data", data))
    assert "jürgen" in ewspush("mailbox", "list", "--data", data, "--json").out


def test_list_as_json(ewspush, data, address):
    ewspush("mailbox", "create", address, "--data", data)
    told = json.loads(ewspush("mailbox", "list", "--data", data, "--json").out)
    (ours,) = [each for each in told if each["address"] == address]
    assert ours == {**ours, "events": 0, "subscriptions": 0}
    assert ours["created_at"].endswith("Z")


def test_a_long_list_is_complete(ewspush, elsewhere):
    ewspush("mailbox", "create", "a@example.org", "--data", "data")
    with sqlite3.connect(elsewhere / "data" / "ewspush.db") as database:
        columns = (
            "address, shard, password_hash, created_at_s, next_number, watermark_base, floor, head"
        )
        database.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1199)"
            f" INSERT INTO mailboxes ({columns})"
            " SELECT printf('user%04d@example.org', i), 0, '', 0, 1, 0, 0, 0 FROM n"
        )
    listed = addresses(ewspush("mailbox", "list", "--data", "data"))
    assert listed == ["a@example.org", *(f"user{n:04}@example.org" for n in range(1, 1200))]
    assert len(json.loads(ewspush("mailbox", "list", "--data", "data", "--json").out)) == 1200


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
