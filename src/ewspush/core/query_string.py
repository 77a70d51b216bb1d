"""Query strings: the Advanced Query Syntax of QueryString, read as restrictions.

The rules are those of QueryString (QueryStringType) in the EWS XML reference and of "Perform an AQS
search by using EWS in Exchange".
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeVar

from ewspush.core import query_dates
from ewspush.core.errors import InvalidRestriction
from ewspush.core.item_paths import FieldPath
from ewspush.core.query_dates import Span
from ewspush.core.search import (
    And,
    Comparison,
    Constant,
    Contains,
    Mode,
    Not,
    Operator,
    Or,
    Restriction,
)

_LONGEST = 2000  # characters
_MOST_TEXTS = 100  # words and phrases
_DEEPEST = 30  # groups and NOTs within each other
_MOST_WORDS_OF_DATE = 3

_T = TypeVar("_T")
_Read = Callable[[], Restriction]

_SPACE = re.compile(r"\s*")
_PHRASE = re.compile(r'"(?P<text>[^"]*)"(?P<is_prefix>\*?)')
_WORD = re.compile(r'[^\s()"]+')
_WORD_OF_RANGE = re.compile(r'(?:(?!\.\.)[^\s()"])+')
# Not the colon of an address in the web.
_KEYWORD = re.compile(r"(?P<name>[A-Za-z]+):(?!//)")
_OPERATOR = re.compile(r">=|<=|>|<|=")
_SIZE = re.compile(r"(?P<number>\d{1,15})(?P<unit>KB|MB|GB)?(?![^\s().])", re.ASCII | re.IGNORECASE)
_OR, _AND = re.compile(r"OR(?=[\s(])"), re.compile(r"AND(?=[\s(])|\+")
_NOT = re.compile(r"NOT(?=[\s(])|-")
_OPEN, _CLOSE, _TO = re.compile(r"\("), re.compile(r"\)"), re.compile(r"\.\.")

_OPERATORS = {
    "=": Operator.EQUAL,
    ">": Operator.GREATER,
    ">=": Operator.GREATER_OR_EQUAL,
    "<": Operator.LESS,
    "<=": Operator.LESS_OR_EQUAL,
}
_BYTES = {"": 1, "KB": 1024, "MB": 1024**2, "GB": 1024**3}
_BOOLEANS = {"true": True, "yes": True, "false": False, "no": False}

_FROM, _TO_CC_BCC = ("From",), ("ToRecipients", "CcRecipients", "BccRecipients")
_TEXTS: dict[str, tuple[str, ...]] = {
    "subject": ("Subject",),
    "body": ("Body",),
    "content": ("Body",),
    "attachment": ("Attachments",),
    "attachments": ("Attachments",),
    "from": _FROM,
    "to": ("ToRecipients",),
    "cc": ("CcRecipients",),
    "bcc": ("BccRecipients",),
    "participants": _FROM + _TO_CC_BCC,
    "category": ("Categories",),
    "categories": ("Categories",),
}
# What is searched for a word without a property.
_ANYWHERE = ("Subject", *_FROM, *_TO_CC_BCC, "Attachments", "Body")
_DATES = {"sent": "DateTimeSent", "received": "DateTimeReceived"}
_FLAGS = {
    "isread": "IsRead",
    "hasattachment": "HasAttachments",
    "hasattachments": "HasAttachments",
}
_IMPORTANCES = {"low": "Low", "normal": "Normal", "high": "High"}

# Item classes, those below them included.
_KINDS = {
    "contacts": ("IPM.Contact", "IPM.DistList"),
    "docs": ("IPM.Document",),
    "email": ("IPM.Note",),
    "faxes": ("IPM.Note.Microsoft.Fax",),
    "im": ("IPM.Note.Microsoft.Conversation",),
    "journals": ("IPM.Activity",),
    "meetings": ("IPM.Appointment", "IPM.Schedule.Meeting"),
    "notes": ("IPM.StickyNote",),
    "posts": ("IPM.Post",),
    "rssfeeds": ("IPM.Post.Rss",),
    "tasks": ("IPM.Task",),
    "voicemail": ("IPM.Note.Microsoft.Voicemail",),
}

# A flag is kept as XML.
_IS_FLAGGED = Contains(FieldPath("Flag"), ">Flagged<", Mode.SUBSTRING)


def read(text: str, now_s: int) -> Restriction | None:
    """What a query string looks for; None if it is empty. "today" is the day of `now_s`.

    Raises InvalidRestriction for what it cannot be read as.
    """
    if len(text) > _LONGEST:
        raise InvalidRestriction(f"A query string has {_LONGEST} characters at most.")
    return _Reader(text, now_s).read() if text.strip() else None


class _Reader:
    """Reads a query string from its beginning to its end."""

    def __init__(self, text: str, now_s: int) -> None:
        self._text = text
        self._now_s = now_s
        self._at = _end(_SPACE.match(text))
        self._depth = 0
        self._texts = 0

    def read(self) -> Restriction:
        restriction = self._either(self._term)
        if self._at < len(self._text):
            raise InvalidRestriction("The query string has a closing parenthesis too many.")
        return restriction

    def _either(self, read: _Read) -> Restriction:
        parts = [self._all(read)]
        while self._take(_OR):
            parts.append(self._all(read))
        return _one_of(parts)

    def _all(self, read: _Read) -> Restriction:
        """What is joined by AND, which is also what is meant where there is no connector."""
        parts = [self._one(read)]
        while not (self._is_at_end() or self._is_at(_CLOSE) or self._is_at(_OR)):
            self._take(_AND)
            parts.append(self._one(read))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _one(self, read: _Read) -> Restriction:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise InvalidRestriction("The query string has too many levels.")
        try:
            if self._take(_NOT):
                return Not(self._one(read))
            return self._group(read) if self._take(_OPEN) else read()
        finally:
            self._depth -= 1

    def _group(self, read: _Read) -> Restriction:
        restriction = self._either(read)
        if not self._take(_CLOSE):
            raise InvalidRestriction("The query string lacks a closing parenthesis.")
        return restriction

    def _term(self) -> Restriction:
        keyword = self._take(_KEYWORD)
        if keyword is None:
            return self._words(_ANYWHERE)
        return self._one(self._reader_of(keyword["name"].lower()))

    def _reader_of(self, name: str) -> _Read:
        if name in _TEXTS:
            return lambda: self._words(_TEXTS[name])
        if name in _DATES:
            return lambda: self._date(FieldPath(_DATES[name]))
        if name in _FLAGS:
            return lambda: _equal(_FLAGS[name], str(self._boolean(name)).lower())
        readers: dict[str, _Read] = {
            "importance": lambda: _equal("Importance", self._choice(name, _IMPORTANCES)),
            "isflagged": lambda: _IS_FLAGGED if self._boolean(name) else Not(_IS_FLAGGED),
            "kind": lambda: _one_of([_of_class(each) for each in self._choice(name, _KINDS)]),
            "size": self._size,
        }
        if name not in readers:
            raise InvalidRestriction(f"A query string cannot look for '{name}:'.")
        return readers[name]

    def _words(self, names: tuple[str, ...]) -> Restriction:
        """A word, by which other words may begin, or a phrase in quotation marks."""
        self._texts += 1
        if self._texts > _MOST_TEXTS:
            raise InvalidRestriction(f"A query string has {_MOST_TEXTS} words at most.")
        phrase = self._take(_PHRASE)
        if phrase is not None:
            text = phrase["text"].strip()
            mode = Mode.PREFIX_ON_WORDS if phrase["is_prefix"] else Mode.EXACT_PHRASE
        else:
            text, mode = self._word().rstrip("*"), Mode.PREFIX_ON_WORDS
        if not text:
            raise InvalidRestriction("The query string has a term without any text.")
        return _one_of([Contains(FieldPath(name), text, mode, ignores_case=True) for name in names])

    def _word(self) -> str:
        word = self._take(_WORD)
        if word is None:
            has_quote = self._text[self._at : self._at + 1] == '"'
            missing = "a closing quotation mark" if has_quote else "a term"
            raise InvalidRestriction(f"The query string lacks {missing}.")
        return word[0]

    def _boolean(self, name: str) -> bool:
        return self._choice(name, _BOOLEANS)

    def _choice(self, name: str, choices: Mapping[str, _T]) -> _T:
        word = self._word().lower()
        if word not in choices:
            raise InvalidRestriction(f"'{name}:' is followed by one of {', '.join(choices)}.")
        return choices[word]

    def _date(self, path: FieldPath) -> Restriction:
        sign = self._take(_OPERATOR)
        span = self._span()
        if sign is None and self._take(_TO):
            span = span.to(self._span())
        match sign and sign[0]:
            case ">":
                return _compare(path, Operator.GREATER_OR_EQUAL, span.stop)
            case ">=":
                return _compare(path, Operator.GREATER_OR_EQUAL, span.start)
            case "<":
                return _compare(path, Operator.LESS, span.start)
            case "<=":
                return _compare(path, Operator.LESS, span.stop)
        return And(
            (
                _compare(path, Operator.GREATER_OR_EQUAL, span.start),
                _compare(path, Operator.LESS, span.stop),
            )
        )

    def _span(self) -> Span:
        words: list[str] = []
        ends: list[int] = []
        at = self._at
        while len(words) < _MOST_WORDS_OF_DATE and (word := _WORD_OF_RANGE.match(self._text, at)):
            words.append(word[0])
            ends.append(word.end())
            at = _end(_SPACE.match(self._text, word.end()))
        found = query_dates.read(words, self._now_s)
        if found is None:
            raise InvalidRestriction("The query string has no date where one is wanted.")
        span, count = found
        self._at = _end(_SPACE.match(self._text, ends[count - 1]))
        return span

    def _size(self) -> Restriction:
        sign = self._take(_OPERATOR)
        size = self._number()
        if sign is None and self._take(_TO):
            sizes = (Operator.GREATER_OR_EQUAL, size), (Operator.LESS_OR_EQUAL, self._number())
            return And(tuple(_compare(FieldPath("Size"), *each) for each in sizes))
        return _compare(FieldPath("Size"), _OPERATORS[sign[0]] if sign else Operator.EQUAL, size)

    def _number(self) -> int:
        number = self._take(_SIZE)
        if number is None:
            raise InvalidRestriction("The query string has no size in bytes where one is wanted.")
        return int(number["number"]) * _BYTES[(number["unit"] or "").upper()]

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """What is here, if it is this, and go on after it and the white space behind it."""
        found = pattern.match(self._text, self._at)
        if found is not None:
            self._at = _end(_SPACE.match(self._text, found.end()))
        return found

    def _is_at(self, pattern: re.Pattern[str]) -> bool:
        return pattern.match(self._text, self._at) is not None

    def _is_at_end(self) -> bool:
        return self._at >= len(self._text)


def _end(found: re.Match[str] | None) -> int:
    assert found is not None, "white space may be none"
    return found.end()


def _one_of(parts: list[Restriction]) -> Restriction:
    return parts[0] if len(parts) == 1 else Or(tuple(parts))


def _equal(name: str, text: str) -> Restriction:
    return Comparison(Operator.EQUAL, FieldPath(name), Constant(text))


def _compare(path: FieldPath, operator: Operator, value: datetime | int) -> Restriction:
    text = str(value) if isinstance(value, int) else value.isoformat()
    return Comparison(operator, path, Constant(text))


def _of_class(name: str) -> Restriction:
    path = FieldPath("ItemClass")
    below = Contains(path, f"{name}.", Mode.PREFIXED, ignores_case=True)
    return Or((Contains(path, name, Mode.FULL_STRING, ignores_case=True), below))
