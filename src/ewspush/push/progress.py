"""Writing down, in groups, where subscriptions stand."""

from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

import structlog
from twisted.internet.defer import Deferred, succeed
from twisted.python.failure import Failure

from ewspush.push.clock import Clock
from ewspush.store.subscriptions import Progress
from ewspush.threads import InThread

log = structlog.get_logger()

GATHER_S = 0.02  # a group is gathered so long at most; with the one being written, two can be lost
RETRY_S = 1.0  # after a group could not be written


K = TypeVar("K", bound=Hashable)


class ProgressWriter(Generic[K]):
    """Gathers those whose progress is to be written, and writes one group at a time."""

    def __init__(
        self,
        clock: Clock,
        in_thread: InThread,
        state_of: Callable[[K], Progress],
        write: Callable[[Sequence[Progress]], None],
        written: Callable[[], None],
        measured: Callable[[int, float], None],
    ) -> None:
        """`measured` is told how many a group that was written had, and the seconds it took."""
        self._clock = clock
        self._in_thread = in_thread
        self._state_of = state_of
        self._write = write
        self._written = written
        self._measured = measured
        self._gathered: dict[K, None] = {}
        self._writing: list[K] = []
        self._puts_gathered = 0  # one may be put many times into a group
        self._puts_writing = 0
        self._began_s = 0.0  # the group that is being written
        self._scheduled = False
        # Those who wait for a group to be durable.
        self._drained_gathered: list[Deferred[None]] = []
        self._drained_writing: list[Deferred[None]] = []

    @property
    def unwritten(self) -> int:
        """How often something was put that a kill would lose."""
        return self._puts_gathered + self._puts_writing

    def put(self, one: K) -> None:
        """Write where `one` stands, soon."""
        self._gathered[one] = None
        self._puts_gathered += 1
        self._schedule(GATHER_S)

    def drain(self) -> "Deferred[None]":
        """Fires when everything put before is durable, whatever is put meanwhile."""
        if not self.unwritten:
            return succeed(None)
        drained: Deferred[None] = Deferred()
        waiting = self._drained_gathered if self._gathered else self._drained_writing
        waiting.append(drained)
        return drained

    def _schedule(self, delay_s: float) -> None:
        if not self._scheduled and not self._writing:
            self._scheduled = True
            self._clock.callLater(delay_s, self._write_group)

    def _write_group(self) -> None:
        self._scheduled = False
        self._writing, self._gathered = list(self._gathered), {}
        self._puts_writing, self._puts_gathered = self._puts_gathered, 0
        self._drained_writing, self._drained_gathered = self._drained_gathered, []
        self._began_s = self._clock.seconds()
        group = [self._state_of(one) for one in self._writing]
        self._in_thread(self._write, group).addCallbacks(self._succeeded, self._failed)

    def _succeeded(self, _: None) -> None:
        self._measured(len(self._writing), self._clock.seconds() - self._began_s)
        self._writing, self._puts_writing = [], 0
        if self._gathered:
            self._schedule(GATHER_S)
        drained, self._drained_writing = self._drained_writing, []
        for one in drained:
            one.callback(None)
        self._written()

    def _failed(self, failure: Failure) -> None:
        log.error(
            "progress.not_written", subscriptions=len(self._writing), error=str(failure.value)
        )
        self._gathered = dict.fromkeys(self._writing) | self._gathered
        self._puts_gathered += self._puts_writing
        self._drained_gathered += self._drained_writing
        self._writing, self._puts_writing, self._drained_writing = [], 0, []
        self._schedule(RETRY_S)
