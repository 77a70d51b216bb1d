"""Restrictions of requests (Restriction, EWS XML reference)."""

from collections.abc import Callable

from lxml import etree

from ewspush.core.errors import EwsError, UnsupportedPathForQuery
from ewspush.core.item_paths import Path
from ewspush.core.search import (
    And,
    Comparison,
    Constant,
    Contains,
    Excludes,
    Exists,
    Mode,
    Not,
    Operator,
    Or,
    Restriction,
)

ReadPath = Callable[[etree._Element], Path | None]

_MOST_NODES = 255  # ErrorRestrictionTooLong (ResponseCode, EWS XML reference)
_GREATEST_DEPTH = 100
_OF_WORDS = (Mode.PREFIX_ON_WORDS, Mode.EXACT_PHRASE)
_LONGEST_PHRASE = 255  # characters: looking for words takes time in proportion to them

_COMPARISONS = {each.value: each for each in Operator}


class RestrictionTooLong(EwsError):
    response_code = "ErrorRestrictionTooLong"
    default_text = f"A restriction may have {_MOST_NODES} search expressions at most."


class RestrictionTooComplex(EwsError):
    response_code = "ErrorRestrictionTooComplex"
    default_text = f"Search expressions may lie {_GREATEST_DEPTH} deep at most."


class InvalidExcludesRestriction(EwsError):
    response_code = "ErrorInvalidExcludesRestriction"
    default_text = "The Bitmask is not a number."


def read(element: etree._Element | None, path: ReadPath) -> Restriction | None:
    """What a Restriction says; `path` reads paths, and returns None for what cannot be searched.

    Raises RestrictionTooLong, RestrictionTooComplex, UnsupportedPathForQuery,
    InvalidExcludesRestriction, or what `path` raises.
    """
    if element is None:
        return None
    return _Reader(path).read(element[0], 1)


class _Reader:
    def __init__(self, path: ReadPath) -> None:
        self._read_path = path
        self._nodes = 0

    def read(self, element: etree._Element, depth: int) -> Restriction:
        self._nodes += 1
        if self._nodes > _MOST_NODES:
            raise RestrictionTooLong
        if depth > _GREATEST_DEPTH:
            raise RestrictionTooComplex
        name = etree.QName(element).localname
        if name == "Not":
            return Not(self.read(element[0], depth + 1))
        if name in ("And", "Or"):
            parts = tuple(self.read(each, depth + 1) for each in element)
            return And(parts) if name == "And" else Or(parts)
        return self._read_leaf(name, element)

    def _read_leaf(self, name: str, element: etree._Element) -> Restriction:
        path = self._path(element[0])
        if name in _COMPARISONS:
            return Comparison(_COMPARISONS[name], path, self._operand(element[1][0]))
        if name == "Contains":
            return _contains(path, element)
        if name == "Excludes":
            return Excludes(path, _bitmask(element[1].get("Value", "")))
        return Exists(path)

    def _path(self, element: etree._Element) -> Path:
        path = self._read_path(element)
        if path is None:
            raise UnsupportedPathForQuery
        return path

    def _operand(self, element: etree._Element) -> Constant | Path:
        if etree.QName(element).localname == "Constant":
            return Constant(element.get("Value", ""))
        return self._path(element)


def _contains(path: Path, element: etree._Element) -> Contains:
    mode = Mode(element.get("ContainmentMode", Mode.FULL_STRING.value))
    text = element[1].get("Value", "")
    if mode in _OF_WORDS and len(text) > _LONGEST_PHRASE:
        raise RestrictionTooComplex(f"A phrase has {_LONGEST_PHRASE} characters at most.")
    comparison = element.get("ContainmentComparison", "Exact")
    # "Loose" ones ignore what MAPI's FL_LOOSE lets a store ignore: here, both.
    is_loose = comparison == "Loose"
    return Contains(
        path,
        text,
        mode,
        ignores_case=is_loose or "IgnoreCase" in comparison,
        ignores_marks=is_loose or "NonSpac" in comparison,
    )


def _bitmask(text: str) -> int:
    try:
        return int(text, 16 if text[:2].lower() == "0x" else 10)
    except ValueError:
        raise InvalidExcludesRestriction from None
