"""t:TimeZoneDefinition elements."""

from datetime import timedelta

import pytest
from exchangelib.properties import TimeZone, TimeZoneDefinition
from lxml import etree

from ewspush.wire import time_zones, windows_zones
from ewspush.wire.time_zone_xml import add_definition, duration
from support.schemas import TYPES

NAMESPACES = {"t": TYPES}


def element(id, year=2025, *, full=True):
    parent = etree.Element("parent")
    add_definition(parent, time_zones.definition(id, year), full=full)
    (definition,) = parent
    return definition


def texts(definition, path):
    return [each.text for each in definition.iterfind(f".//{path}", NAMESPACES)]


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (timedelta(0), "PT0S"),
        (timedelta(hours=2), "PT2H"),
        (timedelta(hours=-5, minutes=-30), "-PT5H30M"),
        (timedelta(hours=23, minutes=59, seconds=59), "PT23H59M59S"),
        (timedelta(seconds=-1), "-PT1S"),
        (timedelta(hours=24), "PT24H"),
    ],
)
def test_a_duration_is_written_without_days(time, text):
    assert duration(time) == text


def test_a_definition_that_is_not_full_is_a_name():
    definition = element("Eastern Standard Time", full=False)
    assert dict(definition.attrib) == {
        "Id": "Eastern Standard Time",
        "Name": "(UTC-05:00) Eastern Standard Time",
    }
    assert len(definition) == 0


def test_a_recurring_year_is_written_as_exchange_does():
    """The example of the page GetServerTimeZones, EWS reference, its group 1."""
    definition = element("Eastern Standard Time")
    periods = definition.findall("t:Periods/t:Period", NAMESPACES)
    assert [(each.get("Name"), each.get("Bias")) for each in periods] == [
        ("Daylight", "PT4H"),
        ("Standard", "PT5H"),
    ]
    assert texts(definition, "t:TransitionsGroup/*/t:To") == [each.get("Id") for each in periods]
    assert texts(definition, "t:RecurringDayTransition/t:TimeOffset") == ["PT2H", "PT2H"]
    assert texts(definition, "t:RecurringDayTransition/t:Month") == ["3", "11"]
    assert texts(definition, "t:RecurringDayTransition/t:DayOfWeek") == ["Sunday", "Sunday"]
    assert texts(definition, "t:RecurringDayTransition/t:Occurrence") == ["2", "1"]
    assert texts(definition, "t:Transitions/t:Transition/t:To") == ["0"]


def test_stretches_begin_at_local_times():
    definition = element("Yukon Standard Time", 2020)
    assert texts(definition, "t:Transitions/*/t:To") == ["0", "1"]
    assert texts(definition, "t:AbsoluteDateTransition/t:DateTime") == ["2020-03-08T02:00:00"]


@pytest.mark.parametrize("year", [2020, 2025])
@pytest.mark.parametrize("id", windows_zones.ids())
def test_exchangelib_reads_it(id, year):
    read = TimeZoneDefinition.from_xml(element(id, year), account=None)
    assert read.id == id
    zone = TimeZone.from_server_timezone(read, for_year=year)
    standard = read.get_std_and_dst(for_year=year)[2]
    assert zone.bias == standard.bias_in_minutes
