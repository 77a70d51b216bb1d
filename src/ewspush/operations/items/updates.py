"""Changing the properties of items."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from ewspush.core.errors import (
    ChangeKeyRequiredForWriteOperations,
    InvalidPropertyAppend,
    InvalidPropertyDelete,
    InvalidPropertySet,
    IrresolvableConflict,
)
from ewspush.core.item_paths import FieldPath, Path, Value, remove_at, set_at, value_at
from ewspush.mail.message import Message
from ewspush.operations.items import values as item_values
from ewspush.operations.items.creation import store_attachments
from ewspush.operations.items.finding import in_folder
from ewspush.operations.items.parts import (
    Parts,
    body_of,
    check_class,
    check_properties,
    check_size,
)
from ewspush.operations.journal import Journal
from ewspush.operations.messages import values_of_message
from ewspush.store import contents, items
from ewspush.store.contents import Body
from ewspush.store.items import Item

_READ_FLAG = FieldPath("IsRead")
_BODY = FieldPath("Body")
_MIME = FieldPath("MimeContent")
_KEPT_APART = frozenset({"Attachments"})  # CreateAttachment and DeleteAttachment change them


class ConflictResolution(Enum):
    """What becomes of an update of an item that was changed meanwhile (ConflictResolutionType)."""

    NEVER_OVERWRITE = "NeverOverwrite"
    AUTO_RESOLVE = "AutoResolve"
    ALWAYS_OVERWRITE = "AlwaysOverwrite"


@dataclass(frozen=True, slots=True)
class SetField:
    """t:SetItemField."""

    path: Path
    value: Value


@dataclass(frozen=True, slots=True)
class AppendField:
    """t:AppendToItemField."""

    path: Path
    value: Value


@dataclass(frozen=True, slots=True)
class DeleteField:
    """t:DeleteItemField."""

    path: Path


FieldChange = SetField | AppendField | DeleteField


def check_conflict(item: Item, known_change: int | None, resolution: ConflictResolution) -> None:
    """Whether an item may be updated by who knows that change of it.

    What changed since is not known property by property: AutoResolve takes the last word for each
    property that an update names, and leaves the others. Raises IrresolvableConflict, or
    ChangeKeyRequiredForWriteOperations.
    """
    if resolution is ConflictResolution.ALWAYS_OVERWRITE:
        return
    if known_change is None:
        raise ChangeKeyRequiredForWriteOperations
    if resolution is ConflictResolution.NEVER_OVERWRITE and known_change != item.change:
        raise IrresolvableConflict


def update_item(journal: Journal, item: Item, changes: Sequence[FieldChange]) -> Item:
    """Change properties of an item, all or none of them.

    Raises InvalidPropertySet, InvalidPropertyAppend, InvalidPropertyDelete, MimeContentInvalid,
    DataSizeLimitExceeded or MessageSizeExceeded.
    """
    values: dict[str, Any] = item_values.own_values(item)
    if any(change.path == _BODY for change in changes):
        values |= item_values.content_values(
            journal.tx, journal.mailbox, item, frozenset({"Body"}), "Best"
        )
    for change in changes:
        if change.path == _MIME:
            item = _replace_mime(journal, item, values, change)
        else:
            _apply(values, change)
    check_class(values["ItemClass"])
    return _save(journal, item, values, changes)


def _apply(values: dict[str, Any], change: FieldChange) -> None:
    if getattr(change.path, "name", None) in _KEPT_APART:
        raise InvalidPropertySet("Attachments are changed by operations of their own.")
    match change:
        case SetField(path, value):
            set_at(values, path, value)
        case AppendField(path, value):
            set_at(values, path, _appended(value_at(values, path), value))
        case DeleteField(path):
            if path in (_READ_FLAG, FieldPath("ItemClass")):
                raise InvalidPropertyDelete
            remove_at(values, path)


def _appended(old: Any, more: Any) -> Value:
    match old, more:
        case None, _:
            return more  # type: ignore[no-any-return]
        case (str(), str()) | (list(), list()):
            return old + more  # type: ignore[no-any-return]
        case {"Value": text, "BodyType": body_type}, {"Value": addition}:
            return {"BodyType": body_type, "Value": text + addition}
    raise InvalidPropertyAppend


def _replace_mime(
    journal: Journal, item: Item, values: dict[str, Any], change: FieldChange
) -> Item:
    """Put another message in the place of what an item contains; its header tells properties."""
    match change:
        case AppendField():
            raise InvalidPropertyAppend
        case DeleteField():
            raise InvalidPropertyDelete
    parts = Parts.of_values({"MimeContent": change.value})
    assert parts.mime is not None, "it was just set"
    number = item.content_number
    before = contents.mime(journal.tx, journal.mailbox, number)
    for name in values_of_message(Message(before)) if before else ():
        values.pop(name, None)
    values |= parts.values
    contents.delete_contents(journal.tx, journal.mailbox, [number])
    contents.insert_mime(journal.tx, journal.mailbox, number, parts.mime)
    store_attachments(journal, number, parts.attachments)
    return replace(item, size=parts.size, has_attachments=parts.has_attachments)


def _save(
    journal: Journal, old: Item, values: dict[str, Any], changes: Sequence[FieldChange]
) -> Item:
    if any(change.path == _BODY for change in changes):
        body = body_of(values.pop("Body", None) or {"BodyType": "Text", "Value": ""})
        old = replace(old, size=old.size + _put_body(journal, old.content_number, body))
        check_size(old.size)
    check_properties(values, item_values.own_values(old))
    number = journal.number()
    is_read_flag_alone = all(change.path == _READ_FLAG for change in changes)
    new = replace(
        item_values.with_values(old, values),
        modified_at_s=journal.now_s,
        change=number,
        content_change=old.content_change if is_read_flag_alone else number,
    )
    items.update_items(journal.tx, journal.mailbox, [(old.number, new)])
    journal.item_modified(old, new)
    return new


def _put_body(journal: Journal, number: int, body: Body) -> int:
    """Set a body, and say how much longer it is than the one that was set before."""
    before = contents.body(journal.tx, journal.mailbox, number)
    contents.put_body(journal.tx, journal.mailbox, number, body)
    return len(body.value) - (len(before.value) if before else 0)


def mark_all_read(journal: Journal, folder: int, *, is_read: bool) -> None:
    """Set IsRead of every item of a folder that has it otherwise."""
    for some in in_folder(journal.tx, journal.mailbox, folder, is_read=not is_read):
        changes = journal.numbers(len(some))
        marked = [
            replace(item, is_read=is_read, change=change, modified_at_s=journal.now_s)
            for item, change in zip(some, changes, strict=True)
        ]
        pairs = zip((item.number for item in some), marked, strict=True)
        items.update_items(journal.tx, journal.mailbox, pairs)
        for old, new in zip(some, marked, strict=True):
            journal.item_modified(old, new)
        journal.flush()
