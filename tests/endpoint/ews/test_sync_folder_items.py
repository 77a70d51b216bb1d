"""SyncFolderItems: what a client is told of a folder, and how it goes on."""

from base64 import b64decode, b64encode

import pytest

from ewspush.core.ids import Kind
from ewspush.core.item_paths import FieldPath
from ewspush.operations.items.moves import Disposal, delete_items, move_items
from ewspush.operations.items.updates import SetField, update_item
from ewspush.wire import ids
from support.items import (
    Owner,
    body,
    field_uri,
    file,
    item_id,
    names,
    one,
    sync_folder_items,
)
from support.mailbox_model import CALENDAR, DRAFTS, INBOX


@pytest.fixture
def owner(ews):
    return Owner(ews.database, ews.mailbox)


def changes(answer):
    """Of each change its type, and the children of the element within."""
    return [(change.tag.partition("}")[2], names(change)) for change in answer.one("m:Changes")]


def is_last(answer):
    return answer.text("m:IncludesLastItemInRange")


def test_a_client_that_knows_nothing_is_told_of_all(ews, owner):
    first = owner.deliver()
    second = owner.create(INBOX, ItemClass="IPM.Contact")
    answer = ews.ask(sync_folder_items())
    assert answer.codes == ["NoError"]
    assert changes(answer) == [("Create", ["Message"]), ("Create", ["Contact"])]
    found = [item_id(ews.mailbox, each) for each in (first, second)]
    assert [f'<t:ItemId Id="{each.get("Id")}" ChangeKey="{each.get("ChangeKey")}"/>'
            for each in answer.all("t:ItemId")] == found  # fmt: skip
    assert is_last(answer) == "true"


def test_an_empty_folder_has_a_state_too(ews, owner):
    answer = ews.ask(sync_folder_items())
    assert (changes(answer), is_last(answer)) == ([], "true")
    state = answer.text("m:SyncState")
    owner.deliver()
    assert changes(ews.ask(sync_folder_items(state=state))) == [("Create", ["Message"])]


def test_changes_are_told_by_what_they_are(ews, owner):
    changed, read, gone = (owner.create(INBOX, IsRead=False) for _ in range(3))
    state = ews.ask(sync_folder_items()).text("m:SyncState")
    owner.act(update_item, changed, [SetField(FieldPath("Subject"), "x")])
    owner.act(update_item, read, [SetField(FieldPath("IsRead"), True)])
    owner.act(delete_items, [gone], Disposal.SOFT)
    shape = f"<t:AdditionalProperties>{field_uri('item:Subject')}</t:AdditionalProperties>"
    answer = ews.ask(sync_folder_items(state=state, shape=shape))
    assert changes(answer) == [
        ("Update", ["Message"]),
        ("ReadFlagChange", ["ItemId", "IsRead"]),
        ("Delete", ["ItemId"]),
    ]
    assert one(answer.one("t:Update"), "t:Subject").text == "x"
    assert one(answer.one("t:ReadFlagChange"), "t:IsRead").text == "true"
    flagged = one(answer.one("t:ReadFlagChange"), "t:ItemId").attrib
    assert item_id(ews.mailbox, owner.again(read)) == (
        f'<t:ItemId Id="{flagged["Id"]}" ChangeKey="{flagged["ChangeKey"]}"/>'
    )
    assert dict(one(answer.one("t:Delete"), "t:ItemId").attrib) == {
        "Id": ids.encode(Kind.ITEM, ews.mailbox.id, gone.number)
    }
    assert changes(ews.ask(sync_folder_items(state=answer.text("m:SyncState")))) == []


def test_what_is_moved_leaves_the_one_folder_and_comes_to_the_other(ews, owner):
    item = owner.deliver()
    states = {
        name: ews.ask(sync_folder_items(name)).text("m:SyncState") for name in ("inbox", "drafts")
    }
    owner.act(move_items, [item], DRAFTS)
    told = {
        name: changes(ews.ask(sync_folder_items(name, state=state)))
        for name, state in states.items()
    }
    assert told == {"inbox": [("Delete", ["ItemId"])], "drafts": [("Create", ["Message"])]}


@pytest.mark.parametrize(("most", "pages"), [(1, [1, 1, 1]), (2, [2, 1]), (3, [3]), (512, [3])])
def test_changes_come_in_pages(ews, owner, most, pages):
    for _ in range(3):
        owner.deliver()
    state, found, last = "", [], []
    for _ in pages:
        answer = ews.ask(sync_folder_items(state=state, most=most))
        state = answer.text("m:SyncState")
        found += [each.get("Id") for each in answer.all("t:ItemId")]
        last.append(is_last(answer))
    assert found == [
        ids.encode(Kind.ITEM, ews.mailbox.id, each.number) for each in owner.items(INBOX)
    ]
    assert last == ["false"] * (len(pages) - 1) + ["true"]


