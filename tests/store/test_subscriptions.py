"""Push subscriptions: what a restart needs of them."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from ewspush.core.events import EventType, event_filter
from ewspush.core.subscription import ENDED, IDLE, PARKED, Phase, Retrying
from ewspush.store import subscriptions
from ewspush.store.database import Database
from ewspush.store.mailboxes import Mailbox
from ewspush.store.subscriptions import Progress, Subscription
from support.checks_for_store import (
    NOW_S,
    current,
    log_events,
    new_mailbox,
    rows,
    shards,
    subscription,
)
from support.disabling import disable, purge, restore

RETRYING = Retrying(3, NOW_S + 0.123)
ASKED = Retrying(1, NOW_S, NOW_S + 120.5)  # to wait, by its responder
LIVE: tuple[Phase, ...] = (IDLE, RETRYING)
OVER: tuple[Phase, ...] = (PARKED, ENDED)


@pytest.fixture
def mailbox(database: Database) -> Mailbox:
    return new_mailbox(database)


def insert(database: Database, *new: Subscription) -> None:
    with database.write() as tx:
        for each in new:
            subscriptions.insert_subscription(tx, each)


def find(database: Database, mailbox: Mailbox, number: int = 1) -> Subscription | None:
    with database.read() as tx:
        return subscriptions.by_number(tx, mailbox.id, number)


def of_phase(mailbox: Mailbox, phase: Phase, number: int = 1, **changes: Any) -> Subscription:
    over_at_s = NOW_S if phase in OVER else None
    return subscription(mailbox.id, number, phase=phase, over_at_s=over_at_s, **changes)


def write(database: Database, *progress: Progress, now_s: int = NOW_S) -> None:
    with database.write() as tx:
        subscriptions.write_progress(tx, progress, now_s)


NEW_MAIL = frozenset({EventType.NEW_MAIL})


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="usual"),
        pytest.param({"wanted": event_filter(frozenset(EventType), None)}, id="everything"),
        pytest.param({"wanted": event_filter(NEW_MAIL, frozenset({3}))}, id="one folder"),
        pytest.param(
            {"wanted": event_filter(NEW_MAIL, frozenset({20, 3, 2**62}))}, id="some folders"
        ),
        pytest.param({"caller_data": "Grüße, ' \" & <x/> 用户"}, id="CallerData"),
        pytest.param({"caller_data": ""}, id="empty CallerData"),
        pytest.param({"url": "https://x.example/?" + "a" * 2000}, id="a long URL"),
        pytest.param({"server_version": "Exchange2007_SP1"}, id="another version"),
        pytest.param({"status_frequency_min": 1440, "acknowledged": 2**50}, id="great numbers"),
        pytest.param({"number": 2**63 - 1}, id="the greatest number"),
        pytest.param({"number": 0}, id="the least number"),
    ],
)
def test_a_subscription_comes_back_as_it_was_stored(
    database: Database, mailbox: Mailbox, changes: dict[str, Any]
) -> None:
    new = subscription(mailbox.id, **changes)
    insert(database, new)
    assert find(database, mailbox, new.number) == new
    with database.read() as tx:
        assert not shards(tx, mailbox.id)


@pytest.mark.parametrize("phase", [*LIVE, *OVER, ASKED, Retrying(1, 0.0), Retrying(1000, NOW_S)])
def test_every_phase_comes_back_as_it_was_stored(
    database: Database, mailbox: Mailbox, phase: Phase
) -> None:
    new = of_phase(mailbox, phase)
    insert(database, new)
    assert find(database, mailbox) == new


@pytest.mark.parametrize("phase", [*LIVE, ASKED, *OVER])
@pytest.mark.parametrize("before", [*LIVE, ASKED])
def test_progress_is_written(
    database: Database, mailbox: Mailbox, before: Phase, phase: Phase
) -> None:
    insert(database, of_phase(mailbox, before), subscription(mailbox.id, 2))
    write(database, Progress(mailbox.id, 1, 7, phase), now_s=NOW_S + 5)
    over_at_s = NOW_S + 5 if phase in OVER else None
    assert find(database, mailbox) == subscription(
        mailbox.id, acknowledged=7, phase=phase, over_at_s=over_at_s
    )
    assert find(database, mailbox, 2) == subscription(mailbox.id, 2)


def test_the_times_of_a_retry_do_not_drift(database: Database, mailbox: Mailbox) -> None:
    insert(database, subscription(mailbox.id))
    for ms in range(0, 1000, 37):
        phase = expected = Retrying(1, NOW_S + ms / 1000, NOW_S + 1 + ms / 1000)
        for _ in range(3):
            write(database, Progress(mailbox.id, 1, 0, phase))
            found = find(database, mailbox)
            assert found is not None
            assert found.phase == expected
            assert isinstance(found.phase, Retrying)
            phase = found.phase


def test_an_answer_forgets_what_the_responder_asked_for(
    database: Database, mailbox: Mailbox
) -> None:
    insert(database, of_phase(mailbox, ASKED))
    write(database, Progress(mailbox.id, 1, 7, IDLE))
    with database.read() as tx:
        assert [row.not_before_ms for row in rows(tx, "SELECT * FROM subscriptions")] == [None]


@pytest.mark.parametrize("phase", [*LIVE, *OVER])
@pytest.mark.parametrize("over", OVER)
def test_progress_never_revives_one_that_is_over(
    database: Database, mailbox: Mailbox, over: Phase, phase: Phase
) -> None:
    stored = of_phase(mailbox, over, acknowledged=3)
    insert(database, stored)
    write(database, Progress(mailbox.id, 1, 9, phase), now_s=NOW_S + 100)
    assert find(database, mailbox) == stored


def test_progress_of_many_is_written_together_also_of_some_that_are_gone(
    database: Database, mailbox: Mailbox
) -> None:
    other = new_mailbox(database, "other")
    both = [subscription(box.id, number) for box in (mailbox, other) for number in (1, 2)]
    insert(database, *both)
    progress = [Progress(each.mailbox, each.number, each.number, IDLE) for each in both]
    write(database, *progress, Progress(mailbox.id, 99, 5, IDLE), Progress(99, 1, 5, IDLE))
    with database.read() as tx:
        found = [one for box in (mailbox, other) for one in subscriptions.of_mailbox(tx, box.id)]
    assert found == [replace(each, acknowledged=each.number) for each in both]


@pytest.mark.parametrize("phase", LIVE)
def test_a_live_subscription_is_ended_once(
    database: Database, mailbox: Mailbox, phase: Phase
) -> None:
    insert(database, of_phase(mailbox, phase, acknowledged=3))
    with database.write() as tx:
        assert subscriptions.end(tx, mailbox.id, 1, NOW_S + 5)
        assert not subscriptions.end(tx, mailbox.id, 1, NOW_S + 9)
    assert find(database, mailbox) == subscription(
        mailbox.id, acknowledged=3, phase=ENDED, over_at_s=NOW_S + 5
    )


def test_what_is_over_or_not_there_cannot_be_ended(database: Database, mailbox: Mailbox) -> None:
    insert(database, of_phase(mailbox, PARKED))
    with database.write() as tx:
        for box, number in ((mailbox.id, 1), (mailbox.id, 2), (mailbox.id + 1, 1)):
            assert not subscriptions.end(tx, box, number, NOW_S + 5)
    assert find(database, mailbox) == of_phase(mailbox, PARKED)


def test_a_number_is_that_of_one_subscription_in_a_mailbox(
    database: Database, mailbox: Mailbox
) -> None:
    other = new_mailbox(database, "other")
    insert(database, subscription(mailbox.id), subscription(other.id))
    with pytest.raises(IntegrityError):
        insert(database, subscription(mailbox.id))


def test_the_live_ones_are_counted(database: Database, mailbox: Mailbox) -> None:
    other = new_mailbox(database, "other")
    insert(database, *(of_phase(mailbox, phase, n) for n, phase in enumerate([*LIVE, *OVER])))
    insert(database, subscription(other.id))
    with database.read() as tx:
        assert subscriptions.count_live(tx, mailbox.id) == len(LIVE)
        assert subscriptions.count_live(tx, other.id) == 1
        assert subscriptions.count_live(tx, 99) == 0


def test_the_oldest_cursor_that_is_needed_is_that_of_a_live_one(
    database: Database, mailbox: Mailbox
) -> None:
    other = new_mailbox(database, "other")
    insert(
        database,
        of_phase(mailbox, PARKED, 1, acknowledged=1),
        of_phase(mailbox, ENDED, 2, acknowledged=2),
        subscription(other.id, acknowledged=3),
    )
    with database.read() as tx:
        assert subscriptions.oldest_needed(tx, mailbox.id) is None
        assert subscriptions.oldest_needed(tx, other.id) == 3
    insert(
        database,
        of_phase(mailbox, IDLE, 3, acknowledged=9),
        of_phase(mailbox, RETRYING, 4, acknowledged=7),
    )
    with database.read() as tx:
        assert subscriptions.oldest_needed(tx, mailbox.id) == 7


def test_every_live_one_is_loaded_with_its_base_and_head(
    database: Database, mailbox: Mailbox
) -> None:
    other = new_mailbox(database, "other")
    log_events(database, other.id, NOW_S, NOW_S)
    live = [of_phase(mailbox, phase, n) for n, phase in enumerate(LIVE)] + [subscription(other.id)]
    insert(database, *live, *(of_phase(mailbox, phase, 9 + n) for n, phase in enumerate(OVER)))
    with database.read() as tx:
        loaded = list(subscriptions.all_live(tx))
    owners = {box.id: current(database, box) for box in (mailbox, other)}
    expected = [(one, owners[one.mailbox].watermark_base, owners[one.mailbox].head) for one in live]
    assert sorted(loaded, key=str) == sorted(expected, key=str)


def test_those_of_disabled_mailboxes_are_not_loaded_and_come_back(
    database: Database, mailbox: Mailbox
) -> None:
    other = new_mailbox(database, "other")
    insert(
        database,
        of_phase(mailbox, RETRYING, 1, acknowledged=5),
        of_phase(mailbox, PARKED, 2, acknowledged=3),
        of_phase(other, RETRYING, 3),
    )
    disable(database, mailbox.id, NOW_S)
    with database.read() as tx:
        assert [one.number for one, *_ in subscriptions.all_live(tx)] == [3]
        assert subscriptions.oldest_needed(tx, mailbox.id) == 5
    assert find(database, mailbox) == of_phase(mailbox, RETRYING, 1, acknowledged=5)
    restore(database, mailbox.id, NOW_S + 100)
    with database.read() as tx:
        assert sorted(one.number for one, *_ in subscriptions.all_live(tx)) == [1, 3]
    assert find(database, mailbox) == subscription(mailbox.id, acknowledged=5)
    assert find(database, mailbox, 2) == of_phase(mailbox, PARKED, 2, acknowledged=3)
    assert find(database, other, 3) == of_phase(other, RETRYING, 3)


# Paused by an operator


@pytest.mark.parametrize("phase", [*LIVE, ASKED])
def test_one_is_paused_once_and_resumed_once(
    database: Database, mailbox: Mailbox, phase: Phase
) -> None:
    insert(database, of_phase(mailbox, phase, acknowledged=3), subscription(mailbox.id, 2))
    with database.write() as tx:
        assert not subscriptions.resume(tx, mailbox.id, 1)
        assert subscriptions.pause(tx, mailbox.id, 1, NOW_S + 5)
        assert not subscriptions.pause(tx, mailbox.id, 1, NOW_S + 9)
    paused = of_phase(mailbox, phase, acknowledged=3, paused_at_s=NOW_S + 5)
    assert find(database, mailbox) == paused
    with database.read() as tx:
        assert [one.number for one, *_ in subscriptions.all_live(tx)] == [2]
        assert subscriptions.count_live(tx, mailbox.id) == 2
        assert subscriptions.oldest_needed(tx, mailbox.id) == 0
    with database.write() as tx:
        assert subscriptions.resume(tx, mailbox.id, 1)
        assert not subscriptions.resume(tx, mailbox.id, 1)
    # Whatever it was in the middle of, its retries begin anew.
    assert find(database, mailbox) == subscription(mailbox.id, acknowledged=3)
    assert find(database, mailbox, 2) == subscription(mailbox.id, 2)
    with database.read() as tx:
        assert sorted(one.number for one, *_ in subscriptions.all_live(tx)) == [1, 2]


def test_what_an_acknowledgement_under_way_says_is_written_though_it_is_paused(
    database: Database, mailbox: Mailbox
) -> None:
    insert(database, subscription(mailbox.id, paused_at_s=NOW_S))
    write(database, Progress(mailbox.id, 1, 7, IDLE))
    assert find(database, mailbox) == subscription(mailbox.id, acknowledged=7, paused_at_s=NOW_S)


@pytest.mark.parametrize("phase", OVER)
def test_one_that_is_over_or_not_there_is_neither_paused_nor_resumed(
    database: Database, mailbox: Mailbox, phase: Phase
) -> None:
    over = of_phase(mailbox, phase, paused_at_s=NOW_S)
    insert(database, over, of_phase(mailbox, phase, 2))
    with database.write() as tx:
        assert not subscriptions.resume(tx, mailbox.id, 1)
        assert not subscriptions.pause(tx, mailbox.id, 2, NOW_S)
        assert not subscriptions.pause(tx, mailbox.id, 3, NOW_S)
    assert find(database, mailbox) == over


def test_progress_of_one_that_is_purged_writes_nothing(
    database: Database, mailbox: Mailbox
) -> None:
    insert(database, subscription(mailbox.id))
    purge(database, mailbox.id)
    write(database, Progress(mailbox.id, 1, 7, IDLE))
    assert find(database, mailbox) is None


def test_more_live_ones_than_are_fetched_at_once_are_loaded(
    database: Database, mailbox: Mailbox
) -> None:
    insert(database, *(subscription(mailbox.id, number) for number in range(1100)))
    with database.read() as tx:
        numbers = [one.number for one, *_ in subscriptions.all_live(tx)]
    assert sorted(numbers) == list(range(1100))


def test_those_of_a_mailbox_are_listed_oldest_first(database: Database, mailbox: Mailbox) -> None:
    other = new_mailbox(database, "other")
    insert(
        database,
        subscription(mailbox.id, 5, created_at_s=NOW_S + 2),
        subscription(mailbox.id, 7, created_at_s=NOW_S + 1),
        of_phase(mailbox, PARKED, 6, created_at_s=NOW_S + 1),
        subscription(other.id, 1),
    )
    with database.read() as tx:
        listed = subscriptions.of_mailbox(tx, mailbox.id)
    assert [each.number for each in listed] == [6, 7, 5]


def test_what_is_over_for_long_is_removed_so_many_at_a_time(
    database: Database, mailbox: Mailbox
) -> None:
    for number in range(10):
        over = subscription(mailbox.id, number, phase=ENDED, over_at_s=NOW_S + number)
        insert(database, over)
    insert(database, subscription(mailbox.id, 99))
    removed = []
    for _ in range(3):
        with database.write() as tx:
            removed.append(subscriptions.purge_over(tx, before_s=NOW_S + 7, most=4))
    assert removed == [4, 3, 0]
    with database.read() as tx:
        left = [row.number for row in rows(tx, "SELECT number FROM subscriptions")]
    assert sorted(left) == [7, 8, 9, 99]
