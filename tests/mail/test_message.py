import re
import tracemalloc
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ewspush.mail.address_list import MAX_ADDRESSES, Address
from ewspush.mail.fields import HEADER_LIMIT, MAX_FIELDS
from ewspush.mail.message import Attachment, Message, Summary
from ewspush.mail.structure import MAX_PARTS
from ewspush.mail.summary import SUBJECT_LIMIT
from support import mime_corpus

ALICE = Address("Alice", "alice@example.com")
BOB = Address("", "bob@example.org")
PNG_SIZE = len(mime_corpus.PNG)
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Expected:
    """What a message of the corpus says; by default what most of it have in common."""

    subject: str | None
    text: str | None = None
    html: str | None = None
    attachments: tuple[str, ...] = ()  # name, media type, size, and what is special about it
    has_attachments: bool | None = None  # None: as `attachments` has any
    from_: Address | None = ALICE
    to: tuple[Address, ...] = (BOB,)
    content_type: str = "text/plain"
    calendar: str | None = None  # how it begins
    calendar_method: str | None = None
    others: dict[str, object] = field(default_factory=dict)  # of the summary


REPORT = Expected(
    "Report",
    "Price: 10€, this line is softly broken",
    "<p>Price: 10€</p>",
    ("report.pdf application/pdf 3", "ATT00002.txt text/plain 22"),
    content_type="multipart/mixed",
)

