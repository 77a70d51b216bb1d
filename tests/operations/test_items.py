"""Making, finding, moving, copying and deleting items."""

from dataclasses import replace
from typing import Any

import pytest

from ewspush.core.errors import (
    AccessDenied,
    CannotUseFolderIdForItemId,
    EwsError,
    InvalidPropertySet,
    ItemNotFound,
    MimeContentInvalid,
)
from ewspush.core.events import EventType
from ewspush.core.ids import Kind, ObjectId
from ewspush.core.item_paths import FieldPath
from ewspush.operations.items.attachments import attachments_of, content_of
from ewspush.operations.items.finding import ItemReference, get_item
from ewspush.operations.items.moves import Disposal, copy_items, delete_items, move_items
from ewspush.operations.items.updates import SetField, mark_all_read, update_item
from ewspush.store import contents
from ewspush.store.database import Database
from ewspush.store.items import Item
from support.checks_for_store import new_mailbox, on_sqlite, rows
from support.items import MESSAGE, Owner, base64, body, file, mailboxes
from support.mailbox_model import (
    CALENDAR,
    CONTACTS,
    DELETED,
    DRAFTS,
    INBOX,
    RECOVERABLE,
    SENT,
    Logged,
)

COPIED, CREATED, DELETED_, MODIFIED, MOVED, NEW_MAIL, FREE_BUSY = EventType
TOP = 2
RECOVERABLE_ROOT = 15
MESSAGE_FLAGS = "PropertyTag=0xe07 PropertyType=Integer"


@pytest.fixture
def owner(database: Database) -> Owner:
    return Owner(database, new_mailbox(database))


def folder_event(folder: int, unread: int, parent: int = TOP) -> Logged:
    return Logged(MODIFIED, True, folder, parent, unread_count=unread)


# Making


@on_sqlite
@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param(
            {}, {"item_class": "IPM.Note", "subject": None, "is_read": True}, id="nothing"
        ),
        pytest.param({"Subject": "", "IsRead": False}, {"subject": "", "is_read": False}, id="own"),
        pytest.param({"ItemClass": "IPM.Contact"}, {"item_class": "IPM.Contact"}, id="a contact"),
        pytest.param(
            {"MimeContent": base64(MESSAGE)},
            {"item_class": "IPM.Note", "subject": "Hello", "size": len(MESSAGE)},
            id="a message",
        ),
        pytest.param(
            {"MimeContent": base64(MESSAGE), "Subject": "Other"},
            {"subject": "Other"},
            id="a property above the message",
        ),
        pytest.param({"Attachments": [file("a")]}, {"has_attachments": True}, id="a file"),
        pytest.param(
            {"Attachments": [file("a", IsInline=True)]}, {"has_attachments": False}, id="an image"
        ),
    ],
)
def test_an_item_is_what_the_client_said(
    owner: Owner, values: dict[str, Any], expected: dict[str, Any]
) -> None:
    item = owner.create(**values)
    assert {name: getattr(item, name) for name in expected} == expected
    assert owner.again(item) == item
    assert (item.number, item.change, item.content_change) == (item.change,) * 3


# PidTagMessageFlags ([MS-OXCMSG] 2.2.1.6): mfRead is 1, mfUnsent is 8.
@on_sqlite
@pytest.mark.parametrize(
    ("flags", "is_read", "is_draft"),
    [("0", False, False), ("1", True, False), ("8", False, True), ("9", True, True),
     ("4", False, False), ("none", True, True), ("9" * 5000, True, True), ("-1", True, True)],
)  # fmt: skip
def test_message_flags_say_what_an_imported_message_is(
    owner: Owner, flags: str, is_read: bool, is_draft: bool
) -> None:
    extended = [{"Path": MESSAGE_FLAGS, "Value": flags}]
    item = owner.create(is_draft=True, ExtendedProperty=extended)
    assert (item.is_read, item.is_draft) == (is_read, is_draft)


@on_sqlite
@pytest.mark.parametrize("content", ["?", "QUJD=QUJD=", "QUJ", "ü"])
def test_mime_content_that_is_no_base64_is_refused(owner: Owner, content: str) -> None:
    with pytest.raises(MimeContentInvalid):
        owner.create(MimeContent=content)
    assert owner.items(DRAFTS) == []


def test_an_item_class_has_1_to_255_characters(owner: Owner) -> None:
    longest = "IPM.Note." + "x" * 246
    assert owner.create(ItemClass=longest).item_class == longest


@pytest.mark.parametrize("item_class", ["", "IPM.Note." + "x" * 247])
def test_an_item_class_that_cannot_be_is_refused(owner: Owner, item_class: str) -> None:
    with pytest.raises(InvalidPropertySet):
        owner.create(ItemClass=item_class)
    item = owner.create()
    with pytest.raises(InvalidPropertySet):
        owner.act(update_item, item, [SetField(FieldPath("ItemClass"), item_class)])


def test_what_is_made_is_logged_and_counted(owner: Owner) -> None:
    item = owner.create(INBOX, IsRead=False)
    assert owner.events() == [
        Logged(CREATED, False, item.number, INBOX),
        folder_event(INBOX, 1),
    ]


