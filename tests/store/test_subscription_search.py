"""Looking for subscriptions among many."""

import pytest

from ewspush.core.subscription import ENDED, PARKED, Retrying
from ewspush.store import subscription_search, subscriptions
from ewspush.store.subscription_search import BEGINNING, PHASES, Wanted, page
from support.checks_for_store import NOW_S, new_mailbox, subscription


def store(database, *new):
    with database.write() as tx:
        for each in new:
            subscriptions.insert_subscription(tx, each)


ANY = Wanted()


def numbers(database, wanted=ANY, most=10):
    """Of all that are found, page by page."""
    found, after = [], BEGINNING
    while after is not None:
        with database.read() as tx:
            some, after = page(tx, wanted, after, most)
        assert len(some) <= most
        found += [one.number for owner, one in some if owner.id == one.mailbox]
    return found


@pytest.fixture
def mailbox(database):
    return new_mailbox(database)


@pytest.mark.parametrize("most", [1, 3, 5, 6, 7])
def test_pages_have_all_in_order_and_none_twice(database, mailbox, most):
    other = new_mailbox(database, "other")
    store(database, *[subscription(mailbox.id, n) for n in (5, 2, 9)])
    store(database, *[subscription(other.id, n) for n in (4, 1 << 60, 3)])
    assert numbers(database, most=most) == [2, 5, 9, 3, 4, 1 << 60]


def test_without_any_there_is_one_empty_page(database):
    assert numbers(database) == []


@pytest.mark.parametrize("looked_at", [1, 2, 3, 100])
def test_what_is_looked_at_for_a_page_is_bounded(database, mailbox, looked_at, monkeypatch):
    monkeypatch.setattr(subscription_search, "LOOKED_AT", looked_at)
    store(database, *[subscription(mailbox.id, n) for n in range(1, 7)])
    store(database, subscription(mailbox.id, 7, url="https://other.example/"))
    wanted = Wanted(text="other")
    with database.read() as tx:
        first = page(tx, wanted, BEGINNING, 10)
    assert bool(first.subscriptions) is (looked_at > 6)
    assert numbers(database, wanted) == [7]


def test_a_phase_is_that_of_operators(database, mailbox):
    store(
        database,
        subscription(mailbox.id, 1),
        subscription(mailbox.id, 2, phase=Retrying(1, NOW_S)),
        subscription(mailbox.id, 3, paused_at_s=NOW_S),
        subscription(mailbox.id, 4, phase=PARKED, over_at_s=NOW_S),
        subscription(mailbox.id, 5, phase=ENDED, over_at_s=NOW_S, paused_at_s=NOW_S),
    )
    found = {phase: numbers(database, Wanted(phase)) for phase in PHASES}
    assert found == {"idle": [1], "retrying": [2], "paused": [3], "parked": [4], "ended": [5]}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("RESPONDER", [1, 2]),
        ("/a", [1]),
        ("100%", [2]),
        ("_", []),
        ("\\", []),
        ("other@", [3]),
        ("Example.ORG", [1, 2, 3]),
    ],
)
def test_a_part_of_the_url_or_the_address_is_searched_for(database, mailbox, text, found):
    other = new_mailbox(database, "other")
    store(
        database,
        subscription(mailbox.id, 1, url="https://Responder.example/a"),
        subscription(mailbox.id, 2, url="https://responder.example/100%"),
        subscription(other.id, 3, url="https://x.example/"),
    )
    assert numbers(database, Wanted(text=text)) == found


def test_all_that_is_wanted_is_wanted_at_once(database, mailbox):
    other = new_mailbox(database, "other")
    store(
        database,
        subscription(mailbox.id, 1, url="https://a.example/"),
        subscription(mailbox.id, 2, url="https://b.example/"),
        subscription(other.id, 3, url="https://a.example/"),
    )
    assert numbers(database, Wanted("idle", mailbox.id, "a.example")) == [1]
    assert numbers(database, Wanted("ended", mailbox.id, "a.example")) == []


def test_positions_are_those_of_live_subscriptions_among_some_events(database, mailbox):
    new = [subscription(mailbox.id, n, acknowledged=n) for n in range(1, 31)]
    over = subscription(mailbox.id, 40, acknowledged=25, phase=PARKED, over_at_s=NOW_S)
    store(database, *new, over)
    with database.read() as tx:
        found = subscription_search.positions(tx, mailbox.id, 24, 26, 10)
        assert sorted(found) == [(25, 25), (26, 26)]
        assert len(subscription_search.positions(tx, mailbox.id, 0, 30, 10)) == 10
