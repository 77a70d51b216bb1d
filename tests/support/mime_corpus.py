"""Messages as awkward as those of the real world, each made when it is asked for."""

import base64
from collections.abc import Callable

_BUILDERS: dict[str, Callable[[], bytes]] = {}

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
LARGE_SIZE = 20 * 1024 * 1024

INVITATION = """BEGIN:VCALENDAR\r
METHOD:REQUEST\r
VERSION:2.0\r
BEGIN:VEVENT\r
UID:040000008200E00074C5B7101A82E008@example.com\r
DTSTART:20250701T090000Z\r
DTEND:20250701T093000Z\r
SUMMARY:Besprechung über Zahlen\r
ORGANIZER;CN="Carol":mailto:carol@example.com\r
END:VEVENT\r
END:VCALENDAR\r
"""


def content(name: str) -> bytes:
    """The message of this name."""
    return _BUILDERS[name]()


def names() -> tuple[str, ...]:
    """Of all messages, the large one last."""
    return tuple(_BUILDERS)


def large_content() -> bytes:
    """The octets of the attachment of `large-attachment`."""
    return bytes(range(256)) * (LARGE_SIZE // 256)


def _message(build: Callable[[], bytes]) -> Callable[[], bytes]:
    _BUILDERS[build.__name__.strip("_").replace("_", "-")] = build
    return build


def _lines(*lines: str | bytes) -> bytes:
    """Lines with CRLF; text is UTF-8."""
    octets = (each.encode() if isinstance(each, str) else each for each in lines)
    return b"".join(each + b"\r\n" for each in octets)


def _base64_lines(octets: bytes) -> bytes:
    return base64.encodebytes(octets).replace(b"\n", b"\r\n").removesuffix(b"\r\n")


_HEADER = _lines(
    "From: Alice <alice@example.com>",
    "To: bob@example.org",
    "Date: Tue, 1 Jul 2025 10:52:37 +0200",
    "Message-ID: <1@example.com>",
    "MIME-Version: 1.0",
)


@_message
def _plain() -> bytes:
    return _HEADER + _lines("Subject: Hello", "", "Hi Bob,", "", "bye")


@_message
def _utf_8_header() -> bytes:
    return _lines(
        "From: Jörg Müller <joerg@example.com>",
        "To: Zoë <zoe@example.org>",
        "Subject: Grüße aus Köln",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
        "",
        "Schöne Grüße",
    )


@_message
def _latin_1_header() -> bytes:
    return "From: Jörg <joerg@example.com>\r\nSubject: Grüße\r\n\r\nSchöne Grüße\r\n".encode(
        "latin-1"
    )


@_message
def _koi8_r_header() -> bytes:
    return _lines(
        "From: ivan@example.com",
        "Subject: Привет".encode("koi8-r"),
        "Content-Type: text/plain; charset=koi8-r",
        "",
        "Привет, мир".encode("koi8-r"),
    )


@_message
def _iso_2022_jp() -> bytes:
    subject = base64.b64encode("会議のお知らせ".encode("iso-2022-jp")).decode()
    return _lines(
        f"Subject: =?ISO-2022-JP?B?{subject}?=",
        "From: =?iso-2022-jp?B?GyRCOzNFRBsoQg==?= <yamada@example.jp>",
        "Content-Type: text/plain; charset=ISO-2022-JP",
        "",
        "会議は三時です。".encode("iso-2022-jp"),
    )


@_message
def _words_that_split_a_character() -> bytes:
    return _HEADER + _lines(
        "Subject: =?utf-8?B?R3LD?=",
        " =?utf-8?B?vMOfZQ==?= =?us-ascii?Q?_from_here?= and =?utf-8?q?a=5F_b?=",
        "",
        "x",
    )


@_message
def _broken_words() -> bytes:
    return _HEADER + _lines(
        "Subject: =?utf-8?B?R3LDvMOfZ?= =?no-such-charset?Q?caf=C3=A9?=",
        " =?utf-8?X?a?= =?utf-8?Q?=ZZ",
        "",
        "x",
    )


@_message
def _alternative_in_mixed() -> bytes:
    return _HEADER + _lines(
        "Subject: Report",
        'Content-Type: multipart/mixed; boundary="outer=_1"',
        "",
        "This is a multi-part message in MIME format.",
        "--outer=_1",
        "Content-Type: multipart/alternative; boundary=inner",
        "",
        "--inner",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: quoted-printable",
        "",
        "Price: 10=E2=82=AC, this line is soft=",
        "ly broken",
        "--inner",
        "Content-Type: text/html; charset=utf-8",
        "",
        "<p>Price: 10€</p>",
        "--inner--",
        "--outer=_1",
        'Content-Type: application/pdf; name="report.pdf"',
        "Content-Disposition: attachment; filename=report.pdf; size=3",
        "Content-Transfer-Encoding: base64",
        "",
        "JVBE",
        "--outer=_1",
        "Content-Type: text/plain",
        "",
        "Sent by a mailing list",
        "--outer=_1--",
        "epilogue",
    )


@_message
def _multiparts_in_multiparts() -> bytes:
    depth = 40
    begin = [
        line
        for level in range(depth)
        for line in (f"Content-Type: multipart/mixed; boundary=b{level}", "", f"--b{level}")
    ]
    end = [f"--b{level}--" for level in reversed(range(depth))]
    return _HEADER + _lines("Subject: Deep", *begin, "", "at the bottom", *end)


@_message
def _inline_image() -> bytes:
    return _HEADER + _lines(
        "Subject: Picture",
        'Content-Type: multipart/related; type="text/html"; boundary=r',
        "",
        "--r",
        "Content-Type: text/html; charset=utf-8",
        "",
        '<p><img src="cid:logo%40example.com"><img src="cid:inline@example.com"></p>',
        "--r",
        "Content-Type: image/png; name=logo.png",
        "Content-ID: <logo@example.com>",
        "Content-Transfer-Encoding: base64",
        "",
        _base64_lines(PNG),
        "--r",
        "Content-Type: image/png",
        "Content-Disposition: inline",
        "Content-ID: <inline@example.com>",
        "Content-Transfer-Encoding: base64",
        "",
        _base64_lines(PNG),
        "--r--",
    )


@_message
def _image_that_is_not_shown() -> bytes:
    return _HEADER + _lines(
        "Subject: Picture",
        "Content-Type: multipart/mixed; boundary=r",
        "",
        "--r",
        "Content-Type: text/html",
        "",
        "<p>See attached</p>",
        "--r",
        "Content-Type: image/png; name=photo.png",
        "Content-Disposition: inline; filename=photo.png",
        "Content-ID: <photo@example.com>",
        "Content-Transfer-Encoding: base64",
        "",
        _base64_lines(PNG),
        "--r--",
    )


@_message
def _invitation() -> bytes:
    encoded = _base64_lines(INVITATION.encode())
    return _HEADER + _lines(
        "Subject: Invitation",
        "Content-Type: multipart/mixed; boundary=m",
        "",
        "--m",
        "Content-Type: multipart/alternative; boundary=a",
        "",
        "--a",
        "Content-Type: text/plain; charset=utf-8",
        "",
        "You are invited",
        "--a",
        "Content-Type: text/calendar; charset=utf-8; method=request",
        "Content-Transfer-Encoding: base64",
        "",
        encoded,
        "--a--",
        "--m",
        "Content-Type: application/ics; name=invite.ics",
        "Content-Disposition: attachment; filename=invite.ics",
        "Content-Transfer-Encoding: base64",
        "",
        encoded,
        "--m--",
    )


@_message
def _invitation_alone() -> bytes:
    return _HEADER + _lines(
        "Subject: Invitation", "Content-Type: text/calendar; method=REQUEST", "", INVITATION
    )


@_message
def _attached_calendar() -> bytes:
    return _HEADER + _lines(
        "Subject: Dates",
        "Content-Type: multipart/mixed; boundary=m",
        "",
        "--m",
        "",
        "These are the dates",
        "--m",
        "Content-Type: text/calendar; name=dates.ics",
        "Content-Disposition: attachment; filename=dates.ics",
        "",
        INVITATION.replace("METHOD:REQUEST\r\n", ""),
        "--m--",
    )


@_message
def _signed() -> bytes:
    return _HEADER + _lines(
        "Subject: Signed",
        'Content-Type: multipart/signed; protocol="application/pkcs7-signature";',
        ' micalg=sha-256; boundary="----=_NextPart_000"',
        "",
        "------=_NextPart_000",
        "Content-Type: text/plain",
        "",
        "I mean it",
        "",
        "------=_NextPart_000",
        "Content-Type: application/pkcs7-signature; name=smime.p7s",
        "Content-Transfer-Encoding: base64",
        "Content-Disposition: attachment; filename=smime.p7s",
        "",
        "MIIB",
        "------=_NextPart_000--",
    )


@_message
def _encrypted() -> bytes:
    return _HEADER + _lines(
        "Subject: Secret",
        "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m",
        "Content-Transfer-Encoding: base64",
        "Content-Disposition: attachment; filename=smime.p7m",
        "",
        "MIIB",
    )


@_message
def _bounce() -> bytes:
    return _lines(
        "From: Mail Delivery System <MAILER-DAEMON@example.org>",
        "To: alice@example.com",
        "Subject: Undelivered Mail Returned to Sender",
        "Auto-Submitted: auto-replied",
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b",
        "",
        "--b",
        "Content-Description: Notification",
        "Content-Type: text/plain; charset=us-ascii",
        "",
        "This is the mail system.",
        "--b",
        "Content-Type: message/delivery-status",
        "",
        "Reporting-MTA: dns; mail.example.org",
        "",
        "Final-Recipient: rfc822; nobody@example.org",
        "Action: failed",
        "Status: 5.1.1",
        "--b",
        "Content-Type: text/rfc822-headers",
        "",
        "Subject: Hello",
        "--b--",
    )


@_message
def _forwards_of_forwards() -> bytes:
    inner = _HEADER + _lines("Subject: First", "", "the first")
    for level, subject in enumerate(("Second", "Third")):
        inner = _HEADER + _lines(
            f"Subject: {subject}",
            f"Content-Type: multipart/mixed; boundary=f{level}",
            "",
            f"--f{level}",
            "",
            f"see {subject}",
            f"--f{level}",
            "Content-Type: message/rfc822",
            "",
            inner,
            f"--f{level}--",
        )
    return inner


@_message
def _digest() -> bytes:
    return _HEADER + _lines(
        "Subject: Digest",
        "Content-Type: multipart/digest; boundary=d",
        "",
        "--d",
        "",
        "Subject: One",
        "",
        "one",
        "--d",
        "",
        "Subject: Two",
        "",
        "two",
        "--d--",
    )


@_message
def _file_names() -> bytes:
    headers = (
        (
            "Content-Disposition: attachment;",
            " filename*0*=utf-8'de'%C3%9Cber;",
            " filename*1=sicht;",
            " filename*2*=%20%E2%82%AC.pdf",
        ),
        ("Content-Disposition: attachment; filename*=iso-8859-1''%A3%20rates.txt; filename=x",),
        ('Content-Type: image/jpeg; name="=?utf-8?B?RsO2dG8uanBn?="',),
        ('Content-Disposition: attachment; filename="C:\\Users\\me\\notes; old.txt"',),
        ("Content-Disposition: attachment; filename=My File.doc",),
        ('Content-Disposition: attachment; filename="Fünf.txt"',),
        ('Content-Disposition: attachment; filename="a \\"b\\".txt"',),
        ('Content-Disposition: attachment; filename="never closed.txt',),
        ("Content-Disposition: attachment",),
        ("Content-Type: text; name=odd.bin",),
    )
    parts = [line for fields in headers for line in ("--n", *fields, "", "x")]
    return _HEADER + _lines(
        "Subject: Names", "Content-Type: multipart/mixed; boundary=n", "", *parts, "--n--"
    )


@_message
def _duplicate_fields() -> bytes:
    return _lines(
        "From: first@example.com",
        "From: second@example.com",
        "Subject: One",
        "Subject: Two",
        "To: a@example.org",
        "TO: b@example.org",
        "Content-Type: text/html",
        "Content-Type: text/plain",
        "",
        "<p>hi</p>",
    )


@_message
def _no_header() -> bytes:
    return _lines("", "only a body")


@_message
def _no_empty_line() -> bytes:
    return _HEADER + _lines("Subject: Hasty", "the body at once", "", "and more")


@_message
def _mbox_line_first() -> bytes:
    return _lines("From alice@example.com Tue Jul  1 10:52:37 2025") + content("plain")


@_message
def _nothing() -> bytes:
    return b""


@_message
def _no_body() -> bytes:
    return _HEADER + _lines("Subject: Empty")


@_message
def _empty_parts() -> bytes:
    return _HEADER + _lines(
        "Subject: Empty",
        "Content-Type: multipart/mixed; boundary=e",
        "",
        "--e",
        "--e",
        "",
        "--e",
        "Content-Type: multipart/alternative; boundary=f",
        "",
        "--e--",
    )


@_message
def _nul_octets() -> bytes:
    return _lines(
        b"From: a\0lice@example.com",
        b"Subject: a\0b\x0bc\x7f",
        b"Content-Type: text/plain",
        b"",
        b"one\0two\x0cthree\xef\xbf\xbefour",
    )


@_message
def _long_lines() -> bytes:
    return _HEADER + _lines("Subject: " + "long " * 4_000, "", "word" * 25_000)


@_message
def _bare_lf() -> bytes:
    return content("alternative-in-mixed").replace(b"\r\n", b"\n")


@_message
def _bare_cr() -> bytes:
    return content("alternative-in-mixed").replace(b"\r\n", b"\r")


@_message
def _stray_cr() -> bytes:
    return _HEADER + _lines(b"Subject: one\rBcc: two", b"", b"a\rb\r\r")


@_message
def _utf_16() -> bytes:
    return _HEADER + _lines(
        "Subject: Wide",
        'Content-Type: text/plain; charset="UTF-16"',
        "Content-Transfer-Encoding: base64",
        "",
        _base64_lines("Grüße\r\n😀".encode("utf-16")),
    )


@_message
def _unknown_charset() -> bytes:
    return _HEADER + _lines(
        "Subject: Strange", "Content-Type: text/plain; charset=x-klingon", "", "Qapla…"
    )


@_message
def _declared_in_html() -> bytes:
    return _HEADER + _lines(
        "Subject: Meta",
        "Content-Type: text/html",
        "",
        '<html><head><meta charset="windows-1251"></head>' + "<p>",
        "Жлз".encode("cp1251"),
    )


@_message
def _broken_base64() -> bytes:
    return _HEADER + _lines(
        "Subject: Broken",
        "Content-Type: multipart/mixed; boundary=b",
        "",
        "--b",
        "Content-Transfer-Encoding: base64",
        "",
        "SGVsbG8*sIHdvcmxk!",
        "--b",
        "Content-Type: application/zip; name=a.zip",
        "Content-Transfer-Encoding: BASE64;",
        "",
        "UEsDBA",
        "--b--",
    )


@_message
def _broken_quoted_printable() -> bytes:
    return _HEADER + _lines(
        "Subject: Broken",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: Quoted-Printable (sic)",
        "",
        "50=25 =C3=A9 =ZZ =C3 trailing=",
    )


@_message
def _unknown_encoding() -> bytes:
    return _HEADER + _lines(
        "Subject: Odd", "Content-Transfer-Encoding: x-rot13", "", "Uryyb, jbeyq"
    )


@_message
def _no_boundary() -> bytes:
    return _HEADER + _lines(
        "Subject: None", "Content-Type: multipart/mixed", "", "--b", "", "text", "--b--"
    )


@_message
def _boundary_that_never_comes() -> bytes:
    return _HEADER + _lines(
        "Subject: None", "Content-Type: multipart/mixed; boundary=never", "", "all of it"
    )


@_message
def _boundary_never_closed() -> bytes:
    return _HEADER + _lines(
        "Subject: Cut",
        "Content-Type: multipart/mixed; boundary=b",
        "",
        "--b",
        "",
        "text",
        "--b",
        "Content-Type: application/zip; name=a.zip",
        "Content-Transfer-Encoding: base64",
        "",
        "UEsD",
    )


@_message
def _same_boundary_within() -> bytes:
    return _HEADER + _lines(
        "Subject: Same",
        "Content-Type: multipart/mixed; boundary=b",
        "",
        "--b",
        "Content-Type: multipart/alternative; boundary=b",
        "",
        "--b",
        "Content-Type: text/plain",
        "",
        "text",
        "--b",
        "Content-Type: text/html",
        "",
        "<p>text</p>",
        "--b--",
    )


@_message
def _delimiter_in_a_header() -> bytes:
    return _HEADER + _lines(
        "Subject: Colon",
        'Content-Type: multipart/mixed; boundary="b:1"',
        "",
        "--b:1",
        "Content-Type: application/zip; name=empty.zip",
        "--b:1",
        "",
        "text",
        "--b:1--",
    )


@_message
def _tnef() -> bytes:
    return _HEADER + _lines(
        "Subject: Outlook",
        "Content-Type: multipart/mixed; boundary=t",
        "",
        "--t",
        "",
        "See winmail.dat",
        "--t",
        "Content-Type: application/ms-tnef; name=winmail.dat",
        "Content-Transfer-Encoding: base64",
        "",
        "eJ8+",
        "--t--",
    )


@_message
def _uuencode_in_text() -> bytes:
    return _HEADER + _lines("Subject: Old", "", "See below", "begin 644 a.txt", "#0V%T", "`", "end")


@_message
def _uuencoded_part() -> bytes:
    return _HEADER + _lines(
        "Subject: Old",
        "Content-Type: multipart/mixed; boundary=u",
        "",
        "--u",
        "",
        "See attached",
        "--u",
        "Content-Type: application/octet-stream; name=a.txt",
        "Content-Transfer-Encoding: x-uuencode",
        "",
        "begin 644 a.txt",
        "#0V%T",
        "`",
        "end",
        "--u--",
    )


@_message
def _folded_over_500_lines() -> bytes:
    recipients = ",\r\n\t".join(f'"User, {n}" <user{n}@example.org>' for n in range(500))
    return _lines("From: alice@example.com", f"To: {recipients}", "Subject: All", "", "x")


@_message
def _addresses() -> bytes:
    return _lines(
        "From: =?utf-8?Q?Smith,_John?= (away) <john@example.com>",
        "Sender: root",
        "Reply-To: <@relay.example:back@example.com>",
        'To: "Doe, Jane" <jane@example.org>, plain@example.org (Comment), Team: one@example.org,',
        ' two@example.org; "odd (name" <three@example.org>; Four four@example.org,, <>,',
        ' "local part"@example.org, v6@[IPv6:::1], five @ example . org, <six@example.org',
        "Cc: undisclosed-recipients:;",
        'Bcc: "never closed <seven@example.org>',
        "Subject: Addresses",
        "",
        "x",
    )


@_message
def _flags() -> bytes:
    return _HEADER + _lines(
        "Subject: Flags",
        "X-Priority: 1 (Highest)",
        "Sensitivity: Company-Confidential",
        "Disposition-Notification-To: <alice@example.com>",
        "Return-Receipt-To: receipts@example.com",
        "Thread-Topic: =?utf-8?q?Caf=C3=A9?=",
        "Thread-Index: AdDsAAAAAAAAAAAAAAAAAAAA",
        "\tAAAA",
        "In-Reply-To: Your message of Tuesday <0@example.com>",
        "References: <a@example.com>",
        " <b@example.com>\t<c@example.com>",
        "",
        "x",
    )


@_message
def _large_attachment() -> bytes:
    return _HEADER + _lines(
        "Subject: Large",
        "Content-Type: multipart/mixed; boundary=l",
        "",
        "--l",
        "",
        "See attached",
        "--l",
        "Content-Type: application/octet-stream; name=large.bin",
        "Content-Transfer-Encoding: base64",
        "",
        _base64_lines(large_content()),
        "--l--",
    )
