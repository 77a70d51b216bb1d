"""Pull and streaming subscriptions in the database."""

from typing import Any

import pytest

from ewspush.core.events import EventType, event_filter
from ewspush.core.ids import shard_of
from ewspush.store import pull_subscriptions
from ewspush.store.database import Database, Transaction
from ewspush.store.mailboxes import Mailbox
from ewspush.store.pull_subscriptions import Position, PullSubscription
from support.checks_for_store import NOW_S, new_mailbox, rows
from support.disabling import disable, purge

LONG_AGO_S, LATER_S = NOW_S - 1, NOW_S + 1


@pytest.fixture
def mailbox(database: Database) -> Mailbox:
    return new_mailbox(database)


def subscription(mailbox: Mailbox, number: int = 1, **changes: Any) -> PullSubscription:
    values: dict[str, Any] = {
        "mailbox": mailbox.id,
        "number": number,
        "is_streaming": False,
        "wanted": event_filter(frozenset(EventType), None),
        "created_at_s": NOW_S,
        "acknowledged": 7,
        "timeout_s": 300,
        "expires_at_s": LATER_S,
    }
    return PullSubscription(**values | changes)


def store(database: Database, *new: PullSubscription) -> None:
    with database.write() as tx:
        for each in new:
            pull_subscriptions.insert_subscription(tx, each)


def numbers(tx: Transaction) -> list[int]:
    return [row.number for row in rows(tx, "SELECT number FROM pull_subscriptions ORDER BY 1")]


@pytest.mark.parametrize("is_streaming", [False, True])
@pytest.mark.parametrize("folders", [None, frozenset({3}), frozenset({4, 3, 1 << 40})])
def test_one_is_found_as_it_was_stored(
    database: Database, mailbox: Mailbox, is_streaming: bool, folders: frozenset[int] | None
) -> None:
    wanted = event_filter(frozenset({EventType.MOVED, EventType.NEW_MAIL}), folders)
    new = subscription(mailbox, (1 << 63) - 1, is_streaming=is_streaming, wanted=wanted)
    store(database, new)
    with database.read() as tx:
        assert pull_subscriptions.by_number(tx, mailbox.id, new.number, NOW_S) == new
        (row,) = rows(tx, "SELECT shard FROM pull_subscriptions")
    assert row.shard == shard_of(mailbox.id)


def test_those_of_a_mailbox_are_found_by_their_numbers(
    database: Database, mailbox: Mailbox
) -> None:
    other = new_mailbox(database, "other")
    mine = [subscription(mailbox, number) for number in (1, 2, 3)]
    store(database, *mine, subscription(other, 4))
    with database.read() as tx:
        found = pull_subscriptions.by_numbers(tx, mailbox.id, {1, 3, 4, 5}, NOW_S)
        assert found == {1: mine[0], 3: mine[2]}
        assert pull_subscriptions.by_numbers(tx, mailbox.id, [], NOW_S) == {}


@pytest.mark.parametrize(("expires_at_s", "is_there"), [(NOW_S, False), (LATER_S, True)])
def test_one_that_has_expired_is_as_good_as_gone(
    database: Database, mailbox: Mailbox, expires_at_s: int, is_there: bool
) -> None:
    store(database, subscription(mailbox, expires_at_s=expires_at_s))
    with database.write() as tx:
        found = pull_subscriptions.by_number(tx, mailbox.id, 1, NOW_S)
        assert (found is not None) == is_there
        assert pull_subscriptions.count_live(tx, mailbox.id, NOW_S) == is_there
        assert pull_subscriptions.oldest_needed(tx, mailbox.id, NOW_S) == (7 if is_there else None)
        assert pull_subscriptions.remove(tx, mailbox.id, 1, NOW_S) == is_there


def test_the_oldest_position_of_a_mailbox_is_what_it_needs(
    database: Database, mailbox: Mailbox
) -> None:
    other = new_mailbox(database, "other")
    store(
        database,
        *(subscription(mailbox, n, acknowledged=n) for n in (9, 5, 7)),
        subscription(mailbox, 2, acknowledged=2, expires_at_s=NOW_S),
        subscription(other, 1, acknowledged=1),
    )
    with database.read() as tx:
        assert pull_subscriptions.oldest_needed(tx, mailbox.id, NOW_S) == 5


