"""SOAP 1.1 envelopes that clients send: what they hold, and where in the document it stands."""

from dataclasses import dataclass
from xml.parsers import expat

from lxml import etree

from ewspush.wire import xml
from ewspush.wire.namespaces import SOAP

_ENVELOPE, _HEADER, _BODY = (f"{{{SOAP}}}{name}" for name in ("Envelope", "Header", "Body"))
_MUST_UNDERSTAND, _ACTOR = f"{{{SOAP}}}mustUnderstand", f"{{{SOAP}}}actor"
_NEXT = "http://schemas.xmlsoap.org/soap/actor/next"


class Violation(ValueError):
    """What is wrong with an element of a request. `str()` says it for the client."""

    def __init__(self, text: str, element: etree._Element) -> None:
        super().__init__(text)
        self.element = element


@dataclass(frozen=True, slots=True)
class Request:
    """The header blocks of an envelope, and the one element in its Body."""

    header: tuple[etree._Element, ...]
    body: etree._Element


def read(document: bytes) -> Request:
    """The content of an envelope. Raises xml.Unreadable or Violation."""
    envelope = xml.parse(document)
    if envelope.tag != _ENVELOPE:
        raise Violation(
            f"The root element is {in_words(envelope)}, not {in_words(_ENVELOPE)} (SOAP 1.1).",
            envelope,
        )
    parts = list(envelope)
    header = parts.pop(0) if parts and parts[0].tag == _HEADER else ()
    if [part.tag for part in parts] != [_BODY]:
        raise Violation("The Envelope must hold a Body, after a Header or alone.", envelope)
    (body,) = parts
    if len(body) != 1:
        raise Violation(f"The Body must hold one element and has {len(body)}.", body)
    return Request(tuple(header), body[0])


def must_understand(block: etree._Element) -> bool:
    """Whether a header block may not be ignored here (SOAP 1.1, 4.2.2 and 4.2.3)."""
    demanded = block.get(_MUST_UNDERSTAND, "0").strip() in ("1", "true")
    return demanded and (block.get(_ACTOR) or _NEXT) == _NEXT


def without_soap_attributes(block: etree._Element) -> etree._Element:
    """The header block itself, rid of what SOAP adds to the attributes of its type."""
    for name in block.attrib:
        if etree.QName(name).namespace == SOAP:
            del block.attrib[name]
    return block


def in_words(name: etree._Element | str) -> str:
    """A name, or an element's, as .NET writes it: 'Body' in namespace 'http://...'."""
    parts = etree.QName(name)
    local = f"'{parts.localname}'"
    return f"{local} in namespace '{parts.namespace}'" if parts.namespace else local


def position(document: bytes, element: etree._Element) -> tuple[int, int]:
    """Line and column of the element's name in the document, both from 1 as .NET has them.

    libxml2 knows no columns: the document is read a second time, by expat.
    """
    everything = element.getroottree().getroot().iter()
    # What was put in after parsing has no line and is not in the document.
    index = [each for each in everything if each.sourceline is not None].index(element)
    place = (element.sourceline or 1, 1)
    reader = expat.ParserCreate()

    def start(_name: str, _attributes: dict[str, str]) -> None:
        nonlocal index, place
        if index == 0:
            place = (reader.CurrentLineNumber, reader.CurrentColumnNumber + len("<") + 1)
        index -= 1

    reader.StartElementHandler = start
    try:
        reader.Parse(document, True)
    except (expat.ExpatError, LookupError, ValueError):
        return place  # an encoding that libxml2 reads and expat does not: the line alone
    return place
