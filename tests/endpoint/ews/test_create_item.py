"""CreateItem and SendItem."""

import pytest

from ewspush.core.ids import Kind
from ewspush.operations.items.moves import Disposal, delete_items
from ewspush.store import contents
from ewspush.wire import change_key, ids
from support.ews import envelope
from support.items import (
    MESSAGE,
    Owner,
    base64,
    create_item,
    field_uri,
    get_item,
    id_in,
    item_change,
    item_id,
    mailboxes,
    message,
    messages,
    names,
    one,
    response,
    send_item,
    set_field,
    update_item,
)
from support.mailbox_model import CALENDAR, CONTACTS, DRAFTS, INBOX, NUMBERS, SENT

USER, OTHER, NOBODY = "user@example.com", "other@example.com", "nobody@example.com"
TASKS, NOTES = NUMBERS["tasks"], NUMBERS["notes"]
FROM_USER = MESSAGE.replace(b"ann@example.org", b"user@example.com").replace(
    b"user@example.org", b"other@example.com"
)


@pytest.fixture
def owner(ews):
    return Owner(ews.database, ews.mailbox)


@pytest.fixture
def other(ews):
    return Owner(ews.database, ews.other)


def told(ews, id, base="AllProperties", **more):
    return ews.ask(get_item(id, base=base, **more))


# Saving


def test_a_message_is_saved_as_a_draft_with_all_that_was_said(ews, owner):
    more = (
        "<t:CcRecipients><t:Mailbox><t:Name>Carl</t:Name>"
        "<t:EmailAddress>carl@example.org</t:EmailAddress></t:Mailbox></t:CcRecipients>"
        "<t:IsReadReceiptRequested>true</t:IsReadReceiptRequested><t:IsRead>0</t:IsRead>"
    )
    answer = ews.ask(create_item(message("Grüße & <x>", (OTHER,), "Schön\n", more)))
    assert answer.codes == ["NoError"]
    assert names(one(answer.one("m:Items"), "t:Message")) == ["ItemId"]
    (item,) = owner.items(DRAFTS)
    assert id_in(answer.root) == item_id(ews.mailbox, item)
    found = told(ews, id_in(answer.root))
    texts = {name: found.text(f"t:{name}") for name in (
        "Subject", "Body", "DisplayTo", "DisplayCc", "IsReadReceiptRequested", "IsRead", "IsDraft",
    )}  # fmt: skip
    assert texts == {
        "Subject": "Grüße & <x>",
        "Body": "Schön\n",
        "DisplayTo": OTHER,
        "DisplayCc": "Carl",
        "IsReadReceiptRequested": "true",
        "IsRead": "false",
        "IsDraft": "true",
    }


ITEMS = [
    ("Message", DRAFTS, "IPM.Note", ""),
    ("Item", DRAFTS, "IPM", ""),
    ("CalendarItem", CALENDAR, "IPM.Appointment", "<t:Start>2026-11-20T09:00:00Z</t:Start>"),
    ("Contact", CONTACTS, "IPM.Contact", "<t:GivenName>Carl</t:GivenName>"),
    ("DistributionList", CONTACTS, "IPM.DistList", "<t:DisplayName>All</t:DisplayName>"),
    ("Task", TASKS, "IPM.Task", "<t:Status>InProgress</t:Status>"),
    ("PostItem", INBOX, "IPM.Post", "<t:IsRead>true</t:IsRead>"),
]


@pytest.mark.parametrize(("element", "folder", "item_class", "content"), ITEMS)
def test_each_kind_of_item_has_its_home(ews, owner, element, folder, item_class, content):
    xml = f"<t:{element}><t:Subject>x</t:Subject>{content}</t:{element}>"
    answer = ews.ask(create_item(xml, invitations="SendToNone"))
    assert answer.codes == ["NoError"]
    assert names(answer.one("m:Items")) == [element]
    (item,) = owner.items(folder)
    assert (item.item_class, item.subject, item.is_draft) == (item_class, "x", element == "Message")
    found = told(ews, id_in(answer.root)).one(f"t:{element}")
    if content:
        name, _, text = content[1:].partition(">")
        assert one(found, name).text == text.partition("<")[0]


