"""Messages on their way to recipients elsewhere."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Select, delete, func, insert, select, tuple_, update

from ewspush.core.ids import shard_of
from ewspush.store import contents
from ewspush.store.database import Transaction
from ewspush.store.schema import outgoing


class Key(NamedTuple):
    """Which message."""

    mailbox: int
    number: int


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message that is queued, without its content."""

    mailbox: int  # of its sender
    number: int
    sender: str  # the envelope's; empty: the null sender
    recipients: tuple[str, ...]  # those who are left
    size: int  # bytes
    created_at_s: int
    failures: int  # attempts since somebody was reached
    due_at_s: int
    last_failure: str | None  # why the last attempt did not reach those who are left

    @property
    def key(self) -> Key:
        return Key(self.mailbox, self.number)


def insert_outgoing(tx: Transaction, new: Outgoing, content: bytes) -> None:
    """Queue a message."""
    tx.connection.execute(
        insert(outgoing).values(
            mailbox_id=new.mailbox,
            shard=shard_of(new.mailbox),
            number=new.number,
            sender=new.sender,
            recipients=_to_json(new.recipients),
            size=new.size,
            created_at_s=new.created_at_s,
            failures=new.failures,
            due_at_s=new.due_at_s,
            last_failure=new.last_failure,
        )
    )
    contents.insert_mime(tx, new.mailbox, new.number, content)
    tx.queued.add(new.mailbox)


def by_key(tx: Transaction, key: Key) -> Outgoing | None:
    """The message with this key."""
    rows = tx.connection.execute(_SELECT.where(_is(key)))
    return next(map(_outgoing, rows), None)


def content(tx: Transaction, key: Key) -> bytes:
    """The message, byte for byte. It must be there."""
    found = contents.mime(tx, key.mailbox, key.number)
    assert found is not None, "a message is queued together with its content"
    return found


def count(tx: Transaction, mailbox: int) -> int:
    """How many messages of a mailbox are queued."""
    return tx.connection.execute(
        select(func.count()).select_from(outgoing).where(outgoing.c.mailbox_id == mailbox)
    ).scalar_one()


def due(tx: Transaction, now_s: int, most: int) -> list[Key]:
    """The messages that are due, the one that has been due longest first."""
    rows = tx.connection.execute(
        select(outgoing.c.mailbox_id, outgoing.c.number)
        .where(outgoing.c.due_at_s <= now_s)
        .order_by(outgoing.c.due_at_s, outgoing.c.mailbox_id, outgoing.c.number)
        .limit(most)
    )
    return [Key(*row) for row in rows]


def next_due_s(tx: Transaction, after_s: int) -> int | None:
    """When the next message is due, of those that are due later than `after_s`."""
    next_s: int | None = tx.connection.execute(
        select(func.min(outgoing.c.due_at_s)).where(outgoing.c.due_at_s > after_s)
    ).scalar_one()
    return next_s


def in_order(tx: Transaction, mailbox: int | None, after: Key, most: int) -> list[Outgoing]:
    """The queue, or what one mailbox has in it, by mailbox and age: `most` messages after one."""
    statement = _of(mailbox, _SELECT).where(
        tuple_(outgoing.c.mailbox_id, outgoing.c.number) > tuple_(*after)
    )
    ordered = statement.order_by(outgoing.c.mailbox_id, outgoing.c.number).limit(most)
    return [_outgoing(row) for row in tx.connection.execute(ordered)]


def put_off(
    tx: Transaction,
    key: Key,
    *,
    recipients: Sequence[str],
    failures: int,
    due_at_s: int,
    last_failure: str | None,
) -> None:
    """Leave a message in the queue, for the recipients who are left."""
    tx.connection.execute(
        update(outgoing)
        .where(_is(key))
        .values(
            recipients=_to_json(recipients),
            failures=failures,
            due_at_s=due_at_s,
            last_failure=last_failure,
        )
    )


def make_due(tx: Transaction, mailbox: int | None, now_s: int) -> int:
    """Have what waits tried now, all of it or a mailbox's; how many messages waited."""
    statement = update(outgoing).where(outgoing.c.due_at_s > now_s).values(due_at_s=now_s)
    if mailbox is not None:
        statement = statement.where(outgoing.c.mailbox_id == mailbox)
    return tx.connection.execute(statement).rowcount


def delete_outgoing(tx: Transaction, key: Key) -> None:
    """Take a message off the queue, with its content."""
    tx.connection.execute(delete(outgoing).where(_is(key)))
    contents.delete_contents(tx, key.mailbox, [key.number])


_SELECT = select(
    outgoing.c.mailbox_id,
    outgoing.c.number,
    outgoing.c.sender,
    outgoing.c.recipients,
    outgoing.c.size,
    outgoing.c.created_at_s,
    outgoing.c.failures,
    outgoing.c.due_at_s,
    outgoing.c.last_failure,
)


def _is(key: Key) -> Any:
    return (outgoing.c.mailbox_id == key.mailbox) & (outgoing.c.number == key.number)


def _of(mailbox: int | None, statement: Select[Any]) -> Select[Any]:
    return statement if mailbox is None else statement.where(outgoing.c.mailbox_id == mailbox)


def _outgoing(row: Any) -> Outgoing:
    mailbox, number, sender, recipients, *rest = row
    return Outgoing(mailbox, number, sender, tuple(json.loads(recipients)), *rest)


def _to_json(recipients: Iterable[str]) -> str:
    return json.dumps(list(recipients), ensure_ascii=False)
