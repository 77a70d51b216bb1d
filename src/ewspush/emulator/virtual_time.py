"""Time that can be stopped, and that can leap."""

import itertools
import time
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

import structlog
from twisted.internet.base import DelayedCall

log = structlog.get_logger()


class VirtualTime:
    """A ServerTime. All but `now_s` is for the reactor's thread.

    It goes with the reactor's clock until it is frozen, and while nobody leaps. What is to be done
    now is done at the reactor's next turn even while it stands: time does not pass meanwhile.

    `seconds` never goes back. `now_s`, the time of day, does when it is set.
    """

    def __init__(self, reactor: Any, now_s: Callable[[], float] = time.time) -> None:
        self._reactor = reactor
        self._real_now_s = now_s
        self._ahead_s: float = 0.0  # of the reactor's clock, while it goes
        self._stands_at_s: float | None = None
        self._is_frozen = False
        self._is_leaping = False
        self._epoch_s: float = now_s() - reactor.seconds()
        self._calls: list[tuple[float, int, DelayedCall]] = []  # a heap
        self._order = itertools.count()
        self._timer: Any = None

    # What a server asks for

    def seconds(self) -> float:
        """Monotonic, and standing still at times."""
        stands_at_s = self._stands_at_s
        if stands_at_s is not None:
            return stands_at_s
        now_s: float = self._reactor.seconds() + self._ahead_s
        return now_s

    def now_s(self) -> float:
        """Seconds since the epoch. For any thread."""
        return self._epoch_s + self.seconds()

    def callLater(
        self, delay: float, function: Callable[..., object], *args: object, **kwargs: object
    ) -> DelayedCall:
        call = DelayedCall(
            self.seconds() + max(0.0, delay),
            function,
            args,
            kwargs,
            self._cancelled,
            self._moved,
            self.seconds,
        )
        self._list(call)
        return call

    # What its user asks for

    @property
    def is_frozen(self) -> bool:
        return self._is_frozen

    def freeze(self) -> None:
        """Let it stand until `resume`. May be called twice."""
        self._is_frozen = True
        self._stand_or_go()

    def resume(self) -> None:
        """Let it go on from where it stands."""
        self._is_frozen = False
        self._stand_or_go()

    def set_now(self, now_s: float | None = None) -> None:
        """Have it be that time of day, the real one if none is given. Delays stay what they are."""
        self._epoch_s = (self._real_now_s() if now_s is None else now_s) - self.seconds()

    # Leaping

    def begin_leaping(self) -> None:
        """Time is only moved by `leap_to` from now on."""
        self._is_leaping = True
        self._stand_or_go()

    def end_leaping(self) -> None:
        self._is_leaping = False
        self._stand_or_go()

    def leap_to(self, seconds: float) -> None:
        """Have it be that time; what is due then is done at the reactor's next turn."""
        assert self._stands_at_s is not None, "time that goes does not leap"
        self._stands_at_s = max(self._stands_at_s, seconds)
        self._set_timer()

    def next_call_s(self) -> float | None:
        """When the first call is due, by `seconds`; None if there is none."""
        while self._calls and not self._is_current(self._calls[0]):
            self._list_anew(heappop(self._calls)[2])
        return self._calls[0][0] if self._calls else None

    def epoch_at(self, seconds: float) -> float:
        """The time of day at a time of this clock."""
        return self._epoch_s + seconds

    def seconds_at(self, now_s: float) -> float:
        """The time of this clock at a time of day."""
        return now_s - self._epoch_s

    @property
    def has_due(self) -> bool:
        """Whether something is to be done at the reactor's next turn."""
        next_s = self.next_call_s()
        return next_s is not None and next_s <= self.seconds()

    def _stand_or_go(self) -> None:
        if self._is_frozen or self._is_leaping:
            self._stands_at_s = self.seconds()
        elif self._stands_at_s is not None:
            self._ahead_s = self.seconds() - self._reactor.seconds()
            self._stands_at_s = None  # last: another thread may read the time of day meanwhile
        self._set_timer()

    # Calls

    def _list(self, call: DelayedCall) -> None:
        heappush(self._calls, (call.getTime(), next(self._order), call))
        if self._calls[0][2] is call:
            self._set_timer()

    def _cancelled(self, _: DelayedCall) -> None:
        """It stays in the heap until its time comes."""

    def _moved(self, call: DelayedCall) -> None:
        self._list(call)

    def _list_anew(self, call: DelayedCall) -> None:
        """It is not to be made when it is listed: perhaps it was put off."""
        if call.active():
            heappush(self._calls, (call.getTime(), next(self._order), call))

    def _is_current(self, entry: tuple[float, int, DelayedCall]) -> bool:
        """Whether a call is still to be made, at the time under which it is listed."""
        at_s, _, call = entry
        is_active: bool = call.active()
        return is_active and call.getTime() == at_s

    def _set_timer(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None
        next_s = self.next_call_s()
        if next_s is None:
            return
        wait_s = max(0.0, next_s - self.seconds())
        if not wait_s or self._stands_at_s is None:
            self._timer = self._reactor.callLater(wait_s, self._run_due)

    def _run_due(self) -> None:
        """Make the calls that are due; those that they ask for have to wait for the next turn."""
        now_s, last = self.seconds(), next(self._order)
        later = []
        while self._calls and self._calls[0][0] <= now_s:
            entry = heappop(self._calls)
            if entry[1] > last:
                later.append(entry)
            elif self._is_current(entry):
                _make(entry[2])
            else:
                self._list_anew(entry[2])
        for entry in later:
            heappush(self._calls, entry)
        self._set_timer()


def _make(call: DelayedCall) -> None:
    call.called = 1
    try:
        call.func(*call.args, **call.kw)
    except Exception:
        log.critical("time.call_failed", exc_info=True)
