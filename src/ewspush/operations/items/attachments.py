"""Attachments of items."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ewspush.core.errors import AccessDenied, InvalidAttachmentId, ItemNotFound
from ewspush.core.ids import Kind, ObjectId
from ewspush.mail.compose import DraftAttachment
from ewspush.mail.message import Message
from ewspush.operations.drafts import composed, draft_of
from ewspush.operations.items.creation import store_attachments
from ewspush.operations.items.parts import NewAttachment, Parts, body_in, check_size
from ewspush.operations.journal import Journal
from ewspush.store import contents, items
from ewspush.store.contents import Attachment
from ewspush.store.database import Transaction
from ewspush.store.items import Item

__all__ = ["Attachment", "attachments_of"]


def attachments_of(tx: Transaction, mailbox: int, item: Item) -> list[Attachment]:
    """The attachments of an item, in the order in which they were added."""
    return contents.attachments_of(tx, mailbox, item.content_number)


def get_attachment(tx: Transaction, caller: int, id: ObjectId) -> tuple[Attachment, Item]:
    """An attachment that `caller` refers to, and the item that it belongs to.

    Raises InvalidAttachmentId, or AccessDenied if it is in another's mailbox.
    """
    if id.kind is not Kind.ATTACHMENT:
        raise InvalidAttachmentId
    if id.mailbox != caller:
        raise AccessDenied
    attachment = contents.attachment(tx, caller, id.number)
    if attachment is None:
        raise InvalidAttachmentId
    item = items.by_content(tx, caller, attachment.content_number)
    if item is None:
        raise ItemNotFound
    return attachment, item


class AttachmentContents:
    """Reads what is in attachments. A message is read once for those in it that follow another."""

    def __init__(self, tx: Transaction, mailbox: int) -> None:
        self._tx = tx
        self._mailbox = mailbox
        self._message: tuple[int, Message | None] | None = None  # and whose content it is

    def of(self, attachment: Attachment) -> bytes:
        """The bytes of an attachment, decoded; of an attached message, the message."""
        if attachment.part is None:
            content = contents.attachment_content(self._tx, self._mailbox, attachment.number)
            return content or b""
        message = self._read(attachment.content_number)
        return b"" if message is None else message.attachment_content(attachment.part)

    def _read(self, number: int) -> Message | None:
        if self._message is None or self._message[0] != number:
            mime = contents.mime(self._tx, self._mailbox, number)
            self._message = number, None if mime is None else Message(mime)
        return self._message[1]


def content_of(tx: Transaction, mailbox: int, attachment: Attachment) -> bytes:
    """The bytes of one attachment."""
    return AttachmentContents(tx, mailbox).of(attachment)


def attached_item(attachment: Attachment, content: bytes) -> tuple[str, Parts]:
    """The item of an ItemAttachment: the name of its element, and what it is made of."""
    if attachment.part is not None:
        return "Message", Parts.of_mime(content)
    stored = json.loads(content)
    return stored.get("Kind", "Item"), Parts.of_values(stored.get("Values", {}))


def add_attachments(
    journal: Journal, item: Item, new: Sequence[NewAttachment]
) -> tuple[list[Attachment], Item]:
    """Add attachments to an item: what was added, and the item as it is then.

    Raises MessageSizeExceeded.
    """
    size = item.size + sum(one.size for one in new)
    check_size(size)
    stored = store_attachments(journal, item.content_number, new)
    has_attachments = item.has_attachments or any(not one.is_inline for one in new)
    return stored, _changed(journal, item, has_attachments, size)


def delete_attachment(journal: Journal, attachment: Attachment, item: Item) -> Item:
    """Remove an attachment; the message as it arrived keeps it. Returns the item as it is then."""
    contents.delete_attachment(journal.tx, journal.mailbox, attachment.number)
    left = contents.attachments_of(journal.tx, journal.mailbox, item.content_number)
    size = item.size - (attachment.size if attachment.part is None else 0)
    return _changed(journal, item, any(not one.is_inline for one in left), size)


def _changed(journal: Journal, item: Item, has_attachments: bool, size: int) -> Item:
    number = journal.number()
    new = replace(
        item,
        has_attachments=has_attachments,
        size=size,
        change=number,
        content_change=number,
        modified_at_s=journal.now_s,
    )
    items.update_items(journal.tx, journal.mailbox, [(item.number, new)])
    journal.item_modified(item, new)
    return new


def draft_attachments(tx: Transaction, mailbox: int, item: Item) -> tuple[DraftAttachment, ...]:
    """The attachments of an item for a message that is composed of it."""
    inside = AttachmentContents(tx, mailbox)
    return tuple(
        DraftAttachment(
            name=one.name,
            content_type=_content_type(one),
            content=_composed(one, inside.of(one)),
            content_id=one.content_id,
            is_inline=one.is_inline,
        )
        for one in attachments_of(tx, mailbox, item)
    )


def _content_type(attachment: Attachment | NewAttachment) -> str:
    if attachment.is_item:
        return "message/rfc822"
    return attachment.content_type or "application/octet-stream"


def _composed(attachment: Attachment, content: bytes) -> bytes:
    if attachment.is_item and attachment.part is None:
        return _compose_item(json.loads(content).get("Values", {}))
    return content


def _compose_item(values: Mapping[str, Any]) -> bytes:
    return compose_parts(Parts.of_values(values))


def compose_parts(parts: Parts) -> bytes:
    """An item that is not stored as an Internet message."""
    if parts.mime is not None and parts.is_message:
        return parts.mime
    message = None if parts.mime is None else Message(parts.mime)
    has_body = parts.body is not None or message is not None
    body = body_in("Best", parts.body, message) if has_body else None
    return composed(draft_of(parts.values, body, tuple(_nested(parts, message))))


def _nested(parts: Parts, message: Message | None) -> Iterator[DraftAttachment]:
    for one in parts.attachments:
        content = one.content or b""
        if message is not None and one.part is not None:
            content = message.attachment_content(one.part)
        elif one.is_item:
            content = _compose_item(json.loads(content).get("Values", {}))
        yield DraftAttachment(
            name=one.name,
            content_type=_content_type(one),
            content=content,
            content_id=one.content_id,
            is_inline=one.is_inline,
        )
