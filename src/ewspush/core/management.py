"""What goes wrong in managing mailboxes."""

from enum import StrEnum


class Code(StrEnum):
    """The Code of a fault."""

    ACCESS_DENIED = "AccessDenied"
    ADDRESS_TAKEN = "AddressTaken"
    ALIAS_TAKEN = "AliasTaken"  # of an organization
    ADMINISTRATOR_NOT_FOUND = "AdministratorNotFound"
    DOMAIN_NOT_EMPTY = "DomainNotEmpty"
    DOMAIN_NOT_FOUND = "DomainNotFound"
    DOMAIN_TAKEN = "DomainTaken"
    INTERNAL_ERROR = "InternalError"
    INVALID_REQUEST = "InvalidRequest"  # not of the form that the contract says
    INVALID_VALUE = "InvalidValue"
    LIMIT_EXCEEDED = "LimitExceeded"
    MAILBOX_ALIAS_NOT_FOUND = "MailboxAliasNotFound"
    MAILBOX_NOT_FOUND = "MailboxNotFound"
    NAME_TAKEN = "NameTaken"  # of an administrator
    NOT_ACTIVE = "NotActive"  # the mailbox is to be deleted
    NOT_DELETION_SCHEDULED = "NotDeletionScheduled"
    ORGANIZATION_DELETED = "OrganizationDeleted"
    ORGANIZATION_NOT_FOUND = "OrganizationNotFound"
    PERMISSION_NOT_FOUND = "PermissionNotFound"
    RETENTION_ENDED = "RetentionEnded"
    UNKNOWN_OPERATION = "UnknownOperation"
    USER_NOT_FOUND = "UserNotFound"
    USER_NOT_IN_DIRECTORY = "UserNotInDirectory"
    USER_RECREATED = "UserRecreated"
    WEAK_PASSWORD = "WeakPassword"


class ManagementError(Exception):
    """A request that is refused and changed nothing. `str()` says why.

    `field` is the offending field, as in `Mailboxes[3].LocalPart`; `allowed` says what it may be.
    """

    def __init__(
        self, code: Code, text: str, *, field: str | None = None, allowed: str | None = None
    ) -> None:
        super().__init__(text)
        self.code = code
        self.field = field
        self.allowed = allowed
