"""`ewspush responder`: does as it is told, and shows what comes."""

import http.client
import re
import signal
import socket
import threading
from contextlib import closing
from pathlib import Path

import pytest

from ewspush.core.subscription import SubscriptionStatus
from ewspush.wire import ack
from support.running_server import PATIENCE_S
from support.samples import readable

GOLDEN = Path(__file__).parents[1] / "data" / "golden"


class Running:
    """A responder in a process, and a server that calls it."""

    def __init__(self, process):
        self.process = process
        first = process.stdout.readline()
        found = re.fullmatch(r"push responder at http://(.*):(\d+)/, Ctrl-C stops it\n", first)
        assert found, first + process.stderr.read()
        self.host, self.port = found[1].strip("[]"), int(found[2])

    def connect(self):
        return closing(http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE_S))

    def post(self, body, headers=None):
        """HTTP status and body of the answer."""
        with self.connect() as connection:
            connection.request("POST", "/?key=1", body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()

    def line(self):
        return self.process.stdout.readline().rstrip("\n")

    def interrupt(self):
        """Ctrl-C; the rest of the output."""
        self.process.send_signal(signal.SIGINT)
        out, err = self.process.communicate(timeout=PATIENCE_S)
        assert (self.process.returncode, err) == (0, "")
        return out


@pytest.fixture
def start(spawn):
    def start(*options):
        return Running(spawn("responder", "--listen", "127.0.0.1:0", *options))

    return start


@pytest.fixture
def notification():
    return readable("send-notification")


@pytest.fixture
def heartbeat():
    return readable("status-event")


def said(answer):
    status, body = answer
    return ack.parse(body).value if status == 200 else f"HTTP {status}"


def test_a_notification_is_shown_and_acknowledged(start, notification, heartbeat):
    responder = start()
    assert ack.parse(responder.post(notification)[1]) is SubscriptionStatus.OK
    assert re.fullmatch(r"\d\d:\d\d:\d\d  #1  1 event after \S+  -> OK", responder.line())
    event = r" {10}ModifiedEvent  ywwAAAAAAAA=  2018-02-02T15:15:14Z  folder \S+"
    assert re.fullmatch(event, responder.line())
    responder.post(heartbeat)
    assert re.fullmatch(r"\d\d:\d\d:\d\d  #2  heartbeat at \S+  -> OK", responder.line())
    assert responder.interrupt() == "\n2 came, 2 acknowledged\n"


@pytest.mark.parametrize(
    ("options", "answers"),
    [
        ((), ["OK", "OK"]),
        (("--fail-first", "2"), ["HTTP 503", "HTTP 503", "OK"]),
        (("--fail-first", "1", "--status", "404"), ["HTTP 404", "OK"]),
        (("--status", "302"), ["HTTP 302", "HTTP 302", "HTTP 302"]),
        (("--unsubscribe-after", "0"), ["Unsubscribe", "Unsubscribe"]),
        (("--unsubscribe-after", "2"), ["OK", "OK", "Unsubscribe"]),
        (("--fail-first", "1", "--unsubscribe-after", "1"), ["HTTP 503", "OK", "Unsubscribe"]),
    ],
)
def test_it_answers_as_told_and_says_so(start, heartbeat, options, answers):
    responder = start(*options)
    assert [said(responder.post(heartbeat)) for _ in answers] == answers
    assert [responder.line().partition(" -> ")[2] for _ in answers] == answers


def test_an_ok_status_without_an_acknowledgement(start, heartbeat):
    assert start("--status", "200").post(heartbeat) == (200, b"")


def test_it_listens_on_ipv6_too(spawn, heartbeat):
    responder = Running(spawn("responder", "--listen", "[::1]:0"))
    assert responder.host == "::1"
    assert said(responder.post(heartbeat)) == "OK"


def test_an_error_is_shown_and_acknowledged(start, heartbeat):
    responder = start("--unsubscribe-after", "1")
    body = (GOLDEN / "account-disabled.xml").read_bytes()
    assert said(responder.post(body)) == "OK"
    assert "#1  error (ErrorAccountDisabled: " in responder.line()
    assert said(responder.post(heartbeat)) == "OK"  # it did not count


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "not XML"),
        (b"hello", "not XML"),
        (b"<a>\xc2\x9b2J</b>", "not XML"),
        (b"<a/>", "no Notification in it"),
        (ack.render(SubscriptionStatus.OK), "no Notification in it"),
    ],
)
def test_what_is_no_notification_is_shown_and_not_acknowledged(start, heartbeat, body, why):
    responder = start("--unsubscribe-after", "1")
    assert responder.post(body) == (400, b"")
    line = responder.line()
    assert f"#1  not a notification ({why}" in line
    assert line.endswith(" -> HTTP 400")
    assert line.isprintable()
    assert said(responder.post(heartbeat)) == "OK"  # it did not count


