"""Which exchanges may begin with a name lookup, so that names that hang do not delay the rest.

libcurl looks names up in 20 threads, two for each name (IPv4 and IPv6). One that hangs holds them
until the resolver gives up, even if its exchange ends, and the next in line wait on their own time.
"""

from collections import deque
from typing import Generic, TypeVar

W = TypeVar("W")

_REMEMBERED = 50_000  # authorities of each kind

# Of ten at once. The rest is for authorities known to resolve, which wait for nothing here.
_FIRST_LOOKUPS = 5
_LOOKUPS_AFTER_A_FAILURE = 2


class _Lane:
    """A bound on lookups, and the authorities waiting for their turn."""

    def __init__(self, limit: int) -> None:
        self.free = limit
        self.queue: deque[str] = deque()


class NameLookups(Generic[W]):
    """Lets one exchange of an authority (host and port) find out whether its name resolves.

    The others wait for its result, and authorities wait for each other. One that resolved lately
    waits for nothing, and one that failed lately only for others that failed.
    `ready` holds those that waited and may start now; whoever starts exchanges empties it.
    """

    def __init__(self) -> None:
        self.ready: deque[W] = deque()
        self.looking: dict[str, _Lane] = {}
        self._waiting: dict[str, list[W]] = {}  # of every authority looking or queued
        self._resolved: dict[str, None] = {}
        self._failed: dict[str, None] = {}
        self._first = _Lane(_FIRST_LOOKUPS)
        self._after_a_failure = _Lane(_LOOKUPS_AFTER_A_FAILURE)

    def admit(self, authority: str, waiter: W) -> bool:
        """Whether `waiter` may start now; otherwise it comes out of `ready` or `failed`
        later."""
        if authority in self._resolved:
            return True
        if authority in self._waiting:
            self._waiting[authority].append(waiter)
            return False
        lane = self._after_a_failure if authority in self._failed else self._first
        if lane.free:
            lane.free -= 1
            self.looking[authority] = lane
            self._waiting[authority] = []
            return True
        lane.queue.append(authority)
        self._waiting[authority] = [waiter]
        return False

    def resolved(self, authority: str) -> None:
        """The name has an address: whoever waited for it may start."""
        self._failed.pop(authority, None)
        _remember(self._resolved, authority)
        self.ready.extend(self._end(authority))

    def failed(self, authority: str) -> list[W]:
        """The name has none, or nobody said in time; returns those who waited to know."""
        self._resolved.pop(authority, None)
        _remember(self._failed, authority)
        return self._end(authority)

    def undecided(self, authority: str) -> None:
        """The exchange ended without a result; the next who waited looks."""
        self.ready.extend(w for w in self._end(authority) if self.admit(authority, w))

    def waiting(self) -> list[W]:
        """All that wait or may start."""
        return [*self.ready, *(w for waiters in self._waiting.values() for w in waiters)]

    def _end(self, authority: str) -> list[W]:
        lane = self.looking.pop(authority, None)
        if lane is None:
            return []
        lane.free += 1
        self._next(lane)
        return self._waiting.pop(authority)

    def _next(self, lane: _Lane) -> None:
        if not lane.queue:
            return
        authority = lane.queue.popleft()
        lane.free -= 1
        self.looking[authority] = lane
        self.ready.append(self._waiting[authority].pop(0))


def _remember(names: dict[str, None], name: str) -> None:
    names[name] = None
    if len(names) > _REMEMBERED:
        del names[next(iter(names))]
