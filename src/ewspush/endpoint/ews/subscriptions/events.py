"""GetEvents, and the beginning of GetStreamingEvents."""

from ewspush.core.errors import EwsError, SubscriptionNotFound
from ewspush.core.ids import ObjectId
from ewspush.endpoint.ews.call import Call, StreamRequest
from ewspush.endpoint.ews.limits import bounded
from ewspush.endpoint.ews.subscriptions.subscribing import parse_id
from ewspush.endpoint.ews.subscriptions.types import (
    GetEventsResponseMessageType,
    GetEventsType,
    GetStreamingEventsResponseMessageType,
    GetStreamingEventsType,
)
from ewspush.endpoint.ews.types import (
    EwsService,
    ResponseMessageType,
    failure,
    messages_operation,
    success,
)
from ewspush.endpoint.spyne_compat import MethodContext
from ewspush.operations import events
from ewspush.wire import notification


class Events(EwsService):
    @messages_operation("GetEvents", GetEventsType, GetEventsResponseMessageType)
    def get_events(ctx: MethodContext, request: GetEventsType) -> list[ResponseMessageType]:
        try:
            return [_get_events(ctx.udc, request)]
        except EwsError as error:
            return [failure(GetEventsResponseMessageType, error)]

    @messages_operation(
        "GetStreamingEvents", GetStreamingEventsType, GetStreamingEventsResponseMessageType
    )
    def get_streaming_events(
        ctx: MethodContext, request: GetStreamingEventsType
    ) -> list[ResponseMessageType]:
        ctx.udc.stream = _hold(ctx.udc, request)
        return []  # not sent: the stream is the answer


def _get_events(call: Call, request: GetEventsType) -> ResponseMessageType:
    id = parse_id(request.SubscriptionId)
    backend = call.backend
    pulled = events.get_events(
        backend.database, call.caller.id, id, request.Watermark, backend.now_s()
    )
    return success(
        GetEventsResponseMessageType,
        Notification=notification.element(
            pulled.notification,
            pulled.mailbox.id,
            pulled.mailbox.watermark_base,
            request.SubscriptionId,
        ),
    )


def _hold(call: Call, request: GetStreamingEventsType) -> StreamRequest:
    asked_for: list[str] = bounded(request.SubscriptionIds.SubscriptionId, "subscriptions")
    timeout_s = 60 * request.ConnectionTimeout
    known = {text: _parsed(text) for text in asked_for}  # each once, in their order
    wanted = [id for id in known.values() if id is not None]
    with call.backend.database.write() as tx:
        refused = events.hold_for_stream(
            tx, call.caller.id, wanted, timeout_s, call.backend.now_s()
        )
    invalid = [text for text, id in known.items() if id is None or id in refused]
    return StreamRequest(call.caller, tuple(wanted), timeout_s, tuple(invalid))


def _parsed(subscription_id: str) -> ObjectId | None:
    try:
        return parse_id(subscription_id)
    except SubscriptionNotFound:
        return None
