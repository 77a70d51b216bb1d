"""Dates in query strings: days, months, words like "yesterday", and spans of them.

All are of UTC, as every time in an answer is, and a week begins on a Sunday (QueryString and
"Perform an AQS search by using EWS in Exchange").
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_DAYS_FROM_NOW = {"yesterday": -1, "today": 0, "tomorrow": 1}
_PERIODS_FROM_NOW = {"last": -1, "this": 0, "next": 1}
_UNITS = ("week", "month", "year")

_AMERICAN = re.compile(r"(?P<month>\d{1,2})/(?P<day>\d{1,2})(?:/(?P<year>\d{4}))?", re.ASCII)
_ISO = re.compile(r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)", re.ASCII)
_DAY = re.compile(r"\d{1,2},?", re.ASCII)
_YEAR = re.compile(r"\d{4}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` to before `stop`."""

    start: datetime
    stop: datetime

    def to(self, last: "Span") -> "Span":
        """From the start of this one to the end of that one."""
        return Span(self.start, last.stop)


def read(words: Sequence[str], now_s: int) -> tuple[Span, int] | None:
    """The date at the beginning of these words, and how many of them it takes.

    None if they do not begin with one, or if it is none that the calendar has.
    """
    now = datetime.fromtimestamp(now_s, UTC)
    folded = [word.lower() for word in words]
    try:
        return _read(folded, now.replace(hour=0, minute=0, second=0, microsecond=0))
    except (ValueError, OverflowError):
        return None


def _read(words: list[str], today: datetime) -> tuple[Span, int] | None:
    first, second = (*words, "", "")[:2]
    if first in _MONTHS:
        return _of_month(words, today)
    if second in _UNITS and first in _PERIODS_FROM_NOW:
        return _period(second, today, _PERIODS_FROM_NOW[first]), 2
    if second in _UNITS and first in ("past", "coming"):
        return _from_today(second, today, is_past=first == "past"), 2
    day = _day(first, today)
    return None if day is None else (_days(day), 1)


def _day(word: str, today: datetime) -> datetime | None:
    if word in _DAYS_FROM_NOW:
        return today + timedelta(_DAYS_FROM_NOW[word])
    if word in _WEEKDAYS:
        return _week(today) + timedelta(_WEEKDAYS.index(word))
    found = _AMERICAN.fullmatch(word) or _ISO.fullmatch(word)
    if found is None:
        return None
    year = int(found["year"] or today.year)
    return today.replace(year=year, month=int(found["month"]), day=int(found["day"]))


def _of_month(words: list[str], today: datetime) -> tuple[Span, int]:
    """A month of this year, or a day in one: "December", "December 11", "December 11, 2013"."""
    month = _MONTHS.index(words[0]) + 1
    if len(words) == 1 or not _DAY.fullmatch(words[1]):
        start = today.replace(month=month, day=1)
        return Span(start, _later("month", start, 1)), 1
    has_year = len(words) > 2 and _YEAR.fullmatch(words[2])  # noqa: PLR2004  month, day, year
    year = int(words[2]) if has_year else today.year
    day = today.replace(year=year, month=month, day=int(words[1].rstrip(",")))
    return _days(day), 3 if has_year else 2


def _period(unit: str, today: datetime, periods: int) -> Span:
    """The week, month or year that is so many after the current one."""
    starts = {
        "week": _week(today),
        "month": today.replace(day=1),
        "year": today.replace(month=1, day=1),
    }
    return Span(_later(unit, starts[unit], periods), _later(unit, starts[unit], periods + 1))


def _from_today(unit: str, today: datetime, *, is_past: bool) -> Span:
    """A week, month or year that ends with today, or begins with it."""
    tomorrow = today + timedelta(1)
    return (
        Span(_later(unit, tomorrow, -1), tomorrow)
        if is_past
        else Span(today, _later(unit, today, 1))
    )


def _week(today: datetime) -> datetime:
    return today - timedelta(today.isoweekday() % len(_WEEKDAYS))


def _days(day: datetime) -> Span:
    return Span(day, day + timedelta(1))


def _later(unit: str, day: datetime, count: int) -> datetime:
    """So many units later, or on the last day of that month if it has no such day."""
    if unit == "week":
        return day + timedelta(weeks=count)
    months = day.year * 12 + day.month - 1 + count * (12 if unit == "year" else 1)
    first = day.replace(year=months // 12, month=months % 12 + 1, day=1)
    last = (first + timedelta(31)).replace(day=1) - timedelta(1)
    return first.replace(day=min(day.day, last.day))