@pytest.mark.parametrize(
    ("expires_at_s", "is_kept"), [(NOW_S - 50, True), (NOW_S - 100, False), (NOW_S - 150, False)]
)
def test_those_that_live_when_their_mailbox_is_disabled_do_not_expire(
    database: Database, mailbox: Mailbox, expires_at_s: int, is_kept: bool
) -> None:
    other = new_mailbox(database, "other")
    store(
        database,
        subscription(mailbox, 1, expires_at_s=expires_at_s),
        subscription(other, 2, expires_at_s=expires_at_s),
    )
    disable(database, mailbox.id, NOW_S - 100)
    with database.write() as tx:
        assert pull_subscriptions.oldest_needed(tx, mailbox.id, NOW_S) == (7 if is_kept else None)
        assert pull_subscriptions.oldest_needed(tx, other.id, NOW_S) is None
        assert pull_subscriptions.purge_expired(tx, NOW_S, 10) == (1 if is_kept else 2)
        assert numbers(tx) == ([1] if is_kept else [])


def test_they_are_given_that_time_back(database: Database, mailbox: Mailbox) -> None:
    other = new_mailbox(database, "other")
    store(database, subscription(mailbox, 1), subscription(mailbox, 2), subscription(other, 3))
    with database.write() as tx:
        pull_subscriptions.extend(tx, mailbox.id, 1000)
        found = rows(tx, "SELECT number, expires_at_s FROM pull_subscriptions ORDER BY 1")
    assert [tuple(row) for row in found] == [(1, LATER_S + 1000), (2, LATER_S + 1000), (3, LATER_S)]


def test_a_position_of_one_that_is_purged_writes_nothing(
    database: Database, mailbox: Mailbox
) -> None:
    store(database, subscription(mailbox))
    purge(database, mailbox.id)
    with database.write() as tx:
        assert not pull_subscriptions.write_positions(tx, [Position(mailbox.id, 1, 3, LATER_S)])
        assert numbers(tx) == []


def test_positions_are_written_with_the_time_until_which_it_lives(
    database: Database, mailbox: Mailbox
) -> None:
    other = new_mailbox(database, "other")
    store(database, subscription(mailbox, 1), subscription(mailbox, 2), subscription(other, 1))
    with database.write() as tx:
        written = pull_subscriptions.write_positions(
            tx,
            [
                Position(mailbox.id, 1, 3, LATER_S + 1, said_more=True),
                Position(mailbox.id, 2, None, LATER_S + 2),
                Position(mailbox.id, 3, 1, LATER_S),
            ],
        )
        found = rows(
            tx,
            "SELECT mailbox_id, number, acknowledged, expires_at_s, said_more"
            " FROM pull_subscriptions ORDER BY 1, 2",
        )
    assert written == 2
    assert [tuple(row) for row in found] == [
        (mailbox.id, 1, 3, LATER_S + 1, True),
        (mailbox.id, 2, 7, LATER_S + 2, False),
        (other.id, 1, 7, LATER_S, False),
    ]


def test_one_is_removed_once(database: Database, mailbox: Mailbox) -> None:
    store(database, subscription(mailbox, 1), subscription(mailbox, 2))
    with database.write() as tx:
        assert pull_subscriptions.remove(tx, mailbox.id, 1, NOW_S)
        assert not pull_subscriptions.remove(tx, mailbox.id, 1, NOW_S)
        assert numbers(tx) == [2]


def test_those_that_have_expired_are_purged_in_small_steps(
    database: Database, mailbox: Mailbox
) -> None:
    store(
        database,
        *(subscription(mailbox, n, expires_at_s=NOW_S - n) for n in range(5)),
        subscription(mailbox, 9),
    )
    with database.write() as tx:
        purged = [pull_subscriptions.purge_expired(tx, NOW_S, 3) for _ in range(3)]
        assert purged == [3, 2, 0]
        assert numbers(tx) == [9]
