"""Mailboxes: who has one, and what each hands out under its row's lock."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import and_, bindparam, func, insert, select, update

from ewspush.core.addresses import key
from ewspush.core.ids import shard_of
from ewspush.core.watermark import BASE_LIMIT
from ewspush.store.database import Transaction
from ewspush.store.directory_schema import addresses, domains
from ewspush.store.schema import mailboxes

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
    disabled_at_s: int | None = None  # nobody may use it since then


_COLUMNS = tuple(mailboxes.c[name] for name in Mailbox.__dataclass_fields__)

# Every delivery executes these. Made once, they are compiled once.
# An address of a domain that was deleted may be another's in a domain of the same name.
_IN_USE = (
    addresses.join(domains, domains.c.id == addresses.c.domain_id).join(
        mailboxes, mailboxes.c.id == addresses.c.mailbox_id
    ),
    and_(domains.c.deleted_at_s.is_(None), mailboxes.c.disabled_at_s.is_(None)),
)
_BY_ADDRESS = (
    select(*_COLUMNS)
    .select_from(_IN_USE[0])
    .where(
        domains.c.name == bindparam("of_domain"),
        addresses.c.local_part == bindparam("of_key"),
        _IN_USE[1],
    )
)
_LOCK = select(*_COLUMNS).where(mailboxes.c.id == bindparam("of_mailbox")).with_for_update()
_INSERT = insert(mailboxes).returning(mailboxes.c.id)
_SET_SHARD = (
    update(mailboxes)
    .where(mailboxes.c.id == bindparam("of_mailbox"))
    .values(shard=bindparam("its_shard"))
)
_TAKE_NUMBERS = (
    update(mailboxes)
    .where(mailboxes.c.id == bindparam("of_mailbox"))
    .values(next_number=mailboxes.c.next_number + bindparam("count"))
    .returning(mailboxes.c.next_number)
)


def insert_mailbox(tx: Transaction, address: str, password_hash: str, created_at_s: int) -> Mailbox:
    """A new mailbox with an empty log. Its address is nobody's until an account has it."""
    base = secrets.randbelow(BASE_LIMIT)
    mailbox: int = tx.connection.execute(
        _INSERT,
        {
            "shard": 0,
            "address": address,
            "password_hash": password_hash,
            "created_at_s": created_at_s,
            "next_number": 1,
            "watermark_base": base,
            "floor": 0,
            "head": 0,
        },
    ).scalar_one()
    tx.connection.execute(_SET_SHARD, {"of_mailbox": mailbox, "its_shard": shard_of(mailbox)})
    return Mailbox(mailbox, address, password_hash, created_at_s, base, 0, 0)


def by_address(tx: Transaction, address: str) -> Mailbox | None:
    """The mailbox that has a normalized address, as its own or as an alias, and may be used."""
    local_part, _, domain = address.rpartition("@")
    wanted = {"of_domain": domain, "of_key": key(local_part)}
    row = tx.connection.execute(_BY_ADDRESS, wanted).one_or_none()
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


def after(tx: Transaction, mailbox: int, most: int) -> list[Mailbox]:
    """Mailboxes in the order of their ids, `most` of them after this one."""
    rows = tx.connection.execute(
        select(*_COLUMNS).where(mailboxes.c.id > mailbox).order_by(mailboxes.c.id).limit(most)
    )
    return [Mailbox(*row) for row in rows]


def which_exist(tx: Transaction, wanted: Iterable[str]) -> dict[str, int]:
    """Those of these normalized addresses that are in use, with the mailbox of each."""
    by_domain: dict[str, dict[str, list[str]]] = {}
    for address in wanted:
        local_part, _, domain = address.rpartition("@")
        by_domain.setdefault(domain, {}).setdefault(key(local_part), []).append(address)
    found: dict[str, int] = {}
    for domain, by_key in by_domain.items():
        rows = tx.connection.execute(
            select(addresses.c.local_part, addresses.c.mailbox_id)
            .select_from(_IN_USE[0])
            .where(domains.c.name == domain, addresses.c.local_part.in_(by_key), _IN_USE[1])
        )
        for of_key, mailbox in rows:
            found |= dict.fromkeys(by_key[of_key], mailbox)
    return found


def set_password_hash(tx: Transaction, mailbox: int, password_hash: str) -> None:
    """Give a mailbox another password."""
    tx.connection.execute(
        update(mailboxes).where(mailboxes.c.id == mailbox).values(password_hash=password_hash)
    )


def set_disabled(tx: Transaction, mailbox: int, disabled_at_s: int | None) -> None:
    """Let nobody use a mailbox from now on, or let it be used again."""
    tx.connection.execute(
        update(mailboxes).where(mailboxes.c.id == mailbox).values(disabled_at_s=disabled_at_s)
    )
    tx.disabled_or_restored.add(mailbox)


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
