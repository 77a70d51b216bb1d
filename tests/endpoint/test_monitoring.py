"""Who may read /metrics and /health, and what they say of a real server."""

from ipaddress import ip_network
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress
from twisted.internet.task import Clock
from twisted.web.http_headers import Headers

from ewspush.endpoint.monitoring import ASK_EVERY_S, PATIENCE_S, Health, Readers
from support.ews import subscribe
from support.responders import Responder
from support.running_server import EwsClient, ServerProcess, serving

PATHS = ("/metrics", "/health")
FORWARDED = ["Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"]


class Asked:
    """As much of a request as tells where it comes from."""

    def __init__(self, peer: IAddress, *fields: str) -> None:
        self._peer = peer
        self.requestHeaders = Headers({field: [""] for field in fields})

    def getClientAddress(self) -> IAddress:
        return self._peer


def may_read(
    host: str, networks: str = "", behind_proxy: bool = False, fields: tuple[str, ...] = ()
) -> bool:
    kind: Any = IPv6Address if ":" in host else IPv4Address
    readers = Readers([ip_network(each) for each in networks.split()], behind_proxy)
    return readers.include(Asked(kind("TCP", host, 1234), *fields))  # type: ignore[arg-type]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_loopback_may_read(host: str) -> None:
    assert may_read(host)


@pytest.mark.parametrize("host", ["192.0.2.1", "10.0.0.1", "2001:db8::1", "::ffff:10.0.0.1"])
def test_others_may_not(host: str) -> None:
    assert not may_read(host)


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("10.1.2.3", True),
        ("::ffff:10.1.2.3", True),
        ("fd00::1", True),
        ("127.0.0.1", True),
        ("11.0.0.1", False),
        ("fe80::1%eth0", False),
    ],
)
def test_networks_of_the_setting_may_read_too(host: str, allowed: bool) -> None:
    assert may_read(host, "10.0.0.0/8 fd00::/8") is allowed


@pytest.mark.parametrize("field", FORWARDED)
def test_what_a_proxy_forwarded_is_not_answered(field: str) -> None:
    assert not may_read("127.0.0.1", "127.0.0.0/8", fields=(field,))


def test_loopback_is_to_be_listed_where_a_proxy_is_in_front() -> None:
    assert not may_read("127.0.0.1", behind_proxy=True)
    assert may_read("127.0.0.1", "127.0.0.1/32", behind_proxy=True)


def test_a_peer_without_an_address_may_not_read() -> None:
    asked: Any = Asked(UNIXAddress(b"/run/proxy"))
    assert not Readers([ip_network("0.0.0.0/0")], False).include(asked)


# Health


class Checked:
    """A Health whose database answers when the test says so."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.asked: list[Deferred[None]] = []
        self.health = Health(self.clock, self.in_thread, lambda: None)

    def in_thread(self, function: Any, /, *args: object) -> "Deferred[Any]":
        self.asked.append(Deferred())
        return self.asked[-1]


@pytest.fixture
def checked() -> Checked:
    return Checked()


def test_it_is_well_between_start_and_stop(checked: Checked) -> None:
    assert checked.health.trouble() == "starting or stopping"
    checked.health.start()
    assert checked.health.trouble() == ""
    checked.health.stop()
    checked.asked[0].callback(None)
    assert checked.health.trouble() == "starting or stopping"


def test_a_database_that_is_silent_for_long_is_trouble_until_it_answers(checked: Checked) -> None:
    checked.health.start()
    checked.clock.pump([1] * int(PATIENCE_S))
    assert checked.health.trouble() == ""
    checked.clock.advance(1)
    assert checked.health.trouble() == "the database does not answer"
    checked.asked[0].callback(None)
    assert checked.health.trouble() == ""


def test_it_is_asked_again_when_it_has_answered_and_not_before(checked: Checked) -> None:
    checked.health.start()
    checked.clock.pump([ASK_EVERY_S] * 3)
    assert len(checked.asked) == 1
    checked.asked[0].callback(None)
    checked.clock.advance(ASK_EVERY_S)
    assert len(checked.asked) == 2


def test_one_failure_is_logged_and_only_if_they_go_on_there_is_trouble(checked: Checked) -> None:
    checked.health.start()
    with capture_logs() as logged:
        for _ in range(int(PATIENCE_S / ASK_EVERY_S)):
            checked.asked[-1].errback(OSError("disk I/O error"))
            assert checked.health.trouble() == ""
            checked.clock.advance(ASK_EVERY_S)
        checked.clock.advance(1)
    assert checked.health.trouble() == "the database does not answer"
    assert {each["event"] for each in logged} == {"health.database_failed"}


# Over HTTP


@pytest.fixture(scope="module")
def server():
    with serving() as server:
        yield server


@pytest.fixture(scope="module")
def client(server):
    return EwsClient(server)


@pytest.fixture
def responder():
    responder = Responder()
    yield responder
    responder.close()


def scrape(client):
    answer = client.send("GET", "/metrics")
    assert answer.status == 200
    families = text_string_to_metric_families(answer.body.decode())
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def test_a_scrape_has_what_a_real_subscription_did(server, client, responder):
    mailbox = server.add_mailbox("user@example.com")
    EwsClient(server, mailbox).ask(subscribe(url=responder.url("/push?key=s3cret")))
    acknowledged = "ewspush_notifications_acknowledged_total"
    server.wait_until(lambda: scrape(client)[(acknowledged, "status")] == 1)
    server.deliver(mailbox)
    server.wait_until(lambda: scrape(client)[(acknowledged, "events")] == 1)
    server.wait_until(lambda: scrape(client)[("ewspush_unwritten_acknowledgements",)] == 0)
    now = scrape(client)
    assert now[("ewspush_attempts_total", "OK")] == 2
    assert now[("ewspush_live_subscriptions",)] == 1
    assert now[("ewspush_events_logged_total",)] >= 1
    assert now[("ewspush_delivery_lag_seconds_count",)] == 1
    assert now[("ewspush_progress_group_size_count",)] >= 1
    assert now[("process_open_fds",)] > 0


def test_the_content_type_is_that_of_the_text_format(client):
    answer = client.send("GET", "/metrics")
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"


def test_a_started_server_is_well(client):
    answer = client.send("GET", "/health")
    assert (answer.status, answer.body) == (200, b"ok\n")
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", PATHS)
def test_nothing_can_be_posted_there(client, path):
    answer = client.send("POST", path, body=b"")
    assert answer.status == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD"}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_for_others_it_is_as_if_nothing_were_there(client, method, path):
    forwarded = {"X-Forwarded-For": "192.0.2.1"}
    answer = client.send(method, path, headers=forwarded)
    nothing = client.send(method, "/nothing", headers=forwarded)
    assert answer.status == nothing.status == 404
    assert answer.body == nothing.body


def test_behind_a_proxy_only_the_setting_allows():
    server = ServerProcess(server_tls_at_proxy=True)
    try:
        server.start()
        assert [EwsClient(server).send("GET", path).status for path in PATHS] == [404, 404]
    finally:
        server.close()
