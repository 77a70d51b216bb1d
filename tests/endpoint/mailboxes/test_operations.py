"""Every operation, asked for rightly."""

from uuid import UUID

import pytest

from ewspush.core import times
from ewspush.operations.management import administrators
from support.checks_for_store import NOW_S
from support.directory import DAY_S, PASSWORD
from support.managing import BOSS, NOBODYS_ID

NOW = times.to_text(NOW_S)


def at(seconds_later):
    return times.to_text(NOW_S + seconds_later)


# Organizations and domains


def test_an_organization_is_created_listed_and_deleted(service):
    created = service.ask("CreateOrganization", Alias=" Umbrella ")
    assert created["Organization/Alias"] == "umbrella"
    assert created["Organization/Status"] == "active"
    assert created["Organization/CreatedAt"] == NOW
    assert created.get("Organization/DeletedAt") is None
    listed = service.ask("ListOrganizations")
    assert listed.all("Organizations/Organization/Alias") == ["acme", "umbrella"]
    deleted = service.ask("DeleteOrganization", OrganizationId=created["Organization/Id"])
    assert (deleted["Organization/Status"], deleted["Organization/DeletedAt"]) == ("deleted", NOW)
    assert service.ask("ListOrganizations")["TotalCount"] == "1"


def test_a_domain_is_created_listed_and_deleted(service):
    created = service.ask(
        "CreateDomain", Name="Bücher.Example", OrganizationId=service.organization_id
    )
    assert created["Domain/Name"] == "bücher.example"
    assert created["Domain/OrganizationId"] == service.organization_id
    listed = service.ask("ListDomains", OrganizationId=service.organization_id)
    assert listed.all("Domains/Domain/Name") == ["bücher.example", "example.org"]
    deleted = service.ask("DeleteDomain", DomainId=created["Domain/Id"])
    assert deleted["Domain/Id"] == created["Domain/Id"]
    assert service.ask("ListDomains").all("Domains/Domain/Name") == ["example.org"]


@pytest.mark.parametrize(
    ("operation", "entries"),
    [("ListOrganizations", "Organizations/Organization"), ("ListDomains", "Domains/Domain")],
)
def test_what_is_listed_comes_in_pages(service, operation, entries):
    for n in range(4):
        service.ask("CreateOrganization", Alias=f"other{n}")
        service.ask("CreateDomain", Name=f"d{n}.example", OrganizationId=service.organization_id)
    pages = [service.ask(operation, Page=n, PageSize=2) for n in (1, 2, 3, 4)]
    assert [len(page.all(f"{entries}/Id")) for page in pages] == [2, 2, 1, 0]
    assert {page["TotalCount"] for page in pages} == {"5"}


# Mailboxes


def test_a_mailbox_has_every_field_of_the_document(service):
    (id,) = service.create("user", Name="Ursula", SubscriptionPeriod="yearly")
    found = service.ask("GetMailbox", MailboxId=id)
    fields = {each.tag.rpartition("}")[2]: each.text for each in found.content[0]}
    assert UUID(fields.pop("UserId"))
    assert fields == {
        "Id": id,
        "OrganizationId": service.organization_id,
        "DomainId": service.domain_id,
        "Name": "Ursula",
        "Email": "user@example.org",
        "Status": "active",
        "SubscriptionPeriod": "yearly",
        "SubscriptionPeriodStartedAt": NOW,
        "NextSubscriptionPeriod": "yearly",
        "NextSubscriptionPeriodStartsAt": at(365 * DAY_S),
        "CreatedAt": NOW,
        "UpdatedAt": NOW,
    }


def test_several_mailboxes_are_created_with_a_period_for_all_and_some_with_their_own(service):
    answer = service.ask(
        "CreateMailboxes",
        DomainId=service.domain_id,
        SubscriptionPeriod="yearly",
        Mailboxes={
            "Mailbox": [
                {"LocalPart": "A", "Password": PASSWORD},
                {"LocalPart": "b", "Password": PASSWORD, "SubscriptionPeriod": "monthly"},
                {"LocalPart": "c", "Password": PASSWORD, "Aliases": {"Alias": ["d", "é"]}},
            ]
        },
    )
    assert answer.all("Mailboxes/Mailbox/Email") == [f"{name}@example.org" for name in "abc"]
    assert answer.all("Mailboxes/Mailbox/Name") == ["a", "b", "c"]
    periods = answer.all("Mailboxes/Mailbox/SubscriptionPeriod")
    assert periods == ["yearly", "monthly", "yearly"]
    (*_, last) = answer.all("Mailboxes/Mailbox/Id")
    aliases = service.ask("ListMailboxAliases", MailboxId=last)
    assert aliases.all("Aliases/Alias/Email") == ["d@example.org", "é@example.org"]


