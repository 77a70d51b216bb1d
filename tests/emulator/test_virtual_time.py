"""Time that can be stopped, and that can leap."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs
from twisted.internet.task import Clock

from ewspush.emulator.virtual_time import VirtualTime

EPOCH_S = 1_700_000_000.0


class World:
    """Virtual time on a reactor whose clock the test moves, and what was called when."""

    def __init__(self) -> None:
        self.reactor = Clock()
        self.time = VirtualTime(self.reactor, lambda: EPOCH_S + self.reactor.seconds())
        self.called: list[tuple[float, object]] = []

    def call_later(self, delay_s: float, what: object = None) -> object:
        return self.time.callLater(delay_s, self.note, what)

    def note(self, what: object) -> None:
        self.called.append((self.time.seconds(), what))

    def turn(self) -> None:
        """Let the reactor do what is due now, without time passing for it."""
        for call in [each for each in self.reactor.calls if not each.getTime() > each.seconds()]:
            self.reactor.calls.remove(call)
            call.called = 1
            call.func(*call.args, **call.kw)


@pytest.fixture
def world() -> World:
    return World()


def test_it_goes_with_the_reactor(world):
    world.call_later(10, "ten")
    world.reactor.advance(9.5)
    assert world.called == []
    world.reactor.advance(0.5)
    assert world.called == [(10, "ten")]
    assert (world.time.seconds(), world.time.now_s()) == (10, EPOCH_S + 10)


def test_it_stands_while_it_is_frozen_and_goes_on_from_there(world):
    world.reactor.advance(5)
    world.call_later(10, "ten")
    world.time.freeze()
    world.reactor.advance(100)
    assert (world.time.seconds(), world.time.now_s(), world.called) == (5, EPOCH_S + 5, [])
    world.time.resume()
    world.reactor.advance(9.5)
    assert world.called == []
    world.reactor.advance(0.5)
    assert world.called == [(15, "ten")]


def test_what_is_due_now_is_done_while_it_stands(world):
    world.time.freeze()
    world.call_later(0, "now")
    assert world.time.has_due
    world.turn()
    assert (world.called, world.time.has_due) == ([(0, "now")], False)


def test_a_leap_does_what_is_due_by_then_and_nothing_more(world):
    for delay_s in (30, 10, 20):
        world.call_later(delay_s, delay_s)
    world.time.begin_leaping()
    assert world.time.next_call_s() == 10
    world.time.leap_to(20)
    assert world.called == []  # at the reactor's next turn
    world.turn()
    assert [what for _, what in world.called] == [10, 20]
    world.time.end_leaping()
    world.reactor.advance(9.5)
    assert world.time.seconds() == 29.5
    world.reactor.advance(0.5)
    assert [what for _, what in world.called] == [10, 20, 30]


def test_it_stays_frozen_after_a_leap_that_found_it_so(world):
    world.time.freeze()
    world.time.begin_leaping()
    world.time.leap_to(50)
    world.time.end_leaping()
    world.reactor.advance(7)
    assert (world.time.is_frozen, world.time.seconds()) == (True, 50)


def test_what_is_cancelled_is_not_done_and_holds_up_nothing(world):
    call = world.call_later(10)
    world.call_later(20, "twenty")
    call.cancel()
    assert (call.active(), world.time.next_call_s()) == (False, 20)
    world.reactor.advance(20)
    assert world.called == [(20, "twenty")]


@pytest.mark.parametrize(("delay_s", "at_s"), [(5, 5), (30, 30)])
def test_what_is_put_off_or_brought_forward_is_done_then(world, delay_s, at_s):
    world.call_later(10, "moved").reset(delay_s)
    world.reactor.pump([1] * 40)
    assert world.called == [(at_s, "moved")]


def test_the_time_of_day_can_be_set_and_delays_stay(world):
    world.call_later(10, "ten")
    world.time.set_now(EPOCH_S - 86_400)
    assert world.time.now_s() == EPOCH_S - 86_400
    world.reactor.advance(10)
    assert world.called == [(10, "ten")]
    world.time.set_now()
    assert world.time.now_s() == EPOCH_S + 10


def test_what_asks_for_itself_again_waits_for_the_next_turn(world):
    def again():
        world.note("again")
        if len(world.called) < 3:
            world.time.callLater(0, again)

    world.time.freeze()
    world.time.callLater(0, again)
    world.turn()
    assert len(world.called) == 1
    world.turn()
    world.turn()
    assert (len(world.called), world.time.has_due) == (3, False)


def test_what_fails_is_logged_and_stops_nothing(world):
    def fail():
        raise RuntimeError("a bug")

    world.time.callLater(1, fail)
    world.call_later(1, "after")
    with capture_logs() as logged:
        world.reactor.advance(1)
    assert world.called == [(1, "after")]
    assert [each["event"] for each in logged] == ["time.call_failed"]


@given(
    st.lists(
        st.tuples(st.sampled_from(["call", "go", "leap", "freeze", "resume"]), st.integers(0, 50)),
        max_size=40,
    )
)
def test_everything_is_done_once_in_its_order_and_not_before_its_time(steps):
    world, due = World(), []
    for what, number in steps:
        if what == "call":
            due.append((world.time.seconds() + number, len(due)))
            world.call_later(number, due[-1])
        elif what == "go":
            world.reactor.advance(number)
        elif what == "leap":
            world.time.begin_leaping()
            world.time.leap_to(world.time.seconds() + number)
            world.time.end_leaping()
        elif what == "freeze":
            world.time.freeze()
        else:
            world.time.resume()
        world.turn()
    passed = [each for each in sorted(due) if each[0] <= world.time.seconds()]
    assert sorted(what for _, what in world.called) == passed
    assert all(at_s >= what[0] for at_s, what in world.called)
