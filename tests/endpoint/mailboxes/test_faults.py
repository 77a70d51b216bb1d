"""What is refused: the Code and the Field of each fault."""

import pytest

from ewspush.core.management import Code
from support.checks_for_store import on_sqlite
from support.directory import DAY_S, PASSWORD
from support.managing import BOSS, NOBODYS_ID, element, envelope

USER_IDS = ("DescribeUser", "DisableUser", "EnableUser", "DeleteUser")
MAILBOX_IDS = (
    "GetMailbox",
    "UpdateMailbox",
    "DeleteMailbox",
    "RestoreMailbox",
    "ListMailboxAliases",
    "ListMailboxPermissions",
)
LISTS = (
    "ListOrganizations", "ListDomains", "ListMailboxes", "ListUsers", "ListAuditRecords",
)  # fmt: skip
NEW = {"LocalPart": "new", "Password": PASSWORD}
DOMAIN, MAILBOX, USER, DELETED, DISABLED, ALIAS, OTHERS = (
    "the domain", "a mailbox", "its user", "a deleted one", "a disabled one", "its alias",
    "one of another organization",
)  # fmt: skip

# Each operation with one thing wrong. The words above stand for ids.
REFUSED = [
    # Ids that nobody has
    *((name, {"UserId": NOBODYS_ID}, Code.USER_NOT_FOUND, "UserId") for name in USER_IDS),
    *((n, {"MailboxId": NOBODYS_ID}, Code.MAILBOX_NOT_FOUND, "MailboxId") for n in MAILBOX_IDS),
    ("ChangePassword", {"UserId": NOBODYS_ID, "Password": PASSWORD}, "UserNotFound", "UserId"),
    ("DeleteOrganization", {"OrganizationId": NOBODYS_ID}, "OrganizationNotFound",
     "OrganizationId"),
    ("ListDomains", {"OrganizationId": NOBODYS_ID}, "OrganizationNotFound", "OrganizationId"),
    ("ListMailboxes", {"OrganizationId": NOBODYS_ID}, "OrganizationNotFound", "OrganizationId"),
    ("ListAuditRecords", {"OrganizationId": NOBODYS_ID}, "OrganizationNotFound", "OrganizationId"),
    ("CreateDomain", {"Name": "a.b", "OrganizationId": NOBODYS_ID}, "OrganizationNotFound",
     "OrganizationId"),
    ("DeleteDomain", {"DomainId": NOBODYS_ID}, "DomainNotFound", "DomainId"),
    ("ListUsers", {"DomainId": NOBODYS_ID}, "DomainNotFound", "DomainId"),
    ("CreateUser", {"DomainId": NOBODYS_ID, **NEW}, "DomainNotFound", "DomainId"),
    ("CreateMailboxes", {"DomainId": NOBODYS_ID, "Mailboxes": {"Mailbox": NEW}}, "DomainNotFound",
     "DomainId"),
    ("CreateMailboxAlias", {"MailboxId": NOBODYS_ID, "LocalPart": "b"}, "MailboxNotFound",
     "MailboxId"),
    ("DeleteMailboxAlias", {"AliasId": NOBODYS_ID}, "MailboxAliasNotFound", "AliasId"),
    ("GrantMailboxPermission", {"MailboxId": MAILBOX, "DelegateId": NOBODYS_ID}, "MailboxNotFound",
     "DelegateId"),
    ("GrantMailboxPermission", {"MailboxId": NOBODYS_ID, "DelegateId": MAILBOX}, "MailboxNotFound",
     "MailboxId"),
    ("RevokeMailboxPermission", {"MailboxId": MAILBOX, "DelegateId": DISABLED},
     "PermissionNotFound", "DelegateId"),
    # Pages
    *((name, {"Page": "0"}, Code.INVALID_VALUE, "Page") for name in LISTS),
    *((name, {"Page": "-1"}, Code.INVALID_VALUE, "Page") for name in LISTS),
    *((name, {"PageSize": "0"}, Code.INVALID_VALUE, "PageSize") for name in LISTS),
    *((name, {"PageSize": "1001"}, Code.INVALID_VALUE, "PageSize") for name in LISTS),
    # Names, addresses, passwords, periods
    ("CreateOrganization", {"Alias": "a b"}, "InvalidValue", "Alias"),
    ("CreateOrganization", {"Alias": ""}, "InvalidValue", "Alias"),
    ("CreateOrganization", {"Alias": "ACME"}, "AliasTaken", "Alias"),
    ("CreateDomain", {"Name": "-.example"}, "InvalidValue", "Name"),
    ("CreateDomain", {"Name": "Example.ORG", "OrganizationId": OTHERS}, "DomainTaken", "Name"),
    ("CreateDomain", {"Name": "new.example"}, "InvalidValue", "OrganizationId"),
    ("CreateUser", {"DomainId": DOMAIN, **NEW, "LocalPart": "a b"}, "InvalidValue", "LocalPart"),
    ("CreateUser", {"DomainId": DOMAIN, **NEW, "LocalPart": ""}, "InvalidValue", "LocalPart"),
    ("CreateUser", {"DomainId": DOMAIN, **NEW, "LocalPart": "x" * 65}, "InvalidValue", "LocalPart"),
    ("CreateUser", {"DomainId": DOMAIN, **NEW, "LocalPart": "USER"}, "AddressTaken", "LocalPart"),
    ("CreateUser", {"DomainId": DOMAIN, **NEW, "LocalPart": "Sales"}, "AddressTaken", "LocalPart"),
    ("CreateUser", {"DomainId": DOMAIN, **NEW, "Name": "x" * 257}, "InvalidValue", "Name"),
    ("CreateUser", {"DomainId": DOMAIN, **NEW, "Password": "short"}, "WeakPassword", "Password"),
    ("CreateUser", {"DomainId": DOMAIN, **NEW, "Aliases": {"Alias": ["b", "sales"]}},
     "AddressTaken", "Aliases[2]"),
    ("CreateUser", {"DomainId": DOMAIN, **NEW, "SubscriptionPeriod": "canceled"}, "InvalidValue",
     "SubscriptionPeriod"),
    ("ChangePassword", {"UserId": USER, "Password": "short"}, "WeakPassword", "Password"),
    ("UpdateMailbox", {"MailboxId": MAILBOX, "NewPassword": ""}, "WeakPassword", "NewPassword"),
    ("UpdateMailbox", {"MailboxId": MAILBOX}, "InvalidValue", "SubscriptionPeriod"),
    ("ListMailboxes", {"DomainId": DOMAIN, "Search": "x" * 257}, "InvalidValue", "Search"),
    ("CreateMailboxAlias", {"MailboxId": MAILBOX, "LocalPart": "@"}, "InvalidValue", "LocalPart"),
    ("CreateMailboxAlias", {"MailboxId": MAILBOX, "LocalPart": "user"}, "AddressTaken",
     "LocalPart"),
    ("CreateMailboxAlias", {"MailboxId": MAILBOX, "LocalPart": "b", "Description": "x" * 1025},
     "InvalidValue", "Description"),
    ("GrantMailboxPermission", {"MailboxId": MAILBOX, "DelegateId": MAILBOX}, "InvalidValue",
     "DelegateId"),
    # What is not active, or is
    ("DeleteDomain", {"DomainId": DOMAIN}, "DomainNotEmpty", "DomainId"),
    ("UpdateMailbox", {"MailboxId": DISABLED, "SubscriptionPeriod": "yearly"}, "NotActive",
     "MailboxId"),
    ("CreateMailboxAlias", {"MailboxId": DISABLED, "LocalPart": "b"}, "NotActive", "MailboxId"),
    ("GrantMailboxPermission", {"MailboxId": MAILBOX, "DelegateId": DISABLED}, "NotActive",
     "DelegateId"),
    ("GrantMailboxPermission", {"MailboxId": DISABLED, "DelegateId": MAILBOX}, "NotActive",
     "MailboxId"),
    ("RestoreMailbox", {"MailboxId": MAILBOX}, "NotDeletionScheduled", "MailboxId"),
    ("EnableUser", {"UserId": USER}, "NotDeletionScheduled", "UserId"),
    ("RestoreMailbox", {"MailboxId": DELETED}, "UserNotInDirectory", "MailboxId"),
    ("DeleteMailbox", {"MailboxId": DELETED}, "UserNotInDirectory", "MailboxId"),
    # Subjects of the audit log
    *(("ListAuditRecords", {"Subject": subject}, Code.INVALID_VALUE, "Subject") for subject in (
        "", "mailbox", NOBODYS_ID, f"mailbox  {NOBODYS_ID}", f"user {NOBODYS_ID}",
        f"mailbox {NOBODYS_ID.replace('-', '')}", f"mailbox {NOBODYS_ID} ", "mailbox user",
        "administrator", "administrator a b", f"domain {{{NOBODYS_ID}}}",
    )),
]  # fmt: skip


