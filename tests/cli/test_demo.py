"""`ewspush demo`, as somebody who sees ewspush for the first time runs it."""

import http.client
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from support.running_server import PATIENCE_S
from support.schemas import ROOT


@pytest.fixture
def temporary(monkeypatch):
    """Where temporary directories are made; nothing is left in it in the end."""
    # Not in pytest's own folders: the path of a Unix socket has 107 bytes at most.
    with tempfile.TemporaryDirectory(prefix="ewspush-") as folder:
        monkeypatch.setenv("TMPDIR", folder)
        yield Path(folder)
        assert not os.listdir(folder)


@pytest.fixture(scope="module")
def told():
    """The demo, told to its end."""
    with tempfile.TemporaryDirectory(prefix="ewspush-") as folder:
        ended = run_demo_in(folder)
        assert not os.listdir(folder)
    return ended


def run_demo_in(folder):
    began_s = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-c", "from ewspush.cli import main; main()", "demo"],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "TMPDIR": folder},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert time.monotonic() - began_s < 20
    return ended


def test_it_tells_its_story_and_ends_well(told):
    assert (told.returncode, told.stderr) == (0, "")
    titles = [line for line in told.stdout.splitlines() if re.match(r"\S", line)]
    assert titles == [
        "A server, a push responder and a mailbox, on free ports of this machine",
        "The application subscribes to the Inbox, by SOAP",
        "Three messages arrive, by LMTP",
        "The responder fails twice (waits begin with 0.5 s here, not with 30 s)",
        "The responder answers Unsubscribe",
        "What was seen",
    ]
    _, _, summary = told.stdout.partition("What was seen\n")
    assert summary.splitlines() == [
        "  6 messages were delivered, 5 of them while subscribed",
        "  8 notifications came; 2 were answered with an error and came again",
        "  1 heartbeat and 15 events were acknowledged, none missing and none twice:",
        "    each PreviousWatermark was the last watermark before it",
        "  after Unsubscribe the subscription is ended, and nothing more came",
    ]


def test_its_output_is_plain_and_fits_a_screen(told):
    lines = told.stdout.splitlines()
    assert len(lines) <= 60
    assert max(map(len, lines)) <= 102
    assert all(line.isprintable() for line in lines)  # no colours, which are for terminals


def test_what_comes_is_shown_after_what_caused_it(told):
    steps = ["mail: Order 1001", "#2  ", "mail: Order 1002", "#3  ", "mail: Minutes", "#4  "]
    steps += ["mail: Sent while", "#5  ", "HTTP 503", "#6  ", "HTTP 503", "#7  ", "-> OK"]
    steps += ["mail: One more", "#8  ", "-> Unsubscribe", "mail: Nobody"]
    place = 0
    for step in steps:
        place = told.stdout.index(step, place)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        pytest.param(
            # It need not wait long for what will not happen.
            "story.PATIENCE_S = 3\nstory.Story._was_handled = lambda self, handled: None",
            "the first notification",
            id="a responder that loses notifications",
        ),
        pytest.param(
            "from ewspush.push import engine\n"
            "engine.rules.after_answer = lambda status: engine.rules.IDLE",
            "silence after Unsubscribe",
            id="a server that does not unsubscribe",
        ),
        pytest.param(
            "story.PushResponder._next_failure = lambda self: None",
            "notifications that failed",
            id="a responder that does not fail",
        ),
    ],
)
def test_what_did_not_happen_is_said_and_the_status_is_1(run, temporary, change, what):
    told = run("demo", change=f"from ewspush.cli import story\n{change}")
    assert told.err.splitlines()[-1] == f"This was promised and did not happen: {what}"
    assert told.status == 1
    assert "What was seen" not in told.out


def test_a_temporary_directory_with_too_long_a_path_is_said(run, temporary, monkeypatch):
    folder = temporary / ("d" * 80)
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    told = run("demo")
    folder.rmdir()
    assert (told.status, told.out) == (1, "")
    assert told.err.startswith("ewspush: server.data: should be a path of at most 94 bytes")


def test_a_server_that_cannot_start_is_said(run, temporary):
    change = (
        "from ewspush.server import CannotStart, Server\n"
        "async def start(self): raise CannotStart('no server today')\n"
        "Server.start = start"
    )
    told = run("demo", change=change)
    assert (told.status, told.out, told.err) == (1, "", "ewspush: no server today\n")


def test_a_fault_of_the_demo_itself_ends_it_too(run, temporary):
    told = run("demo", change="from ewspush.cli import story\nstory.Story._title = None")
    assert told.status == 1
    assert told.err.splitlines()[-1].startswith("TypeError: ")


@pytest.mark.parametrize(
    ("number", "line"), [(signal.SIGINT, "mailbox    demo@"), (signal.SIGTERM, "#5  ")]
)
def test_interrupted_it_leaves_nothing_behind(spawn, temporary, number, line):
    process = spawn("demo")
    port = read_until(process, line)
    process.send_signal(number)
    _, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, err) == (130, "")
    with pytest.raises(ConnectionRefusedError):
        http.client.HTTPConnection("127.0.0.1", port).connect()


def read_until(process, text):
    """Read on until a line with this text; the port of the server, which an earlier one tells."""
    port = 0
    for line in process.stdout:
        if found := re.search(r"EWS at http://127\.0\.0\.1:(\d+)/", line):
            port = int(found[1])
        if text in line:
            return port
    raise AssertionError(f"no line with {text!r}: {process.stderr.read()}")


def test_nobody_reading_ends_it_quietly(spawn, temporary):
    process = spawn("demo")
    read_until(process, "mailbox    demo@")
    process.stdout.close()
    assert process.wait(PATIENCE_S) == 1
    assert process.stderr.read() == ""


# --keep


@pytest.fixture
def kept(spawn, temporary):
    """A demo that was told to the end and goes on; what it proposes, line by line."""
    process = spawn("demo", "--keep")
    read_until(process, "What to try next")
    lines = [process.stdout.readline()]
    while "subscription list" not in lines[-1]:
        lines.append(process.stdout.readline())
    yield lines
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE_S) == 0
    assert process.stderr.read() == ""


def commands_in(lines):
    """The commands, those that go on in the next line joined."""
    return [line for line in "".join(lines).replace("\\\n", "").splitlines() if line[:4] == "    "]


@pytest.mark.skipif(shutil.which("curl") is None, reason="the proposed commands use curl")
def test_what_it_proposes_to_try_next_works(kept, elsewhere):
    responder, *others = commands_in(kept)
    # Only the port may be taken here, where several tests run at once.
    listening = subprocess.Popen(
        f"exec {responder} --listen 127.0.0.1:0", shell=True, stdout=subprocess.PIPE, text=True
    )
    try:
        url = re.search(r"http://\S+/", listening.stdout.readline())[0]
        (request,) = re.findall(r"@(\S+/subscribe\.xml)", others[0])
        path = Path(request)
        assert "http://127.0.0.1:8090/" in path.read_text()
        path.write_text(path.read_text().replace("http://127.0.0.1:8090/", url))
        outputs = [
            subprocess.run(command, shell=True, check=True, capture_output=True, text=True).stdout
            for command in others
        ]
        assert "ResponseCode>NoError<" in outputs[0]
        assert outputs[1] == "delivered standard input (26 bytes) to demo@example.org\n"
        assert re.search(r"demo@example\.org +idle +\d", outputs[2])
        shown = [listening.stdout.readline() for _ in range(2)]
        assert "#1  heartbeat" in shown[0]
        assert "#2  3 events" in shown[1]
    finally:
        listening.kill()
        listening.communicate(timeout=PATIENCE_S)
