"""What of a restriction a database can judge, so that not every item need be read."""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Double,
    LargeBinary,
    and_,
    cast,
    false,
    func,
    literal,
    not_,
    or_,
    true,
)

from ewspush.core import times
from ewspush.core.item_paths import FieldPath, Path
from ewspush.core.search import (
    And,
    Comparison,
    Constant,
    Contains,
    Not,
    Operator,
    Or,
    Restriction,
)
from ewspush.store.database import Transaction
from ewspush.store.schema import items

Clause: TypeAlias = ColumnElement[bool]

_FLAGS = {
    "IsRead": items.c.is_read,
    "IsDraft": items.c.is_draft,
    "HasAttachments": items.c.has_attachments,
}
_TIMES = {
    "DateTimeReceived": items.c.received_at_s,
    "DateTimeCreated": items.c.created_at_s,
    "LastModifiedTime": items.c.modified_at_s,
}
_TEXTS = {"Subject": items.c.subject, "ItemClass": items.c.item_class}

# Among `items.properties` and nowhere else, each text as it is.
_PROPERTIES = frozenset(
    {
        "BccRecipients",
        "Categories",
        "CcRecipients",
        "From",
        "InReplyTo",
        "InternetMessageId",
        "References",
        "ReplyTo",
        "Sender",
        "ToRecipients",
    }
)

_COMPARE: dict[Operator, Callable[[Any, Any], Clause]] = {
    Operator.EQUAL: lambda column, value: column == value,
    Operator.NOT_EQUAL: lambda column, value: column != value,
    Operator.GREATER: lambda column, value: column > value,
    Operator.GREATER_OR_EQUAL: lambda column, value: column >= value,
    Operator.LESS: lambda column, value: column < value,
    Operator.LESS_OR_EQUAL: lambda column, value: column <= value,
}
_EQUALITY = (Operator.EQUAL, Operator.NOT_EQUAL)
_MOST_BYTES = 2**31 - 1  # of an Integer


@dataclass(frozen=True, slots=True)
class Condition:
    """True of every item that is found, and, if it is exact, of no other."""

    clause: Clause
    is_exact: bool

    def __invert__(self) -> "Condition":
        return Condition(not_(self.clause), True) if self.is_exact else _UNKNOWN


_UNKNOWN = Condition(true(), False)
_NEVER = Condition(false(), True)
_ALWAYS = Condition(true(), True)


def condition_of(tx: Transaction, restriction: Restriction | None) -> Condition:
    """What can be asked of the database in the place of a restriction, or before it."""
    match restriction:
        case None:
            return _ALWAYS
        case And(parts) | Or(parts):
            join = and_ if isinstance(restriction, And) else or_
            return _joined(join, [condition_of(tx, part) for part in parts])
        case Not(part):
            return ~condition_of(tx, part)
        case Comparison(operator, FieldPath(name), Constant() as constant):
            return _comparison(tx, operator, name, constant)
        case Contains():
            return _contains(tx, restriction)
    return _UNKNOWN


def _joined(join: Callable[..., Clause], parts: Sequence[Condition]) -> Condition:
    clause = join(*(part.clause for part in parts))
    return Condition(clause, all(part.is_exact for part in parts))


def _comparison(tx: Transaction, operator: Operator, name: str, constant: Constant) -> Condition:
    at_s = _seconds(constant)
    if name in _FLAGS and operator in _EQUALITY:
        return _compared(_FLAGS[name], operator, constant.like(True))
    if name in _TIMES and at_s is not None:
        return _compared(_TIMES[name], operator, at_s)
    if name == "Size":
        return _compared(items.c.size, operator, _size(constant))
    if operator is Operator.EQUAL and at_s is None:
        text = str(constant.like(""))
        return _with_text(tx, FieldPath(name), text, ignores_case=True)
    return _UNKNOWN


def _compared(column: ColumnElement[Any], operator: Operator, value: Any) -> Condition:
    if value is None:  # the constant is nothing that the column could be compared with
        return _ALWAYS if operator is Operator.NOT_EQUAL else _NEVER
    return Condition(_COMPARE[operator](column, value), True)


def _size(constant: Constant) -> ColumnElement[float] | None:
    size = constant.like(0)
    if not isinstance(size, int | float) or math.isnan(size):
        return None
    # No size is beyond these, and not every database knows every number beyond them.
    return literal(float(max(-1, min(size, _MOST_BYTES + 1))), Double)


def _seconds(constant: Constant) -> int | None:
    try:
        return times.to_seconds(str(constant.like(times.to_text(0))))
    except ValueError:
        return None


def _contains(tx: Transaction, contains: Contains) -> Condition:
    if contains.ignores_marks:
        return _UNKNOWN
    text = contains.text.casefold() if contains.ignores_case else contains.text
    return _with_text(tx, contains.path, text, ignores_case=contains.ignores_case)


def _with_text(tx: Transaction, path: Path, text: str, *, ignores_case: bool) -> Condition:
    """The text is somewhere in the property, or the property is not to be judged here."""
    name = path.name if isinstance(path, FieldPath) else ""
    column: ColumnElement[Any]
    if name in _TEXTS:
        column = _TEXTS[name]
    elif name in _PROPERTIES and json.dumps(text, ensure_ascii=False) == f'"{text}"':
        column = items.c.properties
    else:
        return _UNKNOWN
    if not ignores_case:
        return Condition(_place(tx, column, text) > 0, False)
    if not text.isascii():
        return _UNKNOWN
    # Of ASCII text alone all databases know what is lower case, and so does Python.
    lower = func.lower(column if tx.is_sqlite else column.collate("C"))
    return Condition(or_(_place(tx, lower, text) > 0, _has_more_than_ascii(tx, column)), False)


def _place(tx: Transaction, column: ColumnElement[Any], text: str) -> ColumnElement[int]:
    return func.instr(column, text) if tx.is_sqlite else func.strpos(column, text)


def _has_more_than_ascii(tx: Transaction, column: ColumnElement[Any]) -> Clause:
    octets = func.length(cast(column, LargeBinary)) if tx.is_sqlite else func.octet_length(column)
    return octets != func.length(column)
