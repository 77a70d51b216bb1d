"""Push subscriptions and the attempts to deliver to them, by the control API."""

import pytest
import pytest_twisted
from twisted.internet.threads import deferToThread

from support.control_api import ADDRESS
from support.responders import FAILURE, OK, Responder

BOB = "bob@example.org"


@pytest.fixture
def responder():
    responder = Responder()
    yield responder
    responder.close()


async def subscribe(api, responder, **more):
    body = {"mailbox": ADDRESS, "url": responder.url(), **more}
    return await api.create("/subscriptions", body)


async def subscribed(api, responder, **more):
    """Subscribed, the first notification acknowledged, in time that stands."""
    await api.post("/time/freeze")
    id = (await subscribe(api, responder, **more))["id"]
    await api.post("/wait", {"for": "nothing-pending", "subscription": id, "timeout_s": 30})
    return id


async def attempts(api, id, query=""):
    return (await api.get(f"/subscriptions/{id}/attempts{query}"))["attempts"]


@pytest_twisted.ensureDeferred
async def test_a_subscription_is_made_and_shown(api, responder):
    id = await subscribed(api, responder, folders=["inbox", "drafts"], caller_data="mine")
    shown = await api.get(f"/subscriptions/{id}")
    assert shown["url"] == responder.url()
    assert (shown["folders"], shown["caller_data"]) == (["inbox", "drafts"], "mine")
    assert (shown["phase"], shown["kind"], shown["mailbox"]) == ("idle", "push", ADDRESS)
    assert (len(shown["event_types"]), shown["status_frequency_min"]) == (7, 1)
    assert (shown["next"], shown["last_attempt"]["outcome"]) == ("heartbeat", "OK")
    assert shown["created_at"].endswith(".000Z")
    assert (await api.get("/subscriptions"))["subscriptions"] == [shown]


@pytest.mark.parametrize("of", ["time", "subscription"])
@pytest_twisted.ensureDeferred
async def test_an_advance_to_what_is_next_makes_an_attempt_every_time(api, responder, of):
    await api.post("/time/freeze")
    id = await subscribed(api, responder, status_frequency_min=3)
    await subscribed(api, responder, status_frequency_min=7)
    for number in range(30):
        responder.otherwise = FAILURE if number % 7 in (2, 3, 5) else OK
        shown = await api.get("/time" if of == "time" else f"/subscriptions/{id}")
        made = (await attempts(api, id, "?limit=1000"))[-1]["number"]
        advanced = await api.post("/time/advance", {"to": shown["next_at"]})
        assert advanced["attempts"] > 0
        if of == "subscription":
            assert await attempts(api, id, f"?after={made}")


@pytest_twisted.ensureDeferred
async def test_a_subscription_is_parked_by_the_time_at_which_it_gives_up(api, responder):
    await api.post("/time/freeze")
    id = await subscribed(api, responder, status_frequency_min=3)
    responder.otherwise = FAILURE
    await api.create(f"{api.mailbox}/mail", {})
    await api.post("/time/advance", {"by": 1.7})
    shown = await api.get(f"/subscriptions/{id}")
    await api.post("/time/advance", {"to": shown["gives_up_at"]})
    assert (await api.get(f"/subscriptions/{id}"))["phase"] == "parked"


@pytest_twisted.ensureDeferred
async def test_nothing_is_next_where_nobody_has_subscribed(api, responder):
    assert (await api.get("/time"))["next_at"] is None
    id = await subscribed(api, responder)
    assert (await api.get("/time"))["next_at"] is not None
    await api.delete(f"/subscriptions/{id}")
    assert (await api.get("/time"))["next_at"] is None


@pytest_twisted.ensureDeferred
async def test_only_what_is_wanted_is_told(api, responder):
    id = await subscribed(api, responder, event_types=["DeletedEvent"], folders=["drafts"])
    await api.create(f"{api.mailbox}/mail", {})
    await api.post("/wait", {"for": "nothing-pending"})
    assert len(await attempts(api, id)) == 1
    item = await api.create(f"{api.mailbox}/items", {})
    await api.delete(f"{api.mailbox}/items/{item['id']}")
    await api.post("/wait", {"for": "nothing-pending"})
    assert [each["events"] for each in await attempts(api, id)] == [0, 1]


