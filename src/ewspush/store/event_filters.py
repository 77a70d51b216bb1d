"""Which events a subscription wants, as columns of the tables of subscriptions."""

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
    folders = None if row.folders is None else frozenset(map(int, row.folders.split(",")))
    return event_filter(types_from_mask(row.event_types), folders)
