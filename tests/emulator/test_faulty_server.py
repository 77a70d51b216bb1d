"""Faults over real sockets: what a client and a responder see, and that nothing else happens."""

import http.client
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from support.ews import envelope, get_folder, subscribe, unsubscribe
from support.faulty_server import FaultyServer
from support.items import create_item, message
from support.responders import Responder
from support.running_server import EwsClient

CODE = "ErrorMailboxMoveInProgress"
KINDS: dict[str, dict[str, Any]] = {
    "response-code": {"response_code": CODE},
    "soap-fault": {"response_code": CODE},
    "busy": {"back_off_ms": 2500},
    "http-503": {"back_off_ms": 2500},
    "drop": {},
}
CREATE_ITEM = create_item(message())


def address(kind: str, test: str) -> str:
    return f"{kind}.{test}@example.com"


def of_requests() -> list[dict[str, Any]]:
    """For each kind a mailbox with one fault, and one whose CreateItem always fails."""
    return [
        {"kind": kind, **more, **test}
        for kind, more in KINDS.items()
        for test in (
            {"mailbox": address(kind, "once"), "times": 1},
            {"mailbox": address(kind, "creating"), "times": None, "operation": "CreateItem"},
        )
    ]


@pytest.fixture(scope="module")
def responder() -> Iterator[Responder]:
    with closing(Responder()) as responder:
        yield responder


@pytest.fixture(scope="module")
def server(responder: Responder) -> Iterator[FaultyServer]:
    of_notifications = [
        {"kind": kind, "url": responder.url(f"/{kind}"), **more}
        for kind, more in {
            "connect": {},
            "lost": {},
            "timeout": {},
            "delay": {"delay_s": 0.2},
            "error": {},
        }.items()
    ]
    faults = [*of_requests(), *of_notifications]
    with closing(FaultyServer(faults, delivery_timeout_s=0.3)) as server:
        yield server.start()
        assert server.log.troubles == []


def open_mailbox(server: FaultyServer, kind: str, test: str) -> EwsClient:
    return EwsClient(server, server.add_mailbox(address(kind, test)))


def items_in_drafts(client: EwsClient) -> str:
    return client.ask(get_folder("drafts", shape="Default")).text("t:TotalCount") or ""


# Requests


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_happens_once_and_only_to_who_has_the_password(
    server: FaultyServer, kind: str
) -> None:
    client = open_mailbox(server, kind, "once")
    request = get_folder("inbox", "drafts")
    assert EwsClient(server).send("POST", body=request).status == 401
    assert client.send("POST", body=b"no XML").status == 500
    SEES[kind](client, request)
    assert client.ask(request).codes == ["NoError", "NoError"]


def sees_the_code_for_each_folder(client: EwsClient, request: bytes) -> None:
    answer = client.ask(request)
    assert (answer.status, answer.codes) == (200, [CODE, CODE])


def sees_a_fault(client: EwsClient, request: bytes) -> None:
    answer = client.ask(request)
    assert (answer.status, answer.codes) == (500, [CODE])


def sees_how_long_to_wait(client: EwsClient, request: bytes) -> None:
    answer = client.ask(request)
    assert (answer.status, answer.codes) == (500, ["ErrorServerBusy"])
    value = answer.one("t:MessageXml/t:Value")
    assert (value.get("Name"), value.text) == ("BackOffMilliseconds", "2500")


def sees_http_503(client: EwsClient, request: bytes) -> None:
    answer = client.send("POST", body=request)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "3")


def sees_the_connection_end(client: EwsClient, request: bytes) -> None:
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        client.send("POST", body=request)


SEES = {
    "response-code": sees_the_code_for_each_folder,
    "soap-fault": sees_a_fault,
    "busy": sees_how_long_to_wait,
    "http-503": sees_http_503,
    "drop": sees_the_connection_end,
}


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_done_and_other_operations_are(server: FaultyServer, kind: str) -> None:
    client = open_mailbox(server, kind, "creating")
    for _ in range(2):
        if kind == "drop":
            sees_the_connection_end(client, CREATE_ITEM)
        else:
            assert b"NoError" not in client.send("POST", body=CREATE_ITEM).body
    assert items_in_drafts(client) == "0"


def test_a_mailbox_without_faults_is_served(server: FaultyServer) -> None:
    client = open_mailbox(server, "no", "fault")
    assert client.ask(CREATE_ITEM).codes == ["NoError"]
    assert items_in_drafts(client) == "1"
    assert client.ask(envelope("<m:GetUserAvailability/>")).codes == ["ErrorInvalidOperation"]


# Notifications


@pytest.mark.parametrize(
    ("kind", "outcomes", "codes"),
    [
        ("connect", ["connect", "OK"], ["NoError"]),
        ("timeout", ["timeout", "OK"], ["NoError"]),
        ("lost", ["reset", "OK"], ["NoError", "NoError"]),
        ("delay", ["OK"], ["NoError"]),
        ("error", ["internal", "OK"], ["ErrorReadEventsFailed", "NoError"]),
    ],
)
def test_after_a_fault_the_notification_comes(
    server: FaultyServer, responder: Responder, kind: str, outcomes: list[str], codes: list[str]
) -> None:
    client = open_mailbox(server, kind, "notification")
    id = client.ask(subscribe(url=responder.url(f"/{kind}"))).text("m:SubscriptionId")

    def attempts() -> list[str]:
        lines = server.log.events("delivery.attempted")
        return [line["outcome"] for line in lines if line["subscription"] == id]

    server.wait_until(lambda: "OK" in attempts())
    assert attempts() == outcomes
    received = [push.received for push in responder.pushes if push.received.subscription == id]
    assert [each.code for each in received] == codes
    assert len({each.previous for each in received if each.code == "NoError"}) == 1
    assert client.ask(unsubscribe(id)).codes == ["NoError"]
