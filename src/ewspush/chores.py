"""What a server does now and then: forgetting what is old, ending mailboxes whose time is over."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import structlog
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.python.failure import Failure

from ewspush.operations.management import lifecycle
from ewspush.operations.management.context import Management
from ewspush.operations.retention import Sweep
from ewspush.settings import Settings
from ewspush.store import subscriptions
from ewspush.threads import InThread

log = structlog.get_logger()

SWEEP_EVERY_S = 600.0
ENDING_EVERY_S = 15.0
_PAUSES = 4  # times a step, after it: others have the database for most of the time
_DAY_S = 86_400


class Chores:
    """Rounds of small steps, each step a transaction, with pauses between them.

    `clock` is of real time; what is old and what is over is told by the management's.
    `parked_counted` is told how many parked subscriptions are kept.
    """

    def __init__(
        self,
        clock: Any,
        in_thread: InThread,
        management: Management,
        settings: Settings,
        parked_counted: Callable[[int], object],
    ) -> None:
        self._clock = clock
        self._in_thread = in_thread
        self._management = management
        self._settings = settings
        self._parked_counted = parked_counted
        self._ended = 0  # how often all rounds were ended
        self._loops = [LoopingCall(self._sweep), LoopingCall(self._end_what_is_due)]

    def start(self) -> None:
        """Begin a round of each now, and then in their intervals."""
        for loop, every_s in zip(self._loops, (SWEEP_EVERY_S, ENDING_EVERY_S), strict=True):
            loop.clock = self._clock
            loop.start(every_s).addErrback(_log_bug)

    def stop(self) -> None:
        """Begin no round any more, and end those under way after their steps."""
        self.end_rounds()
        for loop in self._loops:
            if loop.running:
                loop.stop()

    def end_rounds(self) -> None:
        """Let no round that is under way begin another step."""
        self._ended += 1

    def make_sweep(self) -> Sweep:
        """A round of retention, as the settings say."""
        settings, now_s = self._settings, self._management.now_s()
        return Sweep(
            self._management.database,
            events_before_s=now_s - _DAY_S * settings.events.keep_days,
            over_before_s=now_s - _DAY_S * settings.subscriptions.keep_over_days,
            attempts_before_ms=1000 * (now_s - _DAY_S * settings.attempts.keep_days),
            now_s=now_s,
        )

    async def _sweep(self) -> None:
        await self._in_steps(self.make_sweep().step)
        await self._in_steps(self._count_parked)

    def _count_parked(self) -> bool:
        with self._management.look() as tx:
            parked = subscriptions.count_parked(tx)
        self._clock.callFromThread(self._parked_counted, parked)
        return False

    async def _end_what_is_due(self) -> None:
        """Mailboxes whose time has come are disabled, deleted and purged."""
        await self._in_steps(partial(lifecycle.step, self._management))

    async def _in_steps(self, step: Callable[[], bool]) -> None:
        """Take steps until one finds nothing to do. A failure ends this round, not later ones."""
        ended = self._ended

        def step_of_this_round() -> bool:
            return ended == self._ended and step()

        try:
            began_s = time.monotonic()
            while await self._in_thread(step_of_this_round):
                pause: Deferred[None] = Deferred()
                pause_s = _PAUSES * (time.monotonic() - began_s)
                self._clock.callLater(pause_s, pause.callback, None)
                await pause
                began_s = time.monotonic()
        except Exception:
            log.exception("retention.failed")


def _log_bug(failure: Failure) -> None:
    log.critical("retention.bug", traceback=failure.getTraceback())
