"""Changing the properties of items: conflicts, and what each kind of change does."""

from dataclasses import replace
from typing import Any

import pytest

from ewspush.core.errors import (
    ChangeKeyRequiredForWriteOperations,
    DataSizeLimitExceeded,
    EwsError,
    InvalidPropertyAppend,
    InvalidPropertyDelete,
    InvalidPropertySet,
    IrresolvableConflict,
    MessageSizeExceeded,
    MimeContentInvalid,
)
from ewspush.core.events import EventType
from ewspush.core.item_paths import ExtendedPath, FieldPath, IndexedPath, Path
from ewspush.operations.items.attachments import add_attachments, attachments_of
from ewspush.operations.items.moves import move_items
from ewspush.operations.items.parts import NewAttachment
from ewspush.operations.items.updates import (
    AppendField,
    ConflictResolution,
    DeleteField,
    FieldChange,
    SetField,
    check_conflict,
    update_item,
)
from ewspush.store import contents
from ewspush.store.database import Database
from ewspush.store.items import Item
from support.checks_for_store import new_mailbox, on_sqlite
from support.items import MESSAGE, Owner, attached, base64, body, file, mailboxes
from support.mailbox_model import CALENDAR, DRAFTS, INBOX, Logged

NEVER, AUTO, ALWAYS = ConflictResolution
SUBJECT, BODY, MIME, READ = (
    FieldPath(name) for name in ("Subject", "Body", "MimeContent", "IsRead")
)
NOTE = ExtendedPath("PropertyTag=0x1000 PropertyType=String")
PHONE = IndexedPath("PhoneNumbers", "MobilePhone")


@pytest.fixture
def owner(database: Database) -> Owner:
    return Owner(database, new_mailbox(database))


def update(owner: Owner, item: Item, *changes: FieldChange) -> Item:
    return owner.act(update_item, item, changes)


# ConflictResolutionType (EWS XML reference)
@on_sqlite
@pytest.mark.parametrize(
    ("resolution", "known", "error"),
    [
        (NEVER, "current", None),
        (NEVER, "older", IrresolvableConflict),
        (NEVER, None, ChangeKeyRequiredForWriteOperations),
        (AUTO, "current", None),
        (AUTO, "older", None),
        (AUTO, None, ChangeKeyRequiredForWriteOperations),
        (ALWAYS, "current", None),
        (ALWAYS, "older", None),
        (ALWAYS, None, None),
    ],
)
def test_who_may_update_what_was_changed_meanwhile(
    owner: Owner, resolution: ConflictResolution, known: str | None, error: type[EwsError] | None
) -> None:
    old = owner.create(IsRead=False)
    item = update(owner, old, SetField(READ, True))
    change = {"current": item.change, "older": old.change}.get(known or "")
    if error is None:
        check_conflict(item, change, resolution)
    else:
        with pytest.raises(error):
            check_conflict(item, change, resolution)


BEFORE: dict[str, Any] = {
    "Subject": "One",
    "Categories": ["Red"],
    "ToRecipients": mailboxes("ann@example.org"),
    "Body": body("Hello"),
    "ExtendedProperty": [{"Path": NOTE.key, "Value": "x"}],
    "PhoneNumbers": {"MobilePhone": "1", "HomeFax": "2"},
}


@on_sqlite
@pytest.mark.parametrize(
    ("change", "after"),
    [
        (SetField(SUBJECT, "Two"), "Two"),
        (SetField(SUBJECT, ""), ""),
        (AppendField(SUBJECT, "!"), "One!"),
        (DeleteField(SUBJECT), None),
        (SetField(FieldPath("Categories"), ["Blue"]), ["Blue"]),
        (AppendField(FieldPath("Categories"), ["Blue"]), ["Red", "Blue"]),
        (DeleteField(FieldPath("Categories")), None),
        (
            AppendField(FieldPath("ToRecipients"), mailboxes("bob@example.org")),
            mailboxes("ann@example.org", "bob@example.org"),
        ),
        (AppendField(FieldPath("CcRecipients"), mailboxes("a@b.c")), mailboxes("a@b.c")),
        (SetField(FieldPath("Importance"), "High"), "High"),
        (DeleteField(FieldPath("Importance")), "Normal"),
        (SetField(FieldPath("ItemClass"), "IPM.Note.Own"), "IPM.Note.Own"),
        (SetField(READ, False), False),
        (SetField(NOTE, "y"), [{"Path": NOTE.key, "Value": "y"}]),
        (DeleteField(NOTE), None),
        (SetField(PHONE, "3"), {"MobilePhone": "3", "HomeFax": "2"}),
        (DeleteField(PHONE), {"HomeFax": "2"}),
        (SetField(BODY, body("<p>New</p>", "HTML")), body("<p>New</p>", "HTML")),
        (AppendField(BODY, body(" you")), body("Hello you")),
        (DeleteField(BODY), body("")),
    ],
)
def test_what_a_change_does(owner: Owner, change: FieldChange, after: Any) -> None:
    item = owner.create(**BEFORE)
    updated = update(owner, item, change)
    assert owner.again(item) == updated
    values = owner.values(updated, "Body")
    name = values_name(change.path)
    assert values.get(name) == after
    others = {one: value for one, value in BEFORE.items() if one != name}
    assert {one: values[one] for one in others} == others


