"""The messages of GetEvents and GetStreamingEvents, as types of Spyne."""

from ewspush.endpoint.ews.types import ResponseMessageType
from ewspush.endpoint.spyne_compat import AnyXml, ComplexModel, Integer32, Unicode
from ewspush.wire.namespaces import MESSAGES, TYPES


class GetEventsType(ComplexModel):
    __namespace__ = MESSAGES

    SubscriptionId = Unicode(min_occurs=1)
    Watermark = Unicode(min_occurs=1)


class GetEventsResponseMessageType(ResponseMessageType):
    __namespace__ = MESSAGES

    Notification = AnyXml(min_occurs=0)


class GetEventsResponseMessages(ComplexModel):
    """Of m:ArrayOfResponseMessagesType, what this operation sends."""

    __namespace__ = MESSAGES

    GetEventsResponseMessage = GetEventsResponseMessageType.customize(max_occurs="unbounded")


class GetEventsResponseType(ComplexModel):
    __namespace__ = MESSAGES

    ResponseMessages = GetEventsResponseMessages.customize(min_occurs=1)


class NonEmptyArrayOfSubscriptionIdsType(ComplexModel):
    __namespace__ = TYPES

    SubscriptionId = Unicode(min_occurs=1, max_occurs="unbounded")


class GetStreamingEventsType(ComplexModel):
    __namespace__ = MESSAGES

    SubscriptionIds = NonEmptyArrayOfSubscriptionIdsType.customize(min_occurs=1)
    ConnectionTimeout = Integer32(min_occurs=1)


class RefusedSubscriptionIdsType(ComplexModel):
    __namespace__ = MESSAGES

    SubscriptionId = Unicode(min_occurs=1, max_occurs="unbounded")


class GetStreamingEventsResponseMessageType(ResponseMessageType):
    __namespace__ = MESSAGES

    Notifications = AnyXml(min_occurs=0)
    ErrorSubscriptionIds = RefusedSubscriptionIdsType.customize(min_occurs=0)
    ConnectionStatus = Unicode(min_occurs=0)


class GetStreamingEventsResponseMessages(ComplexModel):
    """Of m:ArrayOfResponseMessagesType, what this operation sends."""

    __namespace__ = MESSAGES

    GetStreamingEventsResponseMessage = GetStreamingEventsResponseMessageType.customize(
        max_occurs="unbounded"
    )


class GetStreamingEventsResponseType(ComplexModel):
    __namespace__ = MESSAGES

    ResponseMessages = GetStreamingEventsResponseMessages.customize(min_occurs=1)
