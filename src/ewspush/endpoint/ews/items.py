"""GetItem, MoveItem, CopyItem, DeleteItem and MarkAllItemsAsRead."""

from collections.abc import Callable

from lxml import etree

from ewspush.core.errors import DataSizeLimitExceeded, EwsError
from ewspush.endpoint.ews import folder_ids, item_ids
from ewspush.endpoint.ews.call import Call
from ewspush.endpoint.ews.item_rendering import id_only, in_shape, not_told, told
from ewspush.endpoint.ews.item_shapes import ItemShape
from ewspush.endpoint.ews.item_types import (
    CopyItemType,
    DeleteItemResponseMessageType,
    DeleteItemType,
    GetItemType,
    ItemInfoResponseMessageType,
    MarkAllItemsAsReadType,
    MoveItemType,
)
from ewspush.endpoint.ews.types import (
    EwsService,
    ResponseMessageType,
    failure,
    messages_operation,
    success,
)
from ewspush.endpoint.spyne_compat import MethodContext
from ewspush.operations import Transaction
from ewspush.operations.folders import get_folder
from ewspush.operations.items import (
    Disposal,
    Item,
    copy_items,
    delete_items,
    get_item,
    mark_all_read,
    move_items,
)
from ewspush.operations.journal import Journal

# Bytes of the items whose contents one answer may hold. The first item is always answered.
_MOST_CONTENT = 64 * 1024 * 1024


class Items(EwsService):
    @messages_operation("GetItem", GetItemType, ItemInfoResponseMessageType)
    def get_item(ctx: MethodContext, request: GetItemType) -> list[ResponseMessageType]:
        asked_for = item_ids.listed(request.ItemIds)
        shape = ItemShape.read(request.ItemShape)
        answer = _Answer(ctx.udc, shape)
        with ctx.udc.backend.database.read() as tx:
            return [answer.add(tx, id) for id in asked_for]

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
        call = ctx.udc
        asked_for = folder_ids.listed(request.FolderIds)
        with call.backend.database.write() as tx:
            journal = Journal(tx, call.caller.id, call.backend.now_s())
            return [_mark_all(journal, id, is_read=request.ReadFlag) for id in asked_for]


class _Answer:
    """What GetItem answers, whose size is bounded."""

    def __init__(self, call: Call, shape: ItemShape) -> None:
        self._call = call
        self._shape = shape
        self._content = 0  # bytes so far

    def add(self, tx: Transaction, id: etree._Element) -> ResponseMessageType:
        """The answer for one item; an error in one does not spoil the others."""
        mailbox = self._call.caller.id
        try:
            item = get_item(tx, mailbox, item_ids.reference(id))
            self._count(item)
            element = in_shape(tx, mailbox, item, self._shape, self._call.server_version)
        except EwsError as error:
            return not_told(error)
        return told([element])

    def _count(self, item: Item) -> None:
        if self._content and self._content + item.size > _MOST_CONTENT:
            raise DataSizeLimitExceeded("The answer is too large: ask for fewer items at once.")
        if self._shape.base_shape != "IdOnly" or self._shape.names:
            self._content += item.size


def _put_elsewhere(
    call: Call,
    request: MoveItemType | CopyItemType,
    put: Callable[[Journal, list[Item], int], list[Item]],
) -> list[ResponseMessageType]:
    def one(journal: Journal, item: Item) -> ResponseMessageType:
        target = folder_ids.reference(request.ToFolderId[0])
        folder = get_folder(journal.tx, call.caller.id, target)
        (new,) = put(journal, [item], folder.number)
        # true if absent: MoveItem (EWS XML reference), ReturnNewItemIds
        return told([] if request.ReturnNewItemIds is False else [id_only(call.caller.id, new)])

    return _change_each(call, request.ItemIds, one, not_told)


def _change_each(
    call: Call,
    ids: etree._Element,
    change: Callable[[Journal, Item], ResponseMessageType],
    failed: Callable[[EwsError], ResponseMessageType],
) -> list[ResponseMessageType]:
    """Change items one by one in one transaction; an error in one does not spoil the others."""

    def change_one(journal: Journal, id: etree._Element) -> ResponseMessageType:
        try:
            with journal.attempt():
                item = get_item(journal.tx, journal.mailbox, item_ids.reference(id))
                return change(journal, item)
        except EwsError as error:
            return failed(error)

    asked_for = item_ids.listed(ids)
    with call.backend.database.write() as tx:
        journal = Journal(tx, call.caller.id, call.backend.now_s())
        return [change_one(journal, id) for id in asked_for]


def _not_deleted(error: EwsError) -> ResponseMessageType:
    return failure(DeleteItemResponseMessageType, error)


def _failed(error: EwsError) -> ResponseMessageType:
    return failure(ResponseMessageType, error)


def _mark_all(journal: Journal, id: etree._Element, *, is_read: bool) -> ResponseMessageType:
    try:
        with journal.attempt():
            folder = get_folder(journal.tx, journal.mailbox, folder_ids.reference(id))
            mark_all_read(journal, folder.number, is_read=is_read)
    except EwsError as error:
        return _failed(error)
    return success(ResponseMessageType)
