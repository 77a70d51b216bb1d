"""Attachments: within the message that arrived, files of clients, and items within items."""

from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from ewspush.core.errors import (
    AccessDenied,
    AttachmentNestLevelLimitExceeded,
    EwsError,
    InvalidAttachmentId,
    MimeContentInvalid,
)
from ewspush.core.events import EventType
from ewspush.core.ids import Kind, ObjectId
from ewspush.mail.message import Message
from ewspush.operations.items.attachments import (
    Attachment,
    add_attachments,
    attached_item,
    attachments_of,
    content_of,
    delete_attachment,
    get_attachment,
)
from ewspush.operations.items.moves import Disposal, copy_items, delete_items, move_items
from ewspush.operations.items.parts import NewAttachment
from ewspush.operations.items.values import values_of_parts
from ewspush.store import contents
from ewspush.store.database import Database
from ewspush.store.items import Item
from support.checks_for_store import new_mailbox, on_sqlite
from support.items import MESSAGE, Owner, attached, base64, body, file, mailboxes
from support.mailbox_model import DRAFTS, INBOX, Logged

WITH_FILES = (
    b"From: ann@example.org\r\nSubject: Files\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=x\r\n\r\n"
    b"--x\r\nContent-Type: multipart/related; boundary=y\r\n\r\n"
    b'--y\r\nContent-Type: text/html\r\n\r\n<img src="cid:logo">\r\n'
    b"--y\r\nContent-Type: image/png; name=logo.png\r\nContent-ID: <logo>\r\n"
    b"Content-Disposition: inline\r\nContent-Transfer-Encoding: base64\r\n\r\nUE5H\r\n--y--\r\n"
    b"--x\r\nContent-Type: text/plain; name*=utf-8''%C3%9Cbersicht.txt\r\n"
    b"Content-Disposition: attachment\r\n\r\nA\r\n"
    b"--x\r\nContent-Type: message/rfc822\r\n\r\n" + MESSAGE + b"\r\n--x--\r\n"
)


@pytest.fixture
def owner(database: Database) -> Owner:
    return Owner(database, new_mailbox(database))


def content(owner: Owner, attachment: Attachment) -> bytes:
    return owner.read(content_of, attachment)


def list_of(owner: Owner, item: Item) -> list[Attachment]:
    return owner.read(attachments_of, item)


def add(owner: Owner, item: Item, *new: dict[str, Any]) -> tuple[list[Attachment], Item]:
    return owner.act(add_attachments, item, [NewAttachment.of_values(one) for one in new])


def id_of(owner: Owner, attachment: Attachment) -> ObjectId:
    return ObjectId(Kind.ATTACHMENT, owner.mailbox.id, attachment.number)


# Of a message that arrived


def test_the_attachments_of_a_message_are_those_of_its_bytes(owner: Owner) -> None:
    item = owner.deliver(WITH_FILES)
    assert item.has_attachments
    logo, text, message = list_of(owner, item)
    assert (logo.name, logo.content_type, logo.content_id) == ("logo.png", "image/png", "logo")
    assert [each.is_inline for each in (logo, text, message)] == [True, False, False]
    assert [each.is_item for each in (logo, text, message)] == [False, False, True]
    assert (text.name, message.name) == ("Übersicht.txt", "Hello")
    assert [content(owner, each) for each in (logo, text)] == [b"PNG", b"A"]
    assert [each.size for each in (logo, text)] == [3, 1]
    assert content(owner, message).strip() == MESSAGE.strip()


def test_nothing_of_them_is_stored_twice(owner: Owner) -> None:
    for each in list_of(owner, owner.deliver(WITH_FILES)):
        assert owner.read(contents.attachment_content, each.number) is None


@on_sqlite
def test_an_attached_message_is_an_item(owner: Owner) -> None:
    *_, message = list_of(owner, owner.deliver(WITH_FILES))
    element, parts = attached_item(message, content(owner, message))
    assert element == "Message"
    values = values_of_parts(parts, "Text", with_mime=True)
    assert values["Subject"] == "Hello"
    assert values["From"] == {
        "Name": "Ann",
        "EmailAddress": "ann@example.org",
        "RoutingType": "SMTP",
    }
    assert values["Body"]["Value"].strip() == "How are you?"
    assert b64decode(values["MimeContent"]).strip() == MESSAGE.strip()
    assert "MimeContent" not in values_of_parts(parts, "Text", with_mime=False)


@on_sqlite
def test_images_within_the_body_alone_are_no_attachments(owner: Owner) -> None:
    item = owner.deliver(WITH_FILES)
    for each in list_of(owner, item)[1:]:
        item = owner.act(delete_attachment, each, item)
    assert len(list_of(owner, item)) == 1
    assert not item.has_attachments


