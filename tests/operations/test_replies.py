"""Replies and forwards: to whom, about what, and what they quote."""

import re
from base64 import b64decode
from typing import Any

import pytest

from ewspush.core.item_paths import FieldPath
from ewspush.operations.items.attachments import add_attachments
from ewspush.operations.items.parts import NewAttachment
from ewspush.operations.items.updates import SetField, update_item
from ewspush.operations.replies import Response, respond
from ewspush.store import contents
from ewspush.store.database import Database, Transaction
from ewspush.store.items import Item
from support.checks_for_store import new_mailbox, on_sqlite
from support.items import Owner, attached, body, file
from support.mailbox_model import DRAFTS

REPLY, REPLY_ALL, FORWARD = Response
RECEIVED = (
    b"From: Ann <ann@example.org>\r\nTo: User <USER@example.org>, bob@example.org, "
    b"Ann Again <ANN@example.org>\r\nCc: carl@example.org, bob@EXAMPLE.org, user@example.org\r\n"
    b"Subject: Hello\r\nDate: Fri, 20 Nov 2026 10:00:00 +0100\r\nMessage-ID: <2@example.org>\r\n"
    b"References: <0@example.org> <1@example.org>\r\n\r\nHow <are> you?\r\n"
)
HTML = (
    b"From: ann@example.org\r\nSubject: Hello\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=x\r\n\r\n"
    b"--x\r\nContent-Type: multipart/related; boundary=y\r\n\r\n"
    b"--y\r\nContent-Type: text/html\r\n\r\n"
    b'<html><head><title>T</title></head><BODY class="a"><p>Old</p><img src="cid:logo"></BODY>'
    b"</html>\r\n"
    b"--y\r\nContent-Type: image/png; name=logo.png\r\nContent-ID: <logo>\r\n"
    b"Content-Disposition: inline\r\n\r\nPNG\r\n--y--\r\n"
    b"--x\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\nA\r\n"
    b"--x\r\nContent-Type: message/rfc822\r\n\r\nSubject: Inner\r\n\r\n\r\n--x--\r\n"
)

pytestmark = on_sqlite


@pytest.fixture
def owner(database: Database) -> Owner:
    return Owner(database, new_mailbox(database))


def answer(owner: Owner, item: Item, response: Response, **given: Any) -> dict[str, Any]:
    with owner.database.read() as tx:
        return respond(tx, owner.mailbox, owner.mailbox.id, item, response, given)


def named(values: dict[str, Any], name: str) -> list[str]:
    return [mailbox["EmailAddress"] for mailbox in values.get(name, ())]


# To whom


@pytest.mark.parametrize(
    ("response", "to", "cc"),
    [
        (REPLY, ["ann@example.org"], []),
        (REPLY_ALL, ["ann@example.org", "bob@example.org"], ["carl@example.org"]),
        (FORWARD, [], []),
    ],
)
def test_an_answer_goes_to_the_author_or_to_all_but_oneself_each_once(
    owner: Owner, response: Response, to: list[str], cc: list[str]
) -> None:
    values = answer(owner, owner.deliver(RECEIVED), response)
    assert (named(values, "ToRecipients"), named(values, "CcRecipients")) == (to, cc)
    assert "BccRecipients" not in values


@pytest.mark.parametrize(("response", "others"), [(REPLY, []), (REPLY_ALL, ["ANN@example.org"])])
def test_reply_to_stands_in_for_the_author(
    owner: Owner, response: Response, others: list[str]
) -> None:
    content = RECEIVED.replace(
        b"Subject:", b"Reply-To: list@example.org, bob@example.org\r\nSubject:"
    )
    values = answer(owner, owner.deliver(content), response)
    assert named(values, "ToRecipients") == ["list@example.org", "bob@example.org", *others]


@pytest.mark.parametrize(
    ("header", "to"),
    [
        (b"Sender: ann@example.org\r\n", ["ann@example.org"]),
        (b"From: ann@example.org\r\nSender: bob@example.org\r\n", ["ann@example.org"]),
        (b"", []),
    ],
)
def test_who_wrote_is_the_author(owner: Owner, header: bytes, to: list[str]) -> None:
    values = answer(owner, owner.deliver(header + b"Subject: x\r\n\r\n"), REPLY)
    assert named(values, "ToRecipients") == to


