"""A server as the emulator needs it: on virtual time, with faults, and a state that is replaced."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.task import deferLater
from twisted.web.resource import Resource

from ewspush.control.commands import Commands
from ewspush.core.ids import ObjectId
from ewspush.emulator.activity import Activity
from ewspush.emulator.faults import Faults
from ewspush.emulator.faulty_ews import FaultyEwsResource
from ewspush.emulator.virtual_time import VirtualTime
from ewspush.endpoint.late import LateResource
from ewspush.endpoint.web import EwsResource
from ewspush.operations import passwords
from ewspush.operations.management import lifecycle
from ewspush.operations.management.context import Management
from ewspush.operations.subscriptions import Subscribed
from ewspush.push.courier import Post
from ewspush.push.engine import Engine
from ewspush.push.sender import Answer
from ewspush.server import Server
from ewspush.settings import Settings
from ewspush.store.database import Database
from ewspush.threads import InThread

_USERS_AT_ONCE = 10  # requests of those who drive the emulator

Due = Mapping[tuple[int, int], float]
"""When something is due for subscriptions, by mailbox and number, in the time of day."""

Listener = Callable[[int, int], object]
"""Told the mailbox and the number of a subscription."""


class EmulatedServer(Server):
    """A server that can be told to wait until nothing goes on, and to begin with another state."""

    def __init__(
        self,
        reactor: Any,
        settings: Settings,
        time: VirtualTime,
        resources: Callable[[], Mapping[bytes, Resource]] = dict,
    ) -> None:
        """`resources` are asked for when it listens, by the first part of their paths."""
        super().__init__(reactor, settings, time)
        self._virtual_time = time
        self._resources = resources
        self._activity = Activity()
        self._others = Activity()  # of those who drive it, who may wait for time to pass
        self._listeners: list[Listener] = []
        self._interrupted: Deferred[None] | None = None  # of an engine that is to be replaced
        self.faults = Faults(time, self._post, settings.delivery.timeout_s)

    # What is done otherwise than by a server

    def _start_pool(self, name: str, threads: int) -> InThread:
        in_thread = super()._start_pool(name, threads)
        is_own = name in ("requests", "delivery")
        return (self._activity if is_own else self._others).counting(in_thread)

    def _make_management(self) -> Management:
        made = super()._make_management()
        return Management(made.database, made.now_s, made.policy, passwords.hash_quickly)

    def _make_engine(self, post: Post | None = None, **more: Any) -> Engine:
        engine = super()._make_engine(
            post=post or self.faults.post,
            writing_clock=self._reactor,
            batch_of=self.faults.batch,
            **more,
        )
        engine.watch(self._changed)
        return engine

    def _post(self, url: str, headers: Sequence[str], body: bytes) -> "Deferred[Answer]":
        return self._activity.during(self._sender.post(url, headers, body))

    def _make_ews_resource(self, *parts: Any) -> EwsResource:
        return FaultyEwsResource(self.faults, self._settings.server.version, *parts)

    def _make_mailboxes_resource(self, *parts: Any) -> Resource:
        return LateResource(partial(super()._make_mailboxes_resource, *parts))

    def _inspector_resources(self) -> Mapping[bytes, Resource]:
        return {}  # it is among the emulator's own

    def _other_resources(self) -> Mapping[bytes, Resource]:
        self.in_thread = self._start_pool("emulator", _USERS_AT_ONCE)
        return {**super()._other_resources(), **self._resources()}

    # What those around it use

    @property
    def database(self) -> Database:
        return self._database

    @property
    def management(self) -> Management:
        return self._management

    @property
    def commands(self) -> Commands:
        return self._commands

    def watch(self, listener: Listener) -> Callable[[], None]:
        """As `Engine.watch`, whichever engine runs."""
        self._listeners.append(listener)
        return partial(self._listeners.remove, listener)

    def _changed(self, mailbox: int, number: int) -> None:
        for listener in tuple(self._listeners):
            listener(mailbox, number)

    def judge_url(self, url: str) -> None:
        """Raises InvalidPushSubscriptionUrl. For any thread."""
        self._judge_url(url)

    def subscribed(self, subscribed: Subscribed) -> None:
        """A push subscription was written."""
        self._subscribed(subscribed)

    def unsubscribed(self, id: ObjectId) -> None:
        """A subscription was ended."""
        self._unsubscribed(id)

    def due(self) -> Due:
        """When the next heartbeat or retry of each subscription is due."""
        return self._engine.due()

    def next_s(self) -> float | None:
        """When the next heartbeat or retry is made, by the clock; None if none is due."""
        return self._engine.next_s()

    # Time that leaps

    async def settle(self) -> None:
        """Wait until nothing goes on that would end without time passing."""
        is_written = False
        while True:
            await self._quiet(self._activity)
            if self._virtual_time.has_due:
                continue
            if self._engine.is_idle or is_written:
                return
            # Too much may be unwritten for more to be sent.
            await self._engine.written()
            is_written = True

    async def _quiet(self, activity: Activity) -> None:
        """Wait until nothing of this is under way in threads or on sockets."""
        await _turn(self._reactor)  # what they have handed over is taken in
        while activity.count:
            await activity.next_end()
            await _turn(self._reactor)

    async def end_what_is_due(self) -> int | None:
        """Disable, delete and purge mailboxes whose time has come; when the next one's comes."""
        while await self._delivery(lifecycle.step, self._management):
            await self.settle()
        return await self._delivery(lifecycle.next_due_s, self._management)

    async def forget_what_is_old(self) -> None:
        """A whole round of retention."""
        assert self._chores is not None, "it has started"
        sweep = self._chores.make_sweep()
        while await self._delivery(sweep.step):
            pass

    # A state that is replaced

    def interrupt(self) -> None:
        """End what is under way, and send nothing more until the state is replaced."""
        if self._interrupted is None:
            if self._chores is not None:
                self._chores.end_rounds()
            self._interrupted = ensureDeferred(self._engine.stop())
            self.faults.cancel()
            self._sender.cancel()

    async def replace(self, state: bytes, begin: Callable[[], None], due: Due) -> None:
        """Let go what is under way, and begin anew with a copy of a database.

        `begin` is called in between, and `due` is as `due` gave it.
        """
        self.interrupt()
        assert self._interrupted is not None
        await self._interrupted
        await self._streams.stop()
        # What requests and commands lead to is part of the state that is let go.
        await self._quiet(self._activity)
        await self._quiet(self._others)
        begin()
        self._interrupted = None
        self._engine, self._streams = self._make_engine(), self._make_streams()
        await self._delivery(self._database.replace, state)
        await self._engine.start(due)


def _turn(reactor: Any) -> "Deferred[None]":
    return deferLater(reactor, 0, lambda: None)
