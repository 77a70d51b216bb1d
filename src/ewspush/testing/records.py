"""What the emulator tells, each thing in a type of its own. Times are datetimes in UTC."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from datetime import datetime
from typing import Any, TypeVar

from ewspush.testing.connection import EmulatorError

__tracebackhide__ = True  # pytest shows the line of the test, and not those here


@dataclass(frozen=True, slots=True)
class Time:
    """The emulator's time."""

    now: datetime
    epoch_s: float
    frozen: bool
    next_at: datetime | None  # of the next heartbeat or retry


@dataclass(frozen=True, slots=True)
class Advanced:
    """What an advance of time has done."""

    time: Time
    attempts: int  # to send notifications


@dataclass(frozen=True, slots=True)
class Status:
    """Where the emulator listens, and what it is."""

    version: str
    ews_url: str
    http: str  # host:port
    lmtp: str
    data: str
    time: Time


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mailbox, as the emulator shows it."""

    address: str
    status: str  # active or disabled
    ews_url: str


@dataclass(frozen=True, slots=True)
class Item:
    """A message or another item of a mailbox."""

    id: str
    kind: str
    folder: str  # distinguished name or id
    item_class: str
    subject: str | None
    sender: str | None
    received_at: datetime
    is_read: bool
    importance: str
    categories: list[str]
    size: int  # bytes
    has_attachments: bool


@dataclass(frozen=True, slots=True)
class Message(Item):
    """An item with its contents."""

    headers: tuple[tuple[str, str], ...]
    mime: str | None  # None if it cannot be written as mail


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of a mailbox."""

    id: str
    kind: str
    name: str | None  # the distinguished one, where there is one
    display_name: str
    folder_class: str | None
    parent_id: str | None
    total: int
    unread: int
    children: int


@dataclass(frozen=True, slots=True)
class Event:
    """An event in the log of a mailbox, whoever is told of it."""

    sequence: int
    watermark: str
    type: str
    at: datetime
    folder_event: bool
    id: str
    parent_id: str
    old_id: str | None  # in MovedEvent and CopiedEvent, as old_parent_id is
    old_parent_id: str | None
    unread_count: int | None  # in a ModifiedEvent of a folder


@dataclass(frozen=True, slots=True)
class Subscription:
    """A push subscription as it is now."""

    id: str
    mailbox: str
    url: str
    folders: list[str] | None  # None: all
    event_types: list[str]
    status_frequency_min: int
    caller_data: str | None
    phase: str  # idle, retrying, paused, parked or ended
    failures: int  # of this retry
    acknowledged: int  # sequence in the mailbox's event log
    watermark: str  # of that
    behind: int  # events of the mailbox since then, wanted or not
    created_at: datetime
    next: str | None  # what is due next
    next_at: datetime | None
    gives_up_at: datetime | None
    over_at: datetime | None
    paused_at: datetime | None
    mailbox_disabled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One POST of a notification, and what came of it."""

    number: int  # ever rising, over all subscriptions
    subscription: str
    at: datetime
    kind: str  # events or status
    events: int
    more_events: bool
    previous_watermark: str
    watermark: str
    outcome: str  # OK, Unsubscribe, or the class of the failure
    http_status: int | None
    detail: str
    connect_ms: float | None
    tls_ms: float | None
    first_byte_ms: float | None
    total_ms: float
    request: str | None  # None if it is not kept
    answer: str | None

    @property
    def is_acknowledged(self) -> bool:
        """With OK or Unsubscribe."""
        return self.outcome in ("OK", "Unsubscribe")


@dataclass(frozen=True, slots=True)
class Steered:
    """How an attempt ended that was asked for."""

    outcome: str
    detail: str
    http_status: int | None
    ms: int


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault on demand, and how often it was used."""

    id: str
    kind: str
    used: int
    left: int | None  # None: until it is removed
    url: str | None = None
    subscription: str | None = None
    mailbox: str | None = None
    operation: str | None = None
    times: int | None = None
    delay_s: float | None = None
    batch: int | None = None
    response_code: str | None = None
    back_off_ms: int | None = None


_NAMES = {"sender": "from"}  # what the control API calls them

T = TypeVar("T")


def read(kind: type[T], record: Mapping[str, Any]) -> T:
    """One of the above from a JSON object, whose further values are passed over.

    Raises EmulatorError if a value is missing.
    """
    given: dict[str, Any] = {}
    for field in fields(kind):  # type: ignore[arg-type]
        name = _NAMES.get(field.name, field.name)
        if name in record:
            given[field.name] = _value(name, record[name])
        elif field.default is MISSING:
            raise EmulatorError(f"the emulator's answer has no {name}: is it of another version?")
    return kind(**given)


def _value(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name == "time":
        return read(Time, value)
    if name in ("now", "at") or name.endswith("_at"):
        return datetime.fromisoformat(value)
    if name == "headers":
        return tuple((name, text) for name, text in value)
    return value