def test_what_the_author_of_the_answer_says_stands_above_all(owner: Owner) -> None:
    given = {
        "ToRecipients": [{"EmailAddress": "dora@example.org"}],
        "Subject": "Something else",
        "IsReadReceiptRequested": True,
        "ReferenceItemId": {"Id": "x"},
    }
    values = answer(owner, owner.deliver(RECEIVED), REPLY_ALL, **given)
    assert named(values, "ToRecipients") == ["dora@example.org"]
    assert named(values, "CcRecipients") == ["carl@example.org"]
    assert (values["Subject"], values["IsReadReceiptRequested"]) == ("Something else", True)
    assert not {"ReferenceItemId", "NewBodyContent"} & set(values)


# About what


@pytest.mark.parametrize(
    ("subject", "answered"),
    [
        ("Hello", "Hello"),
        ("RE: Hello", "Hello"),
        ("Re: Hello", "Hello"),
        ("FW: Hello", "Hello"),
        ("Fwd: Hello", "Hello"),
        ("AW: Hallo", "Hallo"),
        ("WG: Hallo", "Hallo"),
        ("SV: Hej", "Hej"),
        ("VS: Hei", "Hei"),
        ("TR: Salut", "Salut"),
        ("答复: 你好", "你好"),
        ("Answer: Hello", "Answer: Hello"),
        ("", ""),
    ],
)
@pytest.mark.parametrize(
    ("response", "prefix"), [(REPLY, "RE: "), (REPLY_ALL, "RE: "), (FORWARD, "FW: ")]
)
def test_the_subject_has_one_prefix(
    owner: Owner, subject: str, answered: str, response: Response, prefix: str
) -> None:
    values = answer(owner, owner.create(Subject=subject), response)
    assert values["Subject"] == prefix + answered
    assert values["ConversationTopic"] == answered


def test_the_subject_is_that_of_the_message_and_the_topic_that_of_the_conversation(
    owner: Owner,
) -> None:
    values = answer(
        owner, owner.deliver(b"Subject: AW: Lunch\r\nThread-Topic: Dinner\r\n\r\n"), REPLY
    )
    assert (values["Subject"], values["ConversationTopic"]) == ("RE: Lunch", "Dinner")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"", (None, None)),
        (b"Message-ID: <2@x>\r\n", ("<2@x>", "<2@x>")),
        (b"Message-ID: <2@x>\r\nReferences: <0@x>\r\n <1@x>\r\n", ("<2@x>", "<0@x> <1@x> <2@x>")),
        (b"References: <0@x>\r\n", (None, None)),
        # RFC 5322, 3.6.4
        (b"Message-ID: <2@x>\r\nIn-Reply-To: <1@x>\r\n", ("<2@x>", "<1@x> <2@x>")),
    ],
)
@pytest.mark.parametrize("response", Response)
def test_an_answer_refers_to_what_it_answers(
    owner: Owner, header: bytes, expected: tuple[str | None, str | None], response: Response
) -> None:
    values = answer(owner, owner.deliver(header + b"Subject: x\r\n\r\n"), response)
    assert (values.get("InReplyTo"), values.get("References")) == expected


# What is quoted


def test_a_text_is_quoted_below_a_text(owner: Owner) -> None:
    values = answer(owner, owner.deliver(RECEIVED), REPLY, NewBodyContent=body("Fine."))
    assert values["Body"]["BodyType"] == "Text"
    lines = values["Body"]["Value"].splitlines()
    assert lines[0] == "Fine."
    assert lines[3:] == [
        "From: Ann",
        "Sent: 2026-11-20T09:00:00Z",
        "To: User; bob@example.org; Ann Again",
        "Cc: carl@example.org; bob@EXAMPLE.org; user@example.org",
        "Subject: Hello",
        "",
        "How <are> you?",
    ]
    assert re.fullmatch("_{32}", lines[2])


@pytest.mark.parametrize(
    "new",
    [
        body("<html><body><p>Fine &amp; well.</p></body></html>", "HTML"),
        body("<p>Fine &amp; well.</p>", "HTML"),
    ],
)
def test_a_text_is_quoted_below_html(owner: Owner, new: dict[str, str]) -> None:
    values = answer(owner, owner.deliver(RECEIVED), REPLY, NewBodyContent=new)
    assert values["Body"]["BodyType"] == "HTML"
    html = values["Body"]["Value"]
    assert (
        html.index("Fine &amp; well.")
        < html.index("<b>Subject:</b> Hello")
        < html.index("How &lt;are&gt; you?")
    )
    assert html.lower().count("</body>") == new["Value"].count("</body>")
    assert html.lower().endswith("</html>") == new["Value"].endswith("</html>")


