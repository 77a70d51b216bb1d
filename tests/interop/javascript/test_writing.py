"""ews-javascript-api writes, sends and answers mail."""

from base64 import b64decode, b64encode
from email import message_from_bytes, policy

import pytest

from support.javascript import JavascriptError


@pytest.fixture
def from_other(server, account, mailbox, mime, other_mailbox):
    """The id of the one message in the Inbox, which somebody here has sent."""
    sender = other_mailbox.address.encode()
    server.deliver(mailbox, mime.replace(b"ann@example.org", sender).replace(b"bob@", b"nobody@"))
    return account.only("Inbox")["Id"]


def messages(server, mailbox):
    """What lies in the database, read by somebody else's parser."""
    statement = (
        "SELECT content FROM mime_contents JOIN mailboxes ON mailboxes.id = mailbox_id"
        " WHERE address = ? ORDER BY number"
    )
    with server.database() as database:
        stored = database.execute(statement, [mailbox.address]).fetchall()
    return [message_from_bytes(content, policy=policy.default) for (content,) in stored]


def text(message, kind):
    return message.get_body((kind,)).get_content()


def test_a_message_is_sent_and_a_copy_kept(account, server, mailbox, other, other_mailbox):
    account.write(
        how="sendAndSaveCopy",
        subject="News & <more>",
        body="<b>Bold</b>",
        to=[other_mailbox.address],
    )
    assert account.subjects("SentItems") == ["News & <more>"]
    (arrived,) = messages(server, other_mailbox)
    assert (arrived["Subject"], arrived["To"]) == ("News & <more>", other_mailbox.address)
    assert mailbox.address in arrived["From"]
    assert "<b>Bold</b>" in text(arrived, "html")
    assert other.bind(id=other.only("Inbox")["Id"])["IsRead"] is False


def test_a_message_is_sent_without_a_copy(account, other, other_mailbox):
    account.write(how="send", subject="News", text="x", to=[other_mailbox.address])
    assert account.subjects("SentItems") == []
    assert other.subjects("Inbox") == ["News"]


def test_the_copy_is_kept_where_the_program_wants_it(account, other_mailbox):
    folder = account.createFolder(name="Projects", parent="Inbox")
    account.write(how="sendAndSaveCopy", subject="News", to=[other_mailbox.address], folder=folder)
    assert account.subjects(folder) == ["News"]
    assert account.subjects("SentItems") == []


@pytest.mark.parametrize("how", ["send", "sendAndSaveCopy"])
def test_attachments_are_sent_once(account, server, other, other_mailbox, how):
    """From Exchange 2010 SP2 on it takes their ids from CreateItem, or attaches them again."""
    account.write(
        how=how,
        subject="Files",
        text="See",
        to=[other_mailbox.address],
        files={"a.bin": "AAE=", "b.bin": "AgM="},
        inner={"subject": "Inner", "text": "Within"},
    )
    (arrived,) = messages(server, other_mailbox)
    assert [part.get_filename() for part in arrived.iter_attachments()][:2] == ["a.bin", "b.bin"]
    a, b, inner = other.loadAttachments(id=other.only("Inbox")["Id"])
    assert [b64decode(one["Base64Content"]) for one in (a, b)] == [b"\x00\x01", b"\x02\x03"]
    assert inner["class"] == "ItemAttachment"
    assert (inner["Item"]["Subject"], inner["Item"]["Body"]["Text"].strip()) == ("Inner", "Within")


def test_a_draft_is_written_changed_and_sent(account, other, other_mailbox):
    draft = account.write(how="save", subject="Draft", text="One", to=[other_mailbox.address])
    assert account.bind(id=draft)["IsDraft"] is True
    account.update(id=draft, text="Two", files={"y.txt": "eQ==", "z.txt": "eg=="})
    account.detach(id=draft, name="z.txt")
    account.sendDraft(id=draft, folder="SentItems")
    assert (account.subjects("Drafts"), account.subjects("SentItems")) == ([], ["Draft"])
    arrived = other.bind(id=other.only("Inbox")["Id"], properties={"body": "Text"})
    assert arrived["Body"]["Text"].strip() == "Two"
    assert [one["Name"] for one in arrived["Attachments"]] == ["y.txt"]


