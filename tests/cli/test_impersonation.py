"""`ewspush impersonation`, with a running server and without."""

import json

import pytest

from support.ews import envelope, get_folder
from support.running_server import EwsClient


@pytest.fixture(params=["server", "database"])
def data(request, elsewhere):
    """A data directory: a running server's, or one that no server uses."""
    if request.param == "server":
        return request.getfixturevalue("server").data
    return elsewhere / "data"


@pytest.fixture
def impersonation(ewspush, data):
    """Runs `ewspush impersonation` on the data directory."""
    return lambda command, *arguments: ewspush("impersonation", command, *arguments, "--data", data)


@pytest.fixture
def accounts(ewspush, data, address):
    """The addresses of three mailboxes, in the order of the alphabet."""
    made = [f"{letter}.{address}" for letter in "abc"]
    for each in made:
        ewspush("mailbox", "create", each, "--password-stdin", "--data", data, stdin=b"password")
    return made


def listed(impersonation, account):
    """For whom an account may act, as the table says."""
    _titles, *rows = impersonation("list").out.splitlines()
    return [row.split()[1] for row in rows if row.split()[0] == account]


def test_rights_are_granted_listed_and_taken_back(impersonation, accounts):
    a, b, c = accounts
    for command, arguments, extent, rights in (
        ("grant", ["--of", c], "1 other mailbox", [c]),
        ("grant", ["--of", b.upper(), "--of", c], "2 other mailboxes", [b, c]),
        ("grant", ["--all"], "all mailboxes", ["(all)", b, c]),
        ("revoke", ["--of", b], "all mailboxes", ["(all)", c]),
        ("revoke", ["--all"], "no other mailbox", []),
    ):
        told = impersonation(command, a, *arguments)
        assert (told.status, told.out, told.err) == (0, f"{a} may act for {extent}\n", "")
        assert listed(impersonation, a) == rights


def test_list_as_json(impersonation, accounts):
    a, b, _ = accounts
    impersonation("grant", b, "--of", a)
    impersonation("grant", b, "--all")
    told = json.loads(impersonation("list", "--json").out)
    assert [each for each in told if each["account"] == b] == [
        {"account": b, "of": None},
        {"account": b, "of": a},
    ]


def test_the_list_is_in_the_order_of_addresses(impersonation, accounts):
    a, b, c = accounts
    impersonation("grant", c, "--of", b, "--of", a)
    impersonation("grant", a, "--of", c)
    told = json.loads(impersonation("list", "--json").out)
    ours = [(each["account"], each["of"]) for each in told if each["account"] in accounts]
    assert ours == [(a, c), (c, a), (c, b)]


@pytest.mark.parametrize("command", ["grant", "revoke"])
@pytest.mark.parametrize("arguments", [[], ["--all", "--of", "a@example.org"]])
def test_it_has_to_be_said_for_whom(impersonation, accounts, command, arguments):
    told = impersonation(command, accounts[0], *arguments)
    assert (told.status, told.out) == (2, "")
    assert told.err == (
        "ewspush: Give either --all or --of"
        f" (`ewspush impersonation {command} --help` tells more)\n"
    )
    assert listed(impersonation, accounts[0]) == []


def test_a_right_that_is_none_is_said_in_one_line(impersonation, accounts):
    a, b, _ = accounts
    for command, arguments, why in (
        ("grant", ["--of", b, "--of", "no@one.example"], "there is no mailbox no@one.example"),
        ("grant", ["--of", b, "--of", "no"], "'no' is not of the form name@domain"),
        ("revoke", ["--of", b], f"{a} was not granted {b}"),
    ):
        told = impersonation(command, a, *arguments)
        assert (told.status, told.out, told.err) == (1, "", f"ewspush: {why}\n")
    assert listed(impersonation, a) == []


def test_a_running_server_obeys_from_the_next_request_on(ewspush, server, mailbox, address):
    other = server.create_mailbox(f"other.{address}")
    client = EwsClient(server, mailbox)
    header = (
        "<t:ExchangeImpersonation><t:ConnectingSID><t:PrimarySmtpAddress>"
        f"{other.address}</t:PrimarySmtpAddress></t:ConnectingSID></t:ExchangeImpersonation>"
    )
    body = get_folder("inbox").partition(b"<soap:Body>")[2].partition(b"</soap:Body>")[0]
    request = envelope(body.decode(), header)
    for command, code in (
        (None, "ErrorImpersonateUserDenied"),
        ("grant", "NoError"),
        ("revoke", "ErrorImpersonateUserDenied"),
    ):
        if command:
            where = ("--of", other.address, "--data", server.data)
            assert ewspush("impersonation", command, address, *where).status == 0
        assert client.ask(request).codes == [code]