EXPECTED = {
    "plain": Expected(
        "Hello",
        "Hi Bob,\n\nbye\n",
        others={"sent_at_s": 1751359957, "message_id": "<1@example.com>", "importance": "Normal"},
    ),
    "utf-8-header": Expected(
        "Grüße aus Köln",
        "Schöne Grüße\n",
        from_=Address("Jörg Müller", "joerg@example.com"),
        to=(Address("Zoë", "zoe@example.org"),),
    ),
    "latin-1-header": Expected(
        "Grüße", "Schöne Grüße\n", from_=Address("Jörg", "joerg@example.com"), to=()
    ),
    "koi8-r-header": Expected(
        "Привет", "Привет, мир\n", from_=Address("", "ivan@example.com"), to=()
    ),
    "iso-2022-jp": Expected(
        "会議のお知らせ",
        "会議は三時です。\n",
        from_=Address("山田", "yamada@example.jp"),
        to=(),
    ),
    "words-that-split-a-character": Expected("Grüße from here and a_ b", "x\n"),
    "broken-words": Expected("Grüßcafé =?utf-8?X?a?= =?utf-8?Q?=ZZ", "x\n"),
    "alternative-in-mixed": REPORT,
    "multiparts-in-multiparts": Expected("Deep", "at the bottom", content_type="multipart/mixed"),
    "inline-image": Expected(
        "Picture",
        None,
        '<p><img src="cid:logo%40example.com"><img src="cid:inline@example.com"></p>',
        (
            f"logo.png image/png {PNG_SIZE} inline",
            f"ATT00002.png image/png {PNG_SIZE} inline",
        ),
        has_attachments=False,
        content_type="multipart/related",
    ),
    "image-that-is-not-shown": Expected(
        "Picture",
        None,
        "<p>See attached</p>",
        (f"photo.png image/png {PNG_SIZE}",),
        content_type="multipart/mixed",
    ),
    "invitation": Expected(
        "Invitation",
        "You are invited",
        attachments=("invite.ics application/ics 268",),
        content_type="multipart/mixed",
        calendar="BEGIN:VCALENDAR\nMETHOD:REQUEST\n",
        calendar_method="REQUEST",
    ),
    "invitation-alone": Expected(
        "Invitation",
        content_type="text/calendar",
        calendar="BEGIN:VCALENDAR\nMETHOD:REQUEST\n",
        calendar_method="REQUEST",
    ),
    "attached-calendar": Expected(
        "Dates",
        "These are the dates",
        attachments=("dates.ics text/calendar 252",),
        content_type="multipart/mixed",
        calendar="BEGIN:VCALENDAR\nVERSION:2.0\n",
    ),
    "signed": Expected(
        "Signed",
        "I mean it\n",
        attachments=("smime.p7s application/pkcs7-signature 3",),
        content_type="multipart/signed",
    ),
    "encrypted": Expected(
        "Secret",
        attachments=("smime.p7m application/pkcs7-mime 3",),
        content_type="application/pkcs7-mime",
    ),
    "bounce": Expected(
        "Undelivered Mail Returned to Sender",
        "This is the mail system.",
        attachments=(
            "ATT00001.txt message/delivery-status 114",
            "ATT00002.txt text/rfc822-headers 14",
        ),
        from_=Address("Mail Delivery System", "MAILER-DAEMON@example.org"),
        to=(Address("", "alice@example.com"),),
        content_type="multipart/report",
    ),
    "forwards-of-forwards": Expected(
        "Third",
        "see Third",
        attachments=("Second message/rfc822 440 message",),
        content_type="multipart/mixed",
    ),
    "digest": Expected(
        "Digest",
        attachments=("One message/rfc822 19 message", "Two message/rfc822 19 message"),
        content_type="multipart/digest",
    ),
    "file-names": Expected(
        "Names",
        attachments=(
            "Übersicht €.pdf text/plain 1",
            "£ rates.txt text/plain 1",
            "Föto.jpg image/jpeg 1",
            "notes; old.txt text/plain 1",
            "My File.doc text/plain 1",
            "Fünf.txt text/plain 1",
            'a "b".txt text/plain 1',
            "never closed.txt text/plain 1",
            "ATT00009.txt text/plain 1",
            "odd.bin application/octet-stream 1",
        ),
        content_type="multipart/mixed",
    ),
    "duplicate-fields": Expected(
        "One",
        None,
        "<p>hi</p>\n",
        from_=Address("", "first@example.com"),
        to=(Address("", "a@example.org"), Address("", "b@example.org")),
        content_type="text/html",
    ),
    "no-header": Expected(None, "only a body\n", from_=None, to=()),
    "no-empty-line": Expected("Hasty", "the body at once\n\nand more\n"),
    "mbox-line-first": Expected("Hello", "Hi Bob,\n\nbye\n"),
    "nothing": Expected(None, "", from_=None, to=()),
    "no-body": Expected("Empty", ""),
    "empty-parts": Expected("Empty", "", content_type="multipart/mixed"),
    "nul-octets": Expected(
        "a b c", "onetwothreefour\n", from_=Address("a lice@example.com", ""), to=()
    ),
    "long-lines": Expected(("long " * 51).strip(), "word" * 25_000 + "\n"),
    "bare-lf": REPORT,
    "bare-cr": REPORT,
    "stray-cr": Expected("one Bcc: two", "a\nb\n\n\n"),
    "utf-16": Expected("Wide", "Grüße\n😀"),
    "unknown-charset": Expected("Strange", "Qapla…\n"),
    "declared-in-html": Expected(
        "Meta",
        None,
        '<html><head><meta charset="windows-1251"></head><p>\nЖлз\n',
        content_type="text/html",
    ),
    "broken-base64": Expected(
        "Broken",
        "Hello, world",
        attachments=("a.zip application/zip 4",),
        content_type="multipart/mixed",
    ),
    "broken-quoted-printable": Expected("Broken", "50% é =ZZ \ufffd trailing"),
    "unknown-encoding": Expected("Odd", "Uryyb, jbeyq\n"),
    "no-boundary": Expected("None", "--b\n\ntext\n--b--\n"),
    "boundary-that-never-comes": Expected("None", "all of it\n"),
    "boundary-never-closed": Expected(
        "Cut", "text", attachments=("a.zip application/zip 3",), content_type="multipart/mixed"
    ),
    "same-boundary-within": Expected(
        "Same",
        "text",
        attachments=("ATT00001.htm text/html 11",),
        content_type="multipart/mixed",
    ),
    "delimiter-in-a-header": Expected(
        "Colon",
        "text",
        attachments=("empty.zip application/zip 0",),
        content_type="multipart/mixed",
    ),
    "tnef": Expected(
        "Outlook",
        "See winmail.dat",
        attachments=("winmail.dat application/ms-tnef 3",),
        content_type="multipart/mixed",
    ),
    "uuencode-in-text": Expected("Old", "See below\nbegin 644 a.txt\n#0V%T\n`\nend\n"),
    "uuencoded-part": Expected(
        "Old",
        "See attached",
        attachments=("a.txt application/octet-stream 3",),
        content_type="multipart/mixed",
    ),
    "folded-over-500-lines": Expected(
        "All",
        "x\n",
        from_=Address("", "alice@example.com"),
        to=tuple(Address(f"User, {n}", f"user{n}@example.org") for n in range(500)),
    ),
    "addresses": Expected(
        "Addresses",
        "x\n",
        from_=Address("Smith, John", "john@example.com"),
        to=(
            Address("Doe, Jane", "jane@example.org"),
            Address("Comment", "plain@example.org"),
            Address("", "one@example.org"),
            Address("", "two@example.org"),
            Address("odd (name", "three@example.org"),
            Address("Four", "four@example.org"),
            Address("", '"local part"@example.org'),
            Address("", "v6@[IPv6:::1]"),
            Address("", "five@example.org"),
            Address("", "six@example.org"),
        ),
        others={
            "sender": Address("root", ""),
            "reply_to": (Address("", "back@example.com"),),
            "cc": (Address("undisclosed-recipients", ""),),
            "bcc": (Address("never closed", "seven@example.org"),),
        },
    ),
    "flags": Expected(
        "Flags",
        "x\n",
        others={
            "importance": "High",
            "sensitivity": "Confidential",
            "is_read_receipt_requested": True,
            "read_receipt_to": Address("", "alice@example.com"),
            "is_delivery_receipt_requested": True,
            "delivery_receipt_to": Address("", "receipts@example.com"),
            "thread_topic": "Café",
            "thread_index": "AdDsAAAAAAAAAAAAAAAAAAAAAAAA",
            "in_reply_to": "<0@example.com>",
            "references": "<a@example.com> <b@example.com> <c@example.com>",
        },
    ),
    "large-attachment": Expected(
        "Large",
        "See attached",
        attachments=(f"large.bin application/octet-stream {mime_corpus.LARGE_SIZE}",),
        content_type="multipart/mixed",
    ),
}


