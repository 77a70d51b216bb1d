"""The audit log: what was changed in the directory, by whom, and from where."""

import json
from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import func, insert, select

from ewspush.core.directory import AuditRecord
from ewspush.store.database import Transaction
from ewspush.store.directory_schema import audit_log

_INSERT = insert(audit_log)


def append(
    tx: Transaction,
    at_s: int,
    actor: str,
    origin: str,
    action: str,
    organization_id: UUID | None,
    subject: str,
    before: Mapping[str, object] | None,
    after: Mapping[str, object] | None,
) -> None:
    """Put down a change."""
    tx.connection.execute(
        _INSERT,
        {
            "at_s": at_s,
            "actor": actor,
            "origin": origin,
            "action": action,
            "organization_id": organization_id,
            "subject": subject,
            "before": None if before is None else json.dumps(before, ensure_ascii=False),
            "after": None if after is None else json.dumps(after, ensure_ascii=False),
        },
    )


def newest_first(
    tx: Transaction, organization_id: UUID | None, subject: str | None, offset: int, count: int
) -> tuple[list[AuditRecord], int]:
    """Changes of an organization (None: of all) or of one subject, and how many there are."""
    statement = select(audit_log)
    if organization_id is not None:
        statement = statement.where(audit_log.c.organization_id == organization_id)
    if subject is not None:
        statement = statement.where(audit_log.c.subject == subject)
    total = tx.connection.execute(
        select(func.count()).select_from(statement.subquery())
    ).scalar_one()
    rows = tx.connection.execute(
        statement.order_by(audit_log.c.id.desc()).offset(offset).limit(count)
    )
    return [
        AuditRecord(
            row.id,
            row.at_s,
            row.actor,
            row.origin,
            row.action,
            row.organization_id,
            row.subject,
            row.before and json.loads(row.before),
            row.after and json.loads(row.after),
        )
        for row in rows
    ], total
