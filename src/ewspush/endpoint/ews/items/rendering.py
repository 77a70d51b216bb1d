"""Items in answers."""

from collections.abc import Iterable, Sequence
from typing import Any

from lxml import etree

from ewspush.core import times
from ewspush.core.errors import EwsError
from ewspush.endpoint.ews.folders.ids import parent_folder_id
from ewspush.endpoint.ews.items import ids as item_ids
from ewspush.endpoint.ews.items.shapes import ItemShape
from ewspush.endpoint.ews.items.types import ItemInfoResponseMessageType
from ewspush.endpoint.ews.types import (
    ResponseMessageType,
    effective_rights,
    failure,
    message_element,
    success,
)
from ewspush.operations import Transaction
from ewspush.operations.items.attachments import Attachment, attachments_of
from ewspush.operations.items.finding import Item
from ewspush.operations.items.values import CONTENT, content_values, values_of
from ewspush.wire.namespaces import TYPES
from ewspush.wire.properties.items import kind_of, render

_EFFECTIVE_RIGHTS = effective_rights(may_create=False)
_RESPONSE_OBJECTS = (
    f'<t:ResponseObjects xmlns:t="{TYPES}"><t:ReplyToItem/><t:ReplyAllToItem/><t:ForwardItem/>'
    "</t:ResponseObjects>"
)


def in_shape(
    tx: Transaction, mailbox: int, item: Item, shape: ItemShape, server_version: str
) -> etree._Element:
    """The element of an item with what was asked for; what it does not have is left out."""
    kind = kind_of(item.item_class)
    asked_for = shape.names_for(kind, server_version) | {path.name for path in shape.indexed}
    values = {**values_of(item), **_ids(mailbox, item)}
    values["EffectiveRights"] = _EFFECTIVE_RIGHTS
    if item.item_class.lower().startswith("ipm.note") and not item.is_draft:
        values["ResponseObjects"] = _RESPONSE_OBJECTS
    if asked_for & CONTENT:
        values |= content_values(tx, mailbox, item, asked_for & CONTENT, shape.body_type)
    if "Attachments" in asked_for:
        attachments = attachments_of(tx, mailbox, item)
        values["Attachments"] = [described(mailbox, one) for one in attachments]
    return render(kind, shape.pick(kind, values, server_version))


def tells_contents(shape: ItemShape) -> bool:
    """Whether an answer in this shape may hold what items contain."""
    named = shape.names or shape.indexed or shape.extended
    return shape.base_shape != "IdOnly" or bool(named) or shape.include_mime_content


def _ids(mailbox: int, item: Item) -> dict[str, Any]:
    return {
        "ItemId": item_ids.item_id(mailbox, item),
        "ParentFolderId": parent_folder_id(mailbox, item.folder_number),
    }


def described(mailbox: int, attachment: Attachment) -> dict[str, Any]:
    """What an item says about an attachment."""
    values = {
        **attachment_id_only(mailbox, attachment),
        "Name": attachment.name,
        "ContentType": attachment.content_type,
        "ContentId": attachment.content_id,
        "ContentLocation": attachment.content_location,
        "Size": attachment.size,
        "LastModifiedTime": times.to_text(attachment.modified_at_s),
        "IsInline": attachment.is_inline,
    }
    return {name: value for name, value in values.items() if value is not None}


def id_only(mailbox: int, item: Item, attachments: Sequence[Attachment] = ()) -> etree._Element:
    """The element of an item with its id, and those of attachments if there are any."""
    values: dict[str, Any] = {"ItemId": item_ids.item_id(mailbox, item)}
    if attachments:
        values["Attachments"] = [attachment_id_only(mailbox, one) for one in attachments]
    return render(kind_of(item.item_class), values)


def attachment_id_only(mailbox: int, attachment: Attachment) -> dict[str, Any]:
    """What tells of an attachment its id alone."""
    return {
        "Kind": "ItemAttachment" if attachment.is_item else "FileAttachment",
        "AttachmentId": item_ids.attachment_id(mailbox, attachment.number),
    }


def told(
    items: Iterable[etree._Element],
    message: type[ItemInfoResponseMessageType] = ItemInfoResponseMessageType,
    **content: object,
) -> ResponseMessageType:
    """A response message with items."""
    return success(message, Items=message_element("Items", items), **content)


def not_told(
    error: EwsError, message: type[ItemInfoResponseMessageType] = ItemInfoResponseMessageType
) -> ResponseMessageType:
    """A response message without them: the schema wants an empty Items."""
    return failure(message, error, Items=message_element("Items"))
