"""Push subscriptions: what a restart needs of them."""

from collections import namedtuple
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, bindparam, delete, func, insert, select, update

from ewspush.core.events import EventFilter
from ewspush.core.ids import shard_of
from ewspush.core.subscription import (
    ENDED,
    IDLE,
    PARKED,
    Ended,
    Idle,
    Parked,
    Phase,
    Retrying,
)
from ewspush.store import event_filters
from ewspush.store.database import Transaction
from ewspush.store.schema import mailboxes, subscriptions

_NAMES = {Idle: "idle", Retrying: "retrying", Parked: "parked", Ended: "ended"}


@dataclass(frozen=True, slots=True)
class Subscription:
    """A push subscription. Times of a phase are seconds since the epoch here, not monotonic."""

    mailbox: int
    number: int
    url: str
    wanted: EventFilter
    status_frequency_min: int
    server_version: str  # RequestServerVersion, repeated in every notification
    caller_data: str | None
    created_at_s: int
    acknowledged: int
    phase: Phase
    over_at_s: int | None = None  # when it was parked or ended
    paused_at_s: int | None = None  # when an operator paused it: nothing is sent since then


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a subscription stands, to be written."""

    mailbox: int
    number: int
    acknowledged: int
    phase: Phase  # with times in seconds since the epoch
    over_at_s: int | None = None  # since when it is over, if it is; None: since it is written


def insert_subscription(tx: Transaction, new: Subscription) -> None:
    """Store a new subscription."""
    tx.connection.execute(
        insert(subscriptions).values(
            mailbox_id=new.mailbox,
            shard=shard_of(new.mailbox),
            number=new.number,
            url=new.url,
            **event_filters.columns(new.wanted),
            status_frequency_min=new.status_frequency_min,
            caller_data=new.caller_data,
            server_version=new.server_version,
            created_at_s=new.created_at_s,
            acknowledged=new.acknowledged,
            **_phase_columns(new.phase),
            over_at_s=new.over_at_s,
            paused_at_s=new.paused_at_s,
        )
    )


def by_number(tx: Transaction, mailbox: int, number: int) -> Subscription | None:
    """The subscription with this number, live or over."""
    rows = tx.connection.execute(
        _SELECT.where(subscriptions.c.mailbox_id == mailbox, subscriptions.c.number == number)
    )
    return next((_subscription(row) for row in rows), None)


def of_mailbox(tx: Transaction, mailbox: int) -> list[Subscription]:
    """Every subscription of a mailbox, live and over, oldest first."""
    rows = tx.connection.execute(
        _SELECT.where(subscriptions.c.mailbox_id == mailbox).order_by(
            subscriptions.c.created_at_s, subscriptions.c.number
        )
    )
    return [_subscription(row) for row in rows]


def count_live(tx: Transaction, mailbox: int) -> int:
    """How many live subscriptions a mailbox has."""
    return tx.connection.execute(
        select(func.count())
        .select_from(subscriptions)
        .where(subscriptions.c.mailbox_id == mailbox, subscriptions.c.over_at_s.is_(None))
    ).scalar_one()


def count_parked(tx: Transaction) -> int:
    """How many parked subscriptions are kept for inspection."""
    parked = (subscriptions.c.over_at_s.is_not(None), subscriptions.c.phase == _NAMES[Parked])
    return tx.connection.execute(
        select(func.count()).select_from(subscriptions).where(*parked)
    ).scalar_one()


def oldest_needed(tx: Transaction, mailbox: int) -> int | None:
    """The oldest cursor of a live subscription: what comes after it may not be purged."""
    oldest: int | None = tx.connection.execute(
        select(func.min(subscriptions.c.acknowledged)).where(
            subscriptions.c.mailbox_id == mailbox, subscriptions.c.over_at_s.is_(None)
        )
    ).scalar_one()
    return oldest


def all_live(tx: Transaction) -> Iterator[tuple[Subscription, int, int]]:
    """Every live subscription, with its mailbox's watermark base and head, in one snapshot.

    Those of disabled mailboxes wait until these are restored, paused ones until they are resumed:
    they are left out.
    """
    statement = (
        _SELECT.add_columns(mailboxes.c.watermark_base, mailboxes.c.head)
        .join(mailboxes, mailboxes.c.id == subscriptions.c.mailbox_id)
        .where(
            subscriptions.c.over_at_s.is_(None),
            subscriptions.c.paused_at_s.is_(None),
            mailboxes.c.disabled_at_s.is_(None),
        )
    )
    rows = tx.connection.execution_options(yield_per=1000).execute(statement)
    for row in rows:
        yield _subscription(_Row._make(row[:-2])), row[-2], row[-1]


# To look up the columns of SQLAlchemy's rows by name takes longer than to read them.
_Row = namedtuple("_Row", subscriptions.c.keys())  # type: ignore[misc]


# Of a million notifications nearly all move the cursor and nothing else. Handed to the driver as it
# is, this costs less than half of what SQLAlchemy takes to prepare the parameters of each row.
_MOVE = (
    "UPDATE subscriptions SET acknowledged = {0}, phase = 'idle', failures = 0,"
    " failing_since_ms = NULL, not_before_ms = NULL"
    " WHERE mailbox_id = {0} AND number = {0} AND over_at_s IS NULL"
)
_MOVE_SQLITE, _MOVE_POSTGRESQL = _MOVE.format("?"), _MOVE.format("%s")
_WRITE = (
    update(subscriptions)
    .where(
        subscriptions.c.mailbox_id == bindparam("of_mailbox"),
        subscriptions.c.number == bindparam("of_number"),
        subscriptions.c.over_at_s.is_(None),
    )
    .values(
        acknowledged=bindparam("acknowledged"),
        phase=bindparam("phase"),
        failures=bindparam("failures"),
        failing_since_ms=bindparam("failing_since_ms"),
        not_before_ms=bindparam("not_before_ms"),
        over_at_s=bindparam("over_at_s"),
    )
)


def write_progress(tx: Transaction, progress: Sequence[Progress], now_s: int) -> None:
    """Write where subscriptions stand. One that is over already stays as it is."""
    moved = [(one.acknowledged, one.mailbox, one.number) for one in progress if one.phase is IDLE]
    if moved:
        move = _MOVE_SQLITE if tx.is_sqlite else _MOVE_POSTGRESQL
        tx.connection.exec_driver_sql(move, moved)
    others = [_progress_row(one, now_s) for one in progress if one.phase is not IDLE]
    if others:
        tx.connection.execute(_WRITE, others)


def _progress_row(one: Progress, now_s: int) -> dict[str, object]:
    return {
        "of_mailbox": one.mailbox,
        "of_number": one.number,
        "acknowledged": one.acknowledged,
        **_phase_columns(one.phase),
        "over_at_s": (one.over_at_s or now_s) if isinstance(one.phase, Parked | Ended) else None,
    }


def restart(tx: Transaction, mailbox: int) -> None:
    """Have retries of a mailbox's live subscriptions begin anew, with a whole window."""
    tx.connection.execute(
        update(subscriptions)
        .where(subscriptions.c.mailbox_id == mailbox, subscriptions.c.over_at_s.is_(None))
        .values(**_phase_columns(IDLE))
    )


