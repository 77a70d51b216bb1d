"""Times as EWS writes them: UTC, whole seconds, which the EWS Java API insists on."""

import time
from datetime import UTC, datetime


def to_text(at_s: int) -> str:
    """Seconds since the epoch as xs:dateTime. Such texts sort like the times."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at_s))


def to_seconds(text: str) -> int:
    """The inverse of `to_text`. Raises ValueError for another form."""
    return int(datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp())
