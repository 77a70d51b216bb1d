"""UpdateItem: changes, conflicts, and what cannot be changed."""

import pytest

from ewspush.operations.items.values import own_values
from ewspush.wire import change_key
from support.items import (
    MESSAGE,
    Owner,
    base64,
    body,
    delete_field,
    file,
    get_item,
    id_in,
    item_change,
    item_id,
    messages,
    names,
    one,
    set_field,
    update_item,
)
from support.mailbox_model import CONTACTS, DRAFTS, INBOX, Logged

READ = set_field("message:IsRead", "<t:IsRead>1</t:IsRead>")
SUBJECT = set_field("item:Subject", "<t:Subject>Two</t:Subject>")
KEY = "PropertyTag=0x1000 PropertyType=String"
EXTENDED = '<t:ExtendedFieldURI PropertyTag="0x1000" PropertyType="String"/>'
PHONE = '<t:IndexedFieldURI FieldURI="contacts:PhoneNumber" FieldIndex="MobilePhone"/>'
STREET = '<t:IndexedFieldURI FieldURI="contacts:PhysicalAddress:Street" FieldIndex="Business"/>'


@pytest.fixture
def owner(ews):
    return Owner(ews.database, ews.mailbox)


@pytest.fixture
def item(owner):
    return owner.create(
        IsRead=False,
        Subject="One",
        Body=body("Hello"),
        Categories=["Red"],
        ExtendedProperty=[{"Path": KEY, "Value": "x"}],
    )


def update(ews, item, *updates, **options):
    return ews.ask(update_item(item_change(item_id(ews.mailbox, item), *updates), **options))


def test_a_message_is_marked_as_read(ews, owner):
    item = owner.deliver()
    owner.events()
    answer = update(ews, item, READ)
    assert answer.codes == ["NoError"]
    (message,) = messages(answer)
    assert names(message) == ["ResponseCode", "Items", "ConflictResults"]
    assert one(message, "m:ConflictResults")[0].text == "0"
    (read,) = owner.items(INBOX)
    assert read.is_read
    assert read.change > item.change
    assert id_in(message) == item_id(ews.mailbox, read)
    assert [type(event) for event in owner.events()] == [Logged, Logged]
    again = ews.ask(get_item(id_in(message), base="Default"))
    assert again.text("t:IsRead") == "true"


@pytest.mark.parametrize(
    ("updates", "after"),
    [
        ((SUBJECT,), {"Subject": "Two"}),
        ((READ, SUBJECT), {"Subject": "Two", "IsRead": True}),
        ((delete_field("item:Subject"),), {"Subject": None}),
        (
            (set_field("item:Categories", "<t:Categories><t:String>Blue</t:String></t:Categories>",
                       how="AppendToItemField"),),
            {"Categories": ["Red", "Blue"]},
        ),
        ((delete_field("item:Categories"),), {"Categories": None}),
        ((set_field("item:Importance", "<t:Importance>High</t:Importance>"),),
         {"Importance": "High"}),
        ((delete_field(EXTENDED),), {"ExtendedProperty": None}),
        (
            (set_field(EXTENDED, f"<t:ExtendedProperty>{EXTENDED}<t:Value>y</t:Value>"
                                 "</t:ExtendedProperty>"),),
            {"ExtendedProperty": [{"Path": KEY, "Value": "y"}]},
        ),
    ],
)  # fmt: skip
def test_properties_are_set_appended_to_and_deleted(ews, owner, item, updates, after):
    assert update(ews, item, *updates).codes == ["NoError"]
    values = own_values(owner.again(item))
    assert {name: values.get(name) for name in after} == after


@pytest.mark.parametrize(
    ("how", "xml", "expected"),
    [
        ("SetItemField", '<t:Body BodyType="Text">Bye</t:Body>', body("Bye")),
        ("SetItemField", '<t:Body BodyType="HTML">&lt;p&gt;</t:Body>', body("<p>", "HTML")),
        ("AppendToItemField", '<t:Body BodyType="Text"> you</t:Body>', body("Hello you")),
        ("DeleteItemField", "", body("")),
    ],
)
def test_the_body_is_set_appended_to_and_deleted(ews, owner, item, how, xml, expected):
    uri = "item:Body"
    change = set_field(uri, xml, how=how) if xml else delete_field(uri)
    assert update(ews, item, change).codes == ["NoError"]
    assert owner.values(owner.again(item), "Body")["Body"] == expected