@pytest.mark.parametrize(
    ("element", "folder", "code"),
    [
        ("CalendarItem", "inbox", "ErrorCannotCreateCalendarItemInNonCalendarFolder"),
        ("CalendarItem", "contacts", "ErrorCannotCreateCalendarItemInNonCalendarFolder"),
        ("Contact", "calendar", "ErrorCannotCreateContactInNonContactFolder"),
        ("DistributionList", "drafts", "ErrorCannotCreateContactInNonContactFolder"),
        ("Task", "inbox", "ErrorCannotCreateTaskInNonTaskFolder"),
        ("Message", "contacts", "NoError"),
        ("Item", "calendar", "NoError"),
    ],
)
def test_some_items_belong_into_folders_of_their_kind(shared_ews, element, folder, code):
    xml = f"<t:{element}><t:Subject>x</t:Subject></t:{element}>"
    answer = shared_ews.ask(create_item(xml, folder=folder, invitations="SendToNone"))
    assert answer.codes == [code]


def test_mime_is_kept_byte_for_byte(ews, owner):
    answer = ews.ask(create_item(message(subject="Mine", mime=base64(MESSAGE)), folder="inbox"))
    (item,) = owner.items(INBOX)
    assert owner.read(contents.mime, item.content_number) == MESSAGE
    found = told(ews, id_in(answer.root), shape="<t:BodyType>Text</t:BodyType>")
    assert (found.text("t:Subject"), found.text("t:Body")) == ("Mine", "How are you?\n")


def test_an_imported_message_is_no_draft_if_its_flags_say_so(ews, owner):
    flags = (
        '<t:ExtendedProperty><t:ExtendedFieldURI PropertyTag="0x0E07" PropertyType="Integer"/>'
        "<t:Value>1</t:Value></t:ExtendedProperty>"
    )
    xml = (
        f"<t:Message><t:MimeContent>{base64(MESSAGE)}</t:MimeContent>"
        f"<t:ItemClass>IPM.Note</t:ItemClass>{flags}</t:Message>"
    )
    ews.ask(create_item(xml, folder="inbox"))
    (item,) = owner.items(INBOX)
    assert (item.is_read, item.is_draft) == (True, False)


def test_attachments_come_with_the_item(ews, owner):
    xml = (
        "<t:Message><t:Subject>x</t:Subject><t:Attachments><t:FileAttachment><t:Name>a</t:Name>"
        "<t:Content>QQ==</t:Content></t:FileAttachment></t:Attachments></t:Message>"
    )
    answer = ews.ask(create_item(xml))
    found = told(ews, id_in(answer.root))
    assert found.text("t:HasAttachments") == "true"
    assert one(found.one("t:FileAttachment"), "t:Size").text == "1"


