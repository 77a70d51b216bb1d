"""Messages and other items."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from ewspush.emulator.api.errors import FieldError
from ewspush.emulator.api.models.common import (
    Base64,
    FolderGiven,
    Given,
    Limit,
    Line,
    Moment,
    Name,
    Text,
    Told,
)
from ewspush.emulator.api.patterns import CLASS, LINE

_MOST_ADDRESSES = 1000
_MOST_PARTS = 100  # attachments, header fields, categories

Importance = Literal["Low", "Normal", "High"]
Disposal = Literal["hard", "soft", "deleteditems"]

Written = Annotated[
    str,
    Field(pattern=LINE, min_length=3, max_length=1000, examples=["Shop <orders@example.com>"]),
]


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


_WRITTEN = {"type": "string", "pattern": LINE, "minLength": 3, "maxLength": 1000}
Addresses = Annotated[
    list[Written],
    BeforeValidator(_as_list),
    Field(max_length=_MOST_ADDRESSES),
    WithJsonSchema(
        {"anyOf": [_WRITTEN, {"type": "array", "items": _WRITTEN, "maxItems": _MOST_ADDRESSES}]}
    ),
]


class Item(Told):
    """An item. `folder` is the distinguished name of its folder, or that one's id."""

    id: str
    kind: Literal["item"]
    folder: str
    item_class: str
    subject: str | None
    from_: Annotated[str | None, Field(alias="from")]
    received_at: Moment
    is_read: bool
    importance: str
    categories: list[str]
    size: Annotated[int, Field(description="Bytes.")]
    has_attachments: bool


class Message(Item):
    """A message with all of its header fields, and as it is written."""

    headers: Annotated[
        list[Annotated[list[str], Field(min_length=2, max_length=2)]],
        Field(description="Name and value of each, in their order."),
    ]
    mime: Annotated[
        str | None, Field(description="Read as UTF-8; null if the item cannot be written as mail.")
    ]


class Messages(Told):
    """Items of a folder, the newest first."""

    messages: list[Item]


class MessageQuery(Given):
    """Which messages are listed."""

    folder: FolderGiven = "inbox"
    limit: Limit = 100


class NewAttachment(Given):
    """A file to send along."""

    name: Name
    content_type: Annotated[str, Field(pattern=LINE, max_length=255)] = "application/octet-stream"
    content: Base64


class Mail(Given):
    """A message that is to arrive."""

    from_: Annotated[Written, Field(alias="from")] = "Sender <sender@example.com>"
    to: Annotated[Addresses | None, Field(description="The mailbox, if nobody is named.")] = None
    cc: Addresses = Field(default_factory=list)
    subject: Line = ""
    text: Text | None = None
    html: Text | None = None
    headers: Annotated[dict[str, Line], Field(max_length=_MOST_PARTS)] = Field(default_factory=dict)
    attachments: Annotated[list[NewAttachment], Field(max_length=_MOST_PARTS)] = Field(
        default_factory=list
    )


class NewItem(Given):
    """An item to be made from what is said of it, as a client of EWS does."""

    folder: Annotated[
        FolderGiven | None,
        Field(description="Where items of its class are at home, if none is named: drafts."),
    ] = None
    subject: Line | None = None
    text: Text | None = None
    html: Text | None = None
    item_class: Annotated[str, Field(pattern=CLASS, max_length=255)] = "IPM.Note"
    is_read: bool = True

    @model_validator(mode="after")
    def _has_one_body(self) -> "NewItem":
        if self.text is not None and self.html is not None:
            raise FieldError("html", "should not be given beside text: an item has one body")
        return self


class ItemChanges(Given):
    """What is to be changed of an item."""

    subject: Line | None = None
    is_read: bool | None = None
    categories: Annotated[list[Name] | None, Field(max_length=_MOST_PARTS)] = None
    importance: Importance | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> "ItemChanges":
        if all(value is None for _, value in self):
            names = ", ".join(type(self).model_fields)
            raise FieldError("", f"should have one of {names}, or several")
        return self


class Target(Given):
    """Where an item is to go."""

    folder: FolderGiven


class DisposalQuery(Given):
    """How something is deleted."""

    disposal: Disposal = "hard"
