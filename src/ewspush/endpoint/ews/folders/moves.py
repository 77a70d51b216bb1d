"""MoveFolder, CopyFolder, DeleteFolder and EmptyFolder."""

from collections.abc import Callable

from ewspush.core.errors import FolderNotFound, ToFolderNotFound
from ewspush.endpoint.ews.call import Call
from ewspush.endpoint.ews.folders import ids as folder_ids
from ewspush.endpoint.ews.folders.answers import change_each
from ewspush.endpoint.ews.folders.types import (
    CopyFolderType,
    DeleteFolderType,
    EmptyFolderType,
    FolderInfoResponseMessageType,
    MoveFolderType,
)
from ewspush.endpoint.ews.types import EwsService, ResponseMessageType, messages_operation
from ewspush.endpoint.spyne_compat import MethodContext
from ewspush.operations.delegates import target_folder
from ewspush.operations.folders.finding import Folder
from ewspush.operations.folders.moves import copy_folder, move_folder
from ewspush.operations.folders.removal import delete_folder, empty_folder
from ewspush.operations.items.moves import Disposal
from ewspush.operations.journal import Journal


class FolderMoves(EwsService):
    @messages_operation("MoveFolder", MoveFolderType, FolderInfoResponseMessageType)
    def move_folder(ctx: MethodContext, request: MoveFolderType) -> list[ResponseMessageType]:
        return _put_elsewhere(ctx.udc, request, move_folder)

    @messages_operation("CopyFolder", CopyFolderType, FolderInfoResponseMessageType)
    def copy_folder(ctx: MethodContext, request: CopyFolderType) -> list[ResponseMessageType]:
        return _put_elsewhere(ctx.udc, request, copy_folder)

    @messages_operation("DeleteFolder", DeleteFolderType, ResponseMessageType)
    def delete_folder(ctx: MethodContext, request: DeleteFolderType) -> list[ResponseMessageType]:
        disposal = Disposal(request.DeleteType)

        def delete(journal: Journal, folder: Folder) -> None:
            delete_folder(journal, folder, disposal)

        return change_each(ctx.udc, request.FolderIds, ResponseMessageType, delete)

    @messages_operation("EmptyFolder", EmptyFolderType, ResponseMessageType)
    def empty_folder(ctx: MethodContext, request: EmptyFolderType) -> list[ResponseMessageType]:
        disposal = Disposal(request.DeleteType)

        def empty(journal: Journal, folder: Folder) -> None:
            empty_folder(journal, folder, disposal, with_subfolders=request.DeleteSubFolders)

        return change_each(ctx.udc, request.FolderIds, ResponseMessageType, empty)


def _put_elsewhere(
    call: Call,
    request: MoveFolderType | CopyFolderType,
    put: Callable[[Journal, Folder, Folder], Folder],
) -> list[ResponseMessageType]:
    def one(journal: Journal, folder: Folder) -> Folder:
        reference = folder_ids.reference(request.ToFolderId[0])
        try:
            target = target_folder(journal, call.caller, reference)
        except FolderNotFound:
            raise ToFolderNotFound from None
        return put(journal, folder, target)

    return change_each(call, request.FolderIds, FolderInfoResponseMessageType, one)
