"""Paths to properties, as elements of requests: FieldURI, IndexedFieldURI, ExtendedFieldURI."""

from lxml import etree

from ewspush.core.item_paths import ExtendedPath, FieldPath, IndexedPath, Path
from ewspush.wire.properties import extended_fields
from ewspush.wire.properties.item_kinds import KINDS
from ewspush.wire.properties.structures import local_name, tagged
from ewspush.wire.properties.values import NSMAP

# The same property under a second name.
_OTHER_URIS = {"contacts:Culture": "Culture"}

_NAMES = {each.uri: each.name for kind in KINDS for each in kind.properties if each.uri}
_NAMES |= _OTHER_URIS
_URIS = {each.name: each.uri for kind in reversed(KINDS) for each in kind.properties if each.uri}

# DictionaryURIType; the members of a distribution list have no names that one could go by here.
_PHYSICAL_ADDRESS = "contacts:PhysicalAddress"
_ENTRIES = {
    "item:InternetMessageHeader": "InternetMessageHeaders",
    "contacts:EmailAddress": "EmailAddresses",
    "contacts:ImAddress": "ImAddresses",
    "contacts:PhoneNumber": "PhoneNumbers",
    _PHYSICAL_ADDRESS: "PhysicalAddresses",
}
_ENTRY_URIS = {name: uri for uri, name in _ENTRIES.items()}


def path(element: etree._Element) -> Path | None:
    """Where the element points, or None if no item that is known here has such a property.

    Raises InvalidExtendedProperty.
    """
    uri = element.get("FieldURI", "")
    match local_name(element):
        case "FieldURI" if uri in _NAMES:
            return FieldPath(_NAMES[uri])
        case "IndexedFieldURI":
            return _indexed_path(uri, element.get("FieldIndex", ""))
        case "ExtendedFieldURI":
            return ExtendedPath(extended_fields.key_of(element))
    return None


def _indexed_path(uri: str, index: str) -> IndexedPath | None:
    if uri in _ENTRIES:
        return IndexedPath(_ENTRIES[uri], index)
    address, _, part = uri.rpartition(":")
    return IndexedPath(_ENTRIES[address], index, part) if address == _PHYSICAL_ADDRESS else None


def uri_of(path: Path) -> str:
    """What a client calls it: the FieldURI, or the key of an extended property.

    A property that several kinds have under different names is called by that of the first kind.
    Raises KeyError for a property that has no FieldURI.
    """
    match path:
        case FieldPath(name):
            return _URIS[name]
        case IndexedPath(name, _, part):
            return _ENTRY_URIS[name] + (f":{part}" if part else "")
        case ExtendedPath(key):
            return key


def path_element(path: Path) -> etree._Element:
    """The element that points there, for the MessageXml of an answer. Raises KeyError."""
    if isinstance(path, ExtendedPath):
        attributes = extended_fields.attributes(path.key)
        return etree.Element(tagged("ExtendedFieldURI"), attributes, nsmap=NSMAP)
    if isinstance(path, IndexedPath):
        attributes = {"FieldURI": uri_of(path), "FieldIndex": path.index}
        return etree.Element(tagged("IndexedFieldURI"), attributes, nsmap=NSMAP)
    return etree.Element(tagged("FieldURI"), {"FieldURI": uri_of(path)}, nsmap=NSMAP)
