"""The values of an item that is looked at by a search, each read when it is asked for."""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any

from ewspush.core import times
from ewspush.core.item_paths import ExtendedPath, Path, Value
from ewspush.core.search import And, Comparison, Constant, Not, Or, Restriction
from ewspush.operations.items.attachments import attachments_of
from ewspush.operations.items.values import CONTENT, content_values, values_of
from ewspush.store.database import Transaction
from ewspush.store.item_search import ALL_COLUMNS, item_of
from ewspush.store.items import Item

# What has a column, and the value that it is there.
_COLUMNS: dict[str, tuple[str, Callable[[Any], Value | None]]] = {
    "Subject": ("subject", lambda value: value),
    "ItemClass": ("item_class", lambda value: value),
    "IsRead": ("is_read", lambda value: value),
    "IsDraft": ("is_draft", lambda value: value),
    "HasAttachments": ("has_attachments", lambda value: value),
    "Size": ("size", lambda value: value),
    "DateTimeReceived": ("received_at_s", times.to_text),
    "DateTimeCreated": ("created_at_s", times.to_text),
    "LastModifiedTime": ("modified_at_s", times.to_text),
}
_ATTACHMENTS = "Attachments"


def columns_for(names: frozenset[str]) -> tuple[str, ...]:
    """The columns in which the values of these names are."""
    if names <= _COLUMNS.keys():
        return tuple(_COLUMNS[name][0] for name in names)
    return ALL_COLUMNS


class SearchedValues(Mapping[str, Value]):
    """The values of an item in a row with the columns for their names.

    Beside what `values_of` gives there are the contents, a Body as text, and the names of the
    attachments.
    """

    def __init__(self, tx: Transaction, mailbox: int, row: Any) -> None:
        self._tx = tx
        self._mailbox = mailbox
        self._row = row
        self._contents: dict[str, Any] = {}  # read already

    def __getitem__(self, name: str) -> Value:
        value: Value | None = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def get(self, name: str, default: Any = None) -> Any:
        """The value, or `default`."""
        if name in _COLUMNS:
            column, value_of = _COLUMNS[name]
            value = value_of(getattr(self._row, column))
        elif name in CONTENT:
            value = self._content(name)
        elif name == _ATTACHMENTS:
            attachments = attachments_of(self._tx, self._mailbox, self._item)
            value = [{"Name": each.name} for each in attachments]
        else:
            value = self._properties.get(name)
        return default if value is None else value

    def _content(self, name: str) -> Any:
        if name not in self._contents:
            names = frozenset({name})
            self._contents |= content_values(self._tx, self._mailbox, self._item, names, "Text")
        return self._contents[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._properties)

    def __len__(self) -> int:
        return len(self._properties)

    @cached_property
    def _item(self) -> Item:
        return item_of(self._row)

    @cached_property
    def _properties(self) -> dict[str, Any]:
        return values_of(self._item)


def names_in(restriction: Restriction | None) -> frozenset[str]:
    """The names of all the values that a restriction asks for."""
    match restriction:
        case None:
            return frozenset()
        case And(parts) | Or(parts):
            return frozenset().union(*(names_in(part) for part in parts))
        case Not(part):
            return names_in(part)
        case Comparison(_, path, operand) if not isinstance(operand, Constant):
            return frozenset({name_of(path), name_of(operand)})
    return frozenset({name_of(restriction.path)})


def name_of(path: Path) -> str:
    """The name of the value in which a path points somewhere."""
    return "ExtendedProperty" if isinstance(path, ExtendedPath) else path.name


def cheapest_first(restriction: Restriction) -> Restriction:
    """The same, so that what takes more reading is looked at last, and mostly not at all."""
    match restriction:
        case And(parts):
            return And(tuple(sorted(map(cheapest_first, parts), key=_cost)))
        case Or(parts):
            return Or(tuple(sorted(map(cheapest_first, parts), key=_cost)))
        case Not(part):
            return Not(cheapest_first(part))
    return restriction


def _cost(restriction: Restriction) -> int:
    names = names_in(restriction)
    if names & (CONTENT | {_ATTACHMENTS}):
        return 2
    return 0 if names <= _COLUMNS.keys() else 1
