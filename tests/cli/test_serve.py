"""`ewspush serve`: how it starts, what keeps it from starting, how it stops, what it logs."""

import hashlib
import json
import re
import signal
import socket
import sqlite3
import stat
import threading
import time
from itertools import count

import pytest

from ewspush.cli import demo_client
from ewspush.control import CONTROL_SOCKET
from ewspush.control.client import RunningServer
from ewspush.settings import parse_address
from support.responders import FAILURE, OK, UNSUBSCRIBE, Responder, held
from support.running_server import PATIENCE_S, ServerProcess

_numbers = count(1)

PORTS = ("--http", "127.0.0.1:0", "--lmtp", "127.0.0.1:0")


@pytest.fixture
def start():
    """Starts servers of the test's own."""
    started = []

    def start(**settings):
        started.append(ServerProcess(**settings))
        return started[-1].start()

    yield start
    for server in started:
        server.close()
    for server in started:
        assert server.log.troubles == []


@pytest.fixture
def responder():
    responder = Responder()
    yield responder
    responder.close()


@pytest.fixture
def spawn_server(spawn, elsewhere, monkeypatch):
    """Starts a server of which the log is read by the test."""
    monkeypatch.setenv("EWSPUSH_DELIVERY_CALLBACK_ALLOW", "127.0.0.0/8")

    def spawn_server(change=""):
        process = spawn("serve", "--data", "data", *PORTS, change=change)
        started = re.search(r" http=(\S+)", until_started(process))
        return process, parse_address(started[1])

    return spawn_server


def subscribe(server, mailbox, url):
    return demo_client.subscribe(server.http, mailbox.address, mailbox.password, url).id


def subscribe_at(http, data, url):
    """Subscribe a new mailbox of a server that is known by its data directory."""
    address = f"user{next(_numbers)}@example.com"
    (created,) = RunningServer(data).call("mailbox.create", addresses=[address])
    password = created["password"]
    return demo_client.subscribe(http, address, password, url).id


def until_started(process):
    """The line that says so."""
    line = process.stderr.readline()
    if "event=server.started" not in line:
        process.kill()
        raise AssertionError((line + process.stderr.read(), process.wait(PATIENCE_S)))
    return line


def wait_until(happened, process):
    until_s = time.monotonic() + PATIENCE_S
    while not happened():
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < until_s
        time.sleep(0.01)


def is_refused(address):
    with socket.socket() as connection:
        return connection.connect_ex(address) != 0


# Starting


def test_the_first_start_makes_a_database_that_only_its_owner_may_read(start):
    server = start()
    assert stat.S_IMODE(server.data.stat().st_mode) == 0o700
    assert {"ewspush.db", CONTROL_SOCKET} <= {path.name for path in server.data.iterdir()}
    for path in server.data.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_later_start_goes_on_with_it(start):
    server = start()
    server.create_mailbox("user@example.com")
    assert server.terminate() == 0
    server.start()
    listed = server.control.call("mailbox.list")["mailboxes"]
    assert [each["email"] for each in listed] == ["user@example.com"]


def test_it_starts_over_what_a_killed_server_left(start):
    server = start()
    server.kill()
    assert (server.data / CONTROL_SOCKET).exists()
    server.start()
    assert server.control.call("status")["http"] == str(server.http)


def test_it_listens_on_ipv6_too(spawn):
    process = spawn("serve", "--data", "data", "--http", "[::1]:0", "--lmtp", "[::1]:0")
    assert re.search(r" http=\[::1\]:\d+ lmtp=\[::1\]:\d+", until_started(process))
    process.terminate()
    assert process.wait(PATIENCE_S) == 0


def test_a_database_of_a_newer_version_is_refused_untouched(ewspush, run, elsewhere):
    ewspush("mailbox", "create", "user@example.com", "--data", "data")
    file = elsewhere / "data" / "ewspush.db"
    with sqlite3.connect(file) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    before = hashlib.sha256(file.read_bytes())
    told = run("serve", "--data", "data", *PORTS)
    assert (told.status, told.out) == (1, "")
    assert told.err.startswith("ewspush: the database was written by a newer version of ewspush")
    assert told.err.count("\n") == 1
    assert hashlib.sha256(file.read_bytes()).digest() == before.digest()


def test_a_database_of_another_program_is_refused_untouched(run, elsewhere):
    file = elsewhere / "ewspush.db"
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE others (id)")
    database.close()
    before = file.read_bytes()
    told = run("serve", "--data", ".", *PORTS)
    assert (told.status, told.out) == (1, "")
    assert told.err == "ewspush: the database has tables, but they are not those of ewspush\n"
    assert file.read_bytes() == before