@pytest.mark.parametrize("operation", ["CreateMailboxes", "CreateUser"])
def test_they_are_created_in_the_domain_whose_uuid_is_given(service, operation):
    others = [
        service.ask("CreateDomain", Name=name, OrganizationId=service.organization_id)["Domain/Id"]
        for name in ("a.example", "b.example")
    ]
    new = {"LocalPart": "user", "Password": PASSWORD}
    of_request = {"Mailboxes": {"Mailbox": new}} if operation == "CreateMailboxes" else new
    for domain, name in zip(others, ("a.example", "b.example"), strict=True):
        created = service.ask(operation, DomainId=domain.upper(), **of_request)
        of = "Mailboxes/Mailbox" if operation == "CreateMailboxes" else "User"
        assert (created[f"{of}/DomainId"], created[f"{of}/Email"]) == (domain, f"user@{name}")
    assert service.ask("ListMailboxes", DomainId=service.domain_id)["TotalCount"] == "0"


def test_without_a_period_it_is_monthly(service):
    (id,) = service.create("user")
    assert service.ask("GetMailbox", MailboxId=id)["Mailbox/SubscriptionPeriod"] == "monthly"
    user = service.create_user("other")["User/MailboxId"]
    assert service.ask("GetMailbox", MailboxId=user)["Mailbox/SubscriptionPeriod"] == "monthly"


def test_a_new_period_is_the_next_one_and_begins_when_this_one_ends(service):
    (id,) = service.create("user", SubscriptionPeriod="yearly")
    updated = service.ask("UpdateMailbox", MailboxId=id, SubscriptionPeriod="monthly")
    assert updated["Mailbox/SubscriptionPeriod"] == "yearly"
    assert updated["Mailbox/NextSubscriptionPeriod"] == "monthly"
    service.world.now_s += 365 * DAY_S
    later = service.ask("GetMailbox", MailboxId=id)
    assert later["Mailbox/SubscriptionPeriod"] == "monthly"
    assert later["Mailbox/SubscriptionPeriodStartedAt"] == at(365 * DAY_S)
    assert later["Mailbox/NextSubscriptionPeriodStartsAt"] == at((365 + 30) * DAY_S)


def test_a_canceled_mailbox_has_no_next_period_once_it_has_ended(service):
    (id,) = service.create("user")
    updated = service.ask("UpdateMailbox", MailboxId=id, SubscriptionPeriod="canceled")
    assert updated["Mailbox/SubscriptionPeriod"] == "monthly"
    assert updated["Mailbox/NextSubscriptionPeriod"] == "canceled"
    assert updated["Mailbox/NextSubscriptionPeriodStartsAt"] == at(30 * DAY_S)
    service.world.now_s += 31 * DAY_S
    ended = service.ask("GetMailbox", MailboxId=id)
    assert ended["Mailbox/SubscriptionPeriod"] == "canceled"
    assert ended.get("Mailbox/NextSubscriptionPeriodStartsAt") is None


@pytest.mark.parametrize("password", ["new password", "  spaces around ", "<&>'\"ünïcode"])
def test_passwords_are_taken_as_they_are(service, monkeypatch, password):
    hashed = []
    monkeypatch.setattr(
        type(service.world.management),
        "hash_passwords",
        lambda _, given: [hashed.append(each) or "-" for each in given],
    )
    service.create("user", Password=password)
    user = service.create_user("other")
    service.ask("UpdateMailbox", MailboxId=user["User/MailboxId"], NewPassword=password)
    service.ask("ChangePassword", UserId=user["User/Id"], Password=password)
    assert hashed == [password, PASSWORD, password, password]


def test_a_deleted_mailbox_is_restored_as_it_was(service):
    (id,) = service.create("user")
    before = service.ask("GetMailbox", MailboxId=id)
    deleted = service.ask("DeleteMailbox", MailboxId=id)
    assert deleted["Mailbox/Status"] == "deletion_scheduled"
    assert deleted["Mailbox/DeletionScheduledAt"] == at(30 * DAY_S)
    restored = service.ask("RestoreMailbox", MailboxId=id)
    assert restored["Mailbox/Status"] == "active"
    assert service.ask("GetMailbox", MailboxId=id).reply.body == before.reply.body


