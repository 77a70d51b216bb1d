"""Creating mailboxes."""

import pytest

from ewspush.core.addresses import InvalidAddress
from ewspush.core.folders import DISTINGUISHED_FOLDERS
from ewspush.operations import mailboxes
from ewspush.operations.mailboxes import AddressTaken
from ewspush.store import folders
from ewspush.store import mailboxes as stored
from ewspush.store.database import Database
from support.checks_for_store import NOW_S, on_sqlite, rows

pytestmark = on_sqlite


def test_a_mailbox_is_created_with_its_folders(database: Database) -> None:
    with database.write() as tx:
        made = mailboxes.create(tx, "  User@Example.ORG", "hash", NOW_S)
    assert (made.address, made.password_hash) == ("user@example.org", "hash")
    assert (made.created_at_s, made.floor, made.head) == (NOW_S, 0, 0)
    with database.read() as tx:
        assert stored.by_address(tx, "user@example.org") == made
        for known in DISTINGUISHED_FOLDERS:
            assert folders.by_name(tx, made.id, known.name) is not None


@pytest.mark.parametrize("again", ["user@example.org", "USER@example.org", "user@EXAMPLE.org "])
def test_an_address_is_given_to_one_mailbox(database: Database, again: str) -> None:
    with database.write() as tx:
        mailboxes.create(tx, "user@example.org", "hash", NOW_S)
    with database.write() as tx, pytest.raises(AddressTaken, match=r"user@example\.org"):
        mailboxes.create(tx, again, "other-hash", NOW_S)
    with database.read() as tx:
        assert [row.password_hash for row in rows(tx, "SELECT * FROM mailboxes")] == ["hash"]


@pytest.mark.parametrize("address", ["", "user", "@example.org", "a b@example.org"])
def test_what_is_no_address_gets_no_mailbox(database: Database, address: str) -> None:
    with database.write() as tx, pytest.raises(InvalidAddress):
        mailboxes.create(tx, address, "hash", NOW_S)
    with database.read() as tx:
        assert rows(tx, "SELECT 1 FROM mailboxes") == []
