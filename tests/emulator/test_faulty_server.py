"""Faults over real sockets: what a client and a responder see, and that nothing else happens."""

import http.client
from collections.abc import Iterator

import pytest

from ewspush.testing import EwsServer
from support.emulated import EmulatedServer, owned
from support.ews import envelope, get_folder, subscribe, unsubscribe
from support.items import create_item, message
from support.responders import Responder
from support.running_server import EwsClient, Mailbox

CODE = "ErrorMailboxMoveInProgress"
CREATE_ITEM = create_item(message())
INJECT = {
    "response-code": lambda faults, **of: faults.answer_requests_with(CODE, **of),
    "soap-fault": lambda faults, **of: faults.answer_requests_with_fault(CODE, **of),
    "busy": lambda faults, **of: faults.be_busy(back_off_ms=2500, **of),
    "http-503": lambda faults, **of: faults.be_unavailable(back_off_ms=2500, **of),
    "drop": lambda faults, **of: faults.drop_connections(**of),
}


@pytest.fixture
def server(ews_server: EwsServer) -> EmulatedServer:
    return EmulatedServer(ews_server)


@pytest.fixture
def mailbox(ews_mailbox) -> Mailbox:
    return owned(ews_mailbox)


@pytest.fixture
def client(server: EmulatedServer, mailbox: Mailbox) -> EwsClient:
    return EwsClient(server, mailbox)


@pytest.fixture
def responder() -> Iterator[Responder]:
    one = Responder()
    yield one
    one.close()


def items_in_drafts(client: EwsClient) -> str:
    return client.ask(get_folder("drafts", shape="Default")).text("t:TotalCount") or ""


# Requests


@pytest.mark.parametrize("kind", INJECT)
def test_a_fault_happens_once_and_only_to_who_has_the_password(
    ews_server: EwsServer, server: EmulatedServer, mailbox: Mailbox, client: EwsClient, kind: str
) -> None:
    INJECT[kind](ews_server.faults, times=1, mailbox=mailbox.address)
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


@pytest.mark.parametrize("kind", INJECT)
def test_nothing_is_done_and_other_operations_and_mailboxes_are_served(
    ews_server: EwsServer, server: EmulatedServer, mailbox: Mailbox, client: EwsClient, kind: str
) -> None:
    INJECT[kind](ews_server.faults, mailbox=mailbox.address, operation="CreateItem")
    for _ in range(2):
        if kind == "drop":
            sees_the_connection_end(client, CREATE_ITEM)
        else:
            assert b"NoError" not in client.send("POST", body=CREATE_ITEM).body
    assert items_in_drafts(client) == "0"
    other = EwsClient(server, server.add_mailbox("other@example.org"))
    assert other.ask(CREATE_ITEM).codes == ["NoError"]
    assert items_in_drafts(other) == "1"
    assert client.ask(envelope("<m:GetUserAvailability/>")).codes == ["ErrorInvalidOperation"]


# Notifications


@pytest.mark.parametrize(
    ("kind", "outcomes", "codes"),
    [
        ("fail_to_connect", ["connect", "OK"], ["NoError"]),
        ("time_out", ["timeout", "OK"], ["NoError"]),
        ("lose_answers", ["reset", "OK"], ["NoError", "NoError"]),
        ("delay", ["OK"], ["NoError"]),
        ("send_error", ["internal", "OK"], ["ErrorReadEventsFailed", "NoError"]),
    ],
)
def test_after_a_fault_the_notification_comes(
    ews_server: EwsServer,
    client: EwsClient,
    responder: Responder,
    kind: str,
    outcomes: list[str],
    codes: list[str],
) -> None:
    more = {"by": "20s"} if kind == "delay" else {}
    getattr(ews_server.faults, kind)(times=1, url=responder.url("/faulty"), **more)
    request = subscribe(url=responder.url("/faulty"))
    id = client.ask(request).text("m:SubscriptionId")
    client.ask(subscribe(url=responder.url("/other")))
    ews_server.advance("61s")  # which is a timeout, too, and the wait after it
    attempts = ews_server.subscription(id).attempts()
    assert [each.outcome for each in attempts] == outcomes
    by_path = {path: [] for path in ("/faulty", "/other")}
    for push in responder.pushes:
        by_path[push.path].append(push.received)
    assert [each.code for each in by_path["/faulty"]] == codes
    assert len({each.previous for each in by_path["/faulty"] if each.code == "NoError"}) == 1
    assert [each.code for each in by_path["/other"]] == ["NoError"]
    assert client.ask(unsubscribe(id)).codes == ["NoError"]
