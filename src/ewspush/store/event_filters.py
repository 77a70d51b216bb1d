"""Which events a subscription wants, as columns of the tables of subscriptions."""

from functools import lru_cache
from typing import Any

from ewspush.core.events import EventFilter, event_filter, types_from_mask, types_to_mask


def columns(wanted: EventFilter) -> dict[str, object]:
    """The columns `event_types` and `folders`."""
    folders = wanted.folders
    return {
        "event_types": types_to_mask(wanted.types),
        "folders": None if folders is None else ",".join(map(str, sorted(folders))),
    }


def of_row(row: Any) -> EventFilter:
    """The inverse of `columns`."""
    return _of_columns(row.event_types, row.folders)


@lru_cache(maxsize=4096)
def _of_columns(event_types: int, folders: str | None) -> EventFilter:
    """Remembered, so that a million subscriptions share the filters of the few things they want."""
    numbers = None if folders is None else frozenset(map(int, folders.split(",")))
    return event_filter(types_from_mask(event_types), numbers)
