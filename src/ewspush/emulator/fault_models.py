"""Faults that can be asked for: what goes wrong, for whom, and how many times."""

from ipaddress import ip_network
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationInfo,
    field_validator,
)

from ewspush.core import addresses
from ewspush.core.errors import EwsError
from ewspush.core.ids import Kind
from ewspush.emulator.error_answers import OPERATIONS
from ewspush.endpoint.contract import response_codes
from ewspush.push.address_policy import AddressPolicy
from ewspush.wire import ids

MOST_TIMES = 1_000_000
LONGEST_DELAY_S = 86_400
LARGEST_BATCH = 10_000  # events
LONGEST_BACK_OFF_MS = 3_600_000

# Where a notification may go is judged when it is subscribed to; a fault may name any URL.
_ANYWHERE = AddressPolicy([ip_network("0.0.0.0/0"), ip_network("::/0")])


def _checked_url(url: str) -> str:
    """The URL in the form in which it is posted to. Raises UrlRefused, which is a ValueError."""
    return _ANYWHERE.judge(url).url


def _checked_subscription(id: str) -> str:
    try:
        kind = ids.decode(id).kind
    except EwsError:
        kind = None
    if kind is not Kind.SUBSCRIPTION:
        raise ValueError("should be the id of a subscription, as SubscribeResponse has it")
    return id


def _checked_operation(name: str) -> str:
    if name not in OPERATIONS:
        raise ValueError(f"should be an operation of this server: {', '.join(sorted(OPERATIONS))}")
    return name


def _checked_code(code: str) -> str:
    if code == "NoError" or code not in response_codes():
        raise ValueError("should be a ResponseCode of EWS other than NoError, as ErrorItemNotFound")
    return code


Url = Annotated[str, AfterValidator(_checked_url)]
SubscriptionId = Annotated[str, AfterValidator(_checked_subscription)]
MailboxAddress = Annotated[str, AfterValidator(addresses.normalize)]
Operation = Annotated[str, AfterValidator(_checked_operation)]
ResponseCode = Annotated[str, AfterValidator(_checked_code)]
Times = Annotated[int, Field(ge=1, le=MOST_TIMES)]


class _Fault(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, validate_default=True
    )

    times: Times | None = Field(1, description="How many it affects; null: until it is removed.")

    def given(self) -> dict[str, Any]:
        """Its fields in JSON's terms, without those that it does not have."""
        return {
            name: value
            for name, value in self.model_dump().items()
            if value is not None or name == "times"
        }


def _check_goes_with(info: ValidationInfo, value: object, kinds: tuple[str, ...]) -> None:
    """Raises ValueError if a fault of this kind has no such field, or lacks it."""
    kind = info.data.get("kind")
    if kind is not None and value is not None and kind not in kinds:
        raise ValueError(f"goes with {' and '.join(kinds)}, not with {kind}")


def _check_needed(info: ValidationInfo, value: object, kinds: tuple[str, ...]) -> None:
    if value is None and info.data.get("kind") in kinds:
        raise ValueError(f"is needed with {info.data['kind']}")


class NotificationFault(_Fault):
    """What goes wrong with notifications, of a subscription, to a URL, or all.

    connect: the connection is refused. timeout: there is no answer in time; nothing is sent.
    lost: it is sent, and the answer is lost. delay: it is sent later. error: a message of class
    Error is sent instead. batch: it has few events, and more follow.
    """

    kind: Literal["connect", "timeout", "lost", "delay", "batch", "error"]
    url: Url | None = Field(
        None, description="To it, and to what is below it; unless it ends in a query."
    )
    subscription: SubscriptionId | None = None
    delay_s: float | None = Field(
        None, gt=0, le=LONGEST_DELAY_S, description="Seconds of the server's time."
    )
    batch: int | None = Field(
        None, ge=1, le=LARGEST_BATCH, description="Events in a notification, at most."
    )
    response_code: ResponseCode | None = Field(
        None, description="Of kind error; ErrorReadEventsFailed if it is not given."
    )

    @field_validator("delay_s")
    @classmethod
    def _delays(cls, value: float | None, info: ValidationInfo) -> float | None:
        _check_goes_with(info, value, ("delay",))
        _check_needed(info, value, ("delay",))
        return value

    @field_validator("batch")
    @classmethod
    def _batches(cls, value: int | None, info: ValidationInfo) -> int | None:
        _check_goes_with(info, value, ("batch",))
        _check_needed(info, value, ("batch",))
        return value

    @field_validator("response_code")
    @classmethod
    def _errs(cls, value: str | None, info: ValidationInfo) -> str | None:
        _check_goes_with(info, value, ("error",))
        return value

    def meets(self, url: str, subscription: str) -> bool:
        """Whether it is for notifications of this subscription to this URL, as it is posted to."""
        if self.subscription is not None and self.subscription != subscription:
            return False
        return self.url is None or _is_at_or_below(url, self.url)


class RequestFault(_Fault):
    """What goes wrong with EWS requests, of a mailbox, for an operation, or all.

    response-code: the operation fails with this code. soap-fault: the answer is a fault with it.
    busy: the fault ErrorServerBusy. http-503: HTTP status 503. drop: the connection is cut.
    """

    kind: Literal["response-code", "soap-fault", "busy", "http-503", "drop"]
    mailbox: MailboxAddress | None = Field(None, description="For which it is asked.")
    operation: Operation | None = Field(None, description="Its name, as GetItem.")
    response_code: ResponseCode | None = None
    back_off_ms: int | None = Field(
        None,
        ge=0,
        le=LONGEST_BACK_OFF_MS,
        description="How long the client is told to wait, 1000 if it is not given: "
        "BackOffMilliseconds of busy, Retry-After of http-503 in whole seconds.",
    )

    @field_validator("response_code")
    @classmethod
    def _codes(cls, value: str | None, info: ValidationInfo) -> str | None:
        _check_goes_with(info, value, ("response-code", "soap-fault"))
        _check_needed(info, value, ("response-code", "soap-fault"))
        return value

    @field_validator("back_off_ms")
    @classmethod
    def _backs_off(cls, value: int | None, info: ValidationInfo) -> int | None:
        _check_goes_with(info, value, ("busy", "http-503"))
        return value

    def meets(self, mailbox: str, operation: str) -> bool:
        """Whether it is for requests for this operation on this mailbox."""
        return self.mailbox in (None, mailbox) and self.operation in (None, operation)


Fault = Annotated[NotificationFault | RequestFault, Field(discriminator="kind")]
FAULT: TypeAdapter[NotificationFault | RequestFault] = TypeAdapter(Fault)


def parse_fault(given: object) -> NotificationFault | RequestFault:
    """The fault that JSON describes. Raises pydantic's ValidationError."""
    return FAULT.validate_python(given)


def _is_at_or_below(url: str, place: str) -> bool:
    if not url.startswith(place):
        return False
    rest = url[len(place) :]
    if "?" in place:
        return not rest
    return not rest or place.endswith("/") or rest[0] in "/?"
