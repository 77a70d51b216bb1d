"""UpdateItem."""

from lxml import etree

from ewspush.core.errors import (
    EwsError,
    InvalidPropertyRequest,
    InvalidPropertySet,
    UpdatePropertyMismatch,
)
from ewspush.core.item_paths import FieldPath, Path, Value, value_at
from ewspush.endpoint.ews import item_ids
from ewspush.endpoint.ews.call import Call
from ewspush.endpoint.ews.item_creation import Saving
from ewspush.endpoint.ews.item_rendering import id_only, not_told, told
from ewspush.endpoint.ews.item_types import (
    ConflictResultsType,
    UpdateItemResponseMessageType,
    UpdateItemType,
)
from ewspush.endpoint.ews.limits import bounded
from ewspush.endpoint.ews.types import (
    EwsService,
    ResponseMessageType,
    messages_operation,
)
from ewspush.endpoint.spyne_compat import MethodContext
from ewspush.operations import sending
from ewspush.operations.item_updates import (
    AppendField,
    ConflictResolution,
    DeleteField,
    FieldChange,
    SetField,
    check_conflict,
    update_item,
)
from ewspush.operations.items import get_item
from ewspush.operations.journal import Journal
from ewspush.wire.item_properties import ItemKind, kind_of, path, read, uri_of
from ewspush.wire.namespaces import TYPES

_CHANGES: dict[str, type[SetField | AppendField]] = {
    f"{{{TYPES}}}SetItemField": SetField,
    f"{{{TYPES}}}AppendToItemField": AppendField,
}


class ItemUpdates(EwsService):
    @messages_operation("UpdateItem", UpdateItemType, UpdateItemResponseMessageType)
    def update_item(ctx: MethodContext, request: UpdateItemType) -> list[ResponseMessageType]:
        call: Call = ctx.udc
        changes = bounded(request.ItemChanges, "items")
        saving = Saving(request.MessageDisposition or "SaveOnly", request.SavedItemFolderId)
        resolution = ConflictResolution(request.ConflictResolution)
        with call.backend.database.write() as tx:
            if saving.sends:
                sending.begin(tx)
            journal = Journal(tx, call.caller.id, call.backend.now_s())
            return [_update(call, journal, change, resolution, saving) for change in changes]


def _update(
    call: Call,
    journal: Journal,
    change: etree._Element,
    resolution: ConflictResolution,
    saving: Saving,
) -> ResponseMessageType:
    id, updates = change
    try:
        with journal.attempt():
            reference = item_ids.reference(id)
            item = get_item(journal.tx, journal.mailbox, reference)
            check_conflict(item, reference.change, resolution)
            kind = kind_of(item.item_class)
            item = update_item(journal, item, [_read(kind, each) for each in updates])
            updated = saving.send(call, journal, item) if saving.sends else item
    except EwsError as error:
        return not_told(error, UpdateItemResponseMessageType)
    return told(
        [id_only(journal.mailbox, updated)] if updated else [],
        UpdateItemResponseMessageType,
        ConflictResults=ConflictResultsType(Count=0),
    )


def _read(kind: ItemKind, element: etree._Element) -> FieldChange:
    where = path(element[0])
    if where is None:
        raise InvalidPropertyRequest("Items have no such property on this server.")
    _check_writable(kind, where)
    if element.tag == f"{{{TYPES}}}DeleteItemField":
        return DeleteField(where)
    values = read(element[1])
    value: Value | None = value_at(values, where)
    if value is None or len(values) != 1:
        raise UpdatePropertyMismatch
    return _CHANGES[str(element.tag)](where, value)


def _check_writable(kind: ItemKind, where: Path) -> None:
    name = getattr(where, "name", "ExtendedProperty")
    known = next((each for each in kind.properties if each.name == name), None)
    if known is None:
        raise InvalidPropertyRequest(f"A {kind.element} has no {uri_of(where)}.")
    if not known.is_writable and where != FieldPath("MimeContent"):
        raise InvalidPropertySet(f"{uri_of(where)} cannot be set.")