def pause(tx: Transaction, mailbox: int, number: int, now_s: int) -> bool:
    """Have nothing sent to a subscription. False if it is over, or paused already.

    What it has not acknowledged is kept for it as for any that is live.
    """
    paused = tx.connection.execute(
        update(subscriptions)
        .where(*_is_live(mailbox, number), subscriptions.c.paused_at_s.is_(None))
        .values(paused_at_s=now_s)
    )
    return paused.rowcount == 1


def resume(tx: Transaction, mailbox: int, number: int) -> bool:
    """Let a paused subscription go on; retries begin anew. False if it is over, or not paused."""
    resumed = tx.connection.execute(
        update(subscriptions)
        .where(*_is_live(mailbox, number), subscriptions.c.paused_at_s.is_not(None))
        .values(paused_at_s=None, **_phase_columns(IDLE))
    )
    return resumed.rowcount == 1


def end(tx: Transaction, mailbox: int, number: int, now_s: int) -> bool:
    """End a subscription; False if it was over already. Its cursor stays where it is."""
    ended = tx.connection.execute(
        update(subscriptions)
        .where(*_is_live(mailbox, number))
        .values(**_phase_columns(ENDED), over_at_s=now_s)
    )
    return ended.rowcount == 1


def _is_live(mailbox: int, number: int) -> tuple[ColumnElement[bool], ...]:
    return (
        subscriptions.c.mailbox_id == mailbox,
        subscriptions.c.number == number,
        subscriptions.c.over_at_s.is_(None),
    )


def purge_over(tx: Transaction, before_s: int, most: int) -> int:
    """Remove subscriptions that were parked or ended before then, at most `most`; how many."""
    old = (
        select(subscriptions.c.mailbox_id, subscriptions.c.number)
        .where(subscriptions.c.over_at_s < before_s)
        .limit(most)
    )
    keys = tx.connection.execute(old).all()
    if keys:
        tx.connection.execute(
            delete(subscriptions).where(
                subscriptions.c.mailbox_id == bindparam("of_mailbox"),
                subscriptions.c.number == bindparam("of_number"),
            ),
            [{"of_mailbox": mailbox, "of_number": number} for mailbox, number in keys],
        )
    return len(keys)


_SELECT = select(subscriptions)


def _subscription(row: Any) -> Subscription:
    return Subscription(
        mailbox=row.mailbox_id,
        number=row.number,
        url=row.url,
        wanted=event_filters.of_row(row),
        status_frequency_min=row.status_frequency_min,
        server_version=row.server_version,
        caller_data=row.caller_data,
        created_at_s=row.created_at_s,
        acknowledged=row.acknowledged,
        phase=_phase(row),
        over_at_s=row.over_at_s,
        paused_at_s=row.paused_at_s,
    )


def _phase(row: Any) -> Phase:
    match row.phase:
        case "idle":
            return IDLE
        case "retrying":
            return Retrying(
                row.failures, row.failing_since_ms / 1000, (row.not_before_ms or 0) / 1000
            )
        case "parked":
            return PARKED
        case _:
            return ENDED


def _phase_columns(phase: Phase) -> dict[str, object]:
    columns: dict[str, object] = {
        "phase": _NAMES[type(phase)],
        "failures": 0,
        "failing_since_ms": None,
        "not_before_ms": None,
    }
    if isinstance(phase, Retrying):
        columns["failures"] = phase.failures
        columns["failing_since_ms"] = round(phase.since_s * 1000)
        columns["not_before_ms"] = round(phase.not_before_s * 1000) or None
    return columns
