"""The commands of the management: names of things, what a new mailbox needs, records."""

import os
import pwd
import socket

import pytest

from ewspush.control import CommandError, operators
from ewspush.control.commands import Commands
from ewspush.core.events import EventType, event_filter
from ewspush.core.times import to_text
from ewspush.operations.management.context import Management, Policy
from ewspush.store import impersonation, mailboxes, pull_subscriptions, subscriptions
from ewspush.store.pull_subscriptions import PullSubscription
from support.checks_for_store import NOW_S, log_events, subscription
from support.directory import DAY_S, PASSWORD, hash_nothing

ANN, BOB = "ann@example.org", "bob@example.org"
NEVER = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"

on_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


class Clock:
    """Time under control."""

    now_s = NOW_S

    def __call__(self):
        return self.now_s


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def commands(database, clock):
    policy = Policy(retention_s=30 * DAY_S, shortest_password=8)
    return Commands(Management(database, clock, policy, hash_nothing))


@pytest.fixture
def call(commands):
    """Gives a command, as this process's user."""

    def call(command, **arguments):
        return commands.by_name(os.geteuid())[command](**arguments)

    return call


@pytest.fixture
def create(call):
    def create(*addresses, **arguments):
        return call("mailbox.create", addresses=addresses, **arguments)

    return create


def refused(call, command, **arguments):
    with pytest.raises(CommandError) as error:
        call(command, **arguments)
    return error.value


def listed(call, **arguments):
    return [each["email"] for each in call("mailbox.list", **arguments)["mailboxes"]]


def names(call, kind, key):
    return [each[key] for each in call(f"{kind}.list")]


# What a new mailbox needs


def test_the_first_mailbox_makes_its_domain_in_the_organization_default(call, create):
    (created,) = create("Ann@Example.ORG")
    assert created["email"] == ANN
    assert names(call, "domain", "name") == ["example.org"]
    assert names(call, "org", "alias") == ["default"]


@on_sqlite
def test_a_domain_is_made_in_the_only_organization_there_is(call, create):
    org = call("org.create", alias="acme")
    (created,) = create(ANN)
    assert created["organization_id"] == org["id"]


@on_sqlite
def test_of_several_organizations_one_is_named(call, create):
    call("org.create", alias="acme")
    other = call("org.create", alias="other")
    assert refused(call, "mailbox.create", addresses=[ANN]).field == "OrganizationId"
    for n, name in enumerate(("OTHER", other["id"])):
        (created,) = create(f"user@example{n}.org", organization=name)
        assert created["organization_id"] == other["id"]
    (again,) = create("more@example1.org")  # whose domain tells the organization
    assert again["organization_id"] == other["id"]


@on_sqlite
def test_a_domain_of_another_organization_is_refused(call, create):
    for alias in ("acme", "other"):
        call("org.create", alias=alias)
    create(ANN, organization="acme")
    error = refused(call, "mailbox.create", addresses=[BOB], organization="other")
    assert (error.code, error.field) == ("InvalidValue", "OrganizationId")


@on_sqlite
def test_a_refused_mailbox_leaves_no_domain(call):
    error = refused(call, "mailbox.create", addresses=[ANN], passwords=["short"])
    assert (error.code, error.field) == ("WeakPassword", "Mailboxes[1].Password")
    assert names(call, "domain", "name") == []


@on_sqlite
def test_a_refused_mailbox_leaves_a_domain_that_was_there(call):
    call("domain.create", name="example.org")
    refused(call, "mailbox.create", addresses=[ANN], passwords=["short"])
    assert names(call, "domain", "name") == ["example.org"]


def test_several_mailboxes_are_created_all_or_none(call, create):
    created = create(ANN, BOB, period="yearly")
    assert [each["email"] for each in created] == [ANN, BOB]
    assert {each["subscription_period"] for each in created} == {"yearly"}
    assert len({each["password"] for each in created}) == 2
    error = refused(call, "mailbox.create", addresses=["carol@example.org", ANN.upper()])
    assert (error.code, error.field) == ("AddressTaken", "Mailboxes[2].LocalPart")
    assert listed(call) == [ANN, BOB]


