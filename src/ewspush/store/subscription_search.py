"""Looking for push subscriptions among many, page by page."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, or_, select, tuple_

from ewspush.store import subscriptions as stored
from ewspush.store.database import Transaction
from ewspush.store.mailboxes import Mailbox, by_id
from ewspush.store.schema import mailboxes, subscriptions
from ewspush.store.subscriptions import Subscription

LOOKED_AT = 50_000  # rows, for one page

Key = tuple[int, int]
"""Mailbox and number: subscriptions are in this order."""

BEGINNING: Key = (0, -1)

_KEY = (subscriptions.c.mailbox_id, subscriptions.c.number)
_IS_LIVE = subscriptions.c.over_at_s.is_(None)
_IS_PAUSED = subscriptions.c.paused_at_s.is_not(None)
_CONDITIONS: dict[str, tuple[ColumnElement[bool], ...]] = {
    **{
        name: (_IS_LIVE, subscriptions.c.paused_at_s.is_(None), subscriptions.c.phase == name)
        for name in ("idle", "retrying")
    },
    "paused": (_IS_LIVE, _IS_PAUSED),
    **{name: (subscriptions.c.phase == name,) for name in ("parked", "ended")},
}
PHASES = tuple(_CONDITIONS)


class Wanted(NamedTuple):
    """Which subscriptions. None, or nothing: any."""

    phase: str | None = None  # one of PHASES
    mailbox: int | None = None
    text: str = ""  # a part of the URL or of the mailbox's address, in any case


class Found(NamedTuple):
    """A page. `following` is where to go on; None: that was all."""

    subscriptions: list[tuple[Mailbox, Subscription]]
    following: Key | None


def page(tx: Transaction, wanted: Wanted, after: Key, most: int) -> Found:
    """The next `most` that are wanted, or fewer where 50,000 others were looked at meanwhile."""
    window = select(*_KEY).where(tuple_(*_KEY) > tuple_(*after)).order_by(*_KEY)
    if wanted.mailbox is not None:
        window = window.where(subscriptions.c.mailbox_id == wanted.mailbox)
    looked = window.limit(LOOKED_AT).subquery()
    statement = (
        select(*_KEY)
        .join(looked, tuple_(*_KEY) == tuple_(looked.c.mailbox_id, looked.c.number))
        .join(mailboxes, mailboxes.c.id == subscriptions.c.mailbox_id)
        .where(*_conditions(wanted))
        .order_by(*_KEY)
        .limit(most + 1)
    )
    keys: Sequence[Any] = tx.connection.execute(statement).all()
    if len(keys) > most:
        following: Key | None = _key(keys[most - 1])
    else:
        last = select(looked).order_by(looked.c.mailbox_id.desc(), looked.c.number.desc())
        rows = tx.connection.execute(select(func.count()).select_from(looked)).scalar_one()
        following = _key(tx.connection.execute(last.limit(1)).one()) if rows == LOOKED_AT else None
    return Found(_load(tx, [_key(each) for each in keys[:most]]), following)


def positions(
    tx: Transaction, mailbox: int, after: int, through: int, most: int
) -> list[tuple[int, int]]:
    """Numbers of live subscriptions with the sequences that they acknowledged last.

    Those that are after one sequence and through another, `most` of them.
    """
    acknowledged = subscriptions.c.acknowledged
    statement = (
        select(subscriptions.c.number, acknowledged)
        .where(subscriptions.c.mailbox_id == mailbox, _IS_LIVE)
        .where(acknowledged > after, acknowledged <= through)
        .limit(most)
    )
    return [(row.number, row.acknowledged) for row in tx.connection.execute(statement)]


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions = list(_CONDITIONS[wanted.phase]) if wanted.phase else []
    if wanted.text:
        text = wanted.text.lower()
        url, address = func.lower(subscriptions.c.url), func.lower(mailboxes.c.address)
        conditions.append(
            or_(url.contains(text, autoescape=True), address.contains(text, autoescape=True))
        )
    return conditions


def _key(row: Any) -> Key:
    return row.mailbox_id, row.number


def _load(tx: Transaction, keys: Sequence[Key]) -> list[tuple[Mailbox, Subscription]]:
    owners = {mailbox: by_id(tx, mailbox) for mailbox in dict.fromkeys(key[0] for key in keys)}
    found = []
    for mailbox, number in keys:
        owner, one = owners[mailbox], stored.by_number(tx, mailbox, number)
        if owner is not None and one is not None:
            found.append((owner, one))
    return found