@pytest.mark.parametrize(
    ("path", "value", "name", "after"),
    [
        (
            PHONE,
            '<t:PhoneNumbers><t:Entry Key="MobilePhone">3</t:Entry></t:PhoneNumbers>',
            "PhoneNumbers",
            {"HomeFax": "2", "MobilePhone": "3"},
        ),
        (
            STREET,
            '<t:PhysicalAddresses><t:Entry Key="Business"><t:Street>New Street</t:Street></t:Entry>'
            "</t:PhysicalAddresses>",
            "PhysicalAddresses",
            {"Business": {"City": "Here", "Street": "New Street"}},
        ),
        (PHONE, "", "PhoneNumbers", {"HomeFax": "2"}),
        (STREET, "", "PhysicalAddresses", {"Business": {"City": "Here"}}),
    ],
)
def test_entries_of_a_contact_are_set_and_deleted(ews, owner, path, value, name, after):
    contact = owner.create(
        CONTACTS,
        ItemClass="IPM.Contact",
        PhoneNumbers={"MobilePhone": "1", "HomeFax": "2"},
        PhysicalAddresses={"Business": {"Street": "Old Street", "City": "Here"}},
    )
    change = set_field(path, value, kind="Contact") if value else delete_field(path)
    assert update(ews, contact, change).codes == ["NoError"]
    assert own_values(owner.again(contact))[name] == after


def test_another_message_is_put_in_its_place(ews, owner, item):
    mime = f"<t:MimeContent>{base64(MESSAGE)}</t:MimeContent>"
    assert update(ews, item, set_field("item:MimeContent", mime)).codes == ["NoError"]
    assert owner.values(owner.again(item), "MimeContent")["MimeContent"] == base64(MESSAGE)


# Conflicts


@pytest.mark.parametrize(
    ("resolution", "known", "code"),
    [
        ("NeverOverwrite", "current", "NoError"),
        ("NeverOverwrite", "older", "ErrorIrresolvableConflict"),
        ("NeverOverwrite", "", "ErrorChangeKeyRequiredForWriteOperations"),
        ("AutoResolve", "current", "NoError"),
        ("AutoResolve", "older", "NoError"),
        ("AutoResolve", "", "ErrorChangeKeyRequiredForWriteOperations"),
        ("AlwaysOverwrite", "current", "NoError"),
        ("AlwaysOverwrite", "older", "NoError"),
        ("AlwaysOverwrite", "", "NoError"),
        ("AlwaysOverwrite", "x", "ErrorInvalidChangeKey"),
    ],
)
def test_who_may_overwrite_what_was_changed_meanwhile(ews, owner, item, resolution, known, code):
    update(ews, item, READ)
    changed = owner.again(item)
    keys = {"current": change_key.encode(changed.change), "older": change_key.encode(item.change)}
    key = f' ChangeKey="{keys.get(known, known)}"' if known else ""
    id = item_id(ews.mailbox, item, change=False).replace("/>", f"{key}/>")
    answer = ews.ask(update_item(item_change(id, SUBJECT), resolution=resolution))
    assert answer.codes == [code]
    after = owner.again(item)
    assert (after.subject, after.is_read) == ("Two" if code == "NoError" else "One", True)
    assert (after == changed) is (code != "NoError")


# What cannot be changed

