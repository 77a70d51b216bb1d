"""Memory while responders are slow and a million events come."""

from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import filling
from findings import Found, Line, Plot, Row
from responders import Responder, responder
from serving import serve_committing

EVENTS = 1_000_000
MAILBOXES = 1000
_TOGETHER = 1000
_EVERY_S = 1.0
_GROWTH = 0.10  # wanted, at most
_SLOW = "slow:10"


@dataclass(frozen=True)
class Pressure:
    """Resident bytes by events that were logged, and what had been acknowledged at the end."""

    resident: list[tuple[int, int]]
    acknowledged: int  # notifications

    @property
    def growth(self) -> float:
        """From when half was logged, as a share of what was resident then."""
        first = next(bytes_ for events, bytes_ in self.resident if events >= EVENTS // 2)
        return self.resident[-1][1] / first - 1


def run(folder: Path) -> Found:
    """Events come, and responders take ten seconds for each notification."""
    with responder() as responders:
        found = measure(folder, responders)
    line = Line(
        "",
        [float(events) for events, _ in found.resident],
        [resident / 1e6 for _, resident in found.resident],
    )
    plot = Plot("scale-pressure", "Memory while responders are slow", "events logged", "MB", [line])
    return Found(
        [
            Row(
                f"{EVENTS:,} events pending: growth of memory with the second half of them",
                f"{found.growth:.0%} (to {line.y[-1]:.0f} MB)",
                f"{_GROWTH:.0%}",
                found.growth <= _GROWTH,
            )
        ],
        [plot],
    )


def measure(folder: Path, responder: Responder) -> Pressure:
    """All responders slow, from the beginning."""
    for origin in range(len(responder.ports)):
        responder.behave(origin, _SLOW)
    users = filling.make_users(folder, MAILBOXES)
    filling.add_active(folder, users, responder.url, filling.LONGEST_MIN)
    with serve_committing(folder) as process:
        mailboxes = [user.id for user in users]
        committing = Thread(
            target=process.commit, args=(mailboxes, EVENTS, _TOGETHER, 0), daemon=True
        )
        committing.start()
        resident = []
        while committing.is_alive():
            committing.join(_EVERY_S)
            logged = int(process.metrics()["ewspush_events_logged_total"])
            resident.append((logged, process.resident()))
        acknowledged = sum(origin["acknowledged"] for origin in responder.counts())
    return Pressure(resident, acknowledged)
