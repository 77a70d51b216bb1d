"""The directory's values, and the rules that they obey."""

import re
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Organization:
    """Who has domains, users and mailboxes on this server."""

    id: UUID
    alias: str
    created_at_s: int
    deleted_at_s: int | None = None

    @property
    def status(self) -> str:
        return "active" if self.deleted_at_s is None else "deleted"


@dataclass(frozen=True, slots=True)
class Domain:
    """What follows the @ in addresses of an organization."""

    id: UUID
    organization_id: UUID
    name: str
    created_at_s: int
    deleted_at_s: int | None = None


@dataclass(frozen=True, slots=True)
class Administrator:
    """Who may manage the directory, or one organization of it. No right to mail comes with it."""

    id: UUID
    name: str
    organization_id: UUID | None  # None: all
    created_at_s: int


@dataclass(frozen=True, slots=True)
class FullAccess:
    """A permission: the owner of one mailbox may use another one like their own."""

    mailbox_id: int
    delegate_id: int
    granted_at_s: int


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """A change: who, when, from where, what, and what was there before and after it."""

    id: int
    at_s: int
    actor: str
    origin: str
    action: str
    organization_id: UUID | None
    subject: str
    before: dict[str, object] | None
    after: dict[str, object] | None


NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?")
NAME_ALLOWED = "1 to 63 letters a to z, digits, dots, hyphens and underscores, not at the ends"


def normalize_name(text: str) -> str | None:
    """An alias of an organization or a name of an administrator; None if it cannot be one."""
    name = text.strip().lower()
    return name if NAME.fullmatch(name) else None
