"""What healthy origins notice of four that fail, each in a way of its own."""

import statistics
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import filling
from findings import Found, Row, ms
from responders import ORIGINS, Responder, responder
from serving import CommittingProcess, serve_committing

FAULTS = ("silent", "slow:10", "reset", "garbage")
SUBSCRIPTIONS = 1000
_RATE, _LATENCY_S = 500, 15
_HIGH_RATE, _THROUGHPUT_S = 2500, 8
_TOGETHER = 10
_RECOVERY_S = 300
_ROUNDS = 5
_GROWTH, _SHARE = 1.2, 0.9  # wanted: of latency at most, of throughput at least


@dataclass(frozen=True)
class Run:
    """Of healthy origins: of those that are healthy in every run."""

    p50_s: float
    p99_s: float
    throughput: float  # a second


def run(folder: Path) -> Found:
    """Runs with and without faults in turn; medians."""
    runs: dict[bool, list[Run]] = {False: [], True: []}
    for n in range(2 * _ROUNDS):
        with responder() as responders:
            is_faulty = bool(n % 2)
            found = measure(filling.new_folder(folder / f"{n}"), responders, is_faulty)
            runs[is_faulty].append(found)
    with responder() as responders:
        untold = lost(filling.new_folder(folder / "lost"), responders)
    p99_s, growth = _compared(runs, lambda run: run.p99_s)
    throughput, share = _compared(runs, lambda run: run.throughput)
    return Found(
        [
            Row(
                "four of ten origins fail: p99 of the healthy, without / with",
                f"{ms(p99_s[0])} / {ms(p99_s[1])}, x {growth:.2f}",
                f"x {_GROWTH} at most",
                growth <= _GROWTH,
            ),
            Row(
                "... notifications a second of the healthy, without / with",
                f"{throughput[0]:,.0f} / {throughput[1]:,.0f}, x {share:.2f}",
                f"x {_SHARE} at least",
                share >= _SHARE,
            ),
            Row(
                f"... of {SUBSCRIPTIONS:,} not told of everything after the faults",
                f"{untold}",
                "0",
                not untold,
            ),
        ]
    )


def _compared(
    runs: dict[bool, list[Run]], of: Callable[[Run], float]
) -> tuple[tuple[float, float], float]:
    """The medians without and with faults, and the median of the rounds' ratios."""
    without, with_faults = ([of(run) for run in runs[each]] for each in (False, True))
    ratios = [after / before for before, after in zip(without, with_faults, strict=True)]
    return (statistics.median(without), statistics.median(with_faults)), statistics.median(ratios)


def measure(folder: Path, responder: Responder, is_faulty: bool) -> Run:
    """One run, on a database and a server of its own."""
    _behave(responder, FAULTS if is_faulty else ())
    mailboxes = _fill(folder, responder)
    with serve_committing(folder) as process:
        process.commit(mailboxes, 2 * _RATE, _TOGETHER, _RATE)
        latencies = _latencies(process, responder, mailboxes)
        throughput = _throughput(process, responder, mailboxes)
    return Run(statistics.median(latencies), _percentile(latencies, 0.99), throughput)


def lost(folder: Path, responder: Responder) -> int:
    """Subscriptions that were not told of everything once the faults were over."""
    _behave(responder, FAULTS)
    mailboxes = _fill(folder, responder)
    with serve_committing(folder) as process:
        process.commit(mailboxes, _LATENCY_S * _RATE, _TOGETHER, _RATE)
        time.sleep(40)  # more than the silent ones are waited for
        _behave(responder, ())
        until_s = time.monotonic() + _RECOVERY_S
        while time.monotonic() < until_s and process.metrics()["ewspush_retrying_subscriptions"]:
            time.sleep(1)
        time.sleep(1)  # until cursors are written
    behind = "acknowledged < (SELECT head FROM mailboxes WHERE id = mailbox_id)"
    return filling.count(folder, f"{behind} OR phase != 'idle'")


def _behave(responder: Responder, faults: tuple[str, ...]) -> None:
    for origin in range(ORIGINS):
        responder.behave(origin, faults[origin] if origin < len(faults) else "ack")


def _fill(folder: Path, responder: Responder) -> list[int]:
    users = filling.make_users(folder, SUBSCRIPTIONS)
    filling.add_active(folder, users, responder.url, filling.LONGEST_MIN)
    return [user.id for user in users]


def _latencies(
    process: CommittingProcess, responder: Responder, mailboxes: list[int]
) -> list[float]:
    responder.counts()
    commits = process.commit_and_tell(mailboxes, _LATENCY_S * _RATE, _TOGETHER, _RATE)
    time.sleep(1)
    arrivals: dict[int, list[float]] = defaultdict(list)
    for origin in _healthy(responder):
        for at_s, subscription in origin["arrivals"]:
            arrivals[mailboxes[subscription]].append(at_s)
    # A notification may overtake whoever puts down when the commit was.
    return [
        max(0.0, later[0] - at_s)
        for at_s, mailbox in commits
        if (later := arrivals[mailbox][bisect_left(arrivals[mailbox], at_s - 0.01) :])
    ]


def _throughput(process: CommittingProcess, responder: Responder, mailboxes: list[int]) -> float:
    before = sum(origin["acknowledged"] for origin in _healthy(responder))
    began_s = time.monotonic()
    process.commit(mailboxes, _THROUGHPUT_S * _HIGH_RATE, _TOGETHER, _HIGH_RATE)
    after = sum(origin["acknowledged"] for origin in _healthy(responder))
    return float(after - before) / (time.monotonic() - began_s)


def _healthy(responder: Responder) -> list[dict[str, Any]]:
    return responder.counts()[len(FAULTS) :]


def _percentile(values: list[float], share: float) -> float:
    return sorted(values)[int(len(values) * share)]
