"""The whole life of a mailbox, by the commands that `ewspush --help` names, on a running server."""

import json
import re
from contextlib import closing

import pytest

from support.ews import envelope
from support.running_server import EwsClient, Mailbox, ServerProcess

ANN, SALES, HELPER = "ann@example.org", "sales@example.org", "helper@example.org"
MESSAGE = b"From: shop@example.com\nSubject: Order 1001\n\nThree of them.\n"


@pytest.fixture
def server():
    """A server of its own: its directory is empty in the beginning."""
    with closing(ServerProcess()) as server:
        yield server.start()


@pytest.fixture
def give(ewspush, server):
    """Gives a command that succeeds; what it printed."""

    def give(*arguments, stdin=b""):
        told = ewspush(*arguments, "--data", server.data, stdin=stdin)
        assert (told.status, told.err) == (0, "")
        return told.out

    return give


@pytest.fixture
def deliver(ewspush, server):
    """Hands over a message; whether it was accepted."""

    def deliver(to):
        return ewspush("deliver", "--to", to, "--data", server.data, stdin=MESSAGE).status == 0

    return deliver


def may_log_in(server, address, password):
    asked = EwsClient(server, Mailbox(address, password)).send("POST", body=envelope(""))
    return asked.status != 401


def test_the_life_of_a_mailbox(ewspush, give, deliver, server):
    def show():
        return json.loads(give("mailbox", "show", ANN, "--json"))

    # Created, with nothing before it.
    password = re.search(r"password: (\S+)", give("mailbox", "create", ANN, "--name", "Ann"))[1]
    give("mailbox", "create", HELPER)
    assert may_log_in(server, ANN, password)
    born = show()
    assert (born["status"], born["items"]) == ("active", 0)

    # Used: mail, another address, a delegate, another period and password.
    assert deliver(ANN)
    give("alias", "create", ANN, SALES)
    assert deliver(SALES)
    give("permission", "grant", ANN, HELPER)
    give("mailbox", "update", ANN, "--period", "yearly")
    password = "another one of hers"
    give("user", "password", ANN, "--password-stdin", stdin=password.encode())
    assert may_log_in(server, ANN, password)
    assert may_log_in(server, SALES, password)
    used = show()
    assert (used["items"], used["next_subscription_period"]) == (2, "yearly")

    # Deleted: nobody can use it, and its addresses are not free.
    give("mailbox", "delete", ANN)
    assert not may_log_in(server, ANN, password)
    assert not deliver(ANN)
    assert not deliver(SALES)
    assert ewspush("mailbox", "create", SALES, "--data", server.data).status == 1
    assert ANN in give("mailbox", "list", "--status", "deletion_scheduled")

    # Restored, as it was.
    give("mailbox", "restore", ANN)
    assert may_log_in(server, ANN, password)
    assert deliver(SALES)
    restored = show()
    for kept in ("id", "user_id", "aliases", "delegates", "folders", "next_subscription_period"):
        assert restored[kept] == used[kept]
    assert restored["items"] == 3

    # Deleted for good, and somebody else gets the address.
    give("user", "delete", ANN, "--yes")
    assert not may_log_in(server, ANN, password)
    give("mailbox", "create", ANN)
    reborn = show()
    assert reborn["id"] != born["id"]
    assert (reborn["items"], reborn["aliases"]) == (0, [])
    refused = ewspush("mailbox", "restore", born["id"], "--data", server.data)
    assert "its user was re-created" in refused.err

    # All of it was written down, without a secret.
    audited = give("audit", "list", "--mailbox", born["id"], "--json")
    actions = [each["action"] for each in json.loads(audited)["changes"]]
    assert [each for each in reversed(actions) if each != "mailbox.purge"] == [
        "mailbox.create",
        "alias.create",
        "permission.grant",
        "mailbox.update",
        "user.change_password",
        "mailbox.delete",
        "mailbox.restore",
        "user.delete",
    ]
    assert password not in audited
