"""An origin that goes away and comes back."""

import time
from dataclasses import dataclass
from pathlib import Path

import filling
from findings import Found, Line, Plot, Row
from responders import Responder, responder
from serving import Process, serve

SUBSCRIPTIONS = 10_000
FREQUENCY_MIN = 5
_BEFORE_S, AWAY_S, _LONGEST_S = 60, 180, 240
_EVERY_S = 0.5
_CONNECTIONS, _CAUGHT_UP_S = 50, 60  # wanted, at most


@dataclass(frozen=True)
class Outage:
    """What was seen. Times are seconds since the return."""

    caught_up_s: float  # until nobody was retrying
    most_connections: int
    parked: float
    failing: float  # at the return
    retrying: list[tuple[float, float]]  # how many at which time


def run(folder: Path) -> Found:
    """One origin, away for three minutes."""
    with responder(1) as responders:
        found = measure(folder, responders)
    plot = Plot(
        "scale-outage",
        f"{SUBSCRIPTIONS:,} subscriptions after {AWAY_S} s without their origin",
        "seconds since its return",
        "retrying",
        [Line("", [at_s for at_s, _ in found.retrying], [count for _, count in found.retrying])],
    )
    return Found(
        [
            Row(
                f"an origin back after {AWAY_S} s: most connections",
                f"{found.most_connections}",
                f"{_CONNECTIONS}",
                found.most_connections <= _CONNECTIONS,
            ),
            Row(
                f"... {found.failing:,.0f} that were retrying caught up after",
                f"{found.caught_up_s:.0f} s",
                f"{_CAUGHT_UP_S} s",
                found.caught_up_s <= _CAUGHT_UP_S,
            ),
            Row("... parked", f"{found.parked:.0f}", "0", not found.parked),
        ],
        [plot],
    )


def measure(folder: Path, responder: Responder) -> Outage:
    """Heartbeats for a minute, an outage, and what follows."""
    filling.make_users(folder, 1)
    filling.add_idle(folder, SUBSCRIPTIONS, responder.url, FREQUENCY_MIN)
    with serve(folder) as process:
        time.sleep(_BEFORE_S)
        responder.behave(0, "away")
        time.sleep(AWAY_S)
        failing = process.metrics()["ewspush_retrying_subscriptions"]
        responder.counts()
        responder.behave(0, "ack")
        retrying = _watch(process)
        (counts,) = responder.counts()
        parked = process.metrics()["ewspush_subscriptions_parked_total"]
    return Outage(retrying[-1][0], counts["most_connections"], parked, failing, retrying)


def _watch(process: Process) -> list[tuple[float, float]]:
    began_s, found = time.monotonic(), []
    while not found or (found[-1][1] and found[-1][0] < _LONGEST_S):
        time.sleep(_EVERY_S)
        retrying = process.metrics()["ewspush_retrying_subscriptions"]
        found.append((time.monotonic() - began_s, retrying))
    return found
