"""Reading the events of pull and streaming subscriptions: GetEvents and GetStreamingEvents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ewspush.core import watermark
from ewspush.core.errors import (
    AccountDisabled,
    EventNotFound,
    ExpiredSubscription,
    InvalidPullSubscriptionId,
    InvalidSubscription,
    ReadEventsFailed,
    SubscriptionAccessDenied,
    SubscriptionNotFound,
)
from ewspush.core.events import EventFilter
from ewspush.core.ids import ObjectId
from ewspush.core.notification import Notification, compose
from ewspush.operations.subscriptions import STREAMING_TIMEOUT_S
from ewspush.store import backlog, mailboxes, pull_subscriptions, subscriptions
from ewspush.store.backlog import Backlog, BrokenLog
from ewspush.store.database import Database, Transaction
from ewspush.store.mailboxes import Mailbox
from ewspush.store.pull_subscriptions import Position, PullSubscription

__all__ = [
    "BATCH",
    "Backlog",
    "BrokenLog",
    "Position",
    "Pulled",
    "get_events",
    "hold_for_stream",
    "read_streams",
    "write_positions",
]

BATCH = 50  # events in one answer (GetEvents operation, EWS reference, Remarks)
_BATCH_AGAIN = 1000  # when the same is asked for again


@dataclass(frozen=True, slots=True)
class Pulled:
    """What GetEvents answers. Watermarks are made with the base of `mailbox`."""

    notification: Notification
    mailbox: Mailbox


def get_events(database: Database, caller: int, id: ObjectId, after: str, now_s: int) -> Pulled:
    """The events of a pull subscription of the caller's after a watermark; restarts its timeout.

    What is stored is the watermark that was sent, not the last one that is answered: a client
    whose answer is lost sends it again, and until then nothing behind it is purged. Any watermark
    in the log will do, an older one repeats events.

    exchangelib goes on with the same watermark for as long as MoreEvents is true. Whoever repeats
    a watermark after such an answer gets more events at once, and no MoreEvents.

    Raises the EwsErrors that `protocol` names for GetEvents. As in Exchange, EventNotFound and
    ReadEventsFailed remove the subscription. Uses transactions of its own: to read can take long,
    and is not done while others wait to write.
    """
    try:
        with database.read() as tx:
            subscription = _find(tx, caller, id, now_s)
            pulled = _pull(tx, subscription, after)
    except (EventNotFound, ReadEventsFailed):
        with database.write() as tx:
            pull_subscriptions.remove(tx, id.mailbox, id.number, now_s)
        raise
    lives_until_s = now_s + subscription.timeout_s
    answer = pulled.notification
    position = Position(id.mailbox, id.number, answer.previous, lives_until_s, answer.more)
    with database.write() as tx:
        if not pull_subscriptions.write_positions(tx, [position]):
            raise ExpiredSubscription
    return pulled


def _find(tx: Transaction, caller: int, id: ObjectId, now_s: int) -> PullSubscription:
    found = pull_subscriptions.by_number(tx, id.mailbox, id.number, now_s)
    is_push = found is None and subscriptions.by_number(tx, id.mailbox, id.number) is not None
    if found is None and not is_push:
        raise SubscriptionNotFound
    if id.mailbox != caller:
        raise SubscriptionAccessDenied
    if found is None:
        raise InvalidPullSubscriptionId
    if found.is_streaming:
        raise InvalidSubscription("The subscription is read with GetStreamingEvents.")
    return found


def _pull(tx: Transaction, subscription: PullSubscription, after: str) -> Pulled:
    mailbox = _mailbox_in_use(tx, subscription.mailbox)
    start = watermark.decode(after, mailbox.watermark_base, 0, mailbox.head)
    if start < mailbox.floor:
        raise EventNotFound
    again = subscription.said_more and start == subscription.acknowledged
    batch = _BATCH_AGAIN if again else BATCH
    found = _search(tx, mailbox.id, start, subscription.wanted, batch)
    answer = compose(start, found.events, found.examined, batch)
    return Pulled(replace(answer, more=answer.more and not again), mailbox)


def _mailbox_in_use(tx: Transaction, id: int) -> Mailbox:
    """The mailbox. Raises AccountDisabled if it was disabled since the caller came, or is gone."""
    mailbox = mailboxes.by_id(tx, id)
    if mailbox is None or mailbox.disabled_at_s is not None:
        raise AccountDisabled
    return mailbox


def _search(tx: Transaction, mailbox: int, after: int, wanted: EventFilter, batch: int) -> Backlog:
    """The next wanted events, however far off: a StatusEvent says that there are none."""
    while True:
        (found,) = backlog.read(tx, [(mailbox, after, wanted)], batch)
        if isinstance(found, BrokenLog):
            raise ReadEventsFailed
        if found.events or not found.unread:
            return found
        after = found.examined


def hold_for_stream(
    tx: Transaction, caller: int, ids: Sequence[ObjectId], connected_s: int, now_s: int
) -> list[ObjectId]:
    """Have streaming subscriptions of the caller's live while a connection may, and after it.

    Returns those that are not, and then changes nothing.
    """
    numbers = {id.number for id in ids}
    found = pull_subscriptions.by_numbers(tx, caller, numbers, now_s)
    streaming = {number for number, each in found.items() if each.is_streaming}
    invalid = [id for id in ids if id.mailbox != caller or id.number not in streaming]
    if streaming and not invalid:
        lives_until_s = now_s + connected_s + STREAMING_TIMEOUT_S
        held = [Position(caller, number, None, lives_until_s) for number in streaming]
        pull_subscriptions.write_positions(tx, held)
    return invalid


def read_streams(
    tx: Transaction, mailbox: int, positions: Mapping[int, int | None], now_s: int
) -> dict[int, Backlog | BrokenLog]:
    """What follows these positions of a mailbox's subscriptions, by their numbers.

    None stands for the position that is stored. A subscription that is no more is left out.
    Raises AccountDisabled if the mailbox is disabled or gone.
    """
    _mailbox_in_use(tx, mailbox)
    live = pull_subscriptions.by_numbers(tx, mailbox, positions, now_s)
    starts = []
    for number, each in live.items():
        position = positions[number]
        start = each.acknowledged if position is None else position
        starts.append((mailbox, start, each.wanted))
    return dict(zip(live, backlog.read(tx, starts, BATCH), strict=True))


def write_positions(tx: Transaction, positions: Sequence[Position]) -> None:
    """Write where streams stand, and until when their subscriptions live."""
    pull_subscriptions.write_positions(tx, positions)
