"""Items in XML and in memory.

In memory an item is its values by the names of their elements, in the forms that `values`
and `structures` give them: what JSON can hold.
"""

from collections.abc import Callable, Mapping
from typing import Any

from lxml import etree

from ewspush.core.item_paths import Value
from ewspush.wire.properties import attachments
from ewspush.wire.properties.item_kinds import KINDS, ItemKind, kind_named, kind_of
from ewspush.wire.properties.paths import path, path_element, uri_of
from ewspush.wire.properties.property import Property
from ewspush.wire.properties.structures import BODY, ID, Structure, local_name, tagged
from ewspush.wire.properties.values import NSMAP, Codec
from ewspush.wire.soap import Violation, in_words

__all__ = [
    "KINDS",
    "ItemKind",
    "Property",
    "kind_named",
    "kind_of",
    "path",
    "path_element",
    "read",
    "read_attachments",
    "render",
    "render_attachment",
    "uri_of",
]

# What response objects (ReplyToItem, AcceptItem) have beside the properties of an item.
_OF_RESPONSE_OBJECTS: dict[str, Codec[Any]] = {"ReferenceItemId": ID, "NewBodyContent": BODY}

_WRITERS = {
    kind: [(each.name, tagged(each.name), each.codec.write) for each in kind.properties]
    for kind in KINDS
}


def read(element: etree._Element) -> dict[str, Value]:
    """The values in a validated item or response object of a request.

    Attachments come with the Content of a file, and with the Item that is attached. Raises
    Violation for what is valid and cannot be kept, and InvalidExtendedProperty.
    """
    values: dict[str, Any] = {}
    for child in element:
        name = local_name(child)
        if name not in _READERS:
            raise Violation(f"{in_words(child)} is no property of an item.", child)
        value = _READERS[name](child)
        if name in values:  # ExtendedProperty alone is repeated
            values[name].extend(value)
        else:
            values[name] = value
    return values


def read_attachments(element: etree._Element) -> list[Structure]:
    """The attachments in an Attachments element of an item or of CreateAttachment."""
    return [_read_attachment(each) for each in element]


def _read_attachment(element: etree._Element) -> Structure:
    attachment = attachments.read_one(element)
    item = attachments.attached_item(element)
    if item is not None:
        attachment["Item"] = {"Kind": local_name(item), "Values": read(item)}
    return attachment


_READERS: dict[str, Callable[[etree._Element], Any]] = {
    **{each.name: each.codec.read for kind in KINDS for each in kind.properties},
    **{name: codec.read for name, codec in _OF_RESPONSE_OBJECTS.items()},
    "Attachments": read_attachments,
}


def render(kind: ItemKind, values: Mapping[str, Value]) -> etree._Element:
    """The element of an item with these values; those that the kind does not have are left out.

    Attachments are rendered without what is in them.
    """
    item = etree.Element(tagged(kind.element), nsmap=NSMAP)
    for name, tag, write in _WRITERS[kind]:
        if name in values:
            write(item, tag, values[name])
    return item


def render_attachment(attachment: Structure) -> etree._Element:
    """The element of an attachment with the Content of a file or the attached Item it has."""
    holder = etree.Element(tagged("Attachments"), nsmap=NSMAP)
    attachments.write_one(holder, attachment, with_content=True)
    element = holder[0]
    if "Item" in attachment:
        item = attachment["Item"]
        element.append(render(kind_named(item["Kind"]), item["Values"]))
    return element
