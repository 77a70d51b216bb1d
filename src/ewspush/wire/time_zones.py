"""Time zones as EWS defines them (TimeZoneDefinition), made from the rules of one year."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import pairwise

from ewspush.wire import windows_zones

STANDARD = "Standard"
DAYLIGHT = "Daylight"
LAST = -1  # Occurrence (EWS XML reference): the last in the month

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_EVERY_MONTH = 4  # times that every month has every weekday
_LOOK_AHEAD = 6  # years, in which every day of a month is on every weekday but one


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a zone's offset from UTC, at a time of the clocks that are then changed."""

    at: datetime
    before: timedelta
    after: timedelta


@dataclass(frozen=True, slots=True)
class Period:
    """t:Period. The bias is what must be added to local time to get UTC."""

    id: str
    name: str
    bias: timedelta


@dataclass(frozen=True, slots=True)
class RecurringDay:
    """When a period begins every year (t:RecurringDayTransition)."""

    month: int
    weekday: int  # 0 is Monday
    occurrence: int  # of the weekday in the month: 1 to 4, or LAST
    offset: timedelta  # from midnight, local time

    def in_year(self, year: int) -> datetime:
        """The moment, by the clocks before the change."""
        first = date(year, self.month, 1)
        days = monthrange(year, self.month)[1]
        day = 1 + (self.weekday - first.weekday()) % 7
        listed = range(day, days + 1, 7)
        day = listed[LAST if self.occurrence == LAST else self.occurrence - 1]
        return datetime(year, self.month, day) + self.offset


@dataclass(frozen=True, slots=True)
class Start:
    """That a period begins: on this day of every year, or (None) at the beginning of its group."""

    period: Period
    on: RecurringDay | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """A t:TransitionsGroup, and the local time from which on it holds (None: always)."""

    starts: tuple[Start, ...]
    since: datetime | None = None

    @property
    def periods(self) -> tuple[Period, ...]:
        return tuple(start.period for start in self.starts)


@dataclass(frozen=True, slots=True)
class TimeZoneDefinition:
    """A zone's rules (TimeZoneDefinition, EWS XML reference)."""

    id: str
    name: str
    groups: tuple[Group, ...]

    @property
    def periods(self) -> tuple[Period, ...]:
        """Every period once."""
        return tuple(dict.fromkeys(p for group in self.groups for p in group.periods))


@lru_cache(maxsize=1024)  # a few years of every zone there is
def definition(windows_id: str, year: int) -> TimeZoneDefinition:
    """The rules of a zone as they are in `year`. Raises UnknownTimeZone.

    Two changes there and back recur every year, as Windows has it, and as the calendars of clients
    understand it. Other years are made of stretches, each with a group of its own.
    """
    zone = windows_zones.zone(windows_id)
    rule = f"trule:Microsoft/Registry/{windows_id}/{year}"
    found = tuple(changes(zone, year))
    match found:
        case (out, back) if out.before == back.after and out.after == back.before:
            groups: tuple[Group, ...] = (_recurring(zone, rule, out, back),)
            standard = max(period.bias for period in groups[0].periods)
        case _:
            groups = tuple(_stretches(zone, rule, year, found))
            standard = groups[-1].periods[-1].bias
    return TimeZoneDefinition(windows_id, f"({_utc(-standard)}) {windows_id}", groups)


def changes(zone: tzinfo, year: int) -> Iterator[Change]:
    """Every change of the offset in a year of local time. Two on one day are not told apart."""
    first = datetime(year, 1, 1, tzinfo=UTC) - 2 * _DAY
    for early, late in pairwise(first + n * _DAY for n in range(371)):
        before, after = _offset(zone, early), _offset(zone, late)
        if before != after:
            at = (_moment(zone, early, late) + before).replace(tzinfo=None)
            if at.year == year:
                yield Change(at, before, after)


def _offset(zone: tzinfo, moment: datetime) -> timedelta:
    offset = moment.astimezone(zone).utcoffset()
    assert offset is not None, "a zone has an offset at any time"
    return offset


def _moment(zone: tzinfo, early: datetime, late: datetime) -> datetime:
    """When the offset changes between two moments: the first second with the new one."""
    before = _offset(zone, early)
    while late - early > _SECOND:
        middle = early + (late - early) // (2 * _SECOND) * _SECOND
        if _offset(zone, middle) == before:
            early = middle
        else:
            late = middle
    return late


def _recurring(zone: tzinfo, rule: str, out: Change, back: Change) -> Group:
    """Daylight time is the one that is ahead, also where the law has it otherwise (Morocco)."""
    standard = Period(f"{rule}-Standard", STANDARD, -min(out.before, out.after))
    daylight = Period(f"{rule}-Daylight", DAYLIGHT, -max(out.before, out.after))
    return Group(
        tuple(
            Start(standard if -change.after == standard.bias else daylight, _rule(zone, change))
            for change in (out, back)
        )
    )


def _rule(zone: tzinfo, change: Change) -> RecurringDay:
    """The rule that gives this change, and of two such the one that holds in the years to come."""
    at = change.at
    offset = at - datetime(at.year, at.month, at.day)
    counted = (at.day + 6) // 7
    if at.day + 7 <= monthrange(at.year, at.month)[1]:
        return RecurringDay(at.month, at.weekday(), counted, offset)
    last = RecurringDay(at.month, at.weekday(), LAST, offset)
    if counted > _EVERY_MONTH:
        return last
    rules = (last, replace(last, occurrence=counted))
    coming = range(at.year + 1, at.year + 1 + _LOOK_AHEAD)
    return max(rules, key=lambda rule: sum(_holds(zone, change, rule, year) for year in coming))


def _holds(zone: tzinfo, change: Change, rule: RecurringDay, year: int) -> bool:
    moment = rule.in_year(year).replace(tzinfo=UTC) - change.before
    offsets = (_offset(zone, moment - _SECOND), _offset(zone, moment))
    return offsets == (change.before, change.after)


def _stretches(zone: tzinfo, rule: str, year: int, found: tuple[Change, ...]) -> Iterator[Group]:
    summer = datetime(year, 7, 1, tzinfo=UTC)  # or any other day
    first = found[0].before if found else _offset(zone, summer)
    periods = {first: Period(f"{rule}-Standard", STANDARD, -first)}
    yield Group((Start(periods[first]),))
    for change in found:
        new = Period(f"{rule}-Standard{len(periods) + 1}", STANDARD, -change.after)
        yield Group((Start(periods.setdefault(change.after, new)),), since=change.at)


def _utc(offset: timedelta) -> str:
    """UTC+05:30."""
    minutes = abs(offset) // timedelta(minutes=1)
    return f"UTC{'-' if offset < timedelta(0) else '+'}{minutes // 60:02}:{minutes % 60:02}"
