"""CreateFolder and UpdateFolder."""

from lxml import etree

from ewspush.core.errors import (
    EwsError,
    FolderNotFound,
    InvalidFolderTypeForOperation,
    InvalidPropertyRequest,
    InvalidPropertySet,
    NoFolderClassOverride,
    ParentFolderNotFound,
    UpdatePropertyMismatch,
)
from ewspush.core.folders import CLASS_OF_KIND, FolderKind
from ewspush.core.item_paths import FieldPath, Path, Value, value_at
from ewspush.endpoint.ews.call import Call
from ewspush.endpoint.ews.folders import ids as folder_ids
from ewspush.endpoint.ews.folders.answers import told
from ewspush.endpoint.ews.folders.types import (
    CreateFolderType,
    FolderInfoResponseMessageType,
    UpdateFolderType,
)
from ewspush.endpoint.ews.limits import bounded
from ewspush.endpoint.ews.types import (
    EwsService,
    ResponseMessageType,
    failure,
    messages_operation,
)
from ewspush.endpoint.spyne_compat import MethodContext
from ewspush.operations.delegates import Journals
from ewspush.operations.folders.changes import create_folder, update_folder
from ewspush.operations.folders.finding import Folder, FolderReference, get_folder
from ewspush.operations.items.updates import AppendField, DeleteField, FieldChange, SetField
from ewspush.operations.journal import Journal
from ewspush.wire.namespaces import TYPES
from ewspush.wire.properties.folders import is_writable, path, read

_SEARCH_FOLDER = f"{{{TYPES}}}SearchFolder"


class FolderChanges(EwsService):
    @messages_operation("CreateFolder", CreateFolderType, FolderInfoResponseMessageType)
    def create_folder(ctx: MethodContext, request: CreateFolderType) -> list[ResponseMessageType]:
        call: Call = ctx.udc
        new = bounded(request.Folders, "folders")
        with call.journals() as journals:
            return [_create(journals, request.ParentFolderId[0], element) for element in new]

    @messages_operation("UpdateFolder", UpdateFolderType, FolderInfoResponseMessageType)
    def update_folder(ctx: MethodContext, request: UpdateFolderType) -> list[ResponseMessageType]:
        call: Call = ctx.udc
        changes = bounded(request.FolderChanges, "folders")
        with call.journals(change[0] for change in changes) as journals:
            return [_update(journals, change) for change in changes]


def _create(
    journals: Journals, parent_id: etree._Element, element: etree._Element
) -> ResponseMessageType:
    try:
        reference = folder_ids.reference(parent_id)
        journal = journals.of_folder(reference)
        with journal.attempt():
            parent = _parent(journal, reference)
            folder = create_folder(journal, parent, _new_values(element))
    except EwsError as error:
        return failure(FolderInfoResponseMessageType, error)
    return told(journal, folder)


def _parent(journal: Journal, reference: FolderReference) -> Folder:
    try:
        return get_folder(journal.tx, journal.mailbox, reference)
    except FolderNotFound:
        raise ParentFolderNotFound from None


def _new_values(element: etree._Element) -> dict[str, Value]:
    if element.tag == _SEARCH_FOLDER:
        raise InvalidFolderTypeForOperation
    values = read(element)
    for name in values:
        _check_writable(FieldPath(name))
    kind = FolderKind(etree.QName(element).localname)
    if kind in CLASS_OF_KIND:
        if "FolderClass" in values:
            raise NoFolderClassOverride
        values["FolderClass"] = CLASS_OF_KIND[kind]
    return values


def _update(journals: Journals, change: etree._Element) -> ResponseMessageType:
    id, updates = change
    try:
        reference = folder_ids.reference(id)
        journal = journals.of_folder(reference)
        with journal.attempt():
            folder = get_folder(journal.tx, journal.mailbox, reference)
            new = update_folder(journal, folder, [_read(each) for each in updates])
    except EwsError as error:
        return failure(FolderInfoResponseMessageType, error)
    return told(journal, new)


def _read(element: etree._Element) -> FieldChange:
    where = path(element[0])
    if where is None:
        raise InvalidPropertyRequest("Folders have no such property on this server.")
    if element.tag == f"{{{TYPES}}}DeleteFolderField":
        return DeleteField(where)
    _check_writable(where)
    if element[1].tag == _SEARCH_FOLDER:
        raise InvalidFolderTypeForOperation
    values = read(element[1])
    value: Value | None = value_at(values, where)
    if value is None or len(values) != 1:
        raise UpdatePropertyMismatch
    is_set = element.tag == f"{{{TYPES}}}SetFolderField"
    return SetField(where, value) if is_set else AppendField(where, value)


def _check_writable(where: Path) -> None:
    if where != FieldPath("ExtendedProperty") and not is_writable(where):
        raise InvalidPropertySet(f"folder:{getattr(where, 'name', '')} cannot be set.")
