"""t:TimeZoneDefinition elements."""

from datetime import timedelta

from lxml import etree

from ewspush.wire.namespaces import TYPES
from ewspush.wire.time_zones import Group, RecurringDay, Start, TimeZoneDefinition

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def add_definition(parent: etree._Element, definition: TimeZoneDefinition, *, full: bool) -> None:
    """Append a definition, with its rules if `full`."""
    element = _add(parent, "TimeZoneDefinition", Id=definition.id, Name=definition.name)
    if not full:
        return
    periods = _add(element, "Periods")
    for period in definition.periods:
        bias = duration(period.bias)
        _add(periods, "Period", Bias=bias, Name=period.name, Id=period.id)
    groups, transitions = _add(element, "TransitionsGroups"), _add(element, "Transitions")
    for number, group in enumerate(definition.groups):
        _add_group(groups, group, str(number))
        _add_transition(transitions, group, str(number))


def duration(time: timedelta) -> str:
    """An xs:duration, as in -PT5H30M."""
    seconds = int(abs(time).total_seconds())
    parts = ((seconds // 3600, "H"), (seconds // 60 % 60, "M"), (seconds % 60, "S"))
    text = "".join(f"{number}{unit}" for number, unit in parts if number)
    return f"{'-' if time < timedelta(0) else ''}PT{text or '0S'}"


def _add(
    parent: etree._Element, name: str, text: str | None = None, **attributes: str
) -> etree._Element:
    element = etree.SubElement(parent, f"{{{TYPES}}}{name}", attributes)
    element.text = text
    return element


def _add_group(groups: etree._Element, group: Group, number: str) -> None:
    element = _add(groups, "TransitionsGroup", Id=number)
    for start in group.starts:
        _add_start(element, start)


def _add_start(group: etree._Element, start: Start) -> None:
    match start.on:
        case None:
            _add(_add(group, "Transition"), "To", start.period.id, Kind="Period")
        case RecurringDay() as day:
            element = _add(group, "RecurringDayTransition")
            _add(element, "To", start.period.id, Kind="Period")
            _add(element, "TimeOffset", duration(day.offset))
            _add(element, "Month", str(day.month))
            _add(element, "DayOfWeek", _DAYS[day.weekday])
            _add(element, "Occurrence", str(day.occurrence))


def _add_transition(transitions: etree._Element, group: Group, number: str) -> None:
    if group.since is None:
        _add(_add(transitions, "Transition"), "To", number, Kind="Group")
        return
    element = _add(transitions, "AbsoluteDateTransition")
    _add(element, "To", number, Kind="Group")
    _add(element, "DateTime", group.since.isoformat(timespec="seconds"))
