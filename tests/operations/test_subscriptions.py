"""Subscribing and unsubscribing: what is created, what is refused, and what cannot race."""

from concurrent.futures import Future
from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest

from ewspush.core import watermark
from ewspush.core.errors import (
    AccountDisabled,
    CannotUseItemIdForFolderId,
    EwsError,
    ExceededSubscriptionCount,
    FolderNotFound,
    InvalidPushSubscriptionUrl,
    InvalidSubscriptionRequest,
    InvalidWatermark,
    NonExistentMailbox,
    SubscriptionAccessDenied,
    SubscriptionDelegateAccessNotSupported,
    SubscriptionNotFound,
)
from ewspush.core.events import EventFilter, EventType
from ewspush.core.ids import Kind, ObjectId
from ewspush.core.subscription import ENDED, IDLE, PARKED, Phase, Retrying
from ewspush.operations import subscriptions
from ewspush.operations.folders.finding import FolderById, FolderByName
from ewspush.operations.retention import Sweep
from ewspush.operations.subscriptions import (
    STREAMING_TIMEOUT_S,
    PullSubscriptionRequest,
    PushSubscriptionRequest,
    StreamingSubscriptionRequest,
    Subscribed,
    SubscribedToPull,
)
from ewspush.store import event_log, pull_subscriptions
from ewspush.store import mailboxes as stored_mailboxes
from ewspush.store import subscriptions as stored
from ewspush.store.database import Database, Transaction
from ewspush.store.mailboxes import Mailbox
from ewspush.store.pull_subscriptions import PullSubscription
from ewspush.store.subscriptions import Subscription
from support.checks_for_store import (
    NOW_S,
    current,
    happened,
    log_events,
    new_mailbox,
    on_sqlite,
    rows,
    subscription,
    threads,
    wait_until_blocked,
)
from support.delegates import grant
from support.disabling import disable

INBOX, DRAFTS, NOBODYS = 3, 4, 12345
URL = "https://responder.example/push?key=1"
REQUEST = PushSubscriptionRequest(
    folders=(FolderByName("inbox"),),
    all_folders=False,
    event_types=frozenset({EventType.NEW_MAIL, EventType.CREATED}),
    url=URL,
    status_frequency_min=5,
)


@pytest.fixture
def caller(database: Database) -> Mailbox:
    return new_mailbox(database)


@pytest.fixture
def other(database: Database) -> Mailbox:
    return new_mailbox(database, "other")


def judge(url: str) -> None:
    if url != URL:
        raise InvalidPushSubscriptionUrl(f"not {URL}")


def subscribe(
    tx: Transaction, caller: Mailbox, request: PushSubscriptionRequest = REQUEST, most: int = 3
) -> Subscribed:
    return subscriptions.subscribe(tx, caller.id, request, judge_url=judge, most=most, now_s=NOW_S)


def subscribe_and_commit(database: Database, caller: Mailbox, **changes: Any) -> Subscribed:
    most = changes.pop("most", 3)
    with database.write() as tx:
        return subscribe(tx, caller, replace(REQUEST, **changes), most)


def all_of(database: Database, mailbox: Mailbox) -> list[Subscription]:
    with database.read() as tx:
        return stored.of_mailbox(tx, mailbox.id)


def folder(mailbox: int, number: int = INBOX, kind: Kind = Kind.FOLDER) -> FolderById:
    return FolderById(ObjectId(kind, mailbox, number))


# What is created


def test_a_subscription_is_what_was_asked_for(database: Database, caller: Mailbox) -> None:
    made = subscribe_and_commit(
        database,
        caller,
        folders=(FolderByName("inbox"), folder(caller.id, DRAFTS), FolderByName("inbox")),
        caller_data="mine",
        server_version="Exchange2013",
    ).subscription
    assert all_of(database, caller) == [made]
    assert made.wanted == EventFilter(REQUEST.event_types, frozenset({INBOX, DRAFTS}))
    assert (made.url, made.status_frequency_min) == (URL, 5)
    assert (made.caller_data, made.server_version) == ("mine", "Exchange2013")
    assert (made.created_at_s, made.phase, made.over_at_s) == (NOW_S, IDLE, None)


