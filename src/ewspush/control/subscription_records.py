"""Subscriptions as JSON objects, with all that is known of them."""

from collections.abc import Callable, Sequence
from math import ceil
from typing import Any

from ewspush.control import CommandError
from ewspush.core import times, watermark
from ewspush.core.errors import EwsError
from ewspush.core.events import EventFilter
from ewspush.core.ids import Kind, ObjectId
from ewspush.core.subscription import Retrying
from ewspush.store import attempts, folders
from ewspush.store.attempts import Attempt, StoredAttempt
from ewspush.store.database import Transaction
from ewspush.store.mailboxes import Mailbox
from ewspush.store.pull_subscriptions import PullSubscription
from ewspush.store.subscriptions import Subscription
from ewspush.wire import ids

Record = dict[str, Any]
"""A JSON object."""

Live = Callable[[ObjectId], Record | None]
"""What a running engine knows of a push subscription."""

_MINUTE_S = 60


def decode(id: str) -> ObjectId:
    """What a subscription is called inside. Raises CommandError if that is no id of one."""
    try:
        decoded = ids.decode(id)
    except EwsError:
        raise CommandError(f"there is no subscription {id}: that is not an id of ewspush") from None
    if decoded.kind is not Kind.SUBSCRIPTION:
        kind = decoded.kind.name.lower()
        raise CommandError(f"there is no subscription {id}: that is an id of a {kind}")
    return decoded


def describe(
    tx: Transaction, some: Sequence[tuple[Mailbox, Subscription]], live: Live
) -> list[Record]:
    """Push subscriptions, live or over, each with its mailbox."""
    return [in_whole_seconds(record) for record in describe_exactly(tx, some, live)]


def describe_exactly(
    tx: Transaction, some: Sequence[tuple[Mailbox, Subscription]], live: Live
) -> list[Record]:
    """The same, with times to come in seconds since the epoch."""
    last = attempts.last_of(tx, [(one.mailbox, one.number) for _, one in some])
    return [
        _describe(tx, owner, one, live, last.get((one.mailbox, one.number))) for owner, one in some
    ]


def _describe(
    tx: Transaction, owner: Mailbox, one: Subscription, live: Live, last: StoredAttempt | None
) -> Record:
    id = ObjectId(Kind.SUBSCRIPTION, one.mailbox, one.number)
    described: Record = {
        "id": ids.encode(id.kind, id.mailbox, id.number),
        "kind": "push",
        "mailbox": owner.address,
        "mailbox_disabled_at": time_text(owner.disabled_at_s),
        "url": one.url,
        "folders": _folder_names(tx, one.mailbox, one.wanted),
        "event_types": _event_types(one.wanted),
        "status_frequency_min": one.status_frequency_min,
        "caller_data": one.caller_data,
        "created_at": time_text(one.created_at_s),
        "phase": type(one.phase).__name__.lower(),
        "failures": one.phase.failures if isinstance(one.phase, Retrying) else 0,
        "acknowledged": one.acknowledged,
        "over_at": time_text(one.over_at_s),
        "paused_at": None,
        "next": None,
        "next_at": None,
        "gives_up_at": _gives_up_s(one),
        "last_attempt": last and _attempt(last.attempt),
    }
    if one.over_at_s is None and one.paused_at_s is not None:
        paused_at = time_text(one.paused_at_s)
        described |= {"phase": "paused", "paused_at": paused_at, "gives_up_at": None}
    else:
        described |= live(id) or {}
    described |= _position(owner, described["acknowledged"])
    return described


def in_whole_seconds(exact: Record) -> Record:
    """What `describe` tells: what is due has happened by then."""
    return exact | {
        key: exact[key] and time_text(ceil(exact[key])) for key in ("next_at", "gives_up_at")
    }


def describe_pulled(tx: Transaction, owner: Mailbox, one: PullSubscription) -> Record:
    """A pull or streaming subscription."""
    return {
        "id": ids.encode(Kind.SUBSCRIPTION, one.mailbox, one.number),
        "kind": "streaming" if one.is_streaming else "pull",
        "mailbox": owner.address,
        "mailbox_disabled_at": time_text(owner.disabled_at_s),
        "folders": _folder_names(tx, one.mailbox, one.wanted),
        "event_types": _event_types(one.wanted),
        "created_at": time_text(one.created_at_s),
        "expires_at": time_text(one.expires_at_s),
        "timeout_min": one.timeout_s // _MINUTE_S,
        "acknowledged": one.acknowledged,
        **_position(owner, one.acknowledged),
    }


def time_text(at_s: float | None) -> str | None:
    """A time as RFC 3339."""
    return None if at_s is None else times.to_text(int(at_s))


def _position(owner: Mailbox, acknowledged: int) -> Record:
    return {
        "watermark": watermark.encode(owner.watermark_base, acknowledged),
        "behind": max(0, owner.head - acknowledged),
    }


def _event_types(wanted: EventFilter) -> list[str]:
    return sorted(type_.element for type_ in wanted.types)


def _gives_up_s(one: Subscription) -> float | None:
    if not isinstance(one.phase, Retrying):
        return None
    return one.phase.since_s + one.status_frequency_min * _MINUTE_S


def _attempt(last: Attempt) -> Record:
    return {"at": time_text(last.at_ms / 1000), "outcome": last.outcome, "detail": last.detail}


def _folder_names(tx: Transaction, mailbox: int, wanted: EventFilter) -> list[str] | None:
    if wanted.folders is None:
        return None
    found = (folders.by_number(tx, mailbox, number) for number in sorted(wanted.folders))
    return [folder.distinguished_name or folder.display_name for folder in found if folder]
