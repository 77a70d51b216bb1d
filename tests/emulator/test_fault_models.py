"""Which faults can be asked for."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from ewspush.core.ids import Kind
from ewspush.emulator.error_answers import OPERATIONS
from ewspush.emulator.fault_models import FAULT, RequestFault, parse_fault
from ewspush.wire import ids

ID = ids.encode(Kind.SUBSCRIPTION, 1, 5)
OTHER_ID = ids.encode(Kind.SUBSCRIPTION, 1, 6)
URL = "http://127.0.0.1:9000/push"


@pytest.mark.parametrize(
    "given",
    [
        {"kind": "connect"},
        {"kind": "connect", "times": 1_000_000},
        {"kind": "timeout", "subscription": ID, "times": None},
        {"kind": "lost", "url": URL},
        {"kind": "delay", "delay_s": 0.5, "subscription": ID, "url": URL},
        {"kind": "delay", "delay_s": 86_400},
        {"kind": "batch", "batch": 1},
        {"kind": "error"},
        {"kind": "error", "response_code": "ErrorMissedNotificationEvents"},
        {"kind": "response-code", "response_code": "ErrorItemNotFound"},
        {"kind": "soap-fault", "response_code": "ErrorInternalServerError", "times": 2},
        {"kind": "busy"},
        {"kind": "busy", "back_off_ms": 0, "mailbox": "user@example.com"},
        {"kind": "http-503", "back_off_ms": 3_600_000, "operation": "GetItem"},
        {"kind": "drop", "times": None},
    ],
    ids=json.dumps,
)
def test_a_fault_is_told_as_it_was_given(given: dict[str, Any]) -> None:
    assert parse_fault(given).given() == {"times": 1, **given}


@pytest.mark.parametrize(
    ("given", "field", "says"),
    [
        ({}, None, "kind"),
        ({"kind": "explode"}, None, "connect"),
        ({"kind": "connect", "more": 1}, "more", "not permitted"),
        ({"kind": "connect", "times": 0}, "times", "greater"),
        ({"kind": "connect", "times": 1_000_001}, "times", "less"),
        ({"kind": "connect", "times": True}, "times", "integer"),
        ({"kind": "connect", "times": "2"}, "times", "integer"),
        ({"kind": "connect", "mailbox": "user@example.com"}, "mailbox", "not permitted"),
        ({"kind": "connect", "subscription": "x"}, "subscription", "id of a subscription"),
        (
            {"kind": "connect", "subscription": ids.encode(Kind.ITEM, 1, 5)},
            "subscription",
            "id of a subscription",
        ),
        ({"kind": "connect", "url": "ftp://127.0.0.1/"}, "url", "http://"),
        ({"kind": "connect", "delay_s": 1}, "delay_s", "goes with delay"),
        ({"kind": "delay"}, "delay_s", "needed"),
        ({"kind": "delay", "delay_s": 0}, "delay_s", "greater"),
        ({"kind": "delay", "delay_s": 86_401}, "delay_s", "less"),
        ({"kind": "delay", "delay_s": float("nan")}, "delay_s", "finite"),
        ({"kind": "batch"}, "batch", "needed"),
        ({"kind": "batch", "batch": 0}, "batch", "greater"),
        ({"kind": "batch", "batch": 10_001}, "batch", "less"),
        ({"kind": "lost", "batch": 2}, "batch", "goes with batch"),
        ({"kind": "error", "response_code": "NoError"}, "response_code", "ResponseCode"),
        ({"kind": "error", "response_code": "ErrorOfOurs"}, "response_code", "ResponseCode"),
        (
            {"kind": "lost", "response_code": "ErrorAccessDenied"},
            "response_code",
            "goes with error",
        ),
        ({"kind": "response-code"}, "response_code", "needed"),
        ({"kind": "soap-fault"}, "response_code", "needed"),
        ({"kind": "busy", "response_code": "ErrorServerBusy"}, "response_code", "goes with"),
        ({"kind": "busy", "back_off_ms": -1}, "back_off_ms", "greater"),
        ({"kind": "busy", "back_off_ms": 3_600_001}, "back_off_ms", "less"),
        ({"kind": "drop", "back_off_ms": 1}, "back_off_ms", "goes with busy and http-503"),
        ({"kind": "drop", "url": URL}, "url", "not permitted"),
        ({"kind": "drop", "operation": "GetSandwich"}, "operation", "GetItem"),
        ({"kind": "drop", "mailbox": "nobody"}, "mailbox", "name@domain"),
    ],
    ids=str,
)
def test_a_fault_that_cannot_be_is_refused_by_the_field(
    given: dict[str, Any], field: str | None, says: str
) -> None:
    with pytest.raises(ValidationError) as raised:
        parse_fault(given)
    (error,) = raised.value.errors()
    assert (error["loc"][-1] if error["loc"] else None) == field
    assert says in error["msg"]


def test_every_kind_is_in_the_json_schema() -> None:
    described = json.dumps(FAULT.json_schema())
    for kind in ("connect", "timeout", "lost", "delay", "batch", "error"):
        assert f'"{kind}"' in described
    for kind in ("response-code", "soap-fault", "busy", "http-503", "drop"):
        assert f'"{kind}"' in described


@pytest.mark.parametrize(
    ("place", "url", "is_met"),
    [
        ("http://h/push", "http://h/push", True),
        ("http://h/push", "http://h/push/more", True),
        ("http://h/push", "http://h/push?key=1", True),
        ("http://h/push", "http://h/pushed", False),
        ("http://h/push/", "http://h/push/more", True),
        ("http://h/push/", "http://h/push", False),
        ("http://h/push?key=1", "http://h/push?key=1", True),
        ("http://h/push?key=1", "http://h/push?key=12", False),
        ("http://h/push?key=1", "http://h/push?key=1&b=2", False),
        ("http://h", "http://h/push", True),
        ("http://h", "http://h2/push", False),
        ("http://h", "http://h:81/push", False),
        ("HTTP://H:80/push", "http://h/push", True),
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000/", True),
    ],
)
def test_a_url_stands_for_itself_and_what_is_below(place: str, url: str, is_met: bool) -> None:
    assert parse_fault({"kind": "connect", "url": place}).meets(url, ID) is is_met


@pytest.mark.parametrize(
    ("given", "is_met"),
    [
        ({}, True),
        ({"subscription": ID}, True),
        ({"subscription": OTHER_ID}, False),
        ({"subscription": ID, "url": URL}, True),
        ({"subscription": OTHER_ID, "url": URL}, False),
        ({"subscription": ID, "url": "http://127.0.0.1:9001"}, False),
    ],
)
def test_what_names_a_subscription_and_a_url_is_for_both_together(
    given: dict[str, Any], is_met: bool
) -> None:
    assert parse_fault({"kind": "connect", **given}).meets(URL, ID) is is_met


@pytest.mark.parametrize(
    ("given", "is_met"),
    [
        ({}, True),
        ({"mailbox": " User@Example.com"}, True),
        ({"mailbox": "other@example.com"}, False),
        ({"operation": "GetItem"}, True),
        ({"operation": "GetFolder"}, False),
        ({"mailbox": "user@example.com", "operation": "GetFolder"}, False),
    ],
)
def test_a_request_is_met_by_mailbox_and_operation(given: dict[str, Any], is_met: bool) -> None:
    fault = parse_fault({"kind": "drop", **given})
    assert isinstance(fault, RequestFault)
    assert fault.meets("user@example.com", "GetItem") is is_met


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_a_fault_can_be_for_any_operation(operation: str) -> None:
    assert parse_fault({"kind": "drop", "operation": operation}).given()["operation"] == operation
