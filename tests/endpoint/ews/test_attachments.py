"""GetAttachment, CreateAttachment and DeleteAttachment."""

from base64 import b64decode

import pytest

from ewspush.core.ids import Kind
from ewspush.operations.items.attachments import attachments_of
from ewspush.operations.items.moves import Disposal, delete_items, move_items
from ewspush.wire import ids
from support.items import (
    MESSAGE,
    Owner,
    attached,
    body,
    create_attachment,
    delete_attachment,
    file,
    file_attachment,
    get_attachment,
    get_item,
    id_in,
    item_id,
    messages,
    names,
    one,
)
from support.mailbox_model import DRAFTS, INBOX

WITH_MESSAGE = (
    b"Subject: Outer\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
    b"--x\r\n\r\nbody\r\n--x\r\nContent-Type: application/pdf; name=a.pdf\r\n"
    b"Content-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\nUERG\r\n"
    b"--x\r\nContent-Type: message/rfc822\r\n\r\n" + MESSAGE + b"\r\n--x--\r\n"
)
ITEM = (
    "<t:ItemAttachment><t:Name>Item</t:Name><t:Message><t:Subject>Inner</t:Subject>"
    '<t:Body BodyType="HTML">&lt;b&gt;x&lt;/b&gt;</t:Body></t:Message></t:ItemAttachment>'
)
CONTACT = (
    "<t:ItemAttachment><t:Name>Carl</t:Name><t:Contact><t:GivenName>Carl</t:GivenName>"
    "</t:Contact></t:ItemAttachment>"
)


@pytest.fixture
def owner(ews):
    return Owner(ews.database, ews.mailbox)


@pytest.fixture
def item(owner):
    return owner.create(Subject="Top")


def attachment_id(mailbox, number):
    return ids.encode(Kind.ATTACHMENT, mailbox.id, number)


def ids_of(ews, owner, item):
    return [attachment_id(ews.mailbox, one.number) for one in owner.read(attachments_of, item)]


def texts(element, *which):
    return {name: one(element, f"t:{name}").text for name in which}


# GetAttachment


def test_attachments_of_a_message_are_told_with_their_content(ews, owner):
    pdf, message = ids_of(ews, owner, owner.deliver(WITH_MESSAGE))
    answer = ews.ask(get_attachment(message, pdf))
    assert answer.codes == ["NoError"] * 2
    first, second = (one(each, "m:Attachments")[0] for each in messages(answer))
    assert texts(second, "Name", "ContentType", "Size", "IsInline") == {
        "Name": "a.pdf",
        "ContentType": "application/pdf",
        "Size": "3",
        "IsInline": "false",
    }
    assert b64decode(one(second, "t:Content").text) == b"PDF"
    assert one(second, "t:AttachmentId").get("Id") == pdf
    inner = one(first, "t:Message")
    assert texts(inner, "Subject", "Body", "InternetMessageId") == {
        "Subject": "Hello",
        "Body": "How are you?\n",
        "InternetMessageId": "<1@example.org>",
    }
    assert not inner.findall(".//{*}MimeContent")


def test_an_attached_message_is_told_byte_for_byte_when_asked_for(ews, owner):
    _, message = ids_of(ews, owner, owner.deliver(WITH_MESSAGE))
    shape = "<t:IncludeMimeContent>true</t:IncludeMimeContent>"
    answer = ews.ask(get_attachment(message, shape=shape))
    assert b64decode(answer.text("t:MimeContent")).strip() == MESSAGE.strip()


@pytest.mark.parametrize(
    ("body_type", "expected"), [("Text", ("Text", "x")), ("HTML", ("HTML", "<b>x</b>"))]
)
def test_the_body_of_an_attached_item_is_told_in_the_type_asked_for(
    ews, owner, body_type, expected
):
    item = owner.create(Attachments=[attached("a", Subject="a", Body=body("<b>x</b>", "HTML"))])
    shape = f"<t:BodyType>{body_type}</t:BodyType>"
    (id,) = ids_of(ews, owner, item)
    found = ews.ask(get_attachment(id, shape=shape)).one("t:Body")
    assert (found.get("BodyType"), found.text) == expected


