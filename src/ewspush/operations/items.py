"""Items: finding, making, moving, copying and deleting them.

What acts is given a Journal: it tells the journal what it does, and whoever made the journal
settles it. Values are those of `core.item_paths`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from ewspush.core.errors import AccessDenied, CannotUseFolderIdForItemId, ItemNotFound
from ewspush.core.ids import Kind, ObjectId
from ewspush.core.item_paths import ExtendedPath, Value, value_at
from ewspush.operations.item_parts import NewAttachment, Parts
from ewspush.operations.journal import Journal
from ewspush.store import contents, folders, items
from ewspush.store.contents import Attachment
from ewspush.store.database import Transaction
from ewspush.store.items import Item

__all__ = [
    "Disposal",
    "Item",
    "ItemReference",
    "copy_items",
    "create",
    "create_arrived",
    "delete_items",
    "get_item",
    "in_folder",
    "mark_all_read",
    "move_items",
    "store_attachments",
]

_DELETED_ITEMS = "deleteditems"
_RECOVERABLE = "recoverableitemsdeletions"
_AT_ONCE = 500  # items of a folder that are worked on together

# PidTagMessageFlags: how clients that import mail say that it is no draft.
_MESSAGE_FLAGS = ExtendedPath("PropertyTag=0xe07 PropertyType=Integer")
_READ, _UNSENT = 0x1, 0x8


@dataclass(frozen=True, slots=True)
class ItemReference:
    """t:ItemId: an item, and the change of it that the client knows."""

    id: ObjectId
    change: int | None = None


class Disposal(Enum):
    """What becomes of what is deleted (DisposalType)."""

    HARD = "HardDelete"
    SOFT = "SoftDelete"
    MOVE = "MoveToDeletedItems"


def get_item(tx: Transaction, caller: int, reference: ItemReference) -> Item:
    """The item that `caller` refers to.

    Raises CannotUseFolderIdForItemId, AccessDenied if it is in another's mailbox, or ItemNotFound.
    """
    if reference.id.kind is not Kind.ITEM:
        raise CannotUseFolderIdForItemId
    if reference.id.mailbox != caller:
        raise AccessDenied
    item = items.by_number(tx, caller, reference.id.number)
    if item is None:
        raise ItemNotFound
    return item


def create_arrived(journal: Journal, folder: int, message: Parts) -> Item:
    """Make a message as it arrives: unread, and byte for byte."""
    item = _insert(journal, folder, message, is_read=False, is_draft=False)
    journal.item_created(item, is_new_mail=True)
    return item


def create(
    journal: Journal, folder: int, values: Mapping[str, Value], *, is_draft: bool = False
) -> Item:
    """Make an item from what a client says of it: ItemClass, other properties, MimeContent.

    Raises MimeContentInvalid.
    """
    parts = Parts.of_values(values)
    is_read = bool(parts.values.get("IsRead", True))
    flags = value_at(parts.values, _MESSAGE_FLAGS)
    if isinstance(flags, str) and flags.isdecimal():
        is_read, is_draft = bool(int(flags) & _READ), bool(int(flags) & _UNSENT)
    item = _insert(journal, folder, parts, is_read=is_read, is_draft=is_draft)
    journal.item_created(item)
    return item


def _insert(journal: Journal, folder: int, parts: Parts, *, is_read: bool, is_draft: bool) -> Item:
    number = journal.number()
    item = Item(
        number=number,
        folder_number=folder,
        content_number=number,
        deleted_from=None,
        item_class=parts.values.get("ItemClass", "IPM.Note"),
        subject=parts.values.get("Subject"),
        is_read=is_read,
        is_draft=is_draft,
        has_attachments=parts.has_attachments,
        size=parts.size,
        received_at_s=journal.now_s,
        created_at_s=journal.now_s,
        modified_at_s=journal.now_s,
        change=number,
        content_change=number,
        properties=parts.properties,
    )
    items.insert_item(journal.tx, journal.mailbox, item)
    if parts.mime is not None:
        contents.insert_mime(journal.tx, journal.mailbox, number, parts.mime)
    if parts.body is not None:
        contents.put_body(journal.tx, journal.mailbox, number, parts.body)
    store_attachments(journal, number, parts.attachments)
    return item


def store_attachments(
    journal: Journal, content_number: int, new: Sequence[NewAttachment]
) -> list[Attachment]:
    """Add attachments to the contents of an item."""
    numbers = journal.numbers(len(new)) if new else ()
    stored = [
        Attachment(
            number=number,
            content_number=content_number,
            name=one.name,
            content_type=one.content_type,
            content_id=one.content_id,
            content_location=one.content_location,
            is_inline=one.is_inline,
            is_item=one.is_item,
            size=one.size,
            modified_at_s=journal.now_s,
            part=one.part,
        )
        for number, one in zip(numbers, new, strict=True)
    ]
    rows = [(row, one.content) for row, one in zip(stored, new, strict=True)]
    contents.insert_attachments(journal.tx, journal.mailbox, rows)
    return stored


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
    copies = []
    for item in some:
        attachments = contents.count_attachments(journal.tx, journal.mailbox, item.content_number)
        number, *others = journal.numbers(1 + attachments)
        copy = replace(
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
        items.insert_item(journal.tx, journal.mailbox, copy)
        contents.copy_contents(journal.tx, journal.mailbox, item.content_number, number, others)
        journal.item_copied(item, copy)
        copies.append(copy)
    return copies


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


def mark_all_read(journal: Journal, folder: int, *, is_read: bool) -> None:
    """Set IsRead of every item of a folder that has it otherwise."""
    for some in in_folder(journal.tx, journal.mailbox, folder, is_read=not is_read):
        changes = journal.numbers(len(some))
        marked = [
            replace(item, is_read=is_read, change=change, modified_at_s=journal.now_s)
            for item, change in zip(some, changes, strict=True)
        ]
        pairs = zip((item.number for item in some), marked, strict=True)
        items.update_items(journal.tx, journal.mailbox, pairs)
        for old, new in zip(some, marked, strict=True):
            journal.item_modified(old, new)
        journal.flush()


def in_folder(
    tx: Transaction, mailbox: int, folder: int, *, is_read: bool | None = None
) -> Iterator[list[Item]]:
    """The items of a folder by the hundred, in the order in which they came into it.

    They may be changed or removed meanwhile.
    """
    after = 0
    while some := items.in_folder(tx, mailbox, folder, after, _AT_ONCE, is_read=is_read):
        after = some[-1].number
        yield some
