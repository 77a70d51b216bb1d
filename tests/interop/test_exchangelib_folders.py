"""What exchangelib does with folders, as its documentation shows it."""

import pytest
from exchangelib import ExtendedProperty, Folder, Message, errors
from exchangelib.folders import Calendar, Contacts, Messages, SingleFolderQuerySet, Tasks
from exchangelib.items import SOFT_DELETE
from exchangelib.services import FindFolder


def names(folders):
    return [folder.name for folder in folders]


@pytest.fixture
def top(account):
    return account.root / "Top of Information Store"


def test_it_walks_the_tree(account, top):
    assert account.inbox in list(account.root.walk())
    assert "Inbox" in names(top.children)
    assert (top / "Inbox").id == account.inbox.id
    assert account.inbox.parent == top
    assert account.inbox.absolute == "/Root/Top of Information Store/Inbox"
    assert names(top.glob("sent*")) == ["Sent Items"]
    assert "Deletions" in account.root.tree()
    assert isinstance(top / "Calendar", Calendar)


def test_it_makes_renames_moves_and_deletes_a_folder(account, top):
    folder = Messages(parent=account.inbox, name="Projects").save()
    folder.refresh()
    assert folder == account.inbox / "Projects"
    folder.name = "Old projects"
    folder.save()
    folder.refresh()
    assert (folder.name, folder.folder_class) == ("Old projects", "IPF.Note")
    folder.save(update_fields=["name"])
    id = folder.id
    folder.move(top)
    folder.refresh()
    assert (folder.id, folder.parent) == (id, top)
    folder.delete()
    account.root.clear_cache()
    assert "Old projects" not in names(top.children)


def test_a_new_folder_is_changed_as_it_was_made(account):
    """Without having been read: the class and the permissions are not known to the client."""
    folder = Folder(parent=account.inbox, name="A").save()
    folder.name = "B"
    folder.save()
    account.root.clear_cache()
    assert [(each.name, each.folder_class) for each in account.inbox.children] == [
        ("B", "IPF.Note")
    ]


def test_folders_of_other_kinds_are_made(account):
    made = {"c": Calendar, "d": Contacts, "e": Tasks}
    for name, kind in made.items():
        kind(parent=account.inbox, name=name).save()
    account.root.clear_cache()
    assert {each.name: type(each) for each in account.inbox.children} == made


def test_it_learns_what_cannot_be_done(account, top):
    Folder(parent=account.inbox, name="A").save()
    with pytest.raises(errors.ErrorFolderExists):
        Folder(parent=account.inbox, name="a").save()
    with pytest.raises(errors.ErrorDeleteDistinguishedFolder):
        account.inbox.delete()
    with pytest.raises(errors.ErrorMoveDistinguishedFolder):
        account.inbox.move(top)


def test_it_empties_and_wipes_a_folder(account):
    folder = Messages(parent=account.inbox, name="A").save()
    Folder(parent=folder, name="B").save()
    Message(account=account, folder=folder, subject="x").save()
    folder.empty(delete_type=SOFT_DELETE)
    folder.refresh()
    assert (folder.total_count, folder.child_folder_count) == (0, 1)
    account.inbox.wipe()
    account.root.clear_cache()
    assert names(account.inbox.children) == []


def test_it_finds_folders_by_what_they_are(account):
    for name in ("one", "two"):
        Folder(parent=account.inbox, name=name).save()
    Folder(parent=account.inbox / "one", name="three").save()
    query = SingleFolderQuerySet(account=account, folder=account.inbox)
    assert names(query.filter(name="TWO")) == ["two"]
    assert names(query.filter(name__startswith="t")) == ["three", "two"]
    assert names(query.depth("Shallow").all()) == ["one", "two"]
    assert names(query.filter(child_folder_count__gt=0)) == ["one"]


def test_pages_are_followed(account, monkeypatch):
    for n in range(5):
        Folder(parent=account.inbox, name=f"{n}").save()
    monkeypatch.setattr(FindFolder, "PAGE_SIZE", 2)
    account.root.clear_cache()
    assert names(account.inbox.children) == ["0", "1", "2", "3", "4"]


class Colour(ExtendedProperty):
    property_set_id = "c11ff724-aa03-4555-9952-8fa248a11c3e"
    property_name = "colour"
    property_type = "String"


def test_extended_properties_of_folders_are_kept(account):
    Folder.register("colour", Colour)
    try:
        folder = Folder(
            parent=account.inbox, name="A", folder_class="IPF.Mine", colour="red"
        ).save()
        folder.refresh()
        assert folder.colour == "red"
        folder.colour = "blue"
        folder.save(update_fields=["colour"])
        folder.refresh()
        assert folder.colour == "blue"
    finally:
        Folder.deregister("colour")


def test_it_synchronizes_the_hierarchy(account):
    inbox = account.inbox
    gone = Folder(parent=inbox, name="gone").save()
    assert [(what, each.name) for what, each in inbox.sync_hierarchy()] == [("create", "gone")]
    gone_id = gone.id
    gone.delete()
    Folder(parent=inbox, name="new").save()
    (created, folder), (deleted, id) = inbox.sync_hierarchy()
    assert (created, folder.name) == ("create", "new")
    assert (deleted, id.id) == ("delete", gone_id)
    assert list(inbox.sync_hierarchy()) == []
    inbox.folder_sync_state = "nonsense"
    with pytest.raises(errors.ErrorInvalidSyncStateData):
        list(inbox.sync_hierarchy())