def test_all_folders_are_no_folder_in_particular(database: Database, caller: Mailbox) -> None:
    made = subscribe_and_commit(database, caller, folders=(), all_folders=True).subscription
    assert made.wanted == EventFilter(REQUEST.event_types, None)
    assert all_of(database, caller) == [made]


def test_without_a_watermark_it_starts_at_the_end_of_the_log(
    database: Database, caller: Mailbox
) -> None:
    log_events(database, caller.id, *[NOW_S] * 5)
    subscribed = subscribe_and_commit(database, caller)
    assert subscribed.subscription.acknowledged == 5
    assert subscribed.watermark == watermark.encode(caller.watermark_base, 5)


def test_numbers_are_random(database: Database, caller: Mailbox) -> None:
    numbers = {subscribe_and_commit(database, caller).subscription.number for _ in range(3)}
    assert len(numbers) == 3
    assert all(0 <= number < 2**63 for number in numbers)


# Resuming


@pytest.fixture
def purged(database: Database, caller: Mailbox) -> Mailbox:
    """The caller, with the sequences 3 to 6 in the log."""
    log_events(database, caller.id, *[NOW_S] * 6)
    with database.write() as tx:
        event_log.purge(tx, caller.id, 0, 2, NOW_S + 1, 100)
    return current(database, caller)


@on_sqlite
@pytest.mark.parametrize("sequence", [2, 3, 5, 6])
def test_it_resumes_from_a_watermark_and_repeats_it(
    database: Database, purged: Mailbox, sequence: int
) -> None:
    given = watermark.encode(purged.watermark_base, sequence)
    subscribed = subscribe_and_commit(database, purged, watermark=given)
    assert subscribed.watermark == given
    assert subscribed.subscription.acknowledged == sequence
    assert all_of(database, purged) == [subscribed.subscription]


def test_the_watermark_of_a_parked_subscription_misses_nothing(
    database: Database, purged: Mailbox
) -> None:
    with database.write() as tx:
        stored.insert_subscription(
            tx, subscription(purged.id, phase=PARKED, over_at_s=NOW_S, acknowledged=4)
        )
    given = watermark.encode(purged.watermark_base, 4)
    assert subscribe_and_commit(database, purged, watermark=given).subscription.acknowledged == 4


@on_sqlite
@pytest.mark.parametrize("sequence", [1, 0, -1, 7, 1000])
def test_it_does_not_resume_from_what_is_purged_or_to_come(
    database: Database, purged: Mailbox, sequence: int
) -> None:
    given = watermark.encode(purged.watermark_base, sequence)
    with pytest.raises(InvalidWatermark):
        subscribe_and_commit(database, purged, watermark=given)
    assert all_of(database, purged) == []


def test_it_does_not_resume_from_anothers_watermark(
    database: Database, purged: Mailbox, other: Mailbox
) -> None:
    log_events(database, other.id, *[NOW_S] * 6)
    for given in (watermark.encode(other.watermark_base, 4), "", "nonsense", "AAAAAAA="):
        with pytest.raises(InvalidWatermark):
            subscribe_and_commit(database, purged, watermark=given)
    assert all_of(database, purged) == []


# What is refused. The caller's mailbox is 1, the other's 2.

