"""exchangelib as somebody uses it who reads, answers, files and deletes mail."""

from datetime import UTC, datetime

import pytest
from exchangelib import (
    Body,
    ExtendedProperty,
    FileAttachment,
    Folder,
    HTMLBody,
    ItemAttachment,
    Mailbox,
    Message,
)
from exchangelib.errors import ErrorInvalidRecipients, ErrorItemNotFound
from exchangelib.items import MOVE_TO_DELETED_ITEMS

MIME = (
    b"From: Ann <ann@example.org>\r\nTo: user@example.com\r\nCc: Bob <bob@example.net>\r\n"
    b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nMessage-ID: <one@example.org>\r\n"
    b"Date: Fri, 20 Nov 2026 10:00:00 +0100\r\nX-Long: a\r\n b\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=x\r\n\r\n"
    b"--x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nSch\xc3\xb6nen Tag\r\n"
    b"--x\r\nContent-Type: application/pdf; name=a.pdf\r\n"
    b"Content-Disposition: attachment; filename=a.pdf\r\n\r\nPDF\r\n--x--\r\n"
)


@pytest.fixture
def delivered(server, mailbox, account):
    """The one message in the Inbox."""
    server.deliver(mailbox, MIME)
    return account.inbox.all().get()


@pytest.fixture
def other(server, open_account):
    """Somebody else's account."""
    number = datetime.now(tz=UTC).timestamp()
    return open_account(server.add_mailbox(f"other{number}@example.com"))


def subjects(folder):
    return sorted(message.subject for message in folder.all())


def test_a_message_has_all_that_its_sender_gave_it(delivered):
    assert delivered.subject == "Grüße"
    assert delivered.sender == Mailbox(
        name="Ann", email_address="ann@example.org", routing_type="SMTP"
    )
    assert delivered.author.email_address == "ann@example.org"
    assert [to.email_address for to in delivered.to_recipients] == ["user@example.com"]
    assert [cc.name for cc in delivered.cc_recipients] == ["Bob"]
    assert delivered.message_id == "<one@example.org>"
    assert delivered.datetime_sent == datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert delivered.body == "Schönen Tag"
    assert (delivered.is_read, delivered.is_draft, delivered.has_attachments) == (
        False,
        False,
        True,
    )
    assert delivered.mime_content == MIME
    headers = {header.name: header.value for header in delivered.headers}
    assert headers["X-Long"] == "a b"
    assert delivered.size == len(MIME)


def test_attachments_are_read(delivered):
    (attachment,) = delivered.attachments
    assert isinstance(attachment, FileAttachment)
    assert (attachment.name, attachment.content_type) == ("a.pdf", "application/pdf")
    assert attachment.content == b"PDF"
    with attachment.fp as stream:
        assert stream.read() == b"PDF"


def test_a_message_is_marked_read_and_changed(account, delivered):
    delivered.is_read = True
    delivered.categories = ["Blue", "Red"]
    delivered.subject = "Changed"
    delivered.save(update_fields=["is_read", "categories", "subject"])
    again = account.inbox.all().get()
    assert (again.is_read, again.categories, again.subject) == (True, ["Blue", "Red"], "Changed")
    assert again.id == delivered.id
    assert again.changekey == delivered.changekey
    assert again.mime_content == MIME
    account.inbox.refresh()
    assert account.inbox.unread_count == 0


def test_a_reply_to_all_reaches_its_recipients(server, account, mailbox, other):
    message = MIME.replace(b"ann@example.org", other.primary_smtp_address.encode())
    message = message.replace(b"user@example.com", mailbox.address.encode())
    server.deliver(mailbox, message.replace(b"Cc: Bob <bob@example.net>\r\n", b""))
    original = account.inbox.all().get()
    original.reply_all(subject="Re: Thanks", body=HTMLBody("<p>Thank you</p>"))
    arrived = other.inbox.all().get()
    assert arrived.subject == "Re: Thanks"
    assert "Thank you" in arrived.body
    assert arrived.author.email_address == mailbox.address
    assert arrived.in_reply_to == "<one@example.org>"
    assert subjects(account.sent) == ["Re: Thanks"]


def test_a_forward_takes_the_attachments_along(account, delivered, other):
    delivered.forward(subject="FW: see", body="Look", to_recipients=[other.primary_smtp_address])
    arrived = other.inbox.all().get()
    assert [(a.name, a.content) for a in arrived.attachments] == [("a.pdf", b"PDF")]


def test_a_message_is_written_sent_and_kept(account, other):
    message = Message(
        account=account,
        folder=account.sent,
        subject="News",
        body=HTMLBody("<b>Bold</b>"),
        to_recipients=[other.primary_smtp_address],
        importance="High",
    )
    message.send_and_save()
    assert subjects(account.sent) == ["News"]
    arrived = other.inbox.all().get()
    assert (arrived.subject, arrived.importance, arrived.is_read) == ("News", "High", False)
    assert arrived.body == "<b>Bold</b>"


def test_a_draft_is_saved_changed_and_sent(account, other):
    draft = Message(account=account, folder=account.drafts, subject="Draft", body="One").save()
    assert draft.id
    assert account.drafts.all().get().is_draft
    draft.refresh()  # or it does not know that it is a draft, whose recipients may be set
    draft.body = Body("Two")
    draft.to_recipients = [other.primary_smtp_address]
    draft.save()
    draft.attach(FileAttachment(name="y.txt", content=b"y"))
    draft.refresh()
    draft.send()
    assert subjects(account.drafts) == []
    assert subjects(account.sent) == ["Draft"]
    arrived = other.inbox.all().get()
    assert (arrived.body.strip(), arrived.is_draft) == ("Two", False)
    assert [(a.name, a.content) for a in arrived.attachments] == [("y.txt", b"y")]


