"""The emulator: time that leaps over real deliveries, and a state that can be put back."""

import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import ensureDeferred, gatherResults
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread

from ewspush.core.events import EventType
from ewspush.emulator.emulator import Interrupted
from ewspush.emulator.fault_models import parse_fault
from ewspush.operations.subscriptions import PushSubscriptionRequest, Subscribed
from support.emulation import ADDRESS, Emulation
from support.responders import FAILURE, OK, Responder, held
from support.strict_reader import Chain

MINUTE_S, DAY_S = 60, 86_400


@pytest_twisted.async_yield_fixture
async def emulation() -> AsyncIterator[Emulation]:
    started = await Emulation().start()
    yield started
    await started.close()


@pytest.fixture
def responder() -> Iterator[Responder]:
    one = Responder()
    yield one
    one.close()


def seconds(attempts: list[dict[str, Any]]) -> list[int]:
    """When attempts were made, since the first one."""
    times = [datetime.fromisoformat(each["at"]).timestamp() for each in attempts]
    return [round(at_s - times[0]) for at_s in times]


def followed(emulation: Emulation, responder: Responder, id: str) -> int:
    """How many events a careful client has got, and none lost or out of order."""
    chain = responder.followed(Chain(id, emulation.watermarks[id]))
    assert chain.problems == []
    return len(chain.seen)


async def wait_for(responder: Responder, count: int) -> None:
    await deferToThread(responder.wait_for, count)


@pytest_twisted.ensureDeferred
async def test_heartbeats_come_in_their_time_while_time_leaps(emulation, responder):
    id = await emulation.subscribe(responder.url(), minutes=5)
    await emulation.emulator.advance(60 * MINUTE_S)
    attempts = await emulation.attempts(id)
    gaps = [later - sooner for sooner, later in pairwise(seconds(attempts))]
    assert len(responder.pushes) == len(attempts)
    assert all(0.9 * 5 * MINUTE_S - 1 <= gap <= 5 * MINUTE_S + 1 for gap in gaps), gaps
    assert 12 <= len(gaps) <= 14
    assert {each["outcome"] for each in attempts} == {"OK"}


@pytest_twisted.ensureDeferred
async def test_a_responder_that_is_down_is_retried_later_and_later_and_misses_nothing(
    emulation, responder
):
    id = await emulation.subscribe(responder.url(), minutes=30)
    await emulation.emulator.advance(1)
    responder.stop()
    await emulation.deliver()
    await emulation.emulator.advance(7 * MINUTE_S)
    await emulation.deliver()
    responder.start()
    await emulation.emulator.advance(8 * MINUTE_S)
    outcomes = [each["outcome"] for each in await emulation.attempts(id)]
    failed = [each for each in await emulation.attempts(id) if each["outcome"] == "connect"]
    assert seconds(failed) == [0, 30, 90, 210]  # the waits double
    assert outcomes == ["OK", *["connect"] * 4, "OK"]
    assert followed(emulation, responder, id) == 3 * 2


@pytest_twisted.ensureDeferred
async def test_a_responder_that_stays_down_is_given_up(emulation, responder):
    id = await emulation.subscribe(responder.url(), minutes=1)
    await emulation.emulator.advance(1)
    responder.stop()
    await emulation.deliver()
    await emulation.emulator.advance(10 * MINUTE_S)
    shown = await emulation.shown(id)
    assert (shown["phase"], shown["behind"]) == ("parked", 3)


@pytest_twisted.ensureDeferred
async def test_one_that_is_given_up_is_over_since_then_however_far_time_leaps(emulation, responder):
    emulation.emulator.time.freeze()
    responder.stop()
    began_s = emulation.now_s()
    id = await emulation.subscribe(responder.url(), minutes=1)
    await emulation.emulator.advance(10 * MINUTE_S)
    over_at_s = datetime.fromisoformat((await emulation.shown(id))["over_at"]).timestamp()
    assert MINUTE_S <= over_at_s - began_s <= MINUTE_S + 1


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("minutes", [1, 3, 5])
async def test_what_is_due_at_the_very_end_is_done(emulation, responder, minutes):
    emulation.emulator.time.freeze()
    id = await emulation.subscribe(responder.url(), minutes=minutes)
    responder.stop()
    await emulation.deliver()
    await emulation.emulator.advance(minutes * MINUTE_S)
    assert (await emulation.shown(id))["phase"] == "parked"


