"""One run of each thing that is measured, and what it found."""

import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import breakdown
import click
import machine
from machine import HERE, StaticResponder

SUBSCRIPTIONS = 2000
BODY_BYTES = 1200  # of a notification with one event
CONNECTIONS = 50  # as many as the server opens to one origin
_ROUNDS = 8  # of one event in each mailbox
_WARM_UP = 2  # of these: connections are opened, caches filled
_PROFILED_ROUNDS = 30
_SAMPLES_A_SECOND = 250
_BEHIND = 100_000  # events
_CATCHING_UP = 2  # times in a run

_LATENCY_SUBSCRIPTIONS = 10_000
_EVENTS_A_SECOND = 500
_LATENCY_S = 15

PEERS = {  # name, and requests in a run: a few seconds of them
    "aiohttp_loop": 20_000,
    "twisted_loop": 10_000,
    "curl_ceiling": 100_000,
    "dramatiq_worker": 3_000,
    "celery_worker": 2_000,
}
_WORKERS = {"dramatiq_worker": 8, "celery_worker": 8}  # threads


@dataclass(frozen=True)
class Runs:
    """Runs, each in a process of its own on the first core."""

    responder: StaticResponder
    redis: Path  # its socket
    peers_python: str  # that has the peers
    folder: Path  # for files meanwhile

    def delivery(self) -> tuple[float, ...]:
        """Notifications over http a second and a CPU second; both with logging the events, too."""
        return self._ours(self.responder.http)

    def delivery_over_tls(self) -> tuple[float, ...]:
        """The same over https."""
        return self._ours(self.responder.https, self.responder.ca_file)

    def delivery_unrecorded(self) -> tuple[float, ...]:
        """The same without the attempt log."""
        return self._ours(self.responder.http, EWSPUSH_ATTEMPTS_KEEP="0")

    def _ours(self, url: str, *ca_file: Path, **environment: str) -> tuple[float, ...]:
        command = (sys.executable, HERE / "ours.py", url, SUBSCRIPTIONS, _ROUNDS, *ca_file)
        printed = machine.run(*command, **environment)
        rates = [tuple(map(float, line.split())) for line in printed.splitlines()[_WARM_UP:]]
        return tuple(map(statistics.median, zip(*rates, strict=True)))

    def peer(self, name: str) -> tuple[float, ...]:
        """Requests a second and a CPU second."""
        arguments = [self.responder.http, BODY_BYTES, PEERS[name]]
        if name in _WORKERS:
            arguments += [_WORKERS[name], self.redis]
        else:
            arguments.append(CONNECTIONS)
        printed = machine.run(self.peers_python, HERE / f"{name}.py", *arguments)
        return tuple(map(float, printed.split()))

    def catching_up(self) -> float:
        """Events a second."""
        script = HERE / "catching_up.py"
        printed = machine.run(sys.executable, script, self.responder.http, _BEHIND, _CATCHING_UP)
        return statistics.median(map(float, printed.splitlines()))

    def latencies(self) -> list[float]:
        """Milliseconds from each commit to the first byte at the responder, ascending."""
        committed, arrived = self.folder / "committed", self.folder / "arrived"
        with machine.recording_responder(sys.executable, arrived) as url:
            load = (_LATENCY_SUBSCRIPTIONS, _EVENTS_A_SECOND, _LATENCY_S)
            machine.run(sys.executable, HERE / "latency.py", url, *load, committed)
        first: dict[tuple[str, str], float] = {}
        for key, at_s in _times(arrived):
            first.setdefault(key, at_s)
        try:
            return sorted(1000 * (first[key] - at_s) for key, at_s in _times(committed))
        except KeyError:
            raise click.ClickException("an event did not arrive") from None

    def profile(self) -> list[breakdown.Sample]:
        """What the server does while it delivers over http."""
        raw = self.folder / "profile"
        ours = machine.on_core(
            0,
            sys.executable,
            HERE / "ours.py",
            self.responder.http,
            SUBSCRIPTIONS,
            _PROFILED_ROUNDS,
        )
        py_spy = Path(self.peers_python).with_name("py-spy")
        options = ("record", "--rate", _SAMPLES_A_SECOND, "--format", "raw", "--output", raw, "--")
        machine.output_of(machine.on_core(1, py_spy, *options, *ours))
        return list(breakdown.samples(raw))


def _times(file: Path) -> Iterator[tuple[tuple[str, str], float]]:
    """Of each event: SubscriptionId and Watermark, and the time, in seconds."""
    for line in file.read_text().splitlines():
        subscription, watermark, at_s = line.split()
        yield (subscription, watermark), float(at_s)