def test_a_second_server_on_the_same_data_is_refused(start, run):
    server = start()
    told = run("serve", "--data", server.data, *PORTS)
    assert (told.status, told.out) == (1, "")
    assert told.err == f"ewspush: {server.data}/ewspush.db is in use by another ewspush server\n"
    assert server.control.call("status")["http"] == str(server.http)


@pytest.mark.parametrize("protocol", ["http", "lmtp"])
def test_a_port_in_use_is_said_and_nothing_is_left_running(run, elsewhere, protocol):
    with socket.create_server(("127.0.0.1", 0)) as used:
        address = f"127.0.0.1:{used.getsockname()[1]}"
        told = run("serve", "--data", "data", *PORTS, f"--{protocol}", address)
    assert (told.status, told.out) == (1, "")
    assert told.err.startswith(f"ewspush: cannot listen for {protocol} on {address}: ")
    assert "ddress already in use" in told.err
    assert told.err.count("\n") == 1
    assert not (elsewhere / "data" / CONTROL_SOCKET).exists()


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (("--data", "file"), "file: File exists"),
        (("--data", "file/data"), "file/data: Not a directory"),
        (("--config", "none.toml"), "none.toml: No such file or directory"),
        (("--tls-cert", "a.pem", "--tls-key", "b.pem"), "a.pem and b.pem cannot be used for TLS:"),
        (("--http", "0.0.0.0:0"), "server: http = 0.0.0.0:0 is not loopback, and passwords must"),
    ],
)
def test_what_keeps_it_from_starting_is_one_line(run, elsewhere, options, line):
    (elsewhere / "file").touch()
    told = run("serve", *PORTS, *options)
    assert (told.status, told.out) == (1, "")
    assert told.err.startswith(f"ewspush: {line}")
    assert told.err.count("\n") == 1


def test_a_database_that_cannot_be_reached_is_said(run, monkeypatch):
    pytest.importorskip("psycopg")
    monkeypatch.setenv("EWSPUSH_SERVER_DATABASE", "postgresql://user:secret@127.0.0.1:1/name")
    told = run("serve", *PORTS)
    assert told.status == 1
    assert told.err.startswith("ewspush: the database cannot be used: connection failed")
    assert "secret" not in told.err
    assert told.err.count("\n") == 1


# Stopping


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_cleanly(spawn, elsewhere, number):
    process = spawn("serve", "--data", "data", *PORTS)
    until_started(process)
    process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, out) == (0, "")
    assert [re.search(r"event=(\S+)", line)[1] for line in err.splitlines()] == [
        "server.stopping",
        "server.stopped",
    ]
    assert not (elsewhere / "data" / CONTROL_SOCKET).exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_while_it_starts(ewspush, spawn, elsewhere, number):
    ewspush("mailbox", "create", "user@example.com", "--data", "data")
    lock = elsewhere / "data" / "ewspush.db.lock"
    lock.unlink()
    busy = sqlite3.connect(elsewhere / "data" / "ewspush.db", isolation_level=None)
    busy.execute("BEGIN EXCLUSIVE")  # so that it waits for the database
    process = spawn("serve", "--data", "data", *PORTS)
    wait_until(lock.exists, process)
    process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE_S)
    busy.close()
    assert (process.returncode, out, err) == (0, "", "")


def test_what_is_under_way_finishes_and_nothing_new_is_accepted(start, responder):
    server = start()
    mailbox = server.create_mailbox()
    id = subscribe(server, mailbox, responder.url())
    responder.wait_for(1)
    let_go = threading.Event()
    responder.script(held(let_go))
    server.deliver(mailbox)
    responder.wait_for(2)
    with socket.create_connection(server.lmtp) as mail:
        mail.settimeout(PATIENCE_S)
        replies = mail.makefile("rb")
        assert replies.readline().startswith(b"220 ")
        server.ask_to_stop()
        server.log.wait_for("server.stopping")
        server.ask_to_stop()  # impatient
        assert replies.readline().startswith(b"421 ")
    assert is_refused(server.lmtp)
    assert is_refused(server.http)
    assert not (server.data / CONTROL_SOCKET).exists()
    let_go.set()
    assert server.wait() == 0
    attempts = server.log.events("delivery.attempted")
    assert [(each["events"], each["outcome"]) for each in attempts] == [(0, "OK"), (3, "OK")]
    server.start()
    assert server.subscription(id)["behind"] == 0


def test_a_responder_that_hangs_is_not_waited_for_longer_than_the_grace(
    spawn_server, responder, elsewhere
):
    # Ten seconds are long for a test.
    process, http = spawn_server("from ewspush import server\nserver.STOP_GRACE_S = 0.3")
    let_go = threading.Event()
    responder.script(held(let_go))
    subscribe_at(http, elsewhere / "data", responder.url())
    responder.wait_for(1)
    process.terminate()
    _, err = process.communicate(timeout=PATIENCE_S)
    let_go.set()
    assert process.returncode == 0
    events = [re.search(r"event=(\S+)", line)[1] for line in err.splitlines()]
    steps = [event for event in events if event.startswith("server.")]
    assert steps == ["server.stopping", "server.cut_off", "server.stopped"]


