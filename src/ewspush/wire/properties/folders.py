"""Folders in XML and in memory.

In memory a folder is its values by the names of their elements, as an item is (`items`).
"""

from collections.abc import Mapping
from typing import Any

from lxml import etree

from ewspush.core.errors import InvalidPropertySet
from ewspush.core.folders import FolderKind
from ewspush.core.item_paths import ExtendedPath, FieldPath, Path, Value
from ewspush.wire.properties import extended_fields
from ewspush.wire.properties.property import EXCHANGE_2007_SP1, EXCHANGE_2013, Area, Property
from ewspush.wire.properties.structures import EXTENDED, ID, local_name, tagged
from ewspush.wire.properties.values import INTEGER, NSMAP, TEXT, XML

_folder = Area("folder")

# In the order of the schema. Properties that no folder has here are not among them, but for
# PermissionSet, which exchangelib takes away when it changes a folder.
_OF_ANY = (
    _folder.read_only("FolderId", ID),
    _folder.read_only("ParentFolderId", ID),
    _folder.writable("FolderClass", TEXT),
    _folder.writable("DisplayName", TEXT),
    _folder.read_only("TotalCount", INTEGER),
    _folder.read_only("ChildFolderCount", INTEGER),
    _folder.without_uri("ExtendedProperty", EXTENDED),
    _folder.read_only("EffectiveRights", XML, EXCHANGE_2007_SP1),
    _folder.read_only("DistinguishedFolderId", TEXT, EXCHANGE_2013),
    _folder.read_only("PermissionSet", XML, EXCHANGE_2007_SP1),
)
_OF_MAIL = (*_OF_ANY, _folder.read_only("UnreadCount", INTEGER))

PROPERTIES: dict[FolderKind, tuple[Property, ...]] = {
    FolderKind.FOLDER: _OF_MAIL,
    FolderKind.CALENDAR: _OF_ANY,
    FolderKind.CONTACTS: _OF_ANY,
    FolderKind.TASKS: _OF_MAIL,
}

_BY_NAME = {each.name: each for each in _OF_MAIL}
_BY_URI = {each.uri: each for each in _OF_MAIL if each.uri}
_WRITERS = {
    kind: [(each.name, tagged(each.name), each.codec.write) for each in properties]
    for kind, properties in PROPERTIES.items()
}


def is_writable(path: Path) -> bool:
    """Whether clients set this property."""
    return isinstance(path, ExtendedPath) or _BY_NAME[path.name].is_writable


def path(element: etree._Element) -> Path | None:
    """Where a FieldURI or the like points, or None if no folder has such a property.

    Raises InvalidExtendedProperty.
    """
    if local_name(element) == "ExtendedFieldURI":
        return ExtendedPath(extended_fields.key_of(element))
    known = _BY_URI.get(element.get("FieldURI", ""))
    return FieldPath(known.name) if known and local_name(element) == "FieldURI" else None


def read(element: etree._Element) -> dict[str, Value]:
    """The values in a validated folder of a request.

    Raises InvalidPropertySet for a property that no folder has here, and InvalidExtendedProperty.
    """
    values: dict[str, Any] = {}
    for child in element:
        name = local_name(child)
        if name not in _BY_NAME:
            raise InvalidPropertySet(f"folder:{name} cannot be set: this server has none.")
        value = _BY_NAME[name].codec.read(child)
        if name in values:  # ExtendedProperty alone is repeated
            values[name].extend(value)
        else:
            values[name] = value
    return values


def render(kind: FolderKind, values: Mapping[str, Value]) -> etree._Element:
    """The element of a folder with these values; those that the kind does not have are left out."""
    folder = etree.Element(tagged(kind.value), nsmap=NSMAP)
    for name, tag, write in _WRITERS[kind]:
        if name in values:
            write(folder, tag, values[name])
    return folder
