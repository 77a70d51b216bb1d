"""What an item is made of, before it is stored."""

import json
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ewspush.core.errors import (
    AttachmentNestLevelLimitExceeded,
    DataSizeLimitExceeded,
    InvalidPropertySet,
    MessageSizeExceeded,
    MimeContentInvalid,
)
from ewspush.core.item_paths import Value
from ewspush.mail.html_text import html_to_text, text_to_html
from ewspush.mail.message import Message
from ewspush.operations.messages import values_of_message
from ewspush.store.contents import Body

# With columns of their own; every other value that is set is among the properties.
_COLUMNS = frozenset({"ItemClass", "Subject", "IsRead"})
_MOST_PROPERTIES = 1024 * 1024  # characters, contents not included
_MOST_NESTED = 10  # items within items: each holds all that is in those within, and is read whole
_LARGEST = 150 * 1024 * 1024  # bytes: the greatest message of Exchange Online
_LONGEST_CLASS = 255  # characters (PidTagMessageClass, [MS-OXCMSG] 2.2.1.3)


@dataclass(frozen=True, slots=True)
class NewAttachment:
    """An attachment: its content, or where it is in the MIME content of the item."""

    name: str
    content_type: str | None = None
    content_id: str | None = None
    content_location: str | None = None
    is_inline: bool = False
    is_item: bool = False
    size: int = 0  # bytes
    part: int | None = None
    content: bytes | None = None

    @classmethod
    def of_values(cls, values: Mapping[str, Any], depth: int = 0) -> "NewAttachment":
        """From t:FileAttachment or t:ItemAttachment, in an item so deep within others.

        The item of an ItemAttachment is kept as JSON, which holds all of its values. Raises
        MimeContentInvalid for bad base64, AttachmentNestLevelLimitExceeded, or what
        `Parts.of_values` raises.
        """
        is_item = values["Kind"] == "ItemAttachment"
        if is_item:
            item = values.get("Item", {})
            if depth == _MOST_NESTED:
                raise AttachmentNestLevelLimitExceeded
            # Raises what sending or reading it would.
            Parts.of_values(item.get("Values", {}), depth + 1)
            content = json.dumps(item, ensure_ascii=False).encode()
        else:
            content = decoded(values.get("Content", ""))
        return cls(
            name=values.get("Name", ""),
            content_type=values.get("ContentType"),
            content_id=values.get("ContentId"),
            content_location=values.get("ContentLocation"),
            is_inline=bool(values.get("IsInline", False)),
            is_item=is_item,
            size=len(content),
            content=content,
        )


@dataclass(frozen=True, slots=True)
class Parts:
    """An item's properties, and its contents, which are stored apart from them."""

    values: dict[str, Any] = field(default_factory=dict)
    mime: bytes | None = None
    body: Body | None = None
    attachments: tuple[NewAttachment, ...] = ()

    @classmethod
    def of_mime(cls, content: bytes) -> "Parts":
        """A message, whose body stays in it."""
        message = Message(content)
        attachments = tuple(
            NewAttachment(
                name=one.name,
                content_type=one.content_type,
                content_id=one.content_id,
                content_location=one.content_location,
                is_inline=one.is_inline,
                is_item=one.is_message,
                size=one.size,
                part=one.part,
            )
            for one in message.attachments
        )
        return cls(values_of_message(message), content, None, attachments)

    @classmethod
    def of_values(cls, values: Mapping[str, Value], depth: int = 0) -> "Parts":
        """From what a client says of an item that lies so deep within others.

        Raises MimeContentInvalid, InvalidPropertySet, DataSizeLimitExceeded or
        AttachmentNestLevelLimitExceeded.
        Properties stand above what the MimeContent says.
        """
        own: dict[str, Any] = dict(values)
        check_class(own.get("ItemClass", "IPM.Note"))
        mime = own.pop("MimeContent", None)
        basis = cls() if mime is None else cls.of_mime(decoded(mime))
        body = own.pop("Body", None)
        attachments = own.pop("Attachments", ())
        check_properties(own)
        return cls(
            {**basis.values, **own},
            basis.mime,
            body_of(body) if body else None,
            basis.attachments + tuple(NewAttachment.of_values(one, depth) for one in attachments),
        )

    @property
    def is_message(self) -> bool:
        """Whether the MIME content holds the body and the attachments."""
        is_own = any(one.part is None for one in self.attachments)
        return self.mime is not None and self.body is None and not is_own

    @property
    def properties(self) -> dict[str, Any]:
        """The values without a column."""
        return properties_of(self.values)

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        properties = len(json.dumps(self.values, ensure_ascii=False))
        body = len(self.body.value) if self.body else 0
        own = sum(one.size for one in self.attachments if one.part is None)
        return (properties if self.mime is None else len(self.mime)) + body + own

    @property
    def has_attachments(self) -> bool:
        """Images within the body are none."""
        return any(not one.is_inline for one in self.attachments)


def check_class(item_class: str) -> None:
    """Whether there may be items of this class. Raises InvalidPropertySet."""
    if not 0 < len(item_class) <= _LONGEST_CLASS:
        raise InvalidPropertySet(f"An ItemClass has 1 to {_LONGEST_CLASS} characters.")


def check_properties(values: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> None:
    """Whether an item may have so much of them, if it did not have more before.

    A page of items is in memory as a whole. Raises DataSizeLimitExceeded.
    """
    size = _length(values)
    if size > _MOST_PROPERTIES and (before is None or size > _length(before)):
        text = f"The properties of an item may take {_MOST_PROPERTIES} characters, not {size}."
        raise DataSizeLimitExceeded(text)


def check_size(size: int) -> None:
    """Whether an item may take so many bytes. Raises MessageSizeExceeded."""
    if size > _LARGEST:
        raise MessageSizeExceeded


def _length(values: Mapping[str, Any]) -> int:
    return len(json.dumps({**values, "IsRead": None}, ensure_ascii=False))


def properties_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values without a column."""
    return {name: value for name, value in values.items() if name not in _COLUMNS}


def body_of(value: Mapping[str, Any]) -> Body:
    """A body as it is stored."""
    return Body(value["BodyType"], value["Value"])


def decoded(base64: str) -> bytes:
    """The bytes. Raises MimeContentInvalid."""
    try:
        return b64decode(base64, validate=True)
    except ValueError:
        raise MimeContentInvalid("The content is not valid base64.") from None


def body_in(body_type: str, own: Body | None, message: Message | None) -> Body:
    """A body as HTML, as Text, or (Best) as HTML if there is any; that of the message if needed."""
    html: str | None = None
    text: str | None = None
    if own is not None:
        html, text = (own.value, None) if own.body_type == "HTML" else (None, own.value)
    elif message is not None:
        html, text = message.html, message.text
    if html is None and text is None:
        return Body("HTML" if body_type == "HTML" else "Text", "")
    if body_type == "Text" or (body_type == "Best" and html is None):
        return Body("Text", html_to_text(html or "") if text is None else text)
    return Body("HTML", text_to_html(text or "") if html is None else html)
