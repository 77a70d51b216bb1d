"""Administrators."""

from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update

from ewspush.core.directory import Administrator
from ewspush.store.database import Transaction
from ewspush.store.directory_schema import administrators, organizations

_COLUMNS = (
    administrators.c.id,
    administrators.c.name,
    administrators.c.organization_id,
    administrators.c.created_at_s,
)


def insert_administrator(tx: Transaction, new: Administrator, password_hash: str) -> bool:
    """Store an administrator; False if somebody has the name already."""
    inserted = tx.connection.execute(
        tx.insert(administrators)
        .values(
            id=new.id,
            name=new.name,
            organization_id=new.organization_id,
            created_at_s=new.created_at_s,
            password_hash=password_hash,
        )
        .on_conflict_do_nothing(index_elements=["name"])
        .returning(administrators.c.id)
    )
    return inserted.scalar_one_or_none() is not None


def by_name(tx: Transaction, name: str) -> Administrator | None:
    """The administrator of this name."""
    rows = tx.connection.execute(select(*_COLUMNS).where(administrators.c.name == name))
    return next((Administrator(*row) for row in rows), None)


def credentials(tx: Transaction, name: str) -> tuple[Administrator, str] | None:
    """An administrator with the hash of their password; none of a deleted organization."""
    row: Any = tx.connection.execute(
        select(*_COLUMNS, administrators.c.password_hash)
        .outerjoin(organizations, organizations.c.id == administrators.c.organization_id)
        .where(administrators.c.name == name, organizations.c.deleted_at_s.is_(None))
    ).one_or_none()
    return (Administrator(*row[:-1]), row.password_hash) if row else None


def in_order(tx: Transaction) -> list[Administrator]:
    """Administrators in the order of their names."""
    rows = tx.connection.execute(select(*_COLUMNS).order_by(administrators.c.name))
    return [Administrator(*row) for row in rows]


def set_password_hash(tx: Transaction, id: UUID, password_hash: str) -> None:
    """Give an administrator another password."""
    tx.connection.execute(
        update(administrators).where(administrators.c.id == id).values(password_hash=password_hash)
    )


def delete_administrator(tx: Transaction, id: UUID) -> None:
    """Remove an administrator."""
    tx.connection.execute(delete(administrators).where(administrators.c.id == id))
