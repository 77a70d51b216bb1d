"""GetItem, MoveItem, CopyItem, DeleteItem and MarkAllItemsAsRead."""

import re
from base64 import b64decode

import pytest

from ewspush.core.ids import Kind
from ewspush.operations.items.moves import move_items
from ewspush.wire import change_key, ids
from support.items import (
    MESSAGE,
    Owner,
    body,
    delete_item,
    field_uri,
    file,
    get_item,
    id_in,
    item_change,
    item_id,
    mailboxes,
    mark_all,
    messages,
    move_item,
    names,
    one,
    send_item,
    set_field,
    update_item,
)
from support.mailbox_model import CALENDAR, CONTACTS, DELETED, DRAFTS, INBOX, RECOVERABLE

ADDRESS = "user@example.com"
HTML = (
    b"From: ann@example.org\r\nSubject: Both\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/alternative; boundary=x\r\n\r\n--x\r\n\r\nplain\r\n"
    b"--x\r\nContent-Type: text/html\r\n\r\n<p>html &amp;</p>\r\n--x--\r\n"
)


@pytest.fixture
def owner(ews):
    return Owner(ews.database, ews.mailbox)


def body_in(answer, name="t:Body"):
    found = answer.one(name)
    return found.get("BodyType"), found.text


# GetItem


def test_items_are_told_in_the_order_in_which_they_were_asked_for(ews, owner):
    first, second = owner.deliver(), owner.create(CONTACTS, ItemClass="IPM.Contact")
    some = [item_id(ews.mailbox, each) for each in (second, first, second)]
    answer = ews.ask(get_item(*some))
    assert answer.codes == ["NoError"] * 3
    assert [names(one(each, "m:Items")) for each in messages(answer)] == [
        ["Contact"], ["Message"], ["Contact"],
    ]  # fmt: skip
    assert [id_in(each) for each in messages(answer)] == some


@pytest.mark.parametrize(
    ("item_class", "element"),
    [
        ("IPM.Note", "Message"),
        ("IPM.Note.SMIME", "Message"),
        ("IPM.Contact", "Contact"),
        ("IPM.Appointment", "CalendarItem"),
        ("IPM.Task", "Task"),
        ("IPM.Post", "PostItem"),
        ("IPM.DistList", "DistributionList"),
        ("IPM.Schedule.Meeting.Request", "MeetingRequest"),
        ("IPM", "Item"),
        ("IPM.StickyNote", "Message"),
    ],
)
@pytest.mark.parametrize("base", ["IdOnly", "Default", "AllProperties"])
def test_every_kind_of_item_is_told_in_its_element(shared_ews, item_class, element, base):
    owner = Owner(shared_ews.database, shared_ews.mailbox)
    item = owner.create(ItemClass=item_class, Subject="x")
    (found,) = shared_ews.ask(get_item(item_id(shared_ews.mailbox, item), base=base)).one("m:Items")
    assert found.tag.endswith(f"}}{element}")
    assert names(found)[0] == "ItemId"
    assert (names(found) == ["ItemId"]) is (base == "IdOnly")


def test_a_message_is_told_with_all_its_properties(ews, owner):
    item = owner.deliver()
    answer = ews.ask(get_item(item_id(ews.mailbox, item), base="AllProperties"))
    texts = {name: answer.text(f"t:{name}") for name in (
        "ItemClass", "Subject", "Size", "IsRead", "IsDraft", "DateTimeSent", "DateTimeReceived",
        "InternetMessageId", "DisplayTo", "HasAttachments", "Importance", "ConversationTopic",
    )}  # fmt: skip
    assert texts == {
        "ItemClass": "IPM.Note",
        "Subject": "Hello",
        "Size": str(len(MESSAGE)),
        "IsRead": "false",
        "IsDraft": "false",
        "DateTimeSent": "2026-11-20T09:00:00Z",
        "DateTimeReceived": "2026-09-21T14:13:20Z",
        "InternetMessageId": "<1@example.org>",
        "DisplayTo": "user@example.org",
        "HasAttachments": "false",
        "Importance": "Normal",
        "ConversationTopic": "Hello",
    }
    assert body_in(answer) == ("Text", "How are you?\n")
    assert one(answer.one("t:From"), "t:Name").text == "Ann"
    headers = {each.get("HeaderName"): each.text for each in answer.all("t:InternetMessageHeader")}
    assert headers["Date"] == "Fri, 20 Nov 2026 10:00:00 +0100"
    assert names(answer.one("t:ResponseObjects")) == [
        "ReplyToItem",
        "ReplyAllToItem",
        "ForwardItem",
    ]
    parent = answer.one("t:ParentFolderId").get("Id")
    assert ids.decode(parent).number == INBOX