def test_what_arrives_is_new_mail(owner: Owner) -> None:
    item = owner.deliver()
    assert owner.events() == [
        Logged(CREATED, False, item.number, INBOX),
        Logged(NEW_MAIL, False, item.number, INBOX),
        folder_event(INBOX, 1),
    ]
    assert (item.is_read, item.is_draft, item.subject) == (False, False, "Hello")


# Finding


@on_sqlite
@pytest.mark.parametrize(
    ("change", "error"),
    [
        pytest.param({"kind": Kind.FOLDER}, CannotUseFolderIdForItemId, id="a folder"),
        pytest.param({"kind": Kind.ATTACHMENT}, CannotUseFolderIdForItemId, id="an attachment"),
        pytest.param({"mailbox": 999}, AccessDenied, id="in another mailbox"),
        pytest.param({"number": 999_999}, ItemNotFound, id="gone"),
        pytest.param({"number": INBOX}, ItemNotFound, id="the number of a folder"),
    ],
)
def test_what_is_not_found(owner: Owner, change: dict[str, Any], error: type[EwsError]) -> None:
    item = owner.create()
    id = ObjectId(Kind.ITEM, owner.mailbox.id, item.number)
    assert owner.read(get_item, ItemReference(id)) == item
    with pytest.raises(error):
        owner.read(get_item, ItemReference(replace(id, **change)))


# Moving and copying


def test_a_moved_item_is_another_one_with_the_same_contents(owner: Owner) -> None:
    item = owner.deliver()
    owner.events()
    owner.now_s += 60
    (moved,) = owner.act(move_items, [item], DRAFTS)
    assert moved == replace(
        item,
        number=moved.number,
        folder_number=DRAFTS,
        change=moved.number,
        content_change=moved.number,
        modified_at_s=owner.now_s,
    )
    assert moved.number > item.number
    assert owner.items(INBOX) == []
    assert owner.items(DRAFTS) == [moved]
    assert owner.read(contents.mime, moved.content_number) == MESSAGE
    assert owner.events() == [
        Logged(MOVED, False, moved.number, DRAFTS, item.number, INBOX),
        folder_event(INBOX, 0),
        folder_event(DRAFTS, 1),
    ]


@on_sqlite
def test_an_item_may_be_moved_to_where_it_is(owner: Owner) -> None:
    item = owner.deliver()
    owner.events()
    (moved,) = owner.act(move_items, [item], INBOX)
    assert owner.items(INBOX) == [moved]
    assert owner.events() == [
        Logged(MOVED, False, moved.number, INBOX, item.number, INBOX),
        folder_event(INBOX, 1),
    ]


def test_a_copy_has_contents_of_its_own(owner: Owner) -> None:
    item = owner.create(
        Subject="One", IsRead=False, Body=body("text"), Attachments=[file("a", b"A")]
    )
    owner.events()
    owner.now_s += 60
    (copy,) = owner.act(copy_items, [item], INBOX)
    assert copy == replace(
        item,
        number=copy.number,
        content_number=copy.number,
        folder_number=INBOX,
        change=copy.number,
        content_change=copy.number,
        created_at_s=owner.now_s,
        modified_at_s=owner.now_s,
    )
    assert owner.events() == [
        Logged(COPIED, False, copy.number, INBOX, item.number, DRAFTS),
        folder_event(INBOX, 1),
    ]
    owner.act(delete_items, [item], Disposal.HARD)
    (attachment,) = owner.read(attachments_of, copy)
    assert (attachment.name, owner.read(content_of, attachment)) == ("a", b"A")
    assert owner.values(copy, "Body")["Body"] == body("text")
    assert owner.values(copy)["Subject"] == "One"


# Deleting: what becomes of an item by where it is and how it is deleted

ITS_EVENTS = {
    "moved": lambda old, new, at: [
        Logged(MOVED, False, new, DELETED, old, at),
        folder_event(at, 0),
        folder_event(DELETED, 1),
    ],
    "soft-deleted": lambda old, _, at: [
        Logged(DELETED_, False, old, at),
        folder_event(at, 0),
        folder_event(RECOVERABLE, 1, RECOVERABLE_ROOT),
    ],
    "gone": lambda old, _, at: [
        Logged(DELETED_, False, old, at),
        folder_event(at, 0, RECOVERABLE_ROOT if at == RECOVERABLE else TOP),
    ],
}


