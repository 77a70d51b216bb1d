"""What an administrator does for delegates: permissions and aliases."""

from uuid import uuid4

from ewspush.core.accounts import Alias
from ewspush.store import accounts, permissions
from ewspush.store.database import Database
from ewspush.store.mailboxes import Mailbox
from support.checks_for_store import NOW_S


def grant(database: Database, mailbox: Mailbox, delegate: Mailbox) -> None:
    """Full access to a mailbox."""
    with database.write() as tx:
        assert permissions.grant(tx, mailbox.id, delegate.id, NOW_S)


def revoke(database: Database, mailbox: Mailbox, delegate: Mailbox) -> None:
    with database.write() as tx:
        assert permissions.revoke(tx, mailbox.id, delegate.id)


def add_alias(database: Database, mailbox: Mailbox, local_part: str) -> str:
    """Another address of a mailbox, in its own domain."""
    address = f"{local_part}@{mailbox.address.rpartition('@')[2]}"
    with database.write() as tx:
        account = accounts.by_mailbox(tx, mailbox.id)
        assert account is not None
        accounts.insert_alias(
            tx,
            Alias(uuid4(), mailbox.id, account.domain_id, local_part, address, None, NOW_S, NOW_S),
        )
    return address
