"""Writing down, in groups, where subscriptions stand and what was attempted."""

from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

import structlog
from twisted.internet.defer import Deferred, succeed
from twisted.python.failure import Failure

from ewspush.push.clock import Call, Clock
from ewspush.store.attempts import Attempt
from ewspush.store.subscriptions import Progress
from ewspush.threads import InThread

log = structlog.get_logger()

GATHER_S = 0.02  # a group is gathered so long at most; with the one being written, two can be lost
NOTE_S = 0.1  # attempts that moved nothing wait so long for a group
RETRY_S = 1.0  # after a group could not be written
MOST_WITH_BODIES = 1000  # attempts in memory: a body may be large, and the database locked for long


K = TypeVar("K", bound=Hashable)


class ProgressWriter(Generic[K]):
    """Gathers those whose progress is to be written, and writes one group at a time."""

    def __init__(
        self,
        clock: Clock,
        in_thread: InThread,
        state_of: Callable[[K], Progress],
        write: Callable[[Sequence[Progress], Sequence[Attempt]], None],
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
        self._attempts_gathered: list[Attempt] = []
        self._attempts_writing: list[Attempt] = []
        self._is_writing = False
        self._timer: Call | None = None
        self._is_soon = False  # the timer does not wait for attempts alone
        # Those who wait for a group to be durable.
        self._drained_gathered: list[Deferred[None]] = []
        self._drained_writing: list[Deferred[None]] = []

    @property
    def unwritten(self) -> int:
        """How often something was put that a kill would lose."""
        return self._puts_gathered + self._puts_writing

    @property
    def load(self) -> int:
        """How many acknowledgements or attempts are kept in memory, whichever is more."""
        gathered = max(self._puts_gathered, len(self._attempts_gathered))
        return gathered + max(self._puts_writing, len(self._attempts_writing))

    def put(self, one: K) -> None:
        """Write where `one` stands, soon."""
        self._gathered[one] = None
        self._puts_gathered += 1
        if not self._is_soon:
            self._schedule(GATHER_S)

    def note(self, attempt: Attempt) -> None:
        """Write an attempt, with the next group; without its bodies if many wait."""
        if len(self._attempts_gathered) + len(self._attempts_writing) >= MOST_WITH_BODIES:
            attempt = attempt._replace(request=None, answer=None)
        self._attempts_gathered.append(attempt)
        if self._timer is None and not self._is_writing:
            self._timer = self._clock.callLater(NOTE_S, self._write_group)

    def drain(self) -> "Deferred[None]":
        """Fires when everything put before is durable, whatever is put meanwhile."""
        gathered = bool(self._gathered or self._attempts_gathered)
        if not gathered and not self._is_writing:
            return succeed(None)
        drained: Deferred[None] = Deferred()
        if gathered:
            self._drained_gathered.append(drained)
            self._schedule(0)  # somebody waits
        else:
            self._drained_writing.append(drained)
        return drained

    def _schedule(self, delay_s: float) -> None:
        if self._is_writing or (self._is_soon and delay_s):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._is_soon = True
        self._timer = self._clock.callLater(delay_s, self._write_group)

    def _write_group(self) -> None:
        self._timer, self._is_soon, self._is_writing = None, False, True
        self._writing, self._gathered = list(self._gathered), {}
        self._puts_writing, self._puts_gathered = self._puts_gathered, 0
        self._attempts_writing, self._attempts_gathered = self._attempts_gathered, []
        self._drained_writing, self._drained_gathered = self._drained_gathered, []
        self._began_s = self._clock.seconds()
        group = [self._state_of(one) for one in self._writing]
        writing = self._in_thread(self._write, group, self._attempts_writing)
        writing.addCallbacks(self._succeeded, self._failed)

    def _succeeded(self, _: None) -> None:
        if self._writing:
            self._measured(len(self._writing), self._clock.seconds() - self._began_s)
        self._is_writing = False
        self._writing, self._puts_writing, self._attempts_writing = [], 0, []
        if self._gathered or self._drained_gathered:
            self._schedule(0 if self._drained_gathered else GATHER_S)
        elif self._attempts_gathered:
            self._timer = self._clock.callLater(NOTE_S, self._write_group)
        drained, self._drained_writing = self._drained_writing, []
        for one in drained:
            one.callback(None)
        self._written()

    def _failed(self, failure: Failure) -> None:
        log.error(
            "progress.not_written", subscriptions=len(self._writing), error=str(failure.value)
        )
        self._is_writing = False
        self._gathered = dict.fromkeys(self._writing) | self._gathered
        self._puts_gathered += self._puts_writing
        self._attempts_gathered = self._attempts_writing + self._attempts_gathered
        self._drained_gathered = self._drained_writing + self._drained_gathered
        self._writing, self._puts_writing, self._attempts_writing = [], 0, []
        self._drained_writing = []
        self._schedule(RETRY_S)
