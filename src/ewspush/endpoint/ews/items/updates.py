"""UpdateItem."""

from lxml import etree

from ewspush.core.errors import (
    EwsError,
    InvalidPropertyRequest,
    InvalidPropertySet,
    UpdatePropertyMismatch,
)
from ewspush.core.item_paths import FieldPath, Path, Value, value_at
from ewspush.endpoint.ews.call import Call
from ewspush.endpoint.ews.items import ids as item_ids
from ewspush.endpoint.ews.items.rendering import id_only, not_told, told
from ewspush.endpoint.ews.items.saving import Saving
from ewspush.endpoint.ews.items.types import (
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
from ewspush.operations.delegates import Journals
from ewspush.operations.items.finding import get_item
from ewspush.operations.items.updates import (
    AppendField,
    ConflictResolution,
    DeleteField,
    FieldChange,
    SetField,
    check_conflict,
    update_item,
)
from ewspush.wire.namespaces import TYPES
from ewspush.wire.properties.items import ItemKind, kind_of, path, read, uri_of

_MOST_CHANGES = 10_000  # of properties, in one request

_CHANGES: dict[str, type[SetField | AppendField]] = {
    f"{{{TYPES}}}SetItemField": SetField,
    f"{{{TYPES}}}AppendToItemField": AppendField,
}


class ItemUpdates(EwsService):
    @messages_operation("UpdateItem", UpdateItemType, UpdateItemResponseMessageType)
    def update_item(ctx: MethodContext, request: UpdateItemType) -> list[ResponseMessageType]:
        call: Call = ctx.udc
        changes = bounded(request.ItemChanges, "items")
        bounded((each for change in changes for each in change[1]), "changes", _MOST_CHANGES)
        saving = Saving(request.MessageDisposition or "SaveOnly", request.SavedItemFolderId)
        resolution = ConflictResolution(request.ConflictResolution)
        named = [change[0] for change in changes]
        with call.journals(named, may_send=saving.sends) as journals:
            return [_update(call, journals, change, resolution, saving) for change in changes]


def _update(
    call: Call,
    journals: Journals,
    change: etree._Element,
    resolution: ConflictResolution,
    saving: Saving,
) -> ResponseMessageType:
    id, updates = change
    try:
        reference = item_ids.reference(id)
        journal = journals.of(reference.id)
        with journal.attempt():
            item = get_item(journal.tx, journal.mailbox, reference)
            check_conflict(item, reference.change, resolution)
            kind = kind_of(item.item_class)
            item = update_item(journal, item, [_read(kind, each) for each in updates])
            if saving.sends:
                saving.send(call, journal, item)
    except EwsError as error:
        return not_told(error, UpdateItemResponseMessageType)
    # As for CreateItem, no ids of what is sent: exchangelib takes one for an error.
    return told(
        [] if saving.sends else [id_only(journal.mailbox, item)],
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