@pytest_twisted.ensureDeferred
async def test_events_are_told_while_time_stands(emulation, responder):
    emulation.emulator.time.freeze()
    now_s = emulation.emulator.time.now_s()
    await emulation.subscribe(responder.url())
    await emulation.deliver(3)
    await deferToThread(responder.wait_for_new_mails, 3)
    assert emulation.emulator.time.now_s() == now_s


@pytest_twisted.ensureDeferred
async def test_what_happens_in_an_advance_grows_old_in_it(emulation, responder):
    emulation.emulator.faults.add(parse_fault({"kind": "connect", "times": None}))
    id = await emulation.subscribe(responder.url(), minutes=1440)
    await emulation.emulator.advance(20 * DAY_S)  # attempts are kept for 7, its row for 30
    assert (await emulation.shown(id))["phase"] == "parked"
    assert await emulation.attempts(id) == []


@pytest_twisted.ensureDeferred
async def test_thirty_days_leave_no_old_events(emulation):
    await emulation.deliver(5)
    await emulation.emulator.advance(30 * DAY_S + MINUTE_S)
    with emulation.emulator.database.read() as tx:
        (row,) = tx.connection.exec_driver_sql("SELECT head, floor FROM mailboxes").all()
    assert row.head == row.floor == 15


@pytest_twisted.ensureDeferred
async def test_a_mailbox_is_purged_when_its_time_comes(emulation, responder):
    await emulation.subscribe(responder.url())
    await emulation.emulator.advance(1)
    commands = emulation.emulator.commands.by_name(0)
    in_thread = emulation.emulator.in_thread
    await in_thread(lambda: commands["mailbox.delete"](ADDRESS))
    await emulation.emulator.advance(MINUTE_S)
    assert b"ErrorAccountDisabled" in responder.pushes[-1].body
    told = len(responder.pushes)
    await emulation.emulator.advance(30 * DAY_S)
    with emulation.emulator.database.read() as tx:
        rows = tx.connection.exec_driver_sql("SELECT count(*) FROM mailboxes").scalar()
    assert (rows, len(responder.pushes)) == (0, told)


@pytest_twisted.ensureDeferred
async def test_an_answer_that_is_waited_for_takes_no_time_of_the_emulator(emulation, responder):
    release = threading.Event()
    responder.script(OK, held(release))
    await emulation.subscribe(responder.url())
    await wait_for(responder, 1)
    now_s = emulation.emulator.time.now_s()
    advancing = ensureDeferred(emulation.emulator.advance(MINUTE_S))
    await wait_for(responder, 2)
    assert emulation.emulator.time.now_s() < now_s + MINUTE_S
    release.set()
    await advancing
    assert emulation.emulator.time.now_s() >= now_s + MINUTE_S


@pytest_twisted.ensureDeferred
async def test_a_snapshot_brings_back_what_there_was_and_what_was_due(emulation, responder):
    emulator = emulation.emulator
    emulator.time.freeze()
    id = await emulation.subscribe(responder.url(), minutes=5)
    await emulator.advance(MINUTE_S)
    snapshot = await emulator.snapshot()
    now_s, due = emulator.time.now_s(), emulator.server.due()
    await emulation.deliver()
    await emulator.advance(2 * DAY_S)
    await emulator.restore(snapshot)
    assert emulator.time.is_frozen
    assert emulator.time.now_s() == pytest.approx(now_s, abs=1e-3)
    assert emulator.server.due() == pytest.approx(due, abs=0.02)
    assert (await emulation.shown(id))["behind"] == 0
    assert emulator.snapshots == [snapshot]