@pytest.fixture
def ids(service):
    """What the words in REFUSED stand for."""
    user, disabled, deleted = service.create("user", "disabled", "deleted")
    service.ask("DeleteMailbox", MailboxId=disabled)
    service.ask("DeleteUser", UserId=user_of(service, deleted))
    alias = service.ask("CreateMailboxAlias", MailboxId=user, LocalPart="sales")
    other = service.ask("CreateOrganization", Alias="other")
    return {
        DOMAIN: service.domain_id,
        MAILBOX: user,
        USER: user_of(service, user),
        DISABLED: disabled,
        DELETED: deleted,
        ALIAS: alias["Alias/Id"],
        OTHERS: other["Organization/Id"],
    }


def user_of(service, mailbox_id):
    return service.ask("GetMailbox", MailboxId=mailbox_id)["Mailbox/UserId"]


def resolved(given, ids):
    return {name: ids.get(v, v) if isinstance(v, str) else v for name, v in given.items()}


@on_sqlite
@pytest.mark.parametrize(
    ("operation", "given", "code", "field"), REFUSED, ids=lambda value: str(value)[:60]
)
def test_a_wrong_request_is_refused_and_changes_nothing(
    service, ids, operation, given, code, field
):
    before = service.ask("ListAuditRecords")["TotalCount"]
    answer = service.ask(operation, **resolved(given, ids))
    assert answer.refusal == (code, field)
    assert answer["Message"]
    assert answer.get("Allowed") or code == Code.USER_NOT_IN_DIRECTORY
    assert service.ask("ListAuditRecords")["TotalCount"] == before


