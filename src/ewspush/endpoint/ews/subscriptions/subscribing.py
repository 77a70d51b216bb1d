"""Subscribe and Unsubscribe."""

from typing import TypedDict

from ewspush.core.errors import EwsError, InvalidIdEmpty, InvalidIdMalformed, SubscriptionNotFound
from ewspush.core.events import EventType
from ewspush.core.ids import Kind, ObjectId
from ewspush.endpoint.ews.call import Call
from ewspush.endpoint.ews.folders import ids as folder_ids
from ewspush.endpoint.ews.limits import bounded
from ewspush.endpoint.ews.subscriptions.types import (
    PullSubscriptionRequestType,
    PushSubscriptionRequestType,
    StreamingSubscriptionRequestType,
    SubscribeResponseMessageType,
    SubscribeType,
    UnsubscribeType,
)
from ewspush.endpoint.ews.types import (
    EwsService,
    ResponseMessageType,
    failure,
    messages_operation,
    success,
)
from ewspush.endpoint.spyne_compat import MethodContext
from ewspush.operations import subscriptions
from ewspush.operations.folders.finding import FolderReference
from ewspush.operations.subscriptions import (
    PullSubscriptionRequest,
    PushSubscriptionRequest,
    StreamingSubscriptionRequest,
)
from ewspush.wire import ids


class Subscriptions(EwsService):
    @messages_operation("Subscribe", SubscribeType, SubscribeResponseMessageType)
    def subscribe(ctx: MethodContext, request: SubscribeType) -> list[ResponseMessageType]:
        try:
            return [_subscribe(ctx.udc, request)]
        except EwsError as error:
            return [failure(SubscribeResponseMessageType, error)]

    @messages_operation("Unsubscribe", UnsubscribeType, ResponseMessageType)
    def unsubscribe(ctx: MethodContext, request: UnsubscribeType) -> list[ResponseMessageType]:
        try:
            return [_unsubscribe(ctx.udc, request.SubscriptionId)]
        except EwsError as error:
            return [failure(ResponseMessageType, error)]


def _subscribe(call: Call, request: SubscribeType) -> ResponseMessageType:
    """By the one kind of request that the contract lets through."""
    if request.PushSubscriptionRequest is not None:
        return _subscribe_to_push(call, request.PushSubscriptionRequest)
    if request.PullSubscriptionRequest is not None:
        return _subscribe_to_pull(call, request.PullSubscriptionRequest)
    return _subscribe_to_streaming(call, request.StreamingSubscriptionRequest)


def _subscribe_to_push(call: Call, request: PushSubscriptionRequestType) -> ResponseMessageType:
    wanted = PushSubscriptionRequest(
        **_events(request),
        url=request.URL,
        status_frequency_min=request.StatusFrequency,
        watermark=request.Watermark,
        caller_data=request.CallerData,
        server_version=call.server_version,
    )
    backend = call.backend
    with backend.database.write() as tx:
        subscribed = subscriptions.subscribe(
            tx,
            call.caller.id,
            wanted,
            judge_url=backend.judge_url,
            most=backend.subscription_limit,
            now_s=backend.now_s(),
        )
    call.subscribed.append(subscribed)
    return _subscribed(call, subscribed.subscription.number, subscribed.watermark)


def _subscribe_to_pull(call: Call, request: PullSubscriptionRequestType) -> ResponseMessageType:
    wanted = PullSubscriptionRequest(
        **_events(request), timeout_min=request.Timeout, watermark=request.Watermark
    )
    most, now_s = call.backend.pull_subscription_limit, call.backend.now_s()
    with call.backend.database.write() as tx:
        subscribed = subscriptions.subscribe_to_pull(
            tx, call.caller.id, wanted, most=most, now_s=now_s
        )
    return _subscribed(call, subscribed.subscription.number, subscribed.watermark)


def _subscribe_to_streaming(
    call: Call, request: StreamingSubscriptionRequestType
) -> ResponseMessageType:
    wanted = StreamingSubscriptionRequest(**_events(request))
    most, now_s = call.backend.pull_subscription_limit, call.backend.now_s()
    with call.backend.database.write() as tx:
        subscribed = subscriptions.subscribe_to_streaming(
            tx, call.caller.id, wanted, most=most, now_s=now_s
        )
    return _subscribed(call, subscribed.subscription.number, None)


class _Events(TypedDict):
    folders: tuple[FolderReference, ...]
    all_folders: bool
    event_types: frozenset[EventType]


def _events(
    request: PushSubscriptionRequestType
    | PullSubscriptionRequestType
    | StreamingSubscriptionRequestType,
) -> _Events:
    """Which events are subscribed to: the part that all kinds of request have."""
    return {
        "folders": tuple(map(folder_ids.reference, bounded(request.FolderIds, "folders"))),
        "all_folders": bool(request.SubscribeToAllFolders),
        "event_types": frozenset(map(EventType.from_element, request.EventTypes.EventType)),
    }


def _subscribed(call: Call, number: int, watermark: str | None) -> ResponseMessageType:
    return success(
        SubscribeResponseMessageType,
        SubscriptionId=ids.encode(Kind.SUBSCRIPTION, call.caller.id, number),
        Watermark=watermark,
    )


def _unsubscribe(call: Call, subscription_id: str) -> ResponseMessageType:
    id = parse_id(subscription_id)
    with call.backend.database.write() as tx:
        subscriptions.unsubscribe(tx, call.caller.id, id, call.backend.now_s())
    call.backend.unsubscribed(id)
    return success(ResponseMessageType)


def parse_id(subscription_id: str) -> ObjectId:
    """The id of a subscription. Raises SubscriptionNotFound if it is not one of ours."""
    try:
        id = ids.decode(subscription_id)
    except (InvalidIdMalformed, InvalidIdEmpty):
        raise SubscriptionNotFound from None
    if id.kind is not Kind.SUBSCRIPTION:
        raise SubscriptionNotFound
    return id
