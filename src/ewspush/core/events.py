"""Events of a mailbox, and which of them a subscription wants."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple


class EventType(IntEnum):
    """What happened. The number is what the event log stores, `element` what EWS calls it."""

    COPIED = 1
    CREATED = 2
    DELETED = 3
    MODIFIED = 4
    MOVED = 5
    NEW_MAIL = 6
    FREE_BUSY_CHANGED = 7

    @property
    def element(self) -> str:
        """The name in the EWS schema, of the element as of the enumeration `EventType`."""
        return _ELEMENTS[self]

    @classmethod
    def from_element(cls, name: str) -> "EventType":
        """Raises KeyError for a name that is no event type."""
        return _BY_ELEMENT[name]


_ELEMENTS = {
    type_: "".join(word.capitalize() for word in type_.name.split("_")) + "Event"
    for type_ in EventType
}
_BY_ELEMENT = {name: type_ for type_, name in _ELEMENTS.items()}


class Event(NamedTuple):
    """One thing that happened to one folder or item.

    Objects are given by their number, which folders and items of a mailbox share without overlap.
    A named tuple, since they are made by the ten thousand from rows of the event log.
    """

    sequence: int
    type: EventType
    at_s: int  # seconds since the epoch, UTC: TimeStamp has no fractions
    is_folder: bool  # whether `object` and `old_object` are folders, not items
    object: int
    parent: int
    old_object: int | None = None  # Moved and Copied only
    old_parent: int | None = None
    unread_count: int | None = None  # Modified folders only


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events a subscription wants. `folders` None means SubscribeToAllFolders."""

    types: frozenset[EventType]
    folders: frozenset[int] | None

    def wants(self, event: Event) -> bool:
        """Subfolders are not implied: the event's own folder, its parent or the old ones count."""
        return event.type in self.types and (
            self.folders is None
            or event.parent in self.folders
            or event.object in self.folders
            or event.old_parent in self.folders
            or event.old_object in self.folders
        )


@lru_cache(maxsize=4096)
def event_filter(types: frozenset[EventType], folders: frozenset[int] | None) -> EventFilter:
    """An EventFilter shared by all who want the same: a million subscriptions want few things."""
    return EventFilter(types, folders)


def types_to_mask(types: Iterable[EventType]) -> int:
    """A set of event types as one integer, for the database."""
    return sum(1 << type_ for type_ in set(types))


@lru_cache(maxsize=256)
def types_from_mask(mask: int) -> frozenset[EventType]:
    """The inverse of `types_to_mask`."""
    return frozenset(type_ for type_ in EventType if mask >> type_ & 1)