def described(attachment: Attachment) -> str:
    marks = " inline" * attachment.is_inline + " message" * attachment.is_message
    return f"{attachment.name} {attachment.content_type} {attachment.size}{marks}"


@pytest.mark.parametrize("name", mime_corpus.names())
def test_a_message_of_the_corpus_is_read_as_mail_programs_read_it(name: str) -> None:
    expected = EXPECTED[name]
    message = Message(mime_corpus.content(name))
    assert message.summary.subject == expected.subject
    assert message.summary.from_ == expected.from_
    assert message.summary.to == expected.to
    assert message.text == expected.text
    assert message.html == expected.html
    assert tuple(described(each) for each in message.attachments) == expected.attachments
    has = bool(expected.attachments) if expected.has_attachments is None else False
    assert message.has_attachments == has
    assert message.content_type == expected.content_type
    assert (message.calendar or "").startswith(expected.calendar or "")
    assert (message.calendar is None) == (expected.calendar is None)
    assert message.calendar_method == expected.calendar_method
    for attribute, value in expected.others.items():
        assert getattr(message.summary, attribute) == value


@pytest.mark.parametrize("name", mime_corpus.names())
def test_the_size_of_an_attachment_is_that_of_its_content(name: str) -> None:
    message = Message(mime_corpus.content(name))
    for each in message.attachments:
        assert len(message.attachment_content(each.part)) == each.size


@pytest.mark.parametrize(
    ("name", "index", "content"),
    [
        ("alternative-in-mixed", 0, b"%PD"),
        ("alternative-in-mixed", 1, b"Sent by a mailing list"),
        ("bare-cr", 0, b"%PD"),
        ("inline-image", 1, mime_corpus.PNG),
        ("invitation", 0, mime_corpus.INVITATION.encode()),
        ("broken-base64", 0, b"PK\x03\x04"),
        ("uuencoded-part", 0, b"Cat"),
        ("digest", 1, b"Subject: Two\r\n\r\ntwo"),
        ("large-attachment", 0, mime_corpus.large_content()),
    ],
)
def test_the_content_of_an_attachment_is_decoded(name: str, index: int, content: bytes) -> None:
    message = Message(mime_corpus.content(name))
    # Found by `part` in a message that was read anew.
    part = Message(mime_corpus.content(name)).attachments[index].part
    assert message.attachment_content(part) == content


@pytest.mark.parametrize("part", [-1, 0, 1, 2, 3, 99])
def test_what_is_no_attachment_has_no_content(part: int) -> None:
    with pytest.raises(KeyError):
        Message(mime_corpus.content("alternative-in-mixed")).attachment_content(part)


def test_an_attached_message_is_read_like_any_other() -> None:
    message = Message(mime_corpus.content("forwards-of-forwards"))
    subjects = []
    while message.attachments:
        message = Message(message.attachment_content(message.attachments[0].part))
        subjects.append(message.summary.subject)
    assert subjects == ["Second", "First"]
    assert message.text == "the first\n"


