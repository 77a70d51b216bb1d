"""Finding items."""

from collections.abc import Iterator
from dataclasses import dataclass

from ewspush.core.errors import AccessDenied, CannotUseFolderIdForItemId, ItemNotFound
from ewspush.core.ids import Kind, ObjectId
from ewspush.store import items
from ewspush.store.database import Transaction
from ewspush.store.items import Item

__all__ = ["Item", "ItemReference", "get_item", "in_folder"]

_AT_ONCE = 500  # items of a folder that are worked on together


@dataclass(frozen=True, slots=True)
class ItemReference:
    """t:ItemId: an item, and the change of it that the client knows."""

    id: ObjectId
    change: int | None = None


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
