"""ews-javascript-api browses, changes and synchronizes folders."""

import pytest

from support.javascript import JavascriptError


@pytest.fixture
def projects(account):
    """The id of a folder in the Inbox."""
    return account.createFolder(name="Projects", parent="Inbox")


def names(found):
    return [folder["DisplayName"] for folder in found]


def changed(found):
    return {(change["type"], change["changed"]["DisplayName"]) for change in found["changes"]}


def test_it_finds_the_inbox_by_name_and_by_id(account, server, mailbox):
    inbox = account.bindFolder(folder="Inbox")
    assert (inbox["class"], inbox["DisplayName"], inbox["TotalCount"]) == ("Folder", "Inbox", 0)
    server.deliver(mailbox)
    again = account.bindFolder(folder=inbox["Id"])
    assert (again["Id"], again["TotalCount"], again["UnreadCount"]) == (inbox["Id"], 1, 1)


@pytest.mark.parametrize(
    ("folder", "kind", "folder_class"),
    [
        ("Calendar", "CalendarFolder", "IPF.Appointment"),
        ("Contacts", "ContactsFolder", "IPF.Contact"),
        ("Tasks", "TasksFolder", "IPF.Task"),
        ("SentItems", "Folder", "IPF.Note"),
        ("RecoverableItemsDeletions", "Folder", None),
    ],
)
def test_folders_are_of_their_classes(account, folder, kind, folder_class):
    found = account.bindFolder(folder=folder)
    assert (found["class"], found.get("FolderClass")) == (kind, folder_class)


def test_it_lists_the_folders_page_by_page(account):
    everything = names(account.findFolders(folder="MsgFolderRoot"))
    assert {"Inbox", "Sent Items", "Deleted Items", "Calendar"} < set(everything)
    one_by_one = [
        name
        for offset in range(0, len(everything), 4)
        for name in names(account.findFolders(folder="MsgFolderRoot", size=4, offset=offset))
    ]
    assert one_by_one == everything


def test_it_finds_a_folder_by_its_name_at_any_depth(account, projects):
    assert account.findFolders(folder="MsgFolderRoot", named="Projects") == []
    (found,) = account.findFolders(folder="MsgFolderRoot", named="Projects", deep=True)
    assert found["Id"] == projects
    assert found["ParentFolderId"] == account.bindFolder(folder="Inbox")["Id"]


def test_it_makes_renames_copies_and_moves_folders(account, projects):
    account.renameFolder(folder=projects, name="Plans & <drafts>")
    assert names(account.findFolders(folder="Inbox")) == ["Plans & <drafts>"]
    copied = account.copyFolder(folder=projects, to="Drafts")
    assert copied["Id"] != projects
    assert names(account.findFolders(folder="Drafts")) == ["Plans & <drafts>"]
    moved = account.moveFolder(folder=projects, to="SentItems")
    assert account.findFolders(folder="Inbox") == []
    assert account.bindFolder(folder=moved["Id"])["DisplayName"] == "Plans & <drafts>"


def test_a_name_that_is_taken_is_its_own_typed_error(account, projects):
    with pytest.raises(JavascriptError) as refused:
        account.createFolder(name="Projects", parent="Inbox")
    assert refused.value.code == "ErrorFolderExists"


@pytest.mark.parametrize(
    ("mode", "left_in"),
    [
        ("MoveToDeletedItems", "DeletedItems"),
        ("SoftDelete", "RecoverableItemsDeletions"),
        ("HardDelete", None),
    ],
)
def test_it_deletes_folders(account, projects, mode, left_in):
    account.deleteFolder(folder=projects, mode=mode)
    assert account.findFolders(folder="Inbox") == []
    if left_in:
        assert names(account.findFolders(folder=left_in)) == ["Projects"]
    else:
        with pytest.raises(JavascriptError) as gone:
            account.bindFolder(folder=projects)
        assert gone.value.code == "ErrorFolderNotFound"


def test_it_empties_a_folder_with_what_is_below_it(account, server, mailbox, projects):
    server.deliver(mailbox)
    account.emptyFolder(folder="Inbox", mode="MoveToDeletedItems")
    assert account.bindFolder(folder="DeletedItems")["TotalCount"] == 1
    assert names(account.findFolders(folder="Inbox")) == ["Projects"]
    account.emptyFolder(folder="Inbox", mode="HardDelete", folders=True)
    assert account.findFolders(folder="Inbox") == []


def test_it_marks_everything_in_a_folder_as_read(account, server, mailbox):
    for _ in range(3):
        server.deliver(mailbox)
    account.markAllRead(folder="Inbox")
    inbox = account.bindFolder(folder="Inbox")
    assert (inbox["TotalCount"], inbox["UnreadCount"]) == (3, 0)


def test_it_synchronizes_the_hierarchy(account):
    first = account.syncHierarchy()
    assert {("Create", "Inbox"), ("Create", "Sent Items")} < changed(first)
    projects = account.createFolder(name="Projects", parent="Inbox")
    account.renameFolder(folder="Drafts", name="Not sent")
    second = account.syncHierarchy(state=first["state"])
    assert {("Create", "Projects"), ("Update", "Not sent")} <= changed(second)
    account.deleteFolder(folder=projects, mode="HardDelete")
    third = account.syncHierarchy(state=second["state"])
    assert ("Delete", projects) in {(one["type"], one["id"]) for one in third["changes"]}
    assert account.syncHierarchy(state=third["state"])["changes"] == []


def test_it_synchronizes_one_part_of_the_hierarchy(account, projects):
    found = account.syncHierarchy(folder="Inbox")
    assert changed(found) == {("Create", "Projects")}


def test_it_synchronizes_items_a_few_at_a_time(account, server, mailbox):
    for _ in range(5):
        server.deliver(mailbox)
    state, sizes, ids = None, [], set()
    more = True
    while more:
        found = account.syncItems(folder="Inbox", state=state, most=2)
        state, more = found["state"], found["more"]
        sizes.append(len(found["changes"]))
        ids |= {change["id"] for change in found["changes"]}
    assert sizes == [2, 2, 1]
    assert len(ids) == 5


def test_each_kind_of_change_is_synchronized_as_such(account, server, mailbox):
    server.deliver(mailbox)
    server.deliver(mailbox)
    found = account.syncItems(folder="Inbox")
    first, second = (change["id"] for change in found["changes"])
    account.update(id=first, read=True)
    found = account.syncItems(folder="Inbox", state=found["state"])
    assert [(one["type"], one["id"], one["isRead"]) for one in found["changes"]] == [
        ("ReadFlagChange", first, True)
    ]
    account.update(id=first, subject="Changed")
    account.remove(id=second, mode="HardDelete")
    found = account.syncItems(folder="Inbox", state=found["state"])
    assert {(one["type"], one["id"]) for one in found["changes"]} == {
        ("Update", first),
        ("Delete", second),
    }


def test_ignored_items_are_not_synchronized(account, server, mailbox):
    server.deliver(mailbox)
    found = account.syncItems(folder="Inbox")
    (change,) = found["changes"]
    account.update(id=change["id"], subject="Changed")
    again = account.syncItems(folder="Inbox", state=found["state"], ignored=[change["id"]])
    assert again["changes"] == []


def test_a_state_that_is_none_is_its_own_typed_error(account):
    with pytest.raises(JavascriptError) as refused:
        account.syncItems(folder="Inbox", state="bm9uZQ==")
    assert refused.value.code == "ErrorInvalidSyncStateData"