REFUSED: dict[str, tuple[dict[str, Any], type[EwsError]]] = {
    "a URL that may not be called": (
        {"url": "https://10.0.0.1/"},
        InvalidPushSubscriptionUrl,
    ),
    "neither folders nor all": ({"folders": ()}, InvalidSubscriptionRequest),
    "both folders and all": ({"all_folders": True}, InvalidSubscriptionRequest),
    "no such folder": ({"folders": (folder(1, 999),)}, FolderNotFound),
    "no such name": ({"folders": (FolderByName("publicfoldersroot"),)}, FolderNotFound),
    "one that is not there among others": (
        {"folders": (FolderByName("inbox"), folder(1, 999))},
        FolderNotFound,
    ),
    "an item": ({"folders": (folder(1, 19, Kind.ITEM),)}, CannotUseItemIdForFolderId),
    "another's folder": ({"folders": (folder(2),)}, SubscriptionDelegateAccessNotSupported),
    "another's folder by name": (
        {"folders": (FolderByName("inbox", "other@example.org"),)},
        SubscriptionDelegateAccessNotSupported,
    ),
    "nobody's folder": ({"folders": (folder(NOBODYS),)}, SubscriptionDelegateAccessNotSupported),
    "an address of nobody": (
        {"folders": (FolderByName("inbox", "nobody@example.org"),)},
        NonExistentMailbox,
    ),
    "not an address": ({"folders": (FolderByName("inbox", "nobody"),)}, NonExistentMailbox),
    "two mailboxes": (
        {"folders": (FolderByName("inbox"), folder(2))},
        InvalidSubscriptionRequest,
    ),
    "two mailboxes of others": (
        {"folders": (folder(2), folder(NOBODYS))},
        InvalidSubscriptionRequest,
    ),
    "a watermark that is none": ({"watermark": "nonsense"}, InvalidWatermark),
    "one more than the mailbox may have": ({"most": 0}, ExceededSubscriptionCount),
}


@on_sqlite
@pytest.mark.parametrize(("changes", "error"), REFUSED.values(), ids=REFUSED)
def test_a_request_that_cannot_be_fulfilled_is_refused_and_changes_nothing(
    database: Database,
    caller: Mailbox,
    other: Mailbox,
    changes: dict[str, Any],
    error: type[EwsError],
) -> None:
    assert (caller.id, other.id) == (1, 2)
    with pytest.raises(EwsError) as refused:
        subscribe_and_commit(database, caller, **changes)
    assert type(refused.value) is error
    with database.read() as tx:
        assert rows(tx, "SELECT 1 FROM subscriptions") == []


@on_sqlite
@pytest.mark.parametrize("reference", [folder(2), FolderByName("inbox", "other@example.org")])
def test_full_access_is_no_right_to_subscribe(
    database: Database, caller: Mailbox, other: Mailbox, reference: FolderById | FolderByName
) -> None:
    grant(database, other, caller)
    with pytest.raises(SubscriptionDelegateAccessNotSupported):
        subscribe_and_commit(database, caller, folders=(reference,))


@on_sqlite
def test_nobody_subscribes_in_a_mailbox_that_was_disabled(
    database: Database, caller: Mailbox
) -> None:
    disable(database, caller.id, NOW_S)
    with pytest.raises(AccountDisabled):
        subscribe_and_commit(database, caller)
    for request in (PULL, STREAMING):
        with pytest.raises(AccountDisabled):
            subscribe_to_read(database, caller, request)
    with database.read() as tx:
        assert rows(tx, "SELECT 1 FROM subscriptions") == []
        assert rows(tx, "SELECT 1 FROM pull_subscriptions") == []


# The limit


def test_a_mailbox_has_so_many_live_subscriptions_at_most(
    database: Database, caller: Mailbox, other: Mailbox
) -> None:
    for _ in range(3):
        subscribe_and_commit(database, caller, most=3)
    with pytest.raises(ExceededSubscriptionCount, match="3"):
        subscribe_and_commit(database, caller, most=3)
    subscribe_and_commit(database, other, most=3)
    subscribe_and_commit(database, caller, most=4)
    assert len(all_of(database, caller)) == 4


@on_sqlite
@pytest.mark.parametrize(
    ("phase", "counts"), [(IDLE, True), (Retrying(1, NOW_S), True), (PARKED, False), (ENDED, False)]
)
def test_only_live_subscriptions_count(
    database: Database, caller: Mailbox, phase: Phase, counts: bool
) -> None:
    over_at_s = NOW_S if phase in (PARKED, ENDED) else None
    with database.write() as tx:
        stored.insert_subscription(tx, subscription(caller.id, phase=phase, over_at_s=over_at_s))
    if counts:
        with pytest.raises(ExceededSubscriptionCount):
            subscribe_and_commit(database, caller, most=1)
    else:
        subscribe_and_commit(database, caller, most=1)