def test_a_body_that_is_too_large_or_of_no_length_is_refused(start, heartbeat):
    responder = start()
    assert responder.post(b"", {"Content-Length": str(1 << 30)})[0] == 413
    with socket.create_connection((responder.host, responder.port)) as connection:
        # At once: who is refused and goes on to send finds the connection closed.
        connection.sendall(
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 411 ")
    assert responder.post(b"", {"Content-Length": "-1"})[0] == 411
    assert said(responder.post(heartbeat)) == "OK"


def test_a_request_that_is_cut_off_is_not_shown(start, heartbeat):
    responder = start()
    with socket.create_connection((responder.host, responder.port)) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\n<cut")
    responder.post(heartbeat)
    assert " #1  heartbeat " in responder.line()


def test_a_connection_serves_several_requests(start, heartbeat):
    with start().connect() as connection:
        for _ in range(3):
            connection.request("POST", "/", heartbeat)
            assert ack.parse(connection.getresponse().read()) is SubscriptionStatus.OK


def test_it_waits_before_each_answer(start, heartbeat):
    # Longer than any test: whether it waits is seen by who does not.
    responder = start("--delay", "3600")
    with responder.connect() as connection:
        connection.timeout = 0.2
        connection.request("POST", "/", heartbeat)
        with pytest.raises(TimeoutError):
            connection.getresponse()


def test_a_server_that_did_not_wait_gets_no_acknowledgement(start, heartbeat):
    responder = start("--delay", "0.4", "--unsubscribe-after", "1")
    with responder.connect() as connection:
        connection.request("POST", "/", heartbeat)
    assert responder.line().endswith(" -> no answer: the server did not wait for it")
    assert said(responder.post(heartbeat)) == "OK"


def test_what_comes_is_saved_after_what_is_there(start, elsewhere, notification, heartbeat):
    saved = elsewhere / "new" / "saved"
    responder = start("--save", saved)
    responder.post(notification)
    responder.post(b"nonsense")
    responder.interrupt()
    start("--save", saved).post(heartbeat)
    assert {path.name: path.read_bytes() for path in saved.iterdir()} == {
        "0001.xml": notification,
        "0002.xml": b"nonsense",
        "0003.xml": heartbeat,
    }


def test_what_cannot_be_saved_is_not_acknowledged_and_ends_it(start, elsewhere, heartbeat):
    saved = elsewhere / "saved"
    responder = start("--save", saved)
    saved.rmdir()
    with pytest.raises(http.client.RemoteDisconnected):
        responder.post(heartbeat)
    _, err = responder.process.communicate(timeout=PATIENCE_S)
    assert responder.process.returncode == 1
    assert err == f"ewspush: {saved}/0001.xml: No such file or directory\n"


def test_nobody_reading_its_output_ends_it(start, heartbeat):
    responder = start()
    responder.process.stdout.close()
    with pytest.raises(http.client.RemoteDisconnected):
        responder.post(heartbeat)
    assert responder.process.wait(PATIENCE_S) == 1
    assert responder.process.stderr.read() == ""


def test_requests_at_once_are_shown_one_after_the_other(start, notification):
    responder = start()
    threads = [threading.Thread(target=responder.post, args=(notification,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    lines = responder.interrupt().splitlines()
    numbers = [line.split("#")[1].split()[0] for line in lines if "#" in line]
    assert numbers == [str(number) for number in range(1, 9)]


@pytest.mark.parametrize("listen", ["127.0.0.1", "[::1]", "nonsense:x"])
def test_what_is_no_address_is_said(ewspush, listen):
    told = ewspush("responder", "--listen", listen)
    assert (told.status, told.out) == (1, "")
    assert told.err.startswith("ewspush: --listen: should be HOST:PORT, as in ")


def test_a_port_in_use_is_said(ewspush):
    with socket.create_server(("127.0.0.1", 0)) as used:
        address = f"127.0.0.1:{used.getsockname()[1]}"
        told = ewspush("responder", "--listen", address)
    assert (told.status, told.out) == (1, "")
    assert told.err == f"ewspush: cannot listen on {address}: Address already in use\n"
