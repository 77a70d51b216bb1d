"""Waiting for something to happen, by the control API."""

import threading

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred, ensureDeferred, succeed
from twisted.internet.task import Clock

from ewspush.emulator.api import waiting
from ewspush.emulator.api.errors import ApiError
from ewspush.emulator.api.waiting import Waits
from support.control_api import ADDRESS
from support.responders import FAILURE, Responder, held

LONG_S = 30


@pytest.fixture
def responder():
    responder = Responder()
    yield responder
    responder.close()


async def wait(api, what, **more):
    return await api.post("/wait", {"for": what, "timeout_s": LONG_S, **more})


async def subscribe(api, url, **more):
    await api.post("/time/freeze")
    body = {"mailbox": ADDRESS, "url": url, **more}
    return (await api.create("/subscriptions", body))["id"]


@pytest_twisted.ensureDeferred
async def test_the_next_notification_is_waited_for(api, responder):
    id = await subscribe(api, responder.url())
    first = (await wait(api, "notification", subscription=id, after=0))["attempt"]
    assert (first["kind"], first["outcome"], first["subscription"]) == ("status", "OK", id)
    waiting_ = ensureDeferred(wait(api, "notification", after=first["number"]))
    await api.create(f"{api.mailbox}/mail", {})
    second = (await waiting_)["attempt"]
    assert (second["events"], second["number"] > first["number"]) == (3, True)
    assert "NewMailEvent" in second["request"]
    for scope in ({}, {"mailbox": ADDRESS}, {"subscription": id}):
        again = await wait(api, "notification", after=first["number"], **scope)
        assert again["attempt"] == second


@pytest_twisted.ensureDeferred
async def test_an_attempt_of_before_is_none_to_be_waited_for(api, responder):
    id = await subscribe(api, responder.url())
    await wait(api, "nothing-pending")
    body = {"for": "notification", "subscription": id, "timeout_s": 0}
    refusal = await api.refuse(504, "POST", "/wait", body)
    assert refusal["error"].startswith("no notification was attempted within 0 s: ")
    assert f"{id} of {ADDRESS} is idle, heartbeat at " in refusal["error"]


@pytest_twisted.ensureDeferred
async def test_nothing_is_pending_when_all_is_acknowledged(api, responder):
    assert await wait(api, "nothing-pending") == {}
    await subscribe(api, responder.url(), event_types=["NewMailEvent"])
    assert await wait(api, "nothing-pending", mailbox=ADDRESS) == {}
    assert len(responder.pushes) == 1
    for _ in range(5):
        await api.create(f"{api.mailbox}/mail", {})
    assert await wait(api, "nothing-pending") == {}
    told = [name for push in responder.pushes for name, *_ in push.received.events]
    assert told == ["StatusEvent", *["NewMailEvent"] * 5]


@pytest_twisted.ensureDeferred
async def test_a_notification_that_is_under_way_is_pending(api, responder):
    now = {"for": "nothing-pending", "timeout_s": 0}
    first, second = threading.Event(), threading.Event()
    responder.script(held(first), held(second))
    await subscribe(api, responder.url(), event_types=["NewMailEvent"])
    await api.refuse(504, "POST", "/wait", now)
    first.set()
    assert await wait(api, "nothing-pending") == {}
    await api.create(f"{api.mailbox}/mail", {})
    await api.refuse(504, "POST", "/wait", now)
    second.set()
    assert await wait(api, "nothing-pending") == {}


@pytest_twisted.ensureDeferred
async def test_what_is_pending_is_said_when_time_is_over(api, responder):
    responder.otherwise = FAILURE
    id = await subscribe(api, responder.url())
    await wait(api, "notification", after=0)
    await api.create(f"{api.mailbox}/mail", {})
    body = {"for": "nothing-pending", "subscription": id, "timeout_s": 0.01}
    refusal = await api.refuse(504, "POST", "/wait", body)
    assert refusal["error"].startswith("notifications were still pending within 0.01 s: ")
    assert "is retrying, 3 events behind, 1 attempt failed, retry at " in refusal["error"]


@pytest_twisted.ensureDeferred
async def test_events_that_a_paused_subscription_did_not_get_are_pending(api, responder):
    id = await subscribe(api, responder.url())
    await wait(api, "nothing-pending")
    await api.post(f"/subscriptions/{id}/pause")
    await wait(api, "nothing-pending")
    await api.create(f"{api.mailbox}/mail", {})
    await api.refuse(504, "POST", "/wait", {"for": "nothing-pending", "timeout_s": 0})
    waiting_ = ensureDeferred(wait(api, "nothing-pending"))
    await api.post(f"/subscriptions/{id}/resume")
    assert await waiting_ == {}


