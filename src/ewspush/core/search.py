"""Restrictions: which folders or items a search finds, by their values (`core.item_paths`)."""

import operator
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeAlias

from ewspush.core import times
from ewspush.core.errors import EwsError
from ewspush.core.item_paths import ExtendedPath, Path, Value, value_at

Scalar: TypeAlias = str | bool | int | float

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")  # how values hold an xs:dateTime
_EXTENDED_NUMBERS = {"Currency", "Double", "Float", "Integer", "Long", "Short"}
_EXTENDED_TIMES = {"ApplicationTime", "SystemTime"}


class ContainsFilterWrongType(EwsError):
    response_code = "ErrorContainsFilterWrongType"
    default_text = "Contains looks for text in properties that are text."


class Operator(Enum):
    """The comparisons (EWS XML reference, each under its name)."""

    EQUAL = "IsEqualTo"
    NOT_EQUAL = "IsNotEqualTo"
    GREATER = "IsGreaterThan"
    GREATER_OR_EQUAL = "IsGreaterThanOrEqualTo"
    LESS = "IsLessThan"
    LESS_OR_EQUAL = "IsLessThanOrEqualTo"


_HOLDS: dict[Operator, Callable[[Any, Any], bool]] = {
    Operator.EQUAL: operator.eq,
    Operator.NOT_EQUAL: operator.eq,  # of none
    Operator.GREATER: operator.gt,
    Operator.GREATER_OR_EQUAL: operator.ge,
    Operator.LESS: operator.lt,
    Operator.LESS_OR_EQUAL: operator.le,
}


class Mode(Enum):
    """Where Contains looks for its text (ContainmentModeType)."""

    FULL_STRING = "FullString"
    PREFIXED = "Prefixed"
    SUBSTRING = "Substring"
    PREFIX_ON_WORDS = "PrefixOnWords"
    EXACT_PHRASE = "ExactPhrase"


@dataclass(frozen=True, slots=True)
class Constant:
    """What a property is compared with: a text, which is read as the property's values are."""

    text: str
    _folded: str = field(init=False, repr=False, compare=False)
    _number: int | float | None = field(init=False, repr=False, compare=False)
    _time: str | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_folded", self.text.casefold())
        object.__setattr__(self, "_number", _number(self.text))
        object.__setattr__(self, "_time", _time(self.text))

    def like(self, value: Scalar) -> Scalar | None:
        """The constant as a value of the same type as this one; None if it cannot be one."""
        if isinstance(value, bool):
            return _boolean(self.text)
        if isinstance(value, int | float):
            return self._number
        return self._time if self._time and _TIME.fullmatch(value) else self._folded


@dataclass(frozen=True, slots=True)
class Comparison:
    """A property against a constant or another property."""

    operator: Operator
    path: Path
    operand: Constant | Path


@dataclass(frozen=True, slots=True)
class Contains:
    """Whether a property contains a text."""

    path: Path
    text: str
    mode: Mode = Mode.FULL_STRING
    ignores_case: bool = False
    ignores_marks: bool = False  # "non-spacing characters": accents and the like
    _wanted: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_wanted", self.normalized(self.text))

    def normalized(self, text: str) -> str:
        """A text as it is compared: without what is ignored."""
        if self.ignores_marks and not text.isascii():
            decomposed = unicodedata.normalize("NFD", text)
            text = "".join(each for each in decomposed if unicodedata.category(each) != "Mn")
        return text.casefold() if self.ignores_case else text

    def is_in(self, normalized: str) -> bool:
        """Whether the text is in this one where it is looked for."""
        return _is_in(normalized, self._wanted, self.mode)


@dataclass(frozen=True, slots=True)
class Exists:
    """Whether there is such a property."""

    path: Path


