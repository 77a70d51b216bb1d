"""MoveItem, CopyItem, DeleteItem and MarkAllItemsAsRead."""

from collections.abc import Callable

from lxml import etree

from ewspush.core.errors import EwsError
from ewspush.endpoint.ews.call import Call
from ewspush.endpoint.ews.folders import ids as folder_ids
from ewspush.endpoint.ews.folders.answers import change_each
from ewspush.endpoint.ews.items import ids as item_ids
from ewspush.endpoint.ews.items.rendering import id_only, not_told, told
from ewspush.endpoint.ews.items.types import (
    CopyItemType,
    DeleteItemResponseMessageType,
    DeleteItemType,
    ItemInfoResponseMessageType,
    MarkAllItemsAsReadType,
    MoveItemType,
)
from ewspush.endpoint.ews.limits import bounded
from ewspush.endpoint.ews.types import (
    EwsService,
    ResponseMessageType,
    failure,
    messages_operation,
    success,
)
from ewspush.endpoint.spyne_compat import MethodContext
from ewspush.operations.delegates import Journals, target_folder
from ewspush.operations.folders.finding import Folder
from ewspush.operations.items.finding import Item, get_item
from ewspush.operations.items.moves import Disposal, copy_items, delete_items, move_items
from ewspush.operations.items.updates import mark_all_read
from ewspush.operations.journal import Journal


class ItemMoves(EwsService):
    @messages_operation("MoveItem", MoveItemType, ItemInfoResponseMessageType)
    def move_item(ctx: MethodContext, request: MoveItemType) -> list[ResponseMessageType]:
        return _put_elsewhere(ctx.udc, request, move_items)

    @messages_operation("CopyItem", CopyItemType, ItemInfoResponseMessageType)
    def copy_item(ctx: MethodContext, request: CopyItemType) -> list[ResponseMessageType]:
        return _put_elsewhere(ctx.udc, request, copy_items)

    @messages_operation("DeleteItem", DeleteItemType, DeleteItemResponseMessageType)
    def delete_item(ctx: MethodContext, request: DeleteItemType) -> list[ResponseMessageType]:
        disposal = Disposal(request.DeleteType)

        def delete(journal: Journal, item: Item) -> ResponseMessageType:
            delete_items(journal, [item], disposal)
            return success(DeleteItemResponseMessageType)

        return _change_each(ctx.udc, request.ItemIds, delete, _not_deleted)

    @messages_operation("MarkAllItemsAsRead", MarkAllItemsAsReadType, ResponseMessageType)
    def mark_all_items_as_read(
        ctx: MethodContext, request: MarkAllItemsAsReadType
    ) -> list[ResponseMessageType]:
        def mark(journal: Journal, folder: Folder) -> None:
            mark_all_read(journal, folder.number, is_read=request.ReadFlag)

        return change_each(ctx.udc, request.FolderIds, ResponseMessageType, mark)


def _put_elsewhere(
    call: Call,
    request: MoveItemType | CopyItemType,
    put: Callable[[Journal, list[Item], int], list[Item]],
) -> list[ResponseMessageType]:
    def one(journal: Journal, item: Item) -> ResponseMessageType:
        target = folder_ids.reference(request.ToFolderId[0])
        folder = target_folder(journal, call.caller, target)
        (new,) = put(journal, [item], folder.number)
        # true if absent: MoveItem (EWS XML reference), ReturnNewItemIds
        return told([] if request.ReturnNewItemIds is False else [id_only(journal.mailbox, new)])

    return _change_each(call, request.ItemIds, one, not_told)


def _change_each(
    call: Call,
    ids: etree._Element,
    change: Callable[[Journal, Item], ResponseMessageType],
    failed: Callable[[EwsError], ResponseMessageType],
) -> list[ResponseMessageType]:
    """Change items one by one in one transaction; an error in one does not spoil the others."""

    def change_one(journals: Journals, id: etree._Element) -> ResponseMessageType:
        try:
            reference = item_ids.reference(id)
            journal = journals.of(reference.id)
            with journal.attempt():
                item = get_item(journal.tx, journal.mailbox, reference)
                return change(journal, item)
        except EwsError as error:
            return failed(error)

    asked_for = bounded(ids, "ids")
    with call.journals(asked_for) as journals:
        return [change_one(journals, id) for id in asked_for]


def _not_deleted(error: EwsError) -> ResponseMessageType:
    return failure(DeleteItemResponseMessageType, error)
