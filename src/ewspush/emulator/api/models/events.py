"""The event log of a mailbox."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ewspush.emulator.api.errors import FieldError
from ewspush.emulator.api.models.common import (
    MOST,
    After,
    FolderGiven,
    Given,
    Id,
    Limit,
    Moment,
    Told,
)

_MOST_UNREAD = (1 << 31) - 1  # xs:int

EventName = Literal[
    "CopiedEvent",
    "CreatedEvent",
    "DeletedEvent",
    "ModifiedEvent",
    "MovedEvent",
    "NewMailEvent",
    "FreeBusyChangedEvent",
]


class Event(Told):
    """One thing that happened to an item or, if `folder_event`, to a folder."""

    sequence: int
    watermark: str
    type: EventName
    at: Moment
    folder_event: bool
    id: str
    parent_id: str
    old_id: Annotated[str | None, Field(description="Of Moved and Copied, as is old_parent_id.")]
    old_parent_id: str | None
    unread_count: Annotated[int | None, Field(description="Of modified folders.")]


class Events(Told):
    """A part of the log. `head` is the newest sequence, `floor` the last one that was purged."""

    events: list[Event]
    head: int
    floor: int


class EventQuery(Given):
    """Which events are listed."""

    after: Annotated[After, Field(description="The sequence of the last one known already.")] = 0
    limit: Limit = MOST


class NewEvent(Given):
    """An event to be logged although nothing happened."""

    type: EventName
    folder: Annotated[
        FolderGiven, Field(description="In which it happens: the ParentFolderId.")
    ] = "inbox"
    id: Annotated[
        Id | None,
        Field(description="Of the item, or the folder; one that names nothing, if none is given."),
    ] = None
    folder_event: bool = False
    old_id: Annotated[Id | None, Field(description="Moved and Copied need it, as old_folder.")] = (
        None
    )
    old_folder: FolderGiven | None = None
    unread_count: Annotated[
        int | None, Field(ge=0, le=_MOST_UNREAD, description="Of modified folders only.")
    ] = None

    @model_validator(mode="after")
    def _can_be_told(self) -> "NewEvent":
        has_old = self.type in ("MovedEvent", "CopiedEvent")
        for name in ("old_id", "old_folder"):
            is_given = getattr(self, name) is not None
            if has_old and not is_given:
                raise FieldError(name, f"is missing: a {self.type} names what was before")
            if is_given and not has_old:
                raise FieldError(name, "belongs to MovedEvent and CopiedEvent only")
        if self.unread_count is not None and not (
            self.type == "ModifiedEvent" and self.folder_event
        ):
            text = "belongs to a ModifiedEvent with folder_event true only"
            raise FieldError("unread_count", text)
        return self
