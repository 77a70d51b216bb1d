"""What is due when, for a great many things of which few are due soon."""

import math
from collections.abc import Iterator
from heapq import heappop, heappush
from typing import Any, Generic, TypeVar

TICKS_PER_S = 100
NEVER = math.inf


class Entry:
    """A thing that can be due. `due_s` is read by others and set by the agenda alone."""

    __slots__ = ("_bucket", "due_s")

    def __init__(self) -> None:
        self.due_s = NEVER
        self._bucket: _Bucket | None = None  # where the agenda has it


class _Bucket:
    """Entries that are looked at together when their tick comes."""

    __slots__ = ("entries", "tick")

    def __init__(self, tick: int) -> None:
        self.tick = tick
        self.entries: list[Any] = []


E = TypeVar("E", bound=Entry)


class Agenda(Generic[E]):
    """Entries in buckets of one tick. Nothing falls due early, and at most a tick late.

    An entry stands in one bucket at a time. A time that moves later costs nothing: the entry stays
    where it is and is listed anew when its old tick comes. So a heartbeat that every success puts
    off is moved once an interval, not at every success.

    What is not due in this second is listed under the second in which it is due, and under its tick
    when that comes: a million entries of a day are in buckets of a dozen, not each in its own.
    """

    def __init__(self) -> None:
        self._buckets: dict[int, _Bucket] = {}
        self._ticks: list[int] = []  # a heap
        self._passed = -1  # the tick that was taken last
        self.taken_s = 0.0  # when those that `take_due` hands over now were due, to a tick

    def set(self, entry: E, due_s: float) -> None:
        """Have `entry` fall due then, and not at the time that was set before."""
        entry.due_s = due_s
        if due_s < NEVER:
            self._list(entry)

    def next_s(self) -> float | None:
        """When to call `take_due` next; None if nothing is listed. Perhaps nothing is due then."""
        return self._ticks[0] / TICKS_PER_S if self._ticks else None

    def take_due(self, now_s: float) -> Iterator[E]:
        """The entries that are due, each once: they are due NEVER until set again."""
        while self._ticks and self._ticks[0] / TICKS_PER_S <= now_s:
            tick = self._passed = heappop(self._ticks)
            self.taken_s = tick / TICKS_PER_S
            bucket = self._buckets.pop(tick)
            for entry in bucket.entries:
                if entry._bucket is not bucket:
                    continue  # moved to an earlier bucket meanwhile
                entry._bucket = None
                if entry.due_s == NEVER:
                    continue
                # Ticks are compared, not times: rounding could list it under this tick again.
                if _tick_of(entry.due_s) <= tick:
                    entry.due_s = NEVER
                    yield entry
                else:
                    self._list(entry)

    def _list(self, entry: E) -> None:
        tick = _tick_of(entry.due_s)
        listed = entry._bucket
        if listed is not None and listed.tick <= tick:
            return
        second = tick - tick % TICKS_PER_S
        if second > self._passed:
            tick = second
        bucket = self._buckets.get(tick)
        if bucket is None:
            bucket = self._buckets[tick] = _Bucket(tick)
            heappush(self._ticks, tick)
        bucket.entries.append(entry)
        entry._bucket = bucket


def taken_at_s(due_s: float) -> float:
    """When an agenda hands over what is due then: at the end of its tick."""
    return _tick_of(due_s) / TICKS_PER_S


def _tick_of(due_s: float) -> int:
    return math.ceil(due_s * TICKS_PER_S)