# Of clients


def test_a_file_is_added_to_an_item(owner: Owner) -> None:
    item = owner.deliver()
    owner.events()
    owner.now_s += 60
    new = file("a.txt", bytes(range(256)), ContentType="text/plain", ContentId="a", IsInline=False)
    (stored,), changed = add(owner, item, new)
    assert changed == replace(
        item,
        has_attachments=True,
        size=item.size + 256,
        change=changed.change,
        content_change=changed.change,
        modified_at_s=owner.now_s,
    )
    assert owner.again(item) == changed
    assert (stored.name, stored.content_type, stored.content_id) == ("a.txt", "text/plain", "a")
    assert (stored.size, stored.modified_at_s) == (256, owner.now_s)
    assert content(owner, stored) == bytes(range(256))
    assert owner.read(get_attachment, id_of(owner, stored)) == (stored, changed)
    assert owner.read(contents.mime, item.content_number) == MESSAGE
    assert owner.events() == [
        Logged(EventType.MODIFIED, False, item.number, INBOX),
        Logged(EventType.MODIFIED, True, INBOX, 2, unread_count=1),
    ]


@on_sqlite
@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [(False, False, True), (False, True, True), (True, False, True), (True, True, False)],
)
def test_an_item_has_attachments_if_one_is_not_shown_in_its_body(
    owner: Owner, first: bool, second: bool, expected: bool
) -> None:
    _, item = add(owner, owner.create(), file("a", IsInline=first))
    _, item = add(owner, item, file("b", IsInline=second))
    assert item.has_attachments is expected


@on_sqlite
def test_several_files_are_one_change_and_keep_their_order(owner: Owner) -> None:
    item = owner.create()
    owner.events()
    stored, _ = add(owner, item, file("b"), file("a", IsInline=True), file("c"))
    assert [each.name for each in stored] == ["b", "a", "c"]
    assert list_of(owner, item) == stored
    assert len(owner.events()) == 2


@on_sqlite
@pytest.mark.parametrize("given", ["?", "QQ", "ü"])
def test_content_that_is_no_base64_is_refused(given: str, owner: Owner) -> None:
    with pytest.raises(MimeContentInvalid):
        NewAttachment.of_values({"Kind": "FileAttachment", "Name": "a", "Content": given})


@on_sqlite
def test_a_file_without_anything_is_a_file(owner: Owner) -> None:
    (stored,), _ = add(owner, owner.create(), {"Kind": "FileAttachment"})
    assert (stored.name, stored.size, content(owner, stored)) == ("", 0, b"")


def test_a_deleted_attachment_is_gone_and_the_message_keeps_its_bytes(owner: Owner) -> None:
    item = owner.deliver(WITH_FILES)
    (own,), item = add(owner, item, file("own", b"12345"))
    owner.events()
    _, text, message, _ = list_of(owner, item)
    for one in (own, text, message):
        before, item = item, owner.act(delete_attachment, one, item)
        assert item.change > before.change
        with pytest.raises(InvalidAttachmentId):
            owner.read(get_attachment, id_of(owner, one))
        assert [event.type for event in owner.events()] == [EventType.MODIFIED] * 2
    assert (item.size, item.has_attachments) == (len(WITH_FILES), False)
    assert owner.read(contents.mime, item.content_number) == WITH_FILES


# Which are found


@on_sqlite
@pytest.mark.parametrize(
    ("change", "error"),
    [
        pytest.param({"kind": Kind.ITEM}, InvalidAttachmentId, id="an item"),
        pytest.param({"kind": Kind.FOLDER}, InvalidAttachmentId, id="a folder"),
        pytest.param({"mailbox": 999}, AccessDenied, id="in another mailbox"),
        pytest.param({"number": 999_999}, InvalidAttachmentId, id="gone"),
    ],
)
def test_what_is_not_found(owner: Owner, change: dict[str, Any], error: type[EwsError]) -> None:
    (stored,), _ = add(owner, owner.create(), file("a"))
    with pytest.raises(error):
        owner.read(get_attachment, replace(id_of(owner, stored), **change))


@on_sqlite
def test_an_attachment_stays_the_same_when_its_item_is_moved(owner: Owner) -> None:
    item = owner.deliver(WITH_FILES)
    _, text, _ = list_of(owner, item)
    (moved,) = owner.act(move_items, [item], DRAFTS)
    assert owner.read(get_attachment, id_of(owner, text)) == (text, moved)
    owner.act(delete_items, [moved], Disposal.SOFT)
    assert content(owner, owner.read(get_attachment, id_of(owner, text))[0]) == b"A"


