"""Subscribing and unsubscribing."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from ewspush.core import watermark
from ewspush.core.errors import (
    ExceededSubscriptionCount,
    InvalidSubscriptionRequest,
    SubscriptionAccessDenied,
    SubscriptionDelegateAccessNotSupported,
    SubscriptionNotFound,
)
from ewspush.core.events import EventType, event_filter
from ewspush.core.ids import ObjectId
from ewspush.core.subscription import IDLE
from ewspush.operations.folders import FolderReference, get_folder, mailbox_of
from ewspush.store import mailboxes, subscriptions
from ewspush.store.database import Transaction
from ewspush.store.mailboxes import Mailbox
from ewspush.store.subscriptions import Subscription

LONGEST_CALLER_DATA = 4096  # characters; the schema has no bound, and it is kept for long

JudgeUrl = Callable[[str], None]
"""Raises InvalidPushSubscriptionUrl for a URL that may not be called."""


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
class Subscribed:
    """A new subscription, and the mailbox as it was then."""

    subscription: Subscription
    mailbox: Mailbox

    @property
    def watermark(self) -> str:
        """The first PreviousWatermark; it repeats a watermark that the client resumed from."""
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
    wanted_folders = _folders(tx, caller, request)
    # From here on nothing can be purged or counted anew before the commit.
    mailbox = mailboxes.lock(tx, caller)
    assert mailbox is not None, "the caller was authenticated"
    if request.watermark is None:
        start = mailbox.head
    else:
        start = watermark.decode(
            request.watermark, mailbox.watermark_base, mailbox.floor, mailbox.head
        )
    if subscriptions.count_live(tx, caller) >= most:
        raise ExceededSubscriptionCount(f"The mailbox may have {most} push subscriptions at most.")
    new = Subscription(
        mailbox=caller,
        number=secrets.randbits(63),
        url=request.url,
        wanted=event_filter(request.event_types, wanted_folders),
        status_frequency_min=request.status_frequency_min,
        server_version=request.server_version,
        caller_data=request.caller_data,
        created_at_s=now_s,
        acknowledged=start,
        phase=IDLE,
    )
    subscriptions.insert_subscription(tx, new)
    return Subscribed(new, mailbox)


def _folders(
    tx: Transaction, caller: int, request: PushSubscriptionRequest
) -> frozenset[int] | None:
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
    """End a subscription of the caller's mailbox.

    Raises SubscriptionNotFound, also for one that is over, or SubscriptionAccessDenied.
    """
    existing = subscriptions.by_number(tx, id.mailbox, id.number)
    if existing is not None and id.mailbox != caller:
        raise SubscriptionAccessDenied
    if existing is None or not subscriptions.end(tx, id.mailbox, id.number, now_s):
        raise SubscriptionNotFound
