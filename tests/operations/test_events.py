"""GetEvents, and what a stream reads: the events, the errors, and what is stored."""

from dataclasses import replace
from typing import Any

import pytest

from ewspush.core import watermark
from ewspush.core.errors import (
    AccountDisabled,
    EventNotFound,
    EwsError,
    ExpiredSubscription,
    InvalidPullSubscriptionId,
    InvalidSubscription,
    InvalidWatermark,
    ReadEventsFailed,
    SubscriptionAccessDenied,
    SubscriptionNotFound,
)
from ewspush.core.events import EventType
from ewspush.core.ids import Kind, ObjectId
from ewspush.core.notification import Notification
from ewspush.operations import events, subscriptions
from ewspush.operations.events import Backlog, Position
from ewspush.operations.folders.finding import FolderByName
from ewspush.operations.subscriptions import PullSubscriptionRequest, StreamingSubscriptionRequest
from ewspush.store import event_log, pull_subscriptions
from ewspush.store import subscriptions as push_subscriptions
from ewspush.store.database import Database
from ewspush.store.mailboxes import Mailbox
from ewspush.store.pull_subscriptions import PullSubscription
from support.checks_for_store import (
    NOW_S,
    current,
    happened,
    new_mailbox,
    on_sqlite,
    subscription,
)
from support.disabling import disable, restore

NEW_MAIL, CREATED = EventType.NEW_MAIL, EventType.CREATED
REQUEST = PullSubscriptionRequest((FolderByName("inbox"),), False, frozenset({NEW_MAIL}), 5)
STREAMING = StreamingSubscriptionRequest((FolderByName("inbox"),), False, frozenset({NEW_MAIL}))
TIMEOUT_S = 300


@pytest.fixture
def caller(database: Database) -> Mailbox:
    return new_mailbox(database)


@pytest.fixture
def other(database: Database) -> Mailbox:
    return new_mailbox(database, "other")


def subscribe(database: Database, caller: Mailbox, **changes: Any) -> ObjectId:
    with database.write() as tx:
        new = subscriptions.subscribe_to_pull(
            tx, caller.id, replace(REQUEST, **changes), most=20, now_s=NOW_S
        ).subscription
    return ObjectId(Kind.SUBSCRIPTION, new.mailbox, new.number)


def subscribe_to_streaming(database: Database, caller: Mailbox) -> ObjectId:
    with database.write() as tx:
        new = subscriptions.subscribe_to_streaming(
            tx, caller.id, STREAMING, most=20, now_s=NOW_S
        ).subscription
    return ObjectId(Kind.SUBSCRIPTION, new.mailbox, new.number)


def log(database: Database, mailbox: Mailbox, *types: EventType) -> None:
    with database.write() as tx:
        for type_ in types:
            event_log.append(tx, mailbox.id, happened(NOW_S, type_=type_))


def get(
    database: Database, caller: Mailbox, id: ObjectId, after: int, now_s: int = NOW_S
) -> Notification:
    text = watermark.encode(caller.watermark_base, after)
    return events.get_events(database, caller.id, id, text, now_s).notification


def stored(database: Database, id: ObjectId, now_s: int = NOW_S) -> PullSubscription | None:
    with database.read() as tx:
        return pull_subscriptions.by_number(tx, id.mailbox, id.number, now_s)


def sequences(notification: Notification) -> list[int]:
    return [event.sequence for event in notification.events]


# What is answered


def test_the_events_after_the_watermark_are_answered(database: Database, caller: Mailbox) -> None:
    id = subscribe(database, caller)
    log(database, caller, NEW_MAIL, CREATED, NEW_MAIL)
    answer = get(database, caller, id, 0)
    assert (answer.previous, sequences(answer), answer.more) == (0, [1, 3], False)
    answer = get(database, caller, id, 3)
    assert (answer.previous, sequences(answer), answer.through) == (3, [], 3)


def test_a_disabled_mailbox_has_no_events_for_who_came_before(
    database: Database, caller: Mailbox
) -> None:
    id, streamed = subscribe(database, caller), subscribe_to_streaming(database, caller)
    log(database, caller, NEW_MAIL)
    disable(database, caller.id, NOW_S)
    with pytest.raises(AccountDisabled):
        get(database, caller, id, 0)
    with database.read() as tx, pytest.raises(AccountDisabled):
        events.read_streams(tx, caller.id, {streamed.number: None}, NOW_S)
    restore(database, caller.id, NOW_S + TIMEOUT_S)
    assert sequences(get(database, caller, id, 0, NOW_S + TIMEOUT_S)) == [1]


