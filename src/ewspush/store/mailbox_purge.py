"""Removing a mailbox and everything that belongs to it, in small steps."""

from typing import Any

from sqlalchemy import Table, delete, func, or_, select, tuple_

from ewspush.store import attempts
from ewspush.store.database import Transaction
from ewspush.store.directory_schema import addresses, mailbox_permissions
from ewspush.store.schema import (
    attachments,
    bodies,
    impersonation_rights,
    mailboxes,
    metadata,
    mime_contents,
)

_LARGE = {mime_contents: "content", bodies: "value", attachments: "content"}
_MOST_BYTES = 16 * 1024 * 1024  # of content removed at once

# What belongs to a mailbox and nobody else. The account, and where it is listed, stay.
_TABLES = tuple(
    table
    for table in metadata.sorted_tables
    if "mailbox_id" in table.c
    and table.c.mailbox_id.references(mailboxes.c.id)
    and table not in (addresses, mailbox_permissions)
)


def purge_some(tx: Transaction, mailbox: int, most: int) -> bool:
    """Remove at most `most` rows of a mailbox, fewer if they are large. False when it is gone."""
    for table in _TABLES:
        keys = _keys(tx, table, mailbox, most)
        if keys:
            tx.connection.execute(delete(table).where(tuple_(*table.primary_key.columns).in_(keys)))
        most -= len(keys)
        if most <= 0 or (table in _LARGE and keys):
            return True
    # The last, since the whole log is searched for them each time.
    if attempts.purge_mailbox(tx, mailbox, most):
        return True
    _remove_references(tx, mailbox)
    tx.connection.execute(delete(mailboxes).where(mailboxes.c.id == mailbox))
    return False


def _keys(tx: Transaction, table: Table, mailbox: int, most: int) -> list[tuple[Any, ...]]:
    columns = list(table.primary_key.columns)
    size = func.coalesce(func.length(table.c[_LARGE[table]]), 0) if table in _LARGE else None
    statement = select(*columns, *(() if size is None else (size,)))
    rows = tx.connection.execute(statement.where(table.c.mailbox_id == mailbox).limit(most)).all()
    if size is None:
        return [tuple(row) for row in rows]
    total = 0
    keys: list[tuple[Any, ...]] = []
    for *key, length in rows:
        total += length
        if keys and total > _MOST_BYTES:
            break
        keys.append(tuple(key))
    return keys


def _remove_references(tx: Transaction, mailbox: int) -> None:
    """Those made while the mailbox was being deleted, by who still found it."""
    tx.connection.execute(
        delete(impersonation_rights).where(impersonation_rights.c.of_mailbox_id == mailbox)
    )
    tx.connection.execute(
        delete(mailbox_permissions).where(
            or_(
                mailbox_permissions.c.mailbox_id == mailbox,
                mailbox_permissions.c.delegate_id == mailbox,
            )
        )
    )
    tx.connection.execute(delete(addresses).where(addresses.c.mailbox_id == mailbox))
