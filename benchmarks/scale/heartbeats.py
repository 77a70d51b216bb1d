"""Heartbeats of a million subscriptions: how late they are, and what they cost."""

import time
from dataclasses import dataclass
from pathlib import Path

import filling
from findings import Found, Line, Plot, Row, ms
from responders import Nginx, nginx
from serving import Histogram, Process, serve

LATENESS = "ewspush_heartbeat_lateness_seconds"
SUBSCRIPTIONS = 1_000_000
MEASURED_S = {5: 360, 2: 180, 1: 180}  # by StatusFrequency in minutes
_LONGEST = max(MEASURED_S)
_LATE_S, _P99_S, _CPU = 1.0, 0.250, 0.60  # wanted, at most
_EVERY_S = 5.0


@dataclass(frozen=True)
class Sample:
    """What went on since the sample before."""

    at_s: float  # since the server had started
    rate: float  # heartbeats a second
    cpu: float  # of one core


@dataclass(frozen=True)
class Heartbeats:
    """What was found with one StatusFrequency."""

    frequency_min: int
    samples: list[Sample]
    lateness: Histogram
    cpu: float  # of one core
    sent: float  # by the server's own count
    arrived: int  # as nginx counts
    failed: float

    @property
    def rate(self) -> float:
        return sum(s.rate for s in self.samples) / len(self.samples)

    @property
    def late(self) -> int:
        """How many were more than a second late."""
        return round(self.lateness.total - self.lateness.counts[_LATE_S])

    @property
    def p99_s(self) -> float:
        """At most, as the buckets of the histogram say."""
        return self.lateness.within(0.99)


def run(folder: Path) -> Found:
    """A million subscriptions, with shorter and shorter StatusFrequency."""
    filling.make_users(folder, 1)
    found = []
    with nginx() as responders:
        filling.add_idle(folder, SUBSCRIPTIONS, responders.url, filling.LONGEST_MIN)
        for frequency_min, for_s in MEASURED_S.items():
            filling.set_status_frequency(folder, frequency_min)
            # After a start heartbeats come twice as often for half an interval. The first
            # measurement has that in it; the others are of the rate that stays.
            after_s = 0 if frequency_min == _LONGEST else frequency_min * 60
            found.append(measure(folder, responders, frequency_min, after_s, for_s))
    plot = Plot(
        "scale-heartbeats",
        f"Heartbeats of {SUBSCRIPTIONS:,} subscriptions",
        "seconds since the start",
        "a second",
        [
            Line(
                f"StatusFrequency {each.frequency_min}",
                [sample.at_s for sample in each.samples],
                [sample.rate for sample in each.samples],
            )
            for each in found
        ],
    )
    return Found([row for each in found for row in _rows(each)], [plot])


def _rows(found: Heartbeats) -> list[Row]:
    name = f"heartbeats, StatusFrequency {found.frequency_min}"
    is_wanted = found.frequency_min == _LONGEST
    counted = f"{found.sent:,.0f} sent, {found.arrived:,} arrived, {found.failed:.0f} failed"
    return [
        Row(f"{name}: a second", f"{found.rate:,.0f}"),
        Row(
            f"... more than {ms(_LATE_S)} late, of {found.lateness.total:,.0f}",
            f"{found.late:,}",
            "0",
            not found.late,
        ),
        Row(
            "... p99 of lateness",
            f"at most {ms(found.p99_s)}",
            ms(_P99_S),
            found.p99_s <= _P99_S,
        ),
        Row(
            "... CPU of one core",
            f"{found.cpu:.0%}",
            f"{_CPU:.0%}" if is_wanted else "",
            found.cpu < _CPU if is_wanted else None,
        ),
        Row("... counted by the server and by nginx", counted),
    ]


def measure(
    folder: Path, nginx: Nginx, frequency_min: int, after_s: float, for_s: float
) -> Heartbeats:
    """`for_s` seconds of a server that has `after_s` seconds first."""
    with serve(folder) as process:
        time.sleep(after_s)
        return _measure(process, nginx, frequency_min, after_s, for_s)


def _measure(
    process: Process, nginx: Nginx, frequency_min: int, after_s: float, for_s: float
) -> Heartbeats:
    arrived, lateness, first = nginx.requests(), process.histogram(LATENESS), _counts(process)
    samples, before = [], first
    while before[0] - first[0] < for_s:
        time.sleep(_EVERY_S)
        now = _counts(process)
        samples.append(
            Sample(
                now[0] - first[0] + after_s,
                (now[1] - before[1]) / (now[0] - before[0]),
                (now[2] - before[2]) / (now[0] - before[0]),
            )
        )
        before = now
    return Heartbeats(
        frequency_min,
        samples,
        process.histogram(LATENESS).since(lateness),
        (before[2] - first[2]) / (before[0] - first[0]),
        before[1] - first[1],
        nginx.requests() - arrived,
        before[3] - first[3],
    )


def _counts(process: Process) -> tuple[float, float, float, float]:
    """When, heartbeats sent, seconds of the processor, attempts that failed."""
    metrics = process.metrics()
    attempts = {k: v for k, v in metrics.items() if k.startswith("ewspush_attempts_total")}
    failed = sum(attempts.values()) - attempts.get("ewspush_attempts_total,outcome=OK", 0)
    return time.monotonic(), metrics["ewspush_heartbeats_total"], process.cpu_s(), failed
