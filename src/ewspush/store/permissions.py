"""Permissions on mailboxes: whose mailboxes a delegate may use like their own."""

from sqlalchemy import Select, delete, exists, or_, select

from ewspush.core.directory import FullAccess
from ewspush.core.ids import shard_of
from ewspush.store.database import Transaction
from ewspush.store.directory_schema import addresses, domains
from ewspush.store.directory_schema import mailbox_permissions as permissions


def grant(tx: Transaction, mailbox: int, delegate: int, now_s: int) -> bool:
    """Give a delegate full access to a mailbox; False if they have it already."""
    granted = tx.connection.execute(
        tx.insert(permissions)
        .values(
            mailbox_id=mailbox,
            delegate_id=delegate,
            granted_at_s=now_s,
            shard=shard_of(mailbox),
        )
        .on_conflict_do_nothing()
        .returning(permissions.c.delegate_id)
    )
    return granted.scalar_one_or_none() is not None


def revoke(tx: Transaction, mailbox: int, delegate: int) -> bool:
    """Take full access back; False if the delegate does not have it."""
    revoked = tx.connection.execute(
        delete(permissions).where(
            permissions.c.mailbox_id == mailbox, permissions.c.delegate_id == delegate
        )
    )
    return revoked.rowcount == 1


def has_full_access(tx: Transaction, mailbox: int, delegate: int) -> bool:
    """Whether a delegate has full access to a mailbox. Nobody needs it to their own."""
    return _is_there(
        tx,
        select(permissions.c.mailbox_id).where(
            permissions.c.mailbox_id == mailbox, permissions.c.delegate_id == delegate
        ),
    )


def has_full_access_at(tx: Transaction, address: str, delegate: int) -> bool:
    """The same for the mailbox that has a normalized address, disabled or not."""
    return _is_there(
        tx,
        select(permissions.c.mailbox_id)
        .join(addresses, addresses.c.mailbox_id == permissions.c.mailbox_id)
        .join(domains, domains.c.id == addresses.c.domain_id)
        .where(
            addresses.c.address == address,
            domains.c.deleted_at_s.is_(None),
            permissions.c.delegate_id == delegate,
        ),
    )


def _is_there(tx: Transaction, found: Select[tuple[int]]) -> bool:
    return bool(tx.connection.execute(select(exists(found))).scalar_one())


def of_mailbox(tx: Transaction, mailbox: int) -> list[FullAccess]:
    """Who has full access to a mailbox, in the order of the delegates' ids."""
    rows = tx.connection.execute(
        select(permissions.c.mailbox_id, permissions.c.delegate_id, permissions.c.granted_at_s)
        .where(permissions.c.mailbox_id == mailbox)
        .order_by(permissions.c.delegate_id)
    )
    return [FullAccess(*row) for row in rows]


def delete_all(tx: Transaction, mailbox: int) -> None:
    """Forget the permissions on a mailbox, and those that its owner has on others."""
    tx.connection.execute(
        delete(permissions).where(
            or_(permissions.c.mailbox_id == mailbox, permissions.c.delegate_id == mailbox)
        )
    )
