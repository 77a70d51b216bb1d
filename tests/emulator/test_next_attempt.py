"""When the server next sends something by itself."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from ewspush.emulator.next_attempt import next_attempt_s
from ewspush.emulator.virtual_time import VirtualTime
from ewspush.push.agenda import TICKS_PER_S, Agenda, Entry

CLOSE_S = 1e-5


milliseconds = st.integers(0, 10**10).map(lambda ms: ms / 1000)


@given(st.lists(milliseconds, min_size=1), st.floats(1.5e9, 4e9))
def test_it_is_the_first_tick_at_which_the_agenda_has_something(due_s, epoch_s):
    agenda = Agenda()
    for each in due_s:
        agenda.set(Entry(), each)
    due = {(1, number): epoch_s + each for number, each in enumerate(due_s)}
    told = next_attempt_s(due, VirtualTime(Clock(), lambda: epoch_s)) - epoch_s
    assert not [*agenda.take_due(told - 1 / TICKS_PER_S - CLOSE_S)]
    assert [*agenda.take_due(told + CLOSE_S)]


def test_nothing_is_due_where_there_is_nothing():
    assert next_attempt_s({}, VirtualTime(Clock())) is None
