"""Times as EWS writes them: UTC, whole seconds, which the EWS Java API insists on."""

import time
from datetime import UTC, datetime, timedelta


def to_text(at_s: int) -> str:
    """Seconds since the epoch as xs:dateTime. Such texts sort like the times."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at_s))


def to_seconds(text: str) -> int:
    """The inverse of `to_text`. Raises ValueError for another form."""
    return int(datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp())


def normalized(text: str) -> str:
    """An xs:dateTime in the form of `to_text`; without an offset it is taken as UTC.

    Raises ValueError if it is none, or outside of the years 1 to 9999.
    """
    try:
        at = datetime.fromisoformat(text.strip().replace("T24:", "T00:"))
        if "T24:" in text:  # the end of the day, which is the start of the next
            at += timedelta(days=1)
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"'{text}' is outside of the years 1 to 9999") from None
    return f"{at.replace(tzinfo=None).isoformat(timespec='seconds')}Z"
