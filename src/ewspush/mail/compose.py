"""Messages from values, with the structure that every mail program shows as it was meant."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from ewspush.mail import entities, fields, header_writing
from ewspush.mail.address_list import Address
from ewspush.mail.delivery_status import FailedRecipient, delivery_status
from ewspush.mail.header_writing import field
from ewspush.mail.parameters import Parameters
from ewspush.mail.summary import Importance, Sensitivity

__all__ = [
    "Address",
    "Draft",
    "DraftAttachment",
    "FailedRecipient",
    "Unwritable",
    "compose",
    "delivery_status",
    "new_message_id",
    "with_header",
    "without_bcc",
]

_LONGEST_FIELD_NAME = 76
_FIELD_NAME = re.compile(rf"[!-9;-~]{{1,{_LONGEST_FIELD_NAME}}}")
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,127}/[A-Za-z0-9!#$&^_.+-]{1,127}")
_CONTENT_ID = re.compile(r"[^\s<>\x00-\x1f\x7f]{1,900}")
_LINE_END = re.compile(rb"\r\n|\r|\n")
_BASE64_CHUNK = re.compile("[A-Za-z0-9+/=]{1,60}")
_UNKNOWN = "application/octet-stream"
_NOT_IN_DOMAIN = re.compile(r"[^a-z0-9.-]+")
_OWN_FIELDS = {
    *("from", "sender", "reply-to", "to", "cc", "bcc", "resent-bcc", "subject", "date"),
    *("message-id", "in-reply-to", "references", "importance", "sensitivity", "mime-version"),
    *("disposition-notification-to", "return-receipt-to", "thread-topic", "thread-index"),
}
# What `_header` writes, and what else says the same.
_REPLACED = tuple(
    name.encode() for name in (*_OWN_FIELDS, "priority", "x-priority", "x-msmail-priority")
)
_EMPTY_LINE = re.compile(rb"\r?\n|\Z")
_SENSITIVITY = {
    "Personal": ["Personal"],
    "Private": ["Private"],
    "Confidential": ["Company-Confidential"],
}


class Unwritable(ValueError):
    """A value that no message can carry. `str()` says which."""


@dataclass(frozen=True, slots=True)
class DraftAttachment:
    """A file, or a message if `content_type` is message/rfc822, to send along."""

    name: str
    content_type: str
    content: bytes
    content_id: str | None = None  # without angle brackets
    is_inline: bool = False  # shown within the HTML body, which refers to its content_id


@dataclass(frozen=True, slots=True)
class Draft:
    """What a message is to say. `bcc` is for who sends it: it is not written."""

    from_: Address | None = None
    sender: Address | None = None
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    bcc: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    subject: str | None = None
    sent_at_s: int | None = None  # since 1970, UTC
    message_id: str | None = None  # with its angle brackets
    in_reply_to: str | None = None
    references: str | None = None
    importance: Importance = "Normal"
    sensitivity: Sensitivity = "Normal"
    is_read_receipt_requested: bool = False  # both receipts go to `from_`
    is_delivery_receipt_requested: bool = False
    thread_topic: str | None = None
    thread_index: str | None = None  # base64
    text: str | None = None
    html: str | None = None
    attachments: tuple[DraftAttachment, ...] = ()
    extra_headers: tuple[tuple[str, str], ...] = ()


def compose(draft: Draft) -> bytes:
    """The message: lines end with CRLF and have at most 998 octets.

    ASCII throughout, except for addresses that are not (RFC 6532) and attached messages that hold
    8-bit octets. The same draft gives the same bytes. Raises Unwritable.
    """
    content = _header(draft) + _body(draft)
    return content if content.endswith(b"\r\n") else content + b"\r\n"


def new_message_id(domain: str, random: bytes) -> str:
    """A Message-ID; `random` is at least 16 octets that were never given before."""
    host = _NOT_IN_DOMAIN.sub("-", domain.lower()).strip("-.")
    return f"<{random.hex()}@{host or 'localhost'}>"


def without_bcc(content: bytes) -> bytes:
    """A message without its Bcc fields, Resent-Bcc among them, and otherwise octet for octet."""
    return fields.without(content, b"bcc", b"resent-bcc")


def with_header(content: bytes, draft: Draft) -> bytes:
    """A message with what the draft says in its header, and otherwise octet for octet.

    Fields that a draft does not know of stay, after those of the draft. Raises Unwritable.
    """
    if b"\n" not in content:  # CR ends its lines, and would not beside lines with LF
        content = content.replace(b"\r", b"\n")
    rest = fields.without(content[fields.beginning(content) :], *_REPLACED)
    end = 0
    for each in fields.spans(rest, 0):
        end = each.end()
    separator = b"" if _EMPTY_LINE.match(rest, end) else b"\r\n"
    return _header(draft) + rest[:end] + separator + rest[end:]


def _header(draft: Draft) -> bytes:
    from_ = (draft.from_,) if draft.from_ else ()
    ids = header_writing.message_ids
    return b"".join(
        (
            _addresses("From", from_),
            _addresses("Sender", (draft.sender,) if draft.sender else ()),
            _addresses("Reply-To", draft.reply_to),
            _addresses("To", draft.to),
            _addresses("Cc", draft.cc),
            _text("Subject", draft.subject),
            b"" if draft.sent_at_s is None else field("Date", [_date(draft.sent_at_s)]),
            _tokens("Message-ID", ids(draft.message_id or "")),
            _tokens("In-Reply-To", ids(draft.in_reply_to or "")),
            _tokens("References", ids(draft.references or "")),
            b"" if draft.importance == "Normal" else field("Importance", [draft.importance]),
            _tokens("Sensitivity", _SENSITIVITY.get(draft.sensitivity, [])),
            _addresses(
                "Disposition-Notification-To", from_ if draft.is_read_receipt_requested else ()
            ),
            _addresses("Return-Receipt-To", from_ if draft.is_delivery_receipt_requested else ()),
            _text("Thread-Topic", draft.thread_topic),
            _tokens("Thread-Index", _BASE64_CHUNK.findall(draft.thread_index or "")),
            *(_extra(name, value) for name, value in draft.extra_headers),
            field("MIME-Version", ["1.0"]),
        )
    )


def _addresses(name: str, values: tuple[Address, ...]) -> bytes:
    return _tokens(name, header_writing.addresses(values))


def _text(name: str, value: str | None) -> bytes:
    return b"" if value is None else field(name, header_writing.text(value))


def _tokens(name: str, tokens: list[str]) -> bytes:
    return field(name, tokens) if tokens else b""


def _date(at_s: int) -> str:
    try:
        return format_datetime(datetime.fromtimestamp(at_s, UTC))
    except (ValueError, OverflowError):
        raise Unwritable(f"{at_s} seconds since 1970 are beyond the dates that there are") from None


def _extra(name: str, value: str) -> bytes:
    if not _FIELD_NAME.fullmatch(name):
        raise Unwritable(f"{name[:_LONGEST_FIELD_NAME]!r} is not the name of a header field")
    if name.lower() in _OWN_FIELDS or name.lower().startswith("content-"):
        raise Unwritable(f"the header field {name} is written from what the draft says")
    return field(name, header_writing.text(value))


def _body(draft: Draft) -> bytes:
    inline: list[bytes] = []
    beside: list[bytes] = []
    for each in draft.attachments:
        is_inline = each.is_inline and draft.html is not None
        (inline if is_inline else beside).append(_attachment(each))
    forms = []
    if draft.text is not None or draft.html is None:
        forms.append(entities.text(draft.text or "", "plain"))
    if draft.html is not None:
        forms.append(_html(draft.html, inline))
    body = forms[0] if len(forms) == 1 else entities.multipart("alternative", forms)
    if not beside:
        return body
    return entities.multipart("mixed", [body, *beside])


def _html(html: str, inline: list[bytes]) -> bytes:
    page = entities.text(html, "html")
    if not inline:
        return page
    return entities.multipart("related", [page, *inline], {"type": "text/html"})


def _attachment(attachment: DraftAttachment) -> bytes:
    given = Parameters(attachment.content_type.encode("ascii", "replace"))
    media_type = given.token if _MEDIA_TYPE.fullmatch(given.token) else _UNKNOWN
    named = {"name": attachment.name} if attachment.name else {}
    charset = given.text(b"charset") if media_type.startswith("text/") else None
    more = {"charset": charset, **named} if charset else named
    if media_type.startswith(("message/", "multipart/")):
        return _composite(attachment, media_type, more)
    content_type = header_writing.parameters(media_type, more)
    return entities.base64(attachment.content, content_type, _disposition(attachment))


def _composite(attachment: DraftAttachment, media_type: str, more: dict[str, str]) -> bytes:
    """What may have no other transfer encoding than none (RFC 2045, 6.4)."""
    content = _LINE_END.sub(b"\r\n", attachment.content)
    others = _disposition(attachment)
    if media_type.startswith("message/") and entities.is_writable(content):
        content_type = header_writing.parameters(media_type, more)
        encoding = "7bit" if content.isascii() else "8bit"
        return entities.entity(content_type, encoding, content, others)
    # Programs that read it show the message all the same.
    allowed = media_type if media_type == "message/rfc822" else _UNKNOWN
    return entities.base64(attachment.content, header_writing.parameters(allowed, more), others)


def _disposition(attachment: DraftAttachment) -> bytes:
    token = "inline" if attachment.is_inline else "attachment"
    named = {"filename": attachment.name} if attachment.name else {}
    written = field("Content-Disposition", header_writing.parameters(token, named))
    content_id = attachment.content_id
    if content_id is not None and _CONTENT_ID.fullmatch(content_id):
        written += field("Content-ID", [f"<{content_id}>"])
    return written
