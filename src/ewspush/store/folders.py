"""Folders of a mailbox, with counts that are always true."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from sqlalchemy import (
    LargeBinary,
    Row,
    bindparam,
    cast,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from ewspush.core.folders import DISTINGUISHED_FOLDERS
from ewspush.core.ids import shard_of
from ewspush.store.database import Transaction
from ewspush.store.mailboxes import take_numbers
from ewspush.store.schema import folders


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder. `total_count` and `unread_count` are of its items, subfolders not included."""

    number: int
    parent_number: int | None
    distinguished_name: str | None
    display_name: str
    folder_class: str | None
    total_count: int
    unread_count: int
    child_folder_count: int
    change: int
    properties: dict[str, Any] = field(default_factory=dict)  # set by clients, by element name


_COLUMNS = tuple(folders.c[field.name] for field in fields(Folder))

# Every delivery executes these. Made once, they are compiled once.
_BY_NAME = select(*_COLUMNS).where(
    folders.c.mailbox_id == bindparam("of_mailbox"),
    folders.c.distinguished_name == bindparam("name"),
)
_ADD_TO_COUNTS = (
    update(folders)
    .where(
        folders.c.mailbox_id == bindparam("of_mailbox"),
        folders.c.number == bindparam("of_number"),
    )
    .values(
        total_count=folders.c.total_count + bindparam("total"),
        unread_count=folders.c.unread_count + bindparam("unread"),
        child_folder_count=folders.c.child_folder_count + bindparam("child_folders"),
        change=bindparam("new_change"),
    )
    .returning(*_COLUMNS)
)


def insert_distinguished(tx: Transaction, new_mailboxes: Sequence[int]) -> None:
    """Give new mailboxes their distinguished folders."""
    rows: list[dict[str, Any]] = []
    for mailbox in new_mailboxes:
        rows += _distinguished(mailbox, take_numbers(tx, mailbox, len(DISTINGUISHED_FOLDERS)))
    tx.connection.execute(insert(folders), rows)


def _distinguished(mailbox: int, numbers: range) -> list[dict[str, Any]]:
    number_of = dict(zip((f.name for f in DISTINGUISHED_FOLDERS), numbers, strict=True))
    parents = [folder.parent for folder in DISTINGUISHED_FOLDERS]
    return [
        {
            "mailbox_id": mailbox,
            "shard": shard_of(mailbox),
            "number": number_of[folder.name],
            "parent_number": number_of[folder.parent] if folder.parent else None,
            "distinguished_name": folder.name,
            "display_name": folder.display_name,
            "folder_class": folder.folder_class,
            "total_count": 0,
            "unread_count": 0,
            "child_folder_count": parents.count(folder.name),
            "change": number_of[folder.name],
        }
        for folder in DISTINGUISHED_FOLDERS
    ]


def by_name(tx: Transaction, mailbox: int, distinguished_name: str) -> Folder | None:
    """The distinguished folder of this name."""
    rows = tx.connection.execute(_BY_NAME, {"of_mailbox": mailbox, "name": distinguished_name})
    return next(_folders(rows), None)


def by_number(tx: Transaction, mailbox: int, number: int) -> Folder | None:
    """The folder with this number."""
    rows = tx.connection.execute(
        select(*_COLUMNS).where(folders.c.mailbox_id == mailbox, folders.c.number == number)
    )
    return next(_folders(rows), None)


def of_mailbox(tx: Transaction, mailbox: int) -> list[Folder]:
    """Every folder of a mailbox, in the order in which they were made."""
    rows = tx.connection.execute(
        select(*_COLUMNS).where(folders.c.mailbox_id == mailbox).order_by(folders.c.number)
    )
    return list(_folders(rows))


def children(tx: Transaction, mailbox: int, numbers: Sequence[int]) -> list[Folder]:
    """The folders right under these, in the order in which they were made."""
    rows = tx.connection.execute(
        select(*_COLUMNS)
        .where(folders.c.mailbox_id == mailbox, folders.c.parent_number.in_(numbers))
        .order_by(folders.c.number)
    )
    return list(_folders(rows))


def count(tx: Transaction, mailbox: int) -> int:
    """How many folders a mailbox has."""
    return tx.connection.execute(
        select(func.count()).select_from(folders).where(folders.c.mailbox_id == mailbox)
    ).scalar_one()


def names_under(tx: Transaction, mailbox: int, parent: int) -> list[str]:
    """The names of the folders right under this one."""
    return list(
        tx.connection.execute(
            select(folders.c.display_name).where(
                folders.c.mailbox_id == mailbox, folders.c.parent_number == parent
            )
        ).scalars()
    )


def names_like(tx: Transaction, mailbox: int, parent: int, name: str) -> list[str]:
    """Those of the names in a folder that may differ from this one in case alone.

    The database folds the case of ASCII: names of other characters are all among them.
    """
    if not name.isascii():
        return names_under(tx, mailbox, parent)
    known = folders.c.display_name
    is_sqlite = tx.is_sqlite
    octets = func.length(cast(known, LargeBinary)) if is_sqlite else func.octet_length(known)
    return list(
        tx.connection.execute(
            select(known).where(
                folders.c.mailbox_id == mailbox,
                folders.c.parent_number == parent,
                or_(func.lower(known) == func.lower(name), octets != func.length(known)),
            )
        ).scalars()
    )


def insert_folder(tx: Transaction, mailbox: int, folder: Folder) -> None:
    """Store a new folder. Does not count it in its parent."""
    key = {"mailbox_id": mailbox, "shard": shard_of(mailbox)}
    tx.connection.execute(insert(folders), [{**key, **_row(folder)}])


def update_folder(tx: Transaction, mailbox: int, folder: Folder) -> None:
    """Write a folder over the one with its number."""
    tx.connection.execute(
        update(folders)
        .where(folders.c.mailbox_id == mailbox, folders.c.number == folder.number)
        .values(_row(folder))
    )


def delete_folders(tx: Transaction, mailbox: int, numbers: Iterable[int]) -> None:
    """Remove folders. Their items are the caller's to remove."""
    tx.connection.execute(
        delete(folders).where(
            folders.c.mailbox_id == mailbox, folders.c.number == bindparam("gone")
        ),
        [{"gone": number} for number in numbers],
    )


def add_to_counts(
    tx: Transaction,
    mailbox: int,
    number: int,
    change: int,
    total: int = 0,
    unread: int = 0,
    child_folders: int = 0,
) -> Folder:
    """Count what was added (or, negative, removed), and return the folder as it is now."""
    rows = tx.connection.execute(
        _ADD_TO_COUNTS,
        {
            "of_mailbox": mailbox,
            "of_number": number,
            "total": total,
            "unread": unread,
            "child_folders": child_folders,
            "new_change": change,
        },
    )
    return next(_folders(rows))


def _row(folder: Folder) -> dict[str, Any]:
    values = {field.name: getattr(folder, field.name) for field in fields(Folder)}
    properties = json.dumps(folder.properties, ensure_ascii=False) if folder.properties else None
    return {**values, "properties": properties}


def _folders(rows: Iterable[Row[Any]]) -> Iterator[Folder]:
    for row in rows:
        values: list[Any] = list(row)
        values[-1] = json.loads(values[-1]) if values[-1] else {}
        yield Folder(*values)
