"""Which days the dates of a query string mean."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ewspush.core.query_dates import Span, read

SATURDAY = int(datetime(2026, 11, 21, 13, 45, 59, tzinfo=UTC).timestamp())
LEAP_DAY = int(datetime(2028, 2, 29, 0, 0, 1, tzinfo=UTC).timestamp())


def span(start: str, stop: str) -> Span:
    """From the one day to before the other."""
    return Span(*(datetime.fromisoformat(each).replace(tzinfo=UTC) for each in (start, stop)))


@pytest.mark.parametrize(
    ("words", "start", "stop"),
    [
        ("today", "2026-11-21", "2026-11-22"),
        ("Yesterday", "2026-11-20", "2026-11-21"),
        ("tomorrow", "2026-11-22", "2026-11-23"),
        ("Sunday", "2026-11-15", "2026-11-16"),
        ("tuesday", "2026-11-17", "2026-11-18"),
        ("SATURDAY", "2026-11-21", "2026-11-22"),
        ("this week", "2026-11-15", "2026-11-22"),
        ("last week", "2026-11-08", "2026-11-15"),
        ("next week", "2026-11-22", "2026-11-29"),
        ("this month", "2026-11-01", "2026-12-01"),
        ("next month", "2026-12-01", "2027-01-01"),
        ("last year", "2025-01-01", "2026-01-01"),
        ("past week", "2026-11-15", "2026-11-22"),
        ("past month", "2026-10-22", "2026-11-22"),
        ("coming year", "2026-11-21", "2027-11-21"),
        ("12/11/2013", "2013-12-11", "2013-12-12"),
        ("1/2", "2026-01-02", "2026-01-03"),
        ("2013-12-31", "2013-12-31", "2014-01-01"),
        ("December", "2026-12-01", "2027-01-01"),
        ("february", "2026-02-01", "2026-03-01"),
        ("December 11", "2026-12-11", "2026-12-12"),
        ("December 11, 2013", "2013-12-11", "2013-12-12"),
        ("december 11 2013", "2013-12-11", "2013-12-12"),
    ],
)
def test_a_date_is_read(words: str, start: str, stop: str) -> None:
    assert read(words.split(), SATURDAY) == (span(start, stop), len(words.split()))


@pytest.mark.parametrize("words", ["today now", "last week then", "December project", "5/6 plan"])
def test_what_follows_a_date_is_left(words: str) -> None:
    found = read(words.split(), SATURDAY)
    assert found is not None
    assert found[1] == len(words.split()) - 1


def test_a_month_has_the_days_that_it_has() -> None:
    assert read(["past", "year"], LEAP_DAY) == (span("2027-03-01", "2028-03-01"), 2)
    assert read(["coming", "year"], LEAP_DAY) == (span("2028-02-29", "2029-02-28"), 2)


@pytest.mark.parametrize(
    "words", ["", "soon", "last", "last day", "13/1/2026", "2/30", "2026-13-01", "1/1/26", "May 32"]
)
def test_what_is_no_date_is_not_read(words: str) -> None:
    assert read(words.split(), SATURDAY) is None


@given(st.lists(st.text(max_size=12), max_size=3), st.integers(0, 2**32))
def test_anything_is_a_date_or_is_none(words: list[str], now_s: int) -> None:
    found = read(words, now_s)
    if found is not None:
        assert found[0].start < found[0].stop
        assert 1 <= found[1] <= len(words)