ONE_WRONG = [
    ({"LocalPart": "a b"}, "InvalidValue", "Mailboxes[2].LocalPart"),
    ({"LocalPart": "USER"}, "AddressTaken", "Mailboxes[2].LocalPart"),
    ({"LocalPart": "one"}, "AddressTaken", "Mailboxes[2].LocalPart"),
    ({"Password": "short"}, "WeakPassword", "Mailboxes[2].Password"),
    ({"Name": "x" * 257}, "InvalidValue", "Mailboxes[2].Name"),
    ({"Aliases": {"Alias": ["x", "ONE"]}}, "AddressTaken", "Mailboxes[2].Aliases[2]"),
    ({"Aliases": {"Alias": ["new"]}}, "AddressTaken", "Mailboxes[2].Aliases[1]"),
    ({"SubscriptionPeriod": "canceled"}, "InvalidValue", "Mailboxes[2].SubscriptionPeriod"),
    ({"SubscriptionPeriod": "weekly"}, "InvalidRequest", "Mailboxes[2].SubscriptionPeriod"),
    ({"LocalPart": "x" * 1025}, "InvalidRequest", "Mailboxes[2].LocalPart"),
    ({"Password": "x" * 1025}, "InvalidRequest", "Mailboxes[2].Password"),
    ({"Aliases": {"Alias": ["x"] * 101}}, "InvalidRequest", "Mailboxes[2].Aliases[101]"),
    ({"Aliases": {"Alias": ["x", "y" * 1025]}}, "InvalidRequest", "Mailboxes[2].Aliases[2]"),
]


