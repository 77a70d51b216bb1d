"""SyncFolderHierarchy."""

from lxml import etree

from ewspush.core.errors import EwsError, FolderNotFound, SyncFolderNotFound
from ewspush.core.folders import ROOT
from ewspush.core.ids import Kind
from ewspush.endpoint.ews.call import Call
from ewspush.endpoint.ews.folders import ids as folder_ids
from ewspush.endpoint.ews.folders.shapes import FolderShape, in_shape
from ewspush.endpoint.ews.folders.types import (
    SyncFolderHierarchyResponseMessageType,
    SyncFolderHierarchyType,
)
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
from ewspush.operations.folders.finding import Folder, FolderByName
from ewspush.operations.folders.sync import FolderChange, sync_folders
from ewspush.wire import folder_sync_state, ids
from ewspush.wire.namespaces import TYPES


class FolderSync(EwsService):
    @messages_operation(
        "SyncFolderHierarchy", SyncFolderHierarchyType, SyncFolderHierarchyResponseMessageType
    )
    def sync_folder_hierarchy(
        ctx: MethodContext, request: SyncFolderHierarchyType
    ) -> list[ResponseMessageType]:
        call: Call = ctx.udc
        try:
            with call.backend.database.read() as tx:
                return [_sync(tx, call, request)]
        except EwsError as error:
            message = failure(SyncFolderHierarchyResponseMessageType, error)
            # exchangelib looks for both before it looks at the error.
            message.SyncState, message.IncludesLastFolderInRange = "", True
            return [message]


def _sync(tx: Transaction, call: Call, request: SyncFolderHierarchyType) -> ResponseMessageType:
    shape = FolderShape.read(request.FolderShape)
    mailbox, root = _root(tx, call, request.SyncFolderId)
    # An empty state is what clients send that have none.
    state = folder_sync_state.decode(mailbox, request.SyncState) if request.SyncState else None
    done = sync_folders(tx, mailbox, root.number, state)
    version = call.server_version
    changes = (_element(mailbox, change, shape, version) for change in done.changes)
    return success(
        SyncFolderHierarchyResponseMessageType,
        SyncState=folder_sync_state.encode(mailbox, done.state),
        IncludesLastFolderInRange=True,
        Changes=message_element("Changes", changes),
    )


def _root(tx: Transaction, call: Call, id: etree._Element | None) -> tuple[int, Folder]:
    """The folder whose subfolders are followed, and its mailbox: the caller's if none is named."""
    reference = FolderByName(ROOT) if id is None else folder_ids.reference(id[0])
    try:
        return Access(tx, call.caller).folder(reference)
    except FolderNotFound:
        raise SyncFolderNotFound from None


def _element(
    mailbox: int, change: FolderChange, shape: FolderShape, server_version: str
) -> etree._Element:
    element = etree.Element(f"{{{TYPES}}}{change.type.value}")
    if change.folder is None:
        id = ids.encode(Kind.FOLDER, mailbox, change.number)
        etree.SubElement(element, f"{{{TYPES}}}FolderId", Id=id)
    else:
        element.append(in_shape(mailbox, change.folder, shape, server_version))
    return element
