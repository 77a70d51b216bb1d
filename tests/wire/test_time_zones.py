"""Time zone definitions say of every moment of their year what the zone itself says."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ewspush.wire import time_zones, windows_zones
from ewspush.wire.time_zones import DAYLIGHT, LAST, STANDARD, RecurringDay

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
MONDAY, WEDNESDAY, FRIDAY, SUNDAY = 0, 2, 4, 6


def described(id, year):
    """Groups as lists of (bias in minutes, name, rule); a rule is what a client would read."""
    return [
        [(start.period.bias // MINUTE, start.period.name, rule(start.on)) for start in group.starts]
        for group in time_zones.definition(id, year).groups
    ]


def rule(day):
    return day and (day.month, day.weekday, day.occurrence, day.offset // HOUR)


@pytest.mark.parametrize(
    ("id", "groups"),
    [
        ("UTC", [[(0, STANDARD, None)]]),
        ("India Standard Time", [[(-330, STANDARD, None)]]),
        ("Nepal Standard Time", [[(-345, STANDARD, None)]]),
        ("Dateline Standard Time", [[(720, STANDARD, None)]]),
        ("Line Islands Standard Time", [[(-840, STANDARD, None)]]),
        # Iran has had no summer time since 2023.
        ("Iran Standard Time", [[(-210, STANDARD, None)]]),
        (
            "W. Europe Standard Time",
            [[(-120, DAYLIGHT, (3, SUNDAY, LAST, 2)), (-60, STANDARD, (10, SUNDAY, LAST, 3))]],
        ),
        (
            "GMT Standard Time",
            [[(-60, DAYLIGHT, (3, SUNDAY, LAST, 1)), (0, STANDARD, (10, SUNDAY, LAST, 2))]],
        ),
        (
            "Eastern Standard Time",
            [[(240, DAYLIGHT, (3, SUNDAY, 2, 2)), (300, STANDARD, (11, SUNDAY, 1, 2))]],
        ),
        # In the south the year begins in summer.
        (
            "AUS Eastern Standard Time",
            [[(-600, STANDARD, (4, SUNDAY, 1, 3)), (-660, DAYLIGHT, (10, SUNDAY, 1, 2))]],
        ),
        # Half an hour, and not at a full hour of UTC.
        (
            "Lord Howe Standard Time",
            [[(-630, STANDARD, (4, SUNDAY, 1, 2)), (-660, DAYLIGHT, (10, SUNDAY, 1, 2))]],
        ),
        # At midnight.
        (
            "Cuba Standard Time",
            [[(240, DAYLIGHT, (3, SUNDAY, 2, 0)), (300, STANDARD, (11, SUNDAY, 1, 1))]],
        ),
        # The Friday before the last Sunday, which is the fourth more often than the last.
        (
            "Israel Standard Time",
            [[(-180, DAYLIGHT, (3, FRIDAY, 4, 2)), (-120, STANDARD, (10, SUNDAY, LAST, 2))]],
        ),
    ],
)  # fmt: skip
def test_a_year_is_described_as_windows_does(id, groups):
    assert described(id, 2025) == groups


def test_standard_time_is_the_later_one_where_the_law_has_it_otherwise():
    """In Morocco the clocks go back for Ramadan, on days that no rule gives."""
    assert described("Morocco Standard Time", 2025) == [
        [(0, STANDARD, (2, SUNDAY, LAST, 3)), (-60, DAYLIGHT, (4, SUNDAY, 1, 2))]
    ]


def test_days_by_another_calendar_are_those_of_the_year():
    """In Iran it was the first of Farvardin and the last of Shahrivar."""
    assert described("Iran Standard Time", 2021) == [
        [(-270, DAYLIGHT, (3, MONDAY, 4, 0)), (-210, STANDARD, (9, WEDNESDAY, 4, 0))]
    ]


@pytest.mark.parametrize(
    ("id", "year", "biases", "since"),
    [
        ("Yukon Standard Time", 2020, [480, 420], [None, datetime(2020, 3, 8, 2)]),
        ("Volgograd Standard Time", 2020, [-240, -180], [None, datetime(2020, 12, 27, 2)]),
        ("South Sudan Standard Time", 2021, [-180, -120], [None, datetime(2021, 2, 1)]),
        (  # Summer time with a pause for Ramadan
            "Morocco Standard Time", 2016, [0, -60, 0, -60, 0],
            [
                None, datetime(2016, 3, 27, 2), datetime(2016, 6, 5, 3), datetime(2016, 7, 10, 2),
                datetime(2016, 10, 30, 3),
            ],
        ),
    ],
)  # fmt: skip
def test_a_year_that_does_not_recur_is_made_of_stretches(id, year, biases, since):
    groups = time_zones.definition(id, year).groups
    assert all(len(group.starts) == 1 for group in groups)
    assert all(period.name == STANDARD for group in groups for period in group.periods)
    assert [group.periods[0].bias // MINUTE for group in groups] == biases
    assert [group.since for group in groups] == since


def test_a_year_has_its_own_changes_alone():
    """Samoa left out the 30th of December 2011, two days before the next year."""
    zone = windows_zones.zone("Samoa Standard Time")
    changed = [[change.at.date() for change in time_zones.changes(zone, y)] for y in (2011, 2012)]
    assert changed[0][-1] == date(2011, 12, 30)
    assert changed[1][0] == date(2012, 4, 1)


@pytest.mark.parametrize(
    ("id", "year", "name"),
    [
        ("UTC", 2025, "(UTC+00:00) UTC"),
        ("Newfoundland Standard Time", 2025, "(UTC-03:30) Newfoundland Standard Time"),
        ("Nepal Standard Time", 2025, "(UTC+05:45) Nepal Standard Time"),
        ("W. Europe Standard Time", 2025, "(UTC+01:00) W. Europe Standard Time"),
        ("Yukon Standard Time", 2020, "(UTC-07:00) Yukon Standard Time"),
    ],
)
def test_the_name_tells_the_offset_of_standard_time(id, year, name):
    assert time_zones.definition(id, year).name == name


def test_an_unknown_zone_has_no_definition():
    with pytest.raises(windows_zones.UnknownTimeZone):
        time_zones.definition("Nowhere Standard Time", 2025)


def offset_by_definition(definition, local):
    """What a client takes for the offset at a local time that is not close to a change."""
    (group,) = [
        group for group, following in zip(
            definition.groups, [*definition.groups[1:], None], strict=True
        )
        if (group.since is None or group.since <= local)
        and (following is None or local < following.since)
    ]  # fmt: skip
    if group.starts[0].on is None:
        (only,) = group.starts
        return -only.period.bias
    begins = [(start.on.in_year(local.year), start.period) for start in group.starts]
    past = [period for at, period in begins if at <= local]
    return -(past[-1] if past else begins[-1][1]).bias


@given(
    id=st.sampled_from(windows_zones.ids()),
    year=st.integers(1990, 2037),
    minutes=st.integers(0, 525_599),
)
def test_a_definition_gives_the_offset_at_any_time_of_its_year(id, year, minutes):
    zone = windows_zones.zone(id)
    moment = (datetime(year, 1, 1, tzinfo=UTC) + minutes * MINUTE).astimezone(zone)
    local = moment.replace(tzinfo=None)
    near = [c.at for c in time_zones.changes(zone, local.year) if abs(c.at - local) <= 24 * HOUR]
    if not near:  # within a day the local times of changes that jump over a date differ
        definition = time_zones.definition(id, local.year)
        assert offset_by_definition(definition, local) == moment.utcoffset()


@pytest.mark.parametrize("year", [2024, 2025, 2026, 2027])
@pytest.mark.parametrize("id", windows_zones.ids())
def test_a_definition_is_one_that_the_managed_api_takes(id, year):
    """TimeZoneDefinition.Validate and TimeZoneTransitionGroup.Validate of its source."""
    definition = time_zones.definition(id, year)
    assert definition.groups[0].since is None
    assert all(group.since for group in definition.groups[1:])
    for group in definition.groups:
        if len(group.starts) == 1:
            assert (group.starts[0].on, group.starts[0].period.name) == (None, STANDARD)
        else:
            assert all(start.on for start in group.starts)
            assert {period.name for period in group.periods} == {STANDARD, DAYLIGHT}
    ids = [period.id for period in definition.periods]
    assert len(ids) == len(set(ids))


@given(st.dates(), st.integers(0, 23))
def test_a_rule_is_found_again_in_its_own_year(day, hour):
    occurrence = (day.day + 6) // 7
    for n in {occurrence, LAST} if day.day > 24 else {occurrence}:
        if n > 4:
            continue
        found = RecurringDay(day.month, day.weekday(), n, hour * HOUR).in_year(day.year)
        if n == LAST:
            assert (found + timedelta(days=7)).month != day.month
            assert found.weekday() == day.weekday()
        else:
            assert found == datetime(day.year, day.month, day.day, hour)
