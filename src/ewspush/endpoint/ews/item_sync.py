"""SyncFolderItems."""

from lxml import etree

from ewspush.core.errors import EwsError, FolderNotFound, SyncFolderNotFound
from ewspush.core.ids import Kind
from ewspush.endpoint.ews import folder_ids, item_ids
from ewspush.endpoint.ews.call import Call
from ewspush.endpoint.ews.item_rendering import in_shape
from ewspush.endpoint.ews.item_shapes import ItemShape
from ewspush.endpoint.ews.item_types import (
    SyncFolderItemsResponseMessageType,
    SyncFolderItemsType,
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
from ewspush.operations import Transaction
from ewspush.operations.folders import get_folder
from ewspush.operations.item_sync import ChangeType, ItemChange, sync_items
from ewspush.wire import ids, item_sync_state
from ewspush.wire.namespaces import MESSAGES, TYPES

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
    mailbox = call.caller.id
    try:
        folder = get_folder(tx, mailbox, folder_ids.reference(request.SyncFolderId[0]))
    except FolderNotFound:
        raise SyncFolderNotFound from None
    # An empty state is what clients send that have none.
    state = item_sync_state.decode(mailbox, request.SyncState) if request.SyncState else None
    most = min(request.MaxChangesReturned, _MOST)
    done = sync_items(tx, mailbox, folder.number, state, most)
    changes = etree.Element(f"{{{MESSAGES}}}Changes", nsmap={"m": MESSAGES, "t": TYPES})
    for change in done.changes:
        if ids.encode(Kind.ITEM, mailbox, change.number) not in ignored:
            changes.append(_element(tx, call, change, shape))
    return success(
        SyncFolderItemsResponseMessageType,
        SyncState=item_sync_state.encode(mailbox, done.state),
        IncludesLastItemInRange=done.includes_last,
        Changes=changes,
    )


def _element(tx: Transaction, call: Call, change: ItemChange, shape: ItemShape) -> etree._Element:
    element = etree.Element(f"{{{TYPES}}}{change.type.value}")
    mailbox, item = call.caller.id, change.item
    if item is None:
        id = ids.encode(Kind.ITEM, mailbox, change.number)
        etree.SubElement(element, f"{{{TYPES}}}ItemId", Id=id)
    elif change.type is ChangeType.READ_FLAG:
        etree.SubElement(element, f"{{{TYPES}}}ItemId", item_ids.item_id(mailbox, item))
        etree.SubElement(element, f"{{{TYPES}}}IsRead").text = str(item.is_read).lower()
    else:
        element.append(in_shape(tx, mailbox, item, shape, call.server_version))
    return element
