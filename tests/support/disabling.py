"""Disabling, restoring and removing mailboxes as the management does it, without its directory."""

from ewspush.store import mailboxes, pull_subscriptions, subscriptions
from ewspush.store.database import Database
from ewspush.store.schema import metadata


def disable(database: Database, mailbox: int, now_s: int) -> None:
    """Let nobody use a mailbox."""
    with database.write() as tx:
        mailboxes.set_disabled(tx, mailbox, now_s)


def restore(database: Database, mailbox: int, now_s: int) -> None:
    """Bring a disabled mailbox back."""
    with database.write() as tx:
        found = mailboxes.lock(tx, mailbox)
        assert found is not None
        assert found.disabled_at_s is not None
        subscriptions.restart(tx, mailbox)
        pull_subscriptions.extend(tx, mailbox, now_s - found.disabled_at_s)
        mailboxes.set_disabled(tx, mailbox, None)


def purge(database: Database, mailbox: int) -> None:
    """Remove a mailbox and all that belongs to it."""
    with database.write() as tx:
        for table in reversed(metadata.sorted_tables):
            key = "id" if table.name == "mailboxes" else "mailbox_id"
            if key in table.c and (table.name == "mailboxes" or key == "mailbox_id"):
                tx.connection.execute(table.delete().where(table.c[key] == mailbox))