def test_of_many_who_subscribe_at_once_exactly_so_many_succeed(
    database: Database, caller: Mailbox
) -> None:
    together = Barrier(8)

    def one() -> Subscribed:
        together.wait(30)
        return subscribe_and_commit(database, caller, most=3)

    with threads(8) as run:
        tried: list[Future[Subscribed]] = [run(one) for _ in range(8)]
        errors = [each.exception(30) for each in tried]
    assert errors.count(None) == 3
    assert [type(error) for error in errors if error] == [ExceededSubscriptionCount] * 5
    assert len(all_of(database, caller)) == 3


def test_who_subscribes_waits_for_one_who_is_about_to(database: Database, caller: Mailbox) -> None:
    with threads() as run:
        with database.write() as tx:
            subscribe(tx, caller, most=1)
            second = run(subscribe_and_commit, database, caller, most=1)
            wait_until_blocked(tx, second)
        assert type(second.exception(30)) is ExceededSubscriptionCount


# Resuming while the log is purged


def test_a_resume_that_is_under_way_holds_the_purge(database: Database, caller: Mailbox) -> None:
    log_events(database, caller.id, 1, 2, 3)
    sweep = Sweep(
        database, events_before_s=NOW_S, over_before_s=0, attempts_before_ms=0, now_s=NOW_S
    )
    assert sweep.step()
    with threads() as run:
        with database.write() as tx:
            given = watermark.encode(caller.watermark_base, 1)
            subscribe(tx, caller, replace(REQUEST, watermark=given))
            purging = run(sweep.step)
            wait_until_blocked(tx, purging)
        assert purging.result(30)
    assert current(database, caller).floor == 1


def test_a_resume_that_comes_while_the_log_is_purged_is_refused(
    database: Database, caller: Mailbox
) -> None:
    log_events(database, caller.id, 1, 2, 3)
    given = watermark.encode(caller.watermark_base, 1)
    with threads() as run:
        with database.write() as tx:
            stored_mailboxes.lock(tx, caller.id)
            event_log.purge(tx, caller.id, 0, 3, NOW_S, 100)
            resuming = run(subscribe_and_commit, database, caller, watermark=given)
            wait_until_blocked(tx, resuming)
        assert type(resuming.exception(30)) is InvalidWatermark


def test_an_event_logged_while_someone_subscribes_is_before_or_after_the_start(
    database: Database, caller: Mailbox
) -> None:
    with threads() as run:
        with database.write() as tx:
            event_log.append(tx, caller.id, happened(NOW_S))
            subscribing = run(subscribe_and_commit, database, caller)
            wait_until_blocked(tx, subscribing)
        assert subscribing.result(30).subscription.acknowledged == 1


# Unsubscribing


def unsubscribe(database: Database, caller: Mailbox, mailbox: int, number: int) -> None:
    with database.write() as tx:
        id = ObjectId(Kind.SUBSCRIPTION, mailbox, number)
        subscriptions.unsubscribe(tx, caller.id, id, NOW_S + 5)


@on_sqlite
@pytest.mark.parametrize("phase", [IDLE, Retrying(2, NOW_S)])
def test_a_live_subscription_ends(database: Database, caller: Mailbox, phase: Phase) -> None:
    live = subscription(caller.id, phase=phase, acknowledged=3)
    with database.write() as tx:
        stored.insert_subscription(tx, live)
        stored.insert_subscription(tx, subscription(caller.id, 2))
    unsubscribe(database, caller, caller.id, 1)
    ended = replace(live, phase=ENDED, over_at_s=NOW_S + 5)
    assert all_of(database, caller) == [ended, subscription(caller.id, 2)]


def test_ending_one_makes_room_for_another(database: Database, caller: Mailbox) -> None:
    first = subscribe_and_commit(database, caller, most=1).subscription
    unsubscribe(database, caller, caller.id, first.number)
    subscribe_and_commit(database, caller, most=1)


