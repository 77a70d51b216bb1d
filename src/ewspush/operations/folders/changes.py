"""Making folders and changing their properties.

What acts is given a Journal: it tells the journal what it does, and whoever made the journal
settles it. Values are those of `core.item_paths`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ewspush.core.errors import (
    InvalidPropertyAppend,
    InvalidPropertyDelete,
    InvalidPropertySet,
    ObjectTypeChanged,
)
from ewspush.core.folders import kind_of
from ewspush.core.item_paths import ExtendedPath, FieldPath, Value, remove_at, set_at
from ewspush.operations.folders.tree import check_name, check_room
from ewspush.operations.folders.values import COMPUTED, own_values, with_values
from ewspush.operations.items.updates import AppendField, DeleteField, FieldChange, SetField
from ewspush.operations.journal import Journal
from ewspush.store import folders
from ewspush.store.folders import Folder

_PERMISSIONS = FieldPath("PermissionSet")


def create_folder(journal: Journal, parent: Folder, values: Mapping[str, Value]) -> Folder:
    """Make a folder from what a client says of it. Its class is its parent's unless it has one.

    Raises FolderSavePropertyError, InvalidPropertySet, DataSizeLimitExceeded, FolderExists or
    QuotaExceeded.
    """
    number = journal.number()
    nameless = Folder(
        number=number,
        parent_number=parent.number,
        distinguished_name=None,
        display_name="",
        folder_class=None,
        total_count=0,
        unread_count=0,
        child_folder_count=0,
        change=number,
    )
    for entry in _extended(values):
        _check_settable(entry["Path"])
    folder = with_values(nameless, values)
    if folder.folder_class is None:
        folder = replace(folder, folder_class=parent.folder_class)
    check_name(journal.tx, journal.mailbox, parent.number, folder.display_name)
    check_room(journal.tx, journal.mailbox, parent, more=1)
    folders.insert_folder(journal.tx, journal.mailbox, folder)
    journal.folder_created(folder)
    return folder


def update_folder(journal: Journal, folder: Folder, changes: Sequence[FieldChange]) -> Folder:
    """Change properties of a folder, all or none of them.

    A distinguished folder keeps its distinguished name when it is renamed. Raises FolderExists,
    ObjectTypeChanged, FolderSavePropertyError, InvalidPropertySet, InvalidPropertyAppend,
    InvalidPropertyDelete or DataSizeLimitExceeded.
    """
    values = own_values(folder)
    for change in changes:
        _apply(values, change)
    new = with_values(folder, values)
    if kind_of(new.folder_class) is not kind_of(folder.folder_class):
        raise ObjectTypeChanged
    is_renamed = new.display_name.casefold() != folder.display_name.casefold()
    if is_renamed and folder.parent_number is not None:
        check_name(journal.tx, journal.mailbox, folder.parent_number, new.display_name)
    new = replace(new, change=journal.number())
    folders.update_folder(journal.tx, journal.mailbox, new)
    journal.folder_modified(new)
    return new


def _apply(values: dict[str, Any], change: FieldChange) -> None:
    match change:
        case SetField(path, value):
            if isinstance(path, ExtendedPath):
                _check_settable(path.key)
            set_at(values, path, value)
        case AppendField():  # for recipients and bodies (ErrorInvalidPropertyAppend)
            raise InvalidPropertyAppend
        case DeleteField(ExtendedPath() as path):
            remove_at(values, path)
        case DeleteField(path) if path != _PERMISSIONS:
            # exchangelib deletes the permissions that a folder has not with every change.
            raise InvalidPropertyDelete


def _check_settable(key: str) -> None:
    if key in COMPUTED:
        raise InvalidPropertySet(f"{key} cannot be set: it is a property with a name in EWS.")


def _extended(values: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    entries: Sequence[Mapping[str, Any]] = values.get("ExtendedProperty", ())
    return entries