def test_an_old_state_may_be_used_again(ews, owner):
    state = ews.ask(sync_folder_items()).text("m:SyncState")
    owner.deliver()
    asked = [ews.ask(sync_folder_items(state=state)) for _ in range(2)]
    assert changes(asked[0]) == changes(asked[1]) == [("Create", ["Message"])]


def test_items_to_be_ignored_are_not_told(ews, owner):
    first, second = owner.deliver(), owner.deliver()
    ignored = item_id(ews.mailbox, first, change=False)
    answer = ews.ask(sync_folder_items(ignore=ignored))
    (told,) = answer.all("t:ItemId")
    assert told.get("Id") == ids.encode(Kind.ITEM, ews.mailbox.id, second.number)
    state = answer.text("m:SyncState")
    owner.act(delete_items, [first], Disposal.HARD)
    assert changes(ews.ask(sync_folder_items(state=state, ignore=ignored))) == []
    assert changes(ews.ask(sync_folder_items(state=state))) == [("Delete", ["ItemId"])]


def test_more_than_1000_ids_to_be_ignored_are_refused(ews, owner):
    ignored = item_id(ews.mailbox, owner.deliver())
    assert ews.ask(sync_folder_items(ignore=ignored * 1000)).codes == ["NoError"]
    answer = ews.ask(sync_folder_items(ignore=ignored * 1001))
    assert answer.codes == ["ErrorDataSizeLimitExceeded"]


def test_items_are_told_in_the_shape_that_is_asked_for(ews, owner):
    owner.create(CALENDAR, ItemClass="IPM.Appointment", Subject="Lunch", Attachments=[file("a")])
    request = sync_folder_items("calendar")
    assert names(ews.ask(request).one("t:CalendarItem")) == ["ItemId"]
    request = request.replace(b"IdOnly", b"AllProperties")
    told = ews.ask(request).one("t:CalendarItem")
    assert one(told, "t:Subject").text == "Lunch"
    assert one(told, "t:FileAttachment") is not None


def test_pages_end_where_contents_become_too_large(ews, owner, monkeypatch):
    monkeypatch.setattr("ewspush.endpoint.ews.limits.MOST_CONTENT", 2500)
    for size in (4000, 800, 800, 800, 800):
        owner.create(INBOX, Body=body("x" * size))
    pages = {}
    for base in ("IdOnly", "Default"):
        state, last, pages[base] = "", "false", []
        while last == "false":
            request = sync_folder_items(state=state).replace(b"IdOnly", base.encode())
            answer = ews.ask(request)
            state, last = answer.text("m:SyncState"), is_last(answer)
            pages[base].append(len(changes(answer)))
    assert pages == {"IdOnly": [5], "Default": [1, 3, 1]}


@pytest.mark.parametrize("most", [0, 513])
def test_a_page_has_1_to_512_changes(ews, most):
    assert ews.ask(sync_folder_items(most=most)).codes == ["ErrorSchemaValidation"]


# What cannot be


def test_a_state_of_another_folder_or_mailbox_is_refused(ews, owner):
    drafts = ews.ask(sync_folder_items("drafts")).text("m:SyncState")
    foreign = ews.ask(sync_folder_items(), ews.other).text("m:SyncState")
    for state in (drafts, foreign):
        assert ews.ask(sync_folder_items(state=state)).codes == ["ErrorInvalidSyncStateData"]


@pytest.mark.parametrize("change", ["cut", "flipped", "text", "Exchange's"])
def test_a_state_that_is_none_is_refused(ews, change):
    state = ews.ask(sync_folder_items()).text("m:SyncState")
    raw = b64decode(state)
    bad = {
        "cut": state[:-4],
        "flipped": b64encode(raw[:9] + bytes([raw[9] ^ 1]) + raw[10:]).decode(),
        "text": "x",
        "Exchange's": "H4sIAAAAAAAEAO29B2AcSZYlJi9tynt/SvVK1+B0oQiAYBMk2JBAEOzBiM3mkuwdaUcj",
    }[change]
    answer = ews.ask(sync_folder_items(state=bad))
    assert answer.codes == ["ErrorInvalidSyncStateData"]
    assert not answer.all("t:ItemId")
    assert not any(each.text for each in answer.all("m:SyncState"))


@pytest.mark.parametrize(
    ("folder", "code"),
    [
        ("gone", "ErrorSyncFolderNotFound"),
        ("item", "ErrorCannotUseItemIdForFolderId"),
        ("other", "ErrorAccessDenied"),
        ("malformed", "ErrorInvalidIdMalformed"),
    ],
)
def test_a_folder_that_cannot_be_used_is_told(ews, folder, code):
    id = {
        "gone": ids.encode(Kind.FOLDER, ews.mailbox.id, 2**60),
        "item": ids.encode(Kind.ITEM, ews.mailbox.id, INBOX),
        "other": ids.encode(Kind.FOLDER, ews.other.id, INBOX),
        "malformed": "x",
    }[folder]
    assert ews.ask(sync_folder_items(f'<t:FolderId Id="{id}"/>')).codes == [code]