@pytest.mark.parametrize(
    ("status", "field", "more"),
    [
        (404, "mailbox", {"mailbox": "nobody@example.org"}),
        (400, "mailbox", {"mailbox": "nobody"}),
        (400, "url", {"url": "ftp://127.0.0.1/"}),
        (400, "url", {"url": "http://10.0.0.1/"}),
        (404, "folders[1]", {"folders": ["inbox", "nowhere"]}),
        (400, "folders", {"folders": []}),
        (400, "event_types[0]", {"event_types": ["StatusEvent"]}),
        (400, "event_types", {"event_types": []}),
        (400, "status_frequency_min", {"status_frequency_min": 0}),
        (400, "status_frequency_min", {"status_frequency_min": 1441}),
        (400, "watermark", {"watermark": "AAAAAAAAAAA="}),
        (400, "caller_data", {"caller_data": "x" * 4097}),
        (400, "phase", {"phase": "idle"}),
    ],
)
@pytest_twisted.ensureDeferred
async def test_what_is_no_subscription_is_refused(api, responder, status, field, more):
    body = {"mailbox": ADDRESS, "url": responder.url(), **more}
    assert (await api.refuse(status, "POST", "/subscriptions", body))["field"] == field
    assert (await api.get("/subscriptions"))["subscriptions"] == []


@pytest_twisted.ensureDeferred
async def test_a_mailbox_has_so_many_subscriptions_and_is_disabled_at_times(api, responder):
    for _ in range(3):
        await subscribe(api, responder)
    body = {"mailbox": ADDRESS, "url": responder.url()}
    refusal = await api.refuse(409, "POST", "/subscriptions", body)
    assert "3 push subscriptions" in refusal["error"]
    await api.post(f"{api.mailbox}/disable")
    await api.refuse(409, "POST", "/subscriptions", body)


@pytest_twisted.ensureDeferred
async def test_subscriptions_are_listed_by_mailbox_and_phase(api, responder):
    await api.create("/mailboxes", {"address": BOB})
    first = await subscribed(api, responder)
    second = (await subscribe(api, responder, mailbox=BOB))["id"]
    await api.delete(f"/subscriptions/{first}")

    async def listed(query):
        found = await api.get(f"/subscriptions{query}")
        return [each["id"] for each in found["subscriptions"]]

    assert await listed("") == [first, second]
    assert await listed("?limit=1") == [first]
    assert await listed(f"?after={first}") == [second]
    assert await listed(f"?after={second}") == []
    assert await listed(f"?mailbox={BOB}") == [second]
    assert await listed("?phase=ended") == [first]
    assert await listed("?phase=parked") == []
    await api.refuse(404, "GET", "/subscriptions?mailbox=nobody@example.org")
    await api.refuse(404, "GET", "/subscriptions?after=x")
    await api.refuse(400, "GET", "/subscriptions?phase=x")


@pytest_twisted.ensureDeferred
async def test_a_subscription_that_is_ended_gets_nothing_more(api, responder):
    id = await subscribed(api, responder)
    for _ in range(2):
        await api.delete(f"/subscriptions/{id}")
    await api.create(f"{api.mailbox}/mail", {})
    await api.post("/time/advance", {"by": "PT10M"})
    assert len(await attempts(api, id)) == 1
    assert (await api.get(f"/subscriptions/{id}"))["phase"] == "ended"


@pytest_twisted.ensureDeferred
async def test_the_subscriptions_of_a_mailbox_that_is_reset_are_gone(api, responder):
    id = await subscribed(api, responder)
    await api.post(f"{api.mailbox}/reset")
    assert (await api.get("/subscriptions"))["subscriptions"] == []
    await api.refuse(404, "GET", f"/subscriptions/{id}")


