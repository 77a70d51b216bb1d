"""Single values in XML and in memory."""

import pytest
from lxml import etree

from ewspush.wire.properties.values import BASE64, BOOLEAN, DOUBLE, INTEGER, TEXT, TIME
from ewspush.wire.soap import Violation


def element(text: str) -> etree._Element:
    value = etree.Element("Value")
    value.text = text
    return value


def written(codec, value) -> str:
    parent = etree.Element("Parent")
    codec.write(parent, "Value", value)
    return parent[0].text


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-11-21T10:00:00Z", "2026-11-21T10:00:00Z"),
        ("2026-11-21T10:00:00", "2026-11-21T10:00:00Z"),
        (" 2026-11-21T10:00:00Z\n", "2026-11-21T10:00:00Z"),
        ("2026-11-21T10:00:00+01:00", "2026-11-21T09:00:00Z"),
        ("2026-11-21T00:30:00+14:00", "2026-11-20T10:30:00Z"),
        ("2026-11-21T10:00:00-05:30", "2026-11-21T15:30:00Z"),
        ("2026-11-21T10:00:00.999Z", "2026-11-21T10:00:00Z"),
        ("2026-11-21T10:00:00.1234567+00:00", "2026-11-21T10:00:00Z"),
        ("2026-12-31T24:00:00Z", "2027-01-01T00:00:00Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59Z"),
    ],
)
def test_a_time_is_kept_in_utc_and_whole_seconds(text: str, time: str) -> None:
    assert TIME.read(element(text)) == time


@pytest.mark.parametrize(
    "text",
    [
        "10000-01-01T00:00:00Z",
        "-0044-03-15T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T24:00:00Z",
    ],
)
def test_a_time_outside_of_the_calendar_is_a_violation(text: str) -> None:
    with pytest.raises(Violation, match="outside of the years 1 to 9999"):
        TIME.read(element(text))


@pytest.mark.parametrize("text", ["INF", "-INF", "NaN"])
def test_a_number_that_json_does_not_have_is_a_violation(text: str) -> None:
    with pytest.raises(Violation, match="finite"):
        DOUBLE.read(element(text))


@pytest.mark.parametrize(
    ("codec", "text", "value"),
    [
        (BOOLEAN, "true", True),
        (BOOLEAN, " 1 ", True),
        (BOOLEAN, "false", False),
        (BOOLEAN, "0", False),
        (INTEGER, " -7\n", -7),
        (INTEGER, "+7", 7),
        (DOUBLE, "50", 50.0),
        (DOUBLE, "1E-3", 0.001),
        (BASE64, " aGVs\r\n bG8= ", "aGVsbG8="),
        (TEXT, "", ""),
        (TEXT, " as it is ", " as it is "),
    ],
)
def test_a_value_is_read(codec, text: str, value) -> None:
    assert codec.read(element(text)) == value


@pytest.mark.parametrize(
    ("codec", "value", "text"),
    [
        (BOOLEAN, True, "true"),
        (BOOLEAN, False, "false"),
        (INTEGER, -7, "-7"),
        (DOUBLE, 50.0, "50"),
        (DOUBLE, 0.25, "0.25"),
        (TEXT, "a\x0bb", "ab"),
    ],
)
def test_a_value_is_written(codec, value, text: str) -> None:
    assert written(codec, value) == text
