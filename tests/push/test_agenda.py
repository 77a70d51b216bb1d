"""The agenda, against one that looks at everything every time."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ewspush.push.agenda import NEVER, TICKS_PER_S, Agenda, Entry, taken_at_s

TICK_S = 1 / TICKS_PER_S
ROUNDING_S = 1e-6  # of floats, for times of some months

# Multiples of a tick and their neighbours are where rounding could go wrong.
delays = st.one_of(
    st.integers(0, 500).map(lambda ticks: ticks / TICKS_PER_S),
    st.floats(0, 100),
    st.floats(0, TICK_S),
)
starts = st.one_of(st.just(0.0), st.floats(0, 1e7), st.integers(0, 10**9).map(lambda n: n / 100))
entries = st.integers(0, 4)
changes = st.one_of(
    st.tuples(st.just("set"), entries, delays),
    st.tuples(st.just("set"), entries, delays.map(lambda delay: -delay)),  # in the past
    st.tuples(st.just("set"), entries, st.just(inf)),
    st.tuples(st.just("wait"), entries, delays),
)


def taken(agenda: Agenda[Entry], now_s: float) -> list[Entry]:
    return list(agenda.take_due(now_s))


@given(start_s=starts, script=st.lists(changes, max_size=40))
def test_nothing_falls_due_early_or_more_than_a_tick_late_or_twice(
    start_s: float, script: list[tuple[str, int, float]]
) -> None:
    agenda: Agenda[Entry] = Agenda()
    known = [Entry() for _ in range(5)]
    due_s = dict.fromkeys(known, NEVER)  # or when it was set, if that was later
    now_s = start_s
    for change, which, delay_s in script:
        if change == "set":
            agenda.set(known[which], now_s + delay_s)
            due_s[known[which]] = max(now_s, now_s + delay_s)
            continue
        until_s = now_s + delay_s
        while (next_s := agenda.next_s()) is not None and next_s <= until_s:
            now_s = max(now_s, next_s)
            for entry in agenda.take_due(now_s):
                assert due_s[entry] - ROUNDING_S <= now_s <= due_s[entry] + TICK_S + ROUNDING_S
                assert entry.due_s == NEVER
                due_s[entry] = NEVER
        now_s = until_s
        assert all(due >= now_s - TICK_S - ROUNDING_S for due in due_s.values())
    assert [entry.due_s < NEVER for entry in known] == [due_s[entry] < NEVER for entry in known]


@given(start_s=starts, script=st.lists(changes, max_size=40))
def test_one_who_asks_late_gets_everything_that_is_due(
    start_s: float, script: list[tuple[str, int, float]]
) -> None:
    agenda: Agenda[Entry] = Agenda()
    known = [Entry() for _ in range(5)]
    now_s = start_s
    for change, which, delay_s in script:
        if change == "set":
            agenda.set(known[which], now_s + delay_s)
            continue
        now_s += delay_s
        before = {entry: entry.due_s for entry in known}
        got = taken(agenda, now_s)
        assert len(set(got)) == len(got)
        assert all(before[entry] <= now_s + ROUNDING_S for entry in got)
        left = set(known) - set(got)
        assert all(before[entry] > now_s - TICK_S - ROUNDING_S for entry in left)


def test_one_that_moves_later_is_not_listed_anew_until_its_old_time() -> None:
    agenda: Agenda[Entry] = Agenda()
    heartbeat = Entry()
    agenda.set(heartbeat, 60)
    for second in range(50):
        agenda.set(heartbeat, 60 + second)
    assert agenda.next_s() == 60
    assert taken(agenda, 60) == []
    assert agenda.next_s() == 109
    assert taken(agenda, 109) == [heartbeat]


def test_one_that_moves_earlier_falls_due_at_the_new_time_only() -> None:
    agenda: Agenda[Entry] = Agenda()
    entry = Entry()
    agenda.set(entry, 60)
    agenda.set(entry, 30)
    assert agenda.next_s() == 30
    assert taken(agenda, 30) == [entry]
    assert taken(agenda, 60) == []
    assert agenda.next_s() is None


def test_one_that_comes_back_to_its_old_time_falls_due_once() -> None:
    agenda: Agenda[Entry] = Agenda()
    entry = Entry()
    agenda.set(entry, 60)
    agenda.set(entry, 30)
    assert taken(agenda, 30) == [entry]
    agenda.set(entry, 60)
    assert taken(agenda, 60) == [entry]
    assert taken(agenda, 61) == []


def test_one_that_is_never_due_is_not_taken() -> None:
    agenda: Agenda[Entry] = Agenda()
    entry = Entry()
    agenda.set(entry, 60)
    agenda.set(entry, NEVER)
    assert taken(agenda, 100) == []
    assert agenda.next_s() is None


def test_one_that_is_set_while_it_is_taken_falls_due_again() -> None:
    agenda: Agenda[Entry] = Agenda()
    entry = Entry()
    agenda.set(entry, 60)
    times = []
    for now_s in (60.0, 90.0, 120.0):
        for due in agenda.take_due(now_s):
            times.append(now_s)
            agenda.set(due, now_s + 30)
    assert times == [60, 90, 120]


def test_others_of_a_tick_can_be_set_off_while_it_is_taken() -> None:
    agenda: Agenda[Entry] = Agenda()
    one, other = Entry(), Entry()
    agenda.set(one, 60)
    agenda.set(other, 60)
    for due in agenda.take_due(60):
        assert due is one
        agenda.set(other, NEVER)


@pytest.mark.parametrize("start_s", [0.0, 0.07, 0.29, 1.1, 59.99, 1e6 + 0.1, 12_345_678.91])
def test_a_time_on_the_tick_is_kept(start_s: float) -> None:
    agenda: Agenda[Entry] = Agenda()
    entry = Entry()
    agenda.set(entry, start_s)
    next_s = agenda.next_s()
    if taken(agenda, next_s or 0) != [entry]:  # it was looked at by the second
        next_s = agenda.next_s()
        assert taken(agenda, next_s or 0) == [entry]
    assert next_s is not None
    assert start_s - ROUNDING_S <= next_s <= start_s + TICK_S + ROUNDING_S


def test_what_is_due_later_is_listed_by_the_second_until_that_comes() -> None:
    agenda: Agenda[Entry] = Agenda()
    one, other = Entry(), Entry()
    agenda.set(one, 60.75)
    agenda.set(other, 60.25)
    assert agenda.next_s() == 60
    assert taken(agenda, 60) == []
    assert agenda.next_s() == 60.25
    assert taken(agenda, 60.25) == [other]
    assert agenda.next_s() == 60.75
    assert taken(agenda, 60.75) == [one]
    assert agenda.next_s() is None


def test_one_of_this_second_is_listed_by_its_tick() -> None:
    agenda: Agenda[Entry] = Agenda()
    first, then = Entry(), Entry()
    agenda.set(first, 60)
    assert taken(agenda, 60) == [first]
    agenda.set(then, 60.5)
    assert agenda.next_s() == 60.5


@given(st.floats(0, 1e7))
def test_it_is_known_when_something_will_be_taken(due_s: float) -> None:
    agenda: Agenda[Entry] = Agenda()
    entry = Entry()
    agenda.set(entry, due_s)
    at_s = taken_at_s(due_s)
    assert taken(agenda, at_s - TICK_S / 2) == []
    assert taken(agenda, at_s) == [entry]
