"""What changed among the items of a folder, for SyncFolderItems."""

from typing import NamedTuple

from sqlalchemy import select

from ewspush.store.database import Transaction
from ewspush.store.schema import items, removed_items


class Change(NamedTuple):
    """A change, by the item it happened to."""

    change: int
    number: int
    content_change: int | None  # None: the item left the folder


def arrived(
    tx: Transaction, mailbox: int, folder: int, after: int, through: int, most: int
) -> list[int]:
    """Numbers of the items that came into a folder `after` one change, `through` another."""
    return list(
        tx.connection.execute(
            select(items.c.number)
            .where(
                items.c.mailbox_id == mailbox,
                items.c.folder_number == folder,
                items.c.number > after,
                items.c.number <= through,
            )
            .order_by(items.c.number)
            .limit(most)
        ).scalars()
    )


def changed(
    tx: Transaction, mailbox: int, folder: int, known: int, after: int, through: int, most: int
) -> list[Change]:
    """Changes `after` one change, `through` another, of items that were there at `known`.

    In the order in which they happened, each item once.
    """
    updated = (
        select(items.c.change, items.c.number, items.c.content_change)
        .where(
            items.c.mailbox_id == mailbox,
            items.c.folder_number == folder,
            items.c.change > after,
            items.c.change <= through,
            items.c.number <= known,
        )
        .order_by(items.c.change)
        .limit(most)
    )
    removed = (
        select(removed_items.c.change, removed_items.c.number)
        .where(
            removed_items.c.mailbox_id == mailbox,
            removed_items.c.folder_number == folder,
            removed_items.c.change > after,
            removed_items.c.change <= through,
            removed_items.c.number <= known,
        )
        .order_by(removed_items.c.change)
        .limit(most)
    )
    both: list[Change] = [Change(*row) for row in tx.connection.execute(updated)]
    both += [Change(*row, None) for row in tx.connection.execute(removed)]
    return sorted(both)[:most] if len(both) > 1 else both
