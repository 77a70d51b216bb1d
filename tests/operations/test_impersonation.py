"""Who may act for whom."""

import pytest

from ewspush.core.errors import EwsError, ImpersonateUserDenied, NonExistentMailbox
from ewspush.operations.impersonation import impersonate
from ewspush.store import impersonation
from ewspush.store.database import Database
from ewspush.store.impersonation import ALL
from ewspush.store.mailboxes import Mailbox
from support.checks_for_store import new_mailbox, on_sqlite

pytestmark = on_sqlite


@pytest.fixture
def account(database: Database) -> Mailbox:
    return new_mailbox(database, "service")


@pytest.fixture
def named(database: Database) -> Mailbox:
    return new_mailbox(database, "named")


@pytest.fixture
def other(database: Database) -> Mailbox:
    return new_mailbox(database, "other")


def attempt(database: Database, account: Mailbox, name: str) -> Mailbox | type[EwsError]:
    """The mailbox that the account acts for now, or why not."""
    with database.read() as tx:
        try:
            return impersonate(tx, account, f"{name}@example.org")
        except EwsError as error:
            return type(error)


def test_without_a_right_one_acts_for_nobody_else_and_learns_nothing(
    database: Database, account: Mailbox, other: Mailbox
) -> None:
    assert attempt(database, account, "other") is ImpersonateUserDenied
    assert attempt(database, account, "nobody") is ImpersonateUserDenied


def test_everybody_acts_for_their_own_mailbox(
    database: Database, account: Mailbox, named: Mailbox
) -> None:
    assert attempt(database, account, "service") == account
    with database.write() as tx:
        impersonation.grant(tx, account.id, [named.id])
    assert attempt(database, account, "service") == account


def test_a_right_by_name_is_to_that_mailbox_alone(
    database: Database, account: Mailbox, named: Mailbox, other: Mailbox
) -> None:
    with database.write() as tx:
        impersonation.grant(tx, account.id, [named.id])
    assert attempt(database, account, "named") == named
    assert attempt(database, account, "other") is ImpersonateUserDenied
    assert attempt(database, account, "nobody") is ImpersonateUserDenied
    assert attempt(database, named, "service") is ImpersonateUserDenied


def test_a_right_to_all_is_to_every_mailbox_that_there_is(
    database: Database, account: Mailbox, other: Mailbox
) -> None:
    with database.write() as tx:
        impersonation.grant(tx, account.id, [ALL])
    assert attempt(database, account, "other") == other
    assert attempt(database, account, "nobody") is NonExistentMailbox
    later = new_mailbox(database, "later")
    assert attempt(database, account, "later") == later


@pytest.mark.parametrize("is_all", [True, False])
def test_a_right_that_was_taken_back_is_none(
    database: Database, account: Mailbox, named: Mailbox, is_all: bool
) -> None:
    right = ALL if is_all else named.id
    with database.write() as tx:
        impersonation.grant(tx, account.id, [right])
    assert attempt(database, account, "named") == named
    with database.write() as tx:
        impersonation.revoke(tx, account.id, right)
    assert attempt(database, account, "named") is ImpersonateUserDenied
