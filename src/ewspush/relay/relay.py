"""Sending what is queued: a few messages at once, each when it is due.

What is in memory can be lost at any time: the queue is in the database. A message is taken off it
only after the relay took the message, so that a kill in between sends it twice, and never loses it.
"""

import threading
import traceback
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import structlog
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.python.failure import Failure

from ewspush.core.outgoing import Decision, Outcome, Result
from ewspush.operations import Database, outgoing
from ewspush.operations.outgoing import Attempt, Due, Key, Message, Policy
from ewspush.threads import InThread

log = structlog.get_logger()

LOOK_EVERY_S = 60.0  # at least, whether woken or not
REST_S = 60.0  # after a message could not be read, or what came of it not be written
UNWRITTEN = 20  # messages of which the latter is so before sending pauses

_INTERNAL_ERROR = Result(Outcome.DEFERRED, "4.3.0", "internal error of this server")

T = TypeVar("T")


class Clock(Protocol):
    """A monotonic clock. Twisted's reactors and `task.Clock` are such clocks."""

    def callLater(self, delay: float, function: Callable[..., object], *args: object) -> Any: ...


class Sending(Protocol):
    """One message on its way: see `delivery.Delivery`."""

    def run(self) -> dict[str, Result]: ...
    def abort(self) -> None: ...


