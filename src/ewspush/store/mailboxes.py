"""Mailboxes: who has one, and what each hands out under its row's lock."""

import secrets
from dataclasses import dataclass

from sqlalchemy import insert, select, update

from ewspush.core.ids import shard_of
from ewspush.core.watermark import BASE_LIMIT
from ewspush.store.database import Transaction
from ewspush.store.schema import mailboxes


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mailbox and the ends of its event log."""

    id: int
    address: str
    password_hash: str
    created_at_s: int
    watermark_base: int
    floor: int
    head: int


_COLUMNS = tuple(mailboxes.c[name] for name in Mailbox.__dataclass_fields__)


def insert_mailbox(tx: Transaction, address: str, password_hash: str, created_at_s: int) -> Mailbox:
    """A new mailbox with an empty log, at an address that must be free (IntegrityError if not)."""
    base = secrets.randbelow(BASE_LIMIT)
    mailbox = tx.connection.execute(
        insert(mailboxes)
        .values(
            shard=0,
            address=address,
            password_hash=password_hash,
            created_at_s=created_at_s,
            next_number=1,
            watermark_base=base,
            floor=0,
            head=0,
        )
        .returning(mailboxes.c.id)
    ).scalar_one()
    tx.connection.execute(
        update(mailboxes).where(mailboxes.c.id == mailbox).values(shard=shard_of(mailbox))
    )
    return Mailbox(mailbox, address, password_hash, created_at_s, base, 0, 0)


def by_address(tx: Transaction, address: str) -> Mailbox | None:
    """The mailbox at a normalized address."""
    row = tx.connection.execute(
        select(*_COLUMNS).where(mailboxes.c.address == address)
    ).one_or_none()
    return Mailbox(*row) if row else None


def by_id(tx: Transaction, mailbox: int) -> Mailbox | None:
    """The mailbox with this id."""
    row = tx.connection.execute(select(*_COLUMNS).where(mailboxes.c.id == mailbox)).one_or_none()
    return Mailbox(*row) if row else None


def lock(tx: Transaction, mailbox: int) -> Mailbox | None:
    """The mailbox, its row locked: what is counted or checked next stays so until the commit."""
    row = tx.connection.execute(
        select(*_COLUMNS).where(mailboxes.c.id == mailbox).with_for_update()
    ).one_or_none()
    return Mailbox(*row) if row else None


def in_order(tx: Transaction, after_address: str, most: int) -> list[Mailbox]:
    """Mailboxes in the order of their addresses, `most` of them after `after_address`."""
    rows = tx.connection.execute(
        select(*_COLUMNS)
        .where(mailboxes.c.address > after_address)
        .order_by(mailboxes.c.address)
        .limit(most)
    )
    return [Mailbox(*row) for row in rows]


def take_numbers(tx: Transaction, mailbox: int, count: int) -> range:
    """Numbers for `count` new folders or items, never given out before."""
    following = tx.connection.execute(
        update(mailboxes)
        .where(mailboxes.c.id == mailbox)
        .values(next_number=mailboxes.c.next_number + count)
        .returning(mailboxes.c.next_number)
    ).scalar_one()
    return range(following - count, following)
