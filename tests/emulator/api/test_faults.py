"""Faults, by the control API."""

import pytest
import pytest_twisted


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
