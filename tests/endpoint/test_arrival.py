"""What counts as arrived: by a scripted counter, and by TCP itself."""

import socket
import struct
import sys
import time
from collections.abc import Iterator

import pytest

from ewspush.endpoint.arrival import Arrival, TcpCounter

PATIENCE_S = 30.0  # for what takes milliseconds; only a failing test waits so long
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what arrived")


class Script:
    """A counter that says what it is told to say."""

    def __init__(self) -> None:
        self.acknowledged = 0
        self.waiting = 0

    def counts(self) -> tuple[int, int]:
        return self.acknowledged, self.waiting

    def close(self) -> None:
        pass


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def arrival(script: Script) -> Arrival[str]:
    return Arrival(script)


def test_what_is_still_in_our_own_buffer_has_not_arrived(arrival: Arrival[str]) -> None:
    arrival.writing(100, "a")
    assert arrival.latest() is None
    assert not arrival.is_complete


def test_what_is_acknowledged_has_arrived(script: Script, arrival: Arrival[str]) -> None:
    arrival.writing(100, "a")
    script.acknowledged = 130  # with the framing
    assert arrival.latest() == "a"
    assert arrival.is_complete
    assert arrival.latest() is None


def test_the_last_that_has_arrived_is_told(script: Script, arrival: Arrival[str]) -> None:
    for what in "abc":
        arrival.writing(100, what)
    script.acknowledged = 299
    assert arrival.latest() == "b"
    script.acknowledged = 300
    assert arrival.latest() == "c"


def test_counting_begins_anywhere(script: Script, arrival: Arrival[str]) -> None:
    script.acknowledged, script.waiting = 5000, 500
    arrival.writing(100, "a")
    script.acknowledged, script.waiting = 5500, 0
    assert arrival.latest() is None
    script.acknowledged = 5600
    assert arrival.latest() == "a"


def test_while_more_is_under_way_the_framing_is_allowed_for(
    script: Script, arrival: Arrival[str]
) -> None:
    arrival.writing(100, "a")
    script.acknowledged, script.waiting = 150, 4000
    assert arrival.latest() is None
    script.acknowledged = 100 + 64 * 1024
    assert arrival.latest() == "a"


def test_the_end_of_the_connection_is_not_waited_for(script: Script, arrival: Arrival[str]) -> None:
    arrival.writing(100, "a")
    script.acknowledged, script.waiting = 100, 1
    assert arrival.latest() == "a"


# TCP


class Transport:
    """A transport of Twisted's on a socket, as far as the counter looks at it."""

    def __init__(self, handle: socket.socket) -> None:
        self._handle = handle

    def getHandle(self) -> socket.socket:
        return self._handle


class Wrapper:
    """A protocol between the transport and the channel: TLS, or the count of connections."""

    def __init__(self, transport: object) -> None:
        self.transport = transport


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        far = socket.create_connection(listening.getsockname())
        near, _ = listening.accept()
        with near, far:
            yield near, far


def wait_for(arrival: Arrival[str], what: str) -> None:
    until_s = time.monotonic() + PATIENCE_S
    while arrival.latest() != what:
        assert time.monotonic() < until_s, f"{what} did not arrive"


@on_linux
def test_tcp_acknowledges_what_the_far_end_received(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    near, _ = ends
    arrival: Arrival[str] = Arrival(TcpCounter(Wrapper(Wrapper(Transport(near)))))
    for what in "ab":
        arrival.writing(1000, what)
        near.sendall(b"x" * 1000)
        wait_for(arrival, what)
    arrival.close()


@on_linux
def test_tcp_does_not_acknowledge_what_the_far_end_has_no_room_for(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    near, far = ends
    near.setblocking(False)
    arrival: Arrival[str] = Arrival(TcpCounter(Transport(near)))
    sent = 0
    try:
        while True:
            sent += near.send(b"x" * 65536)
    except BlockingIOError:
        pass
    arrival.writing(10, "a")
    assert arrival.latest() is None
    near.setblocking(True)
    left = sent + 10
    far.settimeout(PATIENCE_S)
    while left > 10:
        left -= len(far.recv(65536))
    near.sendall(b"x" * 10)
    wait_for(arrival, "a")
    arrival.close()


@on_linux
@pytest.mark.parametrize("ending", ["closed", "reset"])
def test_it_can_be_asked_when_the_connection_is_gone(
    ends: tuple[socket.socket, socket.socket], ending: str
) -> None:
    near, far = ends
    arrival: Arrival[str] = Arrival(TcpCounter(Transport(near)))
    arrival.writing(1000, "a")
    near.sendall(b"x" * 1000)
    far.settimeout(PATIENCE_S)
    assert len(far.recv(1000, socket.MSG_WAITALL)) == 1000
    if ending == "reset":
        far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    far.close()
    near.settimeout(PATIENCE_S)
    try:
        assert near.recv(1) == b""
    except ConnectionResetError:
        assert ending == "reset"
    arrival.writing(1000, "b")
    near.close()
    assert arrival.latest() == "a"
    assert arrival.latest() is None
    arrival.close()


def test_without_a_socket_all_counts_as_arrived() -> None:
    class InMemory:
        def getHandle(self) -> None:
            return None

    arrival: Arrival[str] = Arrival(TcpCounter(InMemory()))
    arrival.writing(1000, "a")
    assert arrival.latest() == "a"
    arrival.close()