@pytest_twisted.ensureDeferred
async def test_a_snapshot_brings_back_the_faults_that_there_were(emulation, responder):
    emulator = emulation.emulator
    emulator.faults.add(parse_fault({"kind": "connect", "times": 2}))
    await emulation.subscribe(responder.url(), minutes=5)
    await emulator.advance(1)
    snapshot = await emulator.snapshot()
    then = [each.described() for each in emulator.faults.list()]
    await emulator.advance(MINUTE_S)
    emulator.faults.add(parse_fault({"kind": "lost"}))
    await emulator.restore(snapshot)
    assert [each.described() for each in emulator.faults.list()] == then
    assert then[0]["used"] == 1


@pytest_twisted.ensureDeferred
async def test_a_round_of_retention_ends_with_its_state(emulation):
    server = emulation.emulator.server
    steps = 0

    def step() -> bool:
        nonlocal steps
        steps += 1
        return True

    rounds = ensureDeferred(server._chores._in_steps(step))
    while not steps:
        await deferToThread(lambda: None)
    await emulation.emulator.reset()
    await rounds
    assert steps > 0


@pytest_twisted.ensureDeferred
async def test_a_reset_waits_for_those_who_are_changing_what_there_is(emulation):
    emulator = emulation.emulator
    begun, go_on = threading.Event(), threading.Event()

    def create() -> None:
        begun.set()
        go_on.wait()
        emulator.commands.by_name(0)["mailbox.create"](["bob@example.org"])

    creating = emulator.in_thread(create)
    await deferToThread(begun.wait)
    resetting = ensureDeferred(emulator.reset())
    go_on.set()
    await creating
    await resetting
    (mailbox,) = emulator.commands.by_name(0)["mailbox.list"]()["mailboxes"]
    assert mailbox["email"] == ADDRESS


@pytest_twisted.ensureDeferred
async def test_what_failed_before_a_snapshot_is_retried_after_it_is_restored(emulation, responder):
    emulator = emulation.emulator
    emulator.time.freeze()
    id = await emulation.subscribe(responder.url(), minutes=5)
    await emulator.advance(1)
    responder.script(FAILURE)
    await emulation.deliver()
    await emulator.advance(1)
    snapshot = await emulator.snapshot()
    sent = []
    for _ in range(2):
        await emulator.restore(snapshot)
        assert (await emulation.shown(id))["phase"] == "retrying"
        await emulator.advance(30)
        assert (await emulation.shown(id))["phase"] == "idle"
        sent.append(responder.pushes[-1].body)
    assert sent[0] == sent[1]
    assert b"NewMailEvent" in sent[0]


@pytest_twisted.ensureDeferred
async def test_a_reset_leaves_the_first_mailbox_and_nothing_else(emulation, responder):
    emulator = emulation.emulator
    await emulation.subscribe(responder.url())
    await emulation.deliver()
    emulator.time.freeze()
    await emulator.advance(DAY_S)
    emulator.faults.add(parse_fault({"kind": "connect", "times": None}))
    await emulator.snapshot()
    await emulator.reset()
    assert not emulator.time.is_frozen
    assert emulator.time.now_s() == pytest.approx(datetime.now().timestamp(), abs=60)
    assert (emulator.faults.list(), emulator.server.due()) == ([], {})
    came = len(responder.pushes)
    await emulator.advance(DAY_S)
    assert len(responder.pushes) == came
    await emulation.subscribe(responder.url())
    await wait_for(responder, came + 1)


@pytest_twisted.ensureDeferred
async def test_a_snapshot_that_a_reset_overtakes_is_none(emulation, responder):
    release = threading.Event()
    responder.script(held(release))
    await emulation.subscribe(responder.url())
    await wait_for(responder, 1)
    taking = ensureDeferred(emulation.emulator.snapshot())
    await emulation.emulator.reset()
    release.set()
    with pytest.raises(Interrupted):
        await taking
    assert emulation.emulator.snapshots == []


@pytest_twisted.ensureDeferred
async def test_the_snapshot_that_was_not_used_for_longest_makes_room(emulation, monkeypatch):
    monkeypatch.setattr("ewspush.emulator.emulator.MOST_SNAPSHOTS", 2)
    emulator = emulation.emulator
    used, unused = await emulator.snapshot(), await emulator.snapshot()
    await emulator.restore(used)
    newest = await emulator.snapshot()
    assert emulator.snapshots == [used, newest]
    with pytest.raises(KeyError):
        await emulator.restore(unused)


