"""The ids of Windows for time zones."""

from zoneinfo import ZoneInfo

import pytest

from ewspush.wire import windows_zones
from ewspush.wire.windows_zones import UnknownTimeZone


@pytest.mark.parametrize(
    ("id", "key"),
    [
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("Eastern Standard Time", "America/New_York"),
        ("India Standard Time", "Asia/Kolkata"),
        ("UTC", "Etc/UTC"),
        ("tzone://Microsoft/Utc", "Etc/UTC"),
    ],
)
def test_an_id_is_that_of_a_zone(id, key):
    zone = windows_zones.zone(id)
    assert zone in (ZoneInfo(key), ZoneInfo({"Asia/Kolkata": "Asia/Calcutta"}.get(key, key)))


@pytest.mark.parametrize("id", ["", "Nowhere Standard Time", "Europe/Berlin", "eastern", "../etc"])
def test_what_is_no_id_is_unknown(id):
    with pytest.raises(UnknownTimeZone, match=f"^{id}$"):
        windows_zones.zone(id)


def test_every_id_has_a_zone():
    ids = windows_zones.ids()
    assert len(ids) > 130
    assert list(ids) == sorted(set(ids))
    for id in ids:
        assert windows_zones.zone(id)


def test_a_zone_that_is_newer_than_the_data_is_unknown(monkeypatch):
    monkeypatch.setitem(windows_zones.win_tz, "Tomorrow Standard Time", "Etc/Tomorrow")
    with pytest.raises(UnknownTimeZone):
        windows_zones.zone("Tomorrow Standard Time")
    windows_zones.ids.cache_clear()
    assert "Tomorrow Standard Time" not in windows_zones.ids()
