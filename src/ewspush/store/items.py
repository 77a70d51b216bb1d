"""Items of a mailbox, their contents apart (`contents`)."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update

from ewspush.core.ids import shard_of
from ewspush.store.database import Transaction
from ewspush.store.schema import items, removed_items


@dataclass(frozen=True, slots=True)
class Item:
    """An item. `properties` are those without a column, by the names of their elements in EWS."""

    number: int
    folder_number: int
    content_number: int
    deleted_from: int | None  # the folder in which it was, if it is soft-deleted
    item_class: str
    subject: str | None
    is_read: bool
    is_draft: bool
    has_attachments: bool
    size: int  # bytes
    received_at_s: int
    created_at_s: int
    modified_at_s: int
    change: int
    content_change: int  # the last that was not of IsRead alone
    properties: dict[str, Any]

    @property
    def unread_count(self) -> int:
        """What it adds to its folder's UnreadCount."""
        return 0 if self.is_read else 1


COLUMNS = tuple(items.c[field.name] for field in fields(Item))
_NAMES = tuple(field.name for field in fields(Item))
_INSERT = insert(items)
_PAIRS_AT_ONCE = 500  # bound variables of a statement


def insert_item(tx: Transaction, mailbox: int, item: Item) -> None:
    """Store a new item. Does not count it in its folder."""
    insert_items(tx, mailbox, [item])


def insert_items(tx: Transaction, mailbox: int, new: Sequence[Item]) -> None:
    """Store new items. Does not count them in their folders."""
    key = {"mailbox_id": mailbox, "shard": shard_of(mailbox)}
    if new:
        tx.connection.execute(_INSERT, [{**key, **_row(item)} for item in new])


def by_number(tx: Transaction, mailbox: int, number: int) -> Item | None:
    """The item with this number."""
    return next(by_numbers(tx, mailbox, (number,)), None)


def by_numbers(tx: Transaction, mailbox: int, numbers: Sequence[int]) -> Iterator[Item]:
    """Those of these items that are there, in no order."""
    for start in range(0, len(numbers), _PAIRS_AT_ONCE):
        some = numbers[start : start + _PAIRS_AT_ONCE]
        yield from _items(
            tx.connection.execute(
                select(*COLUMNS).where(items.c.mailbox_id == mailbox, items.c.number.in_(some))
            )
        )


def fitting(tx: Transaction, mailbox: int, numbers: Sequence[int], most: int) -> int:
    """How many of these items may be read at once: the first, and more up to `most` characters."""
    read = 0
    for start in range(0, len(numbers), _PAIRS_AT_ONCE):
        some = numbers[start : start + _PAIRS_AT_ONCE]
        length = func.length(items.c.properties) + func.length(func.coalesce(items.c.subject, ""))
        statement = select(items.c.number, length).where(
            items.c.mailbox_id == mailbox, items.c.number.in_(some)
        )
        lengths: dict[int, int] = {row[0]: row[1] for row in tx.connection.execute(statement)}
        for place, number in enumerate(some, start):
            read += lengths.get(number, 0)
            if read > most:
                return max(1, place)
    return len(numbers)


def by_content(tx: Transaction, mailbox: int, content: int) -> Item | None:
    """The item to which these contents belong."""
    rows = tx.connection.execute(
        select(*COLUMNS).where(items.c.mailbox_id == mailbox, items.c.content_number == content)
    )
    return next(_items(rows), None)


def in_folder(
    tx: Transaction,
    mailbox: int,
    folder: int,
    after: int,
    most: int,
    *,
    is_read: bool | None = None,
) -> list[Item]:
    """The items of a folder in the order of their numbers, `most` of them after `after`."""
    statement = (
        select(*COLUMNS)
        .where(
            items.c.mailbox_id == mailbox,
            items.c.folder_number == folder,
            items.c.number > after,
        )
        .order_by(items.c.number)
        .limit(most)
    )
    if is_read is not None:
        statement = statement.where(items.c.is_read.is_(is_read))
    return list(_items(tx.connection.execute(statement)))


def update_items(tx: Transaction, mailbox: int, pairs: Iterable[tuple[int, Item]]) -> None:
    """Write items over those with the numbers given; a new number is another one in its place."""
    tx.connection.execute(
        update(items)
        .where(items.c.mailbox_id == mailbox, items.c.number == bindparam("old_number"))
        .values({column: bindparam(column.name) for column in COLUMNS}),
        [{"old_number": number, **_row(item)} for number, item in pairs],
    )


def delete_items(tx: Transaction, mailbox: int, numbers: Iterable[int]) -> None:
    """Remove items. Their contents stay: see `contents.delete_contents`."""
    tx.connection.execute(
        delete(items).where(items.c.mailbox_id == mailbox, items.c.number == bindparam("gone")),
        [{"gone": number} for number in numbers],
    )


def record_removed(tx: Transaction, mailbox: int, removed: Iterable[tuple[int, int, int]]) -> None:
    """Record that items left their folder: change, folder and number of each."""
    shard = shard_of(mailbox)
    tx.connection.execute(
        insert(removed_items),
        [
            {
                "mailbox_id": mailbox,
                "shard": shard,
                "change": change,
                "folder_number": folder,
                "number": number,
            }
            for change, folder, number in removed
        ],
    )


def forget_removed(tx: Transaction, mailbox: int, folder: int) -> None:
    """Forget what left a folder, which goes as well."""
    tx.connection.execute(
        delete(removed_items).where(
            removed_items.c.mailbox_id == mailbox, removed_items.c.folder_number == folder
        )
    )


def unread_messages(tx: Transaction, most: int) -> list[tuple[int, Item]]:
    """Messages of an older version, whose properties were never read, with their mailboxes."""
    rows = tx.connection.execute(
        select(items.c.mailbox_id, *COLUMNS).where(items.c.properties == "").limit(most)
    ).all()
    return list(zip((row[0] for row in rows), _items(row[1:] for row in rows), strict=True))


def _row(item: Item) -> dict[str, Any]:
    values = {name: getattr(item, name) for name in _NAMES}
    values["properties"] = json.dumps(
        item.properties, ensure_ascii=False, separators=(",", ":"), sort_keys=True
    )
    return values


def _items(rows: Iterable[Sequence[Any]]) -> Iterator[Item]:
    for row in rows:
        values: list[Any] = list(row)
        values[-1] = json.loads(values[-1] or "{}")
        yield Item(*values)