SUBJECT = "<t:Message><t:Subject>x</t:Subject></t:Message>"
BAD = [
    ("<t:Message><t:MimeContent>?</t:MimeContent></t:Message>", "ErrorMimeContentInvalid"),
    (
        "<t:Message><t:Subject>x</t:Subject><t:Size>5</t:Size></t:Message>",
        "ErrorInvalidPropertySet",
    ),
    (
        '<t:Message><t:ItemId Id="x"/><t:Subject>x</t:Subject></t:Message>',
        "ErrorInvalidPropertySet",
    ),
    (
        "<t:Message><t:Subject>x</t:Subject><t:IsDraft>false</t:IsDraft></t:Message>",
        "ErrorInvalidPropertySet",
    ),
    ("<t:MeetingRequest><t:Subject>x</t:Subject></t:MeetingRequest>", "ErrorInvalidOperation"),
    ('<t:AcceptItem><t:ReferenceItemId Id="x"/></t:AcceptItem>', "ErrorInvalidOperation"),
    ('<t:DeclineItem><t:ReferenceItemId Id="x"/></t:DeclineItem>', "ErrorInvalidOperation"),
    ('<t:ReplyToItem><t:ReferenceItemId Id="x"/></t:ReplyToItem>', "ErrorInvalidIdMalformed"),
    (
        '<t:SuppressReadReceipt><t:ReferenceItemId Id=""/></t:SuppressReadReceipt>',
        "ErrorInvalidIdEmpty",
    ),
    ("<t:Task><t:Subject>x</t:Subject></t:Task>", "ErrorCannotCreateTaskInNonTaskFolder"),
    (
        "<t:CalendarItem><t:Subject>x</t:Subject></t:CalendarItem>",
        "ErrorSendMeetingInvitationsRequired",
    ),
]


@pytest.mark.parametrize(("bad", "code"), BAD)
def test_one_bad_item_does_not_spoil_the_others(ews, owner, bad, code):
    answer = ews.ask(create_item(SUBJECT, bad, SUBJECT, folder="drafts"))
    assert answer.codes == ["NoError", code, "NoError"]
    assert [len(each.findall(".//{*}ItemId")) for each in messages(answer)] == [1, 0, 1]
    assert len(owner.items(DRAFTS)) == 2


@pytest.mark.parametrize(
    ("folder", "code"),
    [
        ("gone", "ErrorFolderNotFound"),
        ("item", "ErrorCannotUseItemIdForFolderId"),
        ("other", "ErrorAccessDenied"),
        ("malformed", "ErrorInvalidIdMalformed"),
    ],
)
def test_a_folder_that_cannot_be_used_is_told_for_each_item(ews, owner, folder, code):
    id = {
        "gone": ids.encode(Kind.FOLDER, ews.mailbox.id, 2**60),
        "item": ids.encode(Kind.ITEM, ews.mailbox.id, INBOX),
        "other": ids.encode(Kind.FOLDER, ews.other.id, INBOX),
        "malformed": "x",
    }[folder]
    request = create_item(SUBJECT, SUBJECT, folder=f'<t:FolderId Id="{id}"/>')
    assert ews.ask(request).codes == [code] * 2
    assert owner.events() == []


def test_a_message_needs_a_disposition(ews, owner):
    answer = ews.ask(create_item(SUBJECT, "<t:Contact/>", disposition=None))
    assert answer.codes == ["ErrorMessageDispositionRequired", "NoError"]


@pytest.mark.parametrize(("invitations", "code"), [
    ("SendToNone", "NoError"), ("SendToAllAndSaveCopy", "ErrorInvalidOperation"),
    ("SendOnlyToAll", "ErrorInvalidOperation"), ("", "ErrorSendMeetingInvitationsRequired"),
])  # fmt: skip
def test_meetings_are_kept_and_not_sent(shared_ews, invitations, code):
    attendee = (
        f"<t:Attendee><t:Mailbox><t:EmailAddress>{OTHER}</t:EmailAddress></t:Mailbox></t:Attendee>"
    )
    xml = f"<t:CalendarItem><t:RequiredAttendees>{attendee}</t:RequiredAttendees></t:CalendarItem>"
    answer = shared_ews.ask(create_item(xml, disposition=None, invitations=invitations))
    assert answer.codes == [code]
    assert Owner(shared_ews.database, shared_ews.other).items(INBOX) == []


def test_the_organizer_of_a_calendar_item_is_who_makes_it(ews):
    answer = ews.ask(create_item("<t:CalendarItem/>", disposition=None, invitations="SendToNone"))
    organizer = told(ews, id_in(answer.root)).one("t:Organizer")
    assert one(organizer, "t:Mailbox/t:EmailAddress").text == USER


