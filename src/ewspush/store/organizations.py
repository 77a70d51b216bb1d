"""Organizations and their domains."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, update

from ewspush.core.directory import Domain, Organization
from ewspush.store.database import Transaction
from ewspush.store.directory_schema import domains, organizations


class NameTaken(Exception):
    """Another organization has this alias, or another domain this name."""


def insert_organization(tx: Transaction, new: Organization) -> None:
    """Store an organization. Raises NameTaken."""
    _insert(tx, organizations, id=new.id, alias=new.alias, created_at_s=new.created_at_s)


def insert_domain(tx: Transaction, new: Domain) -> None:
    """Store a domain. Raises NameTaken."""
    _insert(
        tx,
        domains,
        id=new.id,
        organization_id=new.organization_id,
        name=new.name,
        created_at_s=new.created_at_s,
    )


def _insert(tx: Transaction, table: Any, **values: Any) -> None:
    # An index over those that are not deleted: the only one that can be violated.
    inserted = tx.connection.execute(
        tx.insert(table).values(**values).on_conflict_do_nothing().returning(table.c.id)
    ).scalar_one_or_none()
    if inserted is None:
        raise NameTaken


def organization(tx: Transaction, id: UUID, *, lock: bool = False) -> Organization | None:
    """The organization with this id, a deleted one too. With `lock` it stays as it is."""
    return _organization_where(tx, organizations.c.id == id, lock=lock)


def organization_by_alias(tx: Transaction, alias: str) -> Organization | None:
    """The organization that has this alias now."""
    return _organization_where(
        tx, organizations.c.alias == alias, organizations.c.deleted_at_s.is_(None)
    )


def organizations_by_alias(
    tx: Transaction, only: UUID | None, offset: int, count: int
) -> tuple[list[Organization], int]:
    """Organizations that are not deleted, in the order of their aliases, and how many there are."""
    statement = select(organizations).where(organizations.c.deleted_at_s.is_(None))
    if only is not None:
        statement = statement.where(organizations.c.id == only)
    total = _count(tx, statement)
    rows = tx.connection.execute(
        statement.order_by(organizations.c.alias).offset(offset).limit(count)
    )
    return [Organization(*row) for row in rows], total


def lock_organization(tx: Transaction, id: UUID) -> None:
    """Wait for those who need an organization, and keep others from it."""
    statement = select(organizations.c.id).where(organizations.c.id == id)
    tx.connection.execute(statement.with_for_update())


def delete_organization(tx: Transaction, id: UUID, now_s: int) -> None:
    """Delete an organization, and its domains with it: their names are free."""
    tx.connection.execute(
        update(organizations).where(organizations.c.id == id).values(deleted_at_s=now_s)
    )
    tx.connection.execute(
        update(domains)
        .where(domains.c.organization_id == id, domains.c.deleted_at_s.is_(None))
        .values(deleted_at_s=now_s)
    )


def domain(tx: Transaction, id: UUID, *, lock: bool = False) -> Domain | None:
    """The domain with this id, a deleted one too. With `lock` it stays as it is."""
    return _domain_where(tx, domains.c.id == id, lock=lock)


def domain_by_name(tx: Transaction, name: str, *, lock: bool = False) -> Domain | None:
    """The domain that has this normalized name now."""
    return _domain_where(tx, domains.c.name == name, domains.c.deleted_at_s.is_(None), lock=lock)


def domains_by_name(
    tx: Transaction, organization_id: UUID | None, offset: int, count: int
) -> tuple[list[Domain], int]:
    """Domains that are not deleted, in the order of their names, and how many there are."""
    statement = select(domains).where(domains.c.deleted_at_s.is_(None))
    if organization_id is not None:
        statement = statement.where(domains.c.organization_id == organization_id)
    total = _count(tx, statement)
    rows = tx.connection.execute(statement.order_by(domains.c.name).offset(offset).limit(count))
    return [Domain(*row) for row in rows], total


def lock_domain(tx: Transaction, id: UUID) -> None:
    """Wait for those who create mailboxes in a domain, and keep others from it."""
    tx.connection.execute(select(domains.c.id).where(domains.c.id == id).with_for_update())


def delete_domain(tx: Transaction, id: UUID, now_s: int) -> None:
    """Delete a domain: its name is free."""
    tx.connection.execute(update(domains).where(domains.c.id == id).values(deleted_at_s=now_s))


def _organization_where(tx: Transaction, *criteria: Any, lock: bool = False) -> Organization | None:
    statement = select(organizations).where(*criteria)
    rows = tx.connection.execute(statement.with_for_update(read=True) if lock else statement)
    return next((Organization(*row) for row in rows), None)


def _domain_where(tx: Transaction, *criteria: Any, lock: bool = False) -> Domain | None:
    statement = select(domains).where(*criteria)
    rows = tx.connection.execute(statement.with_for_update(read=True) if lock else statement)
    return next((Domain(*row) for row in rows), None)


def _count(tx: Transaction, statement: Select[Any]) -> int:
    count: int = tx.connection.execute(
        select(func.count()).select_from(statement.subquery())
    ).scalar_one()
    return count
