"""Accounts: whom an address and a name stand for."""

from ewspush.operations import mailboxes
from ewspush.store import accounts, organizations
from ewspush.store.database import Database
from support.checks_for_store import NOW_S


def test_accounts_are_found_by_the_beginning_of_an_address(database: Database) -> None:
    with database.write() as tx:
        for address in ("b@x.org", "ab@x.org", "a_b@x.org", "a%b@x.org", "äb@x.org"):
            mailboxes.create(tx, address, "-", NOW_S)
        organization = organizations.organization_by_alias(tx, "default")
        assert organization is not None

        def addressed(prefix: str, most: int = 9) -> set[str]:
            found = accounts.addressed(tx, organization.id, prefix, most)
            return {each.address for each in found}

        assert addressed("a") == {"ab@x.org", "a_b@x.org", "a%b@x.org"}
        assert addressed("a_") == {"a_b@x.org"}
        assert addressed("a%") == {"a%b@x.org"}
        assert addressed("ä") == {"äb@x.org"}
        assert len(addressed("", 2)) == 2
