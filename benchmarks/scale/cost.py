"""What a notification costs the processor beside so many idle subscriptions."""

import statistics
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import filling
from findings import Found, Line, Plot, Row
from responders import Nginx, nginx
from serving import CommittingProcess, serve_committing

RATE = 500
ACTIVE = 1000  # mailboxes whose events are notified of
TOGETHER = 10  # events with one transaction
_SIZES = (1000, 10_000, 100_000, 1_000_000)
_SPREAD = 0.15  # wanted, at most
_WARM_S, _ROUNDS, _WINDOW_S = 10, 9, 5


def run(folder: Path) -> Found:
    """The same load beside more and more who have nothing to do.

    All servers run all the time and have the load in turn, since a processor that is shared is not
    as quick at one time as at another: what counts is the median of the rounds' ratios.
    """
    found = measure(folder)
    costs_us = [statistics.median(each) for each in found]
    ratios = [
        statistics.median(cost / least for cost, least in zip(each, found[0], strict=True))
        for each in found
    ]
    spread = max(ratios) / min(ratios) - 1
    plot = Plot(
        "scale-cost",
        f"CPU of the server for a notification, at {RATE} a second",
        "idle subscriptions",
        "microseconds",
        [Line("", [float(size) for size in _SIZES], costs_us)],
        scale="log",
    )
    rows = [
        Row(
            f"CPU of a notification beside {size:,} idle subscriptions",
            f"{cost_us:.0f} µs, x {ratio:.2f}",
        )
        for size, cost_us, ratio in zip(_SIZES, costs_us, ratios, strict=True)
    ]
    rows.append(Row("... spread", f"{spread:.0%}", f"{_SPREAD:.0%}", spread <= _SPREAD))
    return Found(rows, [plot])


def measure(folder: Path) -> list[list[float]]:
    """For each size, what each round found: microseconds of all threads for a notification."""
    with ExitStack() as stack:
        loads = [_start(stack, filling.new_folder(folder / f"{size}"), size) for size in _SIZES]
        for load in loads:
            load.apply(_WARM_S)
        rounds = [[load.apply(_WINDOW_S) for load in loads] for _ in range(_ROUNDS)]
    return [list(of_size) for of_size in zip(*rounds, strict=True)]


@dataclass(frozen=True)
class _Load:
    """A server with its responders, and the mailboxes in which events are logged."""

    process: CommittingProcess
    responders: Nginx
    mailboxes: list[int]

    def apply(self, seconds: float) -> float:
        """Microseconds for a notification, the logging of its event among them."""
        before, cpu_s = self.responders.requests(), self.process.cpu_s()
        self.process.commit(self.mailboxes, int(seconds * RATE), TOGETHER, RATE)
        time.sleep(0.1)
        notifications = self.responders.requests() - before
        return 1e6 * (self.process.cpu_s() - cpu_s) / notifications


def _start(stack: ExitStack, folder: Path, idle: int) -> _Load:
    responders = stack.enter_context(nginx())
    users = filling.make_users(folder, ACTIVE)
    filling.add_active(folder, users, responders.url, filling.LONGEST_MIN)
    filling.add_idle(folder, idle, responders.url, filling.LONGEST_MIN)
    process = stack.enter_context(serve_committing(folder))
    return _Load(process, responders, [user.id for user in users])