def values_name(path: Path) -> str:
    return "ExtendedProperty" if isinstance(path, ExtendedPath) else path.name


@on_sqlite
@pytest.mark.parametrize(
    ("change", "error"),
    [
        (AppendField(READ, True), InvalidPropertyAppend),
        (AppendField(SUBJECT, ["a"]), InvalidPropertyAppend),
        (AppendField(MIME, base64(MESSAGE)), InvalidPropertyAppend),
        (DeleteField(READ), InvalidPropertyDelete),
        (DeleteField(FieldPath("ItemClass")), InvalidPropertyDelete),
        (DeleteField(MIME), InvalidPropertyDelete),
        (SetField(FieldPath("Attachments"), [file("a")]), InvalidPropertySet),
        (DeleteField(FieldPath("Attachments")), InvalidPropertySet),
        (SetField(MIME, "?"), MimeContentInvalid),
    ],
)
def test_a_change_that_cannot_be_changes_nothing(
    owner: Owner, change: FieldChange, error: type[EwsError]
) -> None:
    item = owner.create(**BEFORE, MimeContent=base64(MESSAGE))
    owner.events()
    with pytest.raises(error):
        update(owner, item, SetField(SUBJECT, "Two"), SetField(BODY, body("two")), change)
    assert owner.again(item) == item
    assert owner.values(item, "Body")["Body"] == body("Hello")
    assert owner.read(contents.mime, item.content_number) == MESSAGE
    assert owner.events() == []


def test_changes_are_made_in_their_order(owner: Owner) -> None:
    item = owner.create()
    changes = [SetField(SUBJECT, "a"), AppendField(SUBJECT, "b"), AppendField(SUBJECT, "c")]
    assert update(owner, item, *changes).subject == "abc"


def test_an_update_is_one_change_of_the_item_and_tells_of_it_and_its_folder(owner: Owner) -> None:
    item = owner.create(INBOX, IsRead=False)
    owner.events()
    owner.now_s += 60
    updated = update(owner, item, SetField(READ, True), SetField(SUBJECT, "Two"))
    assert updated == replace(
        item,
        is_read=True,
        subject="Two",
        change=updated.change,
        content_change=updated.change,
        modified_at_s=owner.now_s,
    )
    assert updated.change > item.change
    assert owner.events() == [
        Logged(EventType.MODIFIED, False, item.number, INBOX),
        Logged(EventType.MODIFIED, True, INBOX, 2, unread_count=0),
    ]


@on_sqlite
def test_a_change_of_the_read_flag_alone_leaves_the_contents_as_they_were(owner: Owner) -> None:
    item = owner.deliver()
    read = update(owner, item, SetField(READ, True))
    assert (read.change > item.change, read.content_change) == (True, item.content_change)
    assert owner.values(read)["IsUnmodified"]


@on_sqlite
def test_a_change_of_an_appointment_changes_free_and_busy_times(owner: Owner) -> None:
    item = owner.create(CALENDAR, ItemClass="IPM.Appointment")
    owner.events()
    update(owner, item, SetField(SUBJECT, "Lunch"))
    types = [event.type for event in owner.events()]
    assert types == [EventType.MODIFIED, EventType.FREE_BUSY_CHANGED, EventType.MODIFIED]


# Messages that arrived


