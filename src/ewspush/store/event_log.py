"""The event log: what happened in each mailbox, numbered without holes."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import and_, bindparam, delete, insert, select, text, update

from ewspush.core.events import Event, EventType
from ewspush.core.ids import shard_of
from ewspush.store.database import Transaction
from ewspush.store.schema import events, mailboxes


class Happened(NamedTuple):
    """An event that has no sequence yet: the fields of `Event` from `type` on."""

    type: EventType
    at_s: int
    is_folder: bool
    object: int
    parent: int
    old_object: int | None = None
    old_parent: int | None = None
    unread_count: int | None = None


# Every delivery executes these. Made once, they are compiled once.
_TAKE_SEQUENCES = (
    update(mailboxes)
    .where(mailboxes.c.id == bindparam("of_mailbox"))
    .values(head=mailboxes.c.head + bindparam("count"))
    .returning(mailboxes.c.head)
)
_INSERT = insert(events)


def append(tx: Transaction, mailbox: int, happened: Sequence[Happened]) -> list[Event]:
    """Log what happened, in this order.

    The sequences are given out under the lock of the mailbox's row, so that they become visible
    in order: with a lower number committed after a higher one was read, its event would be lost.
    """
    if not happened:
        return []
    head = tx.connection.execute(
        _TAKE_SEQUENCES, {"of_mailbox": mailbox, "count": len(happened)}
    ).scalar_one()
    first = head - len(happened) + 1
    logged = [Event(sequence, *event) for sequence, event in enumerate(happened, first)]
    shard = shard_of(mailbox)
    tx.connection.execute(
        _INSERT,
        [{"mailbox_id": mailbox, "shard": shard, **event._asdict()} for event in logged],
    )
    tx.appended[mailbox] += logged
    return logged


class Window(NamedTuple):
    """A part of a mailbox's log: the sequences after `after`, at most `size` of them."""

    mailbox: int
    after: int
    size: int


@dataclass(slots=True)
class Excerpt:
    """What a window held, with the log's floor and head in the same snapshot."""

    floor: int
    head: int
    events: list[Event]
    bad_row: str | None = None  # why a row could not be read; the events before it are here


# One statement for any number of windows. A window is a range of sequences, which have no holes,
# so what is read is bounded without a LIMIT for each.
_READ = """
    SELECT w.position, m.floor, m.head, e.sequence, e.type, e.at_s, e.is_folder, e.object,
           e.parent, e.old_object, e.old_parent, e.unread_count
    FROM ({windows}) AS w
    JOIN mailboxes AS m ON m.id = w.mailbox_id
    LEFT JOIN events AS e ON e.mailbox_id = w.mailbox_id
        AND e.sequence > w.after_sequence AND e.sequence <= w.after_sequence + w.size
    ORDER BY w.position, e.sequence
"""
_READ_SQLITE = text(
    _READ.format(
        windows="""
    SELECT key AS position, json_extract(value, '$[0]') AS mailbox_id,
           json_extract(value, '$[1]') AS after_sequence, json_extract(value, '$[2]') AS size
    FROM json_each(:windows)"""
    )
)
_READ_POSTGRESQL = text(
    _READ.format(
        windows="""
    SELECT position - 1 AS position, (value->>0)::bigint AS mailbox_id,
           (value->>1)::bigint AS after_sequence, (value->>2)::bigint AS size
    FROM jsonb_array_elements(CAST(:windows AS jsonb)) WITH ORDINALITY AS t(value, position)"""
    )
)

_TYPES = {int(type_): type_ for type_ in EventType}


def read(tx: Transaction, windows: Sequence[Window]) -> list[Excerpt | None]:
    """What each window holds; None where there is no such mailbox (any more)."""
    statement = _READ_SQLITE if tx.is_sqlite else _READ_POSTGRESQL
    excerpts: list[Excerpt | None] = [None] * len(windows)
    for row in tx.connection.execute(statement, {"windows": json.dumps(windows)}):
        position, floor, head, sequence, type_, at_s, is_folder, *objects = row
        excerpt = excerpts[position]
        if excerpt is None:
            excerpt = excerpts[position] = Excerpt(floor, head, [])
        if sequence is None or excerpt.bad_row:
            continue
        if type_ in _TYPES:
            excerpt.events.append(Event(sequence, _TYPES[type_], at_s, bool(is_folder), *objects))
        else:  # told apart, so that it does not stop the other mailboxes' reading
            excerpt.bad_row = f"event {sequence} is of unknown type {type_!r}"
    return excerpts


def purge(tx: Transaction, mailbox: int, floor: int, through: int, before_s: int, most: int) -> int:
    """Remove the oldest events, none behind `through`, logged before `before_s`: `most` at most.

    Returns the new floor. Only a prefix goes, so the log has no holes: events behind a younger one
    stay, whatever the clock did. The caller holds the mailbox's lock and knows its floor.
    """
    rows = tx.connection.execute(
        select(events.c.sequence, events.c.at_s)
        .where(
            events.c.mailbox_id == mailbox, events.c.sequence > floor, events.c.sequence <= through
        )
        .order_by(events.c.sequence)
        .limit(most)
    )
    new_floor = _end_of_prefix(floor, ((row.sequence, row.at_s) for row in rows), before_s)
    if new_floor > floor:
        tx.connection.execute(
            delete(events).where(events.c.mailbox_id == mailbox, events.c.sequence <= new_floor)
        )
        tx.connection.execute(
            update(mailboxes).where(mailboxes.c.id == mailbox).values(floor=new_floor)
        )
    return new_floor


def _end_of_prefix(floor: int, rows: Iterable[tuple[int, int]], before_s: int) -> int:
    for sequence, at_s in rows:
        if at_s >= before_s:
            return floor
        floor = sequence
    return floor


def mailboxes_to_purge(
    tx: Transaction, after: int, before_s: int, span: int
) -> tuple[list[int], int | None]:
    """Which of the next `span` mailboxes, in the order of their ids, hold an event that old.

    The second value is the last mailbox looked at, where to go on; None at the end.
    """
    some = (
        select(mailboxes.c.id, mailboxes.c.floor)
        .where(mailboxes.c.id > after)
        .order_by(mailboxes.c.id)
        .limit(span)
        .subquery()
    )
    rows = tx.connection.execute(
        select(some.c.id, events.c.at_s)
        .outerjoin(
            events, and_(events.c.mailbox_id == some.c.id, events.c.sequence == some.c.floor + 1)
        )
        .order_by(some.c.id)
    ).all()
    due = [row.id for row in rows if row.at_s is not None and row.at_s < before_s]
    return due, rows[-1].id if rows else None
