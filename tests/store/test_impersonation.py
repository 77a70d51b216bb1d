"""Rights to act for mailboxes."""

from itertools import pairwise

import pytest
from sqlalchemy import text

from ewspush.core.ids import shard_of
from ewspush.store import impersonation
from ewspush.store.database import Database
from ewspush.store.impersonation import ALL, Extent
from ewspush.store.mailboxes import Mailbox
from support.checks_for_store import new_mailbox, rows, threads, wait_until_blocked


@pytest.fixture
def account(database: Database) -> Mailbox:
    return new_mailbox(database, "service")


@pytest.fixture
def named(database: Database) -> list[Mailbox]:
    return [new_mailbox(database, name) for name in ("a", "b", "c")]


def grant(database: Database, account: Mailbox, *of: int) -> None:
    with database.write() as tx:
        impersonation.grant(tx, account.id, of)


def extent(database: Database, account: Mailbox) -> Extent:
    with database.read() as tx:
        return impersonation.extent(tx, account.id)


def listed(database: Database, most: int = 100) -> list[tuple[str, str | None]]:
    """The addresses in all pages together."""
    found: list[tuple[str, str | None]] = []
    after = (0, 0)
    with database.read() as tx:
        while page := impersonation.in_order(tx, after, most):
            assert len(page) <= most
            assert all(one[:2] < other[:2] for one, other in pairwise(page))
            found += [(each.account_address, each.of_address) for each in page]
            after = page[-1][:2]
    return found


def test_an_account_has_no_right_at_first(database: Database, account: Mailbox) -> None:
    other = new_mailbox(database)
    with database.read() as tx:
        assert impersonation.covering(tx, account.id, other.id) == set()
        assert impersonation.covering(tx, account.id, account.id) == set()
    assert extent(database, account) == (False, 0)
    assert listed(database) == []


def test_a_right_covers_the_mailbox_that_it_names(
    database: Database, account: Mailbox, named: list[Mailbox]
) -> None:
    a, b, c = (mailbox.id for mailbox in named)
    grant(database, account, a, c)
    with database.read() as tx:
        assert [impersonation.covering(tx, account.id, each) for each in (a, b, c, ALL)] == [
            {a},
            set(),
            {c},
            set(),
        ]
        # It is a right of this account, and in this direction.
        assert impersonation.covering(tx, b, a) == set()
        assert impersonation.covering(tx, a, account.id) == set()
    assert extent(database, account) == (False, 2)


def test_a_right_to_all_covers_what_there_is_and_will_be(
    database: Database, account: Mailbox, named: list[Mailbox]
) -> None:
    grant(database, account, ALL, named[0].id)
    later = new_mailbox(database, "later")
    with database.read() as tx:
        assert impersonation.covering(tx, account.id, later.id) == {ALL}
        assert impersonation.covering(tx, account.id, named[0].id) == {ALL, named[0].id}
        assert impersonation.covering(tx, account.id, ALL) == {ALL}
    assert extent(database, account) == (True, 1)


def test_what_is_granted_again_is_there_once(
    database: Database, account: Mailbox, named: list[Mailbox]
) -> None:
    a, b, _ = (mailbox.id for mailbox in named)
    grant(database, account, a)
    grant(database, account, b, a, b)
    grant(database, account)
    assert listed(database) == [
        ("service@example.org", "a@example.org"),
        ("service@example.org", "b@example.org"),
    ]
    with database.read() as tx:
        (shard,) = {row.shard for row in rows(tx, "SELECT shard FROM impersonation_rights")}
    assert shard == shard_of(account.id)


def test_two_that_grant_the_same_at_once_wait_for_each_other(
    database: Database, account: Mailbox, named: list[Mailbox]
) -> None:
    a, b, c = (mailbox.id for mailbox in named)
    with threads() as run:
        with database.write() as tx:
            impersonation.grant(tx, account.id, [a, b])
            waiting = run(grant, database, account, c, b)
            wait_until_blocked(tx, waiting)
        waiting.result(30)
    assert extent(database, account) == (False, 3)


def test_a_right_is_taken_back_once(
    database: Database, account: Mailbox, named: list[Mailbox]
) -> None:
    a, b, _ = (mailbox.id for mailbox in named)
    grant(database, account, a, b, ALL)
    grant(database, named[1], a)
    with database.write() as tx:
        assert impersonation.revoke(tx, account.id, a)
        assert not impersonation.revoke(tx, account.id, a)
        assert impersonation.covering(tx, account.id, a) == {ALL}
        assert impersonation.covering(tx, b, a) == {a}
    assert extent(database, account) == (True, 1)


def test_all_rights_of_one_account_are_taken_back(
    database: Database, account: Mailbox, named: list[Mailbox]
) -> None:
    a = named[0].id
    grant(database, account, ALL, a)
    grant(database, named[1], a)
    with database.write() as tx:
        impersonation.revoke_every(tx, account.id)
    assert extent(database, account) == (False, 0)
    assert listed(database) == [("b@example.org", "a@example.org")]


@pytest.mark.parametrize("most", [1, 2, 3, 100])
def test_rights_are_listed_page_by_page(
    database: Database, account: Mailbox, named: list[Mailbox], most: int
) -> None:
    a, b, c = (mailbox.id for mailbox in named)
    grant(database, named[0], account.id, ALL)
    grant(database, account, c, b, a)
    assert listed(database, most) == [
        ("service@example.org", "a@example.org"),
        ("service@example.org", "b@example.org"),
        ("service@example.org", "c@example.org"),
        ("a@example.org", None),
        ("a@example.org", "service@example.org"),
    ]


def test_a_right_to_a_mailbox_that_is_gone_is_not_listed_as_one_to_all(
    database: Database, account: Mailbox, named: list[Mailbox]
) -> None:
    grant(database, account, named[0].id)
    with database.write() as tx:
        for table, column in (
            ("addresses", "mailbox_id"),
            ("folders", "mailbox_id"),
            ("mailboxes", "id"),
        ):
            tx.connection.execute(
                text(f"DELETE FROM {table} WHERE {column} = :id"), {"id": named[0].id}
            )
    assert listed(database) == []
