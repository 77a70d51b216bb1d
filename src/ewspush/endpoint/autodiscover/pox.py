"""Autodiscover in plain old XML, for clients made before the SOAP service or without it."""

from datetime import datetime

from lxml import etree

from ewspush.endpoint.autodiscover.discovered import Discover, Discovered
from ewspush.wire import xml

_REQUEST = "{http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006}"
_RESPONSE = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"
_OUTLOOK = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"

_SERVER = "1"  # Error/@Id names the server that failed: there is one


class _Failed(Exception):
    """An Error (POX): its ErrorCode and Message (Autodiscover reference)."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


def answer(document: bytes, discover: Discover, now: datetime) -> bytes:
    """The answer to a request; errors too come with status 200."""
    root = etree.Element(f"{{{_RESPONSE}}}Autodiscover", nsmap={None: _RESPONSE})
    try:
        discovered = _discovered(document, discover)
        response = etree.SubElement(root, f"{{{_OUTLOOK}}}Response", nsmap={None: _OUTLOOK})
        _describe(response, discovered)
    except _Failed as failed:
        _add_error(root, failed, now)
    return etree.tostring(root, xml_declaration=True, encoding="utf-8")


def _discovered(document: bytes, discover: Discover) -> Discovered:
    """What is asked for. Raises _Failed if it cannot be answered."""
    try:
        root = xml.parse(document)
    except xml.Unreadable:
        raise _Failed(600, "Invalid Request") from None
    request = root.find(f"{_REQUEST}Request")
    address = None if request is None else request.findtext(f"{_REQUEST}EMailAddress")
    if root.tag != f"{_REQUEST}Autodiscover" or request is None or not address:
        raise _Failed(600, "Invalid Request")
    schema = request.findtext(f"{_REQUEST}AcceptableResponseSchema")
    if (schema or "").strip() != _OUTLOOK:
        raise _Failed(601, "Provider is not available")
    discovered = discover(address)
    if discovered is None:
        raise _Failed(500, "The e-mail address cannot be found.")
    return discovered


def _describe(response: etree._Element, discovered: Discovered) -> None:
    user = _add(response, "User")
    _add(user, "DisplayName", discovered.display_name)
    _add(user, "AutoDiscoverSMTPAddress", discovered.address)
    account = _add(response, "Account")
    _add(account, "AccountType", "email")
    _add(account, "Action", "settings")
    # The one from inside, the other from outside: clients take their EWS URLs from these two.
    for kind in ("EXCH", "EXPR"):
        protocol = _add(account, "Protocol")
        _add(protocol, "Type", kind)
        _add(protocol, "SSL", "On" if discovered.ews_url.startswith("https:") else "Off")
        _add(protocol, "AuthPackage", "basic")
        _add(protocol, "ASUrl", discovered.ews_url)
        _add(protocol, "EwsUrl", discovered.ews_url)


def _add_error(root: etree._Element, failed: _Failed, now: datetime) -> None:
    response = etree.SubElement(root, f"{{{_RESPONSE}}}Response")
    time = now.strftime("%H:%M:%S.%f")
    error = etree.SubElement(response, f"{{{_RESPONSE}}}Error", Time=time, Id=_SERVER)
    content = {"ErrorCode": str(failed.code), "Message": str(failed), "DebugData": ""}
    for name, text in content.items():
        etree.SubElement(error, f"{{{_RESPONSE}}}{name}").text = text


def _add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    element = etree.SubElement(parent, f"{{{_OUTLOOK}}}{name}")
    element.text = text
    return element