@on_sqlite
@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"addresses": []}, "Mailboxes"),
        ({"addresses": [ANN, "ann@example.com"]}, "Mailboxes[2].Email"),
        ({"addresses": [ANN, "nobody"]}, "Mailboxes[2].Email"),
        ({"addresses": ["a b@example.org"]}, "Mailboxes[1].Email"),
        ({"addresses": [ANN], "aliases": ["b", "c@example.com"]}, "Mailboxes[1].Aliases[2]"),
        ({"addresses": [ANN], "aliases": ["ANN"]}, "Mailboxes[1].Aliases[1]"),
        ({"addresses": [ANN], "period": "weekly"}, "SubscriptionPeriod"),
        ({"addresses": [ANN], "period": "canceled"}, "Mailboxes[1].SubscriptionPeriod"),
        ({"addresses": [ANN, BOB], "passwords": [PASSWORD]}, "Password"),
        ({"addresses": [ANN], "organization": "none"}, "OrganizationId"),
    ],
)
def test_what_is_wrong_with_new_mailboxes_is_said(call, arguments, field):
    assert refused(call, "mailbox.create", **arguments).field == field
    assert listed(call) == []


@on_sqlite
def test_a_generated_password_is_told_and_a_given_one_is_not(create):
    (generated,) = create(ANN)
    assert len(generated["password"]) >= 20
    (given,) = create(BOB, passwords=[PASSWORD])
    assert "password" not in given


# Names


def test_a_mailbox_is_called_by_id_address_and_alias(call, create):
    (created,) = create(ANN, aliases=["sales"])
    for name in (created["id"], ANN, " Ann@Example.org ", "SALES@example.org"):
        assert call("mailbox.show", mailbox=name)["id"] == created["id"]
        assert call("mailbox.update", mailbox=name, period="yearly")["email"] == ANN


@on_sqlite
def test_a_user_is_called_by_id_and_address(call, create):
    (created,) = create(ANN)
    for name in (created["user_id"], ANN):
        assert call("user.show", user=name)["id"] == created["user_id"]
    assert refused(call, "user.show", user=created["id"]).code == "UserNotFound"


@on_sqlite
@pytest.mark.parametrize(
    ("command", "arguments", "code"),
    [
        ("org.delete", {"organization": "none"}, "OrganizationNotFound"),
        ("org.delete", {"organization": NEVER}, "OrganizationNotFound"),
        ("domain.delete", {"domain": "none.example"}, "DomainNotFound"),
        ("domain.delete", {"domain": NEVER}, "DomainNotFound"),
        ("domain.delete", {"domain": "a b"}, "InvalidValue"),
        ("domain.create", {"name": "x.example", "organization": "none"}, "OrganizationNotFound"),
        ("mailbox.show", {"mailbox": "none@example.org"}, "MailboxNotFound"),
        ("mailbox.delete", {"mailbox": NEVER}, "MailboxNotFound"),
        ("mailbox.restore", {"mailbox": "ann"}, "InvalidValue"),
        ("user.disable", {"user": "none@example.org"}, "MailboxNotFound"),
        ("user.enable", {"user": NEVER}, "UserNotFound"),
        ("alias.delete", {"alias": ANN}, "MailboxAliasNotFound"),
        ("alias.delete", {"alias": NEVER}, "MailboxAliasNotFound"),
        ("alias.create", {"mailbox": ANN, "alias": "x@example.com"}, "InvalidValue"),
        ("permission.grant", {"mailbox": ANN, "delegate": ANN}, "InvalidValue"),
        ("permission.revoke", {"mailbox": ANN, "delegate": BOB}, "PermissionNotFound"),
        ("admin.delete", {"name": "none"}, "AdministratorNotFound"),
        ("mailbox.list", {"domain": "none.example"}, "DomainNotFound"),
        ("mailbox.list", {"statuses": ["gone"]}, "InvalidValue"),
        ("mailbox.list", {"order": "size"}, "InvalidValue"),
        ("mailbox.list", {"page": 0}, "InvalidValue"),
        ("audit.list", {"mailbox": "none@example.org"}, "MailboxNotFound"),
    ],
)
def test_what_is_not_there_or_not_allowed_has_its_code(call, create, command, arguments, code):
    create(ANN, BOB)
    assert refused(call, command, **arguments).code == code


@on_sqlite
@pytest.mark.parametrize("command", ["permission.grant", "permission.revoke"])
@pytest.mark.parametrize(
    ("mailbox", "delegate", "field"),
    [
        ("none@example.org", BOB, "MailboxId"),
        (ANN, "none@example.org", "DelegateId"),
        (ANN, "none", "DelegateId"),
        (ANN, NEVER, "DelegateId"),
    ],
)
def test_who_is_no_mailbox_is_told_apart(call, create, command, mailbox, delegate, field):
    create(ANN, BOB)
    assert refused(call, command, mailbox=mailbox, delegate=delegate).field == field


