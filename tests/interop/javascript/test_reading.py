"""ews-javascript-api reads mail."""

from base64 import b64decode

import pytest


def test_a_message_has_all_that_its_sender_gave_it(account, delivered, mailbox):
    message = account.bind(id=delivered)
    assert message["class"] == "EmailMessage"
    assert message["Subject"] == "Grüße"
    assert message["From"] == message["Sender"] == {"Name": "Ann", "Address": "ann@example.org"}
    assert [one["Address"] for one in message["ToRecipients"]] == [mailbox.address]
    assert message["CcRecipients"] == [{"Name": "Bob", "Address": "bob@example.net"}]
    assert message["InternetMessageId"] == "<one@example.org>"
    assert message["DateTimeSent"] == "2026-11-20T09:00:00.000Z"
    assert message["Body"] == {"type": "HTML", "Text": "<p>Schönen &amp; Tag</p>"}
    assert (message["IsRead"], message["IsDraft"], message["HasAttachments"]) == (
        False,
        False,
        True,
    )
    assert ["X-Long", "a b"] in message["InternetMessageHeaders"]
    assert [name for name, _ in message["InternetMessageHeaders"]][:3] == ["From", "To", "Cc"]


def test_only_what_was_asked_for_is_told(account, delivered):
    wanted = {"base": "IdOnly", "more": ["Subject", "IsRead"]}
    message = account.bind(id=delivered, properties=wanted)
    assert set(message) == {"class", "Id", "Subject", "IsRead"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [("HTML", "<p>Schönen &amp; Tag</p>"), ("Text", "Schönen & Tag")],
)
def test_the_body_is_told_as_html_or_as_text(account, delivered, body, expected):
    wanted = {"base": "IdOnly", "more": ["Body"], "body": body}
    told = account.bind(id=delivered, properties=wanted)["Body"]
    assert (told["type"], told["Text"].strip()) == (body, expected)


def test_the_message_comes_out_byte_for_byte(account, delivered, mime):
    content = account.bind(id=delivered, properties={"base": "IdOnly", "mime": True})["MimeContent"]
    assert b64decode(content) == mime


def test_one_bad_id_does_not_spoil_the_others(account, delivered):
    gone = account.copy(id=delivered, to="Drafts")
    account.remove(id=gone, mode="HardDelete")
    told = account.bindItems(ids=[delivered, gone, delivered], properties={"base": "IdOnly"})
    assert [one["code"] for one in told] == ["NoError", "ErrorItemNotFound", "NoError"]


def test_attachments_are_read(account, delivered):
    (attachment,) = account.loadAttachments(id=delivered)
    assert (attachment["class"], attachment["Name"], attachment["ContentType"]) == (
        "FileAttachment",
        "a.pdf",
        "application/pdf",
    )
    assert b64decode(attachment["Base64Content"]) == b"PDF"
