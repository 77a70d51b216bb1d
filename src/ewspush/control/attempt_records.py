"""The attempt log of a subscription as JSON objects."""

from ewspush.control import CommandError
from ewspush.control.subscription_records import Record, decode, time_text
from ewspush.core import watermark
from ewspush.core.ids import Kind
from ewspush.store import attempts, mailboxes, subscriptions
from ewspush.store.attempts import StoredAttempt
from ewspush.store.database import Database
from ewspush.wire import ids

MOST = 1000  # attempts in one answer


def list_attempts(
    database: Database, id: str, most: int = 20, *, bodies: bool = False
) -> list[Record]:
    """The newest attempts of a subscription, newest first, with their bodies if these are wanted.

    The settings bound of how many there are bodies, and how long these are.
    """
    wanted = decode(id)
    with database.read() as tx:
        owner = mailboxes.by_id(tx, wanted.mailbox)
        if owner is None or subscriptions.by_number(tx, wanted.mailbox, wanted.number) is None:
            raise CommandError(f"there is no push subscription {id}")
        found = attempts.of_subscription(tx, wanted.mailbox, wanted.number, min(most, MOST))
    return [_describe(owner.watermark_base, each, bodies=bodies) for each in found]


def attempts_after(
    database: Database,
    after: int,
    most: int,
    mailbox: int | None = None,
    number: int | None = None,
) -> list[Record]:
    """The first attempts after the one with that number, the oldest first, with their bodies.

    Of all subscriptions, of those of a mailbox, or of the one of it that has `number`. Each has its
    `subscription`, the `number` of its row and `at_ms` beside what `list_attempts` tells.
    """
    with database.read() as tx:
        found = attempts.after(tx, after, min(most, MOST), mailbox, number)
        owners = {id: mailboxes.by_id(tx, id) for id in {each.attempt.mailbox for each in found}}
    return [
        _numbered(each, owner.watermark_base)
        for each in found
        if (owner := owners[each.attempt.mailbox]) is not None
    ]


def _numbered(stored: StoredAttempt, watermark_base: int) -> Record:
    attempt = stored.attempt
    return {
        "number": stored.id,
        "subscription": ids.encode(Kind.SUBSCRIPTION, attempt.mailbox, attempt.subscription),
        **_describe(watermark_base, stored, bodies=True),
        "at_ms": attempt.at_ms,
    }


def _describe(watermark_base: int, stored: StoredAttempt, *, bodies: bool) -> Record:
    attempt = stored.attempt
    described: Record = {
        "at": time_text(attempt.at_ms / 1000),
        "kind": "events" if attempt.events else "status",
        "events": attempt.events,
        "more_events": attempt.more_events,
        "previous_watermark": watermark.encode(watermark_base, attempt.previous),
        "watermark": watermark.encode(watermark_base, attempt.through),
        "outcome": attempt.outcome,
        "http_status": attempt.http_status,
        "detail": attempt.detail,
        "connect_ms": _ms(attempt.connect_us),
        "tls_ms": _ms(attempt.tls_us),
        "first_byte_ms": _ms(attempt.first_byte_us),
        "total_ms": _ms(attempt.total_us),
    }
    if bodies:
        described |= {"request": _text(attempt.request), "answer": _text(attempt.answer)}
    return described


def _ms(us: int | None) -> float | None:
    return None if us is None else us / 1000


def _text(body: bytes | None) -> str | None:
    return None if body is None else body.decode("utf-8", "replace")