BAD = [
    (set_field("item:Size", "<t:Size>5</t:Size>"), "ErrorInvalidPropertySet"),
    (set_field("item:IsDraft", "<t:IsDraft>true</t:IsDraft>"), "ErrorInvalidPropertySet"),
    (set_field("item:ItemId", '<t:ItemId Id="x"/>'), "ErrorInvalidPropertySet"),
    (delete_field("item:HasAttachments"), "ErrorInvalidPropertySet"),
    (
        set_field(
            "item:Attachments",
            "<t:Attachments><t:FileAttachment><t:Name>a</t:Name></t:FileAttachment></t:Attachments>",
        ),
        "ErrorInvalidPropertySet",
    ),
    (
        set_field("calendar:Location", "<t:Location>x</t:Location>", kind="CalendarItem"),
        "ErrorInvalidPropertyRequest",
    ),
    (delete_field(PHONE), "ErrorInvalidPropertyRequest"),
    (set_field("folder:DisplayName", "<t:Subject>x</t:Subject>"), "ErrorInvalidPropertyRequest"),
    (set_field("item:Subject", "<t:IsRead>true</t:IsRead>"), "ErrorUpdatePropertyMismatch"),
    (
        set_field("item:Subject", "<t:Subject>x</t:Subject><t:IsRead>true</t:IsRead>"),
        "ErrorUpdatePropertyMismatch",
    ),
    (set_field("item:Subject", ""), "ErrorUpdatePropertyMismatch"),
    (
        set_field(EXTENDED, f"<t:ExtendedProperty>{EXTENDED.replace('1000', '1001')}<t:Value>y"
                            "</t:Value></t:ExtendedProperty>"),
        "ErrorUpdatePropertyMismatch",
    ),
    (
        set_field("message:IsRead", "<t:IsRead>1</t:IsRead>", how="AppendToItemField"),
        "ErrorInvalidPropertyAppend",
    ),
    (delete_field("message:IsRead"), "ErrorInvalidPropertyDelete"),
    (delete_field("item:ItemClass"), "ErrorInvalidPropertyDelete"),
    (
        set_field("item:MimeContent", "<t:MimeContent>?</t:MimeContent>"),
        "ErrorMimeContentInvalid",
    ),
    (
        delete_field('<t:ExtendedFieldURI PropertyTag="0x1000" PropertyType="String" '
                     'PropertyName="a"/>'),
        "ErrorInvalidExtendedProperty",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("bad", "code"), BAD)
def test_one_bad_item_does_not_spoil_the_others(ews, owner, item, bad, code):
    others = [owner.create(DRAFTS, Subject=text) for text in ("a", "b")]
    owner.events()
    changes = [
        item_change(item_id(ews.mailbox, others[0]), SUBJECT),
        item_change(item_id(ews.mailbox, item), SUBJECT, bad),
        item_change(item_id(ews.mailbox, others[1]), SUBJECT),
    ]
    answer = ews.ask(update_item(*changes))
    assert answer.codes == ["NoError", code, "NoError"]
    assert [len(each.findall(".//{*}ItemId")) for each in messages(answer)] == [1, 0, 1]
    assert [owner.again(each).subject for each in others] == ["Two"] * 2
    assert owner.again(item) == item
    assert len(owner.events()) == 4


def test_an_item_that_is_named_twice_is_changed_twice(ews, owner, item):
    id = item_id(ews.mailbox, item)
    changes = [item_change(id, SUBJECT), item_change(id, READ)]
    assert ews.ask(update_item(*changes)).codes == ["NoError"] * 2
    after = owner.again(item)
    assert (after.subject, after.is_read) == ("Two", True)
    answer = ews.ask(update_item(*changes, resolution="NeverOverwrite"))
    assert answer.codes == ["ErrorIrresolvableConflict"] * 2


def test_files_stay_when_properties_change(ews, owner):
    item = owner.create(Attachments=[file("a")])
    assert update(ews, item, SUBJECT).codes == ["NoError"]
    assert owner.again(item).has_attachments


def test_a_request_of_the_managed_api_is_taken(ews, owner, item):
    request = update_item(item_change(item_id(ews.mailbox, item), READ)).replace(
        b"<m:UpdateItem ",
        b'<m:UpdateItem SendMeetingInvitationsOrCancellations="SendToAllAndSaveCopy" '
        b'SuppressReadReceipts="true" ',
    )
    assert ews.ask(request).codes == ["NoError"]


def test_a_request_may_change_10000_properties(ews, owner, monkeypatch):
    monkeypatch.setattr("ewspush.endpoint.ews.items.updates._MOST_CHANGES", 3)
    changes = [item_change(item_id(ews.mailbox, owner.create()), SUBJECT, READ) for _ in range(2)]
    assert ews.ask(update_item(changes[0])).codes == ["NoError"]
    assert ews.ask(update_item(*changes)).codes == ["ErrorDataSizeLimitExceeded"]
