"""An emulator in the process of the tests, and a client for it."""

import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.web.resource import Resource

from ewspush import settings
from ewspush.cli.emulate import DEFAULTS, FIXED
from ewspush.control.attempt_records import list_attempts
from ewspush.core.events import EventType
from ewspush.core.ids import Kind, ObjectId
from ewspush.emulator.emulator import Emulator
from ewspush.operations import mail, mailboxes, subscriptions
from ewspush.operations.subscriptions import PushSubscriptionRequest
from ewspush.wire import ids
from support.running_server import MESSAGE

ADDRESS = "ann@example.org"
PASSWORD = "secret"


class InProcess:
    """An emulator with one mailbox, made as `ewspush emulate` makes it, with these settings."""

    def __init__(
        self,
        resources: Callable[[Emulator], Mapping[bytes, Resource]] = lambda _: {},
        **tables: dict[str, Any],
    ) -> None:
        # Not in pytest's own folders: the path of a Unix socket has 107 bytes at most.
        self._folder = Path(tempfile.mkdtemp(prefix="ewspush-"))
        where = {"data": str(self._folder), "http": "127.0.0.1:0", "lmtp": "127.0.0.1:0"}
        tables["server"] = {**where, **tables.get("server", {})}
        chosen = settings.load(None, {}, {**FIXED, **tables}, DEFAULTS)
        self.emulator = Emulator(reactor, chosen, [(ADDRESS, PASSWORD)], resources)

    async def close(self) -> None:
        await self.emulator.stop()
        shutil.rmtree(self._folder)


class Emulation:
    """An emulator with one mailbox. The methods act as the control API does, without HTTP."""

    def __init__(self) -> None:
        self._running = InProcess()
        self.emulator = self._running.emulator
        self.watermarks: dict[str, str] = {}  # the first one of each subscription

    async def start(self) -> "Emulation":
        await self.emulator.start()
        return self

    async def close(self) -> None:
        await self._running.close()

    async def subscribe(self, url: str, *, minutes: int = 1) -> str:
        """A push subscription to everything; its id."""
        request = PushSubscriptionRequest((), True, frozenset(EventType), url, minutes)
        subscribed = await self.emulator.in_thread(self._subscribe, request)
        self.emulator.subscribed(subscribed)
        one = subscribed.subscription
        id = ids.encode(Kind.SUBSCRIPTION, one.mailbox, one.number)
        self.watermarks[id] = subscribed.watermark
        return id

    async def unsubscribe(self, id: str) -> None:
        decoded: ObjectId = ids.decode(id)
        await self.emulator.in_thread(self._unsubscribe, decoded)
        self.emulator.unsubscribed(decoded)

    async def deliver(self, count: int = 1) -> None:
        """Messages, each in a transaction of its own."""
        for _ in range(count):
            await self.emulator.in_thread(self._deliver)

    async def attempts(self, id: str) -> Sequence[dict[str, Any]]:
        """All attempts of a subscription, the first one first."""
        await self.emulator.written()
        database = self.emulator.database
        return (await self.emulator.in_thread(list_attempts, database, id, 1000))[::-1]

    async def shown(self, id: str) -> dict[str, Any]:
        """What `ewspush subscription show` tells."""
        await self.emulator.written()
        shown = self.emulator.commands.by_name(0)["subscription.show"]
        record: dict[str, Any] = await self.emulator.in_thread(shown, id)
        return record

    def now_s(self) -> int:
        return int(self.emulator.time.now_s())

    def _subscribe(self, request: PushSubscriptionRequest) -> subscriptions.Subscribed:
        with self.emulator.database.write() as tx:
            owner = mailboxes.find(tx, ADDRESS)
            assert owner is not None
            return subscriptions.subscribe(
                tx,
                owner.id,
                request,
                judge_url=self.emulator.judge_url,
                most=100,
                now_s=self.now_s(),
            )

    def _unsubscribe(self, id: ObjectId) -> None:
        with self.emulator.database.write() as tx:
            subscriptions.unsubscribe(tx, id.mailbox, id, self.now_s())

    def _deliver(self) -> None:
        with self.emulator.database.write() as tx:
            mail.deliver(tx, ADDRESS, MESSAGE, self.now_s())