ONE_BEFORE = "the mailbox before it belonged to another user and cannot be restored"


@pytest.mark.parametrize(
    ("command", "argument"), [("mailbox.restore", "mailbox"), ("user.enable", "user")]
)
def test_of_an_address_that_was_created_anew_the_mailbox_before_is_told(
    call, create, command, argument
):
    create(ANN, BOB)
    call("user.delete", user=ANN)
    create(ANN, aliases=["sales"])
    for name, is_anew in ((ANN, True), ("SALES@example.org", True), (BOB, False)):
        error = refused(call, command, **{argument: name})
        assert error.code == "NotDeletionScheduled"
        assert error.text.endswith(ONE_BEFORE) == is_anew
    call("user.disable", user=ANN)
    call(command, **{argument: ANN})


@on_sqlite
def test_the_mailbox_before_may_have_been_in_a_domain_that_was_deleted(call, create):
    create(ANN)
    call("user.delete", user=ANN)
    call("domain.delete", domain="example.org")
    create(ANN)
    assert refused(call, "mailbox.restore", mailbox=ANN).text.endswith(ONE_BEFORE)


@on_sqlite
def test_an_alias_is_an_address_or_a_local_part_and_is_deleted_by_address_or_id(call, create):
    create(ANN)
    first = call("alias.create", mailbox=ANN, alias="sales", description="until May")
    second = call("alias.create", mailbox=ANN, alias="Info@Example.org")
    assert [each["email"] for each in call("alias.list", mailbox=ANN)] == [
        "info@example.org",
        "sales@example.org",
    ]
    assert first["description"] == "until May"
    call("alias.delete", alias="SALES@example.org")
    call("alias.delete", alias=second["id"])
    assert call("alias.list", mailbox=ANN) == []


# Listing


@on_sqlite
def test_without_an_organization_there_is_nothing_to_list(call):
    assert call("mailbox.list") == {"mailboxes": [], "total_count": 0}
    assert call("user.list") == {"users": [], "total_count": 0}
    assert refused(call, "mailbox.list", page_size=0).field == "PageSize"


def test_mailboxes_are_selected_and_counted(call, create):
    create(ANN, BOB, "carol@example.org")
    create("dave@example.com")
    call("mailbox.delete", mailbox=BOB)
    assert listed(call, domain="example.org") == [ANN, BOB, "carol@example.org"]
    assert listed(call, statuses=["deletion_scheduled"]) == [BOB]
    assert listed(call, search="CAR") == ["carol@example.org"]
    assert listed(call, descending=True)[0] == "dave@example.com"
    page = call("mailbox.list", page=2, page_size=3)
    assert [len(page["mailboxes"]), page["total_count"]] == [1, 4]
    disabled = call("user.list", states=["disabled"])
    assert [each["email"] for each in disabled["users"]] == [BOB]


@on_sqlite
def test_more_domains_than_a_page_has_are_all_listed(call, monkeypatch):
    monkeypatch.setattr("ewspush.control.management.directory.MOST_ON_A_PAGE", 2)
    expected = [f"example{n}.org" for n in range(5)]
    for name in expected:
        call("domain.create", name=name)
    assert names(call, "domain", "name") == expected


# Records


@on_sqlite
def test_a_mailbox_has_every_field_of_the_mailbox_api(call, create, clock):
    (created,) = create(ANN, name="Ann Example", period="yearly")
    shown = call("mailbox.show", mailbox=ANN)
    now = to_text(NOW_S)
    record = {
        "id": created["id"],
        "domain_id": names(call, "domain", "id")[0],
        "email": ANN,
        "status": "active",
        "subscription_period": "yearly",
        "subscription_period_started_at": now,
        "next_subscription_period": "yearly",
        "next_subscription_period_starts_at": "2027-09-21T14:13:20Z",
        "created_at": now,
        "updated_at": now,
        "deletion_scheduled_at": None,
        "user_id": created["user_id"],
        "organization_id": names(call, "org", "id")[0],
        "name": "Ann Example",
    }
    assert {key: shown[key] for key in record} == record
    assert created == {**record, "password": created["password"]}
    clock.now_s += 60
    deleted = call("mailbox.delete", mailbox=ANN)
    assert deleted["deletion_scheduled_at"] == to_text(NOW_S + 60 + 30 * DAY_S)
    assert deleted["updated_at"] == to_text(NOW_S + 60)


