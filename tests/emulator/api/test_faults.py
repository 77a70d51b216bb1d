"""Faults, by the control API."""

import pytest
import pytest_twisted

from ewspush.core.ids import Kind
from ewspush.wire import ids
from support.control_api import ADDRESS


@pytest_twisted.ensureDeferred
async def test_faults_are_added_listed_and_removed(api):
    first = await api.create("/faults", {"kind": "delay", "delay_s": 2, "times": None})
    second = await api.create("/faults", {"kind": "busy", "operation": "GetItem", "times": 3})
    assert first == {
        "id": first["id"],
        "kind": "delay",
        "times": None,
        "left": None,
        "used": 0,
        "delay_s": 2.0,
    }
    assert (second["left"], second["operation"]) == (3, "GetItem")
    assert (await api.get("/faults"))["faults"] == [first, second]
    await api.delete(f"/faults/{first['id']}")
    await api.refuse(404, "DELETE", f"/faults/{first['id']}")
    for _ in range(2):
        await api.delete("/faults")
        assert (await api.get("/faults"))["faults"] == []


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("mailbox", {"kind": "busy", "mailbox": "nobody@example.org"}),
        ("subscription", {"kind": "connect", "subscription": ids.encode(Kind.SUBSCRIPTION, 1, 9)}),
    ],
)
@pytest_twisted.ensureDeferred
async def test_what_is_not_there_has_no_faults(api, field, body):
    refusal = await api.refuse(404, "POST", "/faults", body)
    assert refusal["field"] == field
    assert (await api.get("/faults"))["faults"] == []


@pytest_twisted.ensureDeferred
async def test_a_fault_of_a_mailbox_is_by_its_own_address(api):
    fault = await api.create("/faults", {"kind": "busy", "mailbox": ADDRESS.upper()})
    assert fault["mailbox"] == ADDRESS


@pytest_twisted.ensureDeferred
async def test_what_is_wrong_with_a_url_is_one_sentence(api):
    refusal = await api.refuse(400, "POST", "/faults", {"kind": "connect", "url": "bogus"})
    assert refusal["error"] == "The push URL must begin with http:// or https://"


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("kind", {}),
        ("kind", {"kind": "flood"}),
        ("kind", []),
        ("times", {"kind": "drop", "times": 0}),
        ("delay_s", {"kind": "delay"}),
        ("url", {"kind": "connect", "url": "not a URL"}),
        ("mailbox", {"kind": "connect", "mailbox": "ann@example.org"}),
        ("response_code", {"kind": "response-code"}),
    ],
)
@pytest_twisted.ensureDeferred
async def test_what_is_no_fault_is_refused(api, field, body):
    refusal = await api.refuse(400, "POST", "/faults", body)
    assert refusal["field"] == field
    assert (await api.get("/faults"))["faults"] == []