LISTING = [
    ({}, ["a", "b", "c"]),
    ({"Statuses": {"Status": ["active"]}}, ["a", "c"]),
    ({"Statuses": {"Status": ["deletion_scheduled"]}}, ["b"]),
    ({"Statuses": {"Status": ["deleted"]}}, ["d"]),
    ({"Statuses": {"Status": ["deleted", "active"]}}, ["a", "c", "d"]),
    ({"Statuses": {}}, ["a", "b", "c"]),
    ({"Search": "C@"}, []),
    ({"Search": "Bella"}, ["b"]),
    ({"OrderBy": "name"}, ["a", "b", "c"]),
    ({"Direction": "descending"}, ["c", "b", "a"]),
    ({"OrderBy": "created_at", "Direction": "descending"}, ["c", "b", "a"]),
    ({"OrderBy": "updated_at", "Direction": "ascending"}, ["a", "c", "b"]),
    ({"OrderBy": "status", "Direction": "descending"}, ["b", "c", "a"]),
    ({"Page": "2", "PageSize": "2"}, ["c"]),
    ({"Page": "9"}, []),
]
NAMES = {"b": "Bella"}


@pytest.fixture
def listed(service):
    """Mailboxes a to d: b is to be deleted, and d is."""
    users = {}
    for name in "abcd":
        service.world.now_s += 10
        (id,) = service.create(name, Name=NAMES.get(name, name))
        users[name] = service.ask("GetMailbox", MailboxId=id)["Mailbox/UserId"]
    service.world.now_s += 10
    service.ask("DisableUser", UserId=users["b"])
    service.ask("DeleteUser", UserId=users["d"])
    return service


STATES = {"active": "enabled", "deletion_scheduled": "disabled", "deleted": "deleted"}


@pytest.mark.parametrize(("request_", "expected"), LISTING, ids=lambda value: str(value)[:40])
def test_mailboxes_and_users_are_listed_alike(listed, request_, expected):
    emails = [f"{name}@example.org" for name in expected]
    assert listed.ask("ListMailboxes", **request_).all("Mailboxes/Mailbox/Email") == emails
    if "Statuses" in request_:
        wanted = [STATES[each] for each in request_["Statuses"].get("Status", ())]
        request_ = {"States": {"State": wanted}}
    assert listed.ask("ListUsers", **request_).all("Users/User/Email") == emails


@pytest.mark.parametrize("operation", ["ListMailboxes", "ListUsers"])
def test_the_total_count_is_without_pagination(listed, operation):
    assert listed.ask(operation, Page="3", PageSize="1")["TotalCount"] == "3"


def test_mailboxes_are_listed_of_one_domain_or_of_the_organization(service):
    other = service.ask("CreateDomain", Name="b.example", OrganizationId=service.organization_id)
    domain = other["Domain/Id"]
    service.create("user")
    service.ask("CreateUser", DomainId=domain, LocalPart="other", Password=PASSWORD)
    of_all = service.ask("ListMailboxes", OrganizationId=service.organization_id)
    assert of_all["TotalCount"] == "2"
    of_one = service.ask("ListMailboxes", DomainId=domain)
    assert of_one.all("Mailboxes/Mailbox/Email") == ["other@b.example"]


# Users


def test_a_user_goes_through_life(service):
    user = service.create_user()
    id = user["User/Id"]
    assert user["User/State"] == "enabled"
    assert user["User/Email"] == "user@example.org"
    disabled = service.ask("DisableUser", UserId=id)
    assert disabled["User/State"] == "disabled"
    assert disabled["User/DeletionScheduledAt"] == at(30 * DAY_S)
    assert service.ask("EnableUser", UserId=id)["User/State"] == "enabled"
    deleted = service.ask("DeleteUser", UserId=id)
    assert (deleted["User/State"], deleted["User/DeletedAt"]) == ("deleted", NOW)
    assert service.ask("DescribeUser", UserId=id)["User/State"] == "deleted"
    again = service.create_user()
    assert again["User/Id"] != id
    assert again["User/MailboxId"] != user["User/MailboxId"]


def test_a_users_mailbox_has_their_name_aliases_and_period(service):
    user = service.ask(
        "CreateUser",
        DomainId=service.domain_id,
        LocalPart="user",
        Password=PASSWORD,
        Name="Ursula",
        Aliases={"Alias": ["sales"]},
        SubscriptionPeriod="yearly",
    )
    mailbox = service.ask("GetMailbox", MailboxId=user["User/MailboxId"])
    assert mailbox["Mailbox/UserId"] == user["User/Id"]
    assert mailbox["Mailbox/Name"] == user["User/Name"] == "Ursula"
    assert mailbox["Mailbox/SubscriptionPeriod"] == "yearly"
    aliases = service.ask("ListMailboxAliases", MailboxId=user["User/MailboxId"])
    assert aliases.all("Aliases/Alias/Email") == ["sales@example.org"]


# Aliases and permissions