def test_attachments_are_told_up_to_a_size_and_the_first_always(ews, owner, monkeypatch):
    monkeypatch.setattr("ewspush.endpoint.ews.limits.MOST_CONTENT", 100)
    item = owner.create(Attachments=[file("a", b"x" * size) for size in (200, 10, 20)])
    some = ids_of(ews, owner, item)
    assert ews.ask(get_attachment(*some)).codes == ["NoError"] + ["ErrorDataSizeLimitExceeded"] * 2
    assert ews.ask(get_attachment(*some[1:])).codes == ["NoError"] * 2


# CreateAttachment


@pytest.mark.parametrize("xml", [file_attachment("a.txt"), ITEM, CONTACT])
def test_an_attachment_is_added(ews, owner, item, xml):
    answer = ews.ask(create_attachment(item_id(ews.mailbox, item), xml))
    assert answer.codes == ["NoError"]
    changed = owner.again(item)
    assert changed.change > item.change
    added = answer.one("t:AttachmentId")
    assert (
        f'<t:ItemId Id="{added.get("RootItemId")}" ChangeKey="{added.get("RootItemChangeKey")}"/>'
        == item_id(ews.mailbox, changed)
    )
    told = ews.ask(get_attachment(added.get("Id")))
    assert told.codes == ["NoError"]
    full = ews.ask(get_item(item_id(ews.mailbox, item), base="AllProperties"))
    assert full.text("t:HasAttachments") == "true"
    assert full.one("t:AttachmentId").get("Id") == added.get("Id")


def test_a_file_is_told_as_it_was_given(ews, owner, item):
    more = (
        "<t:ContentType>text/plain</t:ContentType><t:ContentId>a@b</t:ContentId>"
        "<t:ContentLocation>http://x.example/</t:ContentLocation><t:IsInline>true</t:IsInline>"
    )
    xml = file_attachment("Übersicht &amp; Co.txt", bytes(range(256)), more)
    added = ews.ask(create_attachment(item_id(ews.mailbox, item), xml)).one("t:AttachmentId")
    told = ews.ask(get_attachment(added.get("Id"))).one("t:FileAttachment")
    assert texts(told, "Name", "ContentType", "ContentId", "ContentLocation", "IsInline") == {
        "Name": "Übersicht & Co.txt",
        "ContentType": "text/plain",
        "ContentId": "a@b",
        "ContentLocation": "http://x.example/",
        "IsInline": "true",
    }
    assert b64decode(one(told, "t:Content").text) == bytes(range(256))


def test_an_attached_item_is_told_as_it_was_given(ews, item):
    answer = ews.ask(create_attachment(item_id(ews.mailbox, item), ITEM, CONTACT))
    some = [each.get("Id") for each in answer.all("t:AttachmentId")]
    told = ews.ask(get_attachment(*some))
    message, contact = (one(each, "t:ItemAttachment") for each in messages(told))
    assert texts(one(message, "t:Message"), "Subject", "Body") == {
        "Subject": "Inner",
        "Body": "<b>x</b>",
    }
    assert texts(one(contact, "t:Contact"), "GivenName") == {"GivenName": "Carl"}


def test_several_attachments_are_answered_one_by_one(ews, owner, item):
    answer = ews.ask(create_attachment(
        item_id(ews.mailbox, item), file_attachment("a"), ITEM, file_attachment("b"),
    ))  # fmt: skip
    assert answer.codes == ["NoError"] * 3
    assert [names(one(each, "m:Attachments")) for each in messages(answer)] == [
        ["FileAttachment"], ["ItemAttachment"], ["FileAttachment"],
    ]  # fmt: skip
    told = [each.get("Id") for each in answer.all("t:AttachmentId")]
    assert told == ids_of(ews, owner, item)


@pytest.mark.parametrize("kind", ["gone", "other", "folder", "malformed", "stale key"])
def test_what_cannot_be_added_to_is_told(ews, owner, item, kind):
    moved = owner.create()
    owner.act(move_items, [moved], INBOX)
    foreign = Owner(ews.database, ews.other).create()
    folder = ids.encode(Kind.FOLDER, ews.mailbox.id, INBOX)
    parent, code = {
        "gone": (item_id(ews.mailbox, moved), "ErrorItemNotFound"),
        "other": (item_id(ews.other, foreign), "ErrorAccessDenied"),
        "folder": (f'<t:ItemId Id="{folder}"/>', "ErrorCannotUseFolderIdForItemId"),
        "malformed": ('<t:ItemId Id="x"/>', "ErrorInvalidIdMalformed"),
        "stale key": (f'<t:ItemId Id="{folder}" ChangeKey="x"/>', "ErrorInvalidChangeKey"),
    }[kind]
    answer = ews.ask(create_attachment(parent, file_attachment("a"), ITEM))
    assert answer.codes == [code] * 2
    assert answer.all("t:AttachmentId") == []