def test_headers_are_all_there_in_order_unfolded_and_not_decoded() -> None:
    content = (
        b"Received: from a\r\n\tby b;\r\n  Tue\r\nReceived: from b\r\nX-8bit: \xc3\xa9 \xe9\r\n"
        b"x-word: =?utf-8?q?=C3=A9?=\r\nEmpty:\r\nNul: a\0b\r\nSpaced : c\r\n\r\nNot: a header\r\n"
    )
    assert Message(content).headers == [
        ("Received", "from a\tby b;  Tue"),
        ("Received", "from b"),
        ("X-8bit", "Ã© é"),
        ("x-word", "=?utf-8?q?=C3=A9?="),
        ("Empty", ""),
        ("Nul", "ab"),
        ("Spaced", "c"),
    ]


def part(header: str, body: str) -> str:
    return f"--b\r\n{header}\r\n\r\n{body}\r\n"


def multipart(subtype: str, *parts: str) -> Message:
    head = f"Content-Type: multipart/{subtype}; boundary=b\r\n\r\n"
    return Message((head + "".join(parts) + "--b--\r\n").encode())


PLAIN, HTML = "Content-Type: text/plain", "Content-Type: text/html"
ATTACHED = "\r\nContent-Disposition: attachment"
IMAGE = "Content-Type: image/png\r\nContent-ID: <i@x>"


@pytest.mark.parametrize(
    ("message", "text", "html", "attachments"),
    [
        (multipart("mixed", part(PLAIN, "a"), part(HTML, "b")), "a", None, ["text/html"]),
        (multipart("mixed", part(PLAIN, " "), part(HTML, "b")), None, "b", []),
        (
            multipart("mixed", part(PLAIN, "a"), part(IMAGE, ""), part("", "")),
            "a",
            None,
            ["image/png"],
        ),
        (
            multipart("mixed", part(PLAIN + ATTACHED, "a"), part(PLAIN, "b")),
            "b",
            None,
            ["text/plain"],
        ),
        (multipart("mixed", part(PLAIN + "; name=a.txt", "a")), "a", None, []),
        (
            multipart("mixed", part(IMAGE, ""), part(PLAIN + "; name=a.txt", "a")),
            None,
            None,
            ["image/png", "text/plain"],
        ),
        (multipart("alternative", part(HTML, "b"), part(PLAIN, "a")), "a", "b", []),
        (multipart("alternative", part(PLAIN, "a"), part(PLAIN, "c")), "a", None, []),
        (
            multipart("alternative", part(PLAIN, "a"), part("Content-Type: text/x-amp-html", "c")),
            "a",
            None,
            [],
        ),
        (
            multipart("alternative", part(PLAIN, "a"), part("Content-Type: application/pdf", "c")),
            "a",
            None,
            ["application/pdf"],
        ),
        (multipart("x-unknown", part(PLAIN, "a"), part(HTML, "b")), "a", None, ["text/html"]),
        (Message(b"Content-Type: text/enriched\r\n\r\na"), "a", None, []),
        (Message(b"Content-Type: nonsense\r\n\r\na"), "a", None, []),
        (Message(b"Content-Type: image/png\r\n\r\na"), None, None, ["image/png"]),
    ],
)
def test_the_body_is_the_first_text_and_its_alternatives(
    message: Message, text: str | None, html: str | None, attachments: list[str]
) -> None:
    assert (message.text, message.html) == (text, html)
    assert [each.content_type for each in message.attachments] == attachments


INLINE = "\r\nContent-Disposition: inline"
LOCATED = "Content-Type: image/png\r\nContent-Location: i.png"


@pytest.mark.parametrize(
    ("subtype", "body", "image", "is_inline"),
    [
        ("related", "<img src=cid:i@x>", IMAGE, True),
        ("related", "<img src='CID:i%40x'>", IMAGE + ATTACHED, True),
        ("related", "", IMAGE + INLINE, True),
        ("related", "", IMAGE, False),
        ("related", "", LOCATED, True),
        ("related", "", LOCATED + ATTACHED, False),
        ("related", "", "Content-Type: image/png" + INLINE, False),
        ("mixed", '<img src="cid:i@x">', IMAGE, True),
        ("mixed", "", IMAGE + INLINE, False),
        ("mixed", "", LOCATED, False),
    ],
)
def test_an_attachment_is_inline_if_the_html_body_shows_it(
    subtype: str, body: str, image: str, is_inline: bool
) -> None:
    message = multipart(subtype, part(HTML, f"<p>{body}"), part(image, "x"))
    assert [each.is_inline for each in message.attachments] == [is_inline]
    assert message.has_attachments is not is_inline


