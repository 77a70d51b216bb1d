"""Whose mailboxes a caller may use."""

import pytest

from ewspush.core.errors import (
    AccessDenied,
    AccountDisabled,
    CrossMailboxMoveCopy,
    EwsError,
    NonExistentMailbox,
)
from ewspush.core.ids import Kind, ObjectId
from ewspush.operations.delegates import Access, Journals, target_folder
from ewspush.operations.folders.finding import FolderById, FolderByName, FolderReference
from ewspush.operations.journal import Journal
from ewspush.store import mailboxes
from ewspush.store.database import Database
from ewspush.store.mailboxes import Mailbox
from support.checks_for_store import NOW_S, new_mailbox, on_sqlite
from support.delegates import add_alias, grant, revoke
from support.disabling import disable, restore
from support.mailbox_model import INBOX

pytestmark = on_sqlite


@pytest.fixture
def caller(database: Database) -> Mailbox:
    return new_mailbox(database, "caller")


@pytest.fixture
def owner(database: Database, caller: Mailbox) -> Mailbox:
    """Somebody whose mailbox the caller may use."""
    owner = new_mailbox(database, "owner")
    add_alias(database, owner, "alias")
    grant(database, owner, caller)
    return owner


@pytest.fixture
def stranger(database: Database) -> Mailbox:
    return new_mailbox(database, "stranger")


def by_id(mailbox: int) -> FolderById:
    return FolderById(ObjectId(Kind.FOLDER, mailbox, INBOX))


def at(local_part: str) -> FolderByName:
    return FolderByName("inbox", f"{local_part}@example.org")


def attempt(
    database: Database, caller: Mailbox, reference: FolderReference
) -> int | type[EwsError]:
    """The mailbox in which a folder was found, or why it was not."""
    with database.read() as tx:
        try:
            mailbox, folder = Access(tx, caller).folder(reference)
        except EwsError as error:
            return type(error)
    assert folder.number == INBOX
    return mailbox


@pytest.mark.parametrize(
    "reference",
    [by_id(2), at("owner"), at("Owner"), at("alias"), FolderByName("inbox", " ALIAS@Example.ORG ")],
    ids=["id", "address", "another case", "alias", "alias in another case"],
)
def test_a_mailbox_of_full_access_is_used_by_its_ids_and_its_addresses(
    database: Database, caller: Mailbox, owner: Mailbox, reference: FolderReference
) -> None:
    assert owner.id == 2
    assert attempt(database, caller, reference) == owner.id


def test_a_folder_without_an_address_is_the_callers(
    database: Database, caller: Mailbox, owner: Mailbox
) -> None:
    own_alias = add_alias(database, caller, "me")
    for reference in (FolderByName("inbox"), at("caller"), FolderByName("inbox", own_alias)):
        assert attempt(database, caller, reference) == caller.id


def test_access_is_not_the_owners_and_is_not_handed_on(
    database: Database, caller: Mailbox, owner: Mailbox, stranger: Mailbox
) -> None:
    grant(database, stranger, owner)
    assert attempt(database, owner, by_id(caller.id)) is AccessDenied
    assert attempt(database, caller, by_id(stranger.id)) is AccessDenied
    assert attempt(database, caller, at("stranger")) is AccessDenied


NOBODYS = 12345


@pytest.mark.parametrize("is_disabled", [False, True])
def test_who_has_no_right_does_not_learn_whether_a_mailbox_is_there(
    database: Database, caller: Mailbox, stranger: Mailbox, is_disabled: bool
) -> None:
    if is_disabled:
        disable(database, stranger.id, NOW_S)
    for reference in (at("stranger"), at("nobody"), by_id(stranger.id), by_id(NOBODYS)):
        assert attempt(database, caller, reference) is AccessDenied


@pytest.mark.parametrize("address", ["", "owner", "a b@example.org", "x" * 100_000])
def test_what_is_no_address_is_no_mailboxs(
    database: Database, caller: Mailbox, owner: Mailbox, address: str
) -> None:
    assert attempt(database, caller, FolderByName("inbox", address)) is NonExistentMailbox


@pytest.mark.parametrize("reference", [by_id(2), at("owner"), at("alias")])
def test_a_disabled_mailbox_is_used_by_nobody_until_it_is_restored(
    database: Database, caller: Mailbox, owner: Mailbox, reference: FolderReference
) -> None:
    disable(database, owner.id, NOW_S)
    assert attempt(database, caller, reference) is NonExistentMailbox
    restore(database, owner.id, NOW_S)
    assert attempt(database, caller, reference) == owner.id


@pytest.mark.parametrize("reference", [by_id(2), at("owner")])
def test_a_right_that_was_taken_back_is_none(
    database: Database, caller: Mailbox, owner: Mailbox, reference: FolderReference
) -> None:
    revoke(database, owner, caller)
    assert attempt(database, caller, reference) is AccessDenied


def test_each_mailbox_has_one_journal(
    database: Database, caller: Mailbox, owner: Mailbox, stranger: Mailbox
) -> None:
    with database.write() as tx:
        mailboxes.lock_several(tx)
        journals = Journals(tx, caller, NOW_S)
        theirs = journals.of_folder(at("owner"))
        assert theirs.owner.address == owner.address
        assert journals.of(ObjectId(Kind.ITEM, owner.id, 1)) is theirs
        assert journals.of_folder(FolderByName("inbox")).mailbox == caller.id
        with pytest.raises(AccessDenied):
            journals.of(ObjectId(Kind.ITEM, stranger.id, 1))


def test_nothing_goes_from_one_mailbox_to_another(
    database: Database, caller: Mailbox, owner: Mailbox, stranger: Mailbox
) -> None:
    with database.write() as tx:
        journal = Journal(tx, owner.id, NOW_S)
        assert target_folder(journal, caller, at("owner")).number == INBOX
        for elsewhere in (FolderByName("inbox"), by_id(caller.id)):
            with pytest.raises(CrossMailboxMoveCopy):
                target_folder(journal, caller, elsewhere)
        with pytest.raises(AccessDenied):
            target_folder(journal, caller, by_id(stranger.id))


# Disabled since somebody looked


@pytest.mark.parametrize("mailbox_id", [1, NOBODYS])
def test_a_journal_is_not_begun_in_a_mailbox_that_is_disabled_ordisable(
    database: Database, caller: Mailbox, mailbox_id: int
) -> None:
    disable(database, caller.id, NOW_S)
    with database.write() as tx, pytest.raises(AccountDisabled):
        Journal(tx, mailbox_id, NOW_S)


def test_what_is_nobodys_use_of_a_disabled_mailbox_is_done(
    database: Database, caller: Mailbox
) -> None:
    disable(database, caller.id, NOW_S)
    with database.write() as tx:
        assert Journal(tx, caller.id, NOW_S, even_if_disabled=True).mailbox == caller.id


def test_journals_are_not_begun_in_a_mailbox_that_is_disabled_since_it_was_found(
    database: Database, caller: Mailbox, owner: Mailbox
) -> None:
    with database.write() as tx:
        journals = Journals(tx, caller, NOW_S)
        journals.access.mailbox_of_folder(at("owner"))
        mailboxes.set_disabled(tx, owner.id, NOW_S)
        with pytest.raises(AccountDisabled):
            journals.of(ObjectId(Kind.ITEM, owner.id, 1))
