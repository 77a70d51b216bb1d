"""The kinds of items: the element of each, its class, and its properties."""

from dataclasses import dataclass, field

from ewspush.wire.properties.calendar import CALENDAR_ITEM, TASK
from ewspush.wire.properties.contact import CONTACT, DISTRIBUTION_LIST
from ewspush.wire.properties.meeting import (
    MEETING_CANCELLATION,
    MEETING_MESSAGE,
    MEETING_REQUEST,
    MEETING_RESPONSE,
)
from ewspush.wire.properties.message import ITEM, MESSAGE, POST_ITEM
from ewspush.wire.properties.property import Property


@dataclass(frozen=True, slots=True, eq=False)
class ItemKind:
    """An element for items, the class of items that it is for, and the properties it has."""

    element: str
    item_class: str
    properties: tuple[Property, ...] = field(repr=False)  # in the order of the schema
    names: frozenset[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", frozenset(each.name for each in self.properties))


_ANY = ItemKind("Item", "IPM", ITEM)
_MESSAGE = ItemKind("Message", "IPM.Note", MESSAGE)

KINDS = (
    _ANY,
    _MESSAGE,
    ItemKind("CalendarItem", "IPM.Appointment", CALENDAR_ITEM),
    ItemKind("Contact", "IPM.Contact", CONTACT),
    ItemKind("DistributionList", "IPM.DistList", DISTRIBUTION_LIST),
    ItemKind("Task", "IPM.Task", TASK),
    ItemKind("PostItem", "IPM.Post", POST_ITEM),
    ItemKind("MeetingMessage", "IPM.Schedule.Meeting", MEETING_MESSAGE),
    ItemKind("MeetingRequest", "IPM.Schedule.Meeting.Request", MEETING_REQUEST),
    ItemKind("MeetingResponse", "IPM.Schedule.Meeting.Resp", MEETING_RESPONSE),
    ItemKind("MeetingCancellation", "IPM.Schedule.Meeting.Canceled", MEETING_CANCELLATION),
)

_BY_ELEMENT = {kind.element: kind for kind in KINDS}
_BY_CLASS = {kind.item_class.lower(): kind for kind in KINDS}


def kind_of(item_class: str) -> ItemKind:
    """The kind of items of this class: that of the nearest class above it that has one.

    What has none is a Message (GetItem operation, EWS reference, remarks on strong types).
    """
    name = item_class.lower()
    if name == _ANY.item_class.lower():
        return _ANY
    while "." in name:
        if name in _BY_CLASS:
            return _BY_CLASS[name]
        name = name.rpartition(".")[0]
    return _MESSAGE


def kind_named(element: str) -> ItemKind:
    """The kind whose items are in this element. Raises KeyError if there is none."""
    return _BY_ELEMENT[element]
