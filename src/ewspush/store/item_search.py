"""Looking through the items of a folder, in the order in which they were received."""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, select, tuple_

from ewspush.store.database import Transaction
from ewspush.store.item_conditions import Condition
from ewspush.store.items import COLUMNS, Item
from ewspush.store.schema import items

_AT_ONCE = 500  # rows, so that a large folder is never in memory as a whole
_ORDER = (items.c.received_at_s, items.c.number)

ALL_COLUMNS = tuple(column.name for column in COLUMNS)


@dataclass(frozen=True, slots=True)
class Scope:
    """Items of a folder: all, or those that were soft-deleted from another one."""

    folder: int
    deleted_from: int | None = None


def count(tx: Transaction, mailbox: int, scope: Scope, condition: Condition) -> int:
    """How many items the condition is true of."""
    where = _where(mailbox, scope, condition)
    return tx.connection.execute(select(func.count()).select_from(items).where(*where)).scalar_one()


def numbers(
    tx: Transaction,
    mailbox: int,
    scope: Scope,
    condition: Condition,
    *,
    newest_first: bool,
    offset: int,
    most: int,
) -> list[int]:
    """Numbers of items of which the condition is true, `most` of them after so many others."""
    # Numbers alone come from the index; the rows of those that are passed over are not touched.
    statement = select(items.c.number).where(*_where(mailbox, scope, condition))
    statement = _ordered(statement, newest_first=newest_first).limit(most).offset(offset)
    return list(tx.connection.execute(statement).scalars())


def scan(
    tx: Transaction,
    mailbox: int,
    scope: Scope,
    condition: Condition,
    columns: Collection[str],
    *,
    newest_first: bool,
) -> Iterator[Row[Any]]:
    """The items of which the condition is true, with these columns beside those of the order."""
    names = dict.fromkeys((*(column.name for column in _ORDER), *columns))
    selected = [items.c[name] for name in names]
    statement = select(*selected).where(*_where(mailbox, scope, condition))
    statement = _ordered(statement, newest_first=newest_first).limit(_AT_ONCE)
    rows = tx.connection.execute(statement).all()
    while rows:
        yield from rows
        if len(rows) < _AT_ONCE:
            return
        rows = tx.connection.execute(_after(statement, rows[-1], newest_first=newest_first)).all()


def item_of(row: Row[Any]) -> Item:
    """The item, of a row with ALL_COLUMNS."""
    values = row._mapping
    return Item(
        **{name: values[name] for name in ALL_COLUMNS if name != "properties"},
        properties=json.loads(values["properties"]),
    )


def _where(mailbox: int, scope: Scope, condition: Condition) -> list[ColumnElement[bool]]:
    where = [
        items.c.mailbox_id == mailbox,
        items.c.folder_number == scope.folder,
        condition.clause,
    ]
    if scope.deleted_from is not None:
        where.append(items.c.deleted_from == scope.deleted_from)
    return where


def _ordered(statement: Select[Any], *, newest_first: bool) -> Select[Any]:
    return statement.order_by(*(each.desc() if newest_first else each for each in _ORDER))


def _after(statement: Select[Any], row: Row[Any], *, newest_first: bool) -> Select[Any]:
    place = tuple_(*_ORDER)
    passed = tuple_(row.received_at_s, row.number)
    return statement.where(place < passed if newest_first else place > passed)
