"""Moving, copying and deleting items."""

from collections.abc import Sequence
from dataclasses import replace
from enum import Enum

from ewspush.operations.journal import Journal
from ewspush.store import contents, folders, items
from ewspush.store.items import Item

_DELETED_ITEMS = "deleteditems"
_RECOVERABLE = "recoverableitemsdeletions"


class Disposal(Enum):
    """What becomes of what is deleted (DisposalType)."""

    HARD = "HardDelete"
    SOFT = "SoftDelete"
    MOVE = "MoveToDeletedItems"


def move_items(journal: Journal, some: Sequence[Item], folder: int) -> list[Item]:
    """Move items of this mailbox to another folder, where they get other numbers."""
    moved = _put_elsewhere(journal, some, folder)
    for old, new in zip(some, moved, strict=True):
        journal.item_moved(old, new)
    return moved


def _put_elsewhere(
    journal: Journal, some: Sequence[Item], folder: int, *, is_deletion: bool = False
) -> list[Item]:
    numbers = journal.numbers(2 * len(some))
    removals, arrivals = numbers[: len(some)], numbers[len(some) :]
    moved = [
        replace(
            item,
            number=number,
            folder_number=folder,
            deleted_from=item.folder_number if is_deletion else None,
            change=number,
            content_change=number,
            modified_at_s=journal.now_s,
        )
        for item, number in zip(some, arrivals, strict=True)
    ]
    pairs = zip((item.number for item in some), moved, strict=True)
    items.update_items(journal.tx, journal.mailbox, pairs)
    _record_removed(journal, some, removals)
    return moved


def _record_removed(journal: Journal, some: Sequence[Item], changes: Sequence[int]) -> None:
    items.record_removed(
        journal.tx,
        journal.mailbox,
        [
            (change, item.folder_number, item.number)
            for change, item in zip(changes, some, strict=True)
        ],
    )


def copy_items(journal: Journal, some: Sequence[Item], folder: int) -> list[Item]:
    """Copy items of this mailbox, with their contents."""
    tx, mailbox = journal.tx, journal.mailbox
    sources = [item.content_number for item in some]
    attachments = contents.attachments_of_several(tx, mailbox, sources)
    numbers = iter(journal.numbers(len(some) + sum(map(len, attachments.values()))))
    copies, copied_attachments = [], []
    for item in some:
        copy = _copied(journal, item, next(numbers), folder)
        copies.append(copy)
        for source, number in zip(attachments.get(item.content_number, ()), numbers, strict=False):
            copied_attachments.append((source, number, copy.number))
        journal.item_copied(item, copy)
    items.insert_items(tx, mailbox, copies)
    pairs = list(zip(sources, (copy.number for copy in copies), strict=True))
    contents.copy_contents(tx, mailbox, pairs, copied_attachments)
    return copies


def _copied(journal: Journal, item: Item, number: int, folder: int) -> Item:
    return replace(
        item,
        number=number,
        folder_number=folder,
        content_number=number,
        deleted_from=None,
        change=number,
        content_change=number,
        created_at_s=journal.now_s,
        modified_at_s=journal.now_s,
    )


def delete_items(journal: Journal, some: Sequence[Item], disposal: Disposal) -> None:
    """Delete items of one folder of this mailbox.

    What is in Deleted Items already is soft-deleted when it is deleted once more, and what was
    soft-deleted goes for good.
    """
    if not some:
        return
    folder = some[0].folder_number
    deleted = _distinguished(journal, _DELETED_ITEMS)
    recoverable = _distinguished(journal, _RECOVERABLE)
    if disposal is Disposal.MOVE and folder not in (deleted, recoverable):
        move_items(journal, some, deleted)
    elif disposal is not Disposal.HARD and folder != recoverable:
        moved = _put_elsewhere(journal, some, recoverable, is_deletion=True)
        for old, new in zip(some, moved, strict=True):
            journal.item_soft_deleted(old, new)
    else:
        _delete_for_good(journal, some)


def _delete_for_good(journal: Journal, some: Sequence[Item]) -> None:
    items.delete_items(journal.tx, journal.mailbox, [item.number for item in some])
    contents.delete_contents(journal.tx, journal.mailbox, [item.content_number for item in some])
    _record_removed(journal, some, journal.numbers(len(some)))
    for item in some:
        journal.item_deleted(item)


def _distinguished(journal: Journal, name: str) -> int:
    folder = folders.by_name(journal.tx, journal.mailbox, name)
    assert folder is not None, "every mailbox has its distinguished folders"
    return folder.number
