"""What is measured, what it is held against, and what is wanted of it."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Found = Mapping[str, Sequence[float]]  # by name: what each round found

HTTP, LOGGING, HTTPS, UNRECORDED = "ours", "with logging", "https", "no attempt log"
CATCHING_UP, P50, P99 = "catching up", "p50", "p99"

# Those of the latencies that are kept, closer and closer to all.
PERCENTS = (*range(1, 91), *(100 - 10 / 1.1**n for n in range(72)), 100)


@dataclass(frozen=True)
class Figure:
    """A line of the table."""

    what: str
    ours: str  # the name under which ours is found
    peer: str = ""  # and what it is compared with
    peer_is: str = ""
    wanted: float | None = None  # of the ratio if there is a peer
    at_most: bool = False  # what is wanted, instead of at least
    decimals: int = 0

    def value(self, found: Found) -> float:
        return statistics.median(found[self.ours])

    def ratio(self, found: Found) -> float | None:
        """The median of the rounds' ratios."""
        return _ratio(found[self.ours], found[self.peer]) if self.peer else None

    def cpu_ratio(self, found: Found) -> float | None:
        """The same for a CPU second of each process."""
        if not self.peer:
            return None
        return _ratio(found[of_cpu(self.ours)], found[of_cpu(self.peer)])

    def is_met(self, found: Found) -> bool:
        ratio = self.ratio(found)
        held = self.value(found) if ratio is None else ratio
        if self.wanted is None:
            return True
        return held <= self.wanted if self.at_most else held >= self.wanted


def of_cpu(name: str) -> str:
    """The name under which the rates by CPU time are found."""
    return f"{name}, CPU"


def _ratio(ours: Sequence[float], peers: Sequence[float]) -> float:
    return statistics.median(our / peer for our, peer in zip(ours, peers, strict=True))


_A_SECOND = "notifications a second"
FIGURES = (
    Figure(_A_SECOND, HTTP, "aiohttp_loop", "a bare aiohttp loop", 1.5),
    Figure(_A_SECOND, HTTP, "twisted_loop", "a bare loop on Twisted's Agent", 2.5),
    Figure(_A_SECOND, HTTP, "dramatiq_worker", "a dramatiq worker", 10),
    Figure(_A_SECOND, HTTP, "celery_worker", "a Celery worker", 20),
    Figure(_A_SECOND, HTTP, "curl_ceiling", "pycurl's multi interface (the ceiling)", 0.2),
    Figure(f"{_A_SECOND}, https", HTTPS, HTTP, "its own http", 0.8),
    Figure(_A_SECOND, HTTP, UNRECORDED, "itself without the attempt log", 0.85),
    Figure(f"{_A_SECOND}, with logging the events", LOGGING),
    Figure("events a second, catching up", CATCHING_UP, wanted=20_000),
    Figure("commit to first byte, p50, ms", P50, wanted=5, at_most=True, decimals=2),
    Figure("commit to first byte, p99, ms", P99, wanted=25, at_most=True, decimals=2),
)


def percentile(ascending: Sequence[float], percent: float) -> float:
    """The smallest value that at least so many of a hundred do not exceed."""
    return ascending[max(0, math.ceil(len(ascending) * percent / 100) - 1)]
