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
from ewspush.endpoint.ews.limits import bounded
from ewspush.endpoint.ews.types import (
    EwsService,
    ResponseMessageType,
    failure,
    messages_operation,
    success,
)
from ewspush.endpoint.spyne_compat import (
    AnyXml,
    Boolean,
    ComplexModel,
    MethodContext,
    Unicode,
    XmlAttribute,
)
from ewspush.operations import directory
from ewspush.operations.directory import Candidates, Person
from ewspush.wire import id_formats
from ewspush.wire.namespaces import MESSAGES, TYPES

_XSI = "http://www.w3.org/2001/XMLSchema-instance"


class ConvertIdType(ComplexModel):
    __namespace__ = MESSAGES

    SourceIds = AnyXml(min_occurs=1)
    DestinationFormat = XmlAttribute(Unicode, use="required")


class ConvertIdResponseMessageType(ResponseMessageType):
    __namespace__ = MESSAGES

    AlternateId = AnyXml(min_occurs=0)


class ResolveNamesType(ComplexModel):
    __namespace__ = MESSAGES

    ParentFolderIds = AnyXml(min_occurs=0)
    UnresolvedEntry = Unicode(min_occurs=1)
    ReturnFullContactData = XmlAttribute(Boolean, use="required")
    SearchScope = XmlAttribute(Unicode)
    ContactDataShape = XmlAttribute(Unicode)


class ResolveNamesResponseMessageType(ResponseMessageType):
    __namespace__ = MESSAGES

    ResolutionSet = AnyXml(min_occurs=0)


class Identities(EwsService):
    @messages_operation("ConvertId", ConvertIdType, ConvertIdResponseMessageType)
    def convert_id(ctx: MethodContext, request: ConvertIdType) -> list[ResponseMessageType]:
        asked_for = bounded(request.SourceIds, "ids")
        return [_converted(id, request.DestinationFormat) for id in asked_for]

    @messages_operation("ResolveNames", ResolveNamesType, ResolveNamesResponseMessageType)
    def resolve_names(ctx: MethodContext, request: ResolveNamesType) -> list[ResponseMessageType]:
        try:
            return [_resolved(ctx.udc, request)]
        except EwsError as error:
            return [failure(ResolveNamesResponseMessageType, error)]


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
        found = directory.resolve(tx, call.caller.id, request.UnresolvedEntry)
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
