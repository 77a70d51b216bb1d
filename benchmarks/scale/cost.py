"""What a notification costs the processor beside so many idle subscriptions."""

import statistics
import time
from pathlib import Path

import filling
from findings import Found, Line, Plot, Row
from responders import Nginx, nginx
from serving import serve_committing

RATE = 500
ACTIVE = 1000  # mailboxes whose events are notified of
TOGETHER = 10  # events with one transaction
_SIZES = (1000, 10_000, 100_000, 1_000_000)
_SPREAD = 0.15  # wanted, at most
_WARM_S, _WINDOWS, _WINDOW_S = 10, 5, 8


def run(folder: Path) -> Found:
    """The same load beside more and more who have nothing to do."""
    found = []
    for size in _SIZES:
        with nginx() as responders:
            found.append(measure(filling.new_folder(folder / f"{size}"), responders, size))
    spread = max(found) / min(found) - 1
    plot = Plot(
        "scale-cost",
        f"CPU of the server for a notification, at {RATE} a second",
        "idle subscriptions",
        "microseconds",
        [Line("", [float(size) for size in _SIZES], found)],
        scale="log",
    )
    rows = [
        Row(f"CPU of a notification beside {size:,} idle subscriptions", f"{cost_us:.0f} µs")
        for size, cost_us in zip(_SIZES, found, strict=True)
    ]
    rows.append(Row("... spread", f"{spread:.0%}", f"{_SPREAD:.0%}", spread <= _SPREAD))
    return Found(rows, [plot])


def measure(folder: Path, responders: Nginx, idle: int) -> float:
    """Microseconds of all threads, the logging of the event among them."""
    users = filling.make_users(folder, ACTIVE)
    mailboxes = [user.id for user in users]
    filling.add_active(folder, users, responders.url, filling.LONGEST_MIN)
    filling.add_idle(folder, idle, responders.url, filling.LONGEST_MIN)
    with serve_committing(folder) as process:
        process.commit(mailboxes, _WARM_S * RATE, TOGETHER, RATE)
        found = []
        for _ in range(_WINDOWS):
            before, cpu_s = responders.requests(), process.cpu_s()
            process.commit(mailboxes, _WINDOW_S * RATE, TOGETHER, RATE)
            time.sleep(0.1)
            found.append((process.cpu_s() - cpu_s) / (responders.requests() - before))
    return statistics.median(found) * 1e6
