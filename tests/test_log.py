"""One line for each event, whoever it comes from. Each test configures a process of its own."""

import json
import os
import subprocess
import sys

import pytest

from support.schemas import ROOT

START = """
import logging, sys, threading, warnings
import structlog
from twisted.logger import Logger
from ewspush import log
from ewspush.settings import LogSettings

log.configure(LogSettings(format=sys.argv[1], level=sys.argv[2]))
ours = structlog.get_logger()
"""

EVERYBODY = """
ours.info("ours", text="a b=\\"c\\"\\nd", nothing=None, yes=True)
try:
    1 / 0
except ZeroDivisionError:
    ours.exception("ours.failed")
    logging.getLogger("some.library").exception("library failed")
    Logger("twisted").failure("twisted failed")
logging.getLogger("some.library").log(35, "between %s", "levels")
logging.getLogger("some.library").info("not for operators")
Logger("twisted").warn("twisted {what}", what="warns")
Logger("twisted").info("not for operators")
warnings.warn("python warns", RuntimeWarning)


def fail():
    raise ValueError("in a\\nthread")


thread = threading.Thread(target=fail, name="worker")
thread.start()
thread.join()


class Kept:
    def __del__(self):
        raise KeyError("finalized")


kept = Kept()
del kept
"""


def lines(code, format_="json", level="info"):
    ended = subprocess.run(
        [sys.executable, "-c", START + code, format_, level],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        stderr=subprocess.PIPE,
        text=True,
        check=True,
    )
    return ended.stderr.splitlines()


def test_every_line_is_json_whoever_wrote_it():
    told = [json.loads(line) for line in lines(EVERYBODY)]
    assert [(each["event"], each["level"]) for each in told] == [
        ("ours", "info"),
        ("ours.failed", "error"),
        ("library", "error"),
        ("twisted", "critical"),
        ("library", "warning"),
        ("twisted", "warning"),
        ("twisted", "warning"),
        ("thread", "critical"),
        ("unraisable", "error"),
    ]
    ours, failed, library, twisted, between, warned, python, thread, finalizer = told
    assert (ours["text"], ours["nothing"], ours["yes"]) == ('a b="c"\nd', None, True)
    assert failed["exception"].endswith("ZeroDivisionError: division by zero")
    assert (library["name"], library["text"]) == ("some.library", "library failed")
    assert library["traceback"].endswith("ZeroDivisionError: division by zero\n")
    assert "ZeroDivisionError" in twisted["traceback"]
    assert between["text"] == "between levels"
    assert warned["text"] == "twisted warns"
    assert "python warns" in python["text"]
    assert thread["traceback"].endswith("ValueError: in a\nthread\n")
    assert thread["name"] == "worker"
    assert finalizer["traceback"].endswith("KeyError: 'finalized'\n")


def test_text_is_one_line_for_each_event_too():
    told = lines(EVERYBODY, "text")
    assert len(told) == 9
    for line in told:
        assert line.startswith("timestamp=20")
        assert " level=" in line
        assert " event=" in line
    assert told[0].endswith(r' text="a b=\"c\"\nd" nothing= yes=true')


@pytest.mark.parametrize(
    ("level", "told"),
    [
        ("debug", ["debug", "info", "warning", "error"]),
        ("info", ["info", "warning", "error"]),
        ("warning", ["warning", "error"]),
        ("error", ["error"]),
    ],
)
def test_the_level_says_what_is_told(level, told):
    code = "for each in ('debug', 'info', 'warning', 'error'): getattr(ours, each)(each)"
    assert [json.loads(line)["event"] for line in lines(code, level=level)] == told


def test_nobody_reading_is_no_error():
    code = (
        "import os\n"
        "reading, writing = os.pipe()\n"
        "os.close(reading)\n"
        "os.dup2(writing, 2)\n"
        "for _ in range(1000): ours.info('lost', text='x' * 100)\n"
        "print('went on')"
    )
    ended = subprocess.run(
        [sys.executable, "-c", START + code, "text", "info"],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stdout == "went on\n"


def test_a_closed_standard_error_is_no_error():
    code = START + "ours.info('lost')\nprint('went on')"
    ended = subprocess.run(
        ["sh", "-c", 'exec "$@" 2>&-', "sh", sys.executable, "-c", code, "text", "info"],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert ended.stdout == "went on\n"
