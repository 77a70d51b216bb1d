"""Rights to act for mailboxes (ExchangeImpersonation)."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import delete, func, or_, select, tuple_

from ewspush.core.ids import shard_of
from ewspush.store.database import Transaction
from ewspush.store.schema import impersonation_rights as rights
from ewspush.store.schema import mailboxes

ALL = 0  # in place of a mailbox: every one, later ones too


class Right(NamedTuple):
    """That an account may act for a mailbox. Its first two fields are its place in a list."""

    account: int  # the id of the account's own mailbox
    of: int  # the id of the mailbox, or ALL
    account_address: str
    of_address: str | None  # None: ALL


class Extent(NamedTuple):
    """How far the rights of one account go."""

    is_of_all: bool
    named: int  # mailboxes that were granted by name


def grant(tx: Transaction, account: int, of: Iterable[int]) -> None:
    """Let an account act for each of these mailboxes, or ALL; it may have some of the rights."""
    shard = shard_of(account)
    # In one order: two that grant the same wait for each other, and not in a circle.
    new = [{"mailbox_id": account, "shard": shard, "of_mailbox_id": each} for each in sorted(of)]
    if new:
        tx.connection.execute(tx.insert(rights).on_conflict_do_nothing(), new)


def revoke(tx: Transaction, account: int, of: int) -> bool:
    """Take one right back; False if the account did not have it."""
    revoked = tx.connection.execute(
        delete(rights).where(rights.c.mailbox_id == account, rights.c.of_mailbox_id == of)
    )
    return revoked.rowcount == 1


def revoke_every(tx: Transaction, account: int) -> None:
    """Take all rights of an account back, the named ones too."""
    tx.connection.execute(delete(rights).where(rights.c.mailbox_id == account))


def revoke_all_of(tx: Transaction, mailbox: int) -> None:
    """Take back the rights of a mailbox, and those to act for it."""
    tx.connection.execute(
        delete(rights).where(or_(rights.c.mailbox_id == mailbox, rights.c.of_mailbox_id == mailbox))
    )


def covering(tx: Transaction, account: int, mailbox: int) -> set[int]:
    """Which rights of an account let it act for a mailbox: to ALL, to this one, or both."""
    found = tx.connection.execute(
        select(rights.c.of_mailbox_id).where(
            rights.c.mailbox_id == account, rights.c.of_mailbox_id.in_((ALL, mailbox))
        )
    )
    return set(found.scalars())


def extent(tx: Transaction, account: int) -> Extent:
    """How far the rights of an account go."""
    named = tx.connection.execute(
        select(func.count())
        .select_from(rights)
        .where(rights.c.mailbox_id == account, rights.c.of_mailbox_id != ALL)
    ).scalar_one()
    return Extent(bool(covering(tx, account, ALL)), named)


def in_order(tx: Transaction, after: tuple[int, int], most: int) -> list[Right]:
    """Rights by account and mailbox, `most` of them after this pair of ids."""
    account, of = mailboxes.alias("account"), mailboxes.alias("of")
    key = (rights.c.mailbox_id, rights.c.of_mailbox_id)
    rows = tx.connection.execute(
        select(*key, account.c.address, of.c.address)
        .join_from(rights, account, account.c.id == rights.c.mailbox_id)
        .outerjoin(of, of.c.id == rights.c.of_mailbox_id)
        .where(tuple_(*key) > after, or_(rights.c.of_mailbox_id == ALL, of.c.id.is_not(None)))
        .order_by(*key)
        .limit(most)
    )
    return [Right(*row) for row in rows]
