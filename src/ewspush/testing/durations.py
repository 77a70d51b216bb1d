"""Durations as tests write them."""

import re
from datetime import timedelta

__tracebackhide__ = True  # pytest shows the line of the test, and not those here

Duration = str | timedelta | float
"""A text like "7m", "1h30m", "90s", "30d" or ISO 8601's "PT7M", a timedelta, or seconds."""

LONGEST_S = 3660 * 86_400

_UNITS_S = {"ms": 0.001, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}
_ISO_UNITS_S = {"W": 604800, "D": 86400, "H": 3600, "M": 60, "S": 1}
_NUMBER = r"[0-9]{1,12}(?:\.[0-9]{1,6})?"
_TIME = f"T(?=[0-9])(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?"
_ISO = f"P(?=[0-9T])(?:{_NUMBER}W)?(?:{_NUMBER}D)?(?:{_TIME})?"
_PART = r"([0-9]{1,12}(?:\.[0-9]{1,6})?) ?(ms|s|min|m|h|d|w) *"


def seconds(duration: Duration) -> float:
    """How long it is.

    Raises ValueError for a text that is no duration, for a negative one, or one of more than ten
    years, and TypeError for what is none of these types.
    """
    length_s = _length_s(duration)
    if not 0 <= length_s < float("inf"):
        raise ValueError(f"a duration is 0 or more, not {duration!r}")
    if length_s > LONGEST_S:
        raise ValueError(f"a duration is ten years (3660d) at most, not {duration!r}")
    return length_s


def _length_s(duration: Duration) -> float:
    if isinstance(duration, timedelta):
        return duration.total_seconds()
    if isinstance(duration, str):
        return _read(duration)
    if isinstance(duration, bool) or not isinstance(duration, int | float):
        kinds = "a text such as '7m', a timedelta, or a number of seconds"
        raise TypeError(f"a duration is {kinds}, not {duration!r}")
    return duration


def _read(text: str) -> float:
    if re.fullmatch(_ISO, text):
        parts = re.findall(r"([0-9.]+)([WDHMS])", text)
        return sum(float(number) * _ISO_UNITS_S[unit] for number, unit in parts)
    if not re.fullmatch(f"(?:{_PART})+", text):
        raise ValueError(f"{text!r} is no duration: write 90s, 7m, 1h30m or 30d")
    return sum(float(number) * _UNITS_S[unit] for number, unit in re.findall(_PART, text))
