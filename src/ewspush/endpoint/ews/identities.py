"""ConvertId and ResolveNames."""

from lxml import etree

from ewspush.core import addresses
from ewspush.core.errors import (
    EwsError,
    InvalidIdMalformed,
    InvalidSmtpAddress,
    NameResolutionMultipleResults,
    NameResolutionNoResults,
)
from ewspush.endpoint.ews.call import Call
from ewspush.endpoint.ews.identity_types import (
    ConvertIdResponseMessages,
    ConvertIdResponseMessageType,
    ConvertIdResponseType,
    ConvertIdType,
    ResolveNamesResponseMessages,
    ResolveNamesResponseMessageType,
    ResolveNamesResponseType,
    ResolveNamesType,
)
from ewspush.endpoint.ews.types import (
    EwsService,
    ResponseMessageType,
    failure,
    operation,
    success,
)
from ewspush.endpoint.spyne_compat import MethodContext
from ewspush.operations import directory
from ewspush.operations.directory import Candidates, Person
from ewspush.wire import id_formats
from ewspush.wire.faults import SoapFault
from ewspush.wire.namespaces import MESSAGES, TYPES

_MOST_IDS = 1000  # in one request
_XSI = "http://www.w3.org/2001/XMLSchema-instance"


class Identities(EwsService):
    @operation("ConvertId", ConvertIdType, ConvertIdResponseType)
    def convert_id(ctx: MethodContext, request: ConvertIdType) -> ConvertIdResponseType:
        asked_for = list(request.SourceIds)
        if len(asked_for) > _MOST_IDS:
            text = f"A request may name {_MOST_IDS} ids at most, and this one names"
            raise SoapFault("ErrorDataSizeLimitExceeded", f"{text} {len(asked_for)}.")
        each = [_converted(id, request.DestinationFormat) for id in asked_for]
        messages = ConvertIdResponseMessages(ConvertIdResponseMessage=each)
        return ConvertIdResponseType(ResponseMessages=messages)

    @operation("ResolveNames", ResolveNamesType, ResolveNamesResponseType)
    def resolve_names(ctx: MethodContext, request: ResolveNamesType) -> ResolveNamesResponseType:
        try:
            message = _resolved(ctx.udc, request)
        except EwsError as error:
            message = failure(ResolveNamesResponseMessageType, error)
        messages = ResolveNamesResponseMessages(ResolveNamesResponseMessage=[message])
        return ResolveNamesResponseType(ResponseMessages=messages)


def _converted(source: etree._Element, format: str) -> ResponseMessageType:
    """The answer for one id. That the mailbox exists is not checked (ConvertId, EWS reference)."""
    try:
        if source.tag != f"{{{TYPES}}}AlternateId":
            raise InvalidIdMalformed("The Id is malformed: there are no public folders here.")
        id = id_formats.decode(source.get("Id", ""), source.get("Format", ""))
        mailbox = source.get("Mailbox", "")
        addresses.normalize(mailbox)
    except addresses.InvalidAddress as error:
        return failure(ConvertIdResponseMessageType, InvalidSmtpAddress(f"{error}."))
    except EwsError as error:
        return failure(ConvertIdResponseMessageType, error)
    converted = etree.Element(f"{{{MESSAGES}}}AlternateId", nsmap={"t": TYPES, "xsi": _XSI})
    converted.set(f"{{{_XSI}}}type", "t:AlternateIdType")
    converted.set("Format", format)
    converted.set("Id", id_formats.encode(id, format))
    converted.set("Mailbox", mailbox)
    return success(ConvertIdResponseMessageType, AlternateId=converted)


def _resolved(call: Call, request: ResolveNamesType) -> ResponseMessageType:
    """Raises NameResolutionNoResults. Contacts are not searched, in whatever folders."""
    if request.SearchScope == "Contacts":
        raise NameResolutionNoResults
    with call.backend.database.read() as tx:
        found = directory.resolve(tx, request.UnresolvedEntry)
    resolutions = _resolution_set(found, bool(request.ReturnFullContactData))
    if len(found.people) == 1:
        return success(ResolveNamesResponseMessageType, ResolutionSet=resolutions)
    several = failure(ResolveNamesResponseMessageType, NameResolutionMultipleResults())
    several.ResponseClass = "Warning"
    several.ResolutionSet = resolutions
    return several


def _resolution_set(found: Candidates, with_contacts: bool) -> etree._Element:
    resolutions = etree.Element(
        f"{{{MESSAGES}}}ResolutionSet",
        TotalItemsInView=str(len(found.people)),
        IncludesLastItemInRange="true" if found.are_all else "false",
    )
    for person in found.people:
        resolution = _add(resolutions, "Resolution")
        _add_mailbox(resolution, person)
        if with_contacts:
            _add_contact(resolution, person)
    return resolutions


def _add_mailbox(resolution: etree._Element, person: Person) -> None:
    mailbox = _add(resolution, "Mailbox")
    _add(mailbox, "Name", person.name)
    _add(mailbox, "EmailAddress", person.address)
    _add(mailbox, "RoutingType", "SMTP")
    _add(mailbox, "MailboxType", "Mailbox")


def _add_contact(resolution: etree._Element, person: Person) -> None:
    contact = _add(resolution, "Contact")
    _add(contact, "DisplayName", person.name)
    entry = _add(_add(contact, "EmailAddresses"), "Entry", f"SMTP:{person.address}")
    entry.set("Key", "EmailAddress1")
    _add(contact, "ContactSource", "ActiveDirectory")


def _add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    element = etree.SubElement(parent, f"{{{TYPES}}}{name}")
    element.text = text
    return element