def test_a_request_may_make_1000_items(ews, owner):
    assert ews.ask(create_item("<t:Contact/>" * 1001)).codes == ["ErrorDataSizeLimitExceeded"]
    assert owner.events() == []
    assert set(ews.ask(create_item("<t:Contact/>" * 1000)).codes) == {"NoError"}
    assert len(owner.items(CONTACTS)) == 1000


# Sending


@pytest.mark.parametrize(
    ("disposition", "folder", "place"),
    [
        ("SendAndSaveCopy", "", SENT),
        ("SendAndSaveCopy", "inbox", INBOX),
        ("SendOnly", "", None),
        ("SendOnly", "inbox", None),
    ],
)
def test_a_message_is_sent_and_kept_as_the_client_says(
    ews, owner, other, disposition, folder, place
):
    request = create_item(message("Hello", (OTHER,), "x"), disposition=disposition, folder=folder)
    answer = ews.ask(request)
    assert answer.codes == ["NoError"]
    assert answer.all("t:ItemId") == []
    (arrived,) = other.items(INBOX)
    assert arrived.subject == "Hello"
    kept = {folder: owner.items(folder) for folder in (DRAFTS, SENT, INBOX)}
    assert [folder for folder, items in kept.items() if items] == ([place] if place else [])
    found = ews.ask(
        get_item(item_id(ews.other, arrived), base="Default", fields=field_uri("message:Sender")),
        ews.other,
    )
    assert one(found.one("t:From"), "t:EmailAddress").text == USER
    assert one(found.one("t:Sender"), "t:EmailAddress").text == USER


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (message(to=()), "ErrorMissingRecipients"),
        (message(to=(OTHER, NOBODY)), "ErrorInvalidRecipients"),
        (
            message(
                to=(OTHER,),
                more=f"<t:From><t:Mailbox><t:EmailAddress>{OTHER}</t:EmailAddress></t:Mailbox></t:From>",
            ),
            "ErrorSendAsDenied",
        ),
        ("<t:Message><t:MimeContent>?</t:MimeContent></t:Message>", "ErrorMimeContentInvalid"),
    ],
)
@pytest.mark.parametrize("disposition", ["SendOnly", "SendAndSaveCopy"])
def test_a_message_that_cannot_be_sent_leaves_nothing_and_the_others_go(
    ews, owner, other, bad, code, disposition
):
    good = message("Hello", (OTHER,))
    answer = ews.ask(create_item(good, bad, good, disposition=disposition))
    assert answer.codes == ["NoError", code, "NoError"]
    assert len(other.items(INBOX)) == 2
    assert len(owner.items(SENT)) == (2 if disposition == "SendAndSaveCopy" else 0)


def test_somebody_writes_to_himself(ews, owner):
    ews.ask(create_item(message("Note", (USER,)), disposition="SendAndSaveCopy"))
    assert [item.subject for item in owner.items(INBOX) + owner.items(SENT)] == ["Note"] * 2


def test_a_text_of_mime_arrives_as_it_is(ews, other):
    ews.ask(create_item(message("Hello", mime=base64(FROM_USER)), disposition="SendOnly"))
    (arrived,) = other.items(INBOX)
    assert other.read(contents.mime, arrived.content_number) == FROM_USER


# Replies


