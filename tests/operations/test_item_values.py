"""Items as clients see them: defaults, what follows from other values, bodies, MIME."""

import secrets
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import pytest

from ewspush.core.item_paths import FieldPath
from ewspush.mail.message import Message
from ewspush.operations.items.moves import copy_items, move_items
from ewspush.operations.items.updates import SetField, update_item
from ewspush.operations.items.values import Contents, body_in
from ewspush.store.contents import Body
from ewspush.store.database import Database
from support.checks_for_store import new_mailbox
from support.items import MESSAGE, Owner, base64, body, file, mailboxes, sqlite_database
from support.mailbox_model import INBOX

ALTERNATIVE = (
    b"Subject: Both\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=x\r\n\r\n"
    b"--x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nSch\xc3\xb6n &\r\n"
    b"--x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    b"<p>Sch\xc3\xb6n</p><p>&amp;</p>\r\n--x--\r\n"
)
HTML = b"MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n<ul><li>One<li>Two</ul>"
TEXT = b"Subject: x\r\n\r\na < b\r\n"


@pytest.fixture(scope="module")
def shared_database() -> Iterator[Database]:
    with sqlite_database() as opened:
        yield opened


@pytest.fixture
def owner(shared_database: Database) -> Owner:
    return Owner(shared_database, new_mailbox(shared_database, f"user{secrets.token_hex(8)}"))


# What an item has without anybody saying so


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, {"Importance": "Normal", "Sensitivity": "Normal", "Culture": "en-US"}),
        ({}, {"IsRead": True, "IsDraft": False, "HasAttachments": False, "IsUnmodified": True}),
        ({}, {"DisplayTo": "", "DisplayCc": "", "ReminderIsSet": False}),
        ({"Importance": "High"}, {"Importance": "High", "Sensitivity": "Normal"}),
        (
            {"ItemClass": "IPM.Appointment"},
            {"LegacyFreeBusyStatus": "Busy", "IsAllDayEvent": False, "CalendarItemType": "Single"},
        ),
        (
            {"ItemClass": "IPM.APPOINTMENT.Own", "LegacyFreeBusyStatus": "Free"},
            {"LegacyFreeBusyStatus": "Free", "IsRecurring": False},
        ),
        ({"ItemClass": "IPM.Task"}, {"Status": "NotStarted", "PercentComplete": 0.0}),
        (
            {"ItemClass": "IPM.Task"},
            {"IsComplete": False, "StatusDescription": "Not Started"},
        ),
        (
            {"ItemClass": "IPM.Task", "Status": "Completed"},
            {"IsComplete": True, "StatusDescription": "Completed"},
        ),
        (
            {
                "ToRecipients": [{"Name": "Ann", "EmailAddress": "ann@example.org"}],
                "CcRecipients": mailboxes("a@example.org", "b@example.org"),
            },
            {"DisplayTo": "Ann", "DisplayCc": "a@example.org; b@example.org", "DisplayBcc": ""},
        ),
    ],
)
def test_what_is_not_said_has_a_default(
    owner: Owner, values: dict[str, Any], expected: dict[str, Any]
) -> None:
    seen = owner.values(owner.create(**values))
    assert {name: seen[name] for name in expected} == expected


@pytest.mark.parametrize("item_class", ["IPM.Note", "IPM.Contact", "IPM"])
def test_other_items_have_no_times_of_the_calendar(owner: Owner, item_class: str) -> None:
    assert "LegacyFreeBusyStatus" not in owner.values(owner.create(ItemClass=item_class))


def test_times_are_those_of_the_server_and_a_message_says_when_it_was_sent(owner: Owner) -> None:
    made = owner.values(owner.create())
    owner.now_s += 3600
    item = owner.deliver()
    owner.now_s += 3600
    seen = owner.values(owner.act(update_item, item, [SetField(FieldPath("Subject"), "x")]))
    assert made["DateTimeSent"] == made["DateTimeCreated"] == "2026-09-21T14:13:20Z"
    assert {name: seen[name] for name in seen if "Time" in name} == {
        "DateTimeReceived": "2026-09-21T15:13:20Z",
        "DateTimeCreated": "2026-09-21T15:13:20Z",
        "DateTimeSent": "2026-11-20T09:00:00Z",
        "LastModifiedTime": "2026-09-21T16:13:20Z",
    }


