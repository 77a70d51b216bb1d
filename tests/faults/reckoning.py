"""What every notification of a subscription must be, after those before it, and what is counted.

The rules are those of "The promise, exactly" in docs/architecture.md. Watermarks are integers here:
that of an event is its sequence in the mailbox's log and the mailbox's base.
"""

from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

_NO_KILL = 0  # before the first one
_TOLD = 5  # of what was wrong


@dataclass(frozen=True, slots=True)
class Notified:
    """A notification as it came. Acknowledged: the whole OK was written, in good time."""

    previous: int  # PreviousWatermark
    through: int  # the last Watermark
    events: Sequence[int]  # their watermarks; none for a StatusEvent
    is_acknowledged: bool
    at_s: float = 0.0  # on a monotonic clock


@dataclass(frozen=True, slots=True)
class Counts:
    """What came, and how much of it was wrong."""

    events: int = 0  # that the subscriptions wanted
    acknowledged: int = 0  # notifications
    refused: int = 0  # notifications that came and were not acknowledged
    lost: int = 0  # events that came in no acknowledged notification
    unwanted: int = 0  # events that came and are not in the log, or not wanted
    disordered: int = 0  # notifications with an event too early, too late or missing between
    broken: int = 0  # notifications whose PreviousWatermark breaks the chain
    repeated: int = 0  # acknowledged notifications that came again after a kill

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))

    @property
    def wrong(self) -> int:
        """What must be 0 whatever happens."""
        return self.lost + self.unwanted + self.disordered + self.broken


class Account:
    """All that came for one subscription, and whether it is what the promise says.

    A notification goes on from the last one that was acknowledged. After a kill, once, it may go on
    from one before: those acknowledged since then are repeated, and counted for that kill.
    """

    def __init__(self, watermark: int) -> None:
        self.seen = array("q")  # the events of acknowledged notifications, each once, as they came
        self.repeated: Counter[int] = Counter()  # acknowledged notifications, by kill
        self.forgotten_s = 0.0  # how long before its kill the oldest of these was acknowledged
        self._problems: list[str] = []
        self._given = [watermark]  # where the cursor may stand, and has stood, in order
        self._given_s = [0.0]  # since when
        self._first: tuple[int, int] | None = None  # of the last refused one: previous, first event
        self._kill, self._killed_s = _NO_KILL, 0.0
        self._may_repeat = False
        self._settled = watermark
        self._acknowledged = self._refused = self._disordered = self._broken = 0

    @property
    def last(self) -> int:
        """The last watermark that was acknowledged."""
        return self._given[-1]

    def server_killed(self, at_s: float = 0.0) -> None:
        """The server may have forgotten what it was told last."""
        self._kill, self._killed_s = self._kill + 1, at_s
        self._may_repeat = True

    def takes(self, notified: Notified) -> None:
        """A notification came, after all that were taken before."""
        self._go_back(notified.previous)
        if not self._is_in_order(notified):
            self._disordered += 1
            self._complain(f"after events up to {self.seen[-1:].tolist()} came {notified}")
        if notified.is_acknowledged:
            self._acknowledge(notified)
        else:
            self._refused += 1
            if notified.events:
                self._first = (notified.previous, notified.events[0])

    def settle(self, wanted: Sequence[int]) -> Counts:
        """Compare with what was wanted since the last time. The counts begin anew."""
        came = set(self.seen[bisect_right(self.seen, self._settled) :])
        logged = set(wanted)
        lost, unwanted = logged - came, came - logged
        if lost or unwanted:
            self._complain(f"lost {sorted(lost)[:_TOLD]}, not wanted {sorted(unwanted)[:_TOLD]}")
        counts = Counts(
            events=len(logged),
            acknowledged=self._acknowledged,
            refused=self._refused,
            lost=len(lost),
            unwanted=len(unwanted),
            disordered=self._disordered,
            broken=self._broken,
            repeated=self.repeated.total(),
        )
        self._settled = max([self._settled, *logged, *came])
        self._acknowledged = self._refused = self._disordered = self._broken = 0
        self.repeated.clear()
        self.forgotten_s = 0.0
        return counts

    def take_problems(self) -> list[str]:
        """The first things that were wrong since this was asked last, in words."""
        problems, self._problems = self._problems, []
        return problems

    def _complain(self, problem: str) -> None:
        if len(self._problems) < _TOLD:
            self._problems.append(problem)

    def _go_back(self, previous: int) -> None:
        """Check where a notification goes on from."""
        if previous == self.last:
            self._may_repeat = False  # the server has shown that it forgot nothing
            return
        position = bisect_right(self._given, previous)
        was_given = position > 0 and self._given[position - 1] == previous
        if not (was_given and self._may_repeat):
            self._broken += 1
            self._complain(f"PreviousWatermark {previous}, but {self.last} was acknowledged last")
            return
        self._may_repeat = False
        self.repeated[self._kill] += len(self._given) - position
        self.forgotten_s = max(self.forgotten_s, self._killed_s - self._given_s[position])
        del self._given[position:], self._given_s[position:]
        self._first = None

    def _is_in_order(self, notified: Notified) -> bool:
        """Whether the events are those that follow: what came already, as it came, then new."""
        events = list(notified.events)
        marks = [notified.previous, *events, notified.through]
        rises = all(one < next_ for one, next_ in pairwise(marks[:-1])) and marks[-2] <= marks[-1]
        came = list(self.seen[bisect_right(self.seen, notified.previous) :])
        together = min(len(came), len(events))
        repeats = came[:together] == events[:together]
        passes_over = not events and bool(came) and came[0] <= notified.through
        return rises and repeats and not passes_over and not self._begins_otherwise(notified)

    def _begins_otherwise(self, notified: Notified) -> bool:
        """Whether it is composed anew and has another first event than before."""
        if self._first is None or self._first[0] != notified.previous:
            return False
        return list(notified.events[:1]) != [self._first[1]]

    def _acknowledge(self, notified: Notified) -> None:
        self._acknowledged += 1
        self._first = None
        newest = self.seen[-1] if self.seen else notified.previous
        self.seen.extend(mark for mark in notified.events if mark > newest)
        if notified.through > self.last:
            self._given.append(notified.through)
            self._given_s.append(notified.at_s)