def test_a_draft_cannot_be_answered(ews, owner):
    item = owner.create(is_draft=True)
    answer = ews.ask(get_item(item_id(ews.mailbox, item), base="AllProperties"))
    assert answer.all("t:ResponseObjects") == []
    assert answer.text("t:IsDraft") == "true"


@pytest.mark.parametrize(
    ("body_type", "expected"),
    [
        ("", ("HTML", "<p>html &amp;</p>")),
        ("Best", ("HTML", "<p>html &amp;</p>")),
        ("HTML", ("HTML", "<p>html &amp;</p>")),
        ("Text", ("Text", "plain")),
    ],
)
def test_the_body_is_told_in_the_type_that_is_asked_for(ews, owner, body_type, expected):
    shape = f"<t:BodyType>{body_type}</t:BodyType>" if body_type else ""
    id = item_id(ews.mailbox, owner.deliver(HTML))
    assert body_in(ews.ask(get_item(id, base="Default", shape=shape))) == expected
    fields = field_uri("item:Body")
    assert body_in(ews.ask(get_item(id, shape=shape, fields=fields))) == expected


def test_mime_is_told_byte_for_byte_when_it_is_asked_for(ews, owner):
    content = b"Subject: \xff\r\n\r\n" + bytes(range(256))
    id = item_id(ews.mailbox, owner.deliver(content))
    shape = "<t:IncludeMimeContent>true</t:IncludeMimeContent>"
    answers = [
        ews.ask(get_item(id, shape=shape)),
        ews.ask(get_item(id, fields=field_uri("item:MimeContent"))),
    ]
    for answer in answers:
        assert b64decode(answer.text("t:MimeContent")) == content
        assert answer.one("t:MimeContent").get("CharacterSet") == "UTF-8"
    assert ews.ask(get_item(id, base="AllProperties")).all("t:MimeContent") == []


def test_properties_are_told_beside_those_of_the_shape(ews, owner):
    extended = [
        {"Path": "PropertyTag=0x1000 PropertyType=String", "Value": "own"},
        {"Path": "PropertyTag=0x1001 PropertyType=String", "Value": "other"},
    ]
    item = owner.create(
        CONTACTS,
        ItemClass="IPM.Contact",
        Subject="Carl",
        ExtendedProperty=extended,
        PhoneNumbers={"MobilePhone": "1", "HomeFax": "2"},
    )
    fields = (
        field_uri("item:Subject", "message:IsRead", "calendar:Start")
        + '<t:IndexedFieldURI FieldURI="contacts:PhoneNumber" FieldIndex="MobilePhone"/>'
        + '<t:ExtendedFieldURI PropertyTag="0x1000" PropertyType="String"/>'
        + '<t:ExtendedFieldURI PropertyTag="0x1002" PropertyType="String"/>'
    )
    (found,) = ews.ask(get_item(item_id(ews.mailbox, item), fields=fields)).one("m:Items")
    assert names(found) == ["ItemId", "Subject", "ExtendedProperty", "PhoneNumbers"]
    assert [each.text for each in one(found, "t:PhoneNumbers")] == ["1"]
    assert one(found, "t:ExtendedProperty")[1].text == "own"


def test_what_items_do_not_have_is_ignored(ews, owner):
    item = item_id(ews.mailbox, owner.deliver())
    fields = field_uri("calendar:Start", "meeting:ProposedEnd", "task:Owner", "item:Subject")
    (found,) = ews.ask(get_item(item, fields=fields)).one("m:Items")
    assert names(found) == ["ItemId", "Subject"]


