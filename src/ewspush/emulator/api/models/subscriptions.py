"""Push subscriptions, and the attempts to deliver notifications to them."""

from typing import Annotated, Literal

from pydantic import Field

from ewspush.emulator.api.models.common import (
    MOST,
    After,
    FolderGiven,
    Given,
    Id,
    Limit,
    MailAddress,
    Moment,
    Name,
    Text,
    Told,
)
from ewspush.emulator.api.models.events import EventName

Phase = Literal["idle", "retrying", "paused", "parked", "ended"]


class LastAttempt(Told):
    """How the last attempt ended."""

    at: Moment
    outcome: str
    detail: str


class Subscription(Told):
    """All that is known of a push subscription."""

    id: str
    kind: Literal["push"]
    mailbox: str
    mailbox_disabled_at: Moment | None
    url: str
    folders: Annotated[list[str] | None, Field(description="null: all.")]
    event_types: list[EventName]
    status_frequency_min: int
    caller_data: str | None
    created_at: Moment
    phase: Phase
    failures: int
    acknowledged: Annotated[int, Field(description="The sequence acknowledged last.")]
    watermark: Annotated[str, Field(description="The same as a watermark.")]
    behind: Annotated[int, Field(description="Events logged since then, wanted or not.")]
    over_at: Moment | None
    paused_at: Moment | None
    next: Annotated[str | None, Field(description="heartbeat, retry, or a notification now.")]
    next_at: Annotated[Moment | None, Field(description="When that is due.")]
    gives_up_at: Annotated[
        Moment | None, Field(description="When the last retry is due, after which it is parked.")
    ]
    last_attempt: LastAttempt | None


class Subscriptions(Told):
    """Push subscriptions by mailbox, those that are over among them."""

    subscriptions: list[Subscription]


class SubscriptionQuery(Given):
    """Which subscriptions are listed."""

    mailbox: MailAddress | None = None
    phase: Phase | None = None
    after: Annotated[Id | None, Field(description="The last one known already.")] = None
    limit: Limit = MOST


class NewSubscription(Given):
    """A Subscribe without SOAP."""

    mailbox: MailAddress
    url: Annotated[str, Field(min_length=1, max_length=2000, examples=["http://127.0.0.1:9000/"])]
    folders: Annotated[
        list[FolderGiven] | None, Field(min_length=1, max_length=MOST, description="null: all.")
    ] = None
    event_types: Annotated[
        list[EventName] | None, Field(min_length=1, max_length=20, description="null: all.")
    ] = None
    status_frequency_min: Annotated[int, Field(ge=1, le=1440)] = 1
    caller_data: Annotated[Text | None, Field(max_length=4096)] = None
    watermark: Annotated[Name | None, Field(description="To go on from.")] = None


class Paused(Told):
    """A subscription that was paused, or resumed."""

    id: str
    paused_at: Moment | None


class Attempted(Told):
    """How an attempt ended that was asked for; `waiting`, if it has not."""

    outcome: str
    detail: str
    http_status: int | None
    ms: int


class Resend(Given):
    """From where is sent again: from before the last notification with events, if not said."""

    watermark: Name | None = None


class Attempt(Told):
    """An attempt to deliver a notification. Milliseconds count from its beginning."""

    number: Annotated[int, Field(description="Ever rising, over all subscriptions.")]
    subscription: str
    at: Moment
    kind: Literal["events", "status"]
    events: int
    more_events: bool
    previous_watermark: str
    watermark: str
    outcome: Annotated[str, Field(description="OK or Unsubscribe, or what went wrong.")]
    http_status: int | None
    detail: str
    connect_ms: float | None
    tls_ms: float | None
    first_byte_ms: float | None
    total_ms: float
    request: Annotated[str | None, Field(description="The body; null if it is not kept.")]
    answer: str | None


class Attempts(Told):
    """Attempts, the oldest first."""

    attempts: list[Attempt]


class AttemptQuery(Given):
    """Which attempts are listed."""

    after: Annotated[After, Field(description="The number of the last one known already.")] = 0
    limit: Limit = 100
