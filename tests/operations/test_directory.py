"""Whom a name stands for."""

import pytest

from ewspush.core.errors import NameResolutionNoResults
from ewspush.operations import directory, mailboxes
from ewspush.operations.directory import Person
from ewspush.operations.management import aliases, domains, organizations
from ewspush.operations.management import mailboxes as management
from ewspush.operations.management.mailboxes import MailboxRequest
from ewspush.store import mailboxes as stored
from support.directory import OPERATOR, PASSWORD, World

NOW_S = 1_790_000_000
ADDRESSES = (
    "anna@example.com",
    "anna@example.org",
    "anna.b@example.com",
    "annabel@example.com",
    "an_a@example.com",
    "100%@example.com",
    "éva@example.com",
)


@pytest.fixture
def people(database):
    """A database with these mailboxes."""
    with database.write() as tx:
        for address in ADDRESSES:
            mailboxes.create(tx, address, "-", NOW_S)
    return database


def resolve(database, entry):
    with database.read() as tx:
        (somebody, *_) = stored.after(tx, 0, 1)
        return directory.resolve(tx, somebody.id, entry)


def found(database, entry):
    candidates = resolve(database, entry)
    assert candidates.are_all
    return [person.address for person in candidates.people]


@pytest.mark.parametrize(
    ("entry", "addresses"),
    [
        ("annabel", ["annabel@example.com"]),
        ("annab", ["annabel@example.com"]),
        ("anna@", ["anna@example.com", "anna@example.org"]),
        ("ANNA@EXAMPLE.O", ["anna@example.org"]),
        (" annabel\n", ["annabel@example.com"]),
        ("smtp:annabel", ["annabel@example.com"]),
        ("SMTP:annabel@example.com", ["annabel@example.com"]),
        ("E\u0301va", ["éva@example.com"]),
        # Nothing in it is a wildcard.
        ("an_", ["an_a@example.com"]),
        ("100%", ["100%@example.com"]),
    ],
)
def test_a_name_is_the_beginning_of_an_address_in_any_case(people, entry, addresses):
    assert found(people, entry) == addresses


def test_several_are_in_the_order_of_their_addresses(people):
    anna = found(people, "anna")
    assert anna == sorted(anna)
    assert len(anna) == 4


def test_a_whole_address_stands_for_itself(people):
    with people.write() as tx:
        mailboxes.create(tx, "anna@example.com.au", "-", NOW_S)
    assert found(people, "anna@example.com") == ["anna@example.com"]


def test_people_are_called_what_stands_before_the_at(people):
    assert resolve(people, "annabel").people == (Person("annabel", "annabel@example.com"),)


@pytest.mark.parametrize(
    "entry", ["bob", "", " ", "smtp:", "sip:anna", "example.com", "nna", "a" * 321, "%", "_", "a%m"]
)
def test_who_is_not_here_is_not_found(people, entry):
    with pytest.raises(NameResolutionNoResults):
        resolve(people, entry)


@pytest.mark.parametrize(("mailboxes_", "are_all"), [(100, True), (101, False)])
def test_at_most_a_hundred_are_named(database, mailboxes_, are_all):
    with database.write() as tx:
        for number in range(mailboxes_):
            mailboxes.create(tx, f"user{number:03}@example.com", "-", NOW_S)
    candidates = resolve(database, "user")
    assert [person.name for person in candidates.people] == [f"user{n:03}" for n in range(100)]
    assert candidates.are_all is are_all


def test_people_are_found_by_their_names_and_aliases(database):
    world = World(database)
    request = MailboxRequest("ae", PASSWORD, "Ann Example", ("sales",))
    (ann,) = management.create(world.management, OPERATOR, world.domain.id, [request])
    world.new_mailbox("bob")
    for entry in ("ann ex", "ANN", "ae@example.org", "sales", "Sales@example.org"):
        assert resolve(database, entry).people == (Person("Ann Example", "ae@example.org"),)
    management.delete(world.management, OPERATOR, ann.id)
    for entry in ("ann", "ae@example.org", "sales"):
        with pytest.raises(NameResolutionNoResults):
            resolve(database, entry)


def test_nobody_of_another_organization_is_found(database):
    world = World(database)
    world.new_mailbox("user")
    other = organizations.create(world.management, OPERATOR, "other")
    elsewhere = domains.create(world.management, OPERATOR, "example.net", other.id)
    there = world.new_mailbox("user", elsewhere)
    aliases.create(world.management, OPERATOR, there.id, "alias")
    assert found(database, "user") == ["user@example.org"]
    for entry in ("user@example.net", "alias"):
        with pytest.raises(NameResolutionNoResults):
            resolve(database, entry)
