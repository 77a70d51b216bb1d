"""Sending messages to mailboxes here and to recipients elsewhere."""

import json
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest

from ewspush.core.errors import (
    EwsError,
    InvalidItemForOperationSendItem,
    InvalidRecipients,
    MimeContentInvalid,
    MissingRecipients,
    SendAsDenied,
    SubmissionQuotaExceeded,
)
from ewspush.core.events import EventType
from ewspush.core.item_paths import FieldPath
from ewspush.operations import sending
from ewspush.operations.items.attachments import add_attachments, attachments_of, delete_attachment
from ewspush.operations.items.moves import move_items
from ewspush.operations.items.parts import NewAttachment
from ewspush.operations.items.updates import SetField, update_item
from ewspush.store import contents
from ewspush.store.database import Database
from ewspush.store.items import Item
from support.checks_for_store import new_mailbox, on_sqlite, rows
from support.delegates import add_alias
from support.disabling import disable
from support.items import Owner, base64, body, file, mailboxes
from support.mailbox_model import DRAFTS, INBOX, SENT, Logged

HERE, OTHER, THIRD = "user@example.org", "other@example.org", "third@example.org"
ELSEWHERE = "ann@elsewhere.example"
MIME = (
    b"From: user@example.org\r\nTo: other@example.org\r\nBcc: third@example.org\r\n"
    b"Subject:  Two  spaces\r\nDate: Fri, 20 Nov 2026 10:00:00 +0100\r\nX-Own: kept\r\n"
    b"Message-ID: <1@example.org>\r\n\r\n.\xff as it is\n\r\n"
)
SENT_MIME = MIME.replace(b"Bcc: third@example.org\r\n", b"")


@pytest.fixture
def owner(database: Database) -> Owner:
    return Owner(database, new_mailbox(database))


@pytest.fixture
def other(database: Database) -> Owner:
    return Owner(database, new_mailbox(database, "other"))


@pytest.fixture
def third(database: Database) -> Owner:
    return Owner(database, new_mailbox(database, "third"))


def send_new(
    owner: Owner, folder: int | None = SENT, *, queue_limit: int = 0, **values: Any
) -> Item | None:
    values = {"ItemClass": "IPM.Note", **values}
    return owner.act(sending.send_new, owner.mailbox, values, folder, queue_limit=queue_limit)


def send_item(
    owner: Owner, item: Item, folder: int | None = SENT, *, queue_limit: int = 0
) -> Item | None:
    return owner.act(sending.send_item, owner.mailbox, item, folder, queue_limit=queue_limit)


def received(owner: Owner) -> bytes:
    """The one message in the Inbox, as it came."""
    (item,) = owner.items(INBOX)
    assert (item.is_read, item.is_draft) == (False, False)
    content = owner.read(contents.mime, item.content_number)
    assert content is not None
    return content


def parsed(content: bytes) -> EmailMessage:
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


# Who gets it


def test_a_message_arrives_at_each_recipient_as_mail_does(
    owner: Owner, other: Owner, third: Owner
) -> None:
    sent = send_new(
        owner,
        Subject="Grüße",
        ToRecipients=mailboxes("Other@Example.org"),
        CcRecipients=mailboxes(OTHER),
        BccRecipients=mailboxes(THIRD),
        Body=body("<p>Schön</p>", "HTML"),
        Attachments=[file("a.txt", b"A")],
    )
    assert sent is not None
    content = received(other)
    assert content == received(third)
    message = parsed(content)
    assert {name: str(message[name]) for name in ("Subject", "From", "To", "Cc")} == {
        "Subject": "Grüße",
        "From": HERE,
        "To": "Other@Example.org",
        "Cc": OTHER,
    }
    assert message["Message-ID"] == owner.values(sent)["InternetMessageId"]
    assert message["Date"].datetime.timestamp() == owner.now_s
    assert b"third@" not in content
    assert message.get_body(("html",)).get_content().strip() == "<p>Schön</p>"
    assert message.get_body(("plain",)).get_content().strip() == "Schön"
    assert [each.get_filename() for each in message.iter_attachments()] == ["a.txt"]
    for each in (other, third):
        (item,) = each.items(INBOX)
        assert each.events() == [
            Logged(EventType.CREATED, False, item.number, INBOX),
            Logged(EventType.NEW_MAIL, False, item.number, INBOX),
            Logged(EventType.MODIFIED, True, INBOX, 2, unread_count=1),
        ]


def test_a_mailbox_gets_a_message_once_by_whichever_of_its_addresses(
    owner: Owner, other: Owner, third: Owner
) -> None:
    alias = add_alias(owner.database, other.mailbox, "alias")
    only = add_alias(owner.database, third.mailbox, "only")
    send_new(
        owner,
        ToRecipients=mailboxes(alias, OTHER),
        CcRecipients=mailboxes(only),
        BccRecipients=mailboxes(alias.upper()),
    )
    for each in (other, third):
        assert str(parsed(received(each))["To"]) == f"{alias}, {OTHER}"


