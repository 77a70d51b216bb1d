"""The time zones of Windows, by whose ids EWS knows time zones, and what they are elsewhere."""

from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tzlocal.windows_tz import win_tz

# What .NET calls UTC where it does not use the registry.
_ALIASES = {"tzone://Microsoft/Utc": "UTC"}


class UnknownTimeZone(LookupError):
    """Not the id of a time zone that is known here. `str()` is the id."""


def zone(windows_id: str) -> ZoneInfo:
    """The time zone with this id of Windows, as in `W. Europe Standard Time`.

    The mapping is windowsZones of the Unicode CLDR, territory 001. Raises UnknownTimeZone.
    """
    try:
        return ZoneInfo(win_tz[_ALIASES.get(windows_id, windows_id)])
    except (KeyError, ZoneInfoNotFoundError):
        raise UnknownTimeZone(windows_id) from None


@cache
def ids() -> tuple[str, ...]:
    """The ids of all zones that are known here, sorted."""
    return tuple(sorted(id for id in win_tz if _is_known(id)))


def _is_known(windows_id: str) -> bool:
    try:
        zone(windows_id)
    except UnknownTimeZone:  # newer than this machine's time zone data
        return False
    return True
