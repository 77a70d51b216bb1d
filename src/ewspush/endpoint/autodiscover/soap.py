"""SOAP Autodiscover: GetUserSettings, and GetDomainSettings politely refused."""

from collections.abc import Iterable

from lxml import etree

from ewspush.core.server_version import ServerVersion
from ewspush.endpoint.autodiscover.discovered import SETTING_NAMES, Discover
from ewspush.wire import faults, soap, xml
from ewspush.wire.faults import SoapFault
from ewspush.wire.namespaces import SOAP

NAMESPACE = "http://schemas.microsoft.com/exchange/2010/Autodiscover"
_ADDRESSING = "http://www.w3.org/2005/08/addressing"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_A = f"{{{NAMESPACE}}}"

_USER, _DOMAIN = "GetUserSettings", "GetDomainSettings"

_MOST_USERS = 100  # in one request
_MOST_SETTINGS = 200
_LONGEST_NAME = 100  # characters of a setting's name that are repeated

_OK, _FAULT = 200, 500


class _InvalidRequest(Exception):
    """`str()` is the ErrorMessage."""


def answer(document: bytes, discover: Discover, version: ServerVersion) -> tuple[int, bytes]:
    """The HTTP status and the envelope for a request."""
    try:
        return _OK, _answer(_read(document), discover, version)
    except SoapFault as fault:
        return _FAULT, faults.render(fault, version)


def _read(document: bytes) -> etree._Element:
    """What is in the Body. Headers are not looked at: whatever was asked for is answered alike."""
    try:
        return soap.read(document).body
    except xml.Unreadable as error:
        raise faults.schema_validation(error.line, error.column, str(error)) from None
    except soap.Violation as error:
        place = soap.position(document, error.element)
        raise faults.schema_validation(*place, str(error)) from None


def _answer(message: etree._Element, discover: Discover, version: ServerVersion) -> bytes:
    operations = {f"{_A}{each}RequestMessage": each for each in (_USER, _DOMAIN)}
    if message.tag not in operations:
        raise faults.invalid_operation(
            f"This server has no operation {soap.in_words(message)}: it answers {_USER}."
        )
    operation = operations[message.tag]
    envelope, response = _envelope(operation, version)
    try:
        if operation == _DOMAIN:
            raise _InvalidRequest(f"There are no settings of domains here: send {_USER}.")
        _get_user_settings(message, discover, response)
    except _InvalidRequest as error:
        _add_error(response, "InvalidRequest", str(error))
    return etree.tostring(envelope, xml_declaration=True, encoding="utf-8")


def _get_user_settings(
    message: etree._Element, discover: Discover, response: etree._Element
) -> None:
    """GetUserSettings operation (SOAP), EWS reference. Raises _InvalidRequest."""
    path = f"{_A}Request/{_A}"
    users = message.findall(f"{path}Users/{_A}User")
    names = [name.text or "" for name in message.iterfind(f"{path}RequestedSettings/{_A}Setting")]
    if not 0 < len(users) <= _MOST_USERS:
        raise _InvalidRequest(f"A request names one to {_MOST_USERS} users.")
    if not 0 < len(names) <= _MOST_SETTINGS:
        raise _InvalidRequest(f"A request names one to {_MOST_SETTINGS} settings.")
    _add_error(response, "NoError", "")
    responses = _add(response, "UserResponses")
    for user in users:
        address = user.findtext(f"{_A}Mailbox") or ""
        _add_user(_add(responses, "UserResponse"), address, dict.fromkeys(names), discover)


def _add_user(
    response: etree._Element, address: str, names: Iterable[str], discover: Discover
) -> None:
    discovered = discover(address)
    if discovered is None:
        _add_error(response, "InvalidUser", "It is no mailbox that you may ask about.")
    else:
        _add_error(response, "NoError", "No error.")
    _add(response, "RedirectTarget").set(f"{{{_XSI}}}nil", "true")
    errors, settings = _add(response, "UserSettingErrors"), _add(response, "UserSettings")
    if discovered is None:
        return
    values = discovered.settings()
    for name in names:
        if name in values:
            _add_setting(settings, name, values[name])
        else:
            _add_setting_error(errors, name)


def _add_setting(settings: etree._Element, name: str, value: str) -> None:
    setting = _add(settings, "UserSetting")
    # Clients compare it as text: without a prefix it is in the default namespace.
    setting.set(f"{{{_XSI}}}type", "StringSetting")
    _add(setting, "Name", name)
    _add(setting, "Value", value)


def _add_setting_error(errors: etree._Element, name: str) -> None:
    error = _add(errors, "UserSettingError")
    if name in SETTING_NAMES:
        _add_error(error, "SettingIsNotAvailable", "This server does not have it.")
    else:
        _add_error(error, "InvalidSetting", "There is no such setting.")
    _add(error, "SettingName", name[:_LONGEST_NAME])


def _envelope(operation: str, version: ServerVersion) -> tuple[etree._Element, etree._Element]:
    """The envelope of an answer, and the Response in it, which is empty."""
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"s": SOAP, "a": _ADDRESSING})
    header = etree.SubElement(envelope, f"{{{SOAP}}}Header")
    action = etree.SubElement(header, f"{{{_ADDRESSING}}}Action")
    action.set(f"{{{SOAP}}}mustUnderstand", "1")
    action.text = f"{NAMESPACE}/Autodiscover/{operation}Response"
    _add_version(header, version)
    body = etree.SubElement(envelope, f"{{{SOAP}}}Body")
    message = etree.SubElement(
        body, f"{_A}{operation}ResponseMessage", nsmap={None: NAMESPACE, "i": _XSI}
    )
    return envelope, _add(message, "Response")


def _add_version(header: etree._Element, version: ServerVersion) -> None:
    info = etree.SubElement(header, f"{_A}ServerVersionInfo", nsmap={"h": NAMESPACE})
    _add(info, "MajorVersion", str(version.major))
    _add(info, "MinorVersion", str(version.minor))
    _add(info, "MajorBuildNumber", str(version.major_build))
    _add(info, "MinorBuildNumber", str(version.minor_build))
    _add(info, "Version", version.version)


def _add_error(parent: etree._Element, code: str, text: str) -> None:
    _add(parent, "ErrorCode", code)
    _add(parent, "ErrorMessage", text)


def _add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    element = etree.SubElement(parent, f"{_A}{name}")
    element.text = text
    return element