@pytest_twisted.ensureDeferred
async def test_attempts_are_read_on_oldest_first_with_their_bodies(api, responder):
    id = await subscribed(api, responder)
    await api.create(f"{api.mailbox}/mail", {"subject": "x"})
    await api.post("/time/advance", {"by": "PT3M"})
    all_ = await attempts(api, id)
    assert len(all_) == len(responder.pushes) >= 5
    numbers = [each["number"] for each in all_]
    assert numbers == sorted({*numbers})
    assert [each["events"] for each in all_[:3]] == [0, 3, 0]
    assert [each["request"].encode() for each in all_] == [each.body for each in responder.pushes]
    assert "SubscriptionStatus" in all_[0]["answer"]
    assert {each["subscription"] for each in all_} == {id}
    assert await attempts(api, id, f"?after={numbers[1]}&limit=2") == all_[2:4]
    assert await attempts(api, id, f"?after={numbers[-1]}") == []


@pytest_twisted.ensureDeferred
async def test_seven_minutes_of_silence_pass_at_once_and_nothing_is_missed(api, responder):
    id = await subscribed(api, responder, status_frequency_min=30)
    responder.otherwise = FAILURE
    await api.create(f"{api.mailbox}/mail", {"subject": "during"})
    advanced = await api.post("/time/advance", {"by": "PT7M"})
    assert advanced["attempts"] >= 2
    shown = await api.get(f"/subscriptions/{id}")
    assert (shown["phase"], shown["behind"]) == ("retrying", 3)
    assert shown["gives_up_at"] > shown["next_at"]
    responder.otherwise = OK
    tried = await api.post(f"/subscriptions/{id}/retry-now")
    assert (tried["outcome"], tried["http_status"]) == ("OK", 200)
    await api.post("/wait", {"for": "nothing-pending"})
    assert (await api.get(f"/subscriptions/{id}"))["phase"] == "idle"
    await api.refuse(409, "POST", f"/subscriptions/{id}/retry-now")


@pytest_twisted.ensureDeferred
async def test_what_operators_do(api, responder):
    id = await subscribed(api, responder)
    place = f"/subscriptions/{id}"
    paused = await api.post(f"{place}/pause")
    assert (paused["id"], paused["paused_at"].endswith(".000Z")) == (id, True)
    assert (await api.get(place))["phase"] == "paused"
    for command in ("pause", "heartbeat", "resend"):
        await api.refuse(409, "POST", f"{place}/{command}")
    await api.create(f"{api.mailbox}/mail", {})
    assert await api.post(f"{place}/resume") == {"id": id, "paused_at": None}
    await api.post("/wait", {"for": "nothing-pending"})
    assert (await api.post(f"{place}/heartbeat"))["outcome"] == "OK"
    first = (await attempts(api, id))[0]["watermark"]
    for body in (None, {}, {"watermark": first}, {"watermark": None}):
        assert (await api.post(f"{place}/resend", body))["outcome"] == "OK"
    for wrong in ("x", "AAAAAAAAAAA="):
        refusal = await api.refuse(400, "POST", f"{place}/resend", {"watermark": wrong})
        assert refusal["field"] == "watermark"
    assert [each["events"] for each in await attempts(api, id)] == [0, 3, 0, 3, 3, 3, 3]


@pytest.mark.parametrize(
    ("method", "rest"),
    [
        ("GET", ""),
        ("DELETE", ""),
        ("GET", "/attempts"),
        *(("POST", f"/{each}") for each in ("pause", "resume", "retry-now", "heartbeat", "resend")),
    ],
)
@pytest_twisted.ensureDeferred
async def test_there_is_nothing_of_a_subscription_that_is_not_there(api, method, rest):
    item = await api.create(f"{api.mailbox}/items", {})
    for id in ("x", item["id"], "UwAAAAAAAAEAAAAAAAAAAbxt"):
        refusal = await api.refuse(404, method, f"/subscriptions/{id}{rest}")
        assert refusal["error"] == f"there is no push subscription '{id}'"


@pytest_twisted.ensureDeferred
async def test_a_responder_sees_what_came_by_hand(api, responder):
    await subscribed(api, responder)
    await api.create(f"{api.mailbox}/events", {"type": "FreeBusyChangedEvent"})
    pushes = await deferToThread(responder.wait_for, 2)
    assert [name for name, *_ in pushes[1].received.events] == ["FreeBusyChangedEvent"]
