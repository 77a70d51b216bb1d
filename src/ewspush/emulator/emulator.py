"""The emulator: a server whose time and state are in its user's hands."""

import os
import secrets
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from math import inf
from typing import Any

from twisted.internet.defer import Deferred, DeferredLock
from twisted.web.resource import Resource

from ewspush.control import CommandError
from ewspush.control.commands import Commands
from ewspush.core.ids import ObjectId
from ewspush.emulator.faults import AddedFault, Faults
from ewspush.emulator.server import Due, EmulatedServer, Listener
from ewspush.emulator.virtual_time import VirtualTime
from ewspush.operations.management.context import Management
from ewspush.operations.subscriptions import Subscribed
from ewspush.push.agenda import TICKS_PER_S
from ewspush.server import CannotStart
from ewspush.settings import Address, Settings
from ewspush.store.database import Database
from ewspush.threads import InThread

MOST_SNAPSHOTS = 100
_MOMENT_S = 0.001
_TICK_S = 1 / TICKS_PER_S  # what is due at the very end may be due so much later
LONGEST_LEAP_S = 10 * 366 * 86_400


class Interrupted(Exception):
    """The state was replaced while time leapt, or a snapshot was taken."""

    def __init__(self) -> None:
        super().__init__("the emulator was reset, or a snapshot restored, before all was done")


@dataclass(frozen=True, slots=True)
class _Snapshot:
    database: bytes
    now_s: float
    is_frozen: bool
    due: Due
    faults: Sequence[AddedFault]


