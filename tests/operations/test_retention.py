"""Forgetting what is old."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from ewspush.core.events import EventType, event_filter
from ewspush.core.subscription import ENDED, IDLE, PARKED, Phase, Retrying
from ewspush.operations import retention
from ewspush.operations.retention import Sweep
from ewspush.store import attempts, mailboxes, pull_subscriptions, subscriptions
from ewspush.store.attempts import Keep
from ewspush.store.database import Database
from ewspush.store.mailboxes import Mailbox
from ewspush.store.pull_subscriptions import PullSubscription
from support.attempts import attempt
from support.checks_for_store import (
    NOW_S,
    current,
    log_events,
    new_mailbox,
    rows,
    sequences,
    subscription,
    threads,
)
from support.disabling import disable, restore

DAY_S = 86_400
BEFORE_S = NOW_S - 30 * DAY_S
OLD, YOUNG = BEFORE_S - 1, BEFORE_S


@pytest.fixture
def mailbox(database: Database) -> Mailbox:
    return new_mailbox(database)


def sweep(database: Database, after_step: Callable[[], None] = lambda: None) -> int:
    """A whole round; returns how many steps it took."""
    made = Sweep(
        database,
        events_before_s=BEFORE_S,
        over_before_s=BEFORE_S,
        attempts_before_ms=1000 * BEFORE_S,
        now_s=NOW_S,
    )
    for steps in range(1, 100):
        if not made.step():
            return steps
        after_step()
    raise AssertionError("it never ends")


def store(database: Database, mailbox: Mailbox, phase: Phase, acknowledged: int) -> None:
    over_at_s = NOW_S if phase in (PARKED, ENDED) else None
    with database.write() as tx:
        new = subscription(
            mailbox.id, acknowledged, phase=phase, acknowledged=acknowledged, over_at_s=over_at_s
        )
        subscriptions.insert_subscription(tx, new)


def store_pull(
    database: Database, mailbox: Mailbox, number: int, acknowledged: int, expires_at_s: int
) -> None:
    wanted = event_filter(frozenset(EventType), None)
    new = PullSubscription(mailbox.id, number, False, wanted, OLD, acknowledged, 300, expires_at_s)
    with database.write() as tx:
        pull_subscriptions.insert_subscription(tx, new)


def test_events_are_kept_thirty_days(database: Database, mailbox: Mailbox) -> None:
    log_events(database, mailbox.id, OLD - DAY_S, OLD, YOUNG, NOW_S)
    sweep(database)
    assert sequences(database, mailbox) == [3, 4]
    assert current(database, mailbox).floor == 2


@pytest.mark.parametrize(
    ("phase", "holds"),
    [(IDLE, True), (Retrying(9, NOW_S), True), (PARKED, False), (ENDED, False)],
)
def test_the_cursor_of_a_live_subscription_holds_what_follows_it(
    database: Database, mailbox: Mailbox, phase: Phase, holds: bool
) -> None:
    log_events(database, mailbox.id, *[OLD] * 4)
    store(database, mailbox, phase, acknowledged=2)
    sweep(database)
    assert sequences(database, mailbox) == ([3, 4] if holds else [])


def test_the_oldest_cursor_decides(database: Database, mailbox: Mailbox) -> None:
    log_events(database, mailbox.id, *[OLD] * 4)
    for acknowledged in (3, 1, 4):
        store(database, mailbox, IDLE, acknowledged)
    sweep(database)
    assert sequences(database, mailbox) == [2, 3, 4]


@pytest.mark.parametrize(("expires_at_s", "holds"), [(NOW_S + 1, True), (NOW_S, False)])
def test_so_does_that_of_a_subscription_that_is_read_until_it_expires(
    database: Database, mailbox: Mailbox, expires_at_s: int, holds: bool
) -> None:
    log_events(database, mailbox.id, *[OLD] * 4)
    store_pull(database, mailbox, 1, 2, expires_at_s)
    sweep(database)
    assert sequences(database, mailbox) == ([3, 4] if holds else [])


@pytest.mark.parametrize("kind", ["push", "pull"])
def test_what_a_disabled_mailbox_will_be_told_when_it_is_restored_is_kept(
    database: Database, mailbox: Mailbox, kind: str
) -> None:
    log_events(database, mailbox.id, *[OLD] * 4)
    if kind == "push":
        store(database, mailbox, IDLE, 2)
    else:
        store_pull(database, mailbox, 1, 2, BEFORE_S + 300)
    disable(database, mailbox.id, BEFORE_S)
    for _ in range(3):
        sweep(database)
    assert sequences(database, mailbox) == [3, 4]
    restore(database, mailbox.id, NOW_S)
    with database.read() as tx:
        if kind == "push":
            assert subscriptions.count_live(tx, mailbox.id) == 1
        else:
            assert pull_subscriptions.count_live(tx, mailbox.id, NOW_S + 299) == 1
            assert pull_subscriptions.count_live(tx, mailbox.id, NOW_S + 300) == 0


def test_what_had_expired_when_its_mailbox_was_disabled_holds_nothing(
    database: Database, mailbox: Mailbox
) -> None:
    log_events(database, mailbox.id, *[OLD] * 4)
    store_pull(database, mailbox, 1, 2, BEFORE_S)
    disable(database, mailbox.id, BEFORE_S)
    sweep(database)
    assert sequences(database, mailbox) == []


@pytest.mark.parametrize(("pushed", "pulled"), [(1, 3), (3, 1)])
def test_the_oldest_cursor_decides_of_whatever_kind(
    database: Database, mailbox: Mailbox, pushed: int, pulled: int
) -> None:
    log_events(database, mailbox.id, *[OLD] * 4)
    store(database, mailbox, IDLE, pushed)
    store_pull(database, mailbox, 1, pulled, NOW_S + 1)
    sweep(database)
    assert sequences(database, mailbox) == [2, 3, 4]


def test_subscriptions_that_have_expired_are_removed(
    database: Database, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_MOST", 3)
    for number in range(8):
        store_pull(database, mailbox, number, 0, NOW_S - number)
    store_pull(database, mailbox, 20, 0, NOW_S + 1)
    sweep(database)
    with database.read() as tx:
        left = [row.number for row in rows(tx, "SELECT number FROM pull_subscriptions")]
    assert left == [20]


def test_what_was_held_goes_when_the_cursor_moves_on(database: Database, mailbox: Mailbox) -> None:
    log_events(database, mailbox.id, *[OLD] * 3)
    store(database, mailbox, IDLE, acknowledged=1)
    sweep(database)
    with database.write() as tx:
        assert subscriptions.end(tx, mailbox.id, 1, NOW_S)
    sweep(database)
    assert sequences(database, mailbox) == []
    assert current(database, mailbox).floor == 3


def test_an_event_behind_a_younger_one_stays(database: Database, mailbox: Mailbox) -> None:
    log_events(database, mailbox.id, OLD, NOW_S, OLD, OLD)  # the clock was set back
    sweep(database)
    assert sequences(database, mailbox) == [2, 3, 4]


def test_every_mailbox_has_its_turn_in_small_steps(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_SPAN", 2)
    monkeypatch.setattr(retention, "_MOST", 3)
    boxes = [new_mailbox(database, f"user{n}") for n in range(5)]
    for n, box in enumerate(boxes):
        log_events(database, box.id, *[OLD] * 2 * n, NOW_S)
    left = []

    def count() -> None:
        left.append(sum(len(sequences(database, box)) for box in boxes))

    count()
    sweep(database, count)
    assert max(before - after for before, after in pairwise(left)) == 3
    assert [sequences(database, box) for box in boxes] == [[2 * n + 1] for n in range(5)]


def test_what_is_over_is_kept_thirty_days(
    database: Database, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_MOST", 3)
    with database.write() as tx:
        for number, phase in enumerate([ENDED, PARKED] * 4):
            subscriptions.insert_subscription(
                tx, subscription(mailbox.id, number, phase=phase, over_at_s=OLD)
            )
        subscriptions.insert_subscription(
            tx, subscription(mailbox.id, 20, phase=ENDED, over_at_s=YOUNG)
        )
        subscriptions.insert_subscription(tx, subscription(mailbox.id, 21, created_at_s=0))
    sweep(database)
    with database.read() as tx:
        left = [row.number for row in rows(tx, "SELECT number FROM subscriptions")]
    assert sorted(left) == [20, 21]


def test_a_paused_one_holds_what_follows_its_cursor(database: Database, mailbox: Mailbox) -> None:
    log_events(database, mailbox.id, *[OLD] * 4)
    store(database, mailbox, IDLE, acknowledged=2)
    with database.write() as tx:
        assert subscriptions.pause(tx, mailbox.id, 2, NOW_S)
    sweep(database)
    assert sequences(database, mailbox) == [3, 4]


def test_attempts_are_kept_for_as_long_as_is_said(
    database: Database, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_MOST", 3)
    new = [attempt(at_ms=1000 * OLD + n) for n in range(7)]
    with database.write() as tx:
        attempts.append(tx, [*new, attempt(at_ms=1000 * YOUNG)], Keep(1000, 5))
    sweep(database)
    with database.read() as tx:
        left = attempts.of_subscription(tx, 1, 7, 100)
    assert [each.attempt.at_ms for each in left] == [1000 * YOUNG]


def test_a_round_over_nothing_ends(database: Database) -> None:
    assert sweep(database) <= 2


def test_a_round_that_can_remove_nothing_ends(database: Database, mailbox: Mailbox) -> None:
    log_events(database, mailbox.id, OLD)
    store(database, mailbox, IDLE, acknowledged=0)
    assert sweep(database) <= 4
    assert sequences(database, mailbox) == [1]


def test_a_mailbox_that_is_gone_meanwhile_is_passed_over(
    database: Database, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_events(database, mailbox.id, OLD)
    monkeypatch.setattr(mailboxes, "lock", lambda tx, id: None)
    assert sweep(database) <= 4


def test_events_that_arrive_meanwhile_are_not_touched(database: Database, mailbox: Mailbox) -> None:
    log_events(database, mailbox.id, *[OLD] * 50)

    def deliver() -> None:
        for _ in range(20):
            log_events(database, mailbox.id, NOW_S)

    with threads() as run:
        delivering = run(deliver)
        for _ in range(5):
            sweep(database)
        delivering.result(30)
    sweep(database)
    assert sequences(database, mailbox) == list(range(51, 71))
