"""Folders of a mailbox, with their counts."""

from collections import Counter

import pytest

from ewspush.core.folders import DISTINGUISHED_FOLDERS
from ewspush.store import folders
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


def test_counts_go_up_and_down_and_each_change_is_counted(
    database: Database, mailbox: Mailbox
) -> None:
    with database.write() as tx:
        before = folders.by_number(tx, mailbox.id, INBOX)
        assert before is not None
        steps = [(2, 2), (0, -1), (-1, -1), (1, 0)]
        after = [folders.add_to_counts(tx, mailbox.id, INBOX, *step) for step in steps]
    counts = [(folder.total_count, folder.unread_count) for folder in after]
    assert counts == [(2, 2), (2, 1), (1, 0), (2, 0)]
    assert [folder.change - before.change for folder in after] == [1, 2, 3, 4]
    with database.read() as tx:
        assert folders.by_number(tx, mailbox.id, INBOX) == after[-1]


def test_counting_one_folder_leaves_the_others_alone(database: Database, mailbox: Mailbox) -> None:
    other = new_mailbox(database, "other")
    with database.write() as tx:
        folders.add_to_counts(tx, mailbox.id, INBOX, 1, 1)
    assert sum(folder.total_count for folder in all_folders(database, mailbox)) == 1
    assert sum(folder.total_count for folder in all_folders(database, other)) == 0


def test_counts_stay_true_with_several_writers(database: Database, mailbox: Mailbox) -> None:
    def count(unread: int) -> None:
        with database.write() as tx:
            folders.add_to_counts(tx, mailbox.id, INBOX, 1, unread)

    with threads(4) as run:
        for each in [run(count, n % 2) for n in range(40)]:
            each.result(30)
    with database.read() as tx:
        inbox = folders.by_number(tx, mailbox.id, INBOX)
    assert inbox is not None
    assert (inbox.total_count, inbox.unread_count, inbox.change) == (40, 20, 41)
