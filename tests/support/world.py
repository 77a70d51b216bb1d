"""An engine with its rules and its database; clock, threads and responder are scripted."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, ensureDeferred, fail, succeed
from twisted.internet.task import Clock

import ewspush
from ewspush.core import watermark
from ewspush.core.events import Event, EventType, event_filter
from ewspush.core.ids import Kind
from ewspush.core.subscription import IDLE, SubscriptionStatus
from ewspush.operations import mailboxes as mailbox_operations
from ewspush.push.address_policy import Target
from ewspush.push.engine import Engine
from ewspush.push.sender import Answer, FailureKind, NoAnswer
from ewspush.settings import AttemptSettings, DeliverySettings
from ewspush.store import attempts, event_log, mailboxes, subscriptions
from ewspush.store.database import Database
from ewspush.store.event_log import Happened
from ewspush.store.subscriptions import Subscription
from ewspush.wire import ids
from support import disabling, notifications
from support.acks import ack, took
from support.notifications import Received

EPOCH_S = 1_790_000_000.0
URL = "http://responder.example/push?key=1"
INBOX = 3

Say = Callable[["World"], "Deferred[Answer]"]


def says(status: SubscriptionStatus = SubscriptionStatus.OK) -> Say:
    """The responder acknowledges at once."""
    return lambda _: succeed(Answer(200, ack(status), took(), None))


def answers(status: int, body: bytes) -> Say:
    """The responder answers something else."""
    return lambda _: succeed(Answer(status, body, took(), None))


def fails(kind: FailureKind = FailureKind.CONNECT, after_s: float = 0.0) -> Say:
    """There is no answer, and the sender notices so late."""

    def say(world: "World") -> "Deferred[Answer]":
        if not after_s:
            return fail(NoAnswer(kind, "scripted", took()))
        failing: Deferred[Answer] = Deferred()
        world.clock.callLater(after_s, failing.errback, NoAnswer(kind, "scripted", took(after_s)))
        return failing

    return say


def hangs(_: "World") -> "Deferred[Answer]":
    """The responder has the notification and says nothing yet."""
    return Deferred()


def pass_time(clock: Clock, seconds: float) -> None:
    """Let time pass on a clock, everything happening at its own time."""
    until = clock.seconds() + seconds
    while (calls := clock.getDelayedCalls()) and (
        next_s := min(call.getTime() for call in calls)
    ) <= until:
        clock.rightNow = max(next_s, clock.rightNow)  # not by its difference, which is rounded
        clock.advance(0)
    clock.rightNow = max(until, clock.rightNow)


OK = says()
UNSUBSCRIBE = says(SubscriptionStatus.UNSUBSCRIBE)
DOWN = fails()


@dataclass(frozen=True)
class Attempt:
    """One POST: when, on the clock, and what."""

    at_s: float
    url: str
    received: Received


class World:
    """One mailbox, its engine, and a responder that follows `script` and then acknowledges."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.database = Database.open(f"sqlite:///{folder / 'ewspush.db'}")
        self.settings = DeliverySettings(**settings)
        self.clock = Clock()
        self.clock_skew_s = 0.0
        self.attempts: list[Attempt] = []
        self.script: list[Say] = []
        self.always: dict[str, Say] = {}  # by URL, before the script
        self.refused: str | None = None
        with self.database.write() as tx:
            self.mailbox = mailbox_operations.create(tx, "user@example.org", "-", 0)
        self.database.on_events(self._events_committed)
        self.database.on_status_changed(self._status_changed)
        self.start()

    def close(self) -> None:
        self.database.close()

    def _events_committed(self, by_mailbox: Mapping[int, Sequence[Event]]) -> None:
        for mailbox, events in by_mailbox.items():
            self.engine.wake(mailbox, events)

    # The server

    def start(self) -> None:
        """Start an engine on the database, on a clock of its own from now on."""
        clock = Clock()
        clock.rightNow = self.clock.seconds()
        self.clock = clock  # what an engine before it had scheduled never happens
        self.engine = Engine(
            clock,
            self.now_s,
            self._in_thread,
            self.database,
            self._judge,
            self._post,
            self.settings,
            AttemptSettings(),
        )
        self._run(ensureDeferred(self.engine.start()))

    def kill(self) -> None:
        """`kill -9`, and start again."""
        self.start()

    def stop(self) -> None:
        """Stop the engine as SIGTERM does."""
        self._run(ensureDeferred(self.engine.stop()))

    def now_s(self) -> float:
        return EPOCH_S + self.clock.seconds() + self.clock_skew_s

    def advance(self, seconds: float) -> None:
        """Let time pass, everything happening at its own time."""
        pass_time(self.clock, seconds)

    def settle(self) -> None:
        """Let everything happen that is due now, and be written."""
        self.advance(0.1)

    # What clients do

    def subscribe(
        self,
        *,
        minutes: int = 5,
        after: int | None = None,
        types: Sequence[EventType] = tuple(EventType),
        folders: frozenset[int] | None = None,
        url: str = URL,
        number: int = 1 << 40,
    ) -> str:
        """A new subscription, given to the engine as the endpoint does; its id."""
        new = Subscription(
            mailbox=self.mailbox.id,
            number=number,
            url=url,
            wanted=event_filter(frozenset(types), folders),
            status_frequency_min=minutes,
            server_version="Exchange2010_SP2",
            caller_data=None,
            created_at_s=int(self.now_s()),
            acknowledged=self.head() if after is None else after,
            phase=IDLE,
        )
        with self.database.write() as tx:
            subscriptions.insert_subscription(tx, new)
        self.engine.subscribed(new, self.mailbox.watermark_base)
        self.settle()
        return ids.encode(Kind.SUBSCRIPTION, new.mailbox, new.number)

    def unsubscribe(self, id: str) -> None:
        parsed = ids.decode(id)
        with self.database.write() as tx:
            subscriptions.end(tx, parsed.mailbox, parsed.number, int(self.now_s()))
        self.engine.unsubscribed(parsed)

    # What operators do

    def pause(self, id: str) -> None:
        parsed = ids.decode(id)
        with self.database.write() as tx:
            assert subscriptions.pause(tx, parsed.mailbox, parsed.number, int(self.now_s()))
        self.engine.pause(parsed)

    def resume(self, id: str) -> None:
        parsed = ids.decode(id)
        with self.database.write() as tx:
            assert subscriptions.resume(tx, parsed.mailbox, parsed.number)
        self.engine.resume(parsed)

    # What administrators do

    def disable(self) -> None:
        disabling.disable(self.database, self.mailbox.id, int(self.now_s()))

    def restore(self) -> None:
        disabling.restore(self.database, self.mailbox.id, int(self.now_s()))

    def purge(self) -> None:
        disabling.purge(self.database, self.mailbox.id)

    # What happens in the mailbox

    def record(self, *types: EventType, folder: int = INBOX) -> None:
        """Events in a folder, committed together."""
        at_s = int(self.now_s())
        with self.database.write() as tx:
            event_log.append(
                tx, self.mailbox.id, [Happened(type_, at_s, False, 100, folder) for type_ in types]
            )

    # What can be looked at

    def stored(self, id: str) -> Subscription:
        parsed = ids.decode(id)
        with self.database.read() as tx:
            found = subscriptions.by_number(tx, parsed.mailbox, parsed.number)
        assert found is not None
        return found

    def logged(self, id: str) -> list[attempts.Attempt]:
        """What the attempt log has, the oldest first."""
        parsed = ids.decode(id)
        with self.database.read() as tx:
            found = attempts.of_subscription(tx, parsed.mailbox, parsed.number, most=1000)
        return [each.attempt for each in reversed(found)]

    def head(self) -> int:
        with self.database.read() as tx:
            found = mailboxes.by_id(tx, self.mailbox.id)
        assert found is not None
        return found.head

    def describe(self, id: str) -> dict[str, Any] | None:
        return self.engine.describe(ids.decode(id))

    def watermark(self, sequence: int) -> str:
        return watermark.encode(self.mailbox.watermark_base, sequence)

    def sequence(self, text: str) -> int:
        return watermark.decode(text, self.mailbox.watermark_base, 0, 1 << 40)

    @property
    def times(self) -> list[float]:
        """When the attempts began, seconds after the first of them."""
        return [round(each.at_s - self.attempts[0].at_s, 1) for each in self.attempts]

    # The engine's surroundings

    def _status_changed(self, mailbox: int) -> None:
        self.engine.status_changed(mailbox)

    def _in_thread(self, function: Callable[..., Any], /, *args: object) -> "Deferred[Any]":
        """The function's work is done at once, what comes of it is known a little later."""
        done: Deferred[Any] = Deferred()
        try:
            result = function(*args)
        except Exception as error:
            self.clock.callLater(0, done.errback, error)
        else:
            self.clock.callLater(0, done.callback, result)
        return done

    def _judge(self, url: str) -> Target:
        return Target(url, "/".join(url.split("/")[:3]))

    def _post(self, url: str, headers: Sequence[str], body: bytes) -> "Deferred[Answer]":
        sent = dict(header.split(": ", 1) for header in headers)
        sent["User-Agent"] = f"ewspush/{ewspush.__version__}"
        self.attempts.append(Attempt(self.clock.seconds(), url, notifications.read(sent, body)))
        if url in self.always:
            return self.always[url](self)
        say = self.script.pop(0) if self.script else OK
        return say(self)

    def _run(self, deferred: "Deferred[Any]") -> None:
        failures: list[Any] = []
        deferred.addErrback(failures.append)
        self.settle()
        for failure in failures:
            failure.raiseException()