# Running


def test_it_looks_again_and_again_for_mailboxes_to_be_purged(spawn_server, elsewhere):
    process, _ = spawn_server("import ewspush.chores; ewspush.chores.ENDING_EVERY_S = 0.01")
    control = RunningServer(elsewhere / "data")

    def purged():
        changes = control.call("audit.list")["changes"]
        return [each for each in changes if each["action"] == "mailbox.purge"]

    for number in (1, 2):
        address = f"user{number}@example.com"
        control.call("mailbox.create", addresses=[address])
        control.call("user.delete", user=address)
        wait_until(lambda number=number: len(purged()) == number, process)


# Logs


def test_each_attempt_is_one_line_with_all_that_explains_it(start, responder):
    server = start()
    mailbox = server.create_mailbox()
    responder.script(OK, FAILURE, OK, UNSUBSCRIBE)
    id = subscribe(server, mailbox, responder.url("/push?key=topsecret"))
    responder.wait_for(1)
    server.deliver(mailbox)
    responder.wait_for(3)
    server.deliver(mailbox)
    server.log.wait_for("delivery.attempted", lambda line: line["outcome"] == "Unsubscribe")
    assert server.terminate() == 0
    attempts = server.log.events("delivery.attempted")
    told = ("kind", "events", "previous", "through", "outcome", "http_status", "detail", "attempt")
    assert [tuple(each[name] for name in (*told, "phase")) for each in attempts] == [
        ("status", 0, 0, 0, "OK", 200, "", 1, "idle"),
        ("events", 3, 0, 3, "status", 503, "HTTP 503", 1, "retrying"),
        ("events", 3, 0, 3, "OK", 200, "", 2, "idle"),
        ("events", 3, 3, 6, "Unsubscribe", 200, "", 1, "ended"),
    ]
    for each in attempts:
        assert each["subscription"] == id
        assert each["origin"] == f"http://127.0.0.1:{responder.port}"
        assert each["ms"] >= 0
        assert (each["next_s"] is None) == (each["phase"] == "ended")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", each["timestamp"])
    for secret in ("topsecret", mailbox.password, "Order 1001", "Three of them"):
        assert secret not in server.log.text
    assert all(json.loads(line) for line in server.log.text.splitlines())


def test_text_lines_are_logfmt(spawn_server, responder, elsewhere):
    process, http = spawn_server()
    subscribe_at(http, elsewhere / "data", responder.url())
    responder.wait_for(1)
    process.terminate()
    _, err = process.communicate(timeout=PATIENCE_S)
    assert " event=ews.answered " in err
    pair = r'[a-z_]+=(?:[^ "=]*|"(?:[^"\\]|\\.)*")'
    for line in err.splitlines():
        assert re.fullmatch(rf"timestamp=\S+Z level=[a-z]+ event=\S+(?: {pair})*", line), line


def test_with_the_level_error_it_is_silent_while_all_is_well(run, monkeypatch):
    stops_at_once = (
        "from ewspush.server import Server\n"
        "start = Server.start\n"
        "async def start_and_stop(self):\n"
        "    await start(self)\n"
        "    self._reactor.callLater(0, self._reactor.stop)\n"
        "Server.start = start_and_stop"
    )
    monkeypatch.setenv("EWSPUSH_LOG_LEVEL", "error")
    told = run("serve", "--data", "data", *PORTS, change=stops_at_once)
    assert (told.status, told.out, told.err) == (0, "", "")


def test_an_unexpected_error_is_one_line_of_json_with_its_traceback(run, monkeypatch):
    fails = (
        "from ewspush.server import Server\n"
        "async def start(self): raise RuntimeError('a bug')\n"
        "Server.start = start"
    )
    monkeypatch.setenv("EWSPUSH_LOG_FORMAT", "json")
    told = run("serve", "--data", "data", *PORTS, change=fails)
    assert (told.status, told.out) == (1, "")
    (line,) = map(json.loads, told.err.splitlines())
    assert (line["event"], line["level"]) == ("server.bug", "critical")
    assert line["exception"].endswith("RuntimeError: a bug")


def test_it_goes_on_when_nobody_reads_its_log(spawn_server, responder, elsewhere):
    process, http = spawn_server()
    process.stderr.close()
    process.stderr = None
    for pushes in (1, 2):
        subscribe_at(http, elsewhere / "data", responder.url())
        responder.wait_for(pushes)
    process.terminate()
    assert process.wait(PATIENCE_S) == 0