@dataclass(frozen=True, slots=True)
class Excludes:
    """Whether a property has none of the bits of a mask."""

    path: Path
    mask: int


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple["Restriction", ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple["Restriction", ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: "Restriction"


Restriction: TypeAlias = And | Or | Not | Comparison | Contains | Exists | Excludes


# The texts of properties as they were compared already, by the property and what is ignored: a
# body is large, and a restriction may name it in each of its parts.
_Known: TypeAlias = dict[tuple[Path, bool, bool], list[str]]


def matches(values: Mapping[str, Value], restriction: Restriction) -> bool:
    """Whether something with these values is found.

    Text is compared without regard to case. A property that is not there is equal to nothing, and
    neither less nor greater; one with several values (Categories, recipients) is found by any of
    them. Raises ContainsFilterWrongType.
    """
    return _matches(values, restriction, {})


def _matches(values: Mapping[str, Value], restriction: Restriction, known: _Known) -> bool:
    match restriction:
        case And(parts):
            return all(_matches(values, part, known) for part in parts)
        case Or(parts):
            return any(_matches(values, part, known) for part in parts)
        case Not(part):
            return not _matches(values, part, known)
    return _is_true(values, restriction, known)


def _is_true(
    values: Mapping[str, Value],
    restriction: Comparison | Contains | Exists | Excludes,
    known: _Known,
) -> bool:
    match restriction:
        case Comparison():
            return _compare(values, restriction)
        case Contains():
            return _contains(values, restriction, known)
        case Exists(path):
            return value_at(values, path) is not None
        case Excludes(path, mask):
            # Also true of what is not set (Use search filters with EWS in Exchange, Bitmask).
            bits = _scalars(values, path)
            return all(isinstance(each, int) and not each & mask for each in bits)


def sort_key(values: Mapping[str, Value], path: Path) -> tuple[int, Scalar]:
    """By what things with these values are sorted: without regard to case.

    Those without the property are first, and numbers before text. Of several values the first
    counts.
    """
    value = next(_scalars(values, path), None)
    if value is None:
        return 0, 0
    return (2, _folded(value)) if isinstance(value, str) else (1, value)


def _compare(values: Mapping[str, Value], comparison: Comparison) -> bool:
    holds = _HOLDS[comparison.operator]
    found = any(
        _comparable(left, right) and holds(_folded(left), _folded(right))
        for left in _scalars(values, comparison.path)
        for right in _operands(values, comparison.operand, left)
    )
    return found != (comparison.operator is Operator.NOT_EQUAL)


def _operands(
    values: Mapping[str, Value], operand: Constant | Path, left: Scalar
) -> Iterator[Scalar]:
    if not isinstance(operand, Constant):
        yield from _scalars(values, operand)
    elif (right := operand.like(left)) is not None:
        yield right


def _comparable(left: Scalar, right: Scalar) -> bool:
    return isinstance(left, str) == isinstance(right, str)


def _folded(value: Scalar) -> Scalar:
    return value.casefold() if isinstance(value, str) and not _TIME.fullmatch(value) else value


def _scalars(values: Mapping[str, Value], path: Path) -> Iterator[Scalar]:
    """What a property has to be compared."""
    kind = path.key.rpartition("PropertyType=")[2] if isinstance(path, ExtendedPath) else ""
    for value in _flat(value_at(values, path)):
        typed = _of_extended_type(value, kind.removesuffix("Array")) if kind else value
        if typed is not None:
            yield typed


def _flat(value: Any) -> Iterator[Scalar]:
    if isinstance(value, list):
        for each in value:
            yield from _flat(each)
    elif isinstance(value, dict):
        # A body is its text, a conversation its id; a mailbox is found by name and by address.
        for part in ("Value", "Id", "Name", "EmailAddress"):
            if part in value:
                yield from _flat(value[part])
    elif value is not None:
        yield value


def _of_extended_type(value: Scalar, kind: str) -> Scalar | None:
    text = str(value)
    if kind in _EXTENDED_NUMBERS:
        return _number(text)
    if kind == "Boolean":
        return _boolean(text)
    if kind in _EXTENDED_TIMES:
        return _time(text) or text
    return text


def _contains(values: Mapping[str, Value], restriction: Contains, known: _Known) -> bool:
    key = restriction.path, restriction.ignores_case, restriction.ignores_marks
    if key not in known:
        found = _scalars(values, restriction.path)
        known[key] = [restriction.normalized(_text(each)) for each in found]
    return any(restriction.is_in(text) for text in known[key])


def _text(value: Scalar) -> str:
    if not isinstance(value, str):
        raise ContainsFilterWrongType
    return value


def _is_in(text: str, wanted: str, mode: Mode) -> bool:
    match mode:
        case Mode.FULL_STRING:
            return text == wanted
        case Mode.PREFIXED:
            return text.startswith(wanted)
        case Mode.SUBSTRING:
            return wanted in text
        case Mode.PREFIX_ON_WORDS:
            return any(_is_edge_of_word(text, at) for at in _places(text, wanted))
        case Mode.EXACT_PHRASE:
            size = len(wanted)
            places = _places(text, wanted)
            return any(
                _is_edge_of_word(text, at) and _is_edge_of_word(text, at + size) for at in places
            )


def _places(text: str, wanted: str) -> Iterator[int]:
    at = text.find(wanted)
    while at >= 0:
        yield at
        at = text.find(wanted, at + 1)


def _is_edge_of_word(text: str, at: int) -> bool:
    return at in (0, len(text)) or not (text[at - 1].isalnum() and text[at].isalnum())


def _boolean(text: str) -> bool | None:
    return {"true": True, "1": True, "false": False, "0": False}.get(text.strip().lower())


def _number(text: str) -> int | float | None:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:  # also for more digits than Python reads
            continue
    return None


def _time(text: str) -> str | None:
    try:
        return times.normalized(text)
    except ValueError:
        return None
