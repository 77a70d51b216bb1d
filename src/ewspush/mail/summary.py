"""What the header of a message says of it, as values."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from ewspush.mail import address_list, encoded_words
from ewspush.mail.address_list import MAX_ADDRESSES, Address
from ewspush.mail.charsets import one_line
from ewspush.mail.fields import Fields
from ewspush.mail.parameters import Parameters

Importance = Literal["Low", "Normal", "High"]
Sensitivity = Literal["Normal", "Personal", "Private", "Confidential"]

SUBJECT_LIMIT = 255  # characters: Exchange Online limits, Subject length limit
MESSAGE_ID_LIMIT = 998  # a line: RFC 5322, 2.1.1
REFERENCES_LIMIT = 32 * 1024
THREAD_INDEX_LIMIT = 1024  # 22 octets and 5 for each of 149 answers

_EARLIEST_S = int(datetime(1601, 1, 1, tzinfo=UTC).timestamp())  # Windows knows none before
_LATEST_S = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp())  # its zone must not pass the year
_LONGEST_DATE = 200
_FIRST_OF_1900S = 50  # of years in two digits
_LAST_SECOND = 59  # a leap second counts as this one

_MESSAGE_ID = re.compile(r"<[^<>\s]+>")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")

# Of Importance and Priority (RFC 2156, 5.3.4 and 5.3.6), and the numbers of X-Priority.
_IMPORTANCE: dict[str, Importance] = {
    **dict.fromkeys(("low", "non-urgent", "4", "5"), "Low"),
    **dict.fromkeys(("normal", "3"), "Normal"),
    **dict.fromkeys(("high", "urgent", "1", "2"), "High"),
}
_IMPORTANCE_FIELDS = (b"importance", b"x-priority", b"x-msmail-priority", b"priority")
_SENSITIVITY: dict[str, Sensitivity] = {
    "personal": "Personal",
    "private": "Private",
    "company-confidential": "Confidential",
}

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_TIME = r"(?P<hour>\d{1,2})[:.](?P<minute>\d{1,2})(?:[:.](?P<second>\d{1,2}))?(?:[.,]\d+)?"
_ZONE = r"(?P<zone>[+-]\d{4}\b|[A-Za-z]{1,5}\b)?"
_DATES = (
    re.compile(
        r"\b(?P<day>\d{1,2})[\s-]*(?P<month>[A-Za-z]{3})[a-z]*\.?[\s,-]*(?P<year>\d{2,4})[\s,]+"
        rf"{_TIME}\s*{_ZONE}"
    ),
    re.compile(  # ctime, as in mbox lines
        rf"\b(?P<month>[A-Za-z]{{3}})[a-z]*\s+(?P<day>\d{{1,2}})\s+{_TIME}\s+(?:{_ZONE}\s+)?"
        r"(?P<year>\d{4})"
    ),
)
# RFC 5322, 4.3; letters and unknown names mean UTC.
_ZONES_H = {"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7}


@dataclass(frozen=True, slots=True)
class Summary:
    """The header fields that EWS has properties for. Texts are one line each and bounded."""

    subject: str | None
    from_: Address | None
    sender: Address | None
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    bcc: tuple[Address, ...]
    reply_to: tuple[Address, ...]
    sent_at_s: int | None  # since 1970, UTC
    message_id: str | None  # with its angle brackets
    in_reply_to: str | None
    references: str | None  # message ids with single spaces between them, the newest last
    importance: Importance
    sensitivity: Sensitivity
    read_receipt_to: Address | None
    delivery_receipt_to: Address | None
    thread_topic: str | None
    thread_index: str | None  # base64

    @property
    def is_read_receipt_requested(self) -> bool:
        """Whether somebody wants to know when it is read."""
        return self.read_receipt_to is not None

    @property
    def is_delivery_receipt_requested(self) -> bool:
        """Whether somebody wants to know that it arrived."""
        return self.delivery_receipt_to is not None


def summarize(fields: Fields) -> Summary:
    """The summary of a header."""
    return _Reader(fields).summary()


class _Reader:
    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        # Raw 8-bit octets of a header are mostly in the charset of the body.
        self._charset = Parameters(fields.first(b"content-type") or b"").text(b"charset")

    def summary(self) -> Summary:
        return Summary(
            subject=self._text(b"subject", SUBJECT_LIMIT),
            from_=self._address(b"from"),
            sender=self._address(b"sender"),
            to=self._addresses(b"to"),
            cc=self._addresses(b"cc"),
            bcc=self._addresses(b"bcc"),
            reply_to=self._addresses(b"reply-to"),
            sent_at_s=seconds(self._fields.first(b"date") or b""),
            message_id=self._message_id(b"message-id"),
            in_reply_to=self._message_id(b"in-reply-to"),
            references=self._references(),
            importance=self._importance(),
            sensitivity=_SENSITIVITY.get(self._word(b"sensitivity"), "Normal"),
            read_receipt_to=self._address(b"disposition-notification-to"),
            delivery_receipt_to=self._address(b"return-receipt-to"),
            thread_topic=self._text(b"thread-topic", SUBJECT_LIMIT),
            thread_index=self._thread_index(),
        )

    def _text(self, name: bytes, limit: int) -> str | None:
        value = self._fields.first(name)
        return (
            None if value is None else one_line(encoded_words.decode(value, self._charset), limit)
        )

    def _addresses(self, name: bytes) -> tuple[Address, ...]:
        values = self._fields.every(name)
        read = (address_list.read(value, self._charset) for value in values)
        return tuple(address for each in read for address in each)[:MAX_ADDRESSES]

    def _address(self, name: bytes) -> Address | None:
        value = self._fields.first(name)
        return next(iter(address_list.read(value, self._charset)), None) if value else None

    def _message_id(self, name: bytes) -> str | None:
        text = self._text(name, MESSAGE_ID_LIMIT) or ""
        found = _MESSAGE_ID.search(text)
        return found[0] if found else text or None

    def _references(self) -> str | None:
        value = self._fields.first(b"references") or b""
        newest = value[-REFERENCES_LIMIT:]
        ids = _MESSAGE_ID.findall(one_line(newest.decode("utf-8", "replace"), len(newest)))
        return " ".join(ids) or None

    def _importance(self) -> Importance:
        for name in _IMPORTANCE_FIELDS:
            if importance := _IMPORTANCE.get(self._word(name)):
                return importance
        return "Normal"

    def _word(self, name: bytes) -> str:
        words = (self._fields.first(name) or b"").split(maxsplit=1)
        return words[0].decode("ascii", "replace").lower() if words else ""

    def _thread_index(self) -> str | None:
        value = b"".join((self._fields.first(b"thread-index") or b"").split())
        text = value.decode("ascii", "replace")
        is_whole = len(text) <= THREAD_INDEX_LIMIT and len(text) % 4 == 0
        return text if is_whole and _BASE64.fullmatch(text) else None


def seconds(date: bytes) -> int | None:
    """The seconds since 1970 of a Date, or None if it is none or not between 1601 and 9999."""
    text = date[:_LONGEST_DATE].decode("ascii", "replace")
    for form in _DATES:
        found = form.search(text)
        if found and found["month"].lower() in _MONTHS:
            return _seconds(found)
    return None


def _seconds(date: re.Match[str]) -> int | None:
    try:
        local = datetime(
            _year(date["year"]),
            _MONTHS.index(date["month"].lower()) + 1,
            int(date["day"]),
            int(date["hour"]),
            int(date["minute"]),
            min(int(date["second"] or 0), _LAST_SECOND),
            tzinfo=UTC,
        )
    except ValueError:
        return None
    at_s = int(local.timestamp()) - _offset_s(date["zone"] or "")
    return at_s if _EARLIEST_S <= at_s <= _LATEST_S else None


def _year(digits: str) -> int:
    year = int(digits)
    if len(digits) == len("1995"):
        return year
    # RFC 5322, 4.3: three digits are years since 1900, two are from 1950 to 2049.
    return year + (2000 if len(digits) == len("95") and year < _FIRST_OF_1900S else 1900)


def _offset_s(zone: str) -> int:
    if zone[:1] in ("+", "-"):
        minutes = int(zone[1:3]) * 60 + int(zone[3:])
        return (-minutes if zone[0] == "-" else minutes) * 60
    return _ZONES_H.get(zone.upper(), 0) * 3600
