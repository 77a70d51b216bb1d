"""The attempt log: what was sent to responders and what came of it.

Rows are written by the thousand a second, and read when somebody asks about a subscription. So
they are appended and trimmed at the two ends of a table without another index, and found by groups
of rows that follow each other: a group says which mailboxes have attempts in it.
"""

import struct
from collections.abc import Collection, Iterator, Sequence
from itertools import islice, takewhile
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    bindparam,
    delete,
    func,
    insert,
    select,
    text,
    update,
)

from ewspush.store.attempt_schema import attempt_bodies, attempt_groups, attempts
from ewspush.store.database import Transaction

_GROUP = 1000  # attempts, or more: then another group begins, and the log is trimmed
_FIRST_GROUPS = 16  # looked through first, then four times as many, and so on
_OK = "OK"  # the outcome of an attempt that was acknowledged


class Attempt(NamedTuple):
    """One attempt to deliver a notification. A tuple, since many are made.

    Microseconds count from its beginning. They are None for what was not reached or not done: a
    connection that was kept alive is not made again.
    """

    mailbox: int
    subscription: int  # its number
    at_ms: int  # when it began, milliseconds since the epoch
    previous: int  # PreviousWatermark of the notification, as a sequence
    through: int  # its last Watermark, as a sequence
    events: int
    more_events: bool
    outcome: str
    http_status: int | None
    detail: str
    connect_us: int | None
    tls_us: int | None
    first_byte_us: int | None
    total_us: int
    request: bytes | None  # the bodies, perhaps cut; None: not kept
    answer: bytes | None


class StoredAttempt(NamedTuple):
    """An attempt and its place in the log."""

    id: int
    attempt: Attempt


class Keep(NamedTuple):
    """How much of the log is kept."""

    rows: int  # attempts in all, and some thousand more for a while
    bodies: int  # attempts of a subscription with their bodies


_COLUMNS = [column.name for column in attempts.columns]
_BODY_COLUMNS = [column.name for column in attempt_bodies.columns]
_WITHOUT_BODIES = len(_COLUMNS) - 1  # fields of an Attempt, which come first


def _insert(table: str, columns: Sequence[str], mark: str) -> str:
    marks = ", ".join([mark] * len(columns))
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"


# Handed to the driver as they are, for the reason that `subscriptions._MOVE` has.
_INSERT = {mark: _insert("attempts", _COLUMNS, mark) for mark in ("?", "%s")}
_INSERT_BODY = {mark: _insert("attempt_bodies", _BODY_COLUMNS, mark) for mark in ("?", "%s")}
_TRIM = (
    "DELETE FROM attempt_bodies WHERE mailbox_id = {0} AND subscription = {0} AND id <= ("
    "SELECT id FROM attempt_bodies WHERE mailbox_id = {0} AND subscription = {0}"
    " ORDER BY id DESC LIMIT 1 OFFSET {0})"
)
_TRIM_BODIES = {mark: _TRIM.format(mark) for mark in ("?", "%s")}


def append(tx: Transaction, new: Sequence[Attempt], keep: Keep) -> None:
    """Write attempts, in the order in which they ended, and now and then remove what is too much.

    Of rows at most twice as many are removed as were written since the last time, so that nobody
    who writes waits for long when the log is to become much shorter.
    """
    _serialise(tx)
    newest = tx.connection.execute(_NEWEST_GROUP).one_or_none()
    begins_group = newest is None or _span(newest) >= _GROUP
    written = new if keep.rows else ()
    if newest is not None and (begins_group or not written):
        _trim(tx, newest.last_id + len(written) - keep.rows, 2 * _span(newest))
    if not written:
        return
    first_id = 1 if newest is None else newest.last_id + 1
    last_id = first_id + len(written) - 1
    _append_rows(tx, first_id, written)
    if keep.bodies:
        _append_bodies(tx, first_id, written, keep.bodies)
    mailboxes = {each.mailbox for each in written}
    if begins_group:
        _begin_group(tx, first_id, last_id, mailboxes)
    else:
        _extend(tx, newest, last_id, mailboxes)


def _serialise(tx: Transaction) -> None:
    """Ids are counted on from the last one: whoever writes waits for who did before."""
    if not tx.is_sqlite:  # there a transaction that writes is alone
        tx.connection.execute(_LOCK)


_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('ewspush attempts'))")
_NEWEST_GROUP = select(attempt_groups).order_by(attempt_groups.c.first_id.desc()).limit(1)


def _span(group: Any) -> int:
    span: int = group.last_id - group.first_id + 1
    return span


def _append_rows(tx: Transaction, first_id: int, new: Sequence[Attempt]) -> None:
    rows = [(id, *each[:_WITHOUT_BODIES]) for id, each in enumerate(new, first_id)]
    tx.connection.exec_driver_sql(_INSERT[_mark(tx)], rows)


def _mark(tx: Transaction) -> str:
    return "?" if tx.is_sqlite else "%s"