def test_a_draft_is_changed_and_sent_at_once(account, other):
    draft = Message(
        account=account,
        folder=account.drafts,
        subject="Draft",
        to_recipients=[other.primary_smtp_address],
    ).save()
    draft.subject = "Changed"
    draft.send_and_save()
    assert (subjects(account.drafts), subjects(account.sent)) == ([], ["Changed"])
    assert subjects(other.inbox) == ["Changed"]


def test_a_large_attachment_goes_there_and_back(account):
    content = bytes(range(256)) * 40_000  # 10 MB: more in base64 than XML parsers like
    draft = Message(account=account, folder=account.drafts, subject="Large").save()
    draft.attach(FileAttachment(name="large.bin", content=content))
    (attachment,) = account.drafts.all().only("attachments").get().attachments
    assert attachment.size == len(content)
    assert attachment.content == content


def test_mail_to_nobody_here_is_refused_and_nothing_is_kept(account):
    message = Message(
        account=account, folder=account.sent, subject="x", to_recipients=["who@nowhere.example"]
    )
    with pytest.raises(ErrorInvalidRecipients):
        message.send_and_save()
    assert subjects(account.sent) == []


def test_a_message_is_attached_to_another(account, other):
    inner = Message(account=account, subject="Inner", body="Within")
    message = Message(account=account, subject="Outer", to_recipients=[other.primary_smtp_address])
    message.attach(ItemAttachment(name="inner", item=inner))
    message.send()
    (attachment,) = other.inbox.all().get().attachments
    assert isinstance(attachment, ItemAttachment)
    assert attachment.item.subject == "Inner"
    assert attachment.item.body.strip() == "Within"


def test_a_message_is_copied_and_moved(account, delivered):
    folder = Folder(parent=account.inbox, name="Projects")
    folder.save()
    copy_id, _ = delivered.copy(to_folder=folder)
    old_id = delivered.id
    delivered.move(to_folder=folder)
    assert delivered.id != old_id
    assert subjects(account.inbox) == []
    assert {message.id for message in folder.all()} == {copy_id, delivered.id}
    (gone,) = account.fetch([(old_id, None)])
    assert isinstance(gone, ErrorItemNotFound)


def test_a_message_is_deleted_step_by_step(account, delivered):
    delivered.move_to_trash()
    assert subjects(account.trash) == ["Grüße"]
    account.trash.all().get().soft_delete()
    assert subjects(account.trash) == []
    assert subjects(account.recoverable_items_deletions) == ["Grüße"]
    account.recoverable_items_deletions.all().get().delete()
    assert subjects(account.recoverable_items_deletions) == []


def test_items_are_worked_on_in_bulk(account):
    made = [
        Message(account=account, folder=account.drafts, subject=f"Number {n}") for n in range(5)
    ]
    ids = account.bulk_create(folder=account.drafts, items=made)
    assert len(ids) == 5
    messages = list(account.drafts.all())
    for message in messages:
        message.subject = message.subject.replace("Number", "No")
    account.bulk_update([(message, ["subject"]) for message in messages])
    assert subjects(account.drafts) == [f"No {n}" for n in range(5)]
    account.bulk_move(account.bulk_copy(ids, to_folder=account.junk), to_folder=account.trash)
    assert len(subjects(account.trash)) == 5
    account.bulk_delete(list(account.drafts.all()))
    assert subjects(account.drafts) == []


class Reference(ExtendedProperty):
    property_set_id = "00020329-0000-0000-c000-000000000046"
    property_name = "X-Reference"
    property_type = "String"


def test_extended_properties_are_kept(account):
    Message.register("reference", Reference)
    try:
        Message(account=account, folder=account.drafts, subject="x", reference="R-1").save()
        found = account.drafts.all().get()
        assert found.reference == "R-1"
        found.reference = None
        found.save(update_fields=["reference"])
        assert account.drafts.all().get().reference is None
    finally:
        Message.deregister("reference")


class Hidden(ExtendedProperty):
    property_tag = 0x10F4
    property_type = "Boolean"


@pytest.mark.parametrize("is_hidden", [True, False])
def test_an_extended_boolean_is_kept(account, is_hidden):
    """It writes 1 and 0, and understands neither."""
    Message.register("hidden", Hidden)
    try:
        Message(account=account, folder=account.drafts, hidden=is_hidden).save()
        assert account.drafts.all().get().hidden is is_hidden
        assert account.drafts.filter(hidden=is_hidden).count() == 1
        assert account.drafts.filter(hidden=not is_hidden).count() == 0
    finally:
        Message.deregister("hidden")


def test_a_message_is_imported_as_it_is(account):
    Message(account=account, folder=account.inbox, mime_content=MIME).save()
    found = account.inbox.all().get()
    assert (found.subject, found.mime_content) == ("Grüße", MIME)


def test_a_folder_is_emptied(server, account, mailbox):
    for _ in range(3):
        server.deliver(mailbox, MIME)
    account.inbox.empty(delete_type=MOVE_TO_DELETED_ITEMS)
    account.inbox.refresh()
    assert (account.inbox.total_count, account.trash.all().count()) == (0, 3)


def test_changes_are_synchronized(server, account, mailbox):
    server.deliver(mailbox, MIME)
    assert [kind for kind, _ in account.inbox.sync_items()] == ["create"]
    message = account.inbox.all().get()
    message.is_read = True
    message.save(update_fields=["is_read"])
    server.deliver(mailbox, MIME)
    assert [kind for kind, _ in account.inbox.sync_items()] == ["create", "read_flag_change"]
    message.delete()
    assert [kind for kind, _ in account.inbox.sync_items()] == ["delete"]
    assert list(account.inbox.sync_items()) == []
