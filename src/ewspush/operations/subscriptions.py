"""Subscribing and unsubscribing."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ewspush.core import watermark
from ewspush.core.errors import (
    AccountDisabled,
    ExceededSubscriptionCount,
    InvalidSubscriptionRequest,
    SubscriptionAccessDenied,
    SubscriptionDelegateAccessNotSupported,
    SubscriptionNotFound,
)
from ewspush.core.events import EventFilter, EventType, event_filter
from ewspush.core.ids import ObjectId
from ewspush.core.subscription import IDLE
from ewspush.operations.folders.finding import FolderReference, get_folder, mailbox_of
from ewspush.store import mailboxes, pull_subscriptions, subscriptions
from ewspush.store.database import Transaction
from ewspush.store.mailboxes import Mailbox
from ewspush.store.pull_subscriptions import PullSubscription
from ewspush.store.subscriptions import Subscription

STREAMING_TIMEOUT_S = 30 * 60  # without a connection; GetStreamingEvents has no setting for it
LONGEST_CALLER_DATA = 4096  # characters; the schema has no bound, and it is kept for long

JudgeUrl = Callable[[str], None]
"""Raises InvalidPushSubscriptionUrl for a URL that may not be called."""


class SubscriptionRequest(Protocol):
    """What subscription requests of every kind name."""

    @property
    def folders(self) -> tuple[FolderReference, ...]: ...

    @property
    def all_folders(self) -> bool: ...  # SubscribeToAllFolders

    @property
    def event_types(self) -> frozenset[EventType]: ...


@dataclass(frozen=True, slots=True)
class PushSubscriptionRequest:
    """m:PushSubscriptionRequest."""

    folders: tuple[FolderReference, ...]
    all_folders: bool  # SubscribeToAllFolders
    event_types: frozenset[EventType]
    url: str
    status_frequency_min: int
    watermark: str | None = None
    caller_data: str | None = None
    server_version: str = "Exchange2010_SP2"  # RequestServerVersion


@dataclass(frozen=True, slots=True)
class PullSubscriptionRequest:
    """m:PullSubscriptionRequest."""

    folders: tuple[FolderReference, ...]
    all_folders: bool
    event_types: frozenset[EventType]
    timeout_min: int
    watermark: str | None = None


@dataclass(frozen=True, slots=True)
class StreamingSubscriptionRequest:
    """m:StreamingSubscriptionRequest."""

    folders: tuple[FolderReference, ...]
    all_folders: bool
    event_types: frozenset[EventType]


@dataclass(frozen=True, slots=True)
class Subscribed:
    """A new push subscription, and the mailbox as it was then."""

    subscription: Subscription
    mailbox: Mailbox

    @property
    def watermark(self) -> str:
        """The first PreviousWatermark; it repeats a watermark that the client resumed from."""
        return watermark.encode(self.mailbox.watermark_base, self.subscription.acknowledged)


@dataclass(frozen=True, slots=True)
class SubscribedToPull:
    """A new pull or streaming subscription, and the mailbox as it was then."""

    subscription: PullSubscription
    mailbox: Mailbox

    @property
    def watermark(self) -> str:
        """Where GetEvents begins; it repeats a watermark that the client resumed from."""
        return watermark.encode(self.mailbox.watermark_base, self.subscription.acknowledged)


def subscribe(
    tx: Transaction,
    caller: int,
    request: PushSubscriptionRequest,
    *,
    judge_url: JudgeUrl,
    most: int,
    now_s: int,
) -> Subscribed:
    """Create a push subscription for the caller's mailbox, which may have `most` live ones.

    It starts at the watermark of the request, or at the log's end without one. Raises the EwsErrors
    that `protocol` names for Subscribe.
    """
    judge_url(request.url)
    if request.caller_data is not None and len(request.caller_data) > LONGEST_CALLER_DATA:
        raise InvalidSubscriptionRequest(
            f"CallerData has {LONGEST_CALLER_DATA} characters at most."
        )
    wanted = _wanted(tx, caller, request)
    mailbox = _lock(tx, caller)
    start = _start(mailbox, request.watermark)
    if subscriptions.count_live(tx, caller) >= most:
        raise ExceededSubscriptionCount(f"The mailbox may have {most} push subscriptions at most.")
    new = Subscription(
        mailbox=caller,
        number=secrets.randbits(63),
        url=request.url,
        wanted=wanted,
        status_frequency_min=request.status_frequency_min,
        server_version=request.server_version,
        caller_data=request.caller_data,
        created_at_s=now_s,
        acknowledged=start,
        phase=IDLE,
    )
    subscriptions.insert_subscription(tx, new)
    return Subscribed(new, mailbox)


def subscribe_to_pull(
    tx: Transaction, caller: int, request: PullSubscriptionRequest, *, most: int, now_s: int
) -> SubscribedToPull:
    """Create a pull subscription for the caller's mailbox, as `subscribe` does.

    The mailbox may have `most` pull and streaming subscriptions.
    """
    wanted = _wanted(tx, caller, request)
    mailbox = _lock(tx, caller)
    start = _start(mailbox, request.watermark)
    timeout_s = 60 * request.timeout_min
    return _insert(tx, mailbox, wanted, start, timeout_s, most, now_s, is_streaming=False)


def subscribe_to_streaming(
    tx: Transaction, caller: int, request: StreamingSubscriptionRequest, *, most: int, now_s: int
) -> SubscribedToPull:
    """Create a streaming subscription for the caller's mailbox, from the log's end on.

    The mailbox may have `most` pull and streaming subscriptions.
    """
    wanted = _wanted(tx, caller, request)
    mailbox = _lock(tx, caller)
    start, timeout_s = mailbox.head, STREAMING_TIMEOUT_S
    return _insert(tx, mailbox, wanted, start, timeout_s, most, now_s, is_streaming=True)


def _insert(
    tx: Transaction,
    mailbox: Mailbox,
    wanted: EventFilter,
    start: int,
    timeout_s: int,
    most: int,
    now_s: int,
    *,
    is_streaming: bool,
) -> SubscribedToPull:
    if pull_subscriptions.count_live(tx, mailbox.id, now_s) >= most:
        raise ExceededSubscriptionCount(
            f"The mailbox may have {most} pull and streaming subscriptions at most."
        )
    new = PullSubscription(
        mailbox=mailbox.id,
        number=secrets.randbits(63),
        is_streaming=is_streaming,
        wanted=wanted,
        created_at_s=now_s,
        acknowledged=start,
        timeout_s=timeout_s,
        expires_at_s=now_s + timeout_s,
    )
    pull_subscriptions.insert_subscription(tx, new)
    return SubscribedToPull(new, mailbox)


def _lock(tx: Transaction, caller: int) -> Mailbox:
    """The mailbox; from now on nothing can be purged or counted anew before the commit.

    Raises AccountDisabled if it was disabled since the request began, or is gone.
    """
    mailbox = mailboxes.lock(tx, caller)
    if mailbox is None or mailbox.disabled_at_s is not None:
        raise AccountDisabled
    return mailbox


def _start(mailbox: Mailbox, resume_from: str | None) -> int:
    if resume_from is None:
        return mailbox.head
    return watermark.decode(resume_from, mailbox.watermark_base, mailbox.floor, mailbox.head)


def _wanted(tx: Transaction, caller: int, request: SubscriptionRequest) -> EventFilter:
    return event_filter(request.event_types, _folders(tx, caller, request))


def _folders(tx: Transaction, caller: int, request: SubscriptionRequest) -> frozenset[int] | None:
    if bool(request.folders) == request.all_folders:
        raise InvalidSubscriptionRequest(
            "A subscription names either FolderIds or SubscribeToAllFolders."
        )
    if request.all_folders:
        return None
    owners = {mailbox_of(tx, caller, reference) for reference in request.folders}
    if len(owners) > 1:
        raise InvalidSubscriptionRequest("A subscription covers the folders of one mailbox.")
    if owners != {caller}:
        raise SubscriptionDelegateAccessNotSupported
    return frozenset(get_folder(tx, caller, reference).number for reference in request.folders)


def unsubscribe(tx: Transaction, caller: int, id: ObjectId, now_s: int) -> None:
    """End a subscription of the caller's mailbox, of any kind.

    Raises SubscriptionNotFound, also for one that is over, or SubscriptionAccessDenied.
    """
    existing = subscriptions.by_number(tx, id.mailbox, id.number) or pull_subscriptions.by_number(
        tx, id.mailbox, id.number, now_s
    )
    if existing is not None and id.mailbox != caller:
        raise SubscriptionAccessDenied
    match existing:
        case Subscription():
            ended = subscriptions.end(tx, id.mailbox, id.number, now_s)
        case PullSubscription():
            ended = pull_subscriptions.remove(tx, id.mailbox, id.number, now_s)
        case None:
            ended = False
    if not ended:
        raise SubscriptionNotFound