@pytest.mark.parametrize("new", [body("a < b"), body("<p>a &lt; b</p>", "HTML")])
def test_html_is_quoted_as_html_whatever_the_answer_is(owner: Owner, new: dict[str, str]) -> None:
    values = answer(owner, owner.deliver(HTML), REPLY, NewBodyContent=new)
    assert values["Body"]["BodyType"] == "HTML"
    html = values["Body"]["Value"]
    assert html.index("a &lt; b") < html.index("<p>Old</p>")
    assert "<title>" not in html
    assert html.lower().count("<body") == 0


def test_an_answer_without_a_word_quotes_all_the_same(owner: Owner) -> None:
    values = answer(owner, owner.deliver(RECEIVED), FORWARD)
    assert "How &lt;are&gt; you?" in values["Body"]["Value"]


def test_a_body_of_ones_own_quotes_nothing(owner: Owner) -> None:
    values = answer(owner, owner.deliver(RECEIVED), REPLY, Body=body("Mine"))
    assert values["Body"] == body("Mine")


def test_what_is_quoted_is_no_markup(owner: Owner) -> None:
    item = owner.deliver(b"From: <script> <ann@example.org>\r\nSubject: <b>&\r\n\r\nx")
    html = answer(owner, item, REPLY)["Body"]["Value"]
    assert "<script>" not in html
    assert "&lt;b&gt;&amp;" in html


def test_what_a_client_changed_is_quoted(owner: Owner) -> None:
    item = owner.deliver(RECEIVED)
    item = owner.act(update_item, item, [SetField(FieldPath("Body"), body("Changed"))])
    quoted = answer(owner, item, REPLY, NewBodyContent=body("Fine."))["Body"]["Value"]
    assert quoted.endswith("\nChanged")


# What is carried along


def carried(values: dict[str, Any]) -> list[tuple[str, bool, bytes]]:
    return [
        (one["Name"], bool(one.get("IsInline")), b64decode(one.get("Content", "")))
        for one in values.get("Attachments", ())
    ]


@pytest.mark.parametrize("response", [REPLY, REPLY_ALL])
def test_a_reply_carries_the_images_of_what_it_quotes(owner: Owner, response: Response) -> None:
    values = answer(owner, owner.deliver(HTML), response)
    assert carried(values) == [("logo.png", True, b"PNG")]
    assert values["Attachments"][0]["ContentId"] == "logo"


def test_a_forward_carries_everything_and_what_is_added(owner: Owner) -> None:
    values = answer(owner, owner.deliver(HTML), FORWARD, Attachments=[file("b.txt", b"B")])
    *files, last = carried(values)
    message = values["Attachments"][2]
    assert files == [("logo.png", True, b"PNG"), ("a.txt", False, b"A"), ("Inner", False, b"")]
    assert last == ("b.txt", False, b"B")
    assert message["Kind"] == "ItemAttachment"
    assert b64decode(message["Item"]["Values"]["MimeContent"]) == b"Subject: Inner\r\n\r\n"


def test_a_forward_carries_items_that_a_client_attached(owner: Owner) -> None:
    given = attached("Contact", "Contact", Subject="Carl", Body=body("note"))
    item = owner.create(DRAFTS, Subject="x")
    _, item = owner.act(add_attachments, item, [NewAttachment.of_values(given)])
    (one,) = answer(owner, item, FORWARD)["Attachments"]
    assert {name: one[name] for name in given} == given


def test_a_reply_without_images_carries_nothing(owner: Owner) -> None:
    assert "Attachments" not in answer(owner, owner.deliver(RECEIVED), REPLY)


def test_tags_that_never_end_are_looked_at_once(owner: Owner) -> None:
    html = "<body" * 200_000  # took hours when each was followed to the end
    item = owner.create(Body=body(html, "HTML"))
    assert answer(owner, item, REPLY)["Body"]["Value"].endswith(html)


def test_a_message_is_read_once_for_all_that_is_forwarded_from_it(
    owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = owner.deliver(HTML)
    reads: list[int] = []

    def mime(tx: Transaction, mailbox: int, number: int) -> bytes | None:
        reads.append(number)
        return read(tx, mailbox, number)

    read = contents.mime
    monkeypatch.setattr(contents, "mime", mime)
    values = answer(owner, item, FORWARD)
    assert len(values["Attachments"]) == 3
    assert len(reads) == 2  # for the body, and for what is attached
