"""Accounts as rows of their table."""

from typing import Any

from ewspush.core.accounts import Account, AccountStatus, DeletionCause
from ewspush.core.ids import shard_of
from ewspush.core.renewal import Period, Renewal


def of_row(row: Any) -> Account:
    """The account in a row of the table."""
    return Account(
        mailbox_id=row.mailbox_id,
        id=row.id,
        user_id=row.user_id,
        organization_id=row.organization_id,
        domain_id=row.domain_id,
        local_part=row.local_part,
        address=row.address,
        name=row.name,
        status=AccountStatus(row.status),
        renewal=Renewal(
            row.renewal_anchor_s,
            row.renewal_months,
            Period(row.renewal_period),
            Period(row.next_renewal_period),
        ),
        created_at_s=row.created_at_s,
        updated_at_s=row.updated_at_s,
        deletion_scheduled_at_s=row.deletion_scheduled_at_s,
        deleted_at_s=row.deleted_at_s,
        deletion_cause=None if row.deletion_cause is None else DeletionCause(row.deletion_cause),
        due_at_s=row.due_at_s,
    )


def row_of(account: Account) -> dict[str, Any]:
    """The row of an account."""
    return {
        "mailbox_id": account.mailbox_id,
        "shard": shard_of(account.mailbox_id),
        "id": account.id,
        "user_id": account.user_id,
        "organization_id": account.organization_id,
        "domain_id": account.domain_id,
        "local_part": account.local_part,
        "address": account.address,
        "name": account.name,
        "status": account.status.value,
        "renewal_anchor_s": account.renewal.anchor_s,
        "renewal_months": account.renewal.months,
        "renewal_period": account.renewal.period.value,
        "next_renewal_period": account.renewal.next_period.value,
        "created_at_s": account.created_at_s,
        "updated_at_s": account.updated_at_s,
        "deletion_scheduled_at_s": account.deletion_scheduled_at_s,
        "deleted_at_s": account.deleted_at_s,
        "deletion_cause": account.deletion_cause,
        "due_at_s": account.due_at_s,
    }
