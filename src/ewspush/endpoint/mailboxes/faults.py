"""Faults: a ManagementFault in the detail of a SOAP fault."""

import re

from lxml import etree

from ewspush.core.management import Code, ManagementError
from ewspush.endpoint.contract import SchemaError
from ewspush.endpoint.mailboxes import allowed
from ewspush.endpoint.violations import violation
from ewspush.wire import soap
from ewspush.wire.faults import printable
from ewspush.wire.namespaces import MAILBOXES, SOAP

_LISTS = {"Mailboxes", "Aliases", "Statuses", "States"}  # their children are told by a number

# The codes of what cannot be restored or deleted. The request has one of these elements.
_OF_ACCOUNTS = {
    Code.NOT_DELETION_SCHEDULED,
    Code.ORGANIZATION_DELETED,
    Code.RETENTION_ENDED,
    Code.USER_NOT_IN_DIRECTORY,
    Code.USER_RECREATED,
}
_ACCOUNT_IDS = (f"{{{MAILBOXES}}}MailboxId", f"{{{MAILBOXES}}}UserId")
# libxml2's message. In a sequence, the last that may come is the one that must.
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
    return refused(str(violation(error)), field or None, allowed.by_schema(error))


def refused(text: str, field: str | None = None, instead: str | None = None) -> Fault:
    """The fault for a request that is not of the form that the contract says."""
    return Fault(ManagementError(Code.INVALID_REQUEST, text, field=field, allowed=instead))


def of_operation(error: ManagementError, request: etree._Element) -> Fault:
    """The fault for what an operation refuses: what it does not say of it is added."""
    field = error.field
    if field is None and error.code in _OF_ACCOUNTS:
        found = next(request.iterchildren(*_ACCOUNT_IDS), None)
        field = None if found is None else etree.QName(found).localname
    instead = error.allowed or allowed.BY_CODE.get(error.code)
    return Fault(ManagementError(error.code, str(error), field=field, allowed=instead))


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
