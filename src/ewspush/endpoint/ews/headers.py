"""The header blocks of requests."""

from collections.abc import Callable, Iterable

from lxml import etree

from ewspush.wire import soap
from ewspush.wire.faults import SoapFault
from ewspush.wire.namespaces import TYPES

DEFAULT_SERVER_VERSION = "Exchange2010_SP2"

_REQUEST_SERVER_VERSION = f"{{{TYPES}}}RequestServerVersion"
_EXCHANGE_IMPERSONATION = f"{{{TYPES}}}ExchangeImpersonation"

# Times are sent in UTC and whole seconds, texts in one language, and a caller has one role: the
# last four change nothing here.
_KNOWN = {
    _REQUEST_SERVER_VERSION,
    _EXCHANGE_IMPERSONATION,
    f"{{{TYPES}}}DateTimePrecision",
    f"{{{TYPES}}}MailboxCulture",
    f"{{{TYPES}}}ManagementRole",
    f"{{{TYPES}}}TimeZoneContext",
}


def check(blocks: Iterable[etree._Element], validate: Callable[[etree._Element], None]) -> None:
    """Hold every known header block against the contract; the others are ignored.

    Raises Violation, and SoapFault for what may not be ignored and is not done here.
    """
    seen = set()
    for block in blocks:
        if block.tag not in _KNOWN:
            if soap.must_understand(block):
                text = f"The header block {soap.in_words(block)} is not understood."
                raise soap.Violation(text, block)
            continue
        if block.tag in seen:
            text = f"The header block {soap.in_words(block)} occurs twice."
            raise SoapFault("ErrorDuplicateSOAPHeader", text)
        seen.add(block.tag)
        validate(soap.without_soap_attributes(block))
    if _EXCHANGE_IMPERSONATION in seen:
        raise SoapFault(
            "ErrorImpersonateUserDenied",
            "The account does not have permission to impersonate the requested user.",
        )


def request_server_version(blocks: Iterable[etree._Element]) -> str:
    """The version of the schema that the client writes and reads."""
    for block in blocks:
        if block.tag == _REQUEST_SERVER_VERSION:
            return block.get("Version", DEFAULT_SERVER_VERSION)
    return DEFAULT_SERVER_VERSION
