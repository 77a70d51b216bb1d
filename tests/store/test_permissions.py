"""Permissions on mailboxes."""

import pytest

from ewspush.core.directory import FullAccess
from ewspush.core.ids import shard_of
from ewspush.store import permissions
from ewspush.store.database import Database
from ewspush.store.mailboxes import Mailbox
from support.checks_for_store import NOW_S, new_mailbox, rows, threads, wait_until_blocked
from support.delegates import add_alias, grant
from support.disabling import disable


@pytest.fixture
def owner(database: Database) -> Mailbox:
    return new_mailbox(database, "owner")


@pytest.fixture
def delegates(database: Database) -> list[Mailbox]:
    return [new_mailbox(database, name) for name in ("a", "b", "c")]


def may_use(database: Database, mailbox: Mailbox, delegate: Mailbox) -> bool:
    with database.read() as tx:
        return permissions.has_full_access(tx, mailbox.id, delegate.id)


def may_use_at(database: Database, address: str, delegate: Mailbox) -> bool:
    with database.read() as tx:
        return permissions.has_full_access_at(tx, address, delegate.id)


def test_nobody_has_access_at_first(
    database: Database, owner: Mailbox, delegates: list[Mailbox]
) -> None:
    assert not may_use(database, owner, delegates[0])
    assert not may_use_at(database, owner.address, delegates[0])
    with database.read() as tx:
        assert permissions.of_mailbox(tx, owner.id) == []


def test_full_access_is_one_delegates_and_in_one_direction(
    database: Database, owner: Mailbox, delegates: list[Mailbox]
) -> None:
    a, b, _ = delegates
    grant(database, owner, a)
    assert may_use(database, owner, a)
    assert not may_use(database, owner, b)
    assert not may_use(database, a, owner)
    assert not may_use(database, b, a)


def test_what_is_granted_again_is_not_new_and_keeps_its_time(
    database: Database, owner: Mailbox, delegates: list[Mailbox]
) -> None:
    a = delegates[0]
    with database.write() as tx:
        assert permissions.grant(tx, owner.id, a.id, NOW_S)
        assert not permissions.grant(tx, owner.id, a.id, NOW_S + 1)
        assert permissions.of_mailbox(tx, owner.id) == [FullAccess(owner.id, a.id, NOW_S)]
        (row,) = rows(tx, "SELECT shard FROM mailbox_permissions")
        assert row.shard == shard_of(owner.id)


def test_two_that_grant_the_same_at_once_wait_for_each_other(
    database: Database, owner: Mailbox, delegates: list[Mailbox]
) -> None:
    def grant_too() -> bool:
        with database.write() as tx:
            return permissions.grant(tx, owner.id, delegates[0].id, NOW_S)

    with threads() as run:
        with database.write() as tx:
            assert permissions.grant(tx, owner.id, delegates[0].id, NOW_S)
            waiting = run(grant_too)
            wait_until_blocked(tx, waiting)
        assert waiting.result(30) is False


def test_it_is_taken_back_once(
    database: Database, owner: Mailbox, delegates: list[Mailbox]
) -> None:
    a, b, _ = delegates
    grant(database, owner, a)
    grant(database, owner, b)
    with database.write() as tx:
        assert permissions.revoke(tx, owner.id, a.id)
        assert not permissions.revoke(tx, owner.id, a.id)
        assert not permissions.revoke(tx, b.id, owner.id)
    assert not may_use(database, owner, a)
    assert may_use(database, owner, b)


def test_delegates_are_listed_in_the_order_of_their_ids(
    database: Database, owner: Mailbox, delegates: list[Mailbox]
) -> None:
    a, b, c = delegates
    for delegate in (c, a, b):
        grant(database, owner, delegate)
    grant(database, a, b)
    with database.read() as tx:
        listed = permissions.of_mailbox(tx, owner.id)
    assert listed == [FullAccess(owner.id, each.id, NOW_S) for each in (a, b, c)]


def test_access_is_found_by_every_address_of_a_mailbox_also_of_a_disabled_one(
    database: Database, owner: Mailbox, delegates: list[Mailbox]
) -> None:
    a, b, _ = delegates
    alias = add_alias(database, owner, "alias")
    grant(database, owner, a)
    disable(database, owner.id, NOW_S)
    assert may_use_at(database, owner.address, a)
    assert may_use_at(database, alias, a)
    assert not may_use_at(database, owner.address, b)
    assert not may_use_at(database, b.address, a)
    assert not may_use_at(database, "nobody@example.org", a)


def test_of_a_mailbox_that_goes_permissions_are_forgotten_both_ways_round(
    database: Database, owner: Mailbox, delegates: list[Mailbox]
) -> None:
    a, b, c = delegates
    for mailbox, delegate in ((owner, a), (b, owner), (a, c)):
        grant(database, mailbox, delegate)
    with database.write() as tx:
        permissions.delete_all(tx, owner.id)
        (left,) = rows(tx, "SELECT mailbox_id, delegate_id FROM mailbox_permissions")
    assert tuple(left) == (a.id, c.id)