def _begin_group(tx: Transaction, first_id: int, last_id: int, mailboxes: Collection[int]) -> None:
    values = {"first_id": first_id, "last_id": last_id, "mailboxes": _keys(mailboxes)}
    tx.connection.execute(_NEW_GROUP, values)


def _extend(tx: Transaction, group: Any, last_id: int, mailboxes: Collection[int]) -> None:
    known = group.mailboxes + _keys(mailboxes)
    values = {"of_first_id": group.first_id, "last_id": last_id, "mailboxes": known}
    tx.connection.execute(_LONGER_GROUP, values)


_NEW_GROUP = insert(attempt_groups)
_LONGER_GROUP = (
    update(attempt_groups)
    .where(attempt_groups.c.first_id == bindparam("of_first_id"))
    .values(last_id=bindparam("last_id"), mailboxes=bindparam("mailboxes"))
)


def _keys(mailboxes: Collection[int]) -> bytes:
    return struct.pack(f"<{len(mailboxes)}I", *map(_key, mailboxes))


def _key(mailbox: int) -> int:
    """32 bits for a mailbox. Two may have the same; neighbours have very different ones."""
    return mailbox * 0x9E3779B1 & 0xFFFFFFFF


def _append_bodies(tx: Transaction, first_id: int, new: Sequence[Attempt], most: int) -> None:
    rows = [
        (id, each.mailbox, each.subscription, each.request, each.answer)
        for id, each in enumerate(new, first_id)
        if each.request is not None or each.answer is not None
    ]
    if rows:
        mark = _mark(tx)
        tx.connection.exec_driver_sql(_INSERT_BODY[mark], rows)
        owners = {row[1:3] for row in rows}
        trims = [(*owner, *owner, most) for owner in owners]
        tx.connection.exec_driver_sql(_TRIM_BODIES[mark], trims)


def _trim(tx: Transaction, through: int, most: int) -> None:
    lowest = tx.connection.execute(_LOWEST).scalar_one()
    if lowest is not None and lowest <= through:
        _remove(tx, min(through, lowest + most - 1))


_LOWEST = select(func.min(attempts.c.id))


def _remove(tx: Transaction, through: int) -> None:
    for statement in _REMOVE:
        tx.connection.execute(statement, {"through": through})


_newest = attempt_groups.alias()
_REMOVE = (
    delete(attempts).where(attempts.c.id <= bindparam("through")),
    delete(attempt_bodies).where(attempt_bodies.c.id <= bindparam("through")),
    # Not the newest, from whose end ids are counted on: none is given out twice.
    delete(attempt_groups).where(
        attempt_groups.c.last_id <= bindparam("through"),
        attempt_groups.c.first_id < select(func.max(_newest.c.first_id)).scalar_subquery(),
    ),
)


def purge_old(tx: Transaction, before_ms: int, most: int) -> int:
    """Remove attempts from before then, at most `most`; how many.

    An old one behind a younger one, as when the clock was set back, stays as long as that.
    """
    oldest = select(attempts.c.id, attempts.c.at_ms).order_by(attempts.c.id).limit(most)
    rows = tx.connection.execute(oldest).all()
    old = list(takewhile(lambda row: row.at_ms < before_ms, rows))
    if old:
        _remove(tx, old[-1].id)
    return len(old)


# Reading


def of_subscription(
    tx: Transaction, mailbox: int, number: int, most: int, before: int | None = None
) -> list[StoredAttempt]:
    """The newest attempts of a subscription, the newest first; those before that id if given."""
    return list(islice(_newest_first(tx, mailbox, number, before), most))


def after(
    tx: Transaction, id: int, most: int, mailbox: int | None = None, number: int | None = None
) -> list[StoredAttempt]:
    """The first attempts after that id, the oldest first: of all, a mailbox or a subscription."""
    statement = _SELECT.where(attempts.c.id > id)
    if mailbox is None:
        return _oldest_first(tx, statement, most)
    statement = statement.where(attempts.c.mailbox_id == mailbox)
    if number is not None:
        statement = statement.where(attempts.c.subscription == number)
    found: list[StoredAttempt] = []
    for first_id, last_id in _groups_after(tx, mailbox, id):
        within = statement.where(attempts.c.id.between(first_id, last_id))
        found += _oldest_first(tx, within, most - len(found))
        if len(found) == most:
            break
    return found


def _oldest_first(tx: Transaction, statement: Any, most: int) -> list[StoredAttempt]:
    rows = tx.connection.execute(statement.order_by(attempts.c.id).limit(most)).all()
    return [StoredAttempt(row.id, Attempt(*row[1:])) for row in rows]


def _groups_after(tx: Transaction, mailbox: int, id: int) -> Iterator[tuple[int, int]]:
    """As `_groups_of`, but the oldest first, of those that end after that id."""
    statement = select(attempt_groups).order_by(attempt_groups.c.first_id)
    key, most = _keys([mailbox]), _FIRST_GROUPS
    while True:
        after_id = statement.where(attempt_groups.c.last_id > id).limit(most)
        groups = tx.connection.execute(after_id).all()
        yield from ((each.first_id, each.last_id) for each in groups if key in each.mailboxes)
        if len(groups) < most:
            return
        id = groups[-1].last_id
        most *= 4


