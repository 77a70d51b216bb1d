"""GetItem and FindItem."""

from collections.abc import Iterable

from lxml import etree

from ewspush.core.errors import EwsError, ExceededFindCountLimit
from ewspush.core.paging import Page
from ewspush.endpoint.ews import paging
from ewspush.endpoint.ews.call import Call
from ewspush.endpoint.ews.folders import ids as folder_ids
from ewspush.endpoint.ews.items import ids as item_ids
from ewspush.endpoint.ews.items import searches as item_searches
from ewspush.endpoint.ews.items.rendering import in_shape, not_told, tells_contents, told
from ewspush.endpoint.ews.items.shapes import ItemShape
from ewspush.endpoint.ews.items.types import (
    FindItemResponseMessageType,
    FindItemType,
    GetItemType,
    ItemInfoResponseMessageType,
)
from ewspush.endpoint.ews.limits import Contents, bounded
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
from ewspush.operations.items.finding import get_item
from ewspush.operations.items.search import Found, find_items
from ewspush.operations.items.views import CalendarFolderIsInvalidForCalendarView
from ewspush.wire.namespaces import TYPES

_MOST = 1000  # of a folder: "Perform paged searches by using EWS in Exchange"
_MOST_OF_ALL = 10_000  # of all folders of a request

_CALENDAR = "IPF.Appointment"


class Items(EwsService):
    @messages_operation("GetItem", GetItemType, ItemInfoResponseMessageType)
    def get_item(ctx: MethodContext, request: GetItemType) -> list[ResponseMessageType]:
        asked_for = bounded(request.ItemIds, "ids")
        shape = ItemShape.read(request.ItemShape)
        with ctx.udc.backend.database.read() as tx:
            answer = _Answer(tx, ctx.udc, shape)
            return [answer.add(id) for id in asked_for]

    @messages_operation("FindItem", FindItemType, FindItemResponseMessageType)
    def find_item(ctx: MethodContext, request: FindItemType) -> list[ResponseMessageType]:
        call: Call = ctx.udc
        asked_for = bounded(request.ParentFolderIds, "folders")
        with call.backend.database.read() as tx:
            try:
                finder = _Finder(tx, call, request)
            except EwsError as error:
                return [failure(FindItemResponseMessageType, error) for _ in asked_for]
            return [finder.answer(id) for id in asked_for]


class _Answer:
    """What GetItem answers, whose size is bounded."""

    def __init__(self, tx: Transaction, call: Call, shape: ItemShape) -> None:
        self._tx = tx
        self._access = Access(tx, call.caller)
        self._version = call.server_version
        self._shape = shape
        self._contents = Contents("items")

    def add(self, id: etree._Element) -> ResponseMessageType:
        """The answer for one item; an error in one does not spoil the others."""
        try:
            reference = item_ids.reference(id)
            mailbox = self._access.mailbox_of(reference.id)
            item = get_item(self._tx, mailbox, reference)
            if tells_contents(self._shape):
                self._contents.add(item.size)
            element = in_shape(self._tx, mailbox, item, self._shape, self._version)
        except EwsError as error:
            return not_told(error)
        return told([element])


class _Finder:
    """What FindItem answers, whose size is bounded. Raises what the request's parts raise."""

    def __init__(self, tx: Transaction, call: Call, request: FindItemType) -> None:
        self._tx = tx
        self._access = Access(tx, call.caller)
        self._version = call.server_version
        self._shape = ItemShape.read(request.ItemShape, for_find=True)
        self._search = item_searches.read(request, call.backend.now_s())
        self._needs_calendar = request.CalendarView is not None
        self._left = _MOST_OF_ALL
        # By mailbox and folder: one that is named twice is read once.
        self._found: dict[tuple[int, int], Found] = {}

    def answer(self, id: etree._Element) -> ResponseMessageType:
        """What is found in one folder; an error in one does not spoil the others."""
        try:
            root = self._root_folder(*self._folder(id))
        except EwsError as error:
            return failure(FindItemResponseMessageType, error)
        return success(FindItemResponseMessageType, RootFolder=root)

    def _folder(self, id: etree._Element) -> tuple[int, Folder]:
        mailbox, folder = self._access.folder(folder_ids.reference(id))
        if self._needs_calendar and not (folder.folder_class or "").startswith(_CALENDAR):
            raise CalendarFolderIsInvalidForCalendarView
        return mailbox, folder

    def _root_folder(self, mailbox: int, folder: Folder) -> etree._Element:
        key = mailbox, folder.number
        if key not in self._found:
            self._found[key] = find_items(self._tx, mailbox, folder, self._search, _MOST)
        found = self._found[key]
        self._left -= len(found.items)
        if self._left < 0:
            raise ExceededFindCountLimit
        items = (
            in_shape(self._tx, mailbox, item, self._shape, self._version) for item in found.items
        )
        return self._element(items, found.page)

    def _element(self, items: Iterable[etree._Element], page: Page) -> etree._Element:
        attributes = paging.attributes(self._search.view, page)
        root = message_element("RootFolder", attributes=attributes)
        etree.SubElement(root, f"{{{TYPES}}}Items").extend(items)
        return root
