"""Errors of the management, in the words of the command line."""

import json
import re

import pytest

from ewspush.operations.passwords import LONGEST

ANN = "ann@example.org"
NOBODY = "nobody@example.org"
AN_ADDRESS = "an address, as in user@example.com"
WEAK = f"8 to {LONGEST} characters, several different ones, no address"
A_MAILBOX = ["mailbox", "create"]

# A command that is refused, what its error ends with, and what it reads from standard input.
REFUSED = [
    ([*A_MAILBOX, "nobody"], f"(ADDRESS: {AN_ADDRESS})"),
    ([*A_MAILBOX, "bob@example.org", ANN], "(ADDRESS: another address)"),
    ([*A_MAILBOX, "bob@example.org", "--alias", ANN], "(--alias: another address)"),
    ([*A_MAILBOX, "bob@example.org", "--org", "none"], "there is no organization none (--org)"),
    ([*A_MAILBOX, "bob@example.org", "--name", "x" * 257],
     "(--name: at most 256 printable characters)"),
    ([*A_MAILBOX, "bob@example.org", "--password-stdin"], f"the password is not allowed ({WEAK})"),
    ([*A_MAILBOX, "bob@example.org", "carol@example.org", "--password-stdin"],
     f"the password is not allowed (bob@example.org: {WEAK})"),
    (["mailbox", "show", NOBODY], f"there is no mailbox {NOBODY} (MAILBOX)"),
    (["mailbox", "restore", "nobody"], f"(MAILBOX: {AN_ADDRESS})"),
    (["mailbox", "list", "--org", "none"], "there is no organization none (--org)"),
    (["mailbox", "list", "--domain", "none.example"], "there is no domain none.example (--domain)"),
    (["mailbox", "list", "--page", "0"], "(--page: 1 or more)"),
    (["mailbox", "list", "--page-size", "0"], "(--page-size: 1 to 1000)"),
    (["mailbox", "list", "--search", "x" * 257], "(--search: at most 256 characters)"),
    (["user", "create", ANN], "(ADDRESS: another address)"),
    (["user", "show", NOBODY], f"there is no mailbox {NOBODY} (USER)"),
    (["user", "password", ANN, "--password-stdin"], f"the password is not allowed ({WEAK})"),
    (["alias", "create", ANN, "a b"], "(ALIAS: "),
    (["alias", "create", ANN, "b", "--description", "x" * 1025], "(--description: at most 1024"),
    (["alias", "create", NOBODY, "b"], f"there is no mailbox {NOBODY} (MAILBOX)"),
    (["alias", "delete", ANN], f"there is no alias {ANN} (ALIAS)"),
    (["permission", "grant", ANN, NOBODY], f"there is no mailbox {NOBODY} (DELEGATE)"),
    (["permission", "grant", ANN, ANN],
     "(DELEGATE: another mailbox of the same organization)"),
    (["org", "create", "a b"], "(ALIAS: "),
    (["org", "delete", "none", "--yes"], "there is no organization none (ORG)"),
    (["domain", "create", "-"], "(NAME: a domain name, as in example.com)"),
    (["domain", "delete", "none.example"], "there is no domain none.example (DOMAIN)"),
    (["domain", "delete", "example.org"], "that can still be restored (DOMAIN)"),
    (["admin", "delete", "none"], "there is no administrator none (NAME)"),
    (["audit", "list", "--mailbox", NOBODY], f"there is no mailbox {NOBODY} (--mailbox)"),
]  # fmt: skip


@pytest.mark.parametrize(("command", "why"), REFUSED, ids=lambda value: str(value)[:60])
def test_an_error_names_options_and_arguments(ewspush, elsewhere, command, why):
    ewspush("mailbox", "create", ANN)
    told = ewspush(*command, stdin=b"short\n")
    assert (told.status, told.out) == (1, "")
    assert why in told.err
    assert told.err.count("\n") == 1


@pytest.mark.parametrize("command", [each for each, _ in REFUSED], ids=lambda each: str(each)[:60])
def test_with_json_it_has_the_field_of_the_service(ewspush, elsewhere, command):
    ewspush("mailbox", "create", ANN)
    error = json.loads(ewspush(*command, "--json", stdin=b"short\n").err)
    assert re.fullmatch(r"(Mailboxes\[\d\]\.)?(Aliases\[\d\]|[A-Z][a-zA-Z]+)", error["field"])


def test_of_several_it_is_said_whose_password_is_wrong(ewspush, elsewhere):
    told = ewspush(
        *("mailbox", "create", ANN, "bob@example.org", "--password-stdin"),
        stdin=b"correct horse\nshort\n",
    )
    assert told.err == f"ewspush: the password is not allowed (bob@example.org: {WEAK})\n"