def newest(tx: Transaction) -> int:
    """The id that was given out last; 0 if none was."""
    group = tx.connection.execute(_NEWEST_GROUP).one_or_none()
    return 0 if group is None else int(group.last_id)


def last_of(
    tx: Transaction, some: Collection[tuple[int, int]]
) -> dict[tuple[int, int], StoredAttempt]:
    """The newest attempt of each subscription (mailbox, number) that has one, without bodies.

    One walk through the groups serves all of them.
    """
    found: dict[tuple[int, int], StoredAttempt] = {}
    wanted = set(some)
    for group in _groups(tx):
        mailboxes = {mailbox for mailbox, _ in wanted}
        if not mailboxes:
            break
        known = set(struct.unpack(f"<{len(group.mailboxes) // 4}I", group.mailboxes))
        among = [mailbox for mailbox in mailboxes if _key(mailbox) in known]
        for row in _newest_rows(tx, group, among) if among else ():
            stored = StoredAttempt(row.id, Attempt._make((*row[1:], None, None)))
            key = (stored.attempt.mailbox, stored.attempt.subscription)
            if key in wanted:
                found[key] = stored
                wanted.remove(key)
    return found


def _newest_rows(tx: Transaction, group: Any, mailboxes: Sequence[int]) -> Sequence[Any]:
    statement = select(attempts).where(
        attempts.c.id.between(group.first_id, group.last_id), attempts.c.mailbox_id.in_(mailboxes)
    )
    return tx.connection.execute(statement.order_by(attempts.c.id.desc())).all()


def last_with_events(tx: Transaction, mailbox: int, number: int) -> StoredAttempt | None:
    """The newest one that delivered events and was acknowledged."""
    delivered = (attempts.c.outcome == _OK, attempts.c.events > 0)
    return next(_newest_first(tx, mailbox, number, None, *delivered), None)


def _newest_first(
    tx: Transaction,
    mailbox: int,
    number: int,
    before: int | None = None,
    *conditions: ColumnElement[bool],
) -> Iterator[StoredAttempt]:
    statement = _SELECT.where(
        attempts.c.mailbox_id == mailbox, attempts.c.subscription == number, *conditions
    )
    for first_id, last_id in _groups_of(tx, mailbox, before):
        found = statement.where(attempts.c.id.between(first_id, last_id))
        for row in tx.connection.execute(found.order_by(attempts.c.id.desc())).all():
            if before is None or row.id < before:
                yield StoredAttempt(row.id, Attempt(*row[1:]))


_SELECT = select(attempts, attempt_bodies.c.request, attempt_bodies.c.answer).outerjoin(
    attempt_bodies, attempt_bodies.c.id == attempts.c.id
)


def _groups_of(
    tx: Transaction, mailbox: int, before: int | None = None
) -> Iterator[tuple[int, int]]:
    """The first and the last id of groups in which the mailbox may have attempts, newest first."""
    key = _keys([mailbox])
    for group in _groups(tx, before):
        if key in group.mailboxes:
            yield group.first_id, group.last_id


def _groups(tx: Transaction, before: int | None = None) -> Iterator[Any]:
    """Groups, the newest first; those that begin before that id if given."""
    statement = select(attempt_groups).order_by(attempt_groups.c.first_id.desc())
    most = _FIRST_GROUPS
    while True:
        wanted = (
            statement if before is None else statement.where(attempt_groups.c.first_id < before)
        )
        groups = tx.connection.execute(wanted.limit(most)).all()
        yield from groups
        if len(groups) < most:
            return
        before = groups[-1].first_id
        most *= 4


# A mailbox that is purged


def purge_mailbox(tx: Transaction, mailbox: int, most: int) -> int:
    """Remove attempts of a mailbox, at most `most` rows of them and their bodies; how many."""
    bodies = select(attempt_bodies.c.id).where(attempt_bodies.c.mailbox_id == mailbox)
    ids = tx.connection.execute(bodies.limit(most)).scalars().all()
    # Bodies go first: an id is given out again when nothing has it any more.
    tx.connection.execute(delete(attempt_bodies).where(attempt_bodies.c.id.in_(ids)))
    left = list(islice(_ids_of(tx, mailbox), most - len(ids)))
    tx.connection.execute(delete(attempts).where(attempts.c.id.in_(left)))
    return len(ids) + len(left)


def _ids_of(tx: Transaction, mailbox: int) -> Iterator[int]:
    for first_id, last_id in _groups_of(tx, mailbox):
        found = select(attempts.c.id).where(
            attempts.c.id.between(first_id, last_id), attempts.c.mailbox_id == mailbox
        )
        yield from tx.connection.execute(found).scalars().all()
