"""The messages of ConvertId and ResolveNames, as types of Spyne."""

from ewspush.endpoint.ews.types import ResponseMessageType
from ewspush.endpoint.spyne_compat import AnyXml, Boolean, ComplexModel, Unicode, XmlAttribute
from ewspush.wire.namespaces import MESSAGES


class ConvertIdType(ComplexModel):
    __namespace__ = MESSAGES

    SourceIds = AnyXml(min_occurs=1)
    DestinationFormat = XmlAttribute(Unicode, use="required")


class ConvertIdResponseMessageType(ResponseMessageType):
    __namespace__ = MESSAGES

    AlternateId = AnyXml(min_occurs=0)


class ConvertIdResponseMessages(ComplexModel):
    """Of m:ArrayOfResponseMessagesType, what this operation sends."""

    __namespace__ = MESSAGES

    ConvertIdResponseMessage = ConvertIdResponseMessageType.customize(max_occurs="unbounded")


class ConvertIdResponseType(ComplexModel):
    __namespace__ = MESSAGES

    ResponseMessages = ConvertIdResponseMessages.customize(min_occurs=1)


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


class ResolveNamesResponseMessages(ComplexModel):
    """Of m:ArrayOfResponseMessagesType, what this operation sends."""

    __namespace__ = MESSAGES

    ResolveNamesResponseMessage = ResolveNamesResponseMessageType.customize(max_occurs="unbounded")


class ResolveNamesResponseType(ComplexModel):
    __namespace__ = MESSAGES

    ResponseMessages = ResolveNamesResponseMessages.customize(min_occurs=1)
