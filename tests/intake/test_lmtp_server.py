"""Starting, stopping, and what one client may cost the others."""

import concurrent.futures
import contextlib
import socket
import threading

import pytest

MESSAGE = b"Subject: hello\r\n\r\nbody\r\n"
PATIENCE_S = 20


@pytest.fixture
def in_background():
    """Runs a blocking call beside the test."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        yield pool.submit


def test_port_0_takes_a_free_port_and_start_says_which(lmtp_server, connect):
    host, port = lmtp_server().start()
    assert host == "127.0.0.1"
    assert port > 0
    assert connect((host, port)).greeting.startswith("220 ")


def test_an_address_in_use_is_an_error_for_the_caller(lmtp_server):
    _, port = lmtp_server().start()
    second = lmtp_server(port=port)
    before = set(threading.enumerate())
    with pytest.raises(OSError, match="in use"):
        second.start()
    second.stop()
    left = set(threading.enumerate()) - before
    assert "lmtp" not in {thread.name for thread in left}


def test_a_running_server_is_not_started_again(lmtp_server):
    server = lmtp_server()
    server.start()
    with pytest.raises(RuntimeError, match="running"):
        server.start()


def test_a_stopped_server_gives_its_port_back_and_can_start_again(lmtp_server, connect):
    first = lmtp_server()
    address = first.start()
    assert connect(address).ask("NOOP") == ["250 2.0.0 Ok"]
    first.stop()
    first.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, PATIENCE_S)
    assert connect(first.start()).greeting.startswith("220 ")


def test_slow_deliveries_delay_nobody_else(lmtp_server, connect, mailboxes):
    address = lmtp_server(max_connections=3).start()
    slow = [connect(address), connect(address)]
    for number, client in enumerate(slow, 1):
        client.begin(f"slow{number}")
        client.socket.sendall(MESSAGE + b".\r\n")
        assert mailboxes.waiting.acquire(timeout=PATIENCE_S)
    other = connect(address)
    other.begin("anna")
    assert other.data(MESSAGE) == ["250 2.0.0 Delivered"]
    mailboxes.let_go.set()
    assert [client.line()[:3] for client in slow] == ["250", "250"]


def test_clients_beyond_the_limit_are_turned_away_until_one_leaves(lmtp_server, connect):
    address = lmtp_server(max_connections=2).start()
    first = connect(address)
    connect(address)
    third = connect(address)
    assert third.greeting.startswith("421 4.3.2 ")
    assert third.ended()
    first.ask("QUIT")
    assert first.ended()
    assert connect(address).greeting.startswith("220 ")


def test_a_delivery_keeps_its_place_after_its_client_has_gone(lmtp_server, connect, mailboxes):
    address = lmtp_server(max_connections=1).start()
    gone = connect(address)
    gone.begin("slow1")
    gone.socket.sendall(MESSAGE + b".\r\n")
    assert mailboxes.waiting.acquire(timeout=PATIENCE_S)
    reset_connection(gone)
    assert connect(address).greeting.startswith("421 4.3.2 ")


def test_a_client_that_has_gone_has_its_other_recipients_left_to_its_next_try(
    lmtp_server, connect, mailboxes, in_background
):
    server = lmtp_server()
    address = server.start()
    gone = connect(address)
    gone.begin("slow1", "anna")
    gone.socket.sendall(MESSAGE + b".\r\n")
    assert mailboxes.waiting.acquire(timeout=PATIENCE_S)
    idle = connect(address)
    reset_connection(gone)
    assert idle.ask("NOOP") == ["250 2.0.0 Ok"]  # the loop has seen the reset by now
    mailboxes.let_go.set()
    in_background(server.stop).result(PATIENCE_S)
    assert [address for address, _ in mailboxes.delivered] == ["slow1@example.org"]


def reset_connection(client):
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.close()


def test_an_idle_client_is_told_and_disconnected(lmtp_server, connect):
    client = connect(lmtp_server(idle_timeout_s=0.05).start())
    assert client.line().startswith("421 4.4.2 ")
    assert client.ended()


def test_a_client_that_waits_for_its_delivery_is_not_idle(lmtp_server, connect, mailboxes):
    address = lmtp_server(idle_timeout_s=1.0).start()
    waiting = connect(address)
    waiting.begin("slow1")
    waiting.socket.sendall(MESSAGE + b".\r\n")
    assert mailboxes.waiting.acquire(timeout=PATIENCE_S)
    assert connect(address).line().startswith("421 4.4.2 ")  # connected later, idle already
    mailboxes.let_go.set()
    assert waiting.line() == "250 2.0.0 Delivered"
    assert waiting.line().startswith("421 4.4.2 ")  # idle from then on


def test_stop_lets_a_delivery_end_and_closes_the_rest(
    lmtp_server, connect, mailboxes, in_background
):
    server = lmtp_server(stop_grace_s=PATIENCE_S)
    address = server.start()
    idle, busy = connect(address), connect(address)
    idle.begin("anna")
    idle.data(MESSAGE)
    busy.begin("slow1", "anna")
    busy.socket.sendall(MESSAGE + b".\r\nNOOP\r\n")
    assert mailboxes.waiting.acquire(timeout=PATIENCE_S)
    stopping = in_background(server.stop)
    assert idle.line() == "421 4.3.2 Shutting down"
    assert idle.ended()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, PATIENCE_S)
    assert not stopping.done()
    mailboxes.let_go.set()
    assert [busy.line() for _ in range(3)] == ["250 2.0.0 Delivered"] * 2 + [
        "421 4.3.2 Shutting down"
    ]
    assert busy.ended()
    stopping.result(PATIENCE_S)


def test_stop_lets_a_message_that_is_being_sent_arrive(
    lmtp_server, connect, mailboxes, in_background
):
    server = lmtp_server(stop_grace_s=PATIENCE_S)
    address = server.start()
    idle, sending = connect(address), connect(address)
    sending.begin("anna")
    sending.socket.sendall(MESSAGE[:9])
    stopping = in_background(server.stop)
    assert idle.line() == "421 4.3.2 Shutting down"
    assert sending.data(MESSAGE[9:]) == ["250 2.0.0 Delivered"]
    assert sending.line() == "421 4.3.2 Shutting down"
    stopping.result(PATIENCE_S)
    assert mailboxes.delivered == [("anna@example.org", MESSAGE)]


def test_stop_waits_no_longer_than_its_grace(lmtp_server, connect, mailboxes):
    server = lmtp_server(stop_grace_s=0.05)
    client = connect(server.start())
    client.begin("slow1")
    client.socket.sendall(MESSAGE + b".\r\n")
    assert mailboxes.waiting.acquire(timeout=PATIENCE_S)
    server.stop()
    assert client.ended()
    assert mailboxes.delivered == []


def test_a_client_that_does_not_read_is_cut_off_at_stop(lmtp_server, connect):
    server = lmtp_server(stop_grace_s=600, idle_timeout_s=600)
    client = connect(server.start())
    client.socket.settimeout(0.2)  # long enough for the server to stop reading, as a rule
    with contextlib.suppress(TimeoutError):
        while True:
            client.socket.sendall(b"HELP\r\n" * 10_000)
    server.stop()
