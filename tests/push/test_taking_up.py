"""Taking up subscriptions at the start, some at a time."""

from typing import Any

import pytest

from ewspush.core.events import EventType
from ewspush.push import engine
from ewspush.store import subscriptions
from support.world import UNSUBSCRIBE, URL, World


@pytest.mark.parametrize("together", [1, 2, 5, 1000])
def test_all_are_taken_up_however_many_at_a_time(
    world: World, monkeypatch: Any, together: int
) -> None:
    monkeypatch.setattr(engine, "_TAKEN_UP_TOGETHER", together)
    for number in range(5):
        world.subscribe(number=number, url=f"{URL}&of={number}")
    world.attempts.clear()
    world.kill()
    world.record(EventType.NEW_MAIL)
    world.settle()
    assert sorted(each.url[-1] for each in world.attempts) == list("01234")


def test_events_while_some_are_taken_up_are_sent_to_all_once(
    world: World, monkeypatch: Any
) -> None:
    for number in range(3):
        world.subscribe(number=number, url=f"{URL}&of={number}")
    world.attempts.clear()
    whole = subscriptions.all_live

    def load(tx: Any) -> Any:
        for n, each in enumerate(list(whole(tx))):
            if n == 1:
                world.clock.callLater(0, world.record, EventType.NEW_MAIL)
            yield each

    monkeypatch.setattr(engine, "_TAKEN_UP_TOGETHER", 1)
    monkeypatch.setattr(subscriptions, "all_live", load)
    world.kill()
    world.settle()
    assert sorted(each.url[-1] for each in world.attempts) == list("012")


def test_one_whose_responder_ends_it_meanwhile_is_not_taken_up_again(
    world: World, monkeypatch: Any
) -> None:
    for number in range(20):
        id = world.subscribe(number=number, url=f"{URL}&of={number}")
    new = world.stored(id)
    whole = subscriptions.all_live

    def load(tx: Any) -> Any:
        found = list(whole(tx))
        world.clock.callLater(0, world.engine.subscribed, new, world.mailbox.watermark_base)
        return found

    monkeypatch.setattr(engine, "_TAKEN_UP_TOGETHER", 1)
    monkeypatch.setattr(subscriptions, "all_live", load)
    world.always[new.url] = UNSUBSCRIBE
    world.attempts.clear()
    world.kill()
    world.advance(3600)
    assert [each.url for each in world.attempts].count(new.url) == 1
