"""Reading the log for many subscriptions together."""

from collections.abc import Callable, Sequence

import structlog
from twisted.python.failure import Failure

from ewspush.core.events import EventFilter
from ewspush.push.clock import Clock
from ewspush.push.live import Live
from ewspush.store import backlog
from ewspush.store.backlog import Backlog, BrokenLog
from ewspush.store.database import Database
from ewspush.threads import InThread

log = structlog.get_logger()

_TOGETHER = 500  # in one transaction
RETRY_S = 1.0  # after the database could not be read


class LogReader:
    """Reads what subscriptions still have to be told, one transaction at a time."""

    def __init__(
        self,
        clock: Clock,
        in_thread: InThread,
        database: Database,
        batch: int,
        found: Callable[[Live, Backlog | BrokenLog], None],
        let_go: Callable[[Live], None],
    ) -> None:
        """`found` is told what there is for one, `let_go` of one for whom nothing is read."""
        self._clock = clock
        self._in_thread = in_thread
        self._database = database
        self._batch = batch
        self._found = found
        self._let_go = let_go
        self._waiting: list[Live] = []
        self._reading = 0
        self._stopping = False

    def __len__(self) -> int:
        return len(self._waiting) + self._reading

    def put(self, live: Live) -> None:
        """Read for it when `flush` is called."""
        self._waiting.append(live)

    def flush(self) -> None:
        """Begin to read, if nothing is being read."""
        if not self._waiting or self._reading:
            return
        together = self._waiting[:_TOGETHER]
        del self._waiting[:_TOGETHER]
        self._reading = len(together)
        positions = [(live.mailbox, live.examined, live.wanted) for live in together]
        for live in together:
            live.unread = False  # unless something is logged from now on
        reading = self._in_thread(self._read, positions)
        reading.addCallbacks(
            self._tell, self._not_read, callbackArgs=(together,), errbackArgs=(together,)
        )
        reading.addErrback(_log_bug)

    def stop(self) -> None:
        """Begin to read nothing more."""
        self._stopping = True
        waiting, self._waiting = self._waiting, []
        for live in waiting:
            self._let_go(live)

    def _read(self, positions: Sequence[tuple[int, int, EventFilter]]) -> list[Backlog | BrokenLog]:
        with self._database.read() as tx:
            return backlog.read(tx, positions, self._batch)

    def _tell(self, results: list[Backlog | BrokenLog], together: list[Live]) -> None:
        self._reading = 0
        for live, result in zip(together, results, strict=True):
            self._found(live, result)
        self.flush()

    def _not_read(self, failure: Failure, together: list[Live]) -> None:
        """The database is at fault, not a responder: nobody's attempt is counted."""
        log.error("backlogs.not_read", subscriptions=len(together), error=str(failure.value))
        self._clock.callLater(0 if self._stopping else RETRY_S, self._read_again, together)

    def _read_again(self, together: list[Live]) -> None:
        self._reading = 0
        for live in together:
            live.unread = True
            if self._stopping:
                self._let_go(live)
        if not self._stopping:
            self._waiting[:0] = together
            self.flush()


def _log_bug(failure: Failure) -> None:
    log.critical("delivery.bug", traceback=failure.getTraceback())
