"""The messages of GetServerTimeZones, as types of Spyne."""

from ewspush.endpoint.ews.types import ResponseMessageType
from ewspush.endpoint.spyne_compat import AnyXml, Boolean, ComplexModel, Unicode, XmlAttribute
from ewspush.wire.namespaces import MESSAGES, TYPES


class NonEmptyArrayOfTimeZoneIdType(ComplexModel):
    __namespace__ = TYPES

    Id = Unicode(min_occurs=1, max_occurs="unbounded")


class GetServerTimeZonesType(ComplexModel):
    __namespace__ = MESSAGES

    Ids = NonEmptyArrayOfTimeZoneIdType.customize(min_occurs=0)
    ReturnFullTimeZoneData = XmlAttribute(Boolean)


class GetServerTimeZonesResponseMessageType(ResponseMessageType):
    __namespace__ = MESSAGES

    TimeZoneDefinitions = AnyXml(min_occurs=1)


class GetServerTimeZonesResponseMessages(ComplexModel):
    """Of m:ArrayOfResponseMessagesType, what this operation sends."""

    __namespace__ = MESSAGES

    GetServerTimeZonesResponseMessage = GetServerTimeZonesResponseMessageType.customize(
        max_occurs="unbounded"
    )


class GetServerTimeZonesResponseType(ComplexModel):
    __namespace__ = MESSAGES

    ResponseMessages = GetServerTimeZonesResponseMessages.customize(min_occurs=1)