def test_fifty_are_answered_at_most_and_the_client_is_told_of_more(
    database: Database, caller: Mailbox
) -> None:
    id = subscribe(database, caller)
    log(database, caller, *[NEW_MAIL] * 100)
    first = get(database, caller, id, 0)
    assert (sequences(first), first.more) == (list(range(1, 51)), True)
    second = get(database, caller, id, first.through)
    assert (sequences(second), second.more) == (list(range(51, 101)), False)


def test_a_status_event_leads_past_what_is_not_wanted(database: Database, caller: Mailbox) -> None:
    id = subscribe(database, caller)
    log(database, caller, *[CREATED] * 5)
    answer = get(database, caller, id, 0)
    assert (answer.previous, sequences(answer), answer.through, answer.more) == (0, [], 5, False)


def test_whoever_repeats_a_watermark_after_more_events_gets_all_and_no_more_events(
    database: Database, caller: Mailbox
) -> None:
    """As exchangelib does, which would go on for ever otherwise."""
    id = subscribe(database, caller)
    log(database, caller, *[NEW_MAIL] * 60)
    assert get(database, caller, id, 0).more is True
    again = get(database, caller, id, 0)
    assert (sequences(again), again.more) == (list(range(1, 61)), False)
    once_more = get(database, caller, id, 0)
    assert (len(sequences(once_more)), once_more.more) == (50, True)
    other = get(database, caller, id, 5)
    assert (len(sequences(other)), other.more) == (50, True)


@on_sqlite
def test_what_is_repeated_at_once_has_a_bound_too(
    database: Database, caller: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "_BATCH_AGAIN", 70)
    id = subscribe(database, caller)
    log(database, caller, *[NEW_MAIL] * 100)
    get(database, caller, id, 0)
    again = get(database, caller, id, 0)
    assert (len(sequences(again)), again.more) == (70, False)
    following = get(database, caller, id, 70)
    assert (sequences(following), following.more) == (list(range(71, 101)), False)


@on_sqlite
def test_a_status_event_says_that_there_is_nothing_however_long_the_log(
    database: Database, caller: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "BATCH", 1)
    id = subscribe(database, caller)
    log(database, caller, *[CREATED] * 500, NEW_MAIL)
    answer = get(database, caller, id, 0)
    assert (sequences(answer), answer.more) == ([501], False)


def test_a_client_may_go_back_to_an_older_watermark(database: Database, caller: Mailbox) -> None:
    id = subscribe(database, caller)
    log(database, caller, *[NEW_MAIL] * 3)
    for after, expected in ((0, [1, 2, 3]), (2, [3]), (1, [2, 3]), (3, [])):
        assert sequences(get(database, caller, id, after)) == expected


def test_a_subscription_begins_at_the_watermark_it_resumes_from(
    database: Database, caller: Mailbox
) -> None:
    log(database, caller, *[NEW_MAIL] * 3)
    given = watermark.encode(caller.watermark_base, 2)
    id = subscribe(database, caller, watermark=given)
    assert stored(database, id).acknowledged == 2  # type: ignore[union-attr]
    assert sequences(get(database, caller, id, 2)) == [3]


# What is stored


def test_what_the_client_has_is_what_it_said_and_not_what_was_answered(
    database: Database, caller: Mailbox
) -> None:
    id = subscribe(database, caller)
    log(database, caller, *[NEW_MAIL] * 3)
    for after in (2, 0, 1):
        get(database, caller, id, after)
        assert stored(database, id).acknowledged == after  # type: ignore[union-attr]


def test_each_answer_begins_the_timeout_anew(database: Database, caller: Mailbox) -> None:
    id = subscribe(database, caller)
    late_s = NOW_S + TIMEOUT_S - 1
    get(database, caller, id, 0, late_s)
    get(database, caller, id, 0, late_s + TIMEOUT_S - 1)
    with pytest.raises(SubscriptionNotFound):
        get(database, caller, id, 0, late_s + 2 * TIMEOUT_S - 1)


def test_a_refused_call_does_not_begin_the_timeout_anew(
    database: Database, caller: Mailbox
) -> None:
    id = subscribe(database, caller)
    with pytest.raises(InvalidWatermark):
        get(database, caller, id, 99, NOW_S + TIMEOUT_S - 1)
    with pytest.raises(SubscriptionNotFound):
        get(database, caller, id, 0, NOW_S + TIMEOUT_S)


# What is refused


@pytest.mark.parametrize(
    "text", ["nonsense", "ygwAAAAAAAA=", "", "beyond the head"], ids=lambda text: text or "empty"
)
def test_a_watermark_that_is_none_is_refused_and_nothing_changes(
    database: Database, caller: Mailbox, text: str
) -> None:
    id = subscribe(database, caller)
    before = stored(database, id)
    if text == "beyond the head":
        text = watermark.encode(caller.watermark_base, 1)
    with pytest.raises(InvalidWatermark):
        events.get_events(database, caller.id, id, text, NOW_S + 1)
    assert stored(database, id) == before


