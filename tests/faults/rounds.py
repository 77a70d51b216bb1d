"""A round: one fault strikes a world under load and is mended, so often, and all is reckoned."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from faults import manners
from faults.faults import (
    ClockStepped,
    DescriptorsOut,
    DiskFull,
    Distrusted,
    Fault,
    Killed,
    KilledAmid,
    Locked,
    Misbehaves,
    Stopped,
    Together,
)
from faults.reckoning import Counts
from faults.world import UNWRITTEN, World


@dataclass(frozen=True)
class Plan:
    """How often a fault strikes, for how long, and how long it is quiet in between."""

    fault: Fault
    strikes: int
    held_s: float
    quiet_s: float


@dataclass(frozen=True)
class Row:
    """What came of a round."""

    fault: str
    strikes: int
    seconds: float  # under load
    logged: int  # events
    refused: int  # deliveries and requests of clients
    counts: Counts
    mail_lost: int
    worst_kill: int  # notifications repeated for one kill
    forgotten_s: float  # before a kill: the oldest acknowledgement that it made forgotten
    complaints: Sequence[str]  # of clients, and of the server about itself

    @property
    def is_good(self) -> bool:
        return not (
            self.counts.wrong or self.mail_lost or self.complaints or self.worst_kill > UNWRITTEN
        )


def play(world: World, plan: Plan, random: Random) -> Row:
    """Play a round. Raises Impossible."""
    fault = plan.fault
    with fault.conditions(world):
        refused, complained = world.load.refused, len(world.complaints())
        seconds = _strike_under_load(world, plan, random)
        reckoned = world.settle()
    return Row(
        fault=fault.name,
        strikes=plan.strikes,
        seconds=seconds,
        logged=reckoned.logged,
        refused=world.load.refused - refused,
        counts=reckoned.counts,
        mail_lost=reckoned.mail_lost,
        worst_kill=reckoned.worst_kill,
        forgotten_s=reckoned.forgotten_s,
        complaints=[
            *reckoned.problems,
            *(
                text
                for text in world.complaints()[complained:]
                if fault.explains is None or fault.explains not in text
            ),
        ],
    )


def _strike_under_load(world: World, plan: Plan, random: Random) -> float:
    """How many seconds the load was on."""
    began_s = time.monotonic()
    world.load.run()
    try:
        for _ in range(plan.strikes):
            time.sleep(plan.quiet_s * random.uniform(0.5, 1.5))
            plan.fault.strike(world)
            try:
                _wait_until_it_bites(world, plan.fault)
                time.sleep(plan.held_s)
            finally:
                plan.fault.mend(world)
        time.sleep(plan.quiet_s)
    finally:
        world.load.pause()
    return time.monotonic() - began_s


def _wait_until_it_bites(world: World, fault: Fault) -> None:
    until_s = time.monotonic() + world.size.patience_s
    while not fault.has_bitten(world):
        assert time.monotonic() < until_s, f"{fault.name}: nothing has met with it"
        time.sleep(0.1)


# The faults

_MANNERS = (
    ("responders reset", manners.resets),
    ("responders stall in their answers", manners.stalls),
    ("responders' answers never end", manners.never_ends),
    ("responders close kept-alive connections as a request goes out", manners.closes),
    ("responders lie about Content-Length", manners.lies),
)
_TOGETHER = "responders misbehave in all ways at once"
_AMID = f"server killed while {_TOGETHER}"


def _one_by_one() -> list[Fault]:
    """At half of the ports."""
    return [Misbehaves(name, manner, lambda ports: ports[::2]) for name, manner in _MANNERS]


def _at_once() -> list[Fault]:
    """Each at a port of its own."""
    return [
        Misbehaves(name, manner, lambda ports, n=n: ports[n : n + 1])
        for n, (name, manner) in enumerate(_MANNERS)
    ]


def short() -> list[Plan]:
    """Every fault once, in a few seconds each."""

    def plan(fault: Fault, strikes: int = 1) -> Plan:
        return Plan(fault, strikes, held_s=0.5, quiet_s=0.5)

    return [
        plan(Stopped()),
        plan(Together(_TOGETHER, *_at_once(), Distrusted())),
        plan(Locked()),
        plan(DescriptorsOut()),
        plan(DiskFull()),
        plan(ClockStepped(), strikes=2),
        plan(Killed()),
    ]


def long(minutes: float) -> list[Plan]:
    """Every fault by itself, and kills amid the others, for about so many minutes."""

    def times(in_twenty: int) -> int:
        return max(1, round(in_twenty * minutes / 20))

    def for_s(in_twenty: float) -> float:
        return max(2.0, in_twenty * min(1.0, minutes / 20))

    return [
        Plan(Killed(), times(20), 0.0, 5.0),
        Plan(Stopped(), times(8), 0.0, 5.0),
        *(Plan(fault, times(2), for_s(18), 5.0) for fault in [*_one_by_one(), Distrusted()]),
        Plan(DiskFull(), times(3), for_s(15), 5.0),
        Plan(Locked(), times(2), 30.0, 5.0),
        Plan(DescriptorsOut(), times(2), for_s(20), 5.0),
        Plan(ClockStepped(), 2 * times(2), for_s(12), 5.0),
        Plan(KilledAmid(_AMID, *_at_once(), Distrusted()), times(10), for_s(6), 2.0),
    ]


def complaint_counts(rows: Sequence[Row]) -> Counter[str]:
    """What was complained of, how often."""
    return Counter(complaint for row in rows for complaint in row.complaints)
