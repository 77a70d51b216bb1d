"""The control socket of a running server: who may use it, and what becomes of nonsense."""

import json
import os
import pwd
import socket
import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from types import SimpleNamespace

import pytest

import ewspush
from ewspush.control import CONTROL_SOCKET, REQUEST_LIMIT, CommandError, client
from ewspush.control.client import NoServer, RunningServer
from ewspush.control.server import CONNECTIONS
from support.running_server import PATIENCE_S, ServerProcess

STATUS = b'{"command": "status", "arguments": {}}\n'
UNKNOWN = {"error": "the running server does not know this command"}


def connect(server):
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(str(server.data / CONTROL_SOCKET))
    connection.settimeout(PATIENCE_S)
    return connection


def ask(server, request):
    """Everything that comes back until the server closes the connection."""
    with connect(server) as connection:
        connection.sendall(request)
        return connection.makefile("rb").read()


def test_only_the_owner_may_use_it(server):
    mode = (server.data / CONTROL_SOCKET).stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600
    assert stat.S_IMODE(server.data.stat().st_mode) == 0o700


def test_status_tells_where_the_server_listens(server):
    assert server.control.call("status") == {
        "http": str(server.http),
        "lmtp": str(server.lmtp),
        "version": ewspush.__version__,
    }


@pytest.mark.parametrize(
    "request_",
    [
        {"command": "mailbox.destroy", "arguments": {}},
        {"command": "mailbox.list"},
        {"arguments": {}},
        {"command": "mailbox.list", "arguments": {"before": "x"}},
        {"command": "mailbox.create", "arguments": {}},
        {"command": "mailbox.create", "arguments": {"actor": "x", "addresses": ["a@b.example"]}},
        {"command": "mailbox.create", "arguments": {"management": 1, "addresses": ["a@b.example"]}},
        {"command": "mailbox.list", "arguments": ["x"]},
        {"command": "mailbox.list", "arguments": None},
        {"command": ["status"], "arguments": {}},
        {"command": None, "arguments": {}},
        ["status"],
        "status",
        None,
        7,
    ],
    ids=str,
)
def test_an_unknown_command_is_said_to_be_one(server, request_):
    assert json.loads(ask(server, json.dumps(request_).encode() + b"\n")) == UNKNOWN


@pytest.mark.parametrize(
    "garbage",
    [
        b"\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\xff\xfe\x00\n",
        b'{"command": "status", "arguments": {}\n',
        b"[" * (REQUEST_LIMIT - 1) + b"\n",
        b"NaN\n",
    ],
)
def test_garbage_is_answered_and_the_connection_closed(server, garbage):
    assert json.loads(ask(server, garbage)) == UNKNOWN


def test_a_request_that_is_too_long_is_refused(server):
    with connect(server) as connection:
        connection.sendall(b" " * (REQUEST_LIMIT + 1))
        answer = json.loads(connection.makefile("rb").read())
    assert answer == {"error": f"a command has {REQUEST_LIMIT} bytes at most"}


def test_a_longer_request_is_not_even_sent(server):
    with pytest.raises(CommandError, match="the arguments of this command are too long"):
        server.control.call("mailbox.list", search="x" * REQUEST_LIMIT)


def test_a_connection_is_for_one_request(server):
    assert len(ask(server, 3 * STATUS).splitlines()) == 1


def test_a_connection_that_asks_nothing_does_no_harm(server):
    with connect(server) as connection:
        connection.sendall(STATUS[:10])
    connect(server).close()
    assert server.control.call("status")


def test_who_leaves_before_the_answer_does_no_harm(server):
    # Creating hashes a password, which takes a while.
    request = {"command": "mailbox.create", "arguments": {"addresses": ["left@example.com"]}}
    with connect(server) as connection:
        connection.sendall(json.dumps(request).encode() + b"\n")
    assert server.control.call("status")


def test_many_commands_at_once_are_all_answered(server):
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: server.control.call("status"), range(200)))
    assert answers == [server.control.call("status")] * 200


