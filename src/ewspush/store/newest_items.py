"""The items of a mailbox in the order in which they came to where they are."""

import json
from typing import Any

from sqlalchemy import Row, select

from ewspush.store.database import Transaction
from ewspush.store.items import COLUMNS, Item
from ewspush.store.schema import items


def newest_first(tx: Transaction, mailbox: int, before: int | None, most: int) -> list[Item]:
    """Items of all folders, the newest first; those before that number if given."""
    statement = select(*COLUMNS).where(items.c.mailbox_id == mailbox)
    if before is not None:
        statement = statement.where(items.c.number < before)
    rows = tx.connection.execute(statement.order_by(items.c.number.desc()).limit(most))
    return list(map(_item, rows))


def _item(row: Row[Any]) -> Item:
    values: list[Any] = list(row)
    values[-1] = json.loads(values[-1] or "{}")
    return Item(*values)
