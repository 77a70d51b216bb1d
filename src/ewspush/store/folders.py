"""Folders of a mailbox, with counts that are always true."""

from dataclasses import dataclass

from sqlalchemy import insert, select, update

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


_COLUMNS = tuple(folders.c[name] for name in Folder.__dataclass_fields__)


def insert_distinguished(tx: Transaction, mailbox: int) -> None:
    """Give a new mailbox its distinguished folders."""
    numbers = take_numbers(tx, mailbox, len(DISTINGUISHED_FOLDERS))
    number_of = dict(zip((f.name for f in DISTINGUISHED_FOLDERS), numbers, strict=True))
    parents = [folder.parent for folder in DISTINGUISHED_FOLDERS]
    tx.connection.execute(
        insert(folders),
        [
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
                "change": 1,
            }
            for folder in DISTINGUISHED_FOLDERS
        ],
    )


def by_name(tx: Transaction, mailbox: int, distinguished_name: str) -> Folder | None:
    """The distinguished folder of this name."""
    row = tx.connection.execute(
        select(*_COLUMNS).where(
            folders.c.mailbox_id == mailbox, folders.c.distinguished_name == distinguished_name
        )
    ).one_or_none()
    return Folder(*row) if row else None


def by_number(tx: Transaction, mailbox: int, number: int) -> Folder | None:
    """The folder with this number."""
    row = tx.connection.execute(
        select(*_COLUMNS).where(folders.c.mailbox_id == mailbox, folders.c.number == number)
    ).one_or_none()
    return Folder(*row) if row else None


def add_to_counts(tx: Transaction, mailbox: int, number: int, total: int, unread: int) -> Folder:
    """Count items that were added (or, negative, removed), and return the folder as it is now."""
    row = tx.connection.execute(
        update(folders)
        .where(folders.c.mailbox_id == mailbox, folders.c.number == number)
        .values(
            total_count=folders.c.total_count + total,
            unread_count=folders.c.unread_count + unread,
            change=folders.c.change + 1,
        )
        .returning(*_COLUMNS)
    ).one()
    return Folder(*row)
