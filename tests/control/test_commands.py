"""The commands of operators, on a database that no server runs on unless a test says so."""

import os

import pytest

from ewspush.control import CommandError
from ewspush.control.commands import PAGE, Commands
from ewspush.core import watermark
from ewspush.core.events import EventType, event_filter
from ewspush.core.ids import Kind
from ewspush.core.subscription import ENDED, PARKED, Retrying
from ewspush.operations.management.context import Management, Policy
from ewspush.store import attempts, audit_log, folders, impersonation, mailboxes, subscriptions
from ewspush.store.attempts import Keep
from ewspush.wire import ids
from support.attempts import attempt
from support.checks_for_store import NOW_S, log_events, new_mailbox, subscription
from support.directory import DAY_S, hash_nothing

OPERATOR = os.geteuid()
NOW = "2026-09-21T14:13:20Z"  # NOW_S

on_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def management_of(database):
    policy = Policy(retention_s=30 * DAY_S, shortest_password=8)
    return Management(database, lambda: NOW_S, policy, hash_nothing)


@pytest.fixture
def commands(database):
    return Commands(management_of(database))


def store(database, new):
    with database.write() as tx:
        subscriptions.insert_subscription(tx, new)
    return ids.encode(Kind.SUBSCRIPTION, new.mailbox, new.number)


def listed(commands, **arguments):
    """What all pages of subscriptions hold together."""
    found, after = [], 0
    while after is not None:
        page = commands.list_subscriptions(after=after, **arguments)
        found, after = found + page["subscriptions"], page["next"]
    return found


# impersonation.grant, impersonation.revoke and impersonation.list


@pytest.fixture
def accounts(database):
    """The addresses of mailboxes."""
    return [new_mailbox(database, name).address for name in ("service", "a", "b")]


def rights(commands):
    """What all pages of rights hold together, as pairs."""
    found, after = [], (0, 0)
    while after is not None:
        page = commands.list_impersonation(after)
        found, after = found + page["rights"], page["next"]
    return [(each["account"], each["of"]) for each in found]


def test_rights_are_granted_by_name_and_to_all(commands, accounts):
    service, a, b = accounts
    assert commands.grant_impersonation(OPERATOR, service, [b, a.upper(), a]) == {
        "account": service,
        "of_all": False,
        "named": 2,
    }
    assert commands.grant_impersonation(OPERATOR, service.upper(), None) == {
        "account": service,
        "of_all": True,
        "named": 2,
    }
    assert rights(commands) == [(service, None), (service, a), (service, b)]


def test_rights_are_taken_back_one_by_one(commands, accounts):
    service, a, b = accounts
    commands.grant_impersonation(OPERATOR, service, [a, b])
    left = commands.revoke_impersonation(OPERATOR, service, [a])
    assert left == {"account": service, "of_all": False, "named": 1}
    assert rights(commands) == [(service, b)]


def test_every_right_of_an_account_is_taken_back_at_once(commands, accounts):
    service, a, b = accounts
    commands.grant_impersonation(OPERATOR, service, [a])
    commands.grant_impersonation(OPERATOR, service, None)
    commands.grant_impersonation(OPERATOR, b, [a])
    left = commands.revoke_impersonation(OPERATOR, service, None)
    assert left == {"account": service, "of_all": False, "named": 0}
    assert rights(commands) == [(b, a)]
    assert commands.revoke_impersonation(OPERATOR, service, None) == left


@on_sqlite
def test_a_right_that_was_not_granted_is_not_taken_back(commands, accounts):
    """Who has a right to all has it still, and the operator must not think otherwise."""
    service, a, b = accounts
    commands.grant_impersonation(OPERATOR, service, None)
    commands.grant_impersonation(OPERATOR, service, [a])
    with pytest.raises(CommandError, match=r"service@example\.org was not granted b@example\.org"):
        commands.revoke_impersonation(OPERATOR, service, [a, b])
    assert rights(commands) == [(service, None), (service, a)]


@on_sqlite
def test_a_change_of_rights_is_in_the_audit_log(commands, accounts, database):
    service, a, _ = accounts
    commands.grant_impersonation(OPERATOR, service, [a])
    commands.revoke_impersonation(OPERATOR, service, None)
    with database.read() as tx:
        found, _ = audit_log.newest_first(tx, None, None, 0, 10)
    assert [(each.action, each.before, each.after) for each in found] == [
        ("impersonation.revoke", {"of": "all"}, None),
        ("impersonation.grant", None, {"of": [a]}),
    ]
    assert {each.origin for each in found} == {"command line"}


@on_sqlite
@pytest.mark.parametrize("command", ["grant_impersonation", "revoke_impersonation"])
@pytest.mark.parametrize(
    ("account", "of", "why"),
    [
        ("nobody@example.org", None, "there is no mailbox nobody@example.org"),
        (
            "service@example.org",
            ["a@example.org", "nobody@example.org"],
            "there is no mailbox nobo",
        ),
        ("service@example.org", ["nobody"], "'nobody' is not of the form name@domain"),
        ("nobody", None, "'nobody' is not of the form name@domain"),
    ],
)
def test_a_right_is_between_mailboxes_that_there_are(commands, accounts, command, account, of, why):
    commands.grant_impersonation(OPERATOR, "service@example.org", ["a@example.org"])
    with pytest.raises(CommandError, match=why):
        getattr(commands, command)(OPERATOR, account, of)
    assert rights(commands) == [("service@example.org", "a@example.org")]