def test_it_ends_once(database: Database, caller: Mailbox) -> None:
    number = subscribe_and_commit(database, caller).subscription.number
    unsubscribe(database, caller, caller.id, number)
    with pytest.raises(SubscriptionNotFound):
        unsubscribe(database, caller, caller.id, number)


@on_sqlite
@pytest.mark.parametrize("phase", [PARKED, ENDED])
def test_one_that_is_over_is_not_found(database: Database, caller: Mailbox, phase: Phase) -> None:
    over = subscription(caller.id, phase=phase, over_at_s=NOW_S)
    with database.write() as tx:
        stored.insert_subscription(tx, over)
    with pytest.raises(SubscriptionNotFound):
        unsubscribe(database, caller, caller.id, 1)
    assert all_of(database, caller) == [over]


def test_one_that_is_not_there_is_not_found(
    database: Database, caller: Mailbox, other: Mailbox
) -> None:
    for mailbox in (caller.id, other.id, NOBODYS, (1 << 56) - 1):
        for number in (5, 2**63 - 1):
            with pytest.raises(SubscriptionNotFound):
                unsubscribe(database, caller, mailbox, number)


@on_sqlite
@pytest.mark.parametrize("phase", [IDLE, ENDED])
def test_anothers_subscription_is_left_alone(
    database: Database, caller: Mailbox, other: Mailbox, phase: Phase
) -> None:
    theirs = subscription(other.id, phase=phase, over_at_s=None if phase is IDLE else NOW_S)
    with database.write() as tx:
        stored.insert_subscription(tx, theirs)
    with pytest.raises(SubscriptionAccessDenied):
        unsubscribe(database, caller, other.id, 1)
    assert all_of(database, other) == [theirs]


# Pull and streaming


PULL = PullSubscriptionRequest(REQUEST.folders, False, REQUEST.event_types, timeout_min=5)
STREAMING = StreamingSubscriptionRequest(REQUEST.folders, False, REQUEST.event_types)

ReadRequest = PullSubscriptionRequest | StreamingSubscriptionRequest
each_kind = pytest.mark.parametrize("request_", [PULL, STREAMING], ids=["pull", "streaming"])


def subscribe_to_read(
    database: Database, caller: Mailbox, request: ReadRequest, most: int = 3, now_s: int = NOW_S
) -> SubscribedToPull:
    with database.write() as tx:
        if isinstance(request, PullSubscriptionRequest):
            return subscriptions.subscribe_to_pull(tx, caller.id, request, most=most, now_s=now_s)
        return subscriptions.subscribe_to_streaming(tx, caller.id, request, most=most, now_s=now_s)


def found(
    database: Database, subscribed: SubscribedToPull, now_s: int = NOW_S
) -> PullSubscription | None:
    new = subscribed.subscription
    with database.read() as tx:
        return pull_subscriptions.by_number(tx, new.mailbox, new.number, now_s)


def test_a_pull_subscription_is_what_was_asked_for(database: Database, caller: Mailbox) -> None:
    log_events(database, caller.id, *[NOW_S] * 5)
    made = subscribe_to_read(database, caller, PULL)
    new = made.subscription
    assert found(database, made) == new
    assert new.wanted == EventFilter(PULL.event_types, frozenset({INBOX}))
    assert (new.is_streaming, new.timeout_s, new.expires_at_s) == (False, 300, NOW_S + 300)
    assert (new.acknowledged, new.created_at_s) == (5, NOW_S)
    assert made.watermark == watermark.encode(caller.watermark_base, 5)


def test_a_streaming_subscription_is_what_was_asked_for(
    database: Database, caller: Mailbox
) -> None:
    log_events(database, caller.id, *[NOW_S] * 5)
    made = subscribe_to_read(database, caller, replace(STREAMING, folders=(), all_folders=True))
    new = made.subscription
    assert found(database, made) == new
    assert new.wanted == EventFilter(PULL.event_types, None)
    assert (new.is_streaming, new.acknowledged) == (True, 5)
    assert (new.timeout_s, new.expires_at_s) == (STREAMING_TIMEOUT_S, NOW_S + STREAMING_TIMEOUT_S)