def test_a_moved_item_keeps_when_it_came_and_a_copy_was_made_now(owner: Owner) -> None:
    item = owner.deliver()
    owner.now_s += 60
    (copy,) = owner.act(copy_items, [item], INBOX)
    (moved,) = owner.act(move_items, [item], INBOX)
    assert owner.values(moved)["DateTimeCreated"] == "2026-09-21T14:13:20Z"
    assert owner.values(copy)["DateTimeCreated"] == "2026-09-21T14:14:20Z"
    assert owner.values(copy)["DateTimeReceived"] == "2026-09-21T14:13:20Z"


@pytest.mark.parametrize(
    ("subject", "topic"),
    [
        ("Hello", "Hello"),
        ("RE: Hello", "Hello"),
        ("Aw: Hello", "Hello"),
        ("WG: RE: Hello", "RE: Hello"),
        ("SV: Hej", "Hej"),
        ("R: Ciao", "Ciao"),
        ("回复: 你好", "你好"),
        ("Note: this", "Note: this"),
        ("RE:Hello", "RE:Hello"),
        ("10: Hello", "10: Hello"),
        (": Hello", ": Hello"),
        ("", ""),
    ],
)
def test_the_topic_is_the_subject_without_a_prefix(owner: Owner, subject: str, topic: str) -> None:
    assert owner.values(owner.create(Subject=subject))["ConversationTopic"] == topic


def test_a_conversation_is_that_of_the_topic(owner: Owner) -> None:
    one, reply, other, named = (
        owner.values(item)["ConversationId"]["Id"]
        for item in (
            owner.create(Subject="Hello"),
            owner.create(Subject="Re: HELLO"),
            owner.create(Subject="Bye"),
            owner.deliver(b"Subject: Bye\r\nThread-Topic: Hello\r\n\r\n"),
        )
    )
    assert one == reply == named != other
    assert len(b64decode(one)) == 16


# Bodies


BOTH = Message(ALTERNATIVE)


@pytest.mark.parametrize(
    ("body_type", "own", "message", "expected"),
    [
        ("Best", None, BOTH, Body("HTML", "<p>Schön</p><p>&amp;</p>")),
        ("HTML", None, BOTH, Body("HTML", "<p>Schön</p><p>&amp;</p>")),
        ("Text", None, BOTH, Body("Text", "Schön &")),
        ("Best", None, Message(HTML), Body("HTML", "<ul><li>One<li>Two</ul>")),
        ("Text", None, Message(HTML), Body("Text", "- One\n- Two")),
        ("Best", None, Message(TEXT), Body("Text", "a < b\n")),
        ("Text", None, Message(TEXT), Body("Text", "a < b\n")),
        ("Best", Body("Text", "own"), BOTH, Body("Text", "own")),
        ("Best", Body("HTML", "<b>own</b>"), Message(TEXT), Body("HTML", "<b>own</b>")),
        ("Text", Body("HTML", "<b>own</b>"), None, Body("Text", "own")),
        ("Best", None, None, Body("Text", "")),
        ("Text", None, None, Body("Text", "")),
        ("HTML", None, None, Body("HTML", "")),
    ],
)
def test_the_body_has_the_type_that_is_asked_for(
    body_type: str, own: Body | None, message: Message | None, expected: Body
) -> None:
    assert body_in(body_type, own, message) == expected


@pytest.mark.parametrize("message", [None, Message(TEXT)])
def test_a_text_is_shown_as_html(message: Message | None) -> None:
    own = Body("Text", "a < b\n") if message is None else None
    found = body_in("HTML", own, message)
    assert found.body_type == "HTML"
    assert "a &lt; b<br>" in found.value
    assert found.value.startswith("<html>")


def test_an_empty_body_is_a_body(owner: Owner) -> None:
    assert owner.values(owner.create(Body=body("")), "Body")["Body"] == body("")
    assert owner.values(owner.create(Body=body("", "HTML")), "Body")["Body"] == body("", "HTML")
    item = owner.create(MimeContent=base64(TEXT), Body=body(""))
    assert owner.values(item, "Body")["Body"] == body("")