def test_a_message_is_imported_as_it_is(account, mime):
    account.write(how="save", mime=b64encode(mime).decode(), folder="Inbox")
    found = account.only("Inbox")
    assert found["Subject"] == "Grüße"
    content = account.bind(id=found["Id"], properties={"base": "IdOnly", "mime": True})
    assert b64decode(content["MimeContent"]) == mime


def test_mail_to_nobody_here_is_refused_and_nothing_is_kept(account):
    with pytest.raises(JavascriptError) as refused:
        account.write(how="sendAndSaveCopy", subject="x", to=["who@nowhere.example"])
    assert refused.value.code == "ErrorInvalidRecipients"
    assert account.subjects("SentItems") == []


def test_html_that_a_program_did_not_escape_is_a_fault_of_its_own(account, mailbox):
    with pytest.raises(JavascriptError) as refused:
        account.writeUnescaped(body="<p>x</p>", to=mailbox.address)
    assert (refused.value.kind, refused.value.status) == ("SoapFaultDetails", 500)
    assert refused.value.code == "ErrorSchemaValidation"


@pytest.mark.parametrize(
    ("kind", "folder", "given"),
    [
        ("Appointment", "Calendar", {"start": "2026-11-20T10:00Z", "end": "2026-11-20T11:00Z"}),
        ("Contact", "Contacts", {}),
        ("PostItem", "Inbox", {}),
        ("Task", "Tasks", {}),
    ],
)
def test_other_items_are_made_and_found(account, kind, folder, given):
    id = account.createItem(kind=kind, subject="Something", **given)
    found = account.bindAny(id=id)
    assert (found["class"], found["Subject"]) == (kind, "Something")
    assert account.only(folder)["Id"] == id
    if given:
        assert (found["Start"], found["End"]) == (
            "2026-11-20T10:00:00.000Z",
            "2026-11-20T11:00:00.000Z",
        )


@pytest.mark.parametrize("quick", [False, True], ids=["CreateReply", "Reply"])
def test_a_reply_reaches_the_sender(account, server, other, other_mailbox, from_other, quick):
    if quick:
        account.quickReply(id=from_other, body="<p>Thank you</p>")
    else:
        account.reply(id=from_other, body="<p>Thank you</p>", how="sendAndSaveCopy")
    assert account.subjects("SentItems") == ["RE: Grüße"]
    (arrived,) = messages(server, other_mailbox)
    assert (arrived["Subject"], arrived["In-Reply-To"]) == ("RE: Grüße", "<one@example.org>")
    assert arrived["References"] == "<one@example.org>"
    assert "Cc" not in arrived
    assert "<p>Thank you</p>" in text(arrived, "html")
    assert "Schönen" in text(arrived, "html")
    assert other.subjects("Inbox") == ["RE: Grüße"]


def test_a_reply_to_all_reaches_all_but_oneself(account, server, mailbox, mime, other_mailbox):
    third = server.add_mailbox(f"third.{mailbox.address}")
    message = mime.replace(b"ann@example.org", other_mailbox.address.encode())
    server.deliver(mailbox, message.replace(b"bob@example.net", third.address.encode()))
    account.reply(id=account.only("Inbox")["Id"], all=True, body="Hello", how="sendAndSaveCopy")
    for to in (other_mailbox, third):
        (arrived,) = messages(server, to)
        assert other_mailbox.address in arrived["To"]
        assert third.address in arrived["Cc"]
    assert account.subjects("Inbox") == ["Grüße"]


def test_a_reply_is_kept_as_a_draft(account, other, from_other):
    draft = account.reply(id=from_other, body="Later", how="save")
    assert draft == account.only("Drafts")["Id"]
    assert other.subjects("Inbox") == []
    account.sendDraft(id=draft)
    assert other.subjects("Inbox") == ["RE: Grüße"]


def test_a_forward_takes_the_attachments_along(account, server, delivered, other, other_mailbox):
    account.forward(
        id=delivered, body="<i>Look</i>", to=[other_mailbox.address], how="sendAndSaveCopy"
    )
    assert account.subjects("SentItems") == ["FW: Grüße"]
    (arrived,) = messages(server, other_mailbox)
    assert "<i>Look</i>" in text(arrived, "html")
    (attachment,) = arrived.iter_attachments()
    assert (attachment.get_filename(), attachment.get_content().strip()) == ("a.pdf", b"PDF")
