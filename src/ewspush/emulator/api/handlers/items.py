"""Items: made, changed, moved, copied and deleted, as the operations of EWS do it."""

from collections.abc import Callable
from typing import Any

from ewspush.core.errors import (
    CannotCreateCalendarItemInNonCalendarFolder,
    CannotCreateContactInNonContactFolder,
    CannotCreateTaskInNonTaskFolder,
    EwsError,
)
from ewspush.core.ids import Kind
from ewspush.core.item_paths import FieldPath, Value
from ewspush.emulator.api.finding import folder_in, item_in, journal_of
from ewspush.emulator.api.models.common import Nothing, moment
from ewspush.emulator.api.models.items import DisposalQuery, Item, ItemChanges, NewItem, Target
from ewspush.emulator.api.routing import Call
from ewspush.emulator.api.surroundings import Surroundings
from ewspush.emulator.emulator import Emulator
from ewspush.operations.items import values
from ewspush.operations.items.creation import create
from ewspush.operations.items.moves import Disposal, copy_items, delete_items, move_items
from ewspush.operations.items.updates import DeleteField, FieldChange, SetField, update_item
from ewspush.operations.journal import Journal
from ewspush.operations.sending import own_mailbox
from ewspush.store import folders
from ewspush.store.database import Transaction
from ewspush.store.folders import Folder
from ewspush.store.items import Item as StoredItem
from ewspush.wire import ids

DISPOSALS = {"hard": Disposal.HARD, "soft": Disposal.SOFT, "deleteditems": Disposal.MOVE}

# By the beginning of an item's class: its home, and the class of the only folders that it may be
# in (CreateItem operation, EWS reference).
_HOMES: dict[str, tuple[str, str, type[EwsError]]] = {
    "ipm.appointment": (
        "calendar",
        "ipf.appointment",
        CannotCreateCalendarItemInNonCalendarFolder,
    ),
    "ipm.contact": ("contacts", "ipf.contact", CannotCreateContactInNonContactFolder),
    "ipm.distlist": ("contacts", "ipf.contact", CannotCreateContactInNonContactFolder),
    "ipm.task": ("tasks", "ipf.task", CannotCreateTaskInNonTaskFolder),
}
_MESSAGE = ("drafts", "", EwsError)
_PUT = Callable[[Journal, list[StoredItem], int], list[StoredItem]]


async def create_item(around: Surroundings, call: Call[Nothing, NewItem]) -> Item:
    emulator = around.emulator
    return await emulator.in_thread(_create, emulator, call.path["address"], call.body)


def _create(emulator: Emulator, address: str, new: NewItem) -> Item:
    prefix = ".".join(new.item_class.lower().split(".")[:2])
    home, needed, error = _HOMES.get(prefix, _MESSAGE)
    with journal_of(emulator, address) as journal:
        folder = folder_in(journal.tx, journal.mailbox, new.folder or home, "folder")
        if not (folder.folder_class or "").lower().startswith(needed):
            raise error
        given = _values(new)
        if home == "calendar":
            given["Organizer"] = own_mailbox(journal.owner)
        is_draft = home == "drafts"
        item = create(journal, folder.number, given, is_draft=is_draft)
        return told(journal.tx, journal.mailbox, item)


def _values(new: NewItem) -> dict[str, Any]:
    given: dict[str, Any] = {"ItemClass": new.item_class, "IsRead": new.is_read}
    if new.subject is not None:
        given["Subject"] = new.subject
    if new.html is not None:
        given["Body"] = {"BodyType": "HTML", "Value": new.html}
    elif new.text is not None:
        given["Body"] = {"BodyType": "Text", "Value": new.text}
    return given


async def change_item(around: Surroundings, call: Call[Nothing, ItemChanges]) -> Item:
    changes = _changes(call.body)
    return await around.emulator.in_thread(_update, around.emulator, call, changes)


def _update(
    emulator: Emulator, call: Call[Nothing, ItemChanges], changes: list[FieldChange]
) -> Item:
    with journal_of(emulator, call.path["address"]) as journal:
        item = item_in(journal.tx, journal.mailbox, call.path["id"])
        return told(journal.tx, journal.mailbox, update_item(journal, item, changes))


def _changes(given: ItemChanges) -> list[FieldChange]:
    wanted: dict[str, Value | None] = {
        "Subject": given.subject,
        "IsRead": given.is_read,
        "Categories": given.categories,
        "Importance": given.importance,
    }
    return [
        DeleteField(FieldPath(name)) if value == [] else SetField(FieldPath(name), value)
        for name, value in wanted.items()
        if value is not None
    ]


async def move_item(around: Surroundings, call: Call[Nothing, Target]) -> Item:
    return await around.emulator.in_thread(_put_elsewhere, around.emulator, call, move_items)


async def copy_item(around: Surroundings, call: Call[Nothing, Target]) -> Item:
    return await around.emulator.in_thread(_put_elsewhere, around.emulator, call, copy_items)


def _put_elsewhere(emulator: Emulator, call: Call[Nothing, Target], put: _PUT) -> Item:
    with journal_of(emulator, call.path["address"]) as journal:
        item = item_in(journal.tx, journal.mailbox, call.path["id"])
        folder = folder_in(journal.tx, journal.mailbox, call.body.folder, "folder")
        (new,) = put(journal, [item], folder.number)
        return told(journal.tx, journal.mailbox, new)


async def delete_item(around: Surroundings, call: Call[DisposalQuery, Nothing]) -> None:
    await around.emulator.in_thread(_delete, around.emulator, call)


def _delete(emulator: Emulator, call: Call[DisposalQuery, Nothing]) -> None:
    with journal_of(emulator, call.path["address"]) as journal:
        item = item_in(journal.tx, journal.mailbox, call.path["id"])
        delete_items(journal, [item], DISPOSALS[call.query.disposal])


def told(tx: Transaction, mailbox: int, item: StoredItem, folder: Folder | None = None) -> Item:
    """An item, with what lists say of it. `folder` is its own, if that is known."""
    return Item(**fields_of(tx, mailbox, item, folder))


def fields_of(
    tx: Transaction, mailbox: int, item: StoredItem, folder: Folder | None = None
) -> dict[str, Any]:
    """The fields of `models.items.Item`."""
    all_values = values.values_of(item)
    folder = folder or folders.by_number(tx, mailbox, item.folder_number)
    assert folder is not None, "every item lies in a folder"
    return {
        "id": ids.encode(Kind.ITEM, mailbox, item.number),
        "kind": "item",
        "folder": folder.distinguished_name or ids.encode(Kind.FOLDER, mailbox, folder.number),
        "item_class": item.item_class,
        "subject": item.subject,
        "from_": _written(all_values.get("From")),
        "received_at": moment(item.received_at_s),
        "is_read": item.is_read,
        "importance": all_values["Importance"],
        "categories": list(all_values.get("Categories", ())),
        "size": item.size,
        "has_attachments": item.has_attachments,
    }


def _written(mailbox: Any) -> str | None:
    if not mailbox:
        return None
    name, address = mailbox.get("Name", ""), mailbox.get("EmailAddress", "")
    return address if name in ("", address) else f"{name} <{address}>"