class Relay:
    """Sends what is queued. All methods are for the reactor's thread.

    `in_thread` runs what needs the database. `in_own_thread` runs what talks to the relay, in
    threads that nobody waits for at the end. `begin` makes what talks.
    """

    def __init__(
        self,
        clock: Clock,
        now_s: Callable[[], float],
        in_thread: InThread,
        in_own_thread: InThread,
        database: Database,
        begin: Callable[[Message], Sending],
        policy: Policy,
        connections: int,
    ) -> None:
        self._clock = clock
        self._now_s = now_s
        self._in_thread = in_thread
        self._in_own_thread = in_own_thread
        self._database = database
        self._begin = begin
        self._policy = policy
        self._connections = connections
        self._busy: set[Key] = set()  # nothing else is to be done with these meanwhile
        self._slots = connections
        self._sending: set[Sending] = set()
        self._resting: dict[Deferred[None], Any] = {}
        self._looking = False
        self._look_again = False
        self._timer: Any = None
        self._stopping = False
        self._quiet: list[Deferred[None]] = []

    def wake(self) -> None:
        """Something may be due. Cheap, and safe to call twice."""
        if self._looking or self._stopping:
            self._look_again = True
            return
        self._looking = True
        ensureDeferred(self._look()).addErrback(_log_bug)

    async def stop(self, grace_s: float) -> None:
        """Begin nothing new, let what is under way end for `grace_s`, and cut it off then.

        A name that is being looked up, or a database that is locked, can hold this up for longer.
        """
        self._stopping = True
        self._cancel_timer()
        for resting, call in list(self._resting.items()):
            call.cancel()
            self._end_rest(resting)
        cut_off = self._clock.callLater(grace_s, self._cut_off)
        if self._busy or self._looking:
            quiet: Deferred[None] = Deferred()
            self._quiet.append(quiet)
            await quiet
        if cut_off.active():
            cut_off.cancel()

    def _cut_off(self) -> None:
        if self._sending:
            log.warning("relay.cut_off", messages=len(self._sending))
        for sending in tuple(self._sending):
            sending.abort()

    # Looking what is due

    async def _look(self) -> None:
        try:
            self._look_again = True
            while self._look_again and not self._stopping:
                self._look_again = False
                await self._begin_what_is_due()
        finally:
            self._looking = False
            self._end_if_quiet()

    async def _begin_what_is_due(self) -> None:
        next_s = None
        if self._slots and len(self._busy) < self._connections + UNWRITTEN:
            try:
                due = await self._in_thread(self._find_due, len(self._busy) + self._slots)
            except Exception as error:
                log.error("relay.queue_not_read", exception=_without_text(error))
            else:
                next_s = due.next_s
                self._begin_some(due.keys)
        self._look_later(next_s)

    def _begin_some(self, due: list[Key]) -> None:
        for key in due:
            if self._slots and key not in self._busy and not self._stopping:
                self._busy.add(key)
                self._slots -= 1
                ensureDeferred(self._handle(key)).addErrback(_log_bug)

    def _look_later(self, next_s: int | None) -> None:
        self._cancel_timer()
        if not self._stopping:
            wait_s = LOOK_EVERY_S if next_s is None else next_s - self._now_s()
            self._timer = self._clock.callLater(min(max(wait_s, 0), LOOK_EVERY_S), self._timed_out)

    def _timed_out(self) -> None:
        self._timer = None
        self.wake()

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # One message

    async def _handle(self, key: Key) -> None:
        try:
            attempt = await self._attempt(key)
            if attempt is not None:
                await self._settle(attempt)
        except Exception as error:
            log.error("relay.failed", message=key.number, exception=_without_text(error))
            await self._rest()
        finally:
            self._busy.discard(key)
            self._end_if_quiet()
            self.wake()

    async def _attempt(self, key: Key) -> Attempt | None:
        try:
            began_s = int(self._now_s())
            message = await self._in_thread(self._load, key, began_s)
            if message is None or self._stopping:
                return None
            return Attempt(key, await self._send(message), began_s)
        finally:
            self._slots += 1
            self.wake()  # another one can be sent, while what came of this one is written

    async def _send(self, message: Message) -> dict[str, Result]:
        sending = self._begin(message)
        self._sending.add(sending)
        try:
            return await self._in_own_thread(sending.run)
        except Exception as error:
            # Backs off as any failure: what it stumbles over does not stop the others.
            log.error("relay.bug", exception=_without_text(error))
            return dict.fromkeys(message.envelope.recipients, _INTERNAL_ERROR)
        finally:
            self._sending.discard(sending)

    async def _settle(self, attempt: Attempt) -> None:
        """Write what came of it. Until that is done the message must not be sent again."""
        while True:
            try:
                decision = await self._in_thread(self._write, attempt)
            except Exception as error:
                log.error(
                    "relay.result_not_written",
                    message=attempt.key.number,
                    exception=_without_text(error),
                )
                if self._stopping:
                    return
                await self._rest()
            else:
                if decision is not None:
                    _log_attempt(attempt, decision)
                return

    async def _rest(self) -> None:
        if not self._stopping:
            rested: Deferred[None] = Deferred()
            self._resting[rested] = self._clock.callLater(REST_S, self._end_rest, rested)
            await rested

    def _end_rest(self, resting: "Deferred[None]") -> None:
        del self._resting[resting]
        resting.callback(None)

    def _end_if_quiet(self) -> None:
        if not (self._busy or self._looking):
            quiet, self._quiet = self._quiet, []
            for each in quiet:
                each.callback(None)

    # In threads

    def _find_due(self, most: int) -> Due:
        with self._database.read() as tx:
            return outgoing.find_due(tx, int(self._now_s()), most)

    def _load(self, key: Key, now_s: int) -> Message | None:
        with self._database.read() as tx:
            return outgoing.load_due(tx, key, now_s)

    def _write(self, attempt: Attempt) -> Decision | None:
        with self._database.write() as tx:
            return outgoing.settle(tx, attempt, self._policy, int(self._now_s()))


def in_own_thread(reactor: Any, function: Callable[..., T], /, *args: object) -> "Deferred[T]":
    """Run a blocking function in a thread of its own, which does not hold up the process's end."""
    done: Deferred[T] = Deferred()

    def run() -> None:
        try:
            result = function(*args)
        except Exception as error:
            reactor.callFromThread(done.errback, error)
        else:
            reactor.callFromThread(done.callback, result)

    threading.Thread(target=run, name="relay", daemon=True).start()
    return done


def _log_attempt(attempt: Attempt, decision: Decision) -> None:
    for recipient, result in attempt.results.items():
        log.info(
            "relay.attempted",
            mailbox=attempt.key.mailbox,
            message=attempt.key.number,
            recipient=recipient,
            outcome=result.outcome.value,
            status=result.status,
            detail=str(result),
            given_up=recipient in decision.given_up,
        )


def _without_text(error: BaseException) -> str:
    # The text may quote the message.
    name = f"{type(error).__module__}.{type(error).__qualname__}"
    return "".join(traceback.format_tb(error.__traceback__)) + name


def _log_bug(failure: Failure) -> None:
    log.critical("relay.bug", traceback=failure.getTraceback())
