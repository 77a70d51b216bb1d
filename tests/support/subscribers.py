"""Client libraries as a push application uses them: subscribe, resume, end."""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from exchangelib import Account
from exchangelib.errors import ResponseMessageError

from support import ews
from support.running_server import EwsClient

_TYPES = {"_value_1": [{"EventType": name} for name in ews.ALL_TYPES]}
_INBOX = {"_value_1": [{"DistinguishedFolderId": {"Id": "inbox"}}]}


class Refused(Exception):
    """The server's ResponseCode for what it does not do."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Subscribed(NamedTuple):
    """What SubscribeResponse tells."""

    id: str
    watermark: str


class Subscriber(Protocol):
    """Subscribes to all events of the Inbox. Both raise Refused."""

    def subscribe(self, url: str, minutes: int, watermark: str | None = None) -> Subscribed: ...

    def unsubscribe(self, id: str) -> None: ...


class Raw:
    """Envelopes as a user of no library writes them."""

    def __init__(self, client: EwsClient) -> None:
        self._client = client

    def subscribe(self, url: str, minutes: int, watermark: str | None = None) -> Subscribed:
        request = ews.subscribe(
            url=url,
            types=ews.ALL_TYPES,
            watermark=f"<t:Watermark>{watermark}</t:Watermark>" if watermark else "",
            frequency=f"<t:StatusFrequency>{minutes}</t:StatusFrequency>",
        )
        answer = self._ask(request)
        return Subscribed(answer.text("m:SubscriptionId"), answer.text("m:Watermark"))

    def unsubscribe(self, id: str) -> None:
        self._ask(ews.unsubscribe(id))

    def _ask(self, request: bytes) -> ews.Answer:
        answer = self._client.ask(request)
        if answer.codes != ["NoError"]:
            raise Refused(answer.codes[0])
        return answer


class Exchangelib:
    """exchangelib, which writes the watermark into another namespace."""

    def __init__(self, account: Account) -> None:
        self._inbox = account.inbox

    def subscribe(self, url: str, minutes: int, watermark: str | None = None) -> Subscribed:
        subscribe = self._inbox.subscribe_to_push
        return Subscribed(*_refused(subscribe, url, watermark=watermark, status_frequency=minutes))

    def unsubscribe(self, id: str) -> None:
        _refused(self._inbox.unsubscribe, id)


def _refused(call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    try:
        return call(*arguments, **named)
    except ResponseMessageError as error:
        raise Refused(type(error).__name__) from error


class Zeep:
    """zeep, as a client made from the WSDL."""

    def __init__(self, service: Any) -> None:
        self._service = service

    def subscribe(self, url: str, minutes: int, watermark: str | None = None) -> Subscribed:
        request = {
            "FolderIds": _INBOX,
            "EventTypes": _TYPES,
            "Watermark": watermark,
            "StatusFrequency": minutes,
            "URL": url,
        }
        message = _message_of(self._service.Subscribe(PushSubscriptionRequest=request))
        return Subscribed(message.SubscriptionId, message.Watermark)

    def unsubscribe(self, id: str) -> None:
        _message_of(self._service.Unsubscribe(SubscriptionId=id))


def _message_of(answer: Any) -> Any:
    (message,) = answer.body.ResponseMessages._value_1
    ((_, content),) = message.items()
    if content.ResponseCode != "NoError":
        raise Refused(content.ResponseCode)
    return content