@pytest_twisted.ensureDeferred
async def test_a_snapshot_outlives_a_reset(emulation):
    await emulation.deliver()
    snapshot = await emulation.emulator.snapshot()
    await emulation.emulator.reset()
    await emulation.emulator.restore(snapshot)
    with emulation.emulator.database.read() as tx:
        assert tx.connection.exec_driver_sql("SELECT head FROM mailboxes").scalar() == 3


@pytest_twisted.ensureDeferred
async def test_a_reset_waits_for_no_responder(emulation, responder):
    release = threading.Event()
    responder.script(held(release))
    await emulation.subscribe(responder.url())
    await wait_for(responder, 1)
    advancing = [ensureDeferred(emulation.emulator.advance(DAY_S)) for _ in range(2)]
    await emulation.emulator.reset()
    for each in advancing:
        with pytest.raises(Interrupted):
            await each
    release.set()
    await emulation.subscribe(responder.url())
    await wait_for(responder, 2)


@pytest_twisted.ensureDeferred
async def test_a_request_that_a_reset_overtakes_leaves_nothing_behind(emulation, responder):
    emulator, in_thread = emulation.emulator, emulation.emulator.server._requests
    began, go_on = threading.Event(), threading.Event()

    async def subscribe() -> None:
        request = PushSubscriptionRequest((), True, frozenset(EventType), responder.url(), 1)
        subscribed = await in_thread(held_up, request)
        emulator.subscribed(subscribed)

    def held_up(request: PushSubscriptionRequest) -> Subscribed:
        began.set()
        assert go_on.wait(10)
        emulation._deliver()
        return emulation._subscribe(request)

    subscribing = ensureDeferred(subscribe())
    await deferToThread(began.wait)
    resetting = ensureDeferred(emulator.reset())
    await deferLater(reactor, 0.05, go_on.set)
    await gatherResults([subscribing, resetting])
    await emulator.advance(DAY_S)
    with emulator.database.read() as tx:
        assert tx.connection.exec_driver_sql("SELECT count(*) FROM items").scalar() == 0
    assert responder.pushes == []


@pytest_twisted.ensureDeferred
async def test_a_timeout_by_a_fault_takes_no_real_time(emulation, responder):
    emulator = emulation.emulator
    id = await emulation.subscribe(responder.url(), minutes=5)
    await emulator.advance(1)
    emulator.faults.add(parse_fault({"kind": "timeout", "times": 2}))
    await emulation.deliver()
    await emulator.advance(4 * MINUTE_S)
    attempts = await emulation.attempts(id)
    assert [each["outcome"] for each in attempts] == ["OK", "timeout", "timeout", "OK"]
    assert seconds(attempts[1:]) == [0, 30, 90]  # the waits count from the beginnings
    assert followed(emulation, responder, id) == 3 * 1


@pytest_twisted.ensureDeferred
async def test_small_batches_by_a_fault_say_that_more_follows(emulation, responder):
    emulator = emulation.emulator
    id = await emulation.subscribe(responder.url(), minutes=5)
    await emulator.advance(1)
    emulator.faults.add(parse_fault({"kind": "connect"}))
    emulator.faults.add(parse_fault({"kind": "batch", "batch": 2, "times": None}))
    await emulation.deliver(2)
    await emulator.advance(MINUTE_S)
    attempts = (await emulation.attempts(id))[2:]
    assert [(each["events"], each["more_events"]) for each in attempts] == [
        (2, True),
        (2, True),
        (2, False),
    ]
    assert followed(emulation, responder, id) == 3 * 2


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("act", ["advance", "snapshot", "reset"])
async def test_what_moves_the_state_may_be_asked_for_at_once(emulation, responder, act):
    emulator = emulation.emulator
    acts: dict[str, Callable[[], Awaitable[object]]] = {
        "advance": lambda: emulator.advance(DAY_S / 24),
        "snapshot": emulator.snapshot,
        "reset": emulator.reset,
    }
    await emulation.subscribe(responder.url())
    under_way = [ensureDeferred(acts[act]()) for _ in range(3)]
    for each in under_way:
        await each
    await emulation.subscribe(responder.url())
    await emulator.advance(1)
