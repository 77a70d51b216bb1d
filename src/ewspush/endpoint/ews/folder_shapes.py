"""Folders in answers: which of their properties were asked for (FolderShape, EWS XML reference)."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lxml import etree

from ewspush.core.folders import FolderKind, kind_of
from ewspush.core.ids import Kind
from ewspush.core.item_paths import ExtendedPath, FieldPath
from ewspush.operations.folder_values import values_of
from ewspush.operations.folders import Folder
from ewspush.wire import change_key, extended_fields, ids
from ewspush.wire.folder_properties import PROPERTIES, path, render
from ewspush.wire.namespaces import MESSAGES, TYPES

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

# The owner of a mailbox may do everything in it, and nobody else sees it.
_EFFECTIVE_RIGHTS = (
    f'<t:EffectiveRights xmlns:t="{TYPES}"><t:CreateAssociated>true</t:CreateAssociated>'
    "<t:CreateContents>true</t:CreateContents><t:CreateHierarchy>true</t:CreateHierarchy>"
    "<t:Delete>true</t:Delete><t:Modify>true</t:Modify><t:Read>true</t:Read></t:EffectiveRights>"
)


@dataclass(frozen=True, slots=True)
class FolderShape:
    """What a client asked to be told of each folder."""

    base_shape: str  # IdOnly, Default or AllProperties
    names: frozenset[str] = frozenset()
    extended: tuple[tuple[str, str], ...] = ()  # the key of each, and as the client has it

    @classmethod
    def read(cls, element: etree._Element) -> "FolderShape":
        """The shape in a FolderShape element. Paths to what no folder has are ignored.

        Raises InvalidExtendedProperty.
        """
        names, extended = set[str](), dict[str, str]()
        for each in element.iterfind(f"{{{TYPES}}}AdditionalProperties/*"):
            match path(each):
                case FieldPath(name):
                    names.add(name)
                case ExtendedPath(key):
                    extended[key] = extended_fields.key_as_written(each)
        base_shape = element.findtext(f"{{{TYPES}}}BaseShape", "").strip()
        return cls(base_shape, frozenset(names), tuple(extended.items()))


ID_ONLY = FolderShape("IdOnly")


def in_shape(
    folder: Folder, mailbox: int, shape: FolderShape, server_version: str
) -> etree._Element:
    """The element of a folder with what was asked for; what it does not have is left out."""
    kind = kind_of(folder.folder_class)
    wanted = _names_for(shape, kind, (folder.folder_class or "").lower(), server_version)
    values = {**values_of(folder), **_ids(folder, mailbox), "EffectiveRights": _EFFECTIVE_RIGHTS}
    picked = {name: values[name] for name in wanted if name in values}
    if shape.extended:
        by_key = {each["Path"]: each["Value"] for each in values[_EXTENDED]}
        picked[_EXTENDED] = [
            {"Path": written, "Value": by_key[key]}
            for key, written in shape.extended
            if key in by_key
        ]
    return render(kind, picked)


@lru_cache(maxsize=256)
def _names_for(
    shape: FolderShape, kind: FolderKind, folder_class: str, server_version: str
) -> frozenset[str]:
    # Names of versions sort by age.
    known = frozenset(each.name for each in PROPERTIES[kind] if each.since <= server_version)
    return known & (_base(shape.base_shape, folder_class, known) | shape.names)


def _base(name: str, folder_class: str, known: frozenset[str]) -> frozenset[str]:
    if name == "IdOnly":
        return frozenset({"FolderId"})
    if name == "Default":
        return _DEFAULT - _NOT_BY_DEFAULT.get(folder_class, set())
    return known - _ONLY_WHEN_NAMED


def _ids(folder: Folder, mailbox: int) -> dict[str, Any]:
    # The root is its own parent, as in MAPI (PidTagParentEntryId).
    parent = folder.number if folder.parent_number is None else folder.parent_number
    return {
        "FolderId": folder_id(folder, mailbox),
        "ParentFolderId": {"Id": ids.encode(Kind.FOLDER, mailbox, parent)},
    }


def folder_id(folder: Folder, mailbox: int) -> dict[str, str]:
    """The value of FolderId."""
    return {
        "Id": ids.encode(Kind.FOLDER, mailbox, folder.number),
        "ChangeKey": change_key.encode(folder.change),
    }


def folders_element(folders: Iterable[etree._Element], namespace: str = MESSAGES) -> etree._Element:
    """m:Folders, or t:Folders."""
    element = etree.Element(f"{{{namespace}}}Folders", nsmap={"m": MESSAGES, "t": TYPES})
    element.extend(list(folders))
    return element