def test_an_alias_has_every_field_of_the_document(service):
    (id,) = service.create("user")
    created = service.ask(
        "CreateMailboxAlias", MailboxId=id, LocalPart="Sales", Description="all of it"
    )
    fields = {each.tag.rpartition("}")[2]: each.text for each in created.content[0]}
    alias = fields.pop("Id")
    assert UUID(alias)
    assert fields == {
        "Email": "sales@example.org",
        "MailboxId": id,
        "Description": "all of it",
        "Status": "active",
        "CreatedAt": NOW,
        "UpdatedAt": NOW,
    }
    service.ask("DeleteMailbox", MailboxId=id)
    kept = service.ask("ListMailboxAliases", MailboxId=id)
    assert (kept["Aliases/Alias/Id"], kept["Aliases/Alias/Status"]) == (alias, "deletion_scheduled")
    service.ask("RestoreMailbox", MailboxId=id)
    assert service.ask("DeleteMailboxAlias", AliasId=alias).status == 200
    assert service.ask("ListMailboxAliases", MailboxId=id).all("Aliases/Alias") == []


def test_a_permission_is_granted_listed_and_revoked(service):
    ids = dict(zip(("MailboxId", "DelegateId"), service.create("owner", "delegate"), strict=True))
    granted = service.ask("GrantMailboxPermission", **ids)
    fields = {each.tag.rpartition("}")[2]: each.text for each in granted.content[0]}
    assert fields == {
        **ids,
        "DelegateEmail": "delegate@example.org",
        "Permission": "full_access",
        "GrantedAt": NOW,
    }
    service.world.now_s += 10
    again = service.ask("GrantMailboxPermission", **ids)
    assert again["Permission/GrantedAt"] == NOW
    listed = service.ask("ListMailboxPermissions", MailboxId=ids["MailboxId"])
    assert listed.all("Permissions/Permission/DelegateId") == [ids["DelegateId"]]
    assert service.ask("RevokeMailboxPermission", **ids).status == 200
    left = service.ask("ListMailboxPermissions", MailboxId=ids["MailboxId"])
    assert left.all("Permissions/Permission") == []


# The audit log


def test_changes_are_in_the_audit_log_with_who_and_from_where(service):
    (id,) = service.create("user")
    service.ask("UpdateMailbox", MailboxId=id, SubscriptionPeriod="yearly", NewPassword=PASSWORD)
    records = service.ask("ListAuditRecords", Subject=f"mailbox {id}")
    assert records.all("AuditRecords/AuditRecord/Action") == ["mailbox.update", "mailbox.create"]
    assert set(records.all("AuditRecords/AuditRecord/Actor")) == {"boss"}
    assert set(records.all("AuditRecords/AuditRecord/Origin")) == {"192.0.2.7"}
    assert set(records.all("AuditRecords/AuditRecord/At")) == {NOW}
    newest = records.content[0][0]
    before, after = (
        {value[0].text: value[1].text for value in part if len(value) == 2} for part in newest[-2:]
    )
    assert before["next_subscription_period"] == "monthly"
    assert after["next_subscription_period"] == "yearly"
    assert after["password_changed"] == "true"
    assert PASSWORD.encode() not in records.reply.body


def test_a_subject_is_a_kind_and_an_id_in_any_case(service):
    (id,) = service.create("user")
    administrators.create(service.world.management, BOSS, "root", PASSWORD)
    for subject in (
        f"mailbox {id}",
        f"organization {service.organization_id}",
        f"domain {service.domain_id}",
        "administrator root",
    ):
        for written in (subject, subject.upper(), subject.title()):
            found = service.ask("ListAuditRecords", Subject=written)
            assert found.all("AuditRecords/AuditRecord/Subject") == [subject]


def test_the_audit_log_comes_in_pages_and_of_one_organization(service):
    other = service.ask("CreateOrganization", Alias="other")["Organization/Id"]
    assert service.ask("ListAuditRecords", OrganizationId=other)["TotalCount"] == "1"
    pages = [service.ask("ListAuditRecords", Page=n, PageSize=1) for n in (1, 2, 3)]
    actions = [page["AuditRecords/AuditRecord/Action"] for page in pages]
    assert actions == ["organization.create", "domain.create", "organization.create"]
    assert {page["TotalCount"] for page in pages} == {"3"}


# Administrators of one organization


def test_an_administrator_of_one_organization_sees_nothing_else(service):
    (id,) = service.create("user")
    other = service.ask("CreateOrganization", Alias="other")["Organization/Id"]
    limited = service.administrator_of(other)
    assert service.ask("ListOrganizations", limited)["TotalCount"] == "1"
    assert service.ask("ListDomains", limited)["TotalCount"] == "0"
    assert service.ask("ListMailboxes", limited)["TotalCount"] == "0"
    assert service.ask("ListAuditRecords", limited)["TotalCount"] == "1"
    refused = service.ask("GetMailbox", limited, MailboxId=id)
    unknown = service.ask("GetMailbox", limited, MailboxId=NOBODYS_ID)
    assert refused.reply.body == unknown.reply.body.replace(NOBODYS_ID.encode(), id.encode())
