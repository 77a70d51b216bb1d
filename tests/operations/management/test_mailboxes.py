"""Mailboxes: created all or none, changed, listed; and who may do so."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import uuid4

import pytest

from ewspush.core.accounts import Account, AccountStatus, OrderBy
from ewspush.core.management import Code, ManagementError
from ewspush.core.renewal import Period
from ewspush.operations import mailboxes as mailbox_operations
from ewspush.operations.management import (
    administrators,
    aliases,
    audit,
    domains,
    mailboxes,
    organizations,
    permissions,
    users,
)
from ewspush.operations.management.context import Actor
from ewspush.operations.management.mailboxes import ListRequest, MailboxRequest
from ewspush.store import folders
from ewspush.store import mailboxes as stored
from support.checks_for_store import rows, threads, wait_until_blocked
from support.directory import DAY_S, OPERATOR, PASSWORD, World

GOOD = MailboxRequest("good", PASSWORD)


def create(world: World, *requests: MailboxRequest, period: Period = Period.MONTHLY) -> list[str]:
    created = mailboxes.create(world.management, OPERATOR, world.domain.id, requests, period)
    return [each.address for each in created]


def refuse(act: Callable[[], object]) -> ManagementError:
    with pytest.raises(ManagementError) as refused:
        act()
    return refused.value


def count(world: World, table: str) -> int:
    with world.database.read() as tx:
        (row,) = rows(tx, f"SELECT count(*) AS n FROM {table}")
    found: int = row.n
    return found


def test_one_or_more_are_created(world: World) -> None:
    assert create(world, GOOD) == ["good@example.org"]
    requests = [MailboxRequest(f"user{n}", PASSWORD) for n in range(20)]
    assert create(world, *requests) == [f"user{n}@example.org" for n in range(20)]
    with world.database.read() as tx:
        for n in range(20):
            mailbox = stored.by_address(tx, f"user{n}@example.org")
            assert mailbox is not None
            assert folders.by_name(tx, mailbox.id, "inbox") is not None


def test_each_has_what_was_asked_for(world: World) -> None:
    create(
        world,
        MailboxRequest("a", PASSWORD, "Ann Example", ("sales", "info"), Period.YEARLY),
        MailboxRequest("B", PASSWORD),
    )
    a = mailboxes.get_by_address(world.management, OPERATOR, "a@example.org")
    b = mailboxes.get_by_address(world.management, OPERATOR, "b@EXAMPLE.org")
    assert (a.name, b.name) == ("Ann Example", "b")
    assert (a.renewal.period, b.renewal.period) == (Period.YEARLY, Period.MONTHLY)
    assert a.renewal.started_at_s == a.created_at_s == world.now_s
    assert [each.address for each in aliases.list_(world.management, OPERATOR, a.id)] == [
        "info@example.org",
        "sales@example.org",
    ]
    for address in ("sales@example.org", "info@example.org"):
        assert mailboxes.get_by_address(world.management, OPERATOR, address) == a


# What is wrong with the second of two, the field that is named, and the code.
WRONG = {
    "no local part": (MailboxRequest("", PASSWORD), "LocalPart", Code.INVALID_VALUE),
    "white space": (MailboxRequest("a b", PASSWORD), "LocalPart", Code.INVALID_VALUE),
    "an address": (MailboxRequest("a@example.net", PASSWORD), "LocalPart", Code.INVALID_VALUE),
    "a dot at the end": (MailboxRequest("a.", PASSWORD), "LocalPart", Code.INVALID_VALUE),
    "65 octets": (MailboxRequest("ä" * 32 + "a", PASSWORD), "LocalPart", Code.INVALID_VALUE),
    "a surrogate": (MailboxRequest("a\ud800", PASSWORD), "LocalPart", Code.INVALID_VALUE),
    "a character that is not seen": (
        MailboxRequest("a\u200bb", PASSWORD),
        "LocalPart",
        Code.INVALID_VALUE,
    ),
    "a line in the name": (MailboxRequest("b", PASSWORD, "a\nb"), "Name", Code.INVALID_VALUE),
    "a long name": (MailboxRequest("b", PASSWORD, "a" * 257), "Name", Code.INVALID_VALUE),
    "canceled": (
        MailboxRequest("b", PASSWORD, period=Period.CANCELED),
        "SubscriptionPeriod",
        Code.INVALID_VALUE,
    ),
    "no password": (MailboxRequest("b", ""), "Password", Code.WEAK_PASSWORD),
    "seven characters": (MailboxRequest("b", "abcdefg"), "Password", Code.WEAK_PASSWORD),
    "one character": (MailboxRequest("b", "a" * 20), "Password", Code.WEAK_PASSWORD),
    "the address": (
        MailboxRequest("somebody", "Somebody@example.org"),
        "Password",
        Code.WEAK_PASSWORD,
    ),
    "the local part": (MailboxRequest("somebody", "SOMEBODY"), "Password", Code.WEAK_PASSWORD),
    "too long to hash": (MailboxRequest("b", "abcd" * 257), "Password", Code.WEAK_PASSWORD),
    "taken": (MailboxRequest("TAKEN", PASSWORD), "LocalPart", Code.ADDRESS_TAKEN),
    "taken as an alias": (MailboxRequest("alias", PASSWORD), "LocalPart", Code.ADDRESS_TAKEN),
    "an alias that is taken": (
        MailboxRequest("b", PASSWORD, aliases=("x", "Taken")),
        "Aliases[2]",
        Code.ADDRESS_TAKEN,
    ),
    "the first one's": (MailboxRequest("Good", PASSWORD), "LocalPart", Code.ADDRESS_TAKEN),
    "its own alias": (
        MailboxRequest("b", PASSWORD, aliases=("B",)),
        "Aliases[1]",
        Code.ADDRESS_TAKEN,
    ),
    "two aliases that differ by case": (
        MailboxRequest("b", PASSWORD, aliases=("straße", "STRASSE")),
        "Aliases[2]",
        Code.ADDRESS_TAKEN,
    ),
    "not an alias": (
        MailboxRequest("b", PASSWORD, aliases=("ok", "not ok")),
        "Aliases[2]",
        Code.INVALID_VALUE,
    ),
}


@pytest.mark.parametrize(("wrong", "field", "code"), WRONG.values(), ids=WRONG)
def test_all_or_none(world: World, wrong: MailboxRequest, field: str, code: Code) -> None:
    taken = world.new_mailbox("taken")
    aliases.create(world.management, OPERATOR, taken.id, "alias")
    tables = ("accounts", "addresses", "mailboxes", "folders", "audit_log")
    before = [count(world, table) for table in tables]
    refused = refuse(lambda: create(world, GOOD, wrong))
    assert (refused.code, refused.field) == (code, f"Mailboxes[2].{field}")
    assert refused.allowed
    assert wrong.password not in str(refused) or not wrong.password
    assert [count(world, table) for table in tables] == before
    assert create(world, GOOD) == ["good@example.org"]


@pytest.mark.parametrize("number", [0, 1001])
def test_so_many_and_no_more(world: World, number: int) -> None:
    requests = [replace(GOOD, local_part=f"user{n}") for n in range(number)]
    refused = refuse(lambda: create(world, *requests))
    assert (refused.code, refused.field, refused.allowed) == (
        Code.INVALID_VALUE,
        "Mailboxes",
        "1 to 1000",
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("user", "USER"),
        ("jürgen", "JÜRGEN"),
        ("ju\u0308rgen", "j\u00fcrgen"),
        ("用户", "用户"),
        ("straße", "Straße"),
        ("ΟΔΟΣ", "οδος"),
        ("ὅσος", "ὅσοσ"),
        ("straße", "STRASSE"),
    ],
)
def test_addresses_are_compared_without_case_and_form(
    world: World, first: str, second: str
) -> None:
    world.new_mailbox(first)
    assert refuse(lambda: world.new_mailbox(second)).code is Code.ADDRESS_TAKEN
    other = world.new_mailbox("other")
    as_alias = refuse(lambda: aliases.create(world.management, OPERATOR, other.id, second))
    assert (as_alias.code, as_alias.field) == (Code.ADDRESS_TAKEN, "LocalPart")


def test_a_domain_is_the_same_in_either_form(world: World) -> None:
    made = world.new_domain("xn--bcher-kva.example")
    assert made.name == "bücher.example"
    refused = refuse(lambda: world.new_domain("BÜCHER.example"))
    assert refused.code is Code.DOMAIN_TAKEN
    account = world.new_mailbox("user", made)
    found = mailboxes.get_by_address(world.management, OPERATOR, "User@xn--bcher-kva.example")
    assert found == account


def test_the_same_name_in_another_domain_is_another_address(world: World) -> None:
    world.new_mailbox("user")
    other = world.new_domain("münchen.example")
    assert world.new_mailbox("user", other).address == "user@münchen.example"


def test_of_two_that_create_the_same_address_one_wins(world: World) -> None:
    with threads() as run:
        with world.database.write() as tx:
            mailbox_operations.create(tx, "user@example.org", "-", world.now_s)
            second = run(world.new_mailbox, "user")
            wait_until_blocked(tx, second)
        refused = second.exception(30)
    assert isinstance(refused, ManagementError)
    assert (refused.code, refused.field) == (Code.ADDRESS_TAKEN, "Mailboxes[1].LocalPart")
    assert count(world, "mailboxes") == 1


def test_nothing_is_created_in_a_deleted_organization(world: World) -> None:
    organizations.delete(world.management, OPERATOR, world.organization.id)
    refused = refuse(lambda: create(world, GOOD))
    assert (refused.code, refused.field) == (Code.ORGANIZATION_DELETED, "OrganizationId")


def test_a_change_of_period_takes_effect_as_the_next_one(world: World) -> None:
    account = world.new_mailbox()
    world.now_s += DAY_S
    updated = mailboxes.update(world.management, OPERATOR, account.id, Period.YEARLY)
    assert (updated.renewal.period, updated.renewal.next_period) == (Period.MONTHLY, Period.YEARLY)
    assert updated.updated_at_s == world.now_s
    next_s = updated.renewal.next_starts_at_s
    assert next_s is not None
    then = world.get(account).renewal.as_of(next_s)
    assert (then.period, then.started_at_s) == (Period.YEARLY, next_s)


def test_a_change_of_nothing_is_refused(world: World) -> None:
    account = world.new_mailbox()
    refused = refuse(lambda: mailboxes.update(world.management, OPERATOR, account.id))
    assert (refused.code, refused.field) == (Code.INVALID_VALUE, "SubscriptionPeriod")
    assert world.get(account) == account


def test_a_new_password_is_set(world: World) -> None:
    account = world.new_mailbox()
    mailboxes.update(world.management, OPERATOR, account.id, new_password="a longer one")
    users.change_password(world.management, OPERATOR, account.user_id, "the longest one")
    with world.database.read() as tx:
        mailbox = stored.by_address(tx, account.address)
    assert mailbox is not None
    assert mailbox.password_hash == "hash of 15 characters"


@pytest.mark.parametrize(
    "act",
    [
        lambda world, one: mailboxes.update(
            world.management, OPERATOR, one.id, Period.YEARLY, "something new"
        ),
        lambda world, one: users.change_password(
            world.management, OPERATOR, one.user_id, "something new"
        ),
        lambda world, one: aliases.create(world.management, OPERATOR, one.id, "alias"),
    ],
)
def test_what_is_disabled_is_not_changed(world: World, act: Callable[..., object]) -> None:
    account = world.new_mailbox()
    disabled = mailboxes.delete(world.management, OPERATOR, account.id)
    assert refuse(lambda: act(world, account)).code is Code.NOT_ACTIVE
    assert world.get(account) == disabled


# Listing (what makes it quick is tested with the store)


def test_a_page_has_the_count_without_pagination(world: World) -> None:
    world.new_mailboxes([f"user{n:02}" for n in range(25)])
    request = ListRequest(page=3, page_size=10)
    page = mailboxes.list_(world.management, OPERATOR, request)
    assert [each.local_part for each in page.entries] == [f"user{n}" for n in range(20, 25)]
    assert page.total_count == 25
    beyond = mailboxes.list_(world.management, OPERATOR, replace(request, page=4))
    assert (list(beyond.entries), beyond.total_count) == ([], 25)


@pytest.mark.parametrize(
    ("page", "page_size", "field"),
    [(0, 10, "Page"), (-1, 10, "Page"), (1, 0, "PageSize"), (1, 1001, "PageSize")],
)
def test_pages_out_of_range_are_refused(
    world: World, page: int, page_size: int, field: str
) -> None:
    request = ListRequest(page=page, page_size=page_size)
    for act in (
        lambda: mailboxes.list_(world.management, OPERATOR, request),
        lambda: domains.list_(world.management, OPERATOR, None, page, page_size),
        lambda: organizations.list_(world.management, OPERATOR, page, page_size),
        lambda: audit.list_(world.management, OPERATOR, None, None, page, page_size),
    ):
        refused = refuse(act)
        assert (refused.code, refused.field) == (Code.INVALID_VALUE, field)


def test_deleted_ones_are_listed_if_they_are_asked_for(world: World) -> None:
    kept, gone = world.new_mailboxes(["kept", "gone"])
    users.delete(world.management, OPERATOR, gone.user_id)
    listed = mailboxes.list_(world.management, OPERATOR, ListRequest())
    assert [each.id for each in listed.entries] == [kept.id]
    everything = ListRequest(statuses=frozenset(AccountStatus), order_by=OrderBy.STATUS)
    listed = mailboxes.list_(world.management, OPERATOR, everything)
    assert [each.id for each in listed.entries] == [kept.id, gone.id]


def test_with_several_organizations_one_has_to_be_named(world: World) -> None:
    other = organizations.create(world.management, OPERATOR, "other")
    refused = refuse(lambda: mailboxes.list_(world.management, OPERATOR, ListRequest()))
    assert (refused.code, refused.field) == (Code.INVALID_VALUE, "OrganizationId")
    page = mailboxes.list_(world.management, OPERATOR, ListRequest(other.id))
    assert page.total_count == 0
    wrong = ListRequest(other.id, world.domain.id)
    refused = refuse(lambda: mailboxes.list_(world.management, OPERATOR, wrong))
    assert (refused.code, refused.field) == (Code.INVALID_VALUE, "DomainId")


# Administrators of one organization


def test_an_administrator_of_one_organization_sees_and_changes_no_other(world: World) -> None:
    account, second = world.new_mailboxes(["user", "second"])
    alias = aliases.create(world.management, OPERATOR, account.id, "alias")
    other = organizations.create(world.management, OPERATOR, "other")
    limited = Actor("limited", "there", other.id)
    own = domains.create(world.management, limited, "example.net")
    assert own.organization_id == other.id
    management, id, user_id = world.management, account.id, account.user_id
    acts: dict[Code, list[Callable[[], object]]] = {
        Code.ORGANIZATION_NOT_FOUND: [
            lambda: organizations.get(management, limited, world.organization.id),
            lambda: organizations.get_by_alias(management, limited, "acme"),
            lambda: domains.create(management, limited, "x.example", world.organization.id),
            lambda: domains.list_(management, limited, world.organization.id),
            lambda: mailboxes.list_(management, limited, ListRequest(world.organization.id)),
            lambda: audit.list_(management, limited, world.organization.id),
        ],
        Code.ACCESS_DENIED: [
            lambda: organizations.create(management, limited, "third"),
            lambda: organizations.delete(management, limited, other.id),
        ],
        Code.DOMAIN_NOT_FOUND: [
            lambda: domains.delete(management, limited, world.domain.id),
            lambda: domains.get_by_name(management, limited, "example.org"),
            lambda: mailboxes.create(management, limited, world.domain.id, [GOOD]),
            lambda: mailboxes.list_(management, limited, ListRequest(None, world.domain.id)),
        ],
        Code.MAILBOX_NOT_FOUND: [
            lambda: mailboxes.get(management, limited, id),
            lambda: mailboxes.get_by_address(management, limited, account.address),
            lambda: mailboxes.update(management, limited, id, Period.YEARLY),
            lambda: mailboxes.update(management, limited, id, None, "something new"),
            lambda: mailboxes.delete(management, limited, id),
            lambda: mailboxes.restore(management, limited, id),
            lambda: aliases.create(management, limited, id, "more"),
            lambda: aliases.list_(management, limited, id),
            lambda: permissions.grant(management, limited, id, second.id),
            lambda: permissions.revoke(management, limited, id, second.id),
            lambda: permissions.list_(management, limited, id),
        ],
        Code.USER_NOT_FOUND: [
            lambda: users.describe(management, limited, user_id),
            lambda: users.disable(management, limited, user_id),
            lambda: users.enable(management, limited, user_id),
            lambda: users.delete(management, limited, user_id),
            lambda: users.change_password(management, limited, user_id, "something new"),
        ],
        Code.MAILBOX_ALIAS_NOT_FOUND: [lambda: aliases.delete(management, limited, alias.id)],
        Code.ADMINISTRATOR_NOT_FOUND: [
            lambda: administrators.change_password(management, limited, "root", "something new"),
            lambda: administrators.delete(management, limited, "root"),
        ],
    }
    acts[Code.ACCESS_DENIED].append(
        lambda: administrators.create(management, limited, "more", "something new")
    )
    administrators.create(management, OPERATOR, "root", PASSWORD)
    changes = count(world, "audit_log")
    for code, refused in acts.items():
        for act in refused:
            assert refuse(act).code is code
    assert count(world, "audit_log") == changes
    assert world.get(account) == account
    seen = domains.list_(management, limited)
    assert [each.name for each in seen.entries] == ["example.net"]
    assert [each.alias for each in organizations.list_(management, limited).entries] == ["other"]
    assert mailboxes.list_(management, limited, ListRequest()).total_count == 0
    logged = audit.list_(management, limited).entries
    assert [each.action for each in logged] == ["domain.create", "organization.create"]


def test_what_is_not_there_is_not_found(world: World) -> None:
    management, nothing = world.management, uuid4()
    acts: dict[Code, Callable[[], object]] = {
        Code.ORGANIZATION_NOT_FOUND: lambda: organizations.delete(management, OPERATOR, nothing),
        Code.DOMAIN_NOT_FOUND: lambda: mailboxes.create(management, OPERATOR, nothing, [GOOD]),
        Code.MAILBOX_NOT_FOUND: lambda: mailboxes.get(management, OPERATOR, nothing),
        Code.USER_NOT_FOUND: lambda: users.describe(management, OPERATOR, nothing),
        Code.MAILBOX_ALIAS_NOT_FOUND: lambda: aliases.delete(management, OPERATOR, nothing),
    }
    for code, act in acts.items():
        refused = refuse(act)
        assert refused.code is code
        assert refused.field is not None
        assert str(nothing) in str(refused)


def test_a_domain_with_mailboxes_is_not_deleted(world: World) -> None:
    account = world.new_mailbox()
    management = world.management
    for change in (lambda: None, lambda: mailboxes.delete(management, OPERATOR, account.id)):
        change()
        refused = refuse(lambda: domains.delete(management, OPERATOR, world.domain.id))
        assert (refused.code, refused.field) == (Code.DOMAIN_NOT_EMPTY, "DomainId")
    users.delete(management, OPERATOR, account.user_id)
    domains.delete(management, OPERATOR, world.domain.id)
    assert refuse(lambda: create(world, GOOD)).code is Code.DOMAIN_NOT_FOUND
    again = world.new_domain("EXAMPLE.org")
    assert again.id != world.domain.id
    assert world.new_mailbox("user", again).address == "user@example.org"


def test_names_are_those_of_one(world: World) -> None:
    management = world.management
    refused = refuse(lambda: organizations.create(management, OPERATOR, " ACME "))
    assert (refused.code, refused.field) == (Code.ALIAS_TAKEN, "Alias")
    refused = refuse(lambda: domains.create(management, OPERATOR, "Example.ORG"))
    assert (refused.code, refused.field) == (Code.DOMAIN_TAKEN, "Name")
    for wrong in ("", "-a", "a b", "ä", "a" * 64):
        refused = refuse(lambda wrong=wrong: organizations.create(management, OPERATOR, wrong))
        assert (refused.code, refused.field) == (Code.INVALID_VALUE, "Alias")
    for wrong in ("", "a b", "-a.example", "a..b", "@example.org", "a@b.example", "x" * 254):
        refused = refuse(lambda wrong=wrong: domains.create(management, OPERATOR, wrong))
        assert (refused.code, refused.field) == (Code.INVALID_VALUE, "Name")


# At the same moment, on PostgreSQL: nobody waits for somebody who waits for them


def at_once(acts: Sequence[Callable[[], object]]) -> list[object]:
    """What comes of acts that begin together: what each returned or raised."""
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> object:
        start.wait(30)
        try:
            return act()
        except ManagementError as error:
            return error.code

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


ROUNDS = 8


def test_of_two_that_create_the_same_addresses_one_wins(world: World) -> None:
    for n in range(ROUNDS):
        names = [f"user{n}-{m}" for m in range(20)]
        first, second = at_once(
            [
                lambda names=names: world.new_mailboxes(names),
                lambda names=names: world.new_mailboxes(names[::-1]),
            ]
        )
        assert Code.ADDRESS_TAKEN in (first, second)
        assert isinstance(first, list) != isinstance(second, list)


def test_two_may_become_delegates_of_each_other(world: World) -> None:
    for n in range(ROUNDS):
        one, other = world.new_mailboxes([f"one{n}", f"other{n}"])

        def grant(mailbox: Account, delegate: Account) -> object:
            return permissions.grant(world.management, OPERATOR, mailbox.id, delegate.id)

        acts = [lambda: grant(one, other), lambda: grant(other, one)]  # noqa: B023
        assert not any(isinstance(each, Code) for each in at_once(acts))


def test_what_two_delete_is_deleted_once(world: World) -> None:
    account = world.new_mailbox()
    for n in range(ROUNDS):
        alias = aliases.create(world.management, OPERATOR, account.id, f"alias{n}")
        domain = world.new_domain(f"d{n}.example")
        organization = organizations.create(world.management, OPERATOR, f"org{n}")
        for act, code in (
            (
                lambda alias=alias: aliases.delete(world.management, OPERATOR, alias.id),
                Code.MAILBOX_ALIAS_NOT_FOUND,
            ),
            (
                lambda domain=domain: domains.delete(world.management, OPERATOR, domain.id),
                Code.DOMAIN_NOT_FOUND,
            ),
            (
                lambda of=organization: organizations.delete(world.management, OPERATOR, of.id),
                Code.ORGANIZATION_DELETED,
            ),
        ):
            assert at_once([act, act]).count(code) == 1
        organizations.get_by_alias(world.management, OPERATOR, "acme")


def test_no_domain_comes_into_a_deleted_organization(world: World) -> None:
    management = world.management
    for n in range(ROUNDS):
        organization_id = organizations.get_by_alias(management, OPERATOR, "acme").id
        _, made = at_once(
            [
                lambda of=organization_id: organizations.delete(management, OPERATOR, of),
                lambda n=n: domains.create(management, OPERATOR, f"new{n}.example"),
            ]
        )
        left = domains.list_(management, OPERATOR).entries
        assert [
            each.organization_id for each in left if each.organization_id == organization_id
        ] == []
        assert made is not None
        organizations.create(management, OPERATOR, "acme")


def test_an_organization_is_deleted_while_its_users_are(world: World) -> None:
    for n in range(ROUNDS):
        organization = organizations.create(world.management, OPERATOR, f"o{n}")
        domain = world.new_domain(f"u{n}.example", organization.id)
        made = world.new_mailboxes([f"user{m}" for m in range(10)], domain)
        acts: list[Callable[[], object]] = [
            lambda of=organization: organizations.delete(world.management, OPERATOR, of.id)
        ]
        acts += [
            lambda one=one: users.delete(world.management, OPERATOR, one.user_id)
            for one in made[5:]
        ]
        assert not any(isinstance(each, Code) for each in at_once(acts))


# Aliases and permissions


def test_an_alias_comes_and_goes(world: World) -> None:
    account, other = world.new_mailboxes(["user", "other"])
    management = world.management
    alias = aliases.create(management, OPERATOR, account.id, "Sales", "for orders")
    assert (alias.address, alias.description) == ("sales@example.org", "for orders")
    assert aliases.delete(management, OPERATOR, alias.id) == alias
    assert aliases.list_(management, OPERATOR, account.id) == []
    assert refuse(lambda: aliases.delete(management, OPERATOR, alias.id)).field == "AliasId"
    assert aliases.create(management, OPERATOR, other.id, "sales").id != alias.id


def test_a_mailbox_has_so_many_aliases(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aliases, "MOST", 2)
    account = world.new_mailbox()
    for name in ("a", "b"):
        aliases.create(world.management, OPERATOR, account.id, name)
    refused = refuse(lambda: aliases.create(world.management, OPERATOR, account.id, "c"))
    assert refused.code is Code.LIMIT_EXCEEDED


def test_full_access_is_granted_and_revoked(world: World) -> None:
    account, delegate = world.new_mailboxes(["user", "delegate"])
    management = world.management
    granted = permissions.grant(management, OPERATOR, account.id, delegate.id)
    world.now_s += 10
    assert permissions.grant(management, OPERATOR, account.id, delegate.id) == granted
    assert permissions.list_(management, OPERATOR, account.id) == [granted]
    assert permissions.list_(management, OPERATOR, delegate.id) == []
    permissions.revoke(management, OPERATOR, account.id, delegate.id)
    assert permissions.list_(management, OPERATOR, account.id) == []
    refused = refuse(lambda: permissions.revoke(management, OPERATOR, account.id, delegate.id))
    assert refused.code is Code.PERMISSION_NOT_FOUND


def test_nobody_is_their_own_delegate_or_one_of_another_organization(world: World) -> None:
    account = world.new_mailbox()
    other = organizations.create(world.management, OPERATOR, "other")
    elsewhere = world.new_mailbox("user", world.new_domain("example.net", other.id))
    for delegate in (account, elsewhere):
        refused = refuse(
            lambda delegate=delegate: permissions.grant(
                world.management, OPERATOR, account.id, delegate.id
            )
        )
        assert (refused.code, refused.field) == (Code.INVALID_VALUE, "DelegateId")