def test_attachments_are_described_and_not_told(ews, owner):
    item = owner.create(Attachments=[file("a.txt", b"A" * 1000, ContentType="text/plain")])
    answer = ews.ask(get_item(item_id(ews.mailbox, item), base="AllProperties"))
    attachment = answer.one("t:FileAttachment")
    assert (one(attachment, "t:Name").text, one(attachment, "t:Size").text) == ("a.txt", "1000")
    assert ids.decode(one(attachment, "t:AttachmentId").get("Id")).kind is Kind.ATTACHMENT
    assert answer.all("t:Content") == []


# Ids that cannot be used

OPERATIONS = {
    "GetItem": lambda some: get_item(*some),
    "MoveItem": lambda some: move_item(*some),
    "CopyItem": lambda some: move_item(*some, operation="CopyItem"),
    "DeleteItem": lambda some: delete_item(*some),
    "SendItem": lambda some: send_item(*some),
    "UpdateItem": lambda some: update_item(
        *(item_change(id, set_field("item:Subject", "<t:Subject>x</t:Subject>")) for id in some)
    ),
}


@pytest.fixture
def bad_ids(ews, owner):
    other = Owner(ews.database, ews.other).deliver(HTML)
    moved = owner.create()
    owner.act(move_items, [moved], INBOX)
    good = item_id(ews.mailbox, owner.create())
    key = change_key.encode(INBOX)
    folder = ids.encode(Kind.FOLDER, ews.mailbox.id, INBOX)
    return {
        "ErrorItemNotFound": item_id(ews.mailbox, moved),
        "ErrorInvalidIdMalformed": f'<t:ItemId Id="AAMkAD=" ChangeKey="{key}"/>',
        "ErrorInvalidIdEmpty": f'<t:ItemId Id="" ChangeKey="{key}"/>',
        "ErrorCannotUseFolderIdForItemId": f'<t:ItemId Id="{folder}" ChangeKey="{key}"/>',
        "ErrorAccessDenied": item_id(ews.other, other),
        "ErrorInvalidChangeKey": f"{good.partition(' ChangeKey')[0]} ChangeKey='x'/>",
        "ErrorCalendarCannotUseIdForOccurrenceId": (
            f'<t:OccurrenceItemId RecurringMasterId="{folder}" InstanceIndex="1"/>'
        ),
    }


@pytest.mark.parametrize("operation", OPERATIONS)
def test_one_bad_item_does_not_spoil_the_others(ews, owner, bad_ids, operation):
    to = mailboxes(ADDRESS)
    asked_for, expected = [], []
    for code, bad in bad_ids.items():
        good = item_id(ews.mailbox, owner.create(is_draft=True, ToRecipients=to))
        asked_for += [good, bad]
        expected += ["NoError", code]
    answer = ews.ask(OPERATIONS[operation](asked_for))
    assert answer.codes == expected
    classes = [each.get("ResponseClass") for each in messages(answer)]
    assert classes == ["Success", "Error"] * len(bad_ids)
    owner.events()
    subjects = [item.subject for item in owner.items(DRAFTS)]
    left = {"GetItem": 8, "MoveItem": 8, "CopyItem": 15, "DeleteItem": 1, "SendItem": 1}
    assert len(subjects) == left.get(operation, 8)
    assert subjects.count("x") == (7 if operation == "UpdateItem" else 0)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_request_may_name_1000_items(shared_ews, operation):
    gone = [f'<t:ItemId Id="{ids.encode(Kind.ITEM, shared_ews.mailbox.id, 2**60)}"/>']
    answer = shared_ews.ask(OPERATIONS[operation](gone * 1000))
    assert len(answer.codes) == 1000
    assert shared_ews.ask(OPERATIONS[operation](gone * 1001)).codes == [
        "ErrorDataSizeLimitExceeded"
    ]


