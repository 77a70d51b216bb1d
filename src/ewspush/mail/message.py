"""A message as values, each read from the bytes when it is first asked for."""

import re
from dataclasses import dataclass
from functools import cached_property
from html import unescape
from urllib.parse import unquote

from ewspush.mail import charsets, fields, roles, structure, transfer
from ewspush.mail.address_list import Address
from ewspush.mail.charsets import one_line
from ewspush.mail.fields import Fields
from ewspush.mail.roles import Roles
from ewspush.mail.structure import Part
from ewspush.mail.summary import SUBJECT_LIMIT, Summary, summarize

__all__ = ["Address", "Attachment", "Message", "Summary"]

_LONGEST_ID = 998  # a line: RFC 5322, 2.1.1
_CONTENT_REFERENCE = re.compile(r"""cid:([^"'<>\s)]{1,998})""", re.IGNORECASE)
_META_CHARSET = re.compile(
    rb"""<meta\s[^>]{0,200}?charset\s{0,9}=\s{0,9}["']?([\w.:-]{1,64})""", re.I
)
_META_WITHIN = 1024  # octets: HTML standard, 4.2.5.4
_MESSAGE_TYPES = ("message/rfc822", "message/global")
# Exchange's names for what has none are ATT00001.txt and so on.
_SUFFIXES = {
    "application/pdf": ".pdf",
    "application/pkcs7-signature": ".p7s",
    "image/gif": ".gif",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "message/delivery-status": ".txt",
    "message/global": ".eml",
    "message/rfc822": ".eml",
    "text/calendar": ".ics",
    "text/html": ".htm",
    "text/plain": ".txt",
    "text/rfc822-headers": ".txt",
    "text/vcard": ".vcf",
}


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part that is beside the body."""

    part: int  # in a depth-first walk: it finds the part again in the same content
    name: str  # never empty
    content_type: str  # in lower case, without parameters
    content_id: str | None  # without angle brackets
    content_location: str | None
    is_inline: bool  # shown within the HTML body
    size: int  # octets, decoded; see transfer.decoded_size
    is_message: bool  # a message of its own: an ItemAttachment


class Message:
    """An Internet message. No bytes make it raise; garbage has an empty summary and is all text.

    Texts are decoded, have LF at the end of their lines and no character that XML forbids, and are
    no longer than the content. `summary`, `attachments` and `has_attachments` are what a delivery
    asks for: they decode no attachment, and the HTML body only to see which images are shown in it.
    """

    def __init__(self, content: bytes) -> None:
        # Nothing but CR ends the lines of a message without LF; positions stay the same.
        is_one_line = b"\n" not in content
        self._content = content.replace(b"\r", b"\n") if is_one_line else content

    @cached_property
    def _parts(self) -> list[Part]:
        return structure.read(self._content)

    @cached_property
    def _roles(self) -> Roles:
        return roles.assign(self._parts)

    @property
    def _fields(self) -> Fields:
        return self._parts[0].fields

    @cached_property
    def summary(self) -> Summary:
        """What the header says."""
        return summarize(self._fields)

    @property
    def headers(self) -> list[tuple[str, str]]:
        """The fields of the header in order, unfolded and otherwise as they are written."""
        return self._fields.texts()

    @property
    def content_type(self) -> str:
        """The media type of the message as a whole, in lower case, without parameters."""
        return self._parts[0].media_type

    @cached_property
    def attachments(self) -> tuple[Attachment, ...]:
        """In the order in which they stand in the message."""
        parts = self._roles.attachments
        return tuple(self._attachment(part, number) for number, part in enumerate(parts, 1))

    @property
    def has_attachments(self) -> bool:
        """Whether there is one that is not inline, as in Exchange."""
        return any(not each.is_inline for each in self.attachments)

    @cached_property
    def text(self) -> str | None:
        """The text/plain body."""
        return self._text_of(self._roles.text)

    @cached_property
    def html(self) -> str | None:
        """The text/html body."""
        return self._text_of(self._roles.html)

    @property
    def calendar(self) -> str | None:
        """The first text/calendar part, attached or not."""
        return self._text_of(self._roles.calendar)

    @property
    def calendar_method(self) -> str | None:
        """What the sender wants to be done with it (iTIP, RFC 5546), as REQUEST, in upper case."""
        part = self._roles.calendar
        method = part.parameters.text(b"method") if part else None
        return one_line(method, 64).upper() if method else None

    def attachment_content(self, part: int) -> bytes:
        """The decoded octets of the attachment with this `part`. Raises KeyError."""
        for each in self._roles.attachments:
            if each.index == part:
                return self._octets(each)
        raise KeyError(part)

    def _octets(self, part: Part) -> bytes:
        return transfer.decode(self._content, part.start, part.end, part.encoding)

    def _text_of(self, part: Part | None) -> str | None:
        if part is None:
            return None
        octets = self._octets(part)
        charset = part.parameters.text(b"charset")
        if charset is None and part.media_type == "text/html":
            meta = _META_CHARSET.search(octets, 0, _META_WITHIN)
            charset = meta[1].decode() if meta else None
        text = charsets.for_xml(charsets.decode(octets, charset))
        return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text

    def _attachment(self, part: Part, number: int) -> Attachment:
        content_id = _identifier(part.fields.first(b"content-id"))
        location = _identifier(part.fields.first(b"content-location"))
        size = transfer.decoded_size(self._content, part.start, part.end, part.encoding)
        return Attachment(
            part=part.index,
            name=part.file_name or self._name_of(part, number),
            content_type=part.media_type,
            content_id=content_id,
            content_location=location,
            is_inline=self._is_inline(part, content_id, location),
            size=size,
            is_message=part.media_type in _MESSAGE_TYPES,
        )

    def _name_of(self, part: Part, number: int) -> str:
        if part.media_type in _MESSAGE_TYPES:
            inside, _ = fields.read(self._content, part.start)
            if subject := summarize(inside).subject:
                return subject[:SUBJECT_LIMIT]
        return f"ATT{number:05}{_SUFFIXES.get(part.media_type, '.dat')}"

    def _is_inline(self, part: Part, content_id: str | None, location: str | None) -> bool:
        if self._roles.html is None or not (content_id or location):
            return False
        if part.is_related and part.disposition.token == "inline":
            return True  # the usual case, told without decoding the body
        if part.is_related and location and not content_id and not part.is_attached:
            return True  # MHTML (RFC 2557)
        return content_id in self._referenced

    @cached_property
    def _referenced(self) -> set[str]:
        """The Content-IDs that the HTML body refers to (RFC 2392)."""
        found = _CONTENT_REFERENCE.findall(self.html or "")
        return {unquote(unescape(each)) for each in found}


def _identifier(value: bytes | None) -> str | None:
    if value is None:
        return None
    text = one_line(charsets.decode_unlabelled(value), _LONGEST_ID)
    return text.removeprefix("<").removesuffix(">").strip() or None