def test_the_sample_of_aws_answers_a_message(ews, owner, other):
    """GetItem with all properties twice, once with the body as text, then a reply to all."""
    mail = (
        b"From: Ann <other@example.com>\r\nTo: user@example.com, other@example.com\r\n"
        b"Subject: Question\r\nMessage-ID: <q@example.com>\r\nContent-Type: text/html\r\n\r\n"
        b"<html><body><p>Why?</p></body></html>"
    )
    id = item_id(ews.mailbox, owner.deliver(mail), change=False)
    shape = "<t:BodyType>Text</t:BodyType>"
    text = ews.ask(get_item(id, base="AllProperties", shape=shape))
    assert text.text("t:Body") == "Why?"
    full = ews.ask(get_item(id, base="AllProperties"))
    assert full.text("t:Body") == "<html><body><p>Why?</p></body></html>"
    reply = response("ReplyAllToItem", id_in(full.one("m:Items")), "<b>Because.</b>")
    answer = ews.ask(create_item(reply, disposition="SendAndSaveCopy"))
    assert answer.codes == ["NoError"]

    (arrived,) = other.items(INBOX)
    found = ews.ask(get_item(item_id(ews.other, arrived), base="AllProperties"), ews.other)
    assert found.text("t:Subject") == "RE: Question"
    assert found.text("t:DisplayTo") == "Ann"
    assert found.text("t:InReplyTo") == found.text("t:References") == "<q@example.com>"
    html = found.text("t:Body")
    assert html.index("<b>Because.</b>") < html.index("<p>Why?</p>")
    assert len(owner.items(SENT)) == 1


@pytest.mark.parametrize(
    ("kind", "subject", "to"),
    [
        ("ReplyToItem", "RE: Hello", "Ann"),
        ("ReplyAllToItem", "RE: Hello", "Ann; user@example.org"),
        ("ForwardItem", "FW: Hello", None),
    ],
)
def test_an_answer_is_saved_as_a_draft(ews, owner, kind, subject, to):
    reference = item_id(ews.mailbox, owner.deliver())
    answer = ews.ask(create_item(response(kind, reference, "Well")))
    found = told(ews, id_in(answer.root))
    assert (found.text("t:Subject"), found.text("t:DisplayTo")) == (subject, to)
    assert found.text("t:IsDraft") == "true"
    assert found.text("t:Body").startswith("Well<hr>")


def test_an_answer_has_what_its_author_gave_it(ews, owner, other):
    reference = item_id(ews.mailbox, owner.deliver())
    before = (
        "<t:Subject>Other</t:Subject><t:ToRecipients><t:Mailbox>"
        f"<t:EmailAddress>{OTHER}</t:EmailAddress></t:Mailbox></t:ToRecipients>"
    )
    xml = response("ForwardItem", reference, "See below", before=before)
    assert ews.ask(create_item(xml, disposition="SendOnly")).codes == ["NoError"]
    (arrived,) = other.items(INBOX)
    assert arrived.subject == "Other"


@pytest.mark.parametrize(
    "kind", ["ReplyToItem", "ReplyAllToItem", "ForwardItem", "SuppressReadReceipt"]
)
def test_what_cannot_be_answered_is_told(ews, owner, other, kind):
    gone = owner.deliver()
    owner.act(delete_items, [gone], Disposal.HARD)
    foreign = item_id(ews.other, other.deliver())
    answer = ews.ask(
        create_item(response(kind, foreign), response(kind, item_id(ews.mailbox, gone)))
    )
    assert answer.codes == ["ErrorAccessDenied", "ErrorItemNotFound"]


def test_there_is_no_receipt_to_suppress(ews, owner):
    reference = item_id(ews.mailbox, owner.deliver())
    owner.events()
    answer = ews.ask(create_item(response("SuppressReadReceipt", reference)))
    assert answer.codes == ["NoError"]
    assert owner.events() == []


# SendItem


@pytest.fixture
def draft(owner):
    return owner.create(is_draft=True, Subject="Hello", ToRecipients=mailboxes(OTHER))


@pytest.mark.parametrize(
    ("saves", "folder", "place"),
    [("true", "", SENT), ("true", "inbox", INBOX), ("false", "", None)],
)
def test_a_draft_is_sent_and_kept_as_the_client_says(
    ews, owner, other, draft, saves, folder, place
):
    answer = ews.ask(send_item(item_id(ews.mailbox, draft), saves=saves, folder=folder))
    assert answer.codes == ["NoError"]
    assert [item.subject for item in other.items(INBOX)] == ["Hello"]
    kept = [folder for folder in (DRAFTS, SENT, INBOX) if owner.items(folder)]
    assert kept == ([place] if place else [])


