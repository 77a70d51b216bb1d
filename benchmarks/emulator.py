"""How soon `ewspush emulate` is ready, and how long a reset takes.

A start is from the start of the process to the line that says that it is ready. Beside it stands,
in turn, a process that imports the libraries of which the server is made, and no more. A reset, of
a mailbox with mail in it, stands beside a plain GET by the same connection.
"""

import http.client
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import click

EMULATE = (
    str(Path(sys.executable).with_name("ewspush")),
    *("emulate", "--http", "127.0.0.1:0", "--lmtp", "127.0.0.1:0", "--json", "--until-eof"),
)
LIBRARIES = (  # Spyne by way of what makes it importable
    *(sys.executable, "-c"),
    "import sys, twisted.internet.reactor, sqlalchemy, lxml.etree, pycurl;"
    " import ewspush.endpoint.spyne_compat; print(flush=True); sys.stdin.read()",
)
RESETS = 50
MESSAGES = 10  # in the mailbox, at each reset


class Start(NamedTuple):
    """A process until it printed its first line."""

    wall_s: float
    cpu_s: float


class Reset(NamedTuple):
    """A reset, and a plain GET before it."""

    wall_ms: float
    get_ms: float


@click.command()
@click.option("--rounds", default=10, show_default=True, help="Starts of each.")
def main(rounds: int) -> None:
    """Print two tables."""
    starts, libraries = _measure_starts(rounds)
    click.echo(f"{'start':24}{'median':>9}{'least':>9}{'most':>9}{'ratio':>9}{'wanted':>9}")
    for name, of, wanted in (("by the clock, s", 0, "< 1"), ("CPU time, s", 1, "")):
        own, other = [each[of] for each in starts], [each[of] for each in libraries]
        ratio = statistics.median(a / b for a, b in zip(own, other, strict=True))
        click.echo(f"{name:24}{_spread(own)}{ratio:9.2f}{wanted:>9}")
        click.echo(f"{'  libraries alone':24}{_spread(other)}")
    resets = _measure_resets()
    own, other = [each.wall_ms for each in resets], [each.get_ms for each in resets]
    ratio = statistics.median(each.wall_ms / each.get_ms for each in resets)
    click.echo(f"\n{'reset':24}{'median':>9}{'least':>9}{'most':>9}{'ratio':>9}{'wanted':>9}")
    click.echo(f"{'by the clock, ms':24}{_spread(own)}{ratio:9.1f}{'< 50':>9}")
    click.echo(f"{'  a plain GET':24}{_spread(other)}")


def _spread(found: Sequence[float]) -> str:
    return "".join(f"{each:9.2f}" for each in (statistics.median(found), min(found), max(found)))


def _measure_starts(rounds: int) -> tuple[list[Start], list[Start]]:
    """Of the emulator and of the libraries, in turn. The first ones write bytecode: not counted."""
    starts, libraries = [], []
    for _ in range(rounds + 1):
        for command, found in ((LIBRARIES, libraries), (EMULATE, starts)):
            with _started(command) as (start, _line):
                found.append(start)
    return starts[1:], libraries[1:]


@contextmanager
def _started(command: Sequence[str]) -> Iterator[tuple[Start, str]]:
    """A process that has printed its first line, and this line. It ends with its input."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    began_s = time.perf_counter()
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        line = process.stdout.readline()
        took_s = time.perf_counter() - began_s
        if not line:
            raise click.ClickException(f"{command[0]} did not start")
        yield Start(took_s, _cpu_s(process.pid)), line
        process.stdin.close()


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _measure_resets() -> list[Reset]:
    with _started(EMULATE) as (_, line):
        emulator = Emulator(json.loads(line)["http"])
        return [emulator.reset() for _ in range(RESETS)]


class Emulator:
    """The control API of one that runs."""

    def __init__(self, address: str) -> None:
        self._connection = http.client.HTTPConnection(address)

    def reset(self) -> Reset:
        """Fill a mailbox, and measure what takes it away."""
        self._ask("POST", "mailboxes", {"address": "user@example.org"})
        for number in range(MESSAGES):
            self._ask("POST", "mailboxes/user@example.org/mail", {"subject": f"Number {number}"})
        get_ms = self._ask("GET", "")
        return Reset(self._ask("POST", "reset"), get_ms)

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> float:
        """How many milliseconds the answer took."""
        content = json.dumps(body or {}) if method == "POST" else None
        began_s = time.perf_counter()
        self._connection.request(
            method, f"/emulator/{path}", content, {"Content-Type": "application/json"}
        )
        answer = self._connection.getresponse()
        told = answer.read()
        took_ms = 1000 * (time.perf_counter() - began_s)
        if answer.status >= http.client.BAD_REQUEST:
            raise click.ClickException(f"{method} {path}: {answer.status} {told.decode()}")
        return took_ms


if __name__ == "__main__":
    main()
