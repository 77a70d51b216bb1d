"""The emulator as a whole, by its control API: status, time, reset and snapshots."""

import threading
from datetime import datetime

import pytest
import pytest_twisted
from twisted.internet.defer import ensureDeferred
from twisted.internet.threads import deferToThread

import ewspush
from support.control_api import ADDRESS, path_of
from support.responders import Responder, held

DAY_S = 86_400


def seconds(text):
    return datetime.fromisoformat(text).timestamp()


@pytest_twisted.ensureDeferred
async def test_it_says_where_it_listens(api):
    status = await api.get("/")
    assert status["version"] == ewspush.__version__
    assert status["ews_url"] == f"http://{status['http']}/EWS/Exchange.asmx"
    assert status["lmtp"] == str(api.emulator.lmtp)
    assert status["time"].keys() == (await api.get("/time")).keys()


@pytest_twisted.ensureDeferred
async def test_time_stands_when_it_is_frozen_until_it_is_resumed(api):
    frozen = await api.post("/time/freeze")
    assert frozen["frozen"]
    assert await api.post("/time/freeze") == frozen == await api.get("/time")
    assert seconds(frozen["now"]) == pytest.approx(frozen["epoch_s"], abs=0.001)
    assert not (await api.post("/time/resume"))["frozen"]
    assert not (await api.post("/time/resume"))["frozen"]


@pytest.mark.parametrize(
    ("by", "seconds_"),
    [
        (0, 0),
        (0.25, 0.25),
        (420, 420),
        ("PT7M", 420),
        ("P30D", 30 * DAY_S),
        ("P1DT2H3M4.5S", DAY_S + 7384.5),
        ("P2W", 14 * DAY_S),
        ("PT0S", 0),
    ],
)
@pytest_twisted.ensureDeferred
async def test_time_is_advanced_by_as_much(api, by, seconds_):
    before = await api.post("/time/freeze")
    advanced = await api.post("/time/advance", {"by": by})
    assert advanced["attempts"] == 0
    assert advanced["time"]["epoch_s"] - before["epoch_s"] == pytest.approx(seconds_, abs=1e-5)


@pytest.mark.parametrize(
    "by", [-1, 1e10, "7M", "P", "PT", "P1Y", "P1M", "PT1,5S", "", None, [1], "P9999W"]
)
@pytest_twisted.ensureDeferred
async def test_what_is_no_time_to_advance_by_is_refused(api, by):
    before = await api.post("/time/freeze")
    refusal = await api.refuse(400, "POST", "/time/advance", {"by": by})
    assert "by" in refusal["error"]
    assert await api.get("/time") == before


@pytest_twisted.ensureDeferred
async def test_time_is_advanced_to_a_time(api):
    before = await api.post("/time/freeze")
    to = datetime.fromtimestamp(before["epoch_s"] + 3600).astimezone().isoformat()
    advanced = await api.post("/time/advance", {"to": to})
    assert advanced["time"]["epoch_s"] == pytest.approx(before["epoch_s"] + 3600, abs=0.001)
    now = advanced["time"]["now"]
    assert (await api.post("/time/advance", {"to": now}))["time"]["now"] == now
    for wrong in ("2020-01-01T00:00:00Z", "9999-01-01T00:00:00Z"):
        refusal = await api.refuse(400, "POST", "/time/advance", {"to": wrong})
        assert (refusal["field"], now in refusal["error"]) == ("to", True)
    for wrong in ("tomorrow", "2030-01-01T00:00:00", 4_000_000_000, "0001-01-01T00:00:00+14:00"):
        assert (await api.refuse(400, "POST", "/time/advance", {"to": wrong}))["field"] == "to"
    await api.refuse(400, "POST", "/time/advance", {"to": now, "by": 1})
    await api.refuse(400, "POST", "/time/advance", {})


@pytest_twisted.ensureDeferred
async def test_it_begins_anew(api):
    await api.create(f"{api.mailbox}/mail", {"subject": "gone"})
    await api.create("/mailboxes", {"address": "bob@example.org"})
    await api.create("/faults", {"kind": "http-503"})
    await api.post("/time/freeze")
    for _ in range(2):
        await api.post("/reset", status=204)
        assert not (await api.get("/time"))["frozen"]
        assert (await api.get("/faults"))["faults"] == []
        assert (await api.get(f"{api.mailbox}/messages"))["messages"] == []
        listed = (await api.get("/mailboxes"))["mailboxes"]
        assert [each["address"] for each in listed] == [ADDRESS]


@pytest_twisted.ensureDeferred
async def test_a_snapshot_brings_everything_back(api):
    await api.create(f"{api.mailbox}/mail", {"subject": "kept"})
    id = (await api.create("/snapshots"))["id"]
    await api.create(f"{api.mailbox}/mail", {"subject": "forgotten"})
    await api.delete(path_of(ADDRESS))
    for _ in range(2):
        await api.post(f"/snapshots/{id}/restore", status=204)
        listed = (await api.get(f"{api.mailbox}/messages"))["messages"]
        assert [each["subject"] for each in listed] == ["kept"]
    assert id in (await api.get("/snapshots"))["snapshots"]
    await api.delete(f"/snapshots/{id}")
    assert id not in (await api.get("/snapshots"))["snapshots"]
    await api.refuse(404, "DELETE", f"/snapshots/{id}")
    assert "no snapshot" in (await api.refuse(404, "POST", f"/snapshots/{id}/restore"))["error"]


@pytest_twisted.ensureDeferred
async def test_a_reset_ends_an_advance_that_waits_for_a_responder(api):
    answers = threading.Event()
    responder = Responder(held(answers))
    try:
        body = {"mailbox": ADDRESS, "url": responder.url()}
        await api.create("/subscriptions", body)
        advancing = ensureDeferred(api.refuse(409, "POST", "/time/advance", {"by": "P1D"}))
        await deferToThread(responder.wait_for, 1)
        while not api.emulator.time._is_leaping:
            await api.get("/time")
        await api.post("/reset", status=204)
        assert "reset" in (await advancing)["error"]
    finally:
        answers.set()
        responder.close()
