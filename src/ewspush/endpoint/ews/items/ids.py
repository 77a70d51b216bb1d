"""Ids of items and attachments, in requests and answers."""

from lxml import etree

from ewspush.core.errors import CalendarCannotUseIdForOccurrenceId
from ewspush.core.ids import Kind, ObjectId
from ewspush.operations.items.finding import Item, ItemReference
from ewspush.wire import change_key, ids
from ewspush.wire.namespaces import TYPES


def reference(element: etree._Element) -> ItemReference:
    """An ItemId, or another element with the same attributes.

    Raises InvalidIdMalformed, InvalidIdEmpty, InvalidChangeKey, or
    CalendarCannotUseIdForOccurrenceId for an occurrence of a series: those have no ids here.
    """
    if element.tag in (f"{{{TYPES}}}OccurrenceItemId", f"{{{TYPES}}}RecurringMasterItemId"):
        raise CalendarCannotUseIdForOccurrenceId
    known = element.get("ChangeKey")
    return ItemReference(
        ids.decode(element.get("Id", "")), change_key.decode(known) if known else None
    )


def attachment(element: etree._Element) -> ObjectId:
    """An AttachmentId. Raises InvalidIdMalformed or InvalidIdEmpty."""
    return ids.decode(element.get("Id", ""))


def item_id(mailbox: int, item: Item) -> dict[str, str]:
    """The value of ItemId."""
    return {
        "Id": ids.encode(Kind.ITEM, mailbox, item.number),
        "ChangeKey": change_key.encode(item.change),
    }


def attachment_id(mailbox: int, number: int) -> dict[str, str]:
    """The value of AttachmentId."""
    return {"Id": ids.encode(Kind.ATTACHMENT, mailbox, number)}