@on_sqlite
def test_many_rights_come_in_pages(commands, database):
    count = 2 * PAGE
    with database.write() as tx:
        made = [
            mailboxes.insert_mailbox(tx, f"user{n:04}@example.org", "-", NOW_S)
            for n in range(count + 1)
        ]
        impersonation.grant(tx, made[0].id, [each.id for each in made[1:]])
    assert len(commands.list_impersonation()["rights"]) == PAGE
    assert [of for _, of in rights(commands)] == [each.address for each in made[1:]]


# subscription.list


@on_sqlite
def test_subscriptions_of_many_mailboxes_come_in_pages(commands, database):
    expected = []
    with database.write() as tx:
        for n in range(PAGE + 100):
            mailbox = mailboxes.insert_mailbox(tx, f"user{n:04}@example.org", "-", NOW_S)
            if n % 3:
                subscriptions.insert_subscription(tx, subscription(mailbox.id))
                expected.append(mailbox.address)
    assert [each["mailbox"] for each in listed(commands)] == expected
    assert len(commands.list_subscriptions()["subscriptions"]) < PAGE


@on_sqlite
def test_a_page_ends_after_the_mailbox_that_fills_it(commands, database):
    mailbox_ids = []
    for name in ("a", "b"):
        mailbox = new_mailbox(database, name)
        mailbox_ids.append(mailbox.id)
        with database.write() as tx:
            for number in range(PAGE):
                subscriptions.insert_subscription(tx, subscription(mailbox.id, number))
    page = commands.list_subscriptions()
    assert (len(page["subscriptions"]), page["next"]) == (PAGE, mailbox_ids[0])
    assert len(listed(commands)) == 2 * PAGE
    assert len(commands.list_subscriptions(mailbox="a@example.org")["subscriptions"]) == PAGE


def test_parked_and_ended_ones_are_listed_too(commands, database):
    mailbox = new_mailbox(database)
    over = {"over_at_s": NOW_S + 60}
    store(database, subscription(mailbox.id, 1, phase=PARKED, **over))
    store(database, subscription(mailbox.id, 2, phase=ENDED, **over))
    store(database, subscription(mailbox.id, 3, phase=Retrying(2, NOW_S)))
    store(database, subscription(mailbox.id, 4))
    assert [(each["phase"], each["over_at"]) for each in listed(commands)] == [
        ("parked", "2026-09-21T14:14:20Z"),
        ("ended", "2026-09-21T14:14:20Z"),
        ("retrying", None),
        ("idle", None),
    ]


def test_only_those_of_one_mailbox(commands, database):
    ours, other = new_mailbox(database, "ours"), new_mailbox(database, "other")
    store(database, subscription(ours.id))
    store(database, subscription(other.id))
    found = listed(commands, mailbox="Ours@Example.ORG")
    assert [each["mailbox"] for each in found] == ["ours@example.org"]


@pytest.mark.parametrize("address", ["nobody@example.org", "nobody", ""])
def test_a_mailbox_that_is_not_there_is_said(commands, address):
    with pytest.raises(CommandError):
        commands.list_subscriptions(mailbox=address)


# subscription.show


def test_everything_is_shown(commands, database):
    mailbox = new_mailbox(database)
    log_events(database, mailbox.id, *[NOW_S] * 5)
    with database.read() as tx:
        inbox = folders.by_name(tx, mailbox.id, "inbox")
        drafts = folders.by_name(tx, mailbox.id, "drafts")
    id = store(
        database,
        subscription(
            mailbox.id,
            wanted=event_filter(
                frozenset({EventType.NEW_MAIL, EventType.CREATED}),
                frozenset({inbox.number, drafts.number}),
            ),
            caller_data="mine",
            acknowledged=2,
            phase=Retrying(3, NOW_S - 60),
        ),
    )
    shown = commands.show_subscription(id)
    assert shown == {
        "id": id,
        "kind": "push",
        "mailbox": "user@example.org",
        "mailbox_disabled_at": None,
        "url": "https://responder.example/push?key=1",
        "folders": ["inbox", "drafts"],
        "event_types": ["CreatedEvent", "NewMailEvent"],
        "status_frequency_min": 30,
        "caller_data": "mine",
        "created_at": NOW,
        "phase": "retrying",
        "failures": 3,
        "acknowledged": 2,
        "watermark": watermark.encode(mailbox.watermark_base, 2),
        "behind": 3,
        "over_at": None,
        "paused_at": None,
        "next": None,  # no server runs
        "next_at": None,
        "gives_up_at": "2026-09-21T14:42:20Z",
        "last_attempt": None,
    }
    assert listed(commands) == [shown]


