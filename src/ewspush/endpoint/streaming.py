"""All connections of GetStreamingEvents: who may open one, who is woken, and what is stored."""

from collections.abc import Callable
from typing import Any

import structlog
from twisted.internet.defer import Deferred

from ewspush.core.errors import (
    EwsError,
    ExceededConnectionCount,
    InvalidSubscription,
    NewEventStreamConnectionOpened,
)
from ewspush.core.server_version import ServerVersion
from ewspush.endpoint.arrival import Arrival, ByteCounter, TcpCounter
from ewspush.endpoint.ews.call import StreamRequest
from ewspush.endpoint.http import BoundedRequest
from ewspush.endpoint.positions import PositionWriter
from ewspush.endpoint.stream import Positions, Stream, Surroundings, begin_answer
from ewspush.operations import Database, events
from ewspush.operations.events import Backlog, BrokenLog, Position
from ewspush.operations.subscriptions import STREAMING_TIMEOUT_S
from ewspush.threads import InThread
from ewspush.wire.streaming import StreamingEnvelopes

log = structlog.get_logger()

STORE_EVERY_S = 1.0  # a kill repeats the events that arrived so shortly before, at most


class Streams:
    """The open connections. Everything but the database is used in the reactor's thread."""

    def __init__(
        self,
        clock: Any,  # IReactorTime, monotonic
        now_s: Callable[[], int],
        in_thread: InThread,
        database: Database,
        version: ServerVersion,
        most: int,
        counter: Callable[[Any], ByteCounter] = TcpCounter,
    ) -> None:
        """A mailbox may have `most` connections. `now_s` gives seconds since the epoch."""
        self._clock = clock
        self._now_s = now_s
        self._in_thread = in_thread
        self._database = database
        self._envelopes = StreamingEnvelopes(version)
        self._most = most
        self._counter = counter
        self._around = Surroundings(clock, self._envelopes, self._read, self._changed, self._ended)
        self._by_mailbox: dict[int, list[Stream]] = {}
        # Those whose events have not all arrived, with the positions that were stored.
        self._unsettled: dict[Stream, Positions] = {}
        self._settling = False
        self._positions = PositionWriter(clock, in_thread, self._write)
        self._stopping = False

    def wake(self, mailbox: int) -> None:
        """Something was logged in this mailbox, or a subscription ended. Cheap."""
        for stream in tuple(self._by_mailbox.get(mailbox, ())):
            stream.wake()

    def status_changed(self, mailbox: int) -> None:
        """A mailbox was disabled or restored: connections look, and end if it is disabled."""
        for stream in tuple(self._by_mailbox.get(mailbox, ())):
            stream.status_changed()

    def open(self, request: BoundedRequest, asked: StreamRequest) -> None:
        """Answer a request for a stream; other connections lose its subscriptions to it."""
        if request.is_lost:
            return
        mailbox = asked.mailbox.id
        numbers = frozenset(id.number for id in asked.subscriptions)
        if asked.invalid:
            self._refuse(request, InvalidSubscription(), asked.invalid)
        elif self._would_remain(mailbox, numbers) >= self._most:
            self._refuse(request, ExceededConnectionCount())
        else:
            self._begin(request, asked, numbers)

    def stop(self) -> "Deferred[None]":
        """Close every connection, now and from now on; fires when positions are stored."""
        self._stopping = True
        for streams in tuple(self._by_mailbox.values()):
            for stream in tuple(streams):
                stream.close()
        return self._positions.drain()

    # Opening

    def _refuse(
        self, request: BoundedRequest, error: EwsError, subscription_ids: tuple[str, ...] = ()
    ) -> None:
        begin_answer(request)
        request.write(self._envelopes.error(error, subscription_ids, is_last=True))
        request.write(self._envelopes.closed)  # libraries overlook it beside an error
        request.finish()
        log.info("stream.refused", code=error.response_code)

    def _would_remain(self, mailbox: int, taken: frozenset[int]) -> int:
        """How many connections of the mailbox follow anything else."""
        return sum(not each.numbers <= taken for each in self._by_mailbox.get(mailbox, ()))

    def _begin(
        self, request: BoundedRequest, asked: StreamRequest, numbers: frozenset[int]
    ) -> None:
        mailbox = asked.mailbox.id
        for other in tuple(self._by_mailbox.get(mailbox, ())):
            if taken := other.numbers & numbers:
                self._put(mailbox, other.positions(), connected_s=other.timeout_s)
                other.release(taken, NewEventStreamConnectionOpened())
        starts = {number: self._positions.unwritten(mailbox, number) for number in numbers}
        arrival: Arrival[Positions] = Arrival(self._counter(request.transport))
        stream = Stream(request, mailbox, starts, asked.timeout_s, arrival, self._around)
        self._by_mailbox.setdefault(mailbox, []).append(stream)
        log.info("stream.opened", mailbox=mailbox, subscriptions=len(numbers))
        stream.begin()
        if self._stopping:
            stream.close()

    # Events

    def _read(
        self, mailbox: int, positions: Positions
    ) -> "Deferred[dict[int, Backlog | BrokenLog]]":
        return self._in_thread(self._read_now, mailbox, positions)

    def _read_now(self, mailbox: int, positions: Positions) -> dict[int, Backlog | BrokenLog]:
        with self._database.read() as tx:
            return events.read_streams(tx, mailbox, positions, self._now_s())

    # What is stored

    def _changed(self, stream: Stream) -> None:
        self._unsettled.setdefault(stream, {})
        self._settle_soon()

    def _settle_soon(self) -> None:
        if self._unsettled and not self._settling:
            self._settling = True
            self._clock.callLater(STORE_EVERY_S, self._settle)

    def _settle(self) -> None:
        self._settling = False
        for stream, stored in tuple(self._unsettled.items()):
            positions = stream.positions()
            if positions != stored:
                self._put(stream.mailbox, positions, connected_s=stream.timeout_s)
            self._unsettled[stream] = positions
            if stream.is_settled:
                del self._unsettled[stream]
        self._settle_soon()

    def _ended(self, stream: Stream) -> None:
        self._unsettled.pop(stream, None)
        neighbours = self._by_mailbox[stream.mailbox]
        neighbours.remove(stream)
        if not neighbours:
            del self._by_mailbox[stream.mailbox]
        self._put(stream.mailbox, stream.positions(), connected_s=0)

    def _put(self, mailbox: int, positions: Positions, *, connected_s: int) -> None:
        """Have positions written. Without a connection the subscriptions live a while longer."""
        lives_until_s = self._now_s() + connected_s + STREAMING_TIMEOUT_S
        self._positions.put(
            Position(mailbox, number, position, lives_until_s)
            for number, position in positions.items()
        )

    def _write(self, positions: list[Position]) -> None:
        with self._database.write() as tx:
            events.write_positions(tx, positions)
