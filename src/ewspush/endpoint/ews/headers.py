"""The header blocks of requests."""

from collections.abc import Callable, Iterable

from lxml import etree

from ewspush.core import addresses
from ewspush.core.errors import InvalidExchangeImpersonationHeaderData
from ewspush.wire import soap
from ewspush.wire.faults import SoapFault
from ewspush.wire.namespaces import TYPES

DEFAULT_SERVER_VERSION = "Exchange2010_SP2"

_REQUEST_SERVER_VERSION = f"{{{TYPES}}}RequestServerVersion"
_EXCHANGE_IMPERSONATION = f"{{{TYPES}}}ExchangeImpersonation"
_SID = f"{{{TYPES}}}SID"

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

    Raises Violation, InvalidExchangeImpersonationHeaderData, and SoapFault for what occurs twice.
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
        try:
            validate(soap.without_soap_attributes(block))
        except soap.Violation as error:
            if block.tag == _EXCHANGE_IMPERSONATION:  # ResponseCode (EWS reference) has it apart
                raise InvalidExchangeImpersonationHeaderData(str(error)) from None
            raise


def request_server_version(blocks: Iterable[etree._Element]) -> str:
    """The version of the schema that the client writes and reads."""
    for block in blocks:
        if block.tag == _REQUEST_SERVER_VERSION:
            return block.get("Version", DEFAULT_SERVER_VERSION)
    return DEFAULT_SERVER_VERSION


def impersonated(blocks: Iterable[etree._Element]) -> str | None:
    """The normalized address of the mailbox that the client acts for, if not for its own.

    A PrincipalName has the form of an address too, and there are no SIDs here. Raises
    InvalidExchangeImpersonationHeaderData.
    """
    for block in blocks:
        if block.tag == _EXCHANGE_IMPERSONATION:
            ((identifier,),) = block  # the only child of ConnectingSID
            return _address(identifier)
    return None


def _address(identifier: etree._Element) -> str:
    if identifier.tag == _SID:
        raise InvalidExchangeImpersonationHeaderData(
            "Mailboxes have no SID here: name one by PrimarySmtpAddress, SmtpAddress or"
            " PrincipalName."
        )
    try:
        return addresses.normalize(identifier.text or "")
    except addresses.InvalidAddress as error:
        raise InvalidExchangeImpersonationHeaderData(f"{error}.") from None