@on_sqlite
def test_a_running_server_knows_better(database):
    mailbox = new_mailbox(database)
    log_events(database, mailbox.id, *[NOW_S] * 5)
    id = store(database, subscription(mailbox.id, acknowledged=2, phase=Retrying(1, NOW_S)))

    def live(asked):
        assert ids.encode(asked.kind, asked.mailbox, asked.number) == id
        return {
            "phase": "idle",
            "failures": 0,
            "acknowledged": 4,
            "next": "heartbeat",
            "next_at": NOW_S + 60.4,
            "gives_up_at": None,
        }

    shown = Commands(management_of(database), live).show_subscription(id)
    assert (shown["phase"], shown["acknowledged"], shown["behind"]) == ("idle", 4, 1)
    assert shown["watermark"] == watermark.encode(mailbox.watermark_base, 4)
    assert (shown["next"], shown["next_at"]) == ("heartbeat", "2026-09-21T14:14:21Z")


def test_the_last_attempt_is_known_without_a_server(commands, database):
    mailbox = new_mailbox(database)
    id = store(database, subscription(mailbox.id))
    new = [
        attempt(mailbox.id, 1, at_ms=1000 * NOW_S - 61_000),
        attempt(mailbox.id, 1, at_ms=1000 * NOW_S - 1_000, outcome="status", detail="HTTP 503"),
        attempt(mailbox.id, 2),
    ]
    with database.write() as tx:
        attempts.append(tx, new, Keep(10, 0))
    expected = {"at": "2026-09-21T14:13:19Z", "outcome": "status", "detail": "HTTP 503"}
    assert commands.show_subscription(id)["last_attempt"] == expected
    assert [each["last_attempt"] for each in listed(commands)] == [expected]


@pytest.mark.parametrize("known", [None, {"phase": "idle", "next": "heartbeat", "next_at": NOW_S}])
def test_one_that_is_paused_is_told_as_such(database, known):
    mailbox = new_mailbox(database)
    id = store(database, subscription(mailbox.id, phase=Retrying(2, NOW_S), paused_at_s=NOW_S))
    over = {"phase": PARKED, "over_at_s": NOW_S, "paused_at_s": NOW_S}
    parked = store(database, subscription(mailbox.id, 2, **over))
    commands = Commands(management_of(database), lambda _: known)
    shown = commands.show_subscription(id)
    assert (shown["phase"], shown["paused_at"], shown["next"]) == ("paused", NOW, None)
    assert shown["gives_up_at"] is None
    assert commands.show_subscription(parked)["paused_at"] is None


@on_sqlite
@pytest.mark.parametrize("known", [None, {"next": "heartbeat", "next_at": NOW_S}])
def test_that_the_mailbox_is_disabled_is_told_whether_a_server_runs_or_not(database, known):
    mailbox = new_mailbox(database)
    id = store(database, subscription(mailbox.id))
    with database.write() as tx:
        mailboxes.set_disabled(tx, mailbox.id, NOW_S)
    commands = Commands(management_of(database), lambda _: known)
    assert commands.show_subscription(id)["mailbox_disabled_at"] == NOW
    assert [each["mailbox_disabled_at"] for each in listed(commands)] == [NOW]


def test_one_to_all_folders_is_told_as_such(commands, database):
    id = store(database, subscription(new_mailbox(database).id))
    assert commands.show_subscription(id)["folders"] is None


def test_an_id_that_was_never_given_out_is_not_found(commands, database):
    mailbox = new_mailbox(database)
    id = store(database, subscription(mailbox.id, 7))
    for other in (
        ids.encode(Kind.SUBSCRIPTION, mailbox.id, 8),
        ids.encode(Kind.SUBSCRIPTION, mailbox.id + 1, 7),
    ):
        assert other != id
        with pytest.raises(CommandError, match=f"^there is no subscription {other}$"):
            commands.show_subscription(other)


@on_sqlite
@pytest.mark.parametrize("id", ["", "xyz", "UwAAAAAAAAE", "ключ", "A" * 24])
def test_what_is_no_id_is_said(commands, id):
    with pytest.raises(CommandError, match="that is not an id of ewspush"):
        commands.show_subscription(id)


@on_sqlite
@pytest.mark.parametrize(("kind", "name"), [(Kind.FOLDER, "folder"), (Kind.ITEM, "item")])
def test_the_id_of_something_else_is_said(commands, kind, name):
    with pytest.raises(CommandError, match=f"that is an id of a {name}$"):
        commands.show_subscription(ids.encode(kind, 1, 3))


@on_sqlite
def test_nothing_shown_is_a_secret(commands, database):
    mailbox = new_mailbox(database)
    id = store(database, subscription(mailbox.id))
    by_name = commands.by_name(0)
    secret = "secret words"
    told = [
        by_name["mailbox.create"](["other@example.org"], [secret]),
        by_name["mailbox.update"]("other@example.org", password=f"{secret} again"),
        by_name["admin.create"]("root", secret),
        by_name["mailbox.show"]("other@example.org"),
        by_name["mailbox.list"](),
        by_name["admin.list"](),
        by_name["audit.list"](),
        commands.show_subscription(id),
    ]
    assert "secret" not in repr(told)
    assert "hash of" not in repr(told)
    assert "argon2" not in repr(told)
