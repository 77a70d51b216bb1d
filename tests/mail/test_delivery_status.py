import email
import email.policy
from typing import Any

import pytest

from ewspush.mail.address_list import Address
from ewspush.mail.compose import FailedRecipient, delivery_status
from ewspush.mail.message import Message
from support import mime_corpus

POSTMASTER = Address("Mail Delivery", "postmaster@example.com")


def report(original: bytes, *failures: FailedRecipient) -> bytes:
    return delivery_status(
        to="alice@example.com",
        postmaster=POSTMASTER,
        reporting_mta="mail.example.com",
        failures=failures,
        original=original,
        message_id="<r@example.com>",
        sent_at_s=1751359957,
    )


GONE = FailedRecipient("bob@example.org", "550 5.1.1 <bob@example.org>: no such user", "5.1.1")


def test_a_report_says_to_its_reader_what_did_not_arrive_and_why() -> None:
    message = Message(report(mime_corpus.content("plain"), GONE))
    summary = message.summary
    assert summary.from_ == POSTMASTER
    assert summary.to == (Address("", "alice@example.com"),)
    assert summary.subject == "Undeliverable: Hello"
    assert summary.in_reply_to == "<1@example.com>"
    assert summary.sent_at_s == 1751359957
    assert ("Auto-Submitted", "auto-replied") in message.headers  # nothing answers it
    assert message.text == (
        'Your message "Hello" could not be delivered to:\n\nbob@example.org\n'
        "    550 5.1.1 <bob@example.org>: no such user\n"
    )


def test_a_report_says_the_same_to_programs() -> None:
    later = FailedRecipient("zoë@example.org", "given up\r\nafter 2 days: é", "later")
    content = report(mime_corpus.content("plain"), GONE, later)
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert message.get_content_type() == "multipart/report"
    assert message.get_param("report-type") == "delivery-status"
    parts = list(message.iter_parts())
    assert [part.get_content_type() for part in parts] == [
        "text/plain",
        "message/delivery-status",
        "text/rfc822-headers",
    ]
    blocks: Any = parts[1].get_payload()
    about_message, first, second = blocks
    assert about_message["Reporting-MTA"] == "dns; mail.example.com"
    assert first["Final-Recipient"] == "rfc822; bob@example.org"
    assert (first["Action"], first["Status"]) == ("failed", "5.1.1")
    assert first["Diagnostic-Code"] == "smtp; 550 5.1.1 <bob@example.org>: no such user"
    assert second["Final-Recipient"] == r"utf-8; zo\x{EB}@example.org"  # RFC 6533, 3
    assert second["Status"] == "5.0.0"
    assert second["Diagnostic-Code"] == "smtp; given up after 2 days: ?"


@pytest.mark.parametrize("name", mime_corpus.names())
def test_any_message_can_be_reported_about(name: str) -> None:
    content = report(mime_corpus.content(name), GONE)
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert content.replace(b"\r\n", b"").count(b"\n") == 0
    assert len(content) < 300_000
    message = Message(content)
    status, header = message.attachments
    assert (status.content_type, header.content_type) == (
        "message/delivery-status",
        "text/rfc822-headers",
    )
    original = Message(mime_corpus.content(name)).headers
    returned = Message(message.attachment_content(header.part) + b"\r\n\r\n").headers
    assert [name for name, _ in returned] == [name for name, _ in original if name != "Bcc"]


def test_a_report_keeps_the_hidden_recipients_hidden() -> None:
    content = report(b"To: a@example.org\r\nBcc: secret@example.org\r\n\r\nx", GONE)
    assert b"secret" not in content