def test_contents_are_told_up_to_a_size_and_the_first_always(ews, owner, monkeypatch):
    monkeypatch.setattr("ewspush.endpoint.ews.limits.MOST_CONTENT", 1500)
    some = [item_id(ews.mailbox, owner.create(Body=body("x" * size))) for size in (2000, 10, 20)]
    answer = ews.ask(get_item(*some, base="Default"))
    assert answer.codes == ["NoError"] + ["ErrorDataSizeLimitExceeded"] * 2
    assert ews.ask(get_item(*some[1:], base="Default")).codes == ["NoError"] * 2
    assert ews.ask(get_item(*some)).codes == ["NoError"] * 3
    for asking in (
        {"shape": "<t:IncludeMimeContent>1</t:IncludeMimeContent>"},
        {"fields": field_uri("item:TextBody")},
        {"fields": '<t:IndexedFieldURI FieldURI="item:InternetMessageHeader" FieldIndex="To"/>'},
        {"fields": '<t:ExtendedFieldURI PropertyTag="0x1000" PropertyType="String"/>'},
    ):
        assert ews.ask(get_item(*some, **asking)).codes == answer.codes


def test_a_request_may_name_1000_properties(shared_ews):
    gone = f'<t:ItemId Id="{ids.encode(Kind.ITEM, shared_ews.mailbox.id, 2**60)}"/>'
    codes = [
        shared_ews.ask(get_item(gone, fields=field_uri("item:Subject") * count)).codes
        for count in (1000, 1001)
    ]
    assert codes == [["ErrorItemNotFound"], ["ErrorDataSizeLimitExceeded"]]


def test_header_fields_are_told_in_the_order_asked_for_and_as_they_stand(ews, owner):
    item = owner.deliver(b"B: 1\r\na: 2\r\nb: 3\r\nC: 4\r\n\r\n")
    fields = "".join(
        f'<t:IndexedFieldURI FieldURI="item:InternetMessageHeader" FieldIndex="{name}"/>'
        for name in ("A", "B", "x")
    )
    told = ews.ask(get_item(item_id(ews.mailbox, item), fields=fields))
    found = [(each.get("HeaderName"), each.text) for each in told.all("t:InternetMessageHeader")]
    assert found == [("a", "2"), ("B", "1"), ("b", "3")]


# MoveItem and CopyItem


@pytest.mark.parametrize(("operation", "left"), [("MoveItem", 0), ("CopyItem", 1)])
def test_the_new_id_is_told_and_the_old_one_is_of_the_old_item(ews, owner, operation, left):
    old = item_id(ews.mailbox, owner.deliver())
    answer = ews.ask(move_item(old, operation=operation))
    (new,) = owner.items(DRAFTS)
    assert id_in(answer.root) == item_id(ews.mailbox, new)
    assert names(answer.one("m:Items")) == ["Message"]
    assert len(owner.items(INBOX)) == left
    codes = ews.ask(get_item(old, id_in(answer.root))).codes
    assert codes == ["NoError" if left else "ErrorItemNotFound", "NoError"]


@pytest.mark.parametrize("operation", ["MoveItem", "CopyItem"])
@pytest.mark.parametrize(("asked", "told"), [("true", 1), ("false", 0)])
def test_new_ids_are_told_unless_nobody_wants_them(ews, owner, operation, asked, told):
    more = f"<m:ReturnNewItemIds>{asked}</m:ReturnNewItemIds>"
    id = item_id(ews.mailbox, owner.deliver())
    answer = ews.ask(move_item(id, operation=operation, more=more))
    assert answer.codes == ["NoError"]
    assert len(answer.all("t:ItemId")) == told
    assert len(owner.items(DRAFTS)) == 1


@pytest.mark.parametrize("operation", ["MoveItem", "CopyItem"])
@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("gone", "ErrorFolderNotFound"),
        ("item", "ErrorCannotUseItemIdForFolderId"),
        ("other", "ErrorAccessDenied"),
        ("malformed", "ErrorInvalidIdMalformed"),
    ],
)
def test_a_target_that_cannot_be_used_changes_nothing(ews, owner, operation, target, code):
    item = owner.deliver()
    owner.events()
    mailbox = ews.mailbox.id
    id = {
        "gone": ids.encode(Kind.FOLDER, mailbox, 2**60),
        "item": ids.encode(Kind.ITEM, mailbox, item.number),
        "other": ids.encode(Kind.FOLDER, ews.other.id, INBOX),
        "malformed": "x",
    }[target]
    some = [item_id(ews.mailbox, item)] * 2
    answer = ews.ask(move_item(*some, to=f'<t:FolderId Id="{id}"/>', operation=operation))
    assert answer.codes == [code] * 2
    assert owner.items(INBOX) == [item]
    assert owner.events() == []


