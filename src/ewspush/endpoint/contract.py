"""The contract in `wsdl/`: the documents that are served, and the rule that requests must obey."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from xml.sax.saxutils import escape

from lxml import etree

from ewspush.wire.namespaces import MAILBOXES

_SUFFIXES = {".wsdl", ".xsd"}
_BASE = b"http://localhost/EWS/"  # of addresses in the files, where the server's own belong

_XSD = "http://www.w3.org/2001/XMLSchema"

_UP_TO_TAG = re.compile(rb"[^<]*<[^>]*>")
_NAME = re.compile(r"Element '(.*?)'")


@dataclass(frozen=True, slots=True)
class SchemaError:
    """The first thing in a document that the schema does not allow."""

    element: etree._Element
    message: str  # libxml2's


class Contract:
    """One folder of WSDL and schema files. May be used by several threads at once."""

    def __init__(self, folder: Path) -> None:
        self._documents = {
            path.name: path.read_bytes() for path in folder.iterdir() if path.suffix in _SUFFIXES
        }
        self._ews = etree.XMLSchema(etree.parse(folder / "messages.xsd"))
        self._mailboxes = etree.XMLSchema(etree.parse(folder / "mailboxes.xsd"))

    @classmethod
    def load(cls) -> "Contract":
        """The project's own: within the installed package, or beside `src/` in a checkout."""
        return cls(_own_folder())

    @property
    def names(self) -> list[str]:
        """The files that `document` knows."""
        return sorted(self._documents)

    def document(self, name: str, base: str) -> bytes:
        """The file of this name, with what the server's URLs begin with. Raises KeyError."""
        filled_in = escape(f"{base}/EWS/", {'"': "&quot;"}).encode()
        return self._documents[name].replace(_BASE, filled_in)

    def first_error(self, block: etree._Element) -> SchemaError | None:
        """What is wrong with a header block or the content of a Body; None if it is valid.

        The block is given to a validating parser tag by tag. So the work ends at the first error
        (lxml finds a path for each, which takes minutes for a list of 100,000 wrong elements), the
        element is known exactly, and no state is shared but the compiled schema, which is only
        read.
        """
        is_management = etree.QName(block).namespace == MAILBOXES
        # It was parsed once, with bounds; this is no place for others.
        parser = etree.XMLParser(
            schema=self._mailboxes if is_management else self._ews,
            resolve_entities=False,
            no_network=True,
            huge_tree=True,
        )
        started = -1
        for text in _UP_TO_TAG.findall(etree.tostring(block, encoding="utf-8", with_tail=False)):
            started += b"</" not in text
            parser.feed(text)
            errors = parser.feed_error_log.filter_from_errors()
            if errors:
                message = errors[0].message
                return SchemaError(_culprit(block, started, message), message)
        try:
            parser.close()
        except etree.XMLSyntaxError as error:  # a document of four bytes is only looked at now
            return SchemaError(block, error.msg)
        return None


@cache
def response_codes() -> frozenset[str]:
    """The ResponseCodes of the project's own contract, NoError among them."""
    codes = etree.parse(_own_folder() / "response-codes.xsd").iterfind(f".//{{{_XSD}}}enumeration")
    return frozenset(code.get("value", "") for code in codes)


def _own_folder() -> Path:
    installed = Path(str(files("ewspush"))) / "wsdl"
    return installed if installed.is_dir() else Path(__file__).parents[3] / "wsdl"


def _culprit(block: etree._Element, started: int, message: str) -> etree._Element:
    """The element that a message names: the one started last, or one around it that ended."""
    last = list(block.iter())[started]
    named = _NAME.match(message)
    return next((each for each in _outwards(last) if named and each.tag == named[1]), last)


def _outwards(element: etree._Element) -> Iterator[etree._Element]:
    yield element
    yield from element.iterancestors()