@on_sqlite
def test_an_attachment_is_gone_with_its_item_and_not_with_its_copy(owner: Owner) -> None:
    item = owner.deliver(WITH_FILES)
    _, text, _ = list_of(owner, item)
    (copy,) = owner.act(copy_items, [item], DRAFTS)
    owner.act(delete_items, [item], Disposal.HARD)
    with pytest.raises(InvalidAttachmentId):
        owner.read(get_attachment, id_of(owner, text))
    _, copied, _ = list_of(owner, copy)
    assert copied.number != text.number
    assert content(owner, copied) == b"A"


# Items within items

NESTED = attached(
    "Outer",
    ItemClass="IPM.Note",
    Subject="Outer",
    ToRecipients=mailboxes("bob@example.org"),
    Body=body("<b>outer</b>", "HTML"),
    Attachments=[
        attached("Inner", Subject="Inner", Body=body("inner"), Attachments=[file("a", b"A")]),
        file("b", b"B"),
    ],
)


@pytest.fixture
def nested(owner: Owner) -> Iterator[Attachment]:
    (stored,), _ = add(owner, owner.create(Subject="Top"), NESTED)
    return stored


@on_sqlite
def test_an_item_is_attached_with_all_that_it_has(owner: Owner, nested: Attachment) -> None:
    assert (nested.name, nested.is_item, nested.size > 0) == ("Outer", True, True)
    element, parts = attached_item(nested, content(owner, nested))
    values = values_of_parts(parts, "Text", with_mime=True)
    assert element == "Message"
    assert (values["Subject"], values["Body"]) == ("Outer", body("outer"))
    assert values["HasAttachments"]
    assert values_of_parts(parts, "HTML", with_mime=False)["Body"] == body("<b>outer</b>", "HTML")
    inner, b = parts.attachments
    assert [(each.name, each.is_item) for each in (inner, b)] == [("Inner", True), ("b", False)]
    assert b.content == b"B"


@on_sqlite
@pytest.mark.parametrize("kind", ["Message", "Contact", "CalendarItem", "Task", "Item"])
def test_items_of_every_kind_are_attached(owner: Owner, kind: str) -> None:
    (stored,), _ = add(owner, owner.create(), attached("x", kind, Subject="x"))
    element, parts = attached_item(stored, content(owner, stored))
    assert (element, parts.values["Subject"]) == (kind, "x")


@on_sqlite
def test_an_attached_item_goes_out_as_a_message_within_the_message(
    owner: Owner, nested: Attachment
) -> None:
    (item,) = owner.items(DRAFTS)
    top = Message(b64decode(owner.values(item, "MimeContent")["MimeContent"]))
    assert [(each.name, each.is_message) for each in top.attachments] == [("Outer", True)]
    outer = Message(top.attachment_content(top.attachments[0].part))
    assert (outer.summary.subject, outer.html) == ("Outer", "<b>outer</b>")
    assert [each.address for each in outer.summary.to] == ["bob@example.org"]
    (inner_at, b) = outer.attachments
    assert outer.attachment_content(b.part) == b"B"
    inner = Message(outer.attachment_content(inner_at.part))
    assert (inner.summary.subject, (inner.text or "").strip()) == ("Inner", "inner")
    assert inner.attachment_content(inner.attachments[0].part) == b"A"


@on_sqlite
def test_a_message_within_a_message_is_attached_byte_for_byte(owner: Owner) -> None:
    new = attached("x", MimeContent=base64(MESSAGE))
    (stored,), item = add(owner, owner.create(), new)
    _, parts = attached_item(stored, content(owner, stored))
    assert parts.mime == MESSAGE
    assert parts.values["Subject"] == "Hello"
    top = Message(b64decode(owner.values(item, "MimeContent")["MimeContent"]))
    assert top.attachment_content(top.attachments[0].part) == MESSAGE


@on_sqlite
def test_items_are_attached_ten_within_another_and_not_one_more(owner: Owner) -> None:
    deepest = file("0")
    for level in range(10):
        deepest = attached(str(level), Subject=str(level), Attachments=[deepest])
    _, item = add(owner, owner.create(), deepest)
    content = b64decode(owner.values(item, "MimeContent")["MimeContent"])
    assert all(b"Subject: %d\r\n" % level in content for level in range(10))
    with pytest.raises(AttachmentNestLevelLimitExceeded):
        add(owner, item, attached("10", Attachments=[deepest]))
