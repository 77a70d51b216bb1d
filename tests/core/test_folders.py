"""Kinds of folders, and the distinguished ones: their numbers are in ids that clients keep."""

import pytest

from ewspush.core.folders import (
    CLASS_OF_KIND,
    DELETED_ITEMS,
    DISTINGUISHED_FOLDERS,
    INBOX,
    RECOVERABLE_DELETIONS,
    RECOVERABLE_ROOT,
    ROOT,
    FolderKind,
    kind_of,
)

# By number, from 1 on. Clients hold ids made of them: names may be added at the end, no more.
IN_ORDER = (
    "root",
    "msgfolderroot",
    "inbox",
    "drafts",
    "outbox",
    "sentitems",
    "deleteditems",
    "junkemail",
    "calendar",
    "contacts",
    "tasks",
    "notes",
    "journal",
    "searchfolders",
    "recoverableitemsroot",
    "recoverableitemsdeletions",
    "recoverableitemsversions",
    "recoverableitemspurges",
)


def test_a_folder_keeps_its_number() -> None:
    names = tuple(folder.name for folder in DISTINGUISHED_FOLDERS)
    assert names[: len(IN_ORDER)] == IN_ORDER
    assert len(set(names)) == len(names)


def test_every_folder_but_the_root_lies_in_one_before_it() -> None:
    before: set[str | None] = {None}
    for folder in DISTINGUISHED_FOLDERS:
        assert folder.parent in before
        assert (folder.parent is None) == (folder.name == ROOT)
        before.add(folder.name)
    assert {INBOX, DELETED_ITEMS, RECOVERABLE_DELETIONS, RECOVERABLE_ROOT} <= before


@pytest.mark.parametrize(
    ("folder_class", "kind"),
    [
        (None, FolderKind.FOLDER),
        ("", FolderKind.FOLDER),
        ("IPF", FolderKind.FOLDER),
        ("IPF.Note", FolderKind.FOLDER),
        ("IPF.StickyNote", FolderKind.FOLDER),
        ("IPF.Appointment", FolderKind.CALENDAR),
        ("ipf.APPOINTMENT", FolderKind.CALENDAR),
        ("IPF.Appointment.Birthday", FolderKind.CALENDAR),
        ("IPF.Appointments", FolderKind.FOLDER),
        ("IPF.Contact.MOC.QuickContacts", FolderKind.CONTACTS),
        ("IPF.Task", FolderKind.TASKS),
        ("Task", FolderKind.FOLDER),
    ],
)
def test_the_kind_of_a_folder_is_that_of_its_class(
    folder_class: str | None, kind: FolderKind
) -> None:
    assert kind_of(folder_class) is kind


def test_each_kind_with_a_class_of_its_own_is_found_by_it() -> None:
    assert {kind_of(name): name for name in CLASS_OF_KIND.values()} == CLASS_OF_KIND
