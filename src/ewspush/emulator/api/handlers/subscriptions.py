"""Push subscriptions: made, listed, ended, and what operators do to them."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from ewspush.control.attempt_records import attempts_after
from ewspush.core import watermark
from ewspush.core.accounts import AccountStatus
from ewspush.core.errors import InvalidWatermark
from ewspush.core.events import EventType
from ewspush.core.ids import Kind, ObjectId
from ewspush.emulator.api.errors import ApiError, shown
from ewspush.emulator.api.finding import OPERATOR, account_at, folder_in, subscription_with
from ewspush.emulator.api.models.common import Nothing, in_milliseconds, moment_from, moment_ms
from ewspush.emulator.api.models.subscriptions import (
    Attempt,
    Attempted,
    AttemptQuery,
    Attempts,
    NewSubscription,
    Paused,
    Resend,
    Subscription,
    SubscriptionQuery,
    Subscriptions,
)
from ewspush.emulator.api.routing import Call
from ewspush.emulator.api.surroundings import Surroundings
from ewspush.emulator.emulator import Emulator
from ewspush.operations.folders.finding import FolderById
from ewspush.operations.subscriptions import PushSubscriptionRequest, Subscribed, subscribe
from ewspush.store import accounts, mailboxes, subscriptions
from ewspush.store.database import Transaction
from ewspush.wire import ids

_PAGE = 500
_TIMES = (
    "mailbox_disabled_at",
    "created_at",
    "over_at",
    "paused_at",
)
_TIMES_TO_COME = ("next_at", "gives_up_at")


async def list_subscriptions(
    around: Surroundings, call: Call[SubscriptionQuery, Nothing]
) -> Subscriptions:
    await around.emulator.written()
    return await around.emulator.in_thread(_list, around.emulator, call.query)


def _list(emulator: Emulator, query: SubscriptionQuery) -> Subscriptions:
    found: list[Subscription] = []
    for id in ids_of(emulator, query.mailbox, query.after):
        one = show(emulator, id)
        if query.phase in (None, one.phase):
            found.append(one)
        if len(found) == query.limit:
            break
    return Subscriptions(subscriptions=found)


def ids_of(emulator: Emulator, address: str | None, after: str | None = None) -> Iterator[str]:
    """Those of the push subscriptions of a mailbox, or of all. Blocks. Raises ApiError."""
    with emulator.database.read() as tx:
        passed = after is None
        for mailbox in [*_mailboxes(tx, address, after)]:
            for each in subscriptions.of_mailbox(tx, mailbox):
                id = ids.encode(Kind.SUBSCRIPTION, mailbox, each.number)
                if passed:
                    yield id
                passed = passed or id == after


def _mailboxes(tx: Transaction, address: str | None, after: str | None) -> Iterator[int]:
    last = 0 if after is None else subscription_with(tx, after, "after")[0].id - 1
    if address is not None:
        mailbox = account_at(tx, address, "mailbox").mailbox_id
        if mailbox > last:
            yield mailbox
        return
    while some := mailboxes.after(tx, last, _PAGE):
        last = some[-1].id
        for each in some:
            account = accounts.by_mailbox(tx, each.id)
            if account is not None and account.status is not AccountStatus.DELETED:
                yield each.id


def show(emulator: Emulator, id: str) -> Subscription:
    """All that is known of a push subscription. Blocks. Raises ApiError."""
    with emulator.database.read() as tx:
        subscription_with(tx, id)
    return _told(emulator.commands.subscription_exactly(id))


def _told(record: dict[str, Any]) -> Subscription:
    last = record["last_attempt"]
    return Subscription.model_validate(
        {
            **record,
            **{name: in_milliseconds(record[name]) for name in _TIMES},
            **{name: _to_come(record[name]) for name in _TIMES_TO_COME},
            "last_attempt": last and {**last, "at": in_milliseconds(last["at"])},
        }
    )


def _to_come(at_s: float | None) -> str | None:
    return None if at_s is None else moment_from(at_s)


async def get_subscription(around: Surroundings, call: Call[Nothing, Nothing]) -> Subscription:
    await around.emulator.written()
    return await around.emulator.in_thread(show, around.emulator, call.path["id"])


# Made and ended


async def create_subscription(
    around: Surroundings, call: Call[Nothing, NewSubscription]
) -> Subscription:
    emulator = around.emulator
    subscribed = await emulator.in_thread(_subscribe, emulator, call.body)
    emulator.subscribed(subscribed)
    new = subscribed.subscription
    id = ids.encode(Kind.SUBSCRIPTION, new.mailbox, new.number)
    return await emulator.in_thread(show, emulator, id)


def _subscribe(emulator: Emulator, new: NewSubscription) -> Subscribed:
    settings = emulator.settings
    with emulator.database.write() as tx:
        mailbox = account_at(tx, new.mailbox, "mailbox").mailbox_id
        wanted = PushSubscriptionRequest(
            folders=tuple(_references(tx, mailbox, new.folders or [])),
            all_folders=new.folders is None,
            event_types=frozenset(map(EventType.from_element, new.event_types or []))
            or frozenset(EventType),
            url=new.url,
            status_frequency_min=new.status_frequency_min,
            watermark=new.watermark,
            caller_data=new.caller_data,
            server_version=settings.server.version.version,
        )
        return subscribe(
            tx,
            mailbox,
            wanted,
            judge_url=emulator.judge_url,
            most=settings.subscriptions.per_mailbox,
            now_s=emulator.management.now_s(),
        )


def _references(tx: Transaction, mailbox: int, given: list[str]) -> Iterator[FolderById]:
    for place, each in enumerate(given):
        folder = folder_in(tx, mailbox, each, f"folders[{place}]")
        yield FolderById(ObjectId(Kind.FOLDER, mailbox, folder.number))


async def end_subscription(around: Surroundings, call: Call[Nothing, Nothing]) -> None:
    emulator = around.emulator
    ended = await emulator.in_thread(_unsubscribe, emulator, call.path["id"])
    if ended is not None:
        emulator.unsubscribed(ended)


def _unsubscribe(emulator: Emulator, id: str) -> ObjectId | None:
    """What was ended; None: it was over already."""
    with emulator.database.write() as tx:
        owner, one = subscription_with(tx, id)
        now_s = emulator.management.now_s()
        if not subscriptions.end(tx, owner.id, one.number, now_s):
            return None
    return ObjectId(Kind.SUBSCRIPTION, owner.id, one.number)


# What operators do


async def pause_subscription(around: Surroundings, call: Call[Nothing, Nothing]) -> Paused:
    return _paused(await _steer(around, call, "subscription.pause"))


async def resume_subscription(around: Surroundings, call: Call[Nothing, Nothing]) -> Paused:
    return _paused(await _steer(around, call, "subscription.resume"))


async def retry_subscription_now(around: Surroundings, call: Call[Nothing, Nothing]) -> Attempted:
    return Attempted(**await _steer(around, call, "subscription.retry_now"))


async def send_heartbeat(around: Surroundings, call: Call[Nothing, Nothing]) -> Attempted:
    return Attempted(**await _steer(around, call, "subscription.heartbeat"))


async def resend_notifications(around: Surroundings, call: Call[Nothing, Resend]) -> Attempted:
    given = call.body.watermark
    more = {} if given is None else {"watermark": given}
    return Attempted(**await _steer(around, call, "subscription.resend", **more))


async def _steer(
    around: Surroundings, call: Call[Nothing, Any], command: str, **given: str
) -> dict[str, Any]:
    await around.emulator.written()
    emulator, id = around.emulator, call.path["id"]
    return await emulator.in_thread(_carry_out, emulator, id, command, given)


def _carry_out(emulator: Emulator, id: str, command: str, given: dict[str, str]) -> dict[str, Any]:
    with emulator.database.read() as tx:
        owner, _ = subscription_with(tx, id)
    if "watermark" in given:
        try:
            watermark.decode(given["watermark"], owner.watermark_base, owner.floor, owner.head)
        except InvalidWatermark:
            text = (
                f"{shown(given['watermark'])} is no watermark of this mailbox, or one from before"
                " the events that are kept"
            )
            raise ApiError(HTTPStatus.BAD_REQUEST, text, "watermark") from None
    record: dict[str, Any] = emulator.commands.by_name(OPERATOR)[command](id, **given)
    return record


def _paused(record: dict[str, Any]) -> Paused:
    return Paused(id=record["id"], paused_at=in_milliseconds(record["paused_at"]))


# Attempts


async def list_attempts(around: Surroundings, call: Call[AttemptQuery, Nothing]) -> Attempts:
    await around.emulator.written()
    return await around.emulator.in_thread(_attempts, around.emulator, call)


def _attempts(emulator: Emulator, call: Call[AttemptQuery, Nothing]) -> Attempts:
    with emulator.database.read() as tx:
        owner, one = subscription_with(tx, call.path["id"])
    query = call.query
    found = attempts_after(emulator.database, query.after, query.limit, owner.id, one.number)
    return Attempts(attempts=[attempt_told(each) for each in found])


def attempt_told(record: dict[str, Any]) -> Attempt:
    """An attempt as the attempt log tells of it."""
    known = {name: value for name, value in record.items() if name != "at_ms"}
    return Attempt.model_validate({**known, "at": moment_ms(record["at_ms"])})
