"""Folders in answers: which of their properties were asked for (FolderShape, EWS XML reference)."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lxml import etree

from ewspush.core.folders import FolderKind, kind_of
from ewspush.core.item_paths import ExtendedPath, FieldPath
from ewspush.endpoint.ews.folders import ids as folder_ids
from ewspush.endpoint.ews.limits import bounded
from ewspush.endpoint.ews.types import effective_rights
from ewspush.operations.folders.finding import Folder
from ewspush.operations.folders.values import values_of
from ewspush.wire.namespaces import TYPES
from ewspush.wire.properties import extended_fields
from ewspush.wire.properties.folders import PROPERTIES, path, render

_EXTENDED = "ExtendedProperty"

# BaseShape (EWS XML reference), table "Default properties".
_DEFAULT = frozenset({"FolderId", "DisplayName", "TotalCount", "ChildFolderCount", "UnreadCount"})
_NOT_BY_DEFAULT = {
    "ipf.appointment": {"TotalCount", "UnreadCount"},
    "ipf.contact": {"UnreadCount"},
    "ipf.task": {"UnreadCount"},
    "ipf.stickynote": {"UnreadCount"},
}
_ONLY_WHEN_NAMED = {_EXTENDED, "DistinguishedFolderId"}

_EFFECTIVE_RIGHTS = effective_rights(may_create=True)


@dataclass(frozen=True, slots=True)
class FolderShape:
    """What a client asked to be told of each folder."""

    base_shape: str  # IdOnly, Default or AllProperties
    names: frozenset[str] = frozenset()
    extended: tuple[tuple[str, str], ...] = ()  # the key of each, and as the client has it

    @classmethod
    def read(cls, element: etree._Element) -> "FolderShape":
        """The shape in a FolderShape element. Paths to what no folder has are ignored.

        Raises InvalidExtendedProperty, or SoapFault for too many.
        """
        names, extended = set[str](), dict[str, str]()
        additional = element.find(f"{{{TYPES}}}AdditionalProperties")
        for each in bounded(additional, "properties"):
            match path(each):
                case FieldPath(name):
                    names.add(name)
                case ExtendedPath(key):
                    extended[key] = extended_fields.key_as_written(each)
        base_shape = element.findtext(f"{{{TYPES}}}BaseShape", "").strip()
        return cls(base_shape, frozenset(names), tuple(extended.items()))


ID_ONLY = FolderShape("IdOnly")


def in_shape(
    mailbox: int, folder: Folder, shape: FolderShape, server_version: str
) -> etree._Element:
    """The element of a folder with what was asked for; what it does not have is left out."""
    kind = kind_of(folder.folder_class)
    folder_class = (folder.folder_class or "").lower()
    special = folder_class if folder_class in _NOT_BY_DEFAULT else ""
    wanted = _names_for(shape.base_shape, shape.names, kind, special, server_version)
    values = {**values_of(folder), **_ids(mailbox, folder), "EffectiveRights": _EFFECTIVE_RIGHTS}
    picked = {name: values[name] for name in wanted if name in values}
    if shape.extended:
        by_key = {each["Path"]: each["Value"] for each in values[_EXTENDED]}
        picked[_EXTENDED] = [
            {"Path": written, "Value": by_key[key]}
            for key, written in shape.extended
            if key in by_key
        ]
    return render(kind, picked)


@lru_cache(maxsize=256)  # the same for many folders; holds no text of a client's own
def _names_for(
    base_shape: str,
    names: frozenset[str],
    kind: FolderKind,
    folder_class: str,
    server_version: str,
) -> frozenset[str]:
    # Names of versions sort by age.
    known = frozenset(each.name for each in PROPERTIES[kind] if each.since <= server_version)
    return known & (_base(base_shape, folder_class, known) | names)


def _base(name: str, folder_class: str, known: frozenset[str]) -> frozenset[str]:
    if name == "IdOnly":
        return frozenset({"FolderId"})
    if name == "Default":
        return _DEFAULT - _NOT_BY_DEFAULT.get(folder_class, set())
    return known - _ONLY_WHEN_NAMED


def _ids(mailbox: int, folder: Folder) -> dict[str, Any]:
    # The root is its own parent, as in MAPI (PidTagParentEntryId).
    parent = folder.number if folder.parent_number is None else folder.parent_number
    return {
        "FolderId": folder_ids.folder_id(mailbox, folder),
        "ParentFolderId": folder_ids.parent_folder_id(mailbox, parent),
    }
