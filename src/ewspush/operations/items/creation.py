"""Making items.

What acts is given a Journal: it tells the journal what it does, and whoever made the journal
settles it. Values are those of `core.item_paths`.
"""

import re
from collections.abc import Mapping, Sequence

from ewspush.core.item_paths import ExtendedPath, Value, value_at
from ewspush.operations.items.parts import NewAttachment, Parts
from ewspush.operations.journal import Journal
from ewspush.store import contents, items
from ewspush.store.contents import Attachment
from ewspush.store.items import Item

# PidTagMessageFlags: how clients that import mail say that it is no draft.
_MESSAGE_FLAGS = ExtendedPath("PropertyTag=0xe07 PropertyType=Integer")
_READ, _UNSENT = 0x1, 0x8
_INTEGER = re.compile("[0-9]{1,10}")


def create_arrived(journal: Journal, folder: int, message: Parts) -> Item:
    """Make a message as it arrives: unread, and byte for byte."""
    item = _insert(journal, folder, message, is_read=False, is_draft=False)
    journal.item_created(item, is_new_mail=True)
    return item


def create(
    journal: Journal, folder: int, values: Mapping[str, Value], *, is_draft: bool = False
) -> Item:
    """Make an item from what a client says of it: ItemClass, other properties, MimeContent.

    Raises MimeContentInvalid or InvalidPropertySet.
    """
    parts = Parts.of_values(values)
    is_read = bool(parts.values.get("IsRead", True))
    flags = value_at(parts.values, _MESSAGE_FLAGS)
    if isinstance(flags, str) and _INTEGER.fullmatch(flags):
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