def test_an_attachment_that_cannot_be_kept_does_not_spoil_the_others(ews, owner, item):
    bad = (
        "<t:ItemAttachment><t:Name>a</t:Name><t:Message><t:MimeContent>?</t:MimeContent>"
        "</t:Message></t:ItemAttachment>"
    )
    answer = ews.ask(create_attachment(item_id(ews.mailbox, item), file_attachment("a"), bad, ITEM))
    assert answer.codes == ["NoError", "ErrorMimeContentInvalid", "NoError"]
    assert len(ids_of(ews, owner, item)) == 2


# DeleteAttachment


def test_attachments_are_deleted_and_their_item_is_told(ews, owner):
    item = owner.create(Attachments=[file("a"), file("b"), file("c")])
    first, second, third = ids_of(ews, owner, item)
    answer = ews.ask(delete_attachment(first, second))
    assert answer.codes == ["NoError"] * 2
    root = messages(answer)[-1].find("{*}RootItemId")
    assert names(messages(answer)[-1]) == ["ResponseCode", "RootItemId"]
    assert (
        f'<t:ItemId Id="{root.get("RootItemId")}" ChangeKey="{root.get("RootItemChangeKey")}"/>'
        == item_id(ews.mailbox, owner.again(item))
    )
    assert ids_of(ews, owner, item) == [third]
    assert owner.again(item).has_attachments
    ews.ask(delete_attachment(third))
    assert not owner.again(item).has_attachments


# Ids that cannot be used


@pytest.mark.parametrize("operation", [get_attachment, delete_attachment])
def test_one_bad_attachment_does_not_spoil_the_others(ews, owner, operation):
    item = owner.create(DRAFTS, Attachments=[file("a"), file("b"), file("c")])
    first, gone, last = ids_of(ews, owner, item)
    ews.ask(delete_attachment(gone))
    orphan = owner.create(Attachments=[file("x")])
    (of_deleted,) = ids_of(ews, owner, orphan)
    owner.act(delete_items, [orphan], Disposal.HARD)
    other = Owner(ews.database, ews.other)
    foreign = other.create(Attachments=[file("x")])
    (theirs,) = other.read(attachments_of, foreign)
    bad = {
        gone: "ErrorInvalidAttachmentId",
        of_deleted: "ErrorInvalidAttachmentId",
        ids.encode(Kind.ITEM, ews.mailbox.id, item.number): "ErrorInvalidAttachmentId",
        attachment_id(ews.other, theirs.number): "ErrorAccessDenied",
        "x": "ErrorInvalidIdMalformed",
        "": "ErrorInvalidIdEmpty",
    }
    answer = ews.ask(operation(first, *bad, last))
    assert answer.codes == ["NoError", *bad.values(), "NoError"]
    assert len(other.read(attachments_of, foreign)) == 1


@pytest.mark.parametrize("operation", [get_attachment, delete_attachment])
def test_a_request_may_name_1000_attachments(shared_ews, operation):
    gone = attachment_id(shared_ews.mailbox, 2**60)
    codes = shared_ews.ask(operation(*[gone] * 1000)).codes
    assert codes == ["ErrorInvalidAttachmentId"] * 1000
    codes = shared_ews.ask(operation(*[gone] * 1001)).codes
    assert codes == ["ErrorDataSizeLimitExceeded"]


def test_a_request_may_add_1000_attachments(ews, owner, item):
    some = [file_attachment("a", b"")] * 1001
    answer = ews.ask(create_attachment(item_id(ews.mailbox, item), *some))
    assert answer.codes == ["ErrorDataSizeLimitExceeded"]
    assert ids_of(ews, owner, item) == []


def test_an_attachment_stays_when_its_item_is_moved(ews, owner):
    item = owner.deliver(WITH_MESSAGE)
    pdf, _ = ids_of(ews, owner, item)
    (moved,) = owner.act(move_items, [item], DRAFTS)
    assert ews.ask(get_attachment(pdf)).codes == ["NoError"]
    full = ews.ask(get_item(item_id(ews.mailbox, moved), base="AllProperties"))
    first, _ = full.all("t:AttachmentId")
    assert first.get("Id") == pdf
    assert id_in(full.root) == item_id(ews.mailbox, moved)
