"""Folders of a mailbox, with their counts."""

from collections import Counter
from typing import Any

import pytest

from ewspush.core.folders import DISTINGUISHED_FOLDERS
from ewspush.store import folders, mailboxes
from ewspush.store.database import Database
from ewspush.store.folders import Folder
from ewspush.store.mailboxes import Mailbox
from support.checks_for_store import new_mailbox, shards, threads

INBOX = 3


@pytest.fixture
def mailbox(database: Database) -> Mailbox:
    return new_mailbox(database)


def all_folders(database: Database, mailbox: Mailbox) -> list[Folder]:
    with database.read() as tx:
        found = [folders.by_name(tx, mailbox.id, each.name) for each in DISTINGUISHED_FOLDERS]
    assert None not in found
    return [folder for folder in found if folder]


def test_a_mailbox_has_every_distinguished_folder_under_its_number(
    database: Database, mailbox: Mailbox
) -> None:
    made = all_folders(database, mailbox)
    assert [folder.number for folder in made] == list(range(1, len(DISTINGUISHED_FOLDERS) + 1))
    name_of = {folder.number: folder.distinguished_name for folder in made}
    for folder, known in zip(made, DISTINGUISHED_FOLDERS, strict=True):
        assert folder.display_name == known.display_name
        assert folder.folder_class == known.folder_class
        assert name_of.get(folder.parent_number or 0) == known.parent
    with database.read() as tx:
        assert not shards(tx, mailbox.id)


def test_folders_begin_empty_and_know_how_many_subfolders_they_have(
    database: Database, mailbox: Mailbox
) -> None:
    made = all_folders(database, mailbox)
    children = Counter(folder.parent_number for folder in made)
    for folder in made:
        assert (folder.total_count, folder.unread_count) == (0, 0)
        assert folder.child_folder_count == children[folder.number]


def test_a_folder_is_found_by_name_and_by_number(database: Database, mailbox: Mailbox) -> None:
    with database.read() as tx:
        inbox = folders.by_name(tx, mailbox.id, "inbox")
        assert inbox == folders.by_number(tx, mailbox.id, INBOX)
        assert inbox is not None
        assert inbox.display_name == "Inbox"


def test_what_is_not_there_is_none(database: Database, mailbox: Mailbox) -> None:
    with database.read() as tx:
        assert folders.by_name(tx, mailbox.id, "publicfoldersroot") is None
        assert folders.by_name(tx, mailbox.id, "Inbox") is None
        assert folders.by_name(tx, mailbox.id + 1, "inbox") is None
        for number in (0, 99, 2**63 - 1):
            assert folders.by_number(tx, mailbox.id, number) is None


def test_counts_go_up_and_down_with_each_change(database: Database, mailbox: Mailbox) -> None:
    with database.write() as tx:
        before = folders.by_number(tx, mailbox.id, INBOX)
        assert before is not None
        steps = [(100, 2, 2, 1), (101, 0, -1, 1), (102, -1, -1, 0), (103, 1, 0, -2)]
        after = [folders.add_to_counts(tx, mailbox.id, INBOX, *step) for step in steps]
    counts = [(each.total_count, each.unread_count, each.child_folder_count) for each in after]
    assert counts == [(2, 2, 1), (2, 1, 2), (1, 0, 2), (2, 0, 0)]
    assert [folder.change for folder in after] == [100, 101, 102, 103]
    with database.read() as tx:
        assert folders.by_number(tx, mailbox.id, INBOX) == after[-1]


def test_counting_one_folder_leaves_the_others_alone(database: Database, mailbox: Mailbox) -> None:
    other = new_mailbox(database, "other")
    with database.write() as tx:
        folders.add_to_counts(tx, mailbox.id, INBOX, 100, 1, 1)
    assert sum(folder.total_count for folder in all_folders(database, mailbox)) == 1
    assert sum(folder.total_count for folder in all_folders(database, other)) == 0