def test_an_item_that_is_named_twice_is_moved_once(ews, owner):
    some = [item_id(ews.mailbox, owner.deliver())] * 2
    assert ews.ask(move_item(*some)).codes == ["NoError", "ErrorItemNotFound"]
    assert len(owner.items(DRAFTS)) == 1


def test_a_change_key_is_not_needed_and_an_old_one_does_not_matter(ews, owner):
    item = owner.deliver()
    ews.ask(mark_all("inbox"))
    without = item_id(ews.mailbox, item, change=False)
    assert ews.ask(get_item(without, item_id(ews.mailbox, item))).codes == ["NoError"] * 2
    assert ews.ask(move_item(without)).codes == ["NoError"]
    (moved,) = owner.items(DRAFTS)
    ews.ask(mark_all("drafts", flag="false"))
    assert ews.ask(move_item(item_id(ews.mailbox, moved), to="inbox")).codes == ["NoError"]


# DeleteItem


@pytest.mark.parametrize(
    ("disposal", "place"),
    [("MoveToDeletedItems", DELETED), ("SoftDelete", RECOVERABLE), ("HardDelete", None)],
)
def test_items_are_deleted_in_each_way(ews, owner, disposal, place):
    some = [item_id(ews.mailbox, owner.deliver()) for _ in range(2)]
    answer = ews.ask(delete_item(*some, disposal=disposal))
    assert answer.codes == ["NoError"] * 2
    assert [names(each) for each in messages(answer)] == [["ResponseCode"]] * 2
    assert owner.items(INBOX) == []
    assert len(owner.items(place)) == 2 if place else True
    assert ews.ask(get_item(*some)).codes == ["ErrorItemNotFound"] * 2


def test_a_calendar_item_is_deleted_as_clients_ask_for_it(ews, owner):
    item = item_id(ews.mailbox, owner.create(CALENDAR, ItemClass="IPM.Appointment"))
    request = delete_item(item).replace(
        b"<m:DeleteItem ",
        b'<m:DeleteItem SendMeetingCancellations="SendToNone" '
        b'AffectedTaskOccurrences="AllOccurrences" SuppressReadReceipts="true" ',
    )
    assert ews.ask(request).codes == ["NoError"]
    assert owner.items(CALENDAR) == []


# MarkAllItemsAsRead


@pytest.mark.parametrize(("flag", "is_read"), [("true", True), ("1", True), ("false", False)])
def test_all_items_of_folders_are_marked(ews, owner, flag, is_read):
    for folder in (INBOX, DRAFTS):
        for each in (True, False):
            owner.create(folder, IsRead=each)
    answer = ews.ask(mark_all("inbox", '<t:FolderId Id="x"/>', "drafts", flag=flag))
    assert answer.codes == ["NoError", "ErrorInvalidIdMalformed", "NoError"]
    for folder in (INBOX, DRAFTS):
        assert [item.is_read for item in owner.items(folder)] == [is_read] * 2


@pytest.mark.parametrize(
    ("id", "code"),
    [
        ("gone", "ErrorFolderNotFound"),
        ("item", "ErrorCannotUseItemIdForFolderId"),
        ("other", "ErrorAccessDenied"),
    ],
)
def test_a_folder_that_cannot_be_used_is_told(ews, id, code):
    number = {
        "gone": ids.encode(Kind.FOLDER, ews.mailbox.id, 2**60),
        "item": ids.encode(Kind.ITEM, ews.mailbox.id, 2**60),
        "other": ids.encode(Kind.FOLDER, ews.other.id, INBOX),
    }[id]
    assert ews.ask(mark_all(f'<t:FolderId Id="{number}"/>')).codes == [code]


# Ids


def test_ids_are_short_and_safe_in_a_url(ews, owner):
    (found,) = ews.ask(get_item(item_id(ews.mailbox, owner.deliver()))).all("t:ItemId")
    assert re.fullmatch(r"[A-Za-z0-9_-]{24}", found.get("Id"))
    assert len(found.get("ChangeKey")) == 12