@on_sqlite
@pytest.mark.parametrize(("wrong", "code", "field"), ONE_WRONG, ids=lambda value: str(value)[:40])
def test_of_several_mailboxes_the_wrong_one_is_told_and_none_is_created(
    service, ids, wrong, code, field
):
    good = [{**NEW, "LocalPart": name} for name in ("one", "three")]
    wanted = [good[0], NEW | wrong, good[1]]
    answer = service.ask(
        "CreateMailboxes", DomainId=service.domain_id, Mailboxes={"Mailbox": wanted}
    )
    assert answer.refusal == (code, field)
    listed = service.ask("ListMailboxes", DomainId=service.domain_id, Search="one")
    assert listed["TotalCount"] == "0"


def test_a_canceled_period_for_all_is_refused(service):
    answer = service.ask(
        "CreateMailboxes",
        DomainId=service.domain_id,
        SubscriptionPeriod="canceled",
        Mailboxes={"Mailbox": NEW},
    )
    assert answer.refusal[0] == "InvalidValue"
    assert answer["Allowed"] == "monthly or yearly"


# Why something cannot be restored


def scheduled(service):
    (id,) = service.create("user")
    service.ask("DeleteMailbox", MailboxId=id)
    return id


def run_out(service, _):
    service.world.now_s += 30 * DAY_S


def delete_organization(service, _):
    service.ask("DeleteOrganization", OrganizationId=service.organization_id)


def delete_user(service, id):
    service.ask("DeleteUser", UserId=user_of(service, id))


def create_anew(service, id):
    delete_user(service, id)
    service.create("user")


@pytest.mark.parametrize(
    ("happened", "code"),
    [
        (run_out, "RetentionEnded"),
        (delete_organization, "OrganizationDeleted"),
        (delete_user, "UserNotInDirectory"),
        (create_anew, "UserRecreated"),
    ],
)
@pytest.mark.parametrize("operation", ["RestoreMailbox", "EnableUser"])
def test_what_cannot_be_restored_says_why(service, happened, code, operation):
    id = scheduled(service)
    user_id = user_of(service, id)
    happened(service, id)
    of = {"MailboxId": id} if operation == "RestoreMailbox" else {"UserId": user_id}
    answer = service.ask(operation, **of)
    assert answer.refusal == (code, *of)
    assert "user@example.org" in answer["Message"]


def test_a_comment_before_the_id_changes_nothing(service):
    (id,) = service.create("user")
    asked = f"<RestoreMailbox><!-- now --><MailboxId>{id}</MailboxId></RestoreMailbox>"
    assert service.send(envelope(asked)).refusal == ("NotDeletionScheduled", "MailboxId")


def test_nothing_is_created_in_what_was_deleted(service):
    delete_organization(service, None)
    created = service.ask("CreateDomain", Name="a.b", OrganizationId=service.organization_id)
    assert created.refusal == ("OrganizationDeleted", "OrganizationId")
    user = service.create_user()
    assert user.refusal == ("OrganizationDeleted", "OrganizationId")


def test_a_mailbox_has_only_so_many_aliases(service):
    (id,) = service.create("user", Aliases={"Alias": [f"alias{n}" for n in range(100)]})
    answer = service.ask("CreateMailboxAlias", MailboxId=id, LocalPart="another")
    assert answer.refusal == ("LimitExceeded", "MailboxId")


@pytest.mark.parametrize(
    ("operation", "given"),
    [("CreateOrganization", {"Alias": "new"}), ("DeleteOrganization", {"OrganizationId": None})],
)
def test_an_administrator_of_one_organization_has_no_say_in_organizations(
    service, operation, given
):
    own = service.organization_id
    answer = service.ask(
        operation,
        service.administrator_of(own),
        **{name: value or own for name, value in given.items()},
    )
    assert answer.refusal == ("AccessDenied", None)


