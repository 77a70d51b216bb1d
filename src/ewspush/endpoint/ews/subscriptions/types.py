"""The messages of the operations on subscriptions, as types of Spyne."""

from ewspush.endpoint.ews.types import ResponseMessageType
from ewspush.endpoint.spyne_compat import (
    AnyXml,
    Boolean,
    ComplexModel,
    Integer32,
    Unicode,
    XmlAttribute,
)
from ewspush.wire.namespaces import MESSAGES, TYPES


class NonEmptyArrayOfNotificationEventTypesType(ComplexModel):
    __namespace__ = TYPES

    EventType = Unicode(min_occurs=1, max_occurs="unbounded")


class BaseSubscriptionRequestType(ComplexModel):
    __namespace__ = TYPES

    FolderIds = AnyXml(min_occurs=0)
    EventTypes = NonEmptyArrayOfNotificationEventTypesType.customize(min_occurs=1)
    Watermark = Unicode(min_occurs=0)
    SubscribeToAllFolders = XmlAttribute(Boolean)


class PushSubscriptionRequestType(BaseSubscriptionRequestType):
    __namespace__ = TYPES

    StatusFrequency = Integer32(min_occurs=1)
    URL = Unicode(min_occurs=1)
    CallerData = Unicode(min_occurs=0)


class PullSubscriptionRequestType(BaseSubscriptionRequestType):
    __namespace__ = TYPES

    Timeout = Integer32(min_occurs=1)


class StreamingSubscriptionRequestType(ComplexModel):
    __namespace__ = TYPES

    FolderIds = AnyXml(min_occurs=0)
    EventTypes = NonEmptyArrayOfNotificationEventTypesType.customize(min_occurs=1)
    SubscribeToAllFolders = XmlAttribute(Boolean)


class SubscribeType(ComplexModel):
    __namespace__ = MESSAGES

    PullSubscriptionRequest = PullSubscriptionRequestType.customize(min_occurs=0)
    PushSubscriptionRequest = PushSubscriptionRequestType.customize(min_occurs=0)
    StreamingSubscriptionRequest = StreamingSubscriptionRequestType.customize(min_occurs=0)


class SubscribeResponseMessageType(ResponseMessageType):
    __namespace__ = MESSAGES

    SubscriptionId = Unicode(min_occurs=0)
    Watermark = Unicode(min_occurs=0)


class UnsubscribeType(ComplexModel):
    __namespace__ = MESSAGES

    SubscriptionId = Unicode(min_occurs=1)


class GetEventsType(ComplexModel):
    __namespace__ = MESSAGES

    SubscriptionId = Unicode(min_occurs=1)
    Watermark = Unicode(min_occurs=1)


class GetEventsResponseMessageType(ResponseMessageType):
    __namespace__ = MESSAGES

    Notification = AnyXml(min_occurs=0)


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
