"""Mailboxes: who has one, and what each hands out under its row's lock."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, func, select, update

from ewspush.core.ids import shard_of
from ewspush.core.watermark import BASE_LIMIT
from ewspush.store.database import Transaction
from ewspush.store.schema import mailboxes


class AddressTaken(Exception):
    """There is a mailbox at this address already."""


_SEVERAL = 0x65777370757368  # "ewspush": PostgreSQL's advisory locks share one space


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

# Every delivery executes these. Made once, they are compiled once.
_BY_ADDRESS = select(*_COLUMNS).where(mailboxes.c.address == bindparam("of_address"))
_LOCK = select(*_COLUMNS).where(mailboxes.c.id == bindparam("of_mailbox")).with_for_update()
_TAKE_NUMBERS = (
    update(mailboxes)
    .where(mailboxes.c.id == bindparam("of_mailbox"))
    .values(next_number=mailboxes.c.next_number + bindparam("count"))
    .returning(mailboxes.c.next_number)
)


def insert_mailbox(tx: Transaction, address: str, password_hash: str, created_at_s: int) -> Mailbox:
    """A new mailbox with an empty log, at a normalized address. Raises AddressTaken.

    Who wants an address at the same moment waits for the first, and is then refused.
    """
    base = secrets.randbelow(BASE_LIMIT)
    mailbox = tx.connection.execute(
        tx.insert(mailboxes)
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
        .on_conflict_do_nothing(index_elements=["address"])
        .returning(mailboxes.c.id)
    ).scalar_one_or_none()
    if mailbox is None:
        raise AddressTaken(f"there is a mailbox {address} already")
    tx.connection.execute(
        update(mailboxes).where(mailboxes.c.id == mailbox).values(shard=shard_of(mailbox))
    )
    return Mailbox(mailbox, address, password_hash, created_at_s, base, 0, 0)


def by_address(tx: Transaction, address: str) -> Mailbox | None:
    """The mailbox at a normalized address."""
    row = tx.connection.execute(_BY_ADDRESS, {"of_address": address}).one_or_none()
    return Mailbox(*row) if row else None


def by_id(tx: Transaction, mailbox: int) -> Mailbox | None:
    """The mailbox with this id."""
    row = tx.connection.execute(select(*_COLUMNS).where(mailboxes.c.id == mailbox)).one_or_none()
    return Mailbox(*row) if row else None


def lock(tx: Transaction, mailbox: int) -> Mailbox | None:
    """The mailbox, its row locked: what is counted or checked next stays so until the commit."""
    row = tx.connection.execute(_LOCK, {"of_mailbox": mailbox}).one_or_none()
    return Mailbox(*row) if row else None


def lock_several(tx: Transaction) -> None:
    """Before a transaction locks its first mailbox, if it may lock more than one.

    Such transactions follow one another, so that no two wait for each other's mailboxes.
    """
    if not tx.is_sqlite:  # which has one writer
        tx.connection.execute(select(func.pg_advisory_xact_lock(_SEVERAL)))


def in_order(tx: Transaction, after_address: str, most: int) -> list[Mailbox]:
    """Mailboxes in the order of their addresses, `most` of them after `after_address`."""
    rows = tx.connection.execute(
        select(*_COLUMNS)
        .where(mailboxes.c.address > after_address)
        .order_by(mailboxes.c.address)
        .limit(most)
    )
    return [Mailbox(*row) for row in rows]


def addresses_beginning(tx: Transaction, prefix: str, most: int) -> list[str]:
    """Addresses that begin with `prefix`, in order, `most` of them at most."""
    rows = tx.connection.execute(
        select(mailboxes.c.address)
        .where(mailboxes.c.address.startswith(prefix, autoescape=True))
        .order_by(mailboxes.c.address)
        .limit(most)
    )
    return list(rows.scalars())


def which_exist(tx: Transaction, addresses: Sequence[str]) -> set[str]:
    """Those of these normalized addresses at which there is a mailbox."""
    return set(
        tx.connection.execute(
            select(mailboxes.c.address).where(mailboxes.c.address.in_(addresses))
        ).scalars()
    )


def last_number(tx: Transaction, mailbox: int) -> int:
    """The last number that was given out."""
    number: int = tx.connection.execute(
        select(mailboxes.c.next_number - 1).where(mailboxes.c.id == mailbox)
    ).scalar_one()
    return number


def take_numbers(tx: Transaction, mailbox: int, count: int) -> range:
    """Numbers for `count` new folders or items, or changes, never given out before."""
    following: int = tx.connection.execute(
        _TAKE_NUMBERS, {"of_mailbox": mailbox, "count": count}
    ).scalar_one()
    return range(following - count, following)
