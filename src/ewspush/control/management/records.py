"""What the management knows, as JSON objects with the fields of the mailbox API."""

from ewspush.control.subscription_records import Record, time_text
from ewspush.core.accounts import Account, Alias
from ewspush.core.directory import Administrator, AuditRecord, Domain, Organization
from ewspush.operations.management.permissions import Granted


def of_organization(organization: Organization) -> Record:
    return {
        "id": str(organization.id),
        "alias": organization.alias,
        "status": organization.status,
        "created_at": time_text(organization.created_at_s),
        "deleted_at": time_text(organization.deleted_at_s),
    }


def of_domain(domain: Domain) -> Record:
    return {
        "id": str(domain.id),
        "organization_id": str(domain.organization_id),
        "name": domain.name,
        "created_at": time_text(domain.created_at_s),
    }


def of_administrator(administrator: Administrator) -> Record:
    organization = administrator.organization_id
    return {
        "id": str(administrator.id),
        "name": administrator.name,
        "organization_id": None if organization is None else str(organization),
        "created_at": time_text(administrator.created_at_s),
    }


def of_mailbox(account: Account, now_s: int) -> Record:
    """A mailbox, its subscription period the one that runs now."""
    renewal = account.renewal.as_of(now_s)
    return {
        "id": str(account.id),
        "domain_id": str(account.domain_id),
        "email": account.address,
        "status": account.status.of_mailbox,
        "subscription_period": renewal.period.value,
        "subscription_period_started_at": time_text(renewal.started_at_s),
        "next_subscription_period": renewal.next_period.value,
        "next_subscription_period_starts_at": time_text(renewal.next_starts_at_s),
        "created_at": time_text(account.created_at_s),
        "updated_at": time_text(account.updated_at_s),
        "deletion_scheduled_at": time_text(account.deletion_scheduled_at_s),
        "user_id": str(account.user_id),
        "organization_id": str(account.organization_id),
        "name": account.name,
    }


def of_user(account: Account) -> Record:
    return {
        "id": str(account.user_id),
        "name": account.name,
        "email": account.address,
        "state": account.status.of_user,
        "mailbox_id": str(account.id),
        "domain_id": str(account.domain_id),
        "organization_id": str(account.organization_id),
        "created_at": time_text(account.created_at_s),
        "updated_at": time_text(account.updated_at_s),
        "deletion_scheduled_at": time_text(account.deletion_scheduled_at_s),
        "deleted_at": time_text(account.deleted_at_s),
    }


def of_alias(alias: Alias) -> Record:
    return {
        "id": str(alias.id),
        "email": alias.address,
        "description": alias.description,
        "created_at": time_text(alias.created_at_s),
        "updated_at": time_text(alias.updated_at_s),
    }


def of_permission(granted: Granted) -> Record:
    return {
        "mailbox": granted.mailbox.address,
        "mailbox_id": str(granted.mailbox.id),
        "delegate": granted.delegate.address,
        "delegate_id": str(granted.delegate.id),
        "permission": "full_access",
        "granted_at": time_text(granted.granted_at_s),
    }


def of_audit(audited: AuditRecord) -> Record:
    organization = audited.organization_id
    return {
        "id": audited.id,
        "at": time_text(audited.at_s),
        "actor": audited.actor,
        "origin": audited.origin,
        "action": audited.action,
        "organization_id": None if organization is None else str(organization),
        "subject": audited.subject,
        "before": audited.before,
        "after": audited.after,
    }