@pytest_twisted.ensureDeferred
async def test_a_subscription_is_parked(api, responder):
    responder.otherwise = FAILURE
    id = await subscribe(api, responder.url())
    refusal = await api.refuse(504, "POST", "/wait", {"for": "parked", "timeout_s": 0})
    assert refusal["error"].startswith("nothing was parked within 0 s: ")
    waiting_ = ensureDeferred(wait(api, "parked", subscription=id))
    await api.post("/time/advance", {"by": "PT5M"})
    parked = (await waiting_)["subscription"]
    assert (parked["id"], parked["phase"]) == (id, "parked")
    assert (await wait(api, "parked"))["subscription"] == parked
    assert await wait(api, "nothing-pending") == {}


@pytest_twisted.ensureDeferred
async def test_a_wait_ends_with_the_state(api, responder):
    await subscribe(api, responder.url())
    await wait(api, "nothing-pending")
    body = {"for": "notification", "timeout_s": LONG_S}
    waiting_ = ensureDeferred(api.refuse(409, "POST", "/wait", body))
    while not api.control_api._waits._waiting:
        await api.get("/time")
    await api.post("/reset", status=204)
    assert (await waiting_)["error"] == "the emulator's state was replaced while this waited"


@pytest.mark.parametrize(
    ("status", "field", "body"),
    [
        (400, "for", {}),
        (400, "for", {"for": "godot"}),
        (400, "for_", {"for": "parked", "for_": "parked"}),
        (400, "timeout_s", {"for": "parked", "timeout_s": 60.5}),
        (400, "timeout_s", {"for": "parked", "timeout_s": -1}),
        (400, "after", {"for": "parked", "after": 1}),
        (400, "after", {"for": "notification", "after": -1}),
        (400, "mailbox", {"for": "parked", "mailbox": ADDRESS, "subscription": "x"}),
        (404, "subscription", {"for": "parked", "subscription": "x"}),
        (404, "mailbox", {"for": "parked", "mailbox": "nobody@example.org"}),
        (400, "mailbox", {"for": "parked", "mailbox": "nobody"}),
    ],
)
@pytest_twisted.ensureDeferred
async def test_what_cannot_be_waited_for_is_refused(api, status, field, body):
    assert (await api.refuse(status, "POST", "/wait", body))["field"] == field


# The waits themselves


class Watched:
    def __init__(self):
        self.listeners = []

    def watch(self, listener):
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def happen(self):
        for each in self.listeners:
            each(1, 1)


class Looks:
    """What is found, look by look; None until there is something."""

    def __init__(self):
        self.count = 0
        self.found = None

    def __call__(self):
        self.count += 1
        return succeed(self.found)


def start(waits, look, timeout_s=5.0, on_gone=lambda _: None):
    results = []
    ensureDeferred(waits.until(look, timeout_s, on_gone)).addBoth(results.append)
    return results


def test_it_is_looked_once_at_first_and_once_for_each_thing_that_happens():
    watched, clock, looks = Watched(), Clock(), Looks()
    results = start(Waits(clock, watched), looks)
    assert (looks.count, results) == (1, [])
    watched.happen()
    assert (looks.count, results) == (2, [])
    looks.found = "it"
    watched.happen()
    assert results == ["it"]
    assert watched.listeners == clock.getDelayedCalls() == []


def test_it_is_looked_again_after_what_happens_while_it_is_looked():
    watched, looking = Watched(), []

    def look():
        looking.append(Deferred())
        return looking[-1]

    results = start(Waits(Clock(), watched), look)
    watched.happen()
    looking[0].callback(None)
    assert len(looking) == 2
    looking[1].callback("it")
    assert results == ["it"]


def test_nothing_is_found_when_time_is_over_or_nobody_waits_any_more():
    watched, clock, gone = Watched(), Clock(), []
    waits = Waits(clock, watched)
    results = start(waits, Looks(), 5.0)
    abandoned = start(waits, Looks(), 5.0, gone.append)
    gone[0]()
    assert (abandoned, results) == ([None], [])
    clock.advance(5.0)
    assert results == [None]
    assert watched.listeners == []


def test_no_more_wait_than_may(monkeypatch):
    monkeypatch.setattr(waiting, "MOST", 2)
    waits = Waits(Clock(), Watched())
    first, _, third = [start(waits, Looks()) for _ in range(3)]
    (refused,) = third
    assert isinstance(refused.value, ApiError)
    waits.end_all("over")
    assert str(first[0].value) == "over"
    assert start(waits, Looks(), 0.0) == []
