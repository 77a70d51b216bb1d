"""Pages about subscriptions: the list, one of them with its attempts, and one attempt."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ewspush.control import CommandError
from ewspush.control.subscription_records import decode, describe, time_text
from ewspush.core import addresses, watermark
from ewspush.core.subscription import Retrying
from ewspush.doctor import redaction
from ewspush.doctor.answers import Terms
from ewspush.doctor.redaction import Redaction
from ewspush.inspector import diagnosis, documents, outcomes, pictures
from ewspush.inspector.pictures import Made, Picture, Plan
from ewspush.inspector.requests import NotFound, number_of
from ewspush.inspector.surroundings import PAGE, Page, Surroundings
from ewspush.store import accounts, attempts, mailboxes, subscription_search, subscriptions
from ewspush.store.attempts import Attempt, StoredAttempt
from ewspush.store.database import Transaction
from ewspush.store.mailboxes import Mailbox
from ewspush.store.subscription_search import BEGINNING, PHASES, Found, Key, Wanted
from ewspush.store.subscriptions import Subscription

_ATTEMPTS = 25  # on a page
_IN_PICTURE = 60
_LONGEST_SEARCH = 200  # characters
_MINUTE_S = 60.0

Row = dict[str, Any]


def listing(around: Surroundings, query: Mapping[str, str]) -> Page:
    """The subscriptions that are looked for."""
    search = query.get("q", "").strip()[:_LONGEST_SEARCH]
    phase = query.get("phase", "")
    address = query.get("mailbox", "").strip()[:_LONGEST_SEARCH]
    with around.database.read() as tx:
        owner = _find_mailbox(tx, address) if address else None
        found = Found([], None)
        if owner is not None or not address:
            wanted = Wanted(phase if phase in PHASES else None, owner.id if owner else None, search)
            found = _named(tx, search) or subscription_search.page(
                tx, wanted, _after(query.get("after", "")), PAGE
            )
        rows = [_row(each) for each in describe(tx, found.subscriptions, around.engine.describe)]
    values = {
        "rows": rows,
        "search": search,
        "phase": phase,
        "phases": PHASES,
        "mailbox": address,
        "following": ".".join(map(str, found.following)) if found.following else None,
        "is_first": not query.get("after"),
        "is_filtered": bool(search or phase or address),
        "looked_at": subscription_search.LOOKED_AT,
    }
    return Page("subscriptions.html", values, follows={"mailbox": str(owner.id)} if owner else {})


def _named(tx: Transaction, search: str) -> Found | None:
    """The subscription with an id that was searched for."""
    try:
        wanted = decode(search)
    except CommandError:
        return None
    owner = mailboxes.by_id(tx, wanted.mailbox)
    one = subscriptions.by_number(tx, wanted.mailbox, wanted.number)
    return Found([(owner, one)] if owner and one else [], None)


def _after(text: str) -> Key:
    mailbox, _, number = text.partition(".")
    key = number_of(mailbox), number_of(number)
    return BEGINNING if None in key else (key[0] or 0, key[1] or 0)


def _find_mailbox(tx: Transaction, address: str) -> Mailbox | None:
    try:
        local_part, _, domain = addresses.normalize(address).rpartition("@")
    except addresses.InvalidAddress:
        return None
    account = accounts.by_address(tx, domain, local_part)
    return None if account is None else mailboxes.by_id(tx, account.mailbox_id)


def _row(record: Row) -> Row:
    last = record["last_attempt"]
    return {
        **record,
        "shown_url": redaction.shown(record["url"]),
        "last": last and {**last, "words": outcomes.words(last["outcome"])},
        "state": state_of(record),
    }


def state_of(record: Mapping[str, Any]) -> str:
    """The phase, or that the mailbox is disabled."""
    if record["mailbox_disabled_at"] is not None and record["over_at"] is None:
        return "disabled"
    phase: str = record["phase"]
    return phase


def _find(tx: Transaction, id: str) -> tuple[Mailbox, Subscription]:
    try:
        wanted = decode(id)
    except CommandError as error:
        raise NotFound(f"{_sentence(str(error))}.") from None
    owner = mailboxes.by_id(tx, wanted.mailbox)
    one = subscriptions.by_number(tx, wanted.mailbox, wanted.number)
    if owner is None or one is None:
        raise NotFound(f"There is no push subscription {id} (any more).")
    return owner, one


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def subscription(around: Surroundings, query: Mapping[str, str], id: str) -> Page:
    """A subscription, why its client gets nothing, and its attempts."""
    before = number_of(query.get("before"))
    with around.database.read() as tx:
        owner, one = _find(tx, id)
        (record,) = describe(tx, [(owner, one)], around.engine.describe)
        newest = attempts.of_subscription(tx, owner.id, one.number, _IN_PICTURE)
        some = (
            newest[: _ATTEMPTS + 1]
            if before is None
            else attempts.of_subscription(tx, owner.id, one.number, _ATTEMPTS + 1, before)
        )
    last = newest[0].attempt if newest else None
    now_s = float(around.management.now_s())
    values = {
        "one": {**record, "state": state_of(record), "shown_url": redaction.shown(one.url)},
        "diagnosis": diagnosis.diagnose(
            record, last, _terms(around, one.url), around.settings.events.keep_days
        ),
        "picture": _picture(around, one, record, newest, now_s),
        "attempts": [_attempt_row(owner, each) for each in some[:_ATTEMPTS]],
        "older": some[_ATTEMPTS - 1].id if len(some) > _ATTEMPTS else None,
        "is_newest": before is None,
        "keeps_bodies": around.settings.attempts.bodies,
    }
    follows = {"mailbox": str(owner.id), "subscription": str(one.number)}
    return Page("subscription.html", values, follows)


def _terms(around: Surroundings, url: str) -> Terms:
    delivery = around.settings.delivery
    return Terms(delivery.timeout_s, delivery.answer_limit, Redaction(url))


def _attempt_row(owner: Mailbox, stored: StoredAttempt) -> Row:
    attempt = stored.attempt
    return {
        "number": stored.id,
        "at": time_text_ms(attempt.at_ms),
        "words": outcomes.words(attempt.outcome),
        "what": _what(attempt),
        "http_status": attempt.http_status,
        "detail": attempt.detail,
        "total_ms": attempt.total_us / 1000,
        "has_bodies": attempt.request is not None or attempt.answer is not None,
        "watermark": watermark.encode(owner.watermark_base, attempt.through),
    }


def _what(attempt: Attempt) -> str:
    if not attempt.events:
        return "StatusEvent"
    noun = "event" if attempt.events == 1 else "events"
    return f"{attempt.events} {noun}{', more to come' if attempt.more_events else ''}"


def time_text_ms(at_ms: int) -> str:
    """A time as RFC 3339, with milliseconds."""
    text = time_text(at_ms / 1000) or ""
    return f"{text.removesuffix('Z')}.{at_ms % 1000:03}Z"


def _picture(
    around: Surroundings,
    one: Subscription,
    record: Row,
    newest: list[StoredAttempt],
    now_s: float,
) -> Picture | None:
    made = [
        Made(each.attempt.at_ms / 1000, outcomes.words(each.attempt.outcome).is_good)
        for each in reversed(newest)
    ]
    return pictures.draw(made, now_s, _plan(around, one, record, made))


def _plan(around: Surroundings, one: Subscription, record: Row, made: list[Made]) -> Plan | None:
    window_s = one.status_frequency_min * _MINUTE_S
    first_wait_s = around.settings.delivery.first_retry_wait_s
    if record["phase"] == "retrying":
        gives_up_s, next_s = _seconds(record["gives_up_at"]), _seconds(record["next_at"])
        since_s = one.phase.since_s if isinstance(one.phase, Retrying) else None
        if since_s is None and gives_up_s is not None:
            since_s = gives_up_s - window_s
        if since_s is None:
            return None
        return Plan(since_s, window_s, first_wait_s, record["failures"], next_s, is_over=False)
    if record["phase"] == "parked" and made and not made[-1].is_good:
        failed = len(made) - next((n for n in range(len(made), 0, -1) if made[n - 1].is_good), 0)
        return Plan(made[-failed].at_s, window_s, first_wait_s, failed, None, is_over=True)
    return None


def _seconds(text: str | None) -> float | None:
    return None if text is None else datetime.fromisoformat(text).timestamp()


def attempt(around: Surroundings, _query: Mapping[str, str], id: str, number: str) -> Page:
    """One attempt: its request and answer, and what is to be said of them."""
    wanted = number_of(number)
    if wanted is None:
        raise NotFound(f"There is no attempt {number[:20]}.")
    with around.database.read() as tx:
        owner, one = _find(tx, id)
        some = attempts.of_subscription(tx, owner.id, one.number, 2, wanted + 1)
    if not some or some[0].id != wanted:
        raise NotFound(f"There is no attempt {number} of this subscription (any more).")
    made = some[0].attempt
    values = {
        "id": id,
        "mailbox": owner.address,
        "shown_url": redaction.shown(one.url),
        "attempt": _attempt_row(owner, some[0]),
        "previous_watermark": watermark.encode(owner.watermark_base, made.previous),
        "older": some[1].id if len(some) > 1 else None,
        "stages": _stages(made),
        **_bodies(around, made),
    }
    return Page("attempt.html", values)


def _stages(made: Attempt) -> list[tuple[str, float]]:
    """Until when each part of the exchange took, in milliseconds."""
    stages = (
        ("connected", made.connect_us),
        ("TLS set up", made.tls_us),
        ("first byte of the answer", made.first_byte_us),
        ("end", made.total_us),
    )
    return [(name, us / 1000) for name, us in stages if us is not None]


def _bodies(around: Surroundings, made: Attempt) -> Row:
    limit, contract = around.settings.attempts.body_limit, around.contract
    request, answer = made.request, made.answer
    return {
        "limit": limit,
        "request": None if request is None else documents.read(request, limit),
        "request_verdict": request and documents.judge_request(request, limit, contract),
        "answer": None
        if made.http_status is None or answer is None
        else documents.read(answer, limit),
        "answer_verdict": None
        if made.http_status is None or answer is None
        else documents.judge_answer(answer, limit, contract),
        "is_error_message": not made.events
        and made.previous == made.through
        and b'ResponseClass="Error"' in (request or b""),
    }