@on_sqlite
def test_the_period_that_is_shown_is_the_one_that_runs(call, create, clock):
    create(ANN)
    call("mailbox.update", mailbox=ANN, period="yearly")
    clock.now_s += 40 * DAY_S
    shown = call("mailbox.show", mailbox=ANN)
    assert shown["subscription_period"] == "yearly"
    assert shown["subscription_period_started_at"] == "2026-10-21T14:13:20Z"
    assert shown["next_subscription_period_starts_at"] == "2027-10-21T14:13:20Z"


def test_a_picture_has_everything_that_belongs_to_a_mailbox(call, create, database):
    (created, *_) = create(ANN, BOB)
    call("alias.create", mailbox=ANN, alias="sales")
    call("permission.grant", mailbox=ANN, delegate=BOB)
    with database.read() as tx:
        mailbox, other = mailboxes.by_address(tx, ANN), mailboxes.by_address(tx, BOB)
    log_events(database, mailbox.id, *[NOW_S] * 5)
    pulled = PullSubscription(
        mailbox.id, 1000, True, wanted=event_filter(frozenset({EventType.NEW_MAIL}), None),
        created_at_s=NOW_S, acknowledged=2, timeout_s=600, expires_at_s=NOW_S + 600,
    )  # fmt: skip
    with database.write() as tx:
        subscriptions.insert_subscription(tx, subscription(mailbox.id, 900))
        pull_subscriptions.insert_subscription(tx, pulled)
        impersonation.grant(tx, mailbox.id, [impersonation.ALL, other.id])
        impersonation.grant(tx, other.id, [mailbox.id])
    shown = call("mailbox.show", mailbox=created["id"])
    assert [each["email"] for each in shown["aliases"]] == ["sales@example.org"]
    assert [each["delegate"] for each in shown["delegates"]] == [BOB]
    assert shown["may_act_for"] == {"all": True, "named": 1, "mailboxes": [BOB]}
    assert (shown["events"], shown["events_ever"], shown["items"]) == (5, 5, 0)
    assert shown["folders"] > 10
    push, streaming = shown["subscriptions"]
    assert (push["kind"], push["phase"], push["behind"]) == ("push", "idle", 5)
    assert (streaming["kind"], streaming["behind"]) == ("streaming", 3)
    assert (streaming["timeout_min"], streaming["expires_at"]) == (10, to_text(NOW_S + 600))
    assert streaming["event_types"] == ["NewMailEvent"]


@on_sqlite
def test_subscriptions_that_wait_for_a_restored_mailbox_are_shown(call, create, database, clock):
    create(ANN)
    with database.read() as tx:
        mailbox = mailboxes.by_address(tx, ANN)
    wanted = event_filter(frozenset({EventType.NEW_MAIL}), None)
    with database.write() as tx:
        for number, lives_s in ((1, 60), (2, 600)):
            new = PullSubscription(
                mailbox.id, number, False, wanted, NOW_S, 0, 600, NOW_S + lives_s
            )
            pull_subscriptions.insert_subscription(tx, new)
    clock.now_s += 100  # the first one has expired
    call("mailbox.delete", mailbox=ANN)
    clock.now_s += DAY_S
    assert len(call("mailbox.show", mailbox=ANN)["subscriptions"]) == 1


@on_sqlite
def test_of_a_purged_mailbox_the_account_is_shown(call, create, database):
    (created,) = create(ANN)
    call("user.delete", user=ANN)
    with database.write() as tx:
        tx.connection.exec_driver_sql("DELETE FROM folders")
        tx.connection.exec_driver_sql("DELETE FROM mailboxes")
    shown = call("mailbox.show", mailbox=created["id"])
    assert (shown["status"], shown["folders"], shown["subscriptions"]) == ("deleted", 0, [])


# Who


@on_sqlite
def test_the_operator_is_in_the_audit_log_with_what_was_changed(call, create):
    create(ANN)
    call("mailbox.update", mailbox=ANN, period="yearly")
    page = call("audit.list", mailbox=ANN, page_size=1)
    assert page["total_count"] == 2
    (change,) = page["changes"]
    assert (change["actor"], change["origin"]) == (
        pwd.getpwuid(os.geteuid()).pw_name,
        "command line",
    )
    assert (change["action"], change["at"]) == ("mailbox.update", to_text(NOW_S))
    assert change["before"]["next_subscription_period"] == "monthly"
    assert change["after"]["next_subscription_period"] == "yearly"


def test_a_user_without_a_name_is_called_by_number():
    assert operators.actor(2**31 - 7).name == f"user {2**31 - 7}"


def test_the_user_at_the_other_end_of_a_socket_is_known():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert operators.peer_id(ours) == os.geteuid()
