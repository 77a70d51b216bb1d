"""Values of requests as operations take them, and what operations answer as Spyne's types."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from ewspush.core import accounts, directory, times
from ewspush.core.accounts import Account, AccountStatus
from ewspush.core.renewal import Period
from ewspush.endpoint.mailboxes import types
from ewspush.operations.management.mailboxes import MailboxRequest
from ewspush.operations.management.permissions import Granted
from ewspush.operations.management.values import invalid

_FULL_ACCESS = "full_access"
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_SUBJECT = re.compile(
    rf"(?:mailbox|organization|domain) {_UUID}|administrator {directory.NAME.pattern}"
)
_SUBJECTS = "mailbox UUID, organization UUID, domain UUID or administrator NAME"


def given(**values: Any) -> dict[str, Any]:
    """Arguments, without those that the request leaves out: the operation's own defaults hold."""
    return {name: value for name, value in values.items() if value is not None}


def optional_uuid(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)


def optional_period(text: str | None) -> Period | None:
    return None if text is None else Period(text)


def statuses(texts: Iterable[str] | None) -> frozenset[AccountStatus]:
    """Of mailboxes, or the states of users."""
    wanted = set(texts or ())
    return frozenset(s for s in AccountStatus if {s.of_mailbox, s.of_user} & wanted)


def optional_subject(text: str | None) -> str | None:
    """What the audit log calls this subject. Raises ManagementError."""
    if text is None:
        return None
    subject = text.lower()
    if not _SUBJECT.fullmatch(subject):
        raise invalid("Subject", f"{text[:64]!r} is no subject", _SUBJECTS)
    return subject


def mailbox_request(request: Any, period: Period | None = None) -> MailboxRequest:
    """A NewMailbox or a CreateUser."""
    return MailboxRequest(
        request.LocalPart,
        request.Password,
        request.Name,
        tuple((request.Aliases and request.Aliases.Alias) or ()),
        period,
    )


def organization(found: directory.Organization) -> types.Organization:
    return types.Organization(
        Id=str(found.id),
        Alias=found.alias,
        Status=found.status,
        CreatedAt=times.to_text(found.created_at_s),
        DeletedAt=_time(found.deleted_at_s),
    )


def domain(found: directory.Domain) -> types.Domain:
    return types.Domain(
        Id=str(found.id),
        OrganizationId=str(found.organization_id),
        Name=found.name,
        CreatedAt=times.to_text(found.created_at_s),
        DeletedAt=_time(found.deleted_at_s),
    )


def user(found: Account) -> types.User:
    return types.User(
        Id=str(found.user_id),
        OrganizationId=str(found.organization_id),
        DomainId=str(found.domain_id),
        MailboxId=str(found.id),
        Name=found.name,
        Email=found.address,
        State=found.status.of_user,
        CreatedAt=times.to_text(found.created_at_s),
        UpdatedAt=times.to_text(found.updated_at_s),
        DeletionScheduledAt=_time(found.deletion_scheduled_at_s),
        DeletedAt=_time(found.deleted_at_s),
    )


def mailbox(found: Account, now_s: int) -> types.Mailbox:
    renewal = found.renewal.as_of(now_s)
    return types.Mailbox(
        Id=str(found.id),
        OrganizationId=str(found.organization_id),
        DomainId=str(found.domain_id),
        UserId=str(found.user_id),
        Name=found.name,
        Email=found.address,
        Status=found.status.of_mailbox,
        SubscriptionPeriod=renewal.period.value,
        SubscriptionPeriodStartedAt=times.to_text(renewal.started_at_s),
        NextSubscriptionPeriod=renewal.next_period.value,
        NextSubscriptionPeriodStartsAt=_time(renewal.next_starts_at_s),
        CreatedAt=times.to_text(found.created_at_s),
        UpdatedAt=times.to_text(found.updated_at_s),
        DeletionScheduledAt=_time(found.deletion_scheduled_at_s),
    )


def alias(found: accounts.Alias, mailbox_id: UUID, status: AccountStatus) -> types.MailboxAlias:
    """An alias of a mailbox, which shares its status."""
    return types.MailboxAlias(
        Id=str(found.id),
        Email=found.address,
        MailboxId=str(mailbox_id),
        Description=found.description,
        Status=status.of_mailbox,
        CreatedAt=times.to_text(found.created_at_s),
        UpdatedAt=times.to_text(found.updated_at_s),
    )


def permission(granted: Granted) -> types.MailboxPermission:
    return types.MailboxPermission(
        MailboxId=str(granted.mailbox.id),
        DelegateId=str(granted.delegate.id),
        DelegateEmail=granted.delegate.address,
        Permission=_FULL_ACCESS,
        GrantedAt=times.to_text(granted.granted_at_s),
    )


def audit_record(found: directory.AuditRecord) -> types.AuditRecord:
    organization_id = found.organization_id
    return types.AuditRecord(
        Id=found.id,
        At=times.to_text(found.at_s),
        Actor=found.actor,
        Origin=found.origin,
        Action=found.action,
        OrganizationId=None if organization_id is None else str(organization_id),
        Subject=found.subject,
        Before=_named_values(found.before),
        After=_named_values(found.after),
    )


def _named_values(values: Mapping[str, object] | None) -> Any:
    if values is None:
        return None
    return types.ArrayOfValue(
        Value=[types.NamedValue(Name=name, Value=_text(value)) for name, value in values.items()]
    )


def _text(value: object) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)


def _time(at_s: int | None) -> str | None:
    return None if at_s is None else times.to_text(at_s)
