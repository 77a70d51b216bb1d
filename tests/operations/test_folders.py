"""Finding folders, and every way to be refused."""

import pytest

from ewspush.core.errors import (
    AccessDenied,
    CannotUseItemIdForFolderId,
    EwsError,
    FolderNotFound,
    NonExistentMailbox,
)
from ewspush.core.ids import Kind, ObjectId
from ewspush.operations import mail
from ewspush.operations.folders.finding import (
    FolderById,
    FolderByName,
    FolderReference,
    get_folder,
    mailbox_of,
)
from ewspush.store.database import Database
from ewspush.store.mailboxes import Mailbox
from support.checks_for_store import NOW_S, new_mailbox, on_sqlite

INBOX, NOBODYS = 3, 12345

pytestmark = on_sqlite


@pytest.fixture
def caller(database: Database) -> Mailbox:
    caller = new_mailbox(database)
    with database.write() as tx:
        mail.deliver(tx, caller.address, b"x", NOW_S)
    return caller


@pytest.fixture
def other(database: Database) -> Mailbox:
    return new_mailbox(database, "other")


def by_id(mailbox: int, number: int = INBOX, kind: Kind = Kind.FOLDER) -> FolderById:
    return FolderById(ObjectId(kind, mailbox, number))


@pytest.mark.parametrize(
    ("name", "mailbox"),
    [
        ("inbox", None),
        ("inbox", "user@example.org"),
        ("inbox", "User@EXAMPLE.org"),
        ("root", None),
        ("recoverableitemspurges", None),
    ],
)
def test_a_folder_is_found_by_its_distinguished_name(
    database: Database, caller: Mailbox, name: str, mailbox: str | None
) -> None:
    with database.read() as tx:
        found = get_folder(tx, caller.id, FolderByName(name, mailbox))
        assert found.distinguished_name == name
        assert get_folder(tx, caller.id, by_id(caller.id, found.number)) == found


REFUSED: dict[str, tuple[FolderReference, type[EwsError]]] = {
    "no such number": (by_id(1, 999), FolderNotFound),
    "an item's number": (by_id(1, 19), FolderNotFound),
    "the greatest number": (by_id(1, 2**63 - 1), FolderNotFound),
    "no such name": (FolderByName("publicfoldersroot"), FolderNotFound),
    "an item's id": (by_id(1, 19, Kind.ITEM), CannotUseItemIdForFolderId),
    "a subscription's id": (by_id(1, 5, Kind.SUBSCRIPTION), CannotUseItemIdForFolderId),
    "another's folder": (by_id(2), AccessDenied),
    "another's item": (by_id(2, 19, Kind.ITEM), AccessDenied),
    "another's folder that is not there": (by_id(2, 999), AccessDenied),
    "nobody's folder": (by_id(NOBODYS), AccessDenied),
    "another's folder by name": (FolderByName("inbox", "other@example.org"), AccessDenied),
    "nobody's folder by name": (FolderByName("inbox", "x@example.org"), NonExistentMailbox),
    "no address": (FolderByName("inbox", ""), NonExistentMailbox),
    "not an address": (FolderByName("inbox", "user"), NonExistentMailbox),
    "a long address": (FolderByName("inbox", "x" * 1_000_000), NonExistentMailbox),
}


@pytest.mark.parametrize(("reference", "error"), REFUSED.values(), ids=REFUSED)
def test_any_other_reference_is_refused(
    database: Database,
    caller: Mailbox,
    other: Mailbox,
    reference: FolderReference,
    error: type[EwsError],
) -> None:
    assert (caller.id, other.id) == (1, 2)
    with database.read() as tx, pytest.raises(EwsError) as refused:
        get_folder(tx, caller.id, reference)
    assert type(refused.value) is error
    assert len(str(refused.value)) < 300


def test_the_mailbox_of_a_reference_is_the_callers_unless_it_names_one(
    database: Database, caller: Mailbox, other: Mailbox
) -> None:
    with database.read() as tx:
        assert mailbox_of(tx, caller.id, FolderByName("inbox")) == caller.id
        assert mailbox_of(tx, caller.id, FolderByName("x", "Other@example.org")) == other.id
        assert mailbox_of(tx, caller.id, by_id(other.id)) == other.id