@pytest.mark.parametrize(
    ("folder", "disposal", "fate"),
    [
        (INBOX, Disposal.MOVE, "moved"),
        (INBOX, Disposal.SOFT, "soft-deleted"),
        (INBOX, Disposal.HARD, "gone"),
        (DELETED, Disposal.MOVE, "soft-deleted"),
        (DELETED, Disposal.SOFT, "soft-deleted"),
        (DELETED, Disposal.HARD, "gone"),
        (RECOVERABLE, Disposal.MOVE, "gone"),
        (RECOVERABLE, Disposal.SOFT, "gone"),
        (RECOVERABLE, Disposal.HARD, "gone"),
    ],
)
def test_what_becomes_of_what_is_deleted(
    owner: Owner, folder: int, disposal: Disposal, fate: str
) -> None:
    item = owner.create(folder, IsRead=False, Body=body("text"), Attachments=[file("a")])
    owner.events()
    owner.act(delete_items, [item], disposal)
    place = {"moved": DELETED, "soft-deleted": RECOVERABLE}.get(fate)
    left = owner.items(place) if place else []
    assert [each.content_number for each in left] == ([item.content_number] if place else [])
    assert [each.deleted_from for each in left] == (
        {"moved": [None], "soft-deleted": [folder], "gone": []}[fate]
    )
    new = left[0].number if left else 0
    assert owner.events() == ITS_EVENTS[fate](item.number, new, folder)
    with owner.database.read() as tx:
        for table in ("items", "bodies", "attachments"):
            assert len(rows(tx, f"SELECT 1 FROM {table}")) == (1 if place else 0)


@on_sqlite
def test_what_was_soft_deleted_can_be_taken_back(owner: Owner) -> None:
    item = owner.create(INBOX)
    owner.act(delete_items, [item], Disposal.SOFT)
    (back,) = owner.act(move_items, owner.items(RECOVERABLE), INBOX)
    assert owner.items(INBOX) == [back]
    assert back.deleted_from is None


@on_sqlite
def test_several_items_are_deleted_at_once(owner: Owner) -> None:
    some = [owner.create(INBOX, IsRead=False) for _ in range(3)]
    owner.events()
    owner.act(delete_items, some[:2], Disposal.MOVE)
    moved = owner.items(DELETED)
    assert owner.events() == [
        *(
            Logged(MOVED, False, new.number, DELETED, old.number, INBOX)
            for old, new in zip(some, moved, strict=False)
        ),
        folder_event(INBOX, 1),
        folder_event(DELETED, 2),
    ]
    owner.act(delete_items, [], Disposal.MOVE)
    assert owner.events() == []


# The calendar


def test_changes_of_the_calendar_change_free_and_busy_times(owner: Owner) -> None:
    item = owner.create(CALENDAR, ItemClass="IPM.Appointment.Own")
    assert owner.events() == [
        Logged(CREATED, False, item.number, CALENDAR),
        Logged(FREE_BUSY, False, item.number, CALENDAR),
        folder_event(CALENDAR, 0),
    ]
    (copy,) = owner.act(copy_items, [item], CALENDAR)
    assert owner.events() == [
        Logged(COPIED, False, copy.number, CALENDAR, item.number, CALENDAR),
        Logged(FREE_BUSY, False, copy.number, CALENDAR),
        folder_event(CALENDAR, 0),
    ]
    owner.act(delete_items, [item], Disposal.HARD)
    assert owner.events() == [
        Logged(DELETED_, False, item.number, CALENDAR),
        Logged(FREE_BUSY, False, item.number, CALENDAR),
        folder_event(CALENDAR, 0),
    ]
    (moved,) = owner.act(move_items, [copy], DELETED)
    assert owner.events()[:2] == [
        Logged(MOVED, False, moved.number, DELETED, copy.number, CALENDAR),
        Logged(FREE_BUSY, False, moved.number, DELETED),
    ]


@on_sqlite
@pytest.mark.parametrize("item_class", ["IPM.Contact", "IPM.Note", "IPM.Task", "IPM.Schedule"])
def test_other_items_do_not(owner: Owner, item_class: str) -> None:
    owner.create(CONTACTS, ItemClass=item_class)
    assert [event.type for event in owner.events()] == [CREATED, MODIFIED]


# Marking as read


@pytest.mark.parametrize("is_read", [True, False])
def test_marking_all_changes_those_that_are_otherwise(owner: Owner, is_read: bool) -> None:
    one, other, two = (owner.create(INBOX, IsRead=flag is is_read) for flag in (False, True, False))
    owner.events()
    owner.act(mark_all_read, INBOX, is_read=is_read)
    found: list[Item] = owner.items(INBOX)
    assert [each.is_read for each in found] == [is_read] * 3
    assert [each.change > each.number for each in found] == [True, False, True]
    assert [each.content_change for each in found] == [each.number for each in (one, other, two)]
    assert owner.events() == [
        Logged(MODIFIED, False, one.number, INBOX),
        Logged(MODIFIED, False, two.number, INBOX),
        folder_event(INBOX, 0 if is_read else 3),
    ]


@on_sqlite
def test_marking_nothing_tells_nothing(owner: Owner) -> None:
    owner.create(INBOX)
    owner.events()
    owner.act(mark_all_read, INBOX, is_read=True)
    owner.act(mark_all_read, SENT, is_read=True)
    assert owner.events() == []


@on_sqlite
def test_more_than_are_worked_on_at_once_are_all_marked(
    owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ewspush.operations.items.finding._AT_ONCE", 2)
    for _ in range(5):
        owner.create(INBOX, IsRead=False, ToRecipients=mailboxes("user@example.org"))
    owner.act(mark_all_read, INBOX, is_read=True)
    assert all(item.is_read for item in owner.items(INBOX))
    assert owner.events()[-1] == folder_event(INBOX, 0)
