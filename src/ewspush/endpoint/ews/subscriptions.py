"""Subscribe and Unsubscribe."""

from ewspush.core.errors import EwsError, InvalidIdEmpty, InvalidIdMalformed, SubscriptionNotFound
from ewspush.core.events import EventType
from ewspush.core.ids import Kind, ObjectId
from ewspush.endpoint.ews import folder_ids
from ewspush.endpoint.ews.call import Call
from ewspush.endpoint.ews.subscription_types import (
    PushSubscriptionRequestType,
    SubscribeResponseMessages,
    SubscribeResponseMessageType,
    SubscribeResponseType,
    SubscribeType,
    UnsubscribeResponseMessages,
    UnsubscribeResponseType,
    UnsubscribeType,
)
from ewspush.endpoint.ews.types import (
    EwsService,
    ResponseMessageType,
    failure,
    operation,
    success,
)
from ewspush.endpoint.spyne_compat import MethodContext
from ewspush.operations import subscriptions
from ewspush.operations.subscriptions import PushSubscriptionRequest
from ewspush.wire import faults, ids


class Subscriptions(EwsService):
    @operation("Subscribe", SubscribeType, SubscribeResponseType)
    def subscribe(ctx: MethodContext, request: SubscribeType) -> SubscribeResponseType:
        if request.PushSubscriptionRequest is None:
            raise faults.invalid_operation(
                "This server offers push subscriptions only: subscribe with a"
                " PushSubscriptionRequest."
            )
        try:
            message = _subscribe(ctx.udc, request.PushSubscriptionRequest)
        except EwsError as error:
            message = failure(SubscribeResponseMessageType, error)
        messages = SubscribeResponseMessages(SubscribeResponseMessage=[message])
        return SubscribeResponseType(ResponseMessages=messages)

    @operation("Unsubscribe", UnsubscribeType, UnsubscribeResponseType)
    def unsubscribe(ctx: MethodContext, request: UnsubscribeType) -> UnsubscribeResponseType:
        try:
            message = _unsubscribe(ctx.udc, request.SubscriptionId)
        except EwsError as error:
            message = failure(ResponseMessageType, error)
        messages = UnsubscribeResponseMessages(UnsubscribeResponseMessage=[message])
        return UnsubscribeResponseType(ResponseMessages=messages)


def _subscribe(call: Call, request: PushSubscriptionRequestType) -> ResponseMessageType:
    wanted = PushSubscriptionRequest(
        folders=tuple(map(folder_ids.reference, folder_ids.listed(request.FolderIds))),
        all_folders=bool(request.SubscribeToAllFolders),
        event_types=frozenset(map(EventType.from_element, request.EventTypes.EventType)),
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
    new = subscribed.subscription
    return success(
        SubscribeResponseMessageType,
        SubscriptionId=ids.encode(Kind.SUBSCRIPTION, new.mailbox, new.number),
        Watermark=subscribed.watermark,
    )


def _unsubscribe(call: Call, subscription_id: str) -> ResponseMessageType:
    id = _parse(subscription_id)
    with call.backend.database.write() as tx:
        subscriptions.unsubscribe(tx, call.caller.id, id, call.backend.now_s())
    call.backend.unsubscribed(id)
    return success(ResponseMessageType)


def _parse(subscription_id: str) -> ObjectId:
    try:
        id = ids.decode(subscription_id)
    except (InvalidIdMalformed, InvalidIdEmpty):
        raise SubscriptionNotFound from None
    if id.kind is not Kind.SUBSCRIPTION:
        raise SubscriptionNotFound
    return id
