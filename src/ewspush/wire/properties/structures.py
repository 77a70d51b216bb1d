"""Structured values of item properties: mailboxes, attendees, ids, bodies, dictionaries."""

from collections.abc import Callable, Mapping
from typing import Any

from lxml import etree

from ewspush.wire.namespaces import TYPES
from ewspush.wire.properties import extended_fields
from ewspush.wire.properties.values import (
    TEXT,
    TIME,
    Codec,
    put_attribute,
    put_text,
    read_base64,
    text_of,
    write_text,
)

Structure = dict[str, Any]


def tagged(name: str) -> str:
    """The name in the types namespace, as lxml writes it."""
    return f"{{{TYPES}}}{name}"


def local_name(element: etree._Element) -> str:
    """The name without its namespace."""
    return str(element.tag).rpartition("}")[2]


class Parts:
    """The children of an element that occur once at most, each in a form of its own."""

    def __init__(self, codecs: Mapping[str, Codec[Any]]) -> None:
        self._codecs = codecs
        self._writers = [(name, tagged(name), codec.write) for name, codec in codecs.items()]

    def read(self, element: etree._Element) -> Structure:
        """Those that are there and that are kept."""
        return {
            name: self._codecs[name].read(child)
            for child in element
            if (name := local_name(child)) in self._codecs
        }

    def fill(self, element: etree._Element, structure: Structure) -> None:
        """Add those that the structure has, in the order of the schema."""
        for name, tag, write in self._writers:
            if name in structure:
                write(element, tag, structure[name])

    def codec(self) -> Codec[Structure]:
        """Of an element that holds nothing but these."""

        def write(parent: etree._Element, tag: str, structure: Structure) -> None:
            self.fill(etree.SubElement(parent, tag), structure)

        return Codec(self.read, write)


def attributes(*names: str) -> Codec[dict[str, str]]:
    """An element with attributes and no content: an id."""

    def read(element: etree._Element) -> dict[str, str]:
        return {name: value for name in names if (value := element.get(name)) is not None}

    def write(parent: etree._Element, tag: str, values: dict[str, str]) -> None:
        element = etree.SubElement(parent, tag)
        for name in names:
            if name in values:
                put_attribute(element, name, values[name])

    return Codec(read, write)


def entries(child: str, codec: Codec[Any]) -> Codec[list[Any]]:
    """A list that may be empty, each entry in a child of this name."""
    tag = tagged(child)

    def read(element: etree._Element) -> list[Any]:
        return [codec.read(each) for each in element]

    def write(parent: etree._Element, own_tag: str, values: list[Any]) -> None:
        element = etree.SubElement(parent, own_tag)
        for value in values:
            codec.write(element, tag, value)

    return Codec(read, write)


def unless_empty(codec: Codec[Any]) -> Codec[Any]:
    """The same for an element that the schema does not allow to be empty."""

    def write(parent: etree._Element, tag: str, value: Any) -> None:
        if value:
            codec.write(parent, tag, value)

    return Codec(codec.read, write)


def by_key(codec: Codec[Any]) -> Codec[dict[str, Any]]:
    """A dictionary: entries with a Key. The last of two with the same one counts."""
    tag = tagged("Entry")

    def read(element: etree._Element) -> dict[str, Any]:
        return {entry.get("Key", ""): codec.read(entry) for entry in element}

    def write(parent: etree._Element, own_tag: str, values: dict[str, Any]) -> None:
        element = etree.SubElement(parent, own_tag)
        for key, value in values.items():
            codec.write(element, tag, value)
            put_attribute(element[-1], "Key", key)

    return unless_empty(Codec(read, write))


def _with_attribute(name: str) -> Codec[list[str]]:
    """A text with an attribute, as [attribute, text]."""

    def read(element: etree._Element) -> list[str]:
        return [element.get(name, ""), text_of(element)]

    def write(parent: etree._Element, tag: str, value: list[str]) -> None:
        element = etree.SubElement(parent, tag)
        put_attribute(element, name, value[0])
        put_text(element, value[1])

    return Codec(read, write)


def _read_body(element: etree._Element) -> Structure:
    return {"BodyType": element.get("BodyType", "Text"), "Value": text_of(element)}


def _write_body(parent: etree._Element, tag: str, body: Structure) -> None:
    put_text(etree.SubElement(parent, tag, BodyType=body["BodyType"]), body["Value"])


def _write_mime(parent: etree._Element, tag: str, content: str) -> None:
    etree.SubElement(parent, tag, CharacterSet="UTF-8").text = content


def _read_one(codec: Codec[Structure]) -> Callable[[etree._Element], Structure]:
    return lambda element: codec.read(element[0])


def _write_one(parent: etree._Element, tag: str, mailbox: Structure) -> None:
    _MAILBOX.write(etree.SubElement(parent, tag), _MAILBOX_TAG, mailbox)


def _read_extended(element: etree._Element) -> list[Structure]:
    """A list of the one: the element is repeated, with nothing around them all."""
    uri, value = element
    key = extended_fields.key_of(uri)
    if local_name(value) == "Values":
        return [{"Path": key, "Value": [text_of(each) for each in value]}]
    text = text_of(value)
    if key.endswith(" PropertyType=Boolean"):
        text = _BOOLEANS.get(text.strip(), text)
    return [{"Path": key, "Value": text}]


def _write_extended(parent: etree._Element, tag: str, properties: list[Structure]) -> None:
    for each in properties:
        value = each["Value"]
        if value == []:  # the schema has no empty list
            continue
        element = etree.SubElement(parent, tag)
        uri = etree.SubElement(element, _EXTENDED_FIELD_URI)
        for name, text in extended_fields.attributes(each["Path"]).items():
            put_attribute(uri, name, text)
        if isinstance(value, str):
            write_text(element, _VALUE, value)
        else:
            _SEVERAL.write(element, _VALUES, value)


_BOOLEANS = {"1": "true", "0": "false"}  # exchangelib writes the former and reads the latter
_MAILBOX_TAG = tagged("Mailbox")
_EXTENDED_FIELD_URI = tagged("ExtendedFieldURI")
_VALUE, _VALUES = tagged("Value"), tagged("Values")
_SEVERAL = entries("Value", TEXT)
_NOT_EMPTY_TEXT = unless_empty(TEXT)

ID = attributes("Id", "ChangeKey")
_MAILBOX = Parts(
    {
        "Name": TEXT,
        "EmailAddress": _NOT_EMPTY_TEXT,
        "RoutingType": _NOT_EMPTY_TEXT,
        "MailboxType": TEXT,
        "ItemId": ID,
        "OriginalDisplayName": TEXT,
    }
).codec()
MAILBOX = Codec(_read_one(_MAILBOX), _write_one)
MAILBOXES = entries("Mailbox", _MAILBOX)
_ATTENDEE = Parts(
    {
        "Mailbox": _MAILBOX,
        "ResponseType": TEXT,
        "LastResponseTime": TIME,
        "ProposedStart": TIME,
        "ProposedEnd": TIME,
    }
).codec()
ATTENDEES = unless_empty(entries("Attendee", _ATTENDEE))
BODY = Codec(_read_body, _write_body)
MIME = Codec(read_base64, _write_mime)
HEADERS = unless_empty(entries("InternetMessageHeader", _with_attribute("HeaderName")))
TEXTS_BY_KEY = by_key(TEXT)
ADDRESSES_BY_KEY = by_key(
    Parts(dict.fromkeys(("Street", "City", "State", "CountryOrRegion", "PostalCode"), TEXT)).codec()
)
EXTENDED = Codec(_read_extended, _write_extended)