# What the contract does not allow

MALFORMED = [
    ("<GetMailbox/>", "MailboxId", None),
    ("<GetMailbox><MailboxId>1</MailboxId></GetMailbox>", "MailboxId", "a UUID"),
    ("<GetMailbox><MailboxId/></GetMailbox>", "MailboxId", "a UUID"),
    ("<GetMailbox><Id/></GetMailbox>", "Id", "in this place: MailboxId"),
    ("<ListOrganizations><PageSize>1</PageSize><Page>1</Page></ListOrganizations>", "Page", None),
    ("<UpdateMailbox><NewPassword/></UpdateMailbox>", "NewPassword", "in this place: MailboxId"),
    ("<ListUsers><Direction>ascending</Direction><Search>x</Search></ListUsers>", "Search",
     "in this place: Page or PageSize"),
    (f"<GetMailbox>{element('MailboxId', NOBODYS_ID) * 2}</GetMailbox>", "MailboxId", None),
    (f"<GetMailbox>x{element('MailboxId', NOBODYS_ID)}</GetMailbox>", None, None),
    ("<GetMailbox a='b'/>", None, None),
    ("<ListMailboxes><Page>x</Page></ListMailboxes>", "Page", "a whole number from 1"),
    ("<ListMailboxes><Page>1.0</Page></ListMailboxes>", "Page", "a whole number"),
    ("<ListMailboxes><Page>2147483648</Page></ListMailboxes>", "Page",
     "a whole number from 1 to 2147483647"),
    ("<ListUsers><PageSize>2147483648</PageSize></ListUsers>", "PageSize",
     "a whole number, 1 to 1000"),
    ("<ListMailboxes><OrderBy>size</OrderBy></ListMailboxes>", "OrderBy",
     "name, created_at, updated_at, status"),
    ("<ListMailboxes><Direction>up</Direction></ListMailboxes>", "Direction",
     "ascending, descending"),
    ("<ListMailboxes><Statuses><Status>active</Status><Status>new</Status></Statuses>"
     "</ListMailboxes>", "Statuses[2]", "active, deletion_scheduled, deleted"),
    ("<ListUsers><States><State>active</State></States></ListUsers>", "States[1]",
     "enabled, disabled, deleted"),
    (element("ListMailboxes", {"Search": "x" * 1025}), "Search", "at most 1024 characters"),
    (element("CreateOrganization", {"Alias": "x" * 1025}), "Alias", "at most 1024 characters"),
    (element("CreateMailboxes", {"DomainId": NOBODYS_ID}), "Mailboxes", None),
    (element("CreateMailboxes", {"DomainId": NOBODYS_ID, "Mailboxes": {}}), "Mailboxes.Mailbox",
     None),
    (element("CreateMailboxes", {"DomainId": NOBODYS_ID, "Mailboxes": {"Mailbox": {}}}),
     "Mailboxes[1].LocalPart", None),
    (element("CreateMailboxes", {"DomainId": NOBODYS_ID, "Mailboxes": {"Mailbox": [NEW] * 1001}}),
     "Mailboxes[1001]", None),
    ("<ListOrganizations><x xmlns='y'/></ListOrganizations>", "x", None),
]  # fmt: skip


@on_sqlite
@pytest.mark.parametrize(("body", "field", "allowed"), MALFORMED, ids=lambda value: str(value)[:60])
def test_what_the_contract_does_not_allow_is_an_invalid_request(service, body, field, allowed):
    answer = service.send(envelope(body))
    assert answer.refusal == ("InvalidRequest", field)
    assert (answer.get("Allowed") or "").startswith(allowed or "")


def test_a_thousand_mailboxes_are_no_error(service):
    wanted = [{**NEW, "LocalPart": f"user{n}"} for n in range(1000)]
    answer = service.ask(
        "CreateMailboxes", BOSS, DomainId=service.domain_id, Mailboxes={"Mailbox": wanted}
    )
    assert len(answer.all("Mailboxes/Mailbox")) == 1000