def test_a_pull_subscription_resumes_from_a_watermark_in_the_log(
    database: Database, purged: Mailbox
) -> None:
    for sequence in (2, 6):
        given = watermark.encode(purged.watermark_base, sequence)
        made = subscribe_to_read(database, purged, replace(PULL, watermark=given))
        assert (made.subscription.acknowledged, made.watermark) == (sequence, given)
    for sequence in (1, 7):
        given = watermark.encode(purged.watermark_base, sequence)
        with pytest.raises(InvalidWatermark):
            subscribe_to_read(database, purged, replace(PULL, watermark=given))


@on_sqlite
@each_kind
@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"folders": ()}, InvalidSubscriptionRequest),
        ({"all_folders": True}, InvalidSubscriptionRequest),
        ({"folders": (folder(2),)}, SubscriptionDelegateAccessNotSupported),
        ({"folders": (folder(1, 999),)}, FolderNotFound),
    ],
    ids=["no folder", "folders and all", "another's", "no such folder"],
)
def test_folders_are_judged_as_for_push(
    database: Database,
    caller: Mailbox,
    other: Mailbox,
    request_: ReadRequest,
    changes: dict[str, Any],
    error: type[EwsError],
) -> None:
    assert (caller.id, other.id) == (1, 2)
    with pytest.raises(EwsError) as refused:
        subscribe_to_read(database, caller, replace(request_, **changes))
    assert type(refused.value) is error


def test_a_mailbox_has_so_many_to_read_at_most_in_all(
    database: Database, caller: Mailbox, other: Mailbox
) -> None:
    for request in (PULL, STREAMING, PULL):
        subscribe_to_read(database, caller, request)
    for request in (PULL, STREAMING):
        with pytest.raises(ExceededSubscriptionCount, match="3 pull and streaming"):
            subscribe_to_read(database, caller, request)
    subscribe_to_read(database, other, PULL)
    subscribe_and_commit(database, caller, most=1)  # push has a limit of its own


def test_those_that_have_expired_do_not_count(database: Database, caller: Mailbox) -> None:
    for _ in range(3):
        subscribe_to_read(database, caller, PULL)
    subscribe_to_read(database, caller, PULL, now_s=NOW_S + 300)


@each_kind
def test_of_many_who_subscribe_to_read_at_once_exactly_so_many_succeed(
    database: Database, caller: Mailbox, request_: ReadRequest
) -> None:
    together = Barrier(8)

    def one() -> SubscribedToPull:
        together.wait(30)
        return subscribe_to_read(database, caller, request_)

    with threads(8) as run:
        tried: list[Future[SubscribedToPull]] = [run(one) for _ in range(8)]
        errors = [each.exception(30) for each in tried]
    assert errors.count(None) == 3
    assert [type(error) for error in errors if error] == [ExceededSubscriptionCount] * 5


@each_kind
def test_one_that_is_read_ends_once_and_by_its_owner(
    database: Database, caller: Mailbox, other: Mailbox, request_: ReadRequest
) -> None:
    made = subscribe_to_read(database, caller, request_)
    number = made.subscription.number
    with pytest.raises(SubscriptionAccessDenied):
        unsubscribe(database, other, caller.id, number)
    assert found(database, made) == made.subscription
    unsubscribe(database, caller, caller.id, number)
    assert found(database, made) is None
    with pytest.raises(SubscriptionNotFound):
        unsubscribe(database, caller, caller.id, number)


@each_kind
def test_one_that_has_expired_is_not_found(
    database: Database, caller: Mailbox, other: Mailbox, request_: ReadRequest
) -> None:
    lifetime_s = subscribe_to_read(database, caller, request_).subscription.timeout_s
    made = subscribe_to_read(database, caller, request_, now_s=NOW_S + 5 - lifetime_s)
    for mailbox in (caller, other):
        with pytest.raises(SubscriptionNotFound):
            unsubscribe(database, mailbox, caller.id, made.subscription.number)