def test_connections_are_bounded_and_free_again_afterwards():
    # A server of its own: another might still count connections that an earlier test closed.
    with closing(ServerProcess()) as server:
        server.start()
        with ExitStack() as held:
            for _ in range(CONNECTIONS):
                connection = held.enter_context(connect(server))
                connection.sendall(STATUS[:-1])  # not the whole: it is kept waiting
            with pytest.raises(CommandError, match="did not answer"):
                server.control.call("status")
        until_answered(server)


def until_answered(server):
    """The server learns of closed connections a moment later."""
    until_s = time.monotonic() + PATIENCE_S
    while True:
        try:
            return server.control.call("status")
        except CommandError:
            assert time.monotonic() < until_s, "the connections are not free"


def test_an_error_of_a_command_is_its_text(server):
    with pytest.raises(CommandError, match=r"^there is no mailbox nobody@example\.com$"):
        server.control.call("subscription.list", mailbox="nobody@example.com")


def test_a_refusal_arrives_whole(server):
    with pytest.raises(CommandError) as refused:
        server.control.call("mailbox.list", page_size=1001, domain=None)
    assert refused.value.as_record() == {
        "code": "InvalidValue",
        "text": "a page cannot have 1001 entries",
        "field": "PageSize",
        "allowed": "1 to 1000",
    }
    assert str(refused.value) == "a page cannot have 1001 entries (PageSize: 1 to 1000)"


def test_who_gave_a_command_is_in_the_audit_log(server):
    server.control.call("org.create", alias="audited")
    newest = server.control.call("audit.list", organization="audited")["changes"][0]
    own = pwd.getpwuid(os.geteuid()).pw_name
    assert (newest["actor"], newest["origin"]) == (own, "command line")
    server.control.call("org.delete", organization="audited")


def test_a_thousand_mailboxes_fit_into_one_command():
    addresses = [f"{'x' * 60}{n:04}@{'y' * 63}.{'z' * 63}.example" for n in range(1000)]
    request = {"command": "mailbox.create", "arguments": {"addresses": addresses}}
    assert len(json.dumps(request)) < REQUEST_LIMIT


def test_without_a_server_that_is_said(tmp_path):
    with pytest.raises(NoServer, match=f"^no server runs on {tmp_path}$"):
        RunningServer(tmp_path).call("status")


def test_the_socket_of_a_killed_server_is_no_server(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(CONTROL_SOCKET)
    with pytest.raises(NoServer):
        RunningServer(tmp_path.relative_to(tmp_path)).call("status")


@pytest.mark.parametrize("answer", [b"", b"{\n", b"\n"])
def test_an_answer_that_is_none_is_said(tmp_path, monkeypatch, answer):
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listening, ThreadPoolExecutor(1) as pool:
        listening.bind(CONTROL_SOCKET)
        listening.listen()
        listening.settimeout(PATIENCE_S)

        def serve():
            connection, _ = listening.accept()
            with connection:
                connection.makefile("rb").readline()
                connection.sendall(answer)

        serving = pool.submit(serve)
        with pytest.raises(CommandError, match="did not answer"):
            RunningServer(tmp_path.relative_to(tmp_path)).call("status")
        serving.result()


def test_a_queue_of_connections_that_is_full_is_waited_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    waits = threading.Event()
    paused = SimpleNamespace(monotonic=time.monotonic, sleep=lambda _: waits.set())
    monkeypatch.setattr(client, "time", paused)
    with ThreadPoolExecutor(1) as pool, ExitStack() as held:
        listening = held.enter_context(socket.socket(socket.AF_UNIX))
        listening.bind(CONTROL_SOCKET)
        listening.listen(0)
        listening.settimeout(PATIENCE_S)
        others = 0
        while fills_the_queue(held.enter_context(socket.socket(socket.AF_UNIX))):
            others += 1
        calling = pool.submit(RunningServer(tmp_path.relative_to(tmp_path)).call, "status")
        assert waits.wait(PATIENCE_S)
        for _ in range(others):
            held.enter_context(listening.accept()[0])
        connection = held.enter_context(listening.accept()[0])
        connection.makefile("rb").readline()
        connection.sendall(b'{"result": 1}\n')
        assert calling.result(PATIENCE_S) == 1


def fills_the_queue(connection):
    connection.setblocking(False)
    return connection.connect_ex(CONTROL_SOCKET) == 0
