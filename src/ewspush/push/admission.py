"""Who may send next: so many requests at once in all and to each origin, and origins in turn.

How many go to one origin at once follows from how it answers, so that those which do not answer
hold few of the requests that there may be, and one that comes back is not flooded.
"""

from collections import OrderedDict, deque
from collections.abc import Callable
from enum import Enum, auto
from heapq import heappop, heappush
from itertools import count

from ewspush.push.clock import Call, Clock
from ewspush.push.exchange import FailureKind
from ewspush.push.live import Live, Origin, Step
from ewspush.push.outcome import INTERNAL_ERROR, Outcome
from ewspush.settings import DeliverySettings

FEWEST = 4  # requests at once to an origin that has yet to answer, or does not
RESERVED = 5  # every so many-th request is for origins that answer and have none under way
BURST_S = 0.05  # what an origin with a rate leaves unused for so long, it may use at once


class Health(Enum):
    """What an attempt showed of its origin."""

    ANSWERS = auto()
    STRUGGLES = auto()  # silent, unreachable, or says that it is overloaded
    UNKNOWN = auto()  # nothing was sent


_OVERLOADED = frozenset((429, 502, 503, 504))  # HTTP status
_NOT_SENT = frozenset(
    (
        FailureKind.ADDRESS_REFUSED.value,
        FailureKind.CANCELLED.value,
        FailureKind.INTERNAL.value,
        FailureKind.UNSENDABLE.value,
        INTERNAL_ERROR,
    )
)


def health_of(outcome: Outcome) -> Health:
    """What the outcome of an attempt says of its origin."""
    if outcome.http_status is not None:
        return Health.STRUGGLES if outcome.http_status in _OVERLOADED else Health.ANSWERS
    return Health.UNKNOWN if outcome.name in _NOT_SENT else Health.STRUGGLES


class Admission:
    """Queues subscriptions at their origins, and takes them from there when they may send.

    `wake` is called when `take` may have somebody again after time has passed.
    """

    def __init__(self, clock: Clock, settings: DeliverySettings, wake: Callable[[], None]) -> None:
        self._clock = clock
        self._wake = wake
        self._requests = settings.requests
        self._shared = settings.requests - settings.requests // RESERVED
        self._most = settings.origin_requests
        self._fewest = min(FEWEST, self._most)
        self._interval_s = 1 / settings.origin_rate if settings.origin_rate else 0.0
        self._origins: dict[str, Origin] = {}
        # An origin with somebody waiting and room for more is in one of these.
        self._ready: deque[Origin] = deque()
        # Until there are requests that are not reserved; the longest held first.
        self._held: OrderedDict[Origin, None] = OrderedDict()
        self._later: list[tuple[float, int, Origin]] = []  # a heap of those whose rate says so
        self._order = count()
        self._timer: Call | None = None
        self.under_way = 0

    def join(self, name: str) -> Origin:
        """The origin of one more subscription."""
        origin = self._origins.get(name)
        if origin is None:
            origin = self._origins[name] = Origin(name, self._fewest)
        origin.subscriptions += 1
        return origin

    def part(self, origin: Origin) -> None:
        """A subscription of it is over."""
        origin.subscriptions -= 1
        self._forget_unused(origin)

    def queue(self, live: Live) -> None:
        """Have it wait for its turn."""
        live.origin.waiting.append(live.mailbox, live)
        self._list(live.origin)

    def take(self) -> Live | None:
        """The next that may send, which counts as under way from now on."""
        while self.has_ready and self.under_way < self._requests:
            origin = self._next_listed()
            if not self._has_room(origin):
                origin.is_listed = False
            elif self.under_way >= self._shared and not (
                origin.is_answering and not origin.under_way
            ):
                self._held[origin] = None
            elif not self._is_too_early(origin):
                origin.is_listed = False
                live = _next(origin)
                if live is not None:
                    origin.under_way += 1
                    self.under_way += 1
                    self._list(origin)
                    return live
        return None

    def left(self, origin: Origin, health: Health) -> None:
        """One that was taken is no longer under way."""
        origin.under_way -= 1
        self.under_way -= 1
        if health is Health.ANSWERS:
            origin.is_answering = True
            if origin.allowed < self._most:
                origin.allowed += 1
        elif health is Health.STRUGGLES:
            origin.is_answering = False
            origin.allowed = max(origin.allowed // 2, self._fewest)
        if origin in self._held and origin.is_answering and not origin.under_way:
            del self._held[origin]
            self._ready.append(origin)
        self._list(origin)
        self._forget_unused(origin)

    @property
    def has_ready(self) -> bool:
        """Whether `take` is worth a try."""
        return bool(self._ready or (self._held and self.under_way < self._shared))

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _next_listed(self) -> Origin:
        """Those that are held are looked at one for each request that ends: there may be many."""
        if self._held and self.under_way < self._shared:
            return self._held.popitem(last=False)[0]
        return self._ready.popleft()

    def _has_room(self, origin: Origin) -> bool:
        return bool(origin.waiting) and origin.under_way < origin.allowed

    def _list(self, origin: Origin) -> None:
        if not origin.is_listed and self._has_room(origin):
            origin.is_listed = True
            self._ready.append(origin)

    def _is_too_early(self, origin: Origin) -> bool:
        """Whether the rate of an origin makes it wait; if not, this request is counted."""
        if not self._interval_s:
            return False
        now_s = self._clock.seconds()
        if origin.next_s > now_s:
            heappush(self._later, (origin.next_s, next(self._order), origin))
            self._set_timer()
            return True
        origin.next_s = max(origin.next_s, now_s - BURST_S) + self._interval_s
        return False

    def _set_timer(self) -> None:
        next_s = self._later[0][0]
        if self._timer is not None:
            if self._timer.getTime() <= next_s:
                return
            self._timer.cancel()
        delay_s = max(0.0, next_s - self._clock.seconds())
        self._timer = self._clock.callLater(delay_s, self._time_has_come)

    def _time_has_come(self) -> None:
        self._timer = None
        now_s = self._clock.seconds()
        while self._later and self._later[0][0] <= now_s:
            self._ready.append(heappop(self._later)[2])
        if self._later:
            self._set_timer()
        self._wake()

    def _forget_unused(self, origin: Origin) -> None:
        """Kept while a request is under way: it counts against those who subscribe meanwhile."""
        if not origin.subscriptions and not origin.under_way:
            self._origins.pop(origin.name, None)


def _next(origin: Origin) -> Live | None:
    while origin.waiting:
        live = origin.waiting.popleft()
        if live.step is Step.QUEUED:  # not over since it was queued
            return live
    return None
