"""One connection of GetStreamingEvents: events of some subscriptions, as they happen.

    woken -> read in a thread -> written, each envelope a chunk -> arrived

Nothing is read while the client does not take what was written. A position moves when events are
written; it is stored when they have arrived at the client's machine.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

import structlog
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from ewspush.core.errors import (
    AccountDisabled,
    EwsError,
    InvalidSubscription,
    ReadEventsFailed,
)
from ewspush.core.ids import Kind
from ewspush.endpoint.arrival import Arrival
from ewspush.endpoint.http import BoundedRequest
from ewspush.operations.events import BATCH, Backlog, BrokenLog
from ewspush.wire import ids
from ewspush.wire.streaming import StreamedEvents, StreamingEnvelopes

log = structlog.get_logger()

HEARTBEAT_S = 30.0  # EWS Java API and EWS Managed API: silence is expected to last 45 s at most

_AT_ONCE = 20  # subscriptions that are read together, and so told in one message
_RETRY_S = 1.0  # after the log could not be read

Positions = Mapping[int, int | None]
"""Sequences by the numbers of subscriptions; None: the one that is stored."""


@dataclass(slots=True)
class _Followed:
    id: str
    position: int | None  # what is up to there was written or is not wanted
    arrived: int | None  # the client has what is up to there


class Surroundings(NamedTuple):
    """What a stream needs of the others."""

    clock: Any  # IReactorTime, monotonic
    envelopes: StreamingEnvelopes
    read: Callable[[int, Positions], "Deferred[dict[int, Backlog | BrokenLog]]"]
    changed: Callable[["Stream"], None]  # events were written
    ended: Callable[["Stream"], None]  # called once; positions can still be asked for


class Stream:
    """Writes to one request until its time is over or its client has gone."""

    def __init__(
        self,
        request: BoundedRequest,
        mailbox: int,
        starts: Positions,
        timeout_s: int,
        arrival: Arrival[Positions],
        around: Surroundings,
    ) -> None:
        self.mailbox = mailbox
        self._request = request
        self.timeout_s = timeout_s
        self._arrival = arrival
        self._around = around
        self._followed = {
            number: _Followed(ids.encode(Kind.SUBSCRIPTION, mailbox, number), start, start)
            for number, start in starts.items()
        }
        self._due: dict[int, None] = {}  # subscriptions to be looked at, in their turn
        self._is_reading = False
        self._is_paused = False
        self._must_look = False  # whether the mailbox may be used, though the client does not read
        self._is_over = False
        self._began_s = around.clock.seconds()
        self._told = 0

    # Beginning and ending

    def begin(self) -> None:
        """Send the first message, and what has happened already."""
        clock = self._around.clock
        begin_answer(self._request)
        self._request.registerProducer(self, True)
        self._request.notifyFinish().addErrback(self._lost)
        self._timeout = clock.callLater(self.timeout_s, self.close)
        self._heartbeat = clock.callLater(HEARTBEAT_S, self._beat)
        self._write(self._around.envelopes.ok)
        self.wake()

    def close(self) -> None:
        """Tell the client that this was all. It may connect again."""
        if not self._is_over:
            self._write(self._around.envelopes.closed)
            self._request.unregisterProducer()
            self._end("closed")
            self._request.finish()

    def _lost(self, _: Failure) -> None:
        if not self._is_over:
            self._end("lost")

    def _end(self, how: str) -> None:
        self._is_over = True
        for timer in (self._timeout, self._heartbeat):
            if timer.active():
                timer.cancel()
        self._around.ended(self)
        self._arrival.close()
        log.info(
            "stream.ended",
            mailbox=self.mailbox,
            how=how,
            events=self._told,
            s=round(self._around.clock.seconds() - self._began_s),
        )

    # Its subscriptions

    @property
    def numbers(self) -> frozenset[int]:
        """Of the subscriptions that it follows."""
        return frozenset(self._followed)

    @property
    def is_settled(self) -> bool:
        """Whether all that was written has arrived, as far as `positions` has told."""
        return self._arrival.is_complete

    def positions(self) -> Positions:
        """How far the events of each subscription have arrived by now."""
        for number, position in (self._arrival.latest() or {}).items():
            if number in self._followed:
                self._followed[number].arrived = position
        return {number: each.arrived for number, each in self._followed.items()}

    def release(self, numbers: Collection[int], error: EwsError) -> None:
        """Follow these no longer, and tell the client why. Without any left it ends."""
        subscription_ids = [self._followed.pop(number).id for number in numbers]
        for number in numbers:
            self._due.pop(number, None)
        is_last = not self._followed
        self._write(self._around.envelopes.error(error, subscription_ids, is_last=is_last))
        if is_last:
            self.close()

    # Events

    def wake(self) -> None:
        """Something was logged in the mailbox, or a subscription was ended."""
        self._due |= dict.fromkeys(self._followed)  # behind those that wait for their turn
        self._go_on()

    def status_changed(self) -> None:
        """The mailbox was disabled or restored: end if it is disabled."""
        self._must_look = True
        self.wake()

    def _go_on(self) -> None:
        if not self._due or self._is_reading or self._is_over:
            return
        if self._is_paused and not self._must_look:
            return
        self._is_reading, self._must_look = True, False
        numbers = list(islice(self._due, _AT_ONCE))
        for number in numbers:
            del self._due[number]
        positions = {number: self._followed[number].position for number in numbers}
        reading = self._around.read(self.mailbox, positions)
        reading.addCallbacks(
            self._tell, self._not_read, callbackArgs=(numbers,), errbackArgs=(numbers,)
        )
        reading.addErrback(_log_bug)

    def _tell(self, found: Mapping[int, Backlog | BrokenLog], numbers: list[int]) -> None:
        self._is_reading = False
        if self._is_over:
            return
        still = [number for number in numbers if number in self._followed]
        told = [self._advance(number, found.get(number)) for number in still]
        if told := [each for each in told if each.events]:
            self._told += sum(len(each.events) for each in told)
            self._write(self._around.envelopes.notifications(self.mailbox, told))
            self._around.changed(self)
        if broken := [number for number in still if isinstance(found.get(number), BrokenLog)]:
            self.release(broken, ReadEventsFailed())
        if gone := [number for number in still if number not in found]:
            self.release(gone, InvalidSubscription())
        self._go_on()

    def _advance(self, number: int, found: Backlog | BrokenLog | None) -> StreamedEvents:
        """What is to be told of a subscription now; its position is behind that."""
        followed = self._followed[number]
        if not isinstance(found, Backlog):
            return StreamedEvents(followed.id, ())
        events = found.events[:BATCH]
        has_more = len(found.events) > BATCH
        followed.position = events[-1].sequence if has_more else found.examined
        if has_more or found.unread:
            self._due[number] = None
        return StreamedEvents(followed.id, events)

    def _not_read(self, failure: Failure, numbers: list[int]) -> None:
        if failure.check(AccountDisabled):
            self._end_disabled()
            return
        log.error("stream.not_read", mailbox=self.mailbox, error=str(failure.value))

        def again() -> None:
            # What could not be read may be that the mailbox is disabled.
            self._is_reading, self._must_look = False, True
            self._due = dict.fromkeys(n for n in (*numbers, *self._due) if n in self._followed)
            self._go_on()

        self._around.clock.callLater(_RETRY_S, again)

    def _end_disabled(self) -> None:
        self._is_reading = False
        if not self._is_over:
            self.release(self.numbers, AccountDisabled())

    # Writing

    def _write(self, envelope: bytes) -> None:
        positions = {number: each.position for number, each in self._followed.items()}
        self._arrival.writing(len(envelope), positions)
        self._request.write(envelope)
        self._heartbeat.reset(HEARTBEAT_S)

    def _beat(self) -> None:
        self._heartbeat = self._around.clock.callLater(HEARTBEAT_S, self._beat)
        if not self._is_paused:
            self._write(self._around.envelopes.ok)

    def pauseProducing(self) -> None:
        """The client does not take what was written (IPushProducer)."""
        self._is_paused = True

    def resumeProducing(self) -> None:
        """It has taken it (IPushProducer)."""
        self._is_paused = False
        self._go_on()

    def stopProducing(self) -> None:
        """The connection is lost (IPushProducer); `_lost` is told so as well."""


def begin_answer(request: BoundedRequest) -> None:
    """The head of an answer that is written in chunks."""
    request.setResponseCode(200)
    request.setHeader(b"Content-Type", b"text/xml; charset=utf-8")
    request.setHeader(b"Cache-Control", b"private")
    request.setHeader(b"X-Accel-Buffering", b"no")  # for nginx, which gathers answers otherwise


def _log_bug(failure: Failure) -> None:
    log.critical("stream.bug", traceback=failure.getTraceback())
