"""Writing down, off the reactor, where streams stand."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import structlog
from twisted.internet.defer import Deferred, succeed
from twisted.python.failure import Failure

from ewspush.operations.events import Position
from ewspush.threads import InThread

log = structlog.get_logger()

RETRY_S = 1.0  # after positions could not be written

_Key = tuple[int, int]  # mailbox and number of a subscription


class PositionWriter:
    """Writes one group of positions at a time; those put meanwhile are the next group."""

    def __init__(
        self, clock: Any, in_thread: InThread, write: Callable[[list[Position]], None]
    ) -> None:
        self._clock = clock
        self._in_thread = in_thread
        self._write = write
        self._waiting: dict[_Key, Position] = {}
        self._writing: dict[_Key, Position] = {}
        self._scheduled = False
        self._drained: list[Deferred[None]] = []

    def put(self, positions: Iterable[Position]) -> None:
        """Write these, soon. A position of None leaves the one that waits already."""
        self._merge(positions)
        self._schedule(0)

    def unwritten(self, mailbox: int, number: int) -> int | None:
        """The position that is newer than the stored one, if one is."""
        for group in (self._waiting, self._writing):
            position = group.get((mailbox, number))
            if position is not None and position.acknowledged is not None:
                return position.acknowledged
        return None

    def drain(self) -> "Deferred[None]":
        """Fires when everything put before is durable."""
        if not self._waiting and not self._writing:
            return succeed(None)
        drained: Deferred[None] = Deferred()
        self._drained.append(drained)
        return drained

    def _merge(self, positions: Iterable[Position]) -> None:
        for position in positions:
            key = (position.mailbox, position.number)
            older = self._waiting.get(key)
            if position.acknowledged is None and older is not None:
                self._waiting[key] = replace(position, acknowledged=older.acknowledged)
            else:
                self._waiting[key] = position

    def _schedule(self, delay_s: float) -> None:
        if self._waiting and not self._writing and not self._scheduled:
            self._scheduled = True
            self._clock.callLater(delay_s, self._write_group)

    def _write_group(self) -> None:
        self._scheduled = False
        self._writing, self._waiting = self._waiting, {}
        writing = self._in_thread(self._write, list(self._writing.values()))
        writing.addCallbacks(self._succeeded, self._failed)

    def _succeeded(self, _: None) -> None:
        self._writing = {}
        self._schedule(0)
        if not self._waiting:
            drained, self._drained = self._drained, []
            for one in drained:
                one.callback(None)

    def _failed(self, failure: Failure) -> None:
        log.error("positions.not_written", number=len(self._writing), error=str(failure.value))
        newer, self._waiting, self._writing = self._waiting, self._writing, {}
        self._merge(newer.values())
        self._schedule(RETRY_S)
