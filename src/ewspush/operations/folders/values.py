"""Folders as clients see them: values by the names of EWS (`core.item_paths`)."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ewspush.core.errors import DataSizeLimitExceeded, FolderSavePropertyError
from ewspush.store.folders import Folder

_LONGEST_NAME = 255  # characters, as of FolderClass
_MOST_PROPERTIES = 32_000  # characters of what clients set beside these two
_EXTENDED = "ExtendedProperty"

# What some clients ask for by their MAPI tags ([MS-OXPROPS]: PidTagDisplayName, PidTagFolderType,
# PidTagContentCount, PidTagContentUnreadCount, PidTagSubfolders, PidTagContainerClass).
_BY_TAG: dict[str, Callable[[Folder], str | None]] = {
    "PropertyTag=0x3001 PropertyType=String": lambda folder: folder.display_name,
    "PropertyTag=0x3601 PropertyType=Integer": lambda folder: (
        "0" if folder.parent_number is None else "1"
    ),
    "PropertyTag=0x3602 PropertyType=Integer": lambda folder: str(folder.total_count),
    "PropertyTag=0x3603 PropertyType=Integer": lambda folder: str(folder.unread_count),
    "PropertyTag=0x360a PropertyType=Boolean": lambda folder: (
        "true" if folder.child_folder_count else "false"
    ),
    "PropertyTag=0x3613 PropertyType=String": lambda folder: folder.folder_class,
}
COMPUTED = frozenset(_BY_TAG)  # keys of extended properties that clients cannot set


def own_values(folder: Folder) -> dict[str, Any]:
    """What clients can set of a folder."""
    values: dict[str, Any] = {"DisplayName": folder.display_name}
    if folder.folder_class is not None:
        values["FolderClass"] = folder.folder_class
    if folder.properties.get(_EXTENDED):
        values[_EXTENDED] = folder.properties[_EXTENDED]
    return values


def values_of(folder: Folder) -> dict[str, Any]:
    """All that a folder has, but for ids and rights."""
    values = own_values(folder)
    computed = [
        {"Path": key, "Value": value}
        for key, of in _BY_TAG.items()
        if (value := of(folder)) is not None
    ]
    return {
        **values,
        "TotalCount": folder.total_count,
        "UnreadCount": folder.unread_count,
        "ChildFolderCount": folder.child_folder_count,
        _EXTENDED: [*values.get(_EXTENDED, ()), *computed],
        **({"DistinguishedFolderId": name} if (name := folder.distinguished_name) else {}),
    }


def with_values(folder: Folder, values: Mapping[str, Any]) -> Folder:
    """The folder with these for its `own_values`.

    Raises FolderSavePropertyError or DataSizeLimitExceeded.
    """
    properties = {name: value for name, value in folder.properties.items() if name != _EXTENDED}
    if values.get(_EXTENDED):
        properties[_EXTENDED] = values[_EXTENDED]
    if len(json.dumps(properties, ensure_ascii=False)) > _MOST_PROPERTIES:
        text = f"The properties of a folder may have {_MOST_PROPERTIES} characters at most."
        raise DataSizeLimitExceeded(text)
    return replace(
        folder,
        display_name=_name(values.get("DisplayName", "")),
        folder_class=_class(values.get("FolderClass")),
        properties=properties,
    )


def _name(name: str) -> str:
    if not name.strip():
        raise FolderSavePropertyError("A folder needs a DisplayName.")
    if len(name) > _LONGEST_NAME:
        raise FolderSavePropertyError(f"A DisplayName has {_LONGEST_NAME} characters at most.")
    return name


def _class(name: str | None) -> str | None:
    if name and len(name) > _LONGEST_NAME:
        raise FolderSavePropertyError(f"A FolderClass has {_LONGEST_NAME} characters at most.")
    return name or None
