"""Values of item properties in XML and in memory: text, numbers, times, and XML kept as it is."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from lxml import etree

from ewspush.core import times
from ewspush.wire import xml
from ewspush.wire.namespaces import TYPES
from ewspush.wire.soap import Violation, in_words

T = TypeVar("T")

NSMAP = {"t": TYPES}

# What XML 1.0 has no way to say (2.2, production Char).
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LINE_END = re.compile("\r\n?")


@dataclass(frozen=True, slots=True)
class Codec(Generic[T]):
    """One form of values: `read` an element, `write` one of this tag into a parent.

    `read` raises Violation for what the schema allows and cannot be kept. `write` writes nothing
    for an empty value that the schema does not allow.
    """

    read: Callable[[etree._Element], T]
    write: Callable[[etree._Element, str, T], None]


def put_text(element: etree._Element, text: str) -> None:
    """Set the text, without what XML forbids and with line ends as XML has them.

    A carriage return would be written as a character reference, and the EWS Java API drops white
    space between two of them: the empty lines of a body.
    """
    if "\r" in text:
        text = _LINE_END.sub("\n", text)
    try:
        element.text = text
    except ValueError:
        element.text = _FORBIDDEN.sub("", text)


def put_attribute(element: etree._Element, name: str, value: str) -> None:
    """Set an attribute, without what XML forbids."""
    try:
        element.set(name, value)
    except ValueError:
        element.set(name, _FORBIDDEN.sub("", value))


def text_of(element: etree._Element) -> str:
    return element.text or ""


def write_text(parent: etree._Element, tag: str, text: str) -> None:
    put_text(etree.SubElement(parent, tag), text)


def read_boolean(element: etree._Element) -> bool:
    return text_of(element).strip() in ("true", "1")


def write_boolean(parent: etree._Element, tag: str, value: bool) -> None:
    etree.SubElement(parent, tag).text = "true" if value else "false"


def read_integer(element: etree._Element) -> int:
    return int(text_of(element))


def write_integer(parent: etree._Element, tag: str, value: int) -> None:
    etree.SubElement(parent, tag).text = str(value)


def read_double(element: etree._Element) -> float:
    value = float(text_of(element))
    if not math.isfinite(value):
        raise Violation(f"The value of {in_words(element)} is not a finite number.", element)
    return value


def write_double(parent: etree._Element, tag: str, value: float) -> None:
    etree.SubElement(parent, tag).text = repr(value).removesuffix(".0")


def read_time(element: etree._Element) -> str:
    """An xs:dateTime as `yyyy-MM-ddTHH:mm:ssZ`; without an offset it is taken as UTC."""
    text = text_of(element).strip()
    try:
        return times.normalized(text)
    except ValueError:
        text = f"The time '{text}' in {in_words(element)} is outside of the years 1 to 9999."
        raise Violation(text, element) from None


def read_base64(element: etree._Element) -> str:
    return "".join(text_of(element).split())


def read_strings(element: etree._Element) -> list[str]:
    return [text_of(each) for each in element]


def strings(child: str) -> Codec[list[str]]:
    """A list of texts, each in a child of this name."""
    tag = f"{{{TYPES}}}{child}"

    def write(parent: etree._Element, own_tag: str, values: list[str]) -> None:
        element = etree.SubElement(parent, own_tag)
        for value in values:
            write_text(element, tag, value)

    return Codec(read_strings, write)


def read_xml(element: etree._Element) -> str:
    """The whole element with its attributes as canonical XML, in prefixes of our own."""
    return etree.tostring(_plain(element), method="c14n", exclusive=True).decode()


def write_xml(parent: etree._Element, _tag: str, text: str) -> None:
    parent.append(xml.parse(text.encode()))


def _plain(element: etree._Element) -> etree._Element:
    """A copy without the client's prefixes and indentation."""
    copy = etree.Element(element.tag, nsmap=NSMAP)
    for name, value in element.attrib.items():
        copy.set(name, value)
    if len(element):
        copy.extend([_plain(child) for child in element])
    elif element.text:
        put_text(copy, element.text)
    return copy


TEXT = Codec(text_of, write_text)
BOOLEAN = Codec(read_boolean, write_boolean)
INTEGER = Codec(read_integer, write_integer)
DOUBLE = Codec(read_double, write_double)
TIME = Codec(read_time, write_text)
BASE64 = Codec(read_base64, write_text)
STRINGS = strings("String")
CERTIFICATES = strings("Base64Binary")
XML = Codec(read_xml, write_xml)
