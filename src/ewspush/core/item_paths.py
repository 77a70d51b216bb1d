"""Where in the values of an item a property stands, and getting, setting and removing it there.

The values of an item are what JSON can hold, by the names of their elements in the types namespace.
"""

from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Value: TypeAlias = str | bool | int | float | list[Any] | dict[str, Any]

_EXTENDED_PROPERTIES = "ExtendedProperty"


@dataclass(frozen=True, slots=True)
class FieldPath:
    """A whole property (FieldURI, EWS XML reference)."""

    name: str


@dataclass(frozen=True, slots=True)
class IndexedPath:
    """An entry of a property that has several, or a part of it (IndexedFieldURI).

    The entries of `InternetMessageHeaders` are the header fields of one name, in any case.
    """

    name: str
    index: str
    part: str | None = None


@dataclass(frozen=True, slots=True)
class ExtendedPath:
    """An extended property, by the one key that it has in every item (ExtendedFieldURI).

    The key is its attributes: `PropertyTag=0xe07 PropertyType=Integer`, or a property set by name
    (by GUID if it has none), PropertyId or PropertyName, and PropertyType.
    """

    key: str


Path: TypeAlias = FieldPath | IndexedPath | ExtendedPath


def value_at(values: Mapping[str, Value], path: Path) -> Value | None:
    """What is there, or None. Header fields of the same name are joined by line ends."""
    if isinstance(path, FieldPath):
        return values.get(path.name)
    if isinstance(path, ExtendedPath):
        return next((each["Value"] for each in _extended(values) if each["Path"] == path.key), None)
    entries = values.get(path.name)
    if isinstance(entries, list):
        found = [text for name, text in entries if name.lower() == path.index.lower()]
        return "\n".join(found) if found else None
    entry = _entries(values, path).get(path.index)
    return entry if path.part is None or entry is None else entry.get(path.part)


def set_at(values: MutableMapping[str, Value], path: Path, value: Value) -> None:
    """Put the value there. Lists and dicts within `values` are replaced and never changed."""
    if isinstance(path, FieldPath):
        values[path.name] = value
    elif isinstance(path, ExtendedPath):
        entry = {"Path": path.key, "Value": value}
        values[_EXTENDED_PROPERTIES] = _with(
            _extended(values), lambda each: each["Path"] == path.key, entry
        )
    elif path.name == "InternetMessageHeaders":
        values[path.name] = _with(
            values.get(path.name, []),
            lambda header: header[0].lower() == path.index.lower(),
            [path.index, value],
        )
    else:
        entries = _entries(values, path)
        if path.part is not None:
            value = {**entries.get(path.index, {}), path.part: value}
        values[path.name] = {**entries, path.index: value}


def remove_at(values: MutableMapping[str, Value], path: Path) -> None:
    """Take away what is there, if anything is; a property without entries goes as a whole.

    Lists and dicts within `values` are replaced and never changed.
    """
    if isinstance(path, FieldPath):
        values.pop(path.name, None)
    elif isinstance(path, ExtendedPath):
        left = [each for each in _extended(values) if each["Path"] != path.key]
        _put(values, _EXTENDED_PROPERTIES, left)
    elif isinstance(headers := values.get(path.name), list):
        left = [header for header in headers if header[0].lower() != path.index.lower()]
        _put(values, path.name, left)
    else:
        _remove_entry(values, path)


def _remove_entry(values: MutableMapping[str, Value], path: IndexedPath) -> None:
    entries = dict(_entries(values, path))
    entry = entries.pop(path.index, None)
    if path.part is not None and entry is not None:
        kept = {part: text for part, text in entry.items() if part != path.part}
        entries.update({path.index: kept} if kept else {})
    _put(values, path.name, entries)


def _put(values: MutableMapping[str, Value], name: str, entries: Value) -> None:
    if entries:
        values[name] = entries
    else:
        values.pop(name, None)


def _with(entries: Any, is_same: Callable[[Any], bool], entry: Any) -> list[Any]:
    """The entries with this one where the first of the same was, or at the end."""
    place = next((at for at, each in enumerate(entries) if is_same(each)), len(entries))
    others = [each for each in entries if not is_same(each)]
    return [*others[:place], entry, *others[place:]]


def _extended(values: Mapping[str, Value]) -> list[Any]:
    entries = values.get(_EXTENDED_PROPERTIES, [])
    return entries if isinstance(entries, list) else []


def _entries(values: Mapping[str, Value], path: IndexedPath) -> dict[str, Any]:
    entries = values.get(path.name, {})
    return entries if isinstance(entries, dict) else {}
