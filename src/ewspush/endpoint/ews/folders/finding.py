"""GetFolder and FindFolder."""

from lxml import etree

from ewspush.core.errors import EwsError, ExceededFindCountLimit
from ewspush.core.item_paths import ExtendedPath, FieldPath, Path
from ewspush.core.paging import page_of
from ewspush.endpoint.ews import paging, restrictions
from ewspush.endpoint.ews.call import Call
from ewspush.endpoint.ews.folders import ids as folder_ids
from ewspush.endpoint.ews.folders.shapes import FolderShape, in_shape
from ewspush.endpoint.ews.folders.types import (
    FindFolderResponseMessageType,
    FindFolderType,
    FolderInfoResponseMessageType,
    GetFolderType,
)
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
from ewspush.operations.folders.finding import Folder
from ewspush.operations.folders.search import FolderSearch, Traversal
from ewspush.wire.namespaces import TYPES
from ewspush.wire.properties.folders import path

_MOST_FOUND = 20_000  # folders in an answer: twice what a mailbox may have

_SEARCHED = {"ChildFolderCount", "DisplayName", "FolderClass", "TotalCount", "UnreadCount"}


class Folders(EwsService):
    @messages_operation("GetFolder", GetFolderType, FolderInfoResponseMessageType)
    def get_folder(ctx: MethodContext, request: GetFolderType) -> list[ResponseMessageType]:
        call: Call = ctx.udc
        asked_for = bounded(request.FolderIds, "folders")
        shape = FolderShape.read(request.FolderShape)
        with call.backend.database.read() as tx:
            access = Access(tx, call.caller)
            return [_get(access, call, id, shape) for id in asked_for]

    @messages_operation("FindFolder", FindFolderType, FindFolderResponseMessageType)
    def find_folder(ctx: MethodContext, request: FindFolderType) -> list[ResponseMessageType]:
        call: Call = ctx.udc
        asked_for = bounded(request.ParentFolderIds, "folders")
        with call.backend.database.read() as tx:
            try:
                finder = _Finder(tx, call, request)
            except EwsError as error:
                return [failure(FindFolderResponseMessageType, error) for _ in asked_for]
            return [finder.answer(id) for id in asked_for]


def _get(access: Access, call: Call, id: etree._Element, shape: FolderShape) -> ResponseMessageType:
    """The answer for one folder; an error in one does not spoil the others."""
    try:
        mailbox, folder = access.folder(folder_ids.reference(id))
    except EwsError as error:
        return failure(FolderInfoResponseMessageType, error)
    element = in_shape(mailbox, folder, shape, call.server_version)
    return success(FolderInfoResponseMessageType, Folders=message_element("Folders", [element]))


class _Finder:
    """What FindFolder answers, whose size is bounded. Raises what the request's parts raise."""

    def __init__(self, tx: Transaction, call: Call, request: FindFolderType) -> None:
        self._tx = tx
        self._access = Access(tx, call.caller)
        self._version = call.server_version
        self._shape = FolderShape.read(request.FolderShape)
        indexed, fractional = request.IndexedPageFolderView, request.FractionalPageFolderView
        self._view = paging.read(fractional if indexed is None else indexed)
        self._restriction = restrictions.read(request.Restriction, _searched_path)
        self._traversal = Traversal(request.Traversal)
        self._searches: dict[int, FolderSearch] = {}  # by mailbox
        self._left = _MOST_FOUND

    def answer(self, id: etree._Element) -> ResponseMessageType:
        """What is found below one folder; an error in one does not spoil the others."""
        try:
            mailbox, parent = self._access.folder(folder_ids.reference(id))
            root = self._root_folder(mailbox, self._search(mailbox).find(parent))
        except EwsError as error:
            return failure(FindFolderResponseMessageType, error)
        return success(FindFolderResponseMessageType, RootFolder=root)

    def _search(self, mailbox: int) -> FolderSearch:
        if mailbox not in self._searches:
            search = FolderSearch(self._tx, mailbox, self._traversal, self._restriction)
            self._searches[mailbox] = search
        return self._searches[mailbox]

    def _root_folder(self, mailbox: int, found: list[Folder]) -> etree._Element:
        page = page_of(self._view, len(found), _MOST_FOUND)
        self._left -= page.stop - page.start
        if self._left < 0:
            raise ExceededFindCountLimit
        root = message_element("RootFolder", attributes=paging.attributes(self._view, page))
        shown = found[page.start : page.stop]
        folders = (in_shape(mailbox, folder, self._shape, self._version) for folder in shown)
        etree.SubElement(root, f"{{{TYPES}}}Folders").extend(folders)
        return root


def _searched_path(element: etree._Element) -> Path | None:
    """Ids and rights are not searched (ErrorUnsupportedPathForQuery)."""
    where = path(element)
    is_searched = isinstance(where, ExtendedPath) or (
        isinstance(where, FieldPath) and where.name in _SEARCHED
    )
    return where if is_searched else None
