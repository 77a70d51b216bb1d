"""ews-javascript-api changes, files and deletes mail."""

import pytest

from support.javascript import JavascriptError


def test_a_message_is_marked_read_and_changed(account, delivered):
    before = account.bindFolder(folder="Inbox")["UnreadCount"]
    account.update(id=delivered, read=True, categories=["Blue", "Red"], subject="Changed")
    message = account.bind(id=delivered)
    assert (message["IsRead"], message["Categories"], message["Subject"]) == (
        True,
        ["Blue", "Red"],
        "Changed",
    )
    assert (before, account.bindFolder(folder="Inbox")["UnreadCount"]) == (1, 0)


@pytest.mark.parametrize(
    ("mode", "code", "left"),
    [
        ("NeverOverwrite", "ErrorIrresolvableConflict", "Theirs"),
        ("AutoResolve", None, "Mine"),
        ("AlwaysOverwrite", None, "Mine"),
    ],
)
def test_conflicts_are_resolved_as_asked(account, delivered, mode, code, left):
    change = {"id": delivered, "mode": mode, "subject": "Mine", "meanwhile": {"subject": "Theirs"}}
    if code is None:
        account.update(**change)
    else:
        with pytest.raises(JavascriptError) as conflict:
            account.update(**change)
        assert conflict.value.code == code
    assert account.bind(id=delivered)["Subject"] == left


def test_a_message_is_copied_and_moved(account, delivered):
    folder = account.createFolder(name="Projects", parent="Inbox")
    copied = account.copy(id=delivered, to=folder)
    moved = account.move(id=delivered, to=folder)
    assert len({delivered, copied, moved}) == 3
    assert account.subjects("Inbox") == []
    assert {one["Id"] for one in account.find(folder=folder)["items"]} == {copied, moved}
    with pytest.raises(JavascriptError) as gone:
        account.bind(id=delivered)
    assert gone.value.code == "ErrorItemNotFound"


@pytest.mark.parametrize(
    ("mode", "left_in"),
    [
        ("MoveToDeletedItems", ["DeletedItems"]),
        ("SoftDelete", ["RecoverableItemsDeletions"]),
        ("HardDelete", []),
    ],
)
def test_a_message_is_deleted(account, delivered, mode, left_in):
    account.remove(id=delivered, mode=mode)
    folders = ("Inbox", "DeletedItems", "RecoverableItemsDeletions")
    assert [folder for folder in folders if account.subjects(folder)] == left_in


def test_items_are_worked_on_in_bulk(account):
    ids = [account.write(how="save", subject=f"Number {n}", text="x") for n in range(3)]
    copied = [one["item"]["Id"] for one in account.copyItems(ids=ids, to="JunkEmail")]
    moved = [one["item"]["Id"] for one in account.moveItems(ids=copied, to="Inbox")]
    told = account.removeItems(ids=[*moved, copied[0]], mode="HardDelete")
    assert [one["code"] for one in told] == ["NoError"] * 3 + ["ErrorItemNotFound"]
    assert account.subjects("Inbox") == account.subjects("JunkEmail") == []
    assert len(account.subjects("Drafts")) == 3
