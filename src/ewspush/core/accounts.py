"""The life of an account: of a user and their mailbox, which have one status under two names."""

from dataclasses import dataclass
from enum import Enum, IntEnum
from uuid import UUID

from ewspush.core.renewal import Renewal


class AccountStatus(IntEnum):
    """In the order in which mailboxes are listed by status."""

    ACTIVE = 1
    DELETION_SCHEDULED = 2
    DELETED = 3

    @property
    def of_mailbox(self) -> str:
        """The Status of a mailbox."""
        return self.name.lower()

    @property
    def of_user(self) -> str:
        """The State of a user."""
        return _OF_USER[self]


_OF_USER = {
    AccountStatus.ACTIVE: "enabled",
    AccountStatus.DELETION_SCHEDULED: "disabled",
    AccountStatus.DELETED: "deleted",
}


class DeletionCause(IntEnum):
    """Why an account is gone for good."""

    USER_DELETED = 1
    RETENTION_ENDED = 2


class OrderBy(Enum):
    """By what mailboxes are listed."""

    NAME = "name"
    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"
    STATUS = "status"


@dataclass(frozen=True, slots=True)
class Account:
    """A user and their mailbox."""

    mailbox_id: int  # of the mailbox, within the server
    id: UUID  # of the mailbox, for administrators
    user_id: UUID
    organization_id: UUID
    domain_id: UUID
    local_part: str
    address: str
    name: str  # the user's
    status: AccountStatus
    renewal: Renewal
    created_at_s: int
    updated_at_s: int
    deletion_scheduled_at_s: int | None = None
    deleted_at_s: int | None = None
    deletion_cause: DeletionCause | None = None
    due_at_s: int | None = None  # when time itself changes something next


@dataclass(frozen=True, slots=True)
class Alias:
    """Another address of a mailbox."""

    id: UUID
    mailbox_id: int
    domain_id: UUID
    local_part: str
    address: str
    description: str | None
    created_at_s: int
    updated_at_s: int
