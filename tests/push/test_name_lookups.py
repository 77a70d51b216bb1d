import pytest

from ewspush.push import name_lookups
from ewspush.push.name_lookups import NameLookups

FIRST = 3
AFTER_A_FAILURE = 1


@pytest.fixture
def lookups(monkeypatch):
    monkeypatch.setattr(name_lookups, "_FIRST_LOOKUPS", FIRST)
    monkeypatch.setattr(name_lookups, "_LOOKUPS_AFTER_A_FAILURE", AFTER_A_FAILURE)
    return NameLookups()


def admitted(lookups, *authorities):
    """Which of the authorities, in this order, may start; each waiter is called as it."""
    return [authority for authority in authorities if lookups.admit(authority, authority)]


def ready(lookups):
    taken = list(lookups.ready)
    lookups.ready.clear()
    return taken


def test_of_one_authority_one_looks_and_the_others_wait(lookups):
    assert [lookups.admit("a", waiter) for waiter in (1, 2, 3)] == [True, False, False]
    assert lookups.waiting() == [2, 3]


def test_once_it_resolved_all_who_waited_start_and_nobody_waits_again(lookups):
    for waiter in (1, 2, 3):
        lookups.admit("a", waiter)
    lookups.resolved("a")
    assert ready(lookups) == [2, 3]
    assert lookups.admit("a", 4)
    assert lookups.waiting() == []


def test_when_it_fails_all_who_waited_fail(lookups):
    for waiter in (1, 2, 3):
        lookups.admit("a", waiter)
    assert lookups.failed("a") == [2, 3]
    assert ready(lookups) == []
    assert lookups.waiting() == []


def test_when_it_ends_undecided_the_next_looks(lookups):
    for waiter in (1, 2, 3):
        lookups.admit("a", waiter)
    lookups.undecided("a")
    assert ready(lookups) == [2]
    assert lookups.waiting() == [3]


def test_authorities_take_turns(lookups):
    assert admitted(lookups, "a", "b", "c", "d", "e") == ["a", "b", "c"]
    lookups.resolved("b")
    assert ready(lookups) == ["d"]
    lookups.failed("a")
    assert ready(lookups) == ["e"]
    assert lookups.waiting() == []


def test_those_that_failed_do_not_delay_those_that_did_not(lookups):
    bad = ["x", "y", "z"]
    admitted(lookups, *bad)
    for authority in bad:
        lookups.failed(authority)
    assert admitted(lookups, *bad) == ["x"]
    assert admitted(lookups, "a", "b", "c") == ["a", "b", "c"]
    lookups.failed("x")
    assert ready(lookups) == ["y"]


def test_one_that_resolved_waits_for_nothing(lookups):
    lookups.admit("good", 1)
    lookups.resolved("good")
    admitted(lookups, "a", "b", "c", "d")
    assert lookups.admit("good", 2)


def test_one_that_resolved_and_then_fails_waits_like_others_that_failed(lookups):
    lookups.admit("a", 1)
    lookups.resolved("a")
    assert lookups.failed("a") == []
    assert [lookups.admit("a", waiter) for waiter in (2, 3)] == [True, False]
    assert admitted(lookups, "b", "c", "d") == ["b", "c", "d"]


def test_one_that_failed_and_then_resolves_is_as_good_as_any(lookups):
    lookups.admit("a", 1)
    lookups.failed("a")
    lookups.admit("a", 2)
    lookups.resolved("a")
    assert lookups.admit("a", 3)
    assert lookups.looking == {}


def test_what_is_remembered_is_bounded(lookups, monkeypatch):
    monkeypatch.setattr(name_lookups, "_REMEMBERED", 2)
    for authority in ("a", "b", "c"):
        lookups.admit(authority, authority)
        lookups.resolved(authority)
    assert [lookups.admit(authority, 1) for authority in ("c", "b")] == [True, True]
    assert lookups.looking == {}
    assert lookups.admit("a", 1)
    assert list(lookups.looking) == ["a"]
