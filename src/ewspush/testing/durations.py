"""Durations as tests write them."""

import re
from datetime import timedelta

Duration = str | timedelta | float
"""A text like "7m", "1h30m", "90s" or "30d", a timedelta, or seconds."""

_UNITS_S = {"ms": 0.001, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}
_PART = r"([0-9]{1,12}(?:\.[0-9]{1,6})?) ?(ms|s|min|m|h|d|w) *"


def seconds(duration: Duration) -> float:
    """How long it is. Raises ValueError for a text that is no duration, or a negative one."""
    if isinstance(duration, timedelta):
        length_s = duration.total_seconds()
    elif isinstance(duration, str):
        if not re.fullmatch(f"(?:{_PART})+", duration):
            raise ValueError(f"{duration!r} is no duration: write 90s, 7m, 1h30m or 30d")
        length_s = sum(float(n) * _UNITS_S[unit] for n, unit in re.findall(_PART, duration))
    else:
        length_s = duration
    if not 0 <= length_s < float("inf"):
        raise ValueError(f"a duration is 0 or more, not {duration!r}")
    return length_s
