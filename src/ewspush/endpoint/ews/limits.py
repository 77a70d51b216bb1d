"""How much a request may ask for at once."""

from collections.abc import Iterable
from typing import TypeVar

from ewspush.core.errors import DataSizeLimitExceeded
from ewspush.wire.faults import SoapFault

T = TypeVar("T")

MOST = 1000  # folders, items or the like: each is looked up in one transaction
# Bytes of contents that one answer may hold. What comes first is always answered.
MOST_CONTENT = 64 * 1024 * 1024


def bounded(named: Iterable[T] | None, what: str, most: int = MOST) -> list[T]:
    """What a request names, in its order. Raises SoapFault if there is too much of it."""
    listed = [] if named is None else list(named)
    if len(listed) > most:
        text = f"A request may name {most} {what} at most, and this one names {len(listed)}."
        raise SoapFault("ErrorDataSizeLimitExceeded", text)
    return listed


class Contents:
    """How much of what items contain one answer holds."""

    def __init__(self, what: str) -> None:
        self._what = what  # of which there are to be fewer in a request
        self._held = 0  # bytes

    def add(self, size: int) -> None:
        """Raises DataSizeLimitExceeded if that is too much, but never for what comes first."""
        if self._held and self._held + size > MOST_CONTENT:
            text = f"The answer is too large: ask for fewer {self._what} at once."
            raise DataSizeLimitExceeded(text)
        self._held += size
