"""The distinguished folders: their numbers are in ids that clients keep."""

from ewspush.core.folders import DISTINGUISHED_FOLDERS, INBOX, ROOT

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
    assert INBOX in before