class Emulator:
    """Everything here is for the reactor's thread.

    What moves the whole state happens one after another, save that time which leaps is interrupted
    by whatever replaces the state.
    """

    def __init__(
        self,
        reactor: Any,
        settings: Settings,
        mailboxes: Sequence[tuple[str, str]] = (),
        resources: Callable[["Emulator"], Mapping[bytes, Resource]] = lambda _: {},
    ) -> None:
        """`mailboxes` are there from the start: their addresses and passwords."""
        self.settings = settings
        self._mailboxes = mailboxes
        self.time = VirtualTime(reactor)
        self.server = EmulatedServer(reactor, settings, self.time, lambda: resources(self))
        self._at_stop: list[Callable[[], object]] = []
        self._lock = DeferredLock()
        self._snapshots: OrderedDict[str, _Snapshot] = OrderedDict()  # the one used last comes last
        self._initial: _Snapshot | None = None
        self._states = 0  # how often the state was replaced, or is to be

    async def start(self) -> None:
        """As `Server.start`. Raises CannotStart, too, for mailboxes that cannot be."""
        await self.server.start()
        try:
            for address, password in self._mailboxes:
                await self.in_thread(self._create, address, password)
        except CommandError as error:
            await self.server.stop()
            raise CannotStart(f"the mailbox {address} cannot be created: {error}") from error
        self._initial = await self._lock.run(self._take)

    def _create(self, address: str, password: str) -> None:
        create = self.commands.by_name(os.getuid())["mailbox.create"]
        create(addresses=[address], passwords=[password])

    def at_stop(self, end: Callable[[], object]) -> None:
        """Have it called before the server stops."""
        self._at_stop.append(end)

    async def stop(self) -> None:
        """As `Server.stop`, without waiting for what is under way."""
        for end in self._at_stop:
            end()
        self.server.interrupt()
        await self.server.stop()

    # What is there

    @property
    def faults(self) -> Faults:
        return self.server.faults

    @property
    def database(self) -> Database:
        return self.server.database

    @property
    def management(self) -> Management:
        return self.server.management

    @property
    def commands(self) -> Commands:
        return self.server.commands

    @property
    def in_thread(self) -> InThread:
        """For what blocks, of those who use this."""
        return self.server.in_thread

    @property
    def http(self) -> Address:
        """Where it listens, once started."""
        assert self.server.http is not None
        return self.server.http

    @property
    def lmtp(self) -> Address:
        assert self.server.lmtp is not None
        return self.server.lmtp

    def watch(self, listener: Listener) -> Callable[[], None]:
        """Have `listener` told of every attempt that ends, and of subscriptions that begin or end.

        What is returned ends that.
        """
        return self.server.watch(listener)

    def written(self) -> "Deferred[None]":
        """Fires when everything that has happened is in the database."""
        return self.server.written()

    def judge_url(self, url: str) -> None:
        """Raises InvalidPushSubscriptionUrl for one that may not be called. For any thread."""
        self.server.judge_url(url)

    def subscribed(self, subscribed: Subscribed) -> None:
        """A push subscription was written: send its first notification."""
        self.server.subscribed(subscribed)

    def unsubscribed(self, id: ObjectId) -> None:
        """A subscription was ended by its owner: send it nothing more."""
        self.server.unsubscribed(id)

    @property
    def ews_url(self) -> str:
        """Where clients of EWS find the server."""
        server = self.settings.server
        scheme = "https" if server.tls_cert else "http"
        return f"{server.public_url or f'{scheme}://{self.http}'}/EWS/Exchange.asmx"

    # Time

    def next_attempt_s(self) -> float | None:
        """The time of day at which the next heartbeat or retry is made; None if none is due."""
        next_s = self.server.next_s()
        return None if next_s is None else self.time.epoch_at(next_s)

    async def advance(self, seconds: float) -> None:
        """Leap through all that is due meanwhile, in its order; done when all of it has happened.

        Retention has its round at the end. Raises Interrupted.
        """
        state = self._states
        async with _held(self._lock):
            self.time.begin_leaping()
            try:
                await self._leap_to(self.time.seconds() + seconds, state)
            finally:
                self.time.end_leaping()

    async def _leap_to(self, end_s: float, state: int) -> None:
        server = self.server
        await server.settle()
        ends_at_s = await server.end_what_is_due()  # mailboxes
        while state == self._states:
            stop_s = self._next_stop_s(ends_at_s)
            if stop_s > end_s + _TICK_S:
                break
            self.time.leap_to(stop_s)
            await server.settle()
            if ends_at_s is not None and ends_at_s <= self.time.now_s():
                ends_at_s = await server.end_what_is_due()
                await server.settle()
        if state != self._states:
            raise Interrupted
        self.time.leap_to(end_s)
        await server.written()
        await server.forget_what_is_old()

    def _next_stop_s(self, ends_at_s: float | None) -> float:
        """When something is due next, by the clock."""
        call_s = self.time.next_call_s()
        stops = [inf if call_s is None else call_s]
        if ends_at_s is not None:  # a moment later: the clock's fractions are not exact
            stops.append(self.time.seconds_at(ends_at_s) + _MOMENT_S)
        return min(stops)

    # State

    @property
    def snapshots(self) -> Sequence[str]:
        """The ids of those that can be restored."""
        return [*self._snapshots]

    async def snapshot(self) -> str:
        """The id of a snapshot of everything. Raises Interrupted.

        It outlives a reset; where there are too many, the one that was not used for longest goes.
        """
        state = self._states
        async with _held(self._lock):
            taken = await self._take()
            if state != self._states:
                raise Interrupted
            id = secrets.token_hex(8)
            self._snapshots[id] = taken
            if len(self._snapshots) > MOST_SNAPSHOTS:
                self._snapshots.popitem(last=False)
            return id

    def forget(self, id: str) -> None:
        """Raises KeyError."""
        del self._snapshots[id]

    async def restore(self, id: str) -> None:
        """Go back to a snapshot. Raises KeyError."""
        snapshot = self._snapshots[id]
        self._snapshots.move_to_end(id)
        await self._replace(snapshot, snapshot.now_s)

    async def reset(self) -> None:
        """Go back to how it was at the start, in real time. Snapshots stay."""
        assert self._initial is not None, "it has begun"
        await self._replace(self._initial, None)

    async def _take(self) -> _Snapshot:
        await self.server.settle()
        await self.server.written()
        database = await self.in_thread(self.database.copy)
        time, server = self.time, self.server
        return _Snapshot(database, time.now_s(), time.is_frozen, server.due(), self.faults.state())

    async def _replace(self, state: _Snapshot, now_s: float | None) -> None:
        def begin() -> None:
            self.faults.put_back(state.faults)
            self.time.set_now(now_s)
            if state.is_frozen:
                self.time.freeze()
            else:
                self.time.resume()

        self._states += 1
        self.server.interrupt()
        async with _held(self._lock):
            await self.server.replace(state.database, begin, state.due)


@asynccontextmanager
async def _held(lock: DeferredLock) -> AsyncIterator[None]:
    await lock.acquire()
    try:
        yield
    finally:
        lock.release()