def test_counts_stay_true_with_several_writers(database: Database, mailbox: Mailbox) -> None:
    def count(unread: int) -> None:
        with database.write() as tx:
            change = mailboxes.take_numbers(tx, mailbox.id, 1)[0]
            folders.add_to_counts(tx, mailbox.id, INBOX, change, 1, unread)

    with threads(4) as run:
        for each in [run(count, n % 2) for n in range(40)]:
            each.result(30)
    with database.read() as tx:
        inbox = folders.by_number(tx, mailbox.id, INBOX)
    assert inbox is not None
    assert (inbox.total_count, inbox.unread_count) == (40, 20)


def folder(number: int, parent: int = INBOX, **changes: Any) -> Folder:
    values: dict[str, Any] = {
        "number": number,
        "parent_number": parent,
        "distinguished_name": None,
        "display_name": "Grüße",
        "folder_class": "IPF.Note",
        "total_count": 1,
        "unread_count": 2,
        "child_folder_count": 3,
        "change": 4,
        "properties": {"ExtendedProperty": [{"Path": "x", "Value": "Ä"}]},
    }
    return Folder(**values | changes)


def test_a_folder_is_kept_and_written_over(database: Database, mailbox: Mailbox) -> None:
    made = folder(100)
    with database.write() as tx:
        folders.insert_folder(tx, mailbox.id, made)
        assert folders.by_number(tx, mailbox.id, 100) == made
        changed = folder(100, 5, display_name="x", folder_class=None, change=9, properties={})
        folders.update_folder(tx, mailbox.id, changed)
    with database.read() as tx:
        assert folders.by_number(tx, mailbox.id, 100) == changed
        assert not shards(tx, mailbox.id)


def test_folders_are_found_by_their_parents(database: Database, mailbox: Mailbox) -> None:
    other = new_mailbox(database, "other")
    made = [folder(100), folder(101, 100), folder(102), folder(103, 102, display_name="b")]
    with database.write() as tx:
        for each in made:
            folders.insert_folder(tx, mailbox.id, each)
        folders.insert_folder(tx, other.id, folder(104))
        assert folders.children(tx, mailbox.id, [INBOX]) == [made[0], made[2]]
        assert folders.children(tx, mailbox.id, [102, 100]) == [made[1], made[3]]
        assert folders.children(tx, mailbox.id, []) == []
        assert folders.names_under(tx, mailbox.id, INBOX) == ["Grüße", "Grüße"]
        assert folders.of_mailbox(tx, mailbox.id)[-4:] == made
        assert folders.count(tx, mailbox.id) == len(DISTINGUISHED_FOLDERS) + 4


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("one", {"One", "Größe", "\N{KELVIN SIGN}"}),
        ("K", {"Größe", "\N{KELVIN SIGN}"}),
        ("x_%", {"Größe", "\N{KELVIN SIGN}"}),
        ("GRÖSSE", {"One", "two", "Größe", "\N{KELVIN SIGN}"}),
    ],
)
def test_names_that_may_be_the_same_but_for_case_are_found(
    database: Database, mailbox: Mailbox, name: str, found: set[str]
) -> None:
    with database.write() as tx:
        for number, each in enumerate(("One", "two", "Größe", "\N{KELVIN SIGN}"), 100):
            folders.insert_folder(tx, mailbox.id, folder(number, display_name=each))
        folders.insert_folder(tx, mailbox.id, folder(200, 100, display_name="ONE"))
        assert set(folders.names_like(tx, mailbox.id, INBOX, name)) == found


def test_folders_are_removed(database: Database, mailbox: Mailbox) -> None:
    with database.write() as tx:
        for number in (100, 101, 102):
            folders.insert_folder(tx, mailbox.id, folder(number))
        folders.delete_folders(tx, mailbox.id, (100, 102))
    with database.read() as tx:
        left = folders.of_mailbox(tx, mailbox.id)
    assert [each.number for each in left if each.number >= 100] == [101]