def test_without_an_html_body_nothing_is_inline() -> None:
    message = multipart("related", part(PLAIN, "cid:i@x"), part(IMAGE + INLINE, "x"))
    assert message.has_attachments


def everything(message: Message) -> list[str]:
    """All that a message says, having asked for everything."""
    texts = [message.content_type, message.text, message.html, message.calendar]
    texts += [message.calendar_method, *(each for pair in message.headers for each in pair)]
    for each in message.attachments:
        texts += [each.name, each.content_type, each.content_id, each.content_location]
        message.attachment_content(each.part)
    summary = message.summary
    texts += [getattr(summary, name) for name in Summary.__slots__]
    addresses = (*summary.to, *summary.cc, *summary.bcc, *summary.reply_to)
    for address in (summary.from_, summary.sender, *addresses):
        texts += [address.name, address.address] if address else []
    return [each for each in texts if isinstance(each, str)]


SMALL = [mime_corpus.content(name) for name in mime_corpus.names() if "large" not in name]
PIECES = st.sampled_from(
    [
        *(b"\r\n", b"\n", b"\r", b"\0", b"--b", b"--", b"\xff", b"=?utf-8?q?", b"?=", b'"', b"("),
        *(
            b"Subject: ",
            b"From: ",
            b"Content-Type: multipart/mixed; boundary=b\r\n\r\n",
            b":",
            b";",
        ),
        *(b"Content-Transfer-Encoding: base64\r\n\r\n", b"<", b",", b" ", b"\r\n\r\n", b"*0*=''%"),
        *(b"Date: Tue, 1 Jul 2025 10:52 +9999\r\n", b"Content-Type: text/html; charset=utf-7\r\n"),
    ]
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    content = draw(st.sampled_from(SMALL))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(content)))
        content = content[:at] + draw(PIECES) + content[at + draw(st.integers(0, 20)) :]
    return content


@settings(max_examples=150, deadline=None)
@given(st.one_of(damaged(), st.lists(PIECES | st.binary(max_size=9), max_size=40).map(b"".join)))
def test_no_bytes_make_it_raise_and_all_texts_are_clean_for_xml(content: bytes) -> None:
    for text in everything(Message(content)):
        assert not NOT_XML.search(text)


def nested(depth: int) -> bytes:
    return b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
        for n in range(depth)
    )


# Each takes minutes, or ends the process, if it takes more than time in proportion to its size.
HOSTILE = {
    "parts": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 200_000,
    "levels": nested(20_000) + b"--x\r\n" * 100_000,
    "fields": b"a:b\r\n" * 200_000,
    "folded lines": b"Subject:" + b" x\r\n" * 200_000,
    "one line": b"Subject: " + b"x" * 2_000_000,
    "hyphens": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"\r\n--" * 500_000,
    "addresses": b"To: " + b"a@b," * 60_000,
    "quotation marks": b"To: " + b'"\\' * 100_000,
    "parentheses": b"To: " + b"(" * 200_000,
    "spaces": b"To: <" + b" " * 200_000 + b"x",
    "words": b"Subject: " + b"=?a?q?" * 40_000 + b"\r\nFrom: " + b"=?a?q??=" * 20_000,
    "parameters": b"Content-Type: text/plain" + b";a*1*=b" * 30_000 + b';"' * 10_000,
    "sections": b"Content-Disposition: attachment" + b"; filename" + b"*" * 200_000 + b"=x",
    "references": b"Content-Type: text/html\r\n\r\n" + b"cid:" * 500_000,
    "empty lines": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + b"\r\n" * 900_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_the_work_is_in_proportion_to_the_message(name: str) -> None:
    assert everything(Message(HOSTILE[name]))


def test_what_there_may_be_many_of_has_a_bound() -> None:
    assert len(Message(HOSTILE["parts"]).attachments) == MAX_PARTS - 2  # without message and body
    assert len(Message(HOSTILE["fields"]).headers) == MAX_FIELDS
    assert len(Message(HOSTILE["one line"]).summary.subject or "") == SUBJECT_LIMIT
    assert len(Message(HOSTILE["folded lines"]).headers[0][1]) <= HEADER_LIMIT
    twice = HOSTILE["addresses"] + b"\r\n"
    assert len(Message(twice).summary.to) == MAX_ADDRESSES


def test_a_large_attachment_is_neither_decoded_nor_copied_for_a_delivery() -> None:
    content = mime_corpus.content("large-attachment")
    tracemalloc.start()
    try:
        message = Message(content)
        assert message.summary.subject == "Large"
        assert message.has_attachments
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 100_000
