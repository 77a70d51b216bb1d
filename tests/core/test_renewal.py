"""Subscription periods: when each begins, and what follows."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ewspush.core.renewal import Period, Renewal

MONTHLY, YEARLY, CANCELED = Period


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def day(at_s: int | None) -> str | None:
    return None if at_s is None else datetime.fromtimestamp(at_s, UTC).isoformat()[:16]


@pytest.mark.parametrize(
    ("began", "period", "starts"),
    [
        (
            "2027-01-31T10:30",
            MONTHLY,
            ["2027-02-28T10:30", "2027-03-31T10:30", "2027-04-30T10:30", "2027-05-31T10:30"],
        ),
        ("2028-01-30T00:00", MONTHLY, ["2028-02-29T00:00", "2028-03-30T00:00"]),
        ("2026-12-15T23:59", MONTHLY, ["2027-01-15T23:59", "2027-02-15T23:59"]),
        (
            "2028-02-29T12:00",
            YEARLY,
            ["2029-02-28T12:00", "2030-02-28T12:00", "2031-02-28T12:00", "2032-02-29T12:00"],
        ),
        ("2026-11-21T08:00", YEARLY, ["2027-11-21T08:00", "2028-11-21T08:00"]),
    ],
)
def test_periods_follow_one_another(began: str, period: Period, starts: list[str]) -> None:
    first = Renewal.begin(period, at(began))
    assert day(first.started_at_s) == began
    current = first
    for start in starts:
        assert day(current.next_starts_at_s) == start
        start_s = at(start)
        assert first.as_of(start_s - 1) == current
        current = first.as_of(start_s)
        assert day(current.started_at_s) == start
        assert (current.period, current.next_period) == (period, period)


def test_a_change_takes_effect_as_the_next_period() -> None:
    changed = Renewal.begin(MONTHLY, at("2027-01-31T00:00")).followed_by(
        YEARLY, at("2027-03-05T00:00")
    )
    assert day(changed.started_at_s) == "2027-02-28T00:00"
    assert (changed.period, changed.next_period) == (MONTHLY, YEARLY)
    after = changed.as_of(at("2027-03-31T00:00"))
    assert (after.period, after.next_period) == (YEARLY, YEARLY)
    assert day(after.next_starts_at_s) == "2028-03-31T00:00"


def test_the_last_change_counts() -> None:
    renewal = Renewal.begin(YEARLY, at("2027-01-01T00:00"))
    for period in (MONTHLY, CANCELED, YEARLY):
        renewal = renewal.followed_by(period, at("2027-06-01T00:00"))
    assert renewal == Renewal.begin(YEARLY, at("2027-01-01T00:00"))


def test_what_is_canceled_ends_with_its_period() -> None:
    canceled = Renewal.begin(MONTHLY, at("2027-01-31T00:00")).followed_by(
        CANCELED, at("2027-02-10T00:00")
    )
    end_s = at("2027-02-28T00:00")
    assert canceled.ends_at_s == end_s
    assert canceled.as_of(end_s - 1).period is MONTHLY
    over = canceled.as_of(end_s)
    assert (over.period, over.next_period) == (CANCELED, CANCELED)
    assert day(over.started_at_s) == "2027-02-28T00:00"
    assert over.next_starts_at_s is None
    assert over.ends_at_s is None
    assert over.as_of(at("2040-01-01T00:00")) == over


def test_what_is_not_canceled_does_not_end() -> None:
    assert Renewal.begin(MONTHLY, 0).ends_at_s is None


def test_what_is_resumed_goes_on_as_it_was() -> None:
    renewal = Renewal.begin(MONTHLY, at("2027-01-31T00:00"))
    assert renewal.resumed(at("2027-06-01T00:00")) == renewal
    canceled = renewal.followed_by(CANCELED, at("2027-02-01T00:00"))
    assert canceled.resumed(at("2027-02-27T00:00")) == canceled


@pytest.mark.parametrize("period", [MONTHLY, YEARLY])
def test_what_was_canceled_and_ended_begins_anew(period: Period) -> None:
    canceled = Renewal.begin(period, at("2027-01-31T00:00")).followed_by(
        CANCELED, at("2027-02-01T00:00")
    )
    later_s = at("2028-06-10T00:00")
    assert canceled.resumed(later_s) == Renewal.begin(period, later_s)


TIMES = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)).map(
    lambda time: int(time.replace(tzinfo=UTC).timestamp())
)


@given(TIMES, st.sampled_from([MONTHLY, YEARLY]), TIMES)
def test_every_moment_lies_in_one_period(began_s: int, period: Period, now_s: int) -> None:
    now_s = max(began_s, now_s)
    current = Renewal.begin(period, began_s).as_of(now_s)
    assert current.next_starts_at_s is not None
    assert current.started_at_s <= now_s < current.next_starts_at_s
    length = timedelta(seconds=current.next_starts_at_s - current.started_at_s)
    shortest, longest = (28, 31) if period is MONTHLY else (365, 366)
    assert shortest <= length.days <= longest
    assert current.as_of(now_s) == current
    assert current.started_at_s == began_s or current.started_at_s % 86_400 == began_s % 86_400


@given(TIMES, st.lists(st.tuples(TIMES, st.sampled_from(Period)), max_size=5), TIMES)
def test_to_look_changes_nothing(
    began_s: int, changes: list[tuple[int, Period]], now_s: int
) -> None:
    """Periods that are looked at on the way are the same as those that are not."""
    looked = plain = Renewal.begin(MONTHLY, began_s)
    for change_s, period in sorted(changes, key=lambda change: change[0]):
        if change_s < began_s or plain.as_of(change_s).period is CANCELED:
            continue
        looked = looked.as_of(change_s).followed_by(period, change_s)
        plain = plain.followed_by(period, change_s)
    end_s = max(now_s, *(change_s for change_s, _ in changes), began_s)
    assert looked.as_of(end_s) == plain.as_of(end_s)
