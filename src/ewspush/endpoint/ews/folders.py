"""GetFolder."""

from lxml import etree

from ewspush.core.errors import EwsError
from ewspush.endpoint.ews import folder_ids
from ewspush.endpoint.ews.call import Call
from ewspush.endpoint.ews.folder_shapes import in_shape
from ewspush.endpoint.ews.folder_types import (
    FolderInfoResponseMessageType,
    FolderResponseShapeType,
    GetFolderResponseMessages,
    GetFolderResponseType,
    GetFolderType,
)
from ewspush.endpoint.ews.types import (
    EwsService,
    ResponseMessageType,
    failure,
    operation,
    success,
)
from ewspush.endpoint.spyne_compat import MethodContext
from ewspush.operations import Transaction, folders


class Folders(EwsService):
    @operation("GetFolder", GetFolderType, GetFolderResponseType)
    def get_folder(ctx: MethodContext, request: GetFolderType) -> GetFolderResponseType:
        asked_for = folder_ids.listed(request.FolderIds)
        with ctx.udc.backend.database.read() as tx:
            each = [_get(tx, ctx.udc, id, request.FolderShape) for id in asked_for]
        messages = GetFolderResponseMessages(GetFolderResponseMessage=each)
        return GetFolderResponseType(ResponseMessages=messages)


def _get(
    tx: Transaction, call: Call, id: etree._Element, shape: FolderResponseShapeType
) -> ResponseMessageType:
    """The answer for one folder; an error in one does not spoil the others."""
    try:
        folder = folders.get_folder(tx, call.caller.id, folder_ids.reference(id))
    except EwsError as error:
        return failure(FolderInfoResponseMessageType, error)
    content = in_shape(folder, call.caller.id, shape, call.server_version)
    return success(FolderInfoResponseMessageType, Folders=content)
