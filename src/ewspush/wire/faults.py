"""SOAP faults in the form of Exchange: a ResponseCode in faultcode and again in detail."""

import re
from collections.abc import Mapping
from xml.sax.saxutils import escape, quoteattr

from ewspush.core.server_version import ServerVersion
from ewspush.wire.namespaces import ERRORS, SOAP, TYPES

_LONGEST_TEXT = 1000  # characters: texts may quote the request

# Not a character of XML 1.0, or white space other than a blank.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\ud800-\udfff\ufffe\uffff]+")


class SoapFault(Exception):
    """A request that is answered by a fault instead of response messages.

    `str()` is the faultstring. `message` is a shorter text without details of the request. In
    MessageXml, `details` are elements by their names, and `values` are t:Value elements by theirs.
    """

    def __init__(
        self,
        response_code: str,
        text: str,
        message: str | None = None,
        details: Mapping[str, object] | None = None,
        values: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(text)
        self.response_code = response_code
        self.message = message or text
        self.details = details or {}
        self.values = values or {}


def schema_validation(line: int, position: int, violation: str) -> SoapFault:
    """The request breaks the contract. Line and position count from 1."""
    message = "The request failed schema validation"
    return SoapFault(
        "ErrorSchemaValidation",
        f"{message}: {violation}",
        f"{message}.",
        {"LineNumber": line, "LinePosition": position, "Violation": violation},
    )


def invalid_operation(text: str) -> SoapFault:
    """The request asks for what this server does not do."""
    return SoapFault("ErrorInvalidOperation", text)


def internal_server_error() -> SoapFault:
    """Something failed here that the client cannot change."""
    return SoapFault(
        "ErrorInternalServerError", "An internal server error occurred. The operation failed."
    )


def server_busy(back_off_ms: int) -> SoapFault:
    """The client is to wait so many milliseconds, and to ask again."""
    return SoapFault(
        "ErrorServerBusy",
        "The server cannot service this request right now. Try again later.",
        values={"BackOffMilliseconds": back_off_ms},
    )


def render(fault: SoapFault, version: ServerVersion) -> bytes:
    """The envelope of a fault; it goes with HTTP status 500.

    The ServerVersionInfo is there too, since exchangelib stops at a fault without one.
    """
    details = "".join(
        f"<t:{name}>{_text(value)}</t:{name}>" for name, value in fault.details.items()
    )
    details += "".join(
        f"<t:Value Name={quoteattr(name)}>{_text(value)}</t:Value>"
        for name, value in fault.values.items()
    )
    message_xml = f'<t:MessageXml xmlns:t="{TYPES}">{details}</t:MessageXml>' if details else ""
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<soap:Envelope xmlns:soap="{SOAP}">'
        f"<soap:Header>{server_version_info(version)}</soap:Header><soap:Body><soap:Fault>"
        f'<faultcode xmlns:a="{TYPES}">a:{fault.response_code}</faultcode>'
        f'<faultstring xml:lang="en-US">{_text(fault)}</faultstring>'
        f'<detail><e:ResponseCode xmlns:e="{ERRORS}">{fault.response_code}</e:ResponseCode>'
        f'<e:Message xmlns:e="{ERRORS}">{_text(fault.message)}</e:Message>{message_xml}</detail>'
        "</soap:Fault></soap:Body></soap:Envelope>"
    ).encode()


def printable(value: object) -> str:
    """A text as faults have it: in one line, bounded, and of characters that XML allows."""
    return _UNPRINTABLE.sub(" ", str(value)[:_LONGEST_TEXT]).strip()


def _text(value: object) -> str:
    return escape(printable(value))


def server_version_info(version: ServerVersion) -> str:
    """The header block of every answer."""
    return (
        f'<t:ServerVersionInfo xmlns:t="{TYPES}" MajorVersion="{version.major}"'
        f' MinorVersion="{version.minor}" MajorBuildNumber="{version.major_build}"'
        f' MinorBuildNumber="{version.minor_build}" Version={quoteattr(version.version)}/>'
    )