def test_a_disabled_mailbox_is_no_recipient(owner: Owner, other: Owner, third: Owner) -> None:
    disable(owner.database, third.mailbox.id, owner.now_s)
    with pytest.raises(InvalidRecipients, match=THIRD):
        send_new(owner, ToRecipients=mailboxes(OTHER, THIRD))
    assert other.items(INBOX) == third.items(INBOX) == []


def test_a_recipient_that_is_disabled_since_it_was_found_spoils_the_message(
    owner: Owner, other: Owner, third: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    disable(owner.database, third.mailbox.id, owner.now_s)
    found = {OTHER: other.mailbox.id, THIRD: third.mailbox.id}
    monkeypatch.setattr(sending.mailboxes, "which_exist", lambda *_: found)
    with pytest.raises(InvalidRecipients, match=THIRD):
        send_new(owner, ToRecipients=mailboxes(OTHER, THIRD))
    assert other.items(INBOX) == third.items(INBOX) == owner.items(SENT) == []


def test_the_sender_keeps_a_copy_that_says_who_got_it(owner: Owner, other: Owner) -> None:
    owner.now_s += 60
    item = send_new(
        owner, Subject="Hello", IsRead=False, ToRecipients=mailboxes(OTHER),
        BccRecipients=mailboxes(HERE),
    )  # fmt: skip
    assert item is not None
    assert owner.items(SENT) == [item]
    assert (item.is_read, item.is_draft) == (True, False)
    values = owner.values(item)
    assert values["From"] == values["Sender"]
    assert values["From"]["EmailAddress"] == HERE
    assert values["DisplayBcc"] == HERE
    assert values["DateTimeSent"] == "2026-09-21T14:14:20Z"
    (arrived,) = owner.items(INBOX)
    assert owner.events() == [
        Logged(EventType.CREATED, False, item.number, SENT),
        Logged(EventType.MODIFIED, True, SENT, 2, unread_count=0),
        Logged(EventType.CREATED, False, arrived.number, INBOX),
        Logged(EventType.NEW_MAIL, False, arrived.number, INBOX),
        Logged(EventType.MODIFIED, True, INBOX, 2, unread_count=1),
    ]


@on_sqlite
def test_without_a_folder_the_sender_keeps_nothing(owner: Owner, other: Owner) -> None:
    assert send_new(owner, None, ToRecipients=mailboxes(OTHER)) is None
    assert owner.events() == []
    assert len(other.items(INBOX)) == 1


def test_who_has_no_mailbox_here_gets_it_by_the_relay(owner: Owner, other: Owner) -> None:
    send_new(
        owner,
        queue_limit=1000,
        ToRecipients=mailboxes(OTHER, ELSEWHERE),
        BccRecipients=mailboxes("Bob@Elsewhere.example", ELSEWHERE),
    )
    assert len(other.items(INBOX)) == 1
    with owner.database.read() as tx:
        (row,) = rows(tx, "SELECT mailbox_id, number, sender, recipients, due_at_s FROM outgoing")
        content = contents.mime(tx, owner.mailbox.id, row.number)
    assert (row.mailbox_id, row.sender, row.due_at_s) == (owner.mailbox.id, HERE, owner.now_s)
    assert json.loads(row.recipients) == [ELSEWHERE, "Bob@Elsewhere.example"]
    assert content == received(other)


@on_sqlite
def test_as_many_messages_may_be_on_their_way_as_the_limit_says(owner: Owner, other: Owner) -> None:
    to = mailboxes(OTHER, ELSEWHERE)
    send_new(owner, queue_limit=1, ToRecipients=to)
    with pytest.raises(SubmissionQuotaExceeded):
        send_new(owner, queue_limit=1, ToRecipients=to)
    assert len(owner.items(SENT)) == len(other.items(INBOX)) == 1
    send_new(owner, queue_limit=1, ToRecipients=mailboxes(OTHER))
    assert len(other.items(INBOX)) == 2


# What is refused, as a whole


@pytest.mark.parametrize(
    ("values", "error"),
    [
        pytest.param({}, MissingRecipients, id="nobody"),
        pytest.param({"ToRecipients": []}, MissingRecipients, id="an empty list"),
        pytest.param({"To": ELSEWHERE}, InvalidRecipients, id="elsewhere without a relay"),
        pytest.param({"To": "nobody@example.org"}, InvalidRecipients, id="unknown"),
        pytest.param({"To": ""}, InvalidRecipients, id="no address"),
        pytest.param({"To": "x y"}, InvalidRecipients, id="a bad address"),
        pytest.param({"To": HERE, "From": {"EmailAddress": OTHER}}, SendAsDenied, id="as another"),
        pytest.param({"To": HERE, "Sender": {"EmailAddress": OTHER}}, SendAsDenied, id="for him"),
        pytest.param({"To": HERE, "From": {"Name": "I"}}, SendAsDenied, id="as nobody"),
        pytest.param(
            {"To": HERE, "ItemClass": "IPM.Contact"},
            InvalidItemForOperationSendItem,
            id="a contact",
        ),
        pytest.param({"To": HERE, "MimeContent": "?"}, MimeContentInvalid, id="no MIME"),
        pytest.param(
            {"MimeContent": base64(b"From: other@example.org\r\nTo: user@example.org\r\n\r\n")},
            SendAsDenied,
            id="MIME as another",
        ),
    ],
)
def test_what_cannot_be_sent_is_sent_to_nobody_and_leaves_nothing(
    owner: Owner, other: Owner, values: dict[str, Any], error: type[EwsError]
) -> None:
    to = mailboxes(OTHER, values["To"]) if "To" in values else []
    given = {name: value for name, value in values.items() if name != "To"}
    if to:
        given["ToRecipients"] = to
    with pytest.raises(error):
        send_new(owner, **given)
    assert owner.items(SENT) == other.items(INBOX) == []
    assert owner.events() == other.events() == []


@on_sqlite
def test_a_message_may_have_500_recipients(owner: Owner) -> None:
    some = [f"a{number}@elsewhere.example" for number in range(501)]
    send_new(owner, queue_limit=1000, BccRecipients=mailboxes(*some[:500], some[0]))
    with pytest.raises(InvalidRecipients):
        send_new(owner, queue_limit=1000, BccRecipients=mailboxes(*some))


@on_sqlite
@pytest.mark.parametrize("address", [HERE, "User@Example.org"])
def test_who_sends_may_say_his_own_name(owner: Owner, address: str) -> None:
    named = {"Name": "The User", "EmailAddress": address, "RoutingType": "SMTP"}
    send_new(owner, From=named, ToRecipients=mailboxes(HERE))
    assert parsed(received(owner))["From"] == f"The User <{address}>"


# MIME


@on_sqlite
@pytest.mark.parametrize("is_draft_first", [False, True])
def test_mime_goes_out_as_it_is_but_for_bcc(
    owner: Owner, other: Owner, third: Owner, is_draft_first: bool
) -> None:
    if is_draft_first:
        sent = send_item(owner, owner.create(MimeContent=base64(MIME), is_draft=True))
    else:
        sent = send_new(owner, MimeContent=base64(MIME))
    assert received(other) == received(third) == SENT_MIME
    assert sent is not None
    assert owner.read(contents.mime, sent.content_number) == MIME


@on_sqlite
@pytest.mark.parametrize("is_draft_first", [False, True])
@pytest.mark.parametrize("name", [b"From", b"Date", b"Message-ID"])
def test_what_a_message_must_have_is_added_to_mime(
    owner: Owner, other: Owner, third: Owner, name: bytes, is_draft_first: bool
) -> None:
    line = next(line for line in MIME.split(b"\r\n") if line.startswith(name)) + b"\r\n"
    content = MIME.replace(line, b"")
    if is_draft_first:
        send_item(owner, owner.create(MimeContent=base64(content)))
    else:
        send_new(owner, MimeContent=base64(content))
    arrived = received(other)
    message = parsed(arrived)
    assert all(len(message.get_all(one, ())) == 1 for one in ("From", "Date", "Message-ID"))
    assert (message["From"], message["X-Own"]) == (HERE, "kept")
    assert arrived.partition(b"\r\n\r\n")[2] == MIME.partition(b"\r\n\r\n")[2]


@on_sqlite
@pytest.mark.parametrize("way", ["new", "draft", "updated", "updated and moved"])
def test_properties_stand_above_the_header_of_mime(
    owner: Owner, other: Owner, third: Owner, way: str
) -> None:
    mime = {"MimeContent": base64(MIME)}
    own = {"Subject": "Mine", "CcRecipients": mailboxes(HERE)}
    if way == "new":
        send_new(owner, **mime, **own)
    else:
        item = owner.create(**mime, **(own if way == "draft" else {}))
        if way != "draft":
            fields = [SetField(FieldPath(name), value) for name, value in own.items()]
            item = owner.act(update_item, item, fields)
        if way == "updated and moved":
            (item,) = owner.act(move_items, [item], INBOX)
        send_item(owner, item)
    arrived = received(other)
    message = parsed(arrived)
    assert message.get_all("Subject") == ["Mine"]
    assert (message["Cc"], message["To"], message["Bcc"]) == (HERE, OTHER, None)
    assert (message["X-Own"], message["Message-ID"]) == ("kept", "<1@example.org>")
    assert arrived.partition(b"\r\n\r\n")[2] == MIME.partition(b"\r\n\r\n")[2]


@on_sqlite
@pytest.mark.parametrize("way", ["new", "draft", "moved"])
def test_a_body_and_files_of_a_client_go_out_with_mime(
    owner: Owner, other: Owner, third: Owner, way: str
) -> None:
    own = {"Body": body("mine"), "Attachments": [file("b.txt", b"B")]}
    with_file = MIME.replace(b"\r\n\r\n.\xff as it is\n\r\n", (
        b"\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nold\r\n--x\r\n"
        b"Content-Disposition: attachment; filename=a.txt\r\n\r\nA\r\n--x--\r\n"
    ))  # fmt: skip
    mime = {"MimeContent": base64(with_file)}
    if way == "new":
        send_new(owner, **mime, **own)
    else:
        item = owner.create(**mime)
        item = owner.act(update_item, item, [SetField(FieldPath("Body"), own["Body"])])
        new = [NewAttachment.of_values(one) for one in own["Attachments"]]
        _, item = owner.act(add_attachments, item, new)
        if way == "moved":
            (item,) = owner.act(move_items, [item], DRAFTS)
        send_item(owner, item)
    message = parsed(received(other))
    assert message.get_body().get_content().strip() == "mine"
    files = {each.get_filename(): each.get_content() for each in message.iter_attachments()}
    assert {name: bytes(content, "ascii") if isinstance(content, str) else content
            for name, content in files.items()} == {"a.txt": b"A", "b.txt": b"B"}  # fmt: skip


@on_sqlite
def test_a_file_that_was_taken_out_does_not_go_out(owner: Owner, other: Owner) -> None:
    message = (
        b"From: user@example.org\r\nTo: other@example.org\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nold\r\n--x\r\n"
        b"Content-Disposition: attachment; filename=a.txt\r\n\r\nA\r\n--x--\r\n"
    )
    item = owner.create(MimeContent=base64(message))
    (attachment,) = owner.read(attachments_of, item)
    item = owner.act(delete_attachment, attachment, item)
    (item,) = owner.act(move_items, [item], DRAFTS)
    send_item(owner, item)
    assert list(parsed(received(other)).iter_attachments()) == []


# Drafts


@pytest.mark.parametrize("is_read", [True, False])
def test_a_draft_that_is_sent_goes_where_sent_messages_are(
    owner: Owner, other: Owner, is_read: bool
) -> None:
    draft = owner.create(
        is_draft=True, Subject="Hello", IsRead=is_read, ToRecipients=mailboxes(OTHER)
    )
    owner.events()
    sent = send_item(owner, draft)
    assert sent is not None
    assert (owner.items(DRAFTS), owner.items(SENT)) == ([], [sent])
    assert (sent.is_read, sent.is_draft) == (True, False)
    values = owner.values(sent)
    assert parsed(received(other))["Message-ID"] == values["InternetMessageId"]
    assert values["From"]["EmailAddress"] == HERE
    marked = [] if is_read else [Logged(EventType.MODIFIED, False, draft.number, DRAFTS)]
    assert owner.events() == [
        *marked,
        Logged(EventType.MOVED, False, sent.number, SENT, draft.number, DRAFTS),
        Logged(EventType.MODIFIED, True, DRAFTS, 2, unread_count=0),
        Logged(EventType.MODIFIED, True, SENT, 2, unread_count=0),
    ]


@on_sqlite
def test_a_draft_that_is_sent_without_a_copy_is_gone(owner: Owner, other: Owner) -> None:
    draft = owner.create(is_draft=True, Body=body("Hello"), ToRecipients=mailboxes(OTHER))
    owner.events()
    assert send_item(owner, draft, None) is None
    assert owner.items(DRAFTS) == []
    assert parsed(received(other)).get_content().strip() == "Hello"
    types = [event.type for event in owner.events()]
    assert types == [EventType.DELETED, EventType.MODIFIED]


@on_sqlite
def test_a_draft_that_cannot_be_sent_stays_as_it_was(owner: Owner, other: Owner) -> None:
    draft = owner.create(is_draft=True, IsRead=False, ToRecipients=mailboxes(OTHER, ELSEWHERE))
    owner.events()
    for folder in (SENT, None):
        with pytest.raises(InvalidRecipients):
            send_item(owner, draft, folder)
    assert owner.items(DRAFTS) == [draft]
    assert other.items(INBOX) == owner.events() == []


@on_sqlite
def test_what_was_received_can_be_sent_on_only_as_who_sent_it(owner: Owner, other: Owner) -> None:
    item = other.deliver(MIME)
    with pytest.raises(SendAsDenied):
        send_item(other, item)
