"""How long an operator waits for an attempt, and how many wait at once."""

from typing import cast

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread

from ewspush.control import CommandError
from ewspush.core.ids import Kind, ObjectId
from ewspush.push.engine import Engine
from ewspush.push.outcome import Outcome
from ewspush.running_engine import WAITING_AT_ONCE, RunningEngine

ID = ObjectId(Kind.SUBSCRIPTION, 1, 1)


class Silent:
    """An engine whose attempts end when the test says so."""

    def __init__(self) -> None:
        self.asked: list[Deferred[Outcome]] = []
        self.is_full: Deferred[None] = Deferred()

    def heartbeat(self, _: ObjectId) -> "Deferred[Outcome]":
        self.asked.append(Deferred())
        if len(self.asked) == WAITING_AT_ONCE:
            self.is_full.callback(None)
        return self.asked[-1]


def running(engine: Silent, patience_s: float) -> RunningEngine:
    return RunningEngine(reactor, lambda: cast("Engine", engine), patience_s)


@pytest_twisted.ensureDeferred
async def test_nobody_waits_for_an_attempt_for_ever() -> None:
    engine = Silent()
    attempted = await deferToThread(running(engine, 0.01).heartbeat, ID)
    assert attempted["outcome"] == "waiting"
    engine.asked[0].callback(Outcome(None, "timeout"))  # which nobody waits for any more


@pytest_twisted.ensureDeferred
async def test_those_who_wait_leave_room_for_other_commands() -> None:
    engine = Silent()
    one = running(engine, 600)
    waiting = [deferToThread(one.heartbeat, ID) for _ in range(WAITING_AT_ONCE)]
    await engine.is_full
    with pytest.raises(CommandError, match="already wait"):
        await deferToThread(one.heartbeat, ID)
    for asked in engine.asked:
        asked.callback(Outcome(None, "timeout"))
    assert [(await each)["outcome"] for each in waiting] == ["timeout"] * WAITING_AT_ONCE