def test_events_that_are_purged_end_the_subscription(database: Database, caller: Mailbox) -> None:
    id = subscribe(database, caller)
    log(database, caller, *[NEW_MAIL] * 3)
    get(database, caller, id, 2)
    with database.write() as tx:
        event_log.purge(tx, caller.id, 0, 2, NOW_S + 1, 100)
    assert current(database, caller).floor == 2
    assert sequences(get(database, caller, id, 2)) == [3]
    with pytest.raises(EventNotFound):
        get(database, caller, id, 1)
    assert stored(database, id) is None


def test_events_that_cannot_be_read_end_the_subscription(
    database: Database, caller: Mailbox
) -> None:
    id = subscribe(database, caller)
    log(database, caller, NEW_MAIL)
    with database.write() as tx:
        tx.connection.exec_driver_sql("UPDATE events SET type = 99")
    with pytest.raises(ReadEventsFailed):
        get(database, caller, id, 0)
    assert stored(database, id) is None


def test_one_that_is_removed_meanwhile_has_expired(
    database: Database, caller: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = subscribe(database, caller)
    monkeypatch.setattr(pull_subscriptions, "write_positions", lambda *_: 0)
    with pytest.raises(ExpiredSubscription):
        get(database, caller, id, 0)


def test_the_wrong_subscription_is_refused_by_what_is_wrong_with_it(
    database: Database, caller: Mailbox, other: Mailbox
) -> None:
    with database.write() as tx:
        push_subscriptions.insert_subscription(tx, subscription(caller.id, 1))
        push_subscriptions.insert_subscription(tx, subscription(other.id, 2))

    def id(mailbox: Mailbox, number: int) -> ObjectId:
        return ObjectId(Kind.SUBSCRIPTION, mailbox.id, number)

    refused: list[tuple[ObjectId, type[EwsError]]] = [
        (id(caller, 3), SubscriptionNotFound),
        (id(other, 1), SubscriptionNotFound),
        (id(caller, 1), InvalidPullSubscriptionId),
        (id(other, 2), SubscriptionAccessDenied),
        (subscribe(database, other), SubscriptionAccessDenied),
        (subscribe_to_streaming(database, caller), InvalidSubscription),
        (subscribe_to_streaming(database, other), SubscriptionAccessDenied),
    ]
    for wrong, error in refused:
        with pytest.raises(EwsError) as raised:
            get(database, caller, wrong, 0)
        assert type(raised.value) is error


# Streams


def hold(database: Database, caller: Mailbox, *ids: ObjectId, now_s: int = NOW_S) -> list[ObjectId]:
    with database.write() as tx:
        return events.hold_for_stream(tx, caller.id, ids, 60, now_s)


def test_a_stream_keeps_its_subscriptions_alive(database: Database, caller: Mailbox) -> None:
    ids = [subscribe_to_streaming(database, caller) for _ in range(2)]
    assert hold(database, caller, *ids, now_s=NOW_S + 1799) == []
    for id in ids:
        assert stored(database, id).expires_at_s == NOW_S + 1799 + 60 + 1800  # type: ignore[union-attr]


def test_what_cannot_be_streamed_is_named_and_nothing_changes(
    database: Database, caller: Mailbox, other: Mailbox
) -> None:
    good = subscribe_to_streaming(database, caller)
    bad = [
        subscribe(database, caller),
        subscribe_to_streaming(database, other),
        ObjectId(Kind.SUBSCRIPTION, caller.id, 1),
        replace(good, mailbox=other.id),
    ]
    before = stored(database, good)
    assert hold(database, caller, bad[0], good, *bad[1:]) == bad
    assert stored(database, good) == before
    assert hold(database, caller, good, now_s=NOW_S + 1800) == [good]
    assert hold(database, caller) == []


def test_a_stream_reads_from_the_positions_it_knows_or_from_those_that_are_stored(
    database: Database, caller: Mailbox
) -> None:
    known, unknown, gone = (subscribe_to_streaming(database, caller) for _ in range(3))
    log(database, caller, *[NEW_MAIL] * 4)
    with database.write() as tx:
        lives_until_s = NOW_S + 60
        events.write_positions(tx, [Position(caller.id, unknown.number, 3, lives_until_s)])
        subscriptions.unsubscribe(tx, caller.id, gone, NOW_S)
    with database.read() as tx:
        found = events.read_streams(
            tx,
            caller.id,
            {known.number: 1, unknown.number: None, gone.number: 1},
            NOW_S,
        )
    told = {
        number: [event.sequence for event in each.events]
        for number, each in found.items()
        if isinstance(each, Backlog)
    }
    assert told == {known.number: [2, 3, 4], unknown.number: [4]}
