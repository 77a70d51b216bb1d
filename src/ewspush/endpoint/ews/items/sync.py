"""SyncFolderItems."""

from collections.abc import Sequence
from itertools import accumulate

from lxml import etree

from ewspush.core.errors import EwsError, FolderNotFound, SyncFolderNotFound
from ewspush.core.ids import Kind
from ewspush.endpoint.ews import limits
from ewspush.endpoint.ews.call import Call
from ewspush.endpoint.ews.folders import ids as folder_ids
from ewspush.endpoint.ews.items import ids as item_ids
from ewspush.endpoint.ews.items.rendering import in_shape, tells_contents
from ewspush.endpoint.ews.items.shapes import ItemShape
from ewspush.endpoint.ews.items.types import SyncFolderItemsResponseMessageType, SyncFolderItemsType
from ewspush.endpoint.ews.limits import bounded
from ewspush.endpoint.ews.types import (
    EwsService,
    ResponseMessageType,
    failure,
    message_element,
    messages_operation,
    success,
)
from ewspush.endpoint.spyne_compat import MethodContext
from ewspush.operations import Transaction
from ewspush.operations.delegates import Access
from ewspush.operations.items.sync import ChangeType, ItemChange, sync_items
from ewspush.wire import ids, item_sync_state
from ewspush.wire.namespaces import TYPES

_MOST = 512  # MaxChangesReturned (EWS XML reference)


class ItemSync(EwsService):
    @messages_operation("SyncFolderItems", SyncFolderItemsType, SyncFolderItemsResponseMessageType)
    def sync_folder_items(
        ctx: MethodContext, request: SyncFolderItemsType
    ) -> list[ResponseMessageType]:
        call: Call = ctx.udc
        shape = ItemShape.read(request.ItemShape)
        ignored = {id.get("Id") for id in bounded(request.Ignore, "ids")}
        try:
            with call.backend.database.read() as tx:
                return [_sync(tx, call, request, shape, ignored)]
        except EwsError as error:
            # exchangelib reads both before it looks for an error.
            content = {"SyncState": "", "IncludesLastItemInRange": True}
            return [failure(SyncFolderItemsResponseMessageType, error, **content)]


def _sync(
    tx: Transaction,
    call: Call,
    request: SyncFolderItemsType,
    shape: ItemShape,
    ignored: set[str | None],
) -> ResponseMessageType:
    reference = folder_ids.reference(request.SyncFolderId[0])
    try:
        mailbox, folder = Access(tx, call.caller).folder(reference)
    except FolderNotFound:
        raise SyncFolderNotFound from None
    # An empty state is what clients send that have none.
    state = item_sync_state.decode(mailbox, request.SyncState) if request.SyncState else None
    most = min(request.MaxChangesReturned, _MOST)
    done = sync_items(tx, mailbox, folder.number, state, most)
    if tells_contents(shape) and (fitting := _fitting(done.changes)) < len(done.changes):
        done = sync_items(tx, mailbox, folder.number, state, fitting)
    changes = (
        _element(tx, mailbox, change, shape, call.server_version)
        for change in done.changes
        if ids.encode(Kind.ITEM, mailbox, change.number) not in ignored
    )
    return success(
        SyncFolderItemsResponseMessageType,
        SyncState=item_sync_state.encode(mailbox, done.state),
        IncludesLastItemInRange=done.includes_last,
        Changes=message_element("Changes", changes),
    )


def _fitting(changes: Sequence[ItemChange]) -> int:
    """How many changes fit into one answer."""
    sizes = accumulate(0 if change.item is None else change.item.size for change in changes)
    return max(1, sum(size <= limits.MOST_CONTENT for size in sizes))


def _element(
    tx: Transaction, mailbox: int, change: ItemChange, shape: ItemShape, server_version: str
) -> etree._Element:
    element = etree.Element(f"{{{TYPES}}}{change.type.value}")
    item = change.item
    if item is None:
        id = ids.encode(Kind.ITEM, mailbox, change.number)
        etree.SubElement(element, f"{{{TYPES}}}ItemId", Id=id)
    elif change.type is ChangeType.READ_FLAG:
        etree.SubElement(element, f"{{{TYPES}}}ItemId", item_ids.item_id(mailbox, item))
        etree.SubElement(element, f"{{{TYPES}}}IsRead").text = str(item.is_read).lower()
    else:
        element.append(in_shape(tx, mailbox, item, shape, server_version))
    return element
