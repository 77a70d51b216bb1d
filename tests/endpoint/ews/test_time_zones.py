"""GetServerTimeZones."""

from datetime import UTC, datetime

import pytest

from ewspush.wire import windows_zones
from support.ews import NOW_S, envelope

YEAR = datetime.fromtimestamp(NOW_S, UTC).year


def get_server_time_zones(*ids, full=None):
    attribute = "" if full is None else f' ReturnFullTimeZoneData="{full}"'
    listed = "".join(f"<t:Id>{id}</t:Id>" for id in ids)
    listed = f"<m:Ids>{listed}</m:Ids>" if ids else ""
    return envelope(f"<m:GetServerTimeZones{attribute}>{listed}</m:GetServerTimeZones>")


def ids_of(answer):
    assert answer.codes == ["NoError"]
    return [each.get("Id") for each in answer.all("t:TimeZoneDefinition")]


@pytest.mark.parametrize("full", ["true", "false"])
def test_without_ids_all_are_told(shared_ews, full):
    answer = shared_ews.ask(get_server_time_zones(full=full))
    assert ids_of(answer) == list(windows_zones.ids())


@pytest.mark.parametrize(
    ("full", "is_full"), [("true", True), ("1", True), (None, True), ("false", False), ("0", False)]
)
def test_rules_are_told_unless_they_are_not_wanted(shared_ews, full, is_full):
    answer = shared_ews.ask(get_server_time_zones("Eastern Standard Time", full=full))
    definition = answer.one("t:TimeZoneDefinition")
    assert definition.get("Name") == "(UTC-05:00) Eastern Standard Time"
    assert bool(len(definition)) is is_full


def test_the_rules_are_those_of_this_year(shared_ews):
    answer = shared_ews.ask(get_server_time_zones("Eastern Standard Time"))
    assert [period.get("Id") for period in answer.all("t:Period")] == [
        f"trule:Microsoft/Registry/Eastern Standard Time/{YEAR}-Daylight",
        f"trule:Microsoft/Registry/Eastern Standard Time/{YEAR}-Standard",
    ]


def test_those_asked_for_are_told_once_in_that_order(shared_ews):
    asked = ["UTC", "Eastern Standard Time", "UTC", "AUS Eastern Standard Time"]
    answer = shared_ews.ask(get_server_time_zones(*asked))
    assert ids_of(answer) == ["UTC", "Eastern Standard Time", "AUS Eastern Standard Time"]


@pytest.mark.parametrize("asked", [["Nowhere"], ["", "Nowhere", "Europe/Berlin"]])
def test_what_does_not_exist_is_left_out(shared_ews, asked):
    assert ids_of(shared_ews.ask(get_server_time_zones(*asked))) == []
    assert ids_of(shared_ews.ask(get_server_time_zones(*asked, "UTC"))) == ["UTC"]
