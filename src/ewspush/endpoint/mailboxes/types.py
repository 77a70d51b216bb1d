"""What requests and answers hold. Spyne's types follow `wsdl/mailboxes.xsd` name by name."""

from collections.abc import Mapping
from typing import Any

from ewspush.endpoint.spyne_compat import ComplexModel, Integer32, Integer64, Unicode
from ewspush.wire.namespaces import MAILBOXES

Members = Mapping[str, Any]  # the elements of a type in their order, and the types of these

TEXT = Unicode(min_occurs=1)
OPTIONAL_TEXT = Unicode
COUNT = Integer32(min_occurs=1)
PAGE = {"Page": Integer32, "PageSize": Integer32}


class Model(ComplexModel):
    """A type of this service."""

    __namespace__ = MAILBOXES


def model(name: str, members: Members) -> type[ComplexModel]:
    """A type of these elements."""
    made: type[ComplexModel] = type(name, (Model,), {"__namespace__": MAILBOXES, **members})
    return made


def list_of(name: str, element: str, of: Any, least: int = 0) -> Any:
    """The type of an element that holds others, `least` or more of them."""
    return model(name, {element: of.customize(min_occurs=least, max_occurs="unbounded")})


def required(of: Any) -> Any:
    """The same type, for an element that is always there."""
    return of.customize(min_occurs=1)


class Organization(Model):
    Id = TEXT
    Alias = TEXT
    Status = TEXT
    CreatedAt = TEXT
    DeletedAt = OPTIONAL_TEXT


class Domain(Model):
    Id = TEXT
    OrganizationId = TEXT
    Name = TEXT
    CreatedAt = TEXT
    DeletedAt = OPTIONAL_TEXT


class User(Model):
    Id = TEXT
    OrganizationId = TEXT
    DomainId = TEXT
    MailboxId = TEXT
    Name = TEXT
    Email = TEXT
    State = TEXT
    CreatedAt = TEXT
    UpdatedAt = TEXT
    DeletionScheduledAt = OPTIONAL_TEXT
    DeletedAt = OPTIONAL_TEXT


class Mailbox(Model):
    Id = TEXT
    OrganizationId = TEXT
    DomainId = TEXT
    UserId = TEXT
    Name = TEXT
    Email = TEXT
    Status = TEXT
    SubscriptionPeriod = TEXT
    SubscriptionPeriodStartedAt = TEXT
    NextSubscriptionPeriod = TEXT
    NextSubscriptionPeriodStartsAt = OPTIONAL_TEXT
    CreatedAt = TEXT
    UpdatedAt = TEXT
    DeletionScheduledAt = OPTIONAL_TEXT


class MailboxAlias(Model):
    Id = TEXT
    Email = TEXT
    MailboxId = TEXT
    Description = OPTIONAL_TEXT
    Status = TEXT
    CreatedAt = TEXT
    UpdatedAt = TEXT


class MailboxPermission(Model):
    MailboxId = TEXT
    DelegateId = TEXT
    DelegateEmail = TEXT
    Permission = TEXT
    GrantedAt = TEXT


class NamedValue(Model):
    Name = TEXT
    Value = OPTIONAL_TEXT


ArrayOfValue = list_of("ArrayOfValue", "Value", NamedValue)


class AuditRecord(Model):
    Id = Integer64(min_occurs=1)
    At = TEXT
    Actor = TEXT
    Origin = TEXT
    Action = TEXT
    OrganizationId = OPTIONAL_TEXT
    Subject = TEXT
    Before = ArrayOfValue
    After = ArrayOfValue


ArrayOfOrganization = list_of("ArrayOfOrganization", "Organization", Organization)
ArrayOfDomain = list_of("ArrayOfDomain", "Domain", Domain)
ArrayOfUser = list_of("ArrayOfUser", "User", User)
ArrayOfMailbox = list_of("ArrayOfMailbox", "Mailbox", Mailbox)
ArrayOfMailboxAlias = list_of("ArrayOfMailboxAlias", "Alias", MailboxAlias)
ArrayOfMailboxPermission = list_of("ArrayOfMailboxPermission", "Permission", MailboxPermission)
ArrayOfAuditRecord = list_of("ArrayOfAuditRecord", "AuditRecord", AuditRecord)

ArrayOfLocalPart = list_of("ArrayOfLocalPart", "Alias", Unicode)
ArrayOfStatus = list_of("ArrayOfStatus", "Status", Unicode)
ArrayOfState = list_of("ArrayOfState", "State", Unicode)


class NewMailbox(Model):
    LocalPart = TEXT
    Password = TEXT
    Name = OPTIONAL_TEXT
    Aliases = ArrayOfLocalPart
    SubscriptionPeriod = OPTIONAL_TEXT


ArrayOfNewMailbox = list_of("ArrayOfNewMailbox", "Mailbox", NewMailbox, least=1)
