"""Origins that come back: those that wait to be retried need not wait out their back-off."""

from typing import Any

import pytest
from twisted.internet.defer import succeed

from ewspush.core.events import EventType
from ewspush.push.exchange import Times
from ewspush.push.sender import Answer
from support.world import DOWN, World, answers

NEW_MAIL = EventType.NEW_MAIL
ONE, OTHER = "http://responder.example/one", "http://responder.example/other"


def times_of(world: World, url: str) -> list[float]:
    return [round(each.at_s, 1) for each in world.attempts if each.url == url]


@pytest.fixture
def start_s(world: World) -> float:
    """Two subscriptions at one origin were told at that time that all is well."""
    world.subscribe(number=1, url=ONE, minutes=5)
    world.subscribe(number=2, url=OTHER, minutes=30)
    world.attempts.clear()
    return round(world.clock.seconds(), 1)


def fail_both_until_the_other_is_back(world: World, after_s: float) -> None:
    world.always = {ONE: DOWN, OTHER: DOWN}
    world.record(NEW_MAIL)
    world.advance(after_s)
    world.always.clear()


def test_the_first_acknowledgement_brings_the_others_forward(world: World, start_s: float) -> None:
    """Both failed at 0, 30 and 90 s, and the next attempts are due at 210 s."""
    fail_both_until_the_other_is_back(world, 150)
    world.subscribe(number=3, url="http://responder.example/new")
    world.settle()
    assert times_of(world, ONE) == [start_s + n for n in (0, 30, 90, 150)]
    assert times_of(world, OTHER) == [start_s + n for n in (0, 30, 90, 150)]


def test_not_sooner_than_the_first_wait_after_their_last_attempt(
    world: World, start_s: float
) -> None:
    fail_both_until_the_other_is_back(world, 100)
    world.subscribe(number=3, url="http://responder.example/new")
    world.advance(60)
    assert times_of(world, ONE) == [start_s + n for n in (0, 30, 90, 120)]


def test_one_that_fails_for_itself_is_not_retried_any_faster_than_that(
    world: World, start_s: float
) -> None:
    """The origin seems to come back with every acknowledgement of the other."""
    world.always = {ONE: DOWN}
    for _ in range(2900):
        world.record(NEW_MAIL)
        world.advance(0.1)
    gaps = [b - a for a, b in zip(times_of(world, ONE), times_of(world, ONE)[1:], strict=False)]
    assert len(gaps) <= 10
    assert min(gaps) >= 30 - 0.01


def test_the_window_ends_when_it_did(world: World, start_s: float) -> None:
    world.always = {ONE: DOWN}
    for _ in range(400):
        world.record(NEW_MAIL)
        world.advance(1)
    assert times_of(world, ONE)[-1] == start_s + 300


def test_a_failure_of_an_origin_that_answers_is_its_own(world: World, start_s: float) -> None:
    world.always = {ONE: answers(500, b"")}
    for _ in range(200):
        world.record(NEW_MAIL)
        world.advance(1)
    assert times_of(world, ONE) == [start_s + n for n in (0, 30, 90)]


def test_a_responder_that_asked_for_more_time_gets_it(world: World, start_s: float) -> None:
    def busy(_: World) -> Any:
        return succeed(Answer(503, b"", Times(None, None, 900, 1000), 200))

    world.always = {ONE: busy}
    for _ in range(150):
        world.record(NEW_MAIL)
        world.advance(1)
    assert times_of(world, ONE) == [start_s]


def test_after_a_restart_too(world: World, start_s: float) -> None:
    fail_both_until_the_other_is_back(world, 150)
    world.always = {ONE: DOWN, OTHER: DOWN, "http://responder.example/new": DOWN}
    world.kill()
    world.subscribe(number=3, url="http://responder.example/new")
    world.always.clear()
    world.advance(35)
    assert times_of(world, ONE)[-1] <= start_s + 190


def test_nothing_is_kept_of_those_that_are_well_or_over(world: World, start_s: float) -> None:
    fail_both_until_the_other_is_back(world, 10)
    origin = world.engine._roster.of(world.mailbox.id)[0].origin
    assert len(origin.retrying) == 2
    world.advance(3600)
    assert origin.retrying == {}
    world.always = {ONE: DOWN, OTHER: DOWN}
    world.record(NEW_MAIL)
    world.settle()
    world.disable()
    world.settle()
    assert origin.retrying == {}
