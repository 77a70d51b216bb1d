"""A server in a process of its own, and what it takes of memory and processor."""

import json
import os
import re
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from prometheus_client.parser import text_string_to_metric_families

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def on_core(core: int) -> list[str]:
    """What goes before a command that is to have a core to itself, if there are two."""
    return ["taskset", "-c", str(core)] if len(os.sched_getaffinity(0)) > 1 else []


@dataclass(frozen=True)
class Histogram:
    """How many observations were at most so much, by the bound in seconds."""

    counts: dict[float, float]

    def since(self, before: "Histogram") -> "Histogram":
        return Histogram({le: n - before.counts.get(le, 0) for le, n in self.counts.items()})

    @property
    def total(self) -> float:
        return max(self.counts.values(), default=0)

    def within(self, share: float) -> float:
        """The lowest bound that at least this share keeps to."""
        wanted = share * self.total
        return min((le for le, n in self.counts.items() if n >= wanted), default=0.0)


class Process:
    """A process that serves."""

    def __init__(self, pid: int, http: str, lmtp: str, took_s: float) -> None:
        self.pid = pid
        self.http = http
        self.lmtp = lmtp
        self.took_s = took_s  # from its start until it said that it had started

    def resident(self) -> int:
        """Bytes."""
        return self._status("VmRSS")

    def most_resident(self) -> int:
        """The most bytes there have been."""
        return self._status("VmHWM")

    def _status(self, name: str) -> int:
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.findall(rf"{name}:\s*(\d+) kB", status)[0]) * 1024

    def cpu_s(self) -> float:
        """Seconds of all its threads, in the kernel and out of it."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S

    def metrics(self) -> dict[str, float]:
        """Every sample by its name and labels."""
        with urllib.request.urlopen(f"{self.http}/metrics", timeout=30) as answer:
            text = answer.read().decode()
        return {
            sample.name + "".join(f",{k}={v}" for k, v in sample.labels.items()): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def histogram(self, name: str) -> Histogram:
        bucket = f"{name}_bucket,le="
        return Histogram(
            {
                float(key.removeprefix(bucket)): value
                for key, value in self.metrics().items()
                if key.startswith(bucket)
            }
        )


@contextmanager
def serve(folder: Path) -> Iterator[Process]:
    """`ewspush serve` on this data directory, on the first core."""
    listen = ("--http", "127.0.0.1:0", "--lmtp", "127.0.0.1:0")
    command = (*on_core(0), _ewspush(), "serve", "--data", str(folder), *listen)
    environment = {**os.environ, "EWSPUSH_DELIVERY_CALLBACK_ALLOW": "127.0.0.0/8"}
    began_s = time.perf_counter()
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stderr is not None
        try:
            said = []
            for line in process.stderr:
                said.append(line)
                if found := re.search(r"server.started .*http=(\S+) lmtp=(\S+)", line):
                    break
            else:
                raise click.ClickException("the server did not start:\n" + "".join(said[-20:]))
            took_s = time.perf_counter() - began_s
            # What it logs is read, or it would wait.
            threading.Thread(target=process.stderr.read, daemon=True).start()
            yield Process(process.pid, f"http://{found[1]}", found[2], took_s)
        finally:
            process.terminate()


class CommittingProcess(Process):
    """One that also commits events: see `committing.py`."""

    def __init__(self, process: "subprocess.Popen[str]", took_s: float) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._stdin, self._stdout = process.stdin, process.stdout
        http, lmtp = self._answer()
        super().__init__(process.pid, f"http://{http}", lmtp, took_s)

    def commit(self, mailboxes: Sequence[int], events: int, together: int, rate: float) -> None:
        """Log events, of the mailboxes in turn."""
        self._begin(mailboxes, events, together, rate, tell=False)
        self._answer()

    def commit_and_tell(
        self, mailboxes: Sequence[int], events: int, together: int, rate: float
    ) -> list[tuple[float, int]]:
        """When, by the monotonic clock, an event of which mailbox was committed."""
        self._begin(mailboxes, events, together, rate, tell=True)
        return list(self._answer())

    def begin_to_commit(
        self, mailboxes: Sequence[int], events: int, together: int, rate: float
    ) -> Callable[[], object]:
        """As `commit`; what is returned waits for the end."""
        self._begin(mailboxes, events, together, rate, tell=False)
        return self._answer

    def _begin(self, mailboxes: Sequence[int], *how: object, tell: bool) -> None:
        names = ("events", "together", "rate")
        what = {"mailboxes": mailboxes, "tell": tell, **dict(zip(names, how, strict=True))}
        self._stdin.write(json.dumps(what) + "\n")
        self._stdin.flush()

    def _answer(self) -> Any:
        line = self._stdout.readline()
        if not line:
            raise click.ClickException("the server ended")
        return json.loads(line)


@contextmanager
def serve_committing(folder: Path) -> Iterator[CommittingProcess]:
    """A server in a process that also commits, on the first core."""
    script = str(Path(__file__).with_name("committing.py"))
    command = (*on_core(0), sys.executable, script, str(folder))
    began_s = time.perf_counter()
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield CommittingProcess(process, time.perf_counter() - began_s)
        finally:
            process.terminate()


def _ewspush() -> str:
    return str(Path(sys.executable).with_name("ewspush"))
