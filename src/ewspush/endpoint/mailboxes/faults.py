"""Faults: a ManagementFault in the detail of a SOAP fault."""

import re

from lxml import etree

from ewspush.core.management import Code, ManagementError
from ewspush.endpoint.contract import SchemaError
from ewspush.endpoint.violations import violation
from ewspush.wire import soap
from ewspush.wire.faults import printable
from ewspush.wire.namespaces import MAILBOXES, SOAP

_LISTS = {"Mailboxes", "Aliases", "Statuses", "States"}  # their children are told by a number

# What libxml2 says of values, and what is allowed instead.
_ELEMENTS = re.compile(r"not an element of the set \{(?P<values>.*)\}", re.DOTALL)
_LONGEST = re.compile(r"exceeds the allowed maximum length of '(?P<most>\d+)'")
# In a sequence, the last that may come is the one that must.
_MISSING = re.compile(r"Missing child element\(s\)\..*}(?P<name>\w+) \)\.", re.DOTALL)


class Fault(Exception):
    """A request that was refused: why, and by whose doing."""

    def __init__(self, error: ManagementError, cause: str = "Client") -> None:
        """`cause` is a faultcode of SOAP 1.1, 4.4.1."""
        super().__init__(str(error))
        self.error = error
        self.cause = cause


def invalid_request(error: SchemaError) -> Fault:
    """The fault for what the contract does not allow."""
    field = _path(error.element)
    missing = _MISSING.search(error.message)
    if missing:
        field = f"{field}.{missing['name']}" if field else missing["name"]
    return refused(str(violation(error)), field or None, _allowed(error))


def refused(text: str, field: str | None = None, allowed: str | None = None) -> Fault:
    """The fault for a request that is not of the form that the contract says."""
    return Fault(ManagementError(Code.INVALID_REQUEST, text, field=field, allowed=allowed))


def not_understood(block: etree._Element) -> Fault:
    """The fault for a header block that may not be ignored."""
    text = f"The header block {soap.in_words(block)} is not understood."
    return Fault(ManagementError(Code.INVALID_REQUEST, text), "MustUnderstand")


def unknown_operation(element: etree._Element) -> Fault:
    """The fault for what this service does not do."""
    text = f"This service has no operation {soap.in_words(element)}."
    return Fault(ManagementError(Code.UNKNOWN_OPERATION, text))


def internal_error() -> Fault:
    """The fault for what failed here, and which the client cannot change."""
    text = "An internal error occurred. The operation failed."
    return Fault(ManagementError(Code.INTERNAL_ERROR, text), "Server")


def render(fault: Fault) -> bytes:
    """The envelope of a fault; it goes with HTTP status 500."""
    error = fault.error
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soap": SOAP})
    body = etree.SubElement(envelope, f"{{{SOAP}}}Body")
    raised = etree.SubElement(body, f"{{{SOAP}}}Fault")
    etree.SubElement(raised, "faultcode").text = f"soap:{fault.cause}"
    etree.SubElement(raised, "faultstring").text = printable(str(error))
    detail = etree.SubElement(raised, "detail")
    told = etree.SubElement(detail, f"{{{MAILBOXES}}}ManagementFault", nsmap={"m": MAILBOXES})
    parts = {"Code": error.code, "Message": str(error)}
    optional = {"Field": error.field, "Allowed": error.allowed}
    for name, value in (parts | {k: v for k, v in optional.items() if v is not None}).items():
        etree.SubElement(told, f"{{{MAILBOXES}}}{name}").text = printable(value)
    return etree.tostring(envelope, xml_declaration=True, encoding="utf-8")


def _path(element: etree._Element) -> str:
    """An element of an operation, as in Mailboxes[3].LocalPart; the operation itself is empty."""
    path = ""
    around = element.getparent()
    while around is not None and etree.QName(around).namespace != SOAP:
        name = etree.QName(element).localname
        if etree.QName(around).localname in _LISTS:
            name = f"{etree.QName(around).localname}[{around.index(element) + 1}]"
            around = around.getparent()
            assert around is not None, "a list is in an operation"
        path = f"{name}.{path}" if path else name
        element, around = around, around.getparent()
    return path


def _allowed(error: SchemaError) -> str | None:
    if elements := _ELEMENTS.search(error.message):
        return elements["values"].replace("'", "")
    if longest := _LONGEST.search(error.message):
        return f"at most {longest['most']} characters"
    if "[facet 'pattern']" in error.message:
        return "a UUID, as in 3f2504e0-4f89-41d3-9a0c-0305e82c3301"
    if "'xs:int'" in error.message:
        return "a whole number"
    return None
