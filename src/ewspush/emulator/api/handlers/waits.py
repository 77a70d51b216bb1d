"""Waiting for the next notification, for nothing to be pending, for a subscription to be parked."""

from functools import partial
from http import HTTPStatus

from ewspush.control.attempt_records import attempts_after
from ewspush.emulator.api.errors import ApiError
from ewspush.emulator.api.finding import account_at, subscription_with
from ewspush.emulator.api.handlers.subscriptions import attempt_told, ids_of, show
from ewspush.emulator.api.models.common import Nothing
from ewspush.emulator.api.models.subscriptions import Subscription
from ewspush.emulator.api.models.waits import Happened, Wait
from ewspush.emulator.api.routing import Call
from ewspush.emulator.api.surroundings import Surroundings
from ewspush.emulator.emulator import Emulator
from ewspush.store import attempts, backlog

_MOST_TOLD = 3  # subscriptions, of those that there are instead


async def wait(around: Surroundings, call: Call[Nothing, Wait]) -> Happened:
    emulator, wanted = around.emulator, call.body
    after = await _start(emulator, wanted)
    look = {
        "notification": partial(_find_attempt, emulator, wanted, after),
        "nothing-pending": partial(_find_nothing_pending, emulator, wanted),
        "parked": partial(_find_parked, emulator, wanted),
    }[wanted.for_]

    async def written_and_looked() -> Happened | None:
        await emulator.written()
        return await emulator.in_thread(look)

    found = await around.waits.until(written_and_looked, wanted.timeout_s, call.on_gone)
    if found is not None:
        return found
    instead = await emulator.in_thread(_what_there_is, emulator, wanted)
    text = f"{_WHAT[wanted.for_]} within {wanted.timeout_s:g} s: {instead}"
    raise ApiError(HTTPStatus.GATEWAY_TIMEOUT, text)


_WHAT = {
    "notification": "no notification was attempted",
    "nothing-pending": "notifications were still pending",
    "parked": "nothing was parked",
}


async def _start(emulator: Emulator, wanted: Wait) -> int:
    """After which attempt the next one comes. Raises ApiError for what is not there."""
    await emulator.written()
    newest = await emulator.in_thread(_check, emulator, wanted)
    return newest if wanted.after is None else wanted.after


def _check(emulator: Emulator, wanted: Wait) -> int:
    with emulator.database.read() as tx:
        if wanted.subscription is not None:
            subscription_with(tx, wanted.subscription, "subscription")
        if wanted.mailbox is not None:
            account_at(tx, wanted.mailbox, "mailbox")
        return attempts.newest(tx)


def _find_attempt(emulator: Emulator, wanted: Wait, after: int) -> Happened | None:
    mailbox, number = _whose(emulator, wanted)
    found = attempts_after(emulator.database, after, 1, mailbox, number)
    return Happened(attempt=attempt_told(found[0])) if found else None


def _whose(emulator: Emulator, wanted: Wait) -> tuple[int | None, int | None]:
    """The mailbox and the number of the subscription, as far as they are given."""
    with emulator.database.read() as tx:
        if wanted.subscription is not None:
            owner, one = subscription_with(tx, wanted.subscription, "subscription")
            return owner.id, one.number
        if wanted.mailbox is not None:
            return account_at(tx, wanted.mailbox, "mailbox").mailbox_id, None
    return None, None


def _find_nothing_pending(emulator: Emulator, wanted: Wait) -> Happened | None:
    return (
        None if any(_is_pending(emulator, each) for each in _all(emulator, wanted)) else Happened()
    )


def _is_pending(emulator: Emulator, shown: Subscription) -> bool:
    """Whether a notification is unacknowledged, queued or under way, or is about to be."""
    if shown.over_at is not None or shown.mailbox_disabled_at is not None:
        return False
    # Before its first one, and while it is sent what was asked for, it waits for no heartbeat.
    if shown.phase == "retrying" or (shown.phase == "idle" and shown.next != "heartbeat"):
        return True
    with emulator.database.read() as tx:
        owner, one = subscription_with(tx, shown.id)
        (left,) = backlog.read(tx, [(owner.id, shown.acknowledged, one.wanted)], batch=1)
    return isinstance(left, backlog.BrokenLog) or bool(left.events) or left.unread


def _find_parked(emulator: Emulator, wanted: Wait) -> Happened | None:
    parked = (each for each in _all(emulator, wanted) if each.phase == "parked")
    found = next(parked, None)
    return None if found is None else Happened(subscription=found)


def _all(emulator: Emulator, wanted: Wait) -> list[Subscription]:
    if wanted.subscription is not None:
        return [show(emulator, wanted.subscription)]
    return [show(emulator, each) for each in [*ids_of(emulator, wanted.mailbox)]]


def _what_there_is(emulator: Emulator, wanted: Wait) -> str:
    there = _all(emulator, wanted)
    if not there:
        return "there is no push subscription"
    told = "; ".join(map(_sentence, there[:_MOST_TOLD]))
    more = len(there) - _MOST_TOLD
    return told if more <= 0 else f"{told}; and {more} more"


def _sentence(shown: Subscription) -> str:
    parts = [f"{shown.id} of {shown.mailbox} is {shown.phase}"]
    if shown.behind:
        events = "1 event" if shown.behind == 1 else f"{shown.behind} events"
        parts.append(f"{events} behind")
    if shown.failures:
        attempts_ = "1 attempt" if shown.failures == 1 else f"{shown.failures} attempts"
        parts.append(f"{attempts_} failed")
    if shown.next_at is not None:
        parts.append(f"{shown.next} at {shown.next_at}")
    if shown.last_attempt is not None:
        parts.append(f"last attempt: {shown.last_attempt.outcome} {shown.last_attempt.detail}")
    return ", ".join(part.strip() for part in parts)