def test_other_names_of_the_body(owner: Owner) -> None:
    item = owner.deliver(ALTERNATIVE)
    values = owner.values(item, "UniqueBody", "NormalizedBody", "TextBody", body_type="HTML")
    assert values["UniqueBody"] == values["NormalizedBody"]
    assert values["UniqueBody"]["BodyType"] == "HTML"
    assert values["TextBody"] == body("Schön &")


@pytest.mark.parametrize(
    ("text", "preview"),
    [
        ("", ""),
        (" Hello,\r\n\r\n  Ann \t!", "Hello, Ann !"),
        ("x" * 256, "x" * 255),
        ("ab " * 100, ("ab " * 100)[:255]),
    ],
)
def test_the_preview_is_the_beginning_in_one_line(owner: Owner, text: str, preview: str) -> None:
    item = owner.create(Body=body(text))
    assert owner.values(item, "Preview")["Preview"] == preview


# MIME


AWKWARD = [
    pytest.param(MESSAGE, id="ordinary"),
    pytest.param(b"", id="nothing"),
    pytest.param(b"\r\n", id="no header"),
    pytest.param(b"Subject: a\n\nb\n", id="line feeds"),
    pytest.param(b"Subject: \xff\xfe\r\n\r\n\x00\x01\xff", id="octets"),
    pytest.param(b"Subject: a\r\n\r\n" + b"x" * 5000 + b"\r\n.\r\n", id="a long line"),
    pytest.param(b"no colon\r\n\r\n", id="no field"),
]


@pytest.mark.parametrize("content", AWKWARD)
def test_a_message_is_kept_as_it_came(owner: Owner, content: bytes) -> None:
    delivered = owner.deliver(content)
    made = owner.create(MimeContent=base64(content), IsRead=False)
    (moved,) = owner.act(move_items, owner.act(copy_items, [made], INBOX), INBOX)
    for item in (delivered, made, moved):
        assert owner.values(item, "MimeContent")["MimeContent"] == base64(content)
        assert item.size >= len(content)


def test_headers_are_all_there_in_order_and_unfolded(owner: Owner) -> None:
    item = owner.deliver(b"X-B: 1\r\nReceived: a\r\n b;\r\n\tc\r\nX-A: \r\nx-b: 2\r\n\r\n")
    headers = owner.values(item, "InternetMessageHeaders")["InternetMessageHeaders"]
    assert headers == [["X-B", "1"], ["Received", "a b;\tc"], ["X-A", ""], ["x-b", "2"]]
    made = owner.create(Subject="Hello")
    assert owner.values(made, "InternetMessageHeaders")["InternetMessageHeaders"] == []


def test_an_item_of_properties_is_shown_as_a_message(owner: Owner) -> None:
    item = owner.create(
        Subject="Grüße",
        From={"Name": "Ann", "EmailAddress": "ann@example.org"},
        ToRecipients=mailboxes("bob@example.org"),
        BccRecipients=mailboxes("hidden@example.org"),
        Body=body("<p>Schön</p>", "HTML"),
        Importance="High",
        Attachments=[file("a.txt", b"A")],
    )
    content = b64decode(owner.values(item, "MimeContent")["MimeContent"])
    message = Message(content)
    summary = message.summary
    assert (summary.subject, summary.importance) == ("Grüße", "High")
    assert [each.address for each in summary.to] == ["bob@example.org"]
    assert b"hidden@example.org" not in content
    assert summary.sent_at_s == owner.now_s
    assert (message.text or "").strip() == "Schön"
    assert (message.html or "").strip() == "<p>Schön</p>"
    assert [each.name for each in message.attachments] == ["a.txt"]


def test_contents_are_read_once_and_only_when_asked_for(owner: Owner) -> None:
    item = owner.deliver()
    with owner.database.read() as tx:
        content = Contents(tx, owner.mailbox.id, item)
        assert content.message is content.message
        assert content.own_body is None
    assert content.mime == MESSAGE