@on_sqlite
def test_a_message_that_is_changed_keeps_its_bytes(owner: Owner) -> None:
    item = owner.deliver()
    update(owner, item, SetField(SUBJECT, "Mine"), SetField(BODY, body("Mine")))
    values = owner.values(owner.again(item), "Body", "MimeContent")
    assert (values["Subject"], values["Body"]) == ("Mine", body("Mine"))
    assert values["MimeContent"] == base64(MESSAGE)


@on_sqlite
def test_something_is_appended_to_the_body_that_a_message_arrived_with(owner: Owner) -> None:
    item = owner.deliver()
    update(owner, item, AppendField(BODY, body("Fine.")))
    assert owner.values(item, "Body")["Body"] == body("How are you?\nFine.")


OTHER = (
    b"From: bob@example.org\r\nSubject: Other\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\n\r\nBye\r\n'
    b"--x\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\nA\r\n--x--\r\n"
)


@pytest.mark.parametrize("has_own_body", [True, False])
def test_another_message_in_its_place_is_all_that_an_item_contains(
    owner: Owner, has_own_body: bool
) -> None:
    item = owner.create(
        DRAFTS,
        MimeContent=base64(MESSAGE),
        Categories=["Red"],
        **({"Body": body("mine")} if has_own_body else {}),
    )
    item = update(owner, item, SetField(MIME, base64(OTHER)))
    assert (item.subject, item.has_attachments, item.size) == ("Other", True, len(OTHER))
    values = owner.values(item, "Body", "MimeContent")
    assert values["MimeContent"] == base64(OTHER)
    assert values["Body"] == body("Bye")
    assert values["From"]["EmailAddress"] == "bob@example.org"
    assert values["Categories"] == ["Red"]
    assert [each.name for each in owner.read(attachments_of, item)] == ["a.txt"]
    # What only the old message said is gone with it.
    assert "ToRecipients" not in values
    assert "InternetMessageId" not in values


@on_sqlite
def test_a_property_that_is_set_after_the_message_stands_above_it(owner: Owner) -> None:
    item = owner.create(MimeContent=base64(MESSAGE))
    changes = (SetField(MIME, base64(OTHER)), SetField(SUBJECT, "Mine"), SetField(BODY, body("b")))
    item = update(owner, item, *changes)
    assert item.subject == "Mine"
    assert owner.values(item, "Body")["Body"] == body("b")


@on_sqlite
def test_an_item_that_was_moved_may_be_changed(owner: Owner) -> None:
    (moved,) = owner.act(move_items, [owner.deliver()], DRAFTS)
    update(owner, moved, SetField(BODY, body("new")), AppendField(BODY, body("er")))
    assert owner.values(owner.again(moved), "Body")["Body"] == body("newer")


@on_sqlite
def test_the_size_follows_the_body(owner: Owner) -> None:
    item = owner.create(Body=body("x" * 1000))
    longer = update(owner, item, SetField(BODY, body("x" * 5000)))
    assert longer.size - item.size == 4000
    assert update(owner, longer, DeleteField(BODY)).size == item.size - 1000


@on_sqlite
def test_properties_may_take_so_much_and_may_always_become_less(
    owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = owner.create(Subject="x" * 400)
    monkeypatch.setattr("ewspush.operations.items.parts._MOST_PROPERTIES", 300)
    with pytest.raises(DataSizeLimitExceeded):
        update(owner, item, SetField(SUBJECT, "x" * 401))
    with pytest.raises(DataSizeLimitExceeded):
        owner.create(Subject="x" * 400)
    with pytest.raises(DataSizeLimitExceeded):
        owner.create(Attachments=[attached("a", Subject="x" * 400)])
    item = update(owner, item, SetField(READ, False), SetField(BODY, body("x" * 1000)))
    assert update(owner, item, SetField(SUBJECT, "x" * 399)).subject == "x" * 399
    assert owner.create(Body=body("x" * 1000)).size > 1000


@on_sqlite
def test_an_item_does_not_grow_without_end(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ewspush.operations.items.parts._LARGEST", 500)
    item = owner.create(Body=body("x" * 300))
    with pytest.raises(MessageSizeExceeded):
        update(owner, item, AppendField(BODY, body("x" * 200)))
    with pytest.raises(MessageSizeExceeded):
        owner.act(add_attachments, item, [NewAttachment.of_values(file("a", b"x" * 200))])
    assert owner.again(item) == item