def test_a_draft_is_sent_only_as_it_is_known(ews, owner, other, draft):
    known = item_id(ews.mailbox, draft)
    subject = set_field("item:Subject", "<t:Subject>Changed</t:Subject>")
    current = id_in(ews.ask(update_item(item_change(known, subject))).one("m:Items"))
    without = item_id(ews.mailbox, draft, change=False)
    malformed = f'{without.removesuffix("/>")} ChangeKey="x"/>'
    answer = ews.ask(send_item(known, without, malformed, current))
    assert answer.codes == [
        "ErrorStaleObject", "ErrorChangeKeyRequired", "ErrorInvalidChangeKey", "NoError",
    ]  # fmt: skip
    assert [item.subject for item in other.items(INBOX)] == ["Changed"]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({}, "ErrorMissingRecipients"),
        ({"ToRecipients": mailboxes(OTHER, NOBODY)}, "ErrorInvalidRecipients"),
        (
            {"ToRecipients": mailboxes(OTHER), "ItemClass": "IPM.Contact"},
            "ErrorInvalidItemForOperationSendItem",
        ),
        (
            {"ToRecipients": mailboxes(OTHER), "From": mailboxes(OTHER)[0]},
            "ErrorSendAsDenied",
        ),
    ],
)
def test_a_draft_that_cannot_be_sent_stays(ews, owner, other, draft, values, code):
    bad = owner.create(is_draft=True, **values)
    some = [item_id(ews.mailbox, each) for each in (bad, draft)]
    assert ews.ask(send_item(*some)).codes == [code, "NoError"]
    assert owner.items(DRAFTS) == [bad]
    assert len(other.items(INBOX)) == 1


def test_a_message_may_be_changed_and_sent_at_once(ews, owner, other, draft):
    subject = set_field("item:Subject", "<t:Subject>Changed</t:Subject>")
    change = item_change(item_id(ews.mailbox, draft), subject)
    answer = ews.ask(update_item(change, disposition="SendAndSaveCopy"))
    assert answer.codes == ["NoError"]
    assert [item.subject for item in other.items(INBOX)] == ["Changed"]
    assert len(answer.one("m:Items")) == 0  # as CreateItem does; exchangelib insists
    assert len(owner.items(SENT)) == 1


def test_a_change_that_cannot_be_sent_is_not_made(ews, owner, draft):
    to = set_field("message:ToRecipients", "<t:ToRecipients/>")
    change = item_change(item_id(ews.mailbox, draft), to)
    answer = ews.ask(update_item(change, disposition="SendOnly"))
    assert answer.codes == ["ErrorMissingRecipients"]
    assert owner.items(DRAFTS) == [draft]


def test_send_item_takes_an_envelope_without_a_place(ews, owner, other, draft):
    change = change_key.encode(draft.change)
    id = ids.encode(Kind.ITEM, ews.mailbox.id, draft.number)
    request = envelope(
        '<m:SendItem SaveItemToFolder="1"><m:ItemIds>'
        f'<t:ItemId Id="{id}" ChangeKey="{change}"/></m:ItemIds></m:SendItem>'
    )
    assert ews.ask(request).codes == ["NoError"]
    assert len(owner.items(SENT)) == len(other.items(INBOX)) == 1


@pytest.mark.parametrize(
    "kind", ["ReplyToItem", "ReplyAllToItem", "ForwardItem", "SuppressReadReceipt"]
)
def test_a_response_to_nothing_is_refused_alone(ews, owner, kind):
    answer = ews.ask(create_item(message("a"), f"<t:{kind}/>", message("b")))
    code = "ErrorMissingInformationReferenceItemId"
    assert answer.codes == ["NoError", code, "NoError"]
    assert [item.subject for item in owner.items(DRAFTS)] == ["a", "b"]
