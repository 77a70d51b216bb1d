"""Pull and streaming subscriptions, whose events the client fetches.

One that has expired is as good as gone, wherever it is looked for. While a mailbox is disabled its
subscriptions do not expire: `extend` gives them that time back when it is restored.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, or_, select, update

from ewspush.core.events import EventFilter
from ewspush.core.ids import shard_of
from ewspush.store import event_filters
from ewspush.store.database import Transaction
from ewspush.store.schema import mailboxes, pull_subscriptions


@dataclass(frozen=True, slots=True)
class PullSubscription:
    """A subscription that is read with GetEvents, or with GetStreamingEvents."""

    mailbox: int
    number: int
    is_streaming: bool
    wanted: EventFilter
    created_at_s: int
    acknowledged: int  # the client has what is up to there
    timeout_s: int  # how long it lives without being read
    expires_at_s: int
    said_more: bool = False  # MoreEvents of the last answer of GetEvents


@dataclass(frozen=True, slots=True)
class Position:
    """Where the reading of a subscription stands, to be written."""

    mailbox: int
    number: int
    acknowledged: int | None  # None: where it was
    expires_at_s: int
    said_more: bool = False


def insert_subscription(tx: Transaction, new: PullSubscription) -> None:
    """Store a new subscription."""
    tx.connection.execute(
        insert(pull_subscriptions).values(
            mailbox_id=new.mailbox,
            shard=shard_of(new.mailbox),
            number=new.number,
            is_streaming=new.is_streaming,
            **event_filters.columns(new.wanted),
            created_at_s=new.created_at_s,
            acknowledged=new.acknowledged,
            timeout_s=new.timeout_s,
            expires_at_s=new.expires_at_s,
            said_more=new.said_more,
        )
    )


def by_number(tx: Transaction, mailbox: int, number: int, now_s: int) -> PullSubscription | None:
    """The subscription with this number."""
    return by_numbers(tx, mailbox, [number], now_s).get(number)


def by_numbers(
    tx: Transaction, mailbox: int, numbers: Collection[int], now_s: int
) -> dict[int, PullSubscription]:
    """Those of a mailbox's subscriptions with these numbers that are there, by their numbers."""
    rows = tx.connection.execute(
        select(pull_subscriptions).where(
            pull_subscriptions.c.mailbox_id == mailbox,
            pull_subscriptions.c.number.in_(numbers),
            pull_subscriptions.c.expires_at_s > now_s,
        )
    )
    return {row.number: _subscription(row) for row in rows}


def of_mailbox(tx: Transaction, mailbox: int, now_s: int) -> list[PullSubscription]:
    """Those that a mailbox has, or will have again when it is restored, oldest first."""
    rows = tx.connection.execute(
        select(pull_subscriptions)
        .where(
            pull_subscriptions.c.mailbox_id == mailbox,
            or_(pull_subscriptions.c.expires_at_s > now_s, _WAITS),
        )
        .order_by(pull_subscriptions.c.created_at_s, pull_subscriptions.c.number)
    )
    return [_subscription(row) for row in rows]


def count_live(tx: Transaction, mailbox: int, now_s: int) -> int:
    """How many pull and streaming subscriptions a mailbox has."""
    return tx.connection.execute(
        select(func.count())
        .select_from(pull_subscriptions)
        .where(
            pull_subscriptions.c.mailbox_id == mailbox, pull_subscriptions.c.expires_at_s > now_s
        )
    ).scalar_one()


def oldest_needed(tx: Transaction, mailbox: int, now_s: int) -> int | None:
    """The oldest position of a subscription: what comes after it may not be purged."""
    oldest: int | None = tx.connection.execute(
        select(func.min(pull_subscriptions.c.acknowledged)).where(
            pull_subscriptions.c.mailbox_id == mailbox,
            or_(pull_subscriptions.c.expires_at_s > now_s, _WAITS),
        )
    ).scalar_one()
    return oldest


def write_positions(tx: Transaction, positions: Sequence[Position]) -> int:
    """Write where subscriptions stand; how many of them are still there."""
    written = tx.connection.execute(
        update(pull_subscriptions)
        .where(
            pull_subscriptions.c.mailbox_id == bindparam("of_mailbox"),
            pull_subscriptions.c.number == bindparam("of_number"),
        )
        .values(
            acknowledged=func.coalesce(
                bindparam("read_to", type_=pull_subscriptions.c.acknowledged.type),
                pull_subscriptions.c.acknowledged,
            ),
            expires_at_s=bindparam("lives_until_s"),
            said_more=bindparam("more"),
        ),
        [
            {
                "of_mailbox": each.mailbox,
                "of_number": each.number,
                "read_to": each.acknowledged,
                "lives_until_s": each.expires_at_s,
                "more": each.said_more,
            }
            for each in positions
        ],
    )
    return written.rowcount


def extend(tx: Transaction, mailbox: int, by_s: int) -> None:
    """Have the subscriptions of a mailbox live so much longer."""
    tx.connection.execute(
        update(pull_subscriptions)
        .where(pull_subscriptions.c.mailbox_id == mailbox)
        .values(expires_at_s=pull_subscriptions.c.expires_at_s + by_s)
    )


def remove(tx: Transaction, mailbox: int, number: int, now_s: int) -> bool:
    """Remove a subscription; False if there is none."""
    removed = tx.connection.execute(
        delete(pull_subscriptions).where(
            pull_subscriptions.c.mailbox_id == mailbox,
            pull_subscriptions.c.number == number,
            pull_subscriptions.c.expires_at_s > now_s,
        )
    )
    return removed.rowcount == 1


def purge_expired(tx: Transaction, now_s: int, most: int) -> int:
    """Remove subscriptions that have expired, at most `most`; how many."""
    expired = (
        select(pull_subscriptions.c.mailbox_id, pull_subscriptions.c.number)
        .where(pull_subscriptions.c.expires_at_s <= now_s, ~_WAITS)
        .limit(most)
    )
    keys = tx.connection.execute(expired).all()
    if keys:
        tx.connection.execute(
            delete(pull_subscriptions).where(
                pull_subscriptions.c.mailbox_id == bindparam("of_mailbox"),
                pull_subscriptions.c.number == bindparam("of_number"),
                # On PostgreSQL it may have been read meanwhile, or its mailbox disabled.
                pull_subscriptions.c.expires_at_s <= now_s,
                ~_WAITS,
            ),
            [{"of_mailbox": mailbox, "of_number": number} for mailbox, number in keys],
        )
    return len(keys)


# Whether a subscription had not expired when its mailbox was disabled, which it is still.
_WAITS = (
    select(mailboxes.c.id)
    .where(
        mailboxes.c.id == pull_subscriptions.c.mailbox_id,
        mailboxes.c.disabled_at_s < pull_subscriptions.c.expires_at_s,
    )
    .correlate(pull_subscriptions)
    .exists()
)


def _subscription(row: Any) -> PullSubscription:
    return PullSubscription(
        mailbox=row.mailbox_id,
        number=row.number,
        is_streaming=row.is_streaming,
        wanted=event_filters.of_row(row),
        created_at_s=row.created_at_s,
        acknowledged=row.acknowledged,
        timeout_s=row.timeout_s,
        expires_at_s=row.expires_at_s,
        said_more=row.said_more,
    )
