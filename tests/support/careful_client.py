"""A client that checks what the promise says, and what the server knows of it."""

from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf

from ewspush.core.events import Event, EventType
from ewspush.core.ids import ObjectId
from ewspush.core.subscription import SubscriptionStatus
from support.notifications import Received
from support.strict_reader import Chain

Wanted = tuple[frozenset[EventType], frozenset[int] | None]  # types, folders (None: all)


def wants(wanted: Wanted, event: Event) -> bool:
    """Architecture, Which events a subscription wants."""
    types, folders = wanted
    named = {event.object, event.parent, event.old_object, event.old_parent}
    return event.type in types and (folders is None or bool(folders & named))


def offset_s(failures: int, window_s: float) -> float:
    """Architecture, Retry law: when the attempt after so many failed ones begins."""
    return min(sum(30.0 * 2**wait for wait in range(failures)), window_s)


class CarefulClient:
    """One subscription as its client sees it, in sequences of the mailbox's event log.

    `expected` are the events it wants, as they happen; `problems` is what was wrong.
    """

    def __init__(self, subscription_id: str, watermark: str, watermark_base: int) -> None:
        self.watermark = watermark  # the last that was given
        self.expected: list[int] = []
        self._base = watermark_base
        self._chain = Chain(subscription_id, watermark)
        self._problems: list[str] = []

    def sequence(self, watermark: str) -> int:
        """Where a watermark stands in the log."""
        return int.from_bytes(b64decode(watermark), "little", signed=True) - self._base

    @property
    def position(self) -> int:
        """How far this client knows the log."""
        return self.sequence(self.watermark)

    @property
    def missing(self) -> list[int]:
        """The events that have not come yet."""
        return self.expected[len(self._chain.seen) :]

    @property
    def problems(self) -> list[str]:
        return self._chain.problems + self._problems

    def takes(self, received: Received) -> None:
        """A notification came and is acted on."""
        self._chain.receive(received.body)
        self.watermark = received.events[-1][1]
        seen = [integer - self._base for integer in self._chain.seen]
        if seen != self.expected[: len(seen)]:
            self._problems.append(f"{self.expected} were wanted, {seen} came")
        if passed := [sequence for sequence in self.missing if sequence <= self.position]:
            self._problems.append(f"Watermark {self.position} passes over {passed}")

    def refuses(self, received: Received) -> None:
        """A notification came and was not understood."""
        self._chain.refuse(received.body)

    def answer_lost(self) -> None:
        """The server did not learn of the answer to the last notification."""
        self._chain.answer_lost()

    def server_killed(self) -> None:
        """The server may have forgotten answers."""
        self._chain.server_killed()


@dataclass(frozen=True)
class Standing:
    """What the server was told of a subscription."""

    cursor: int
    failures: int = 0
    failing_since_s: float = 0.0  # when the first failed attempt began
    is_over: bool = False

    def begun_anew(self) -> "Standing":
        """Without the failures, unless it is over."""
        return self if self.is_over else Standing(self.cursor)


@dataclass(eq=False)
class Subscriber:
    """A subscription: its client, and what the server knows of it."""

    id: ObjectId
    url: str
    window_s: float  # StatusFrequency
    wanted: Wanted
    client: CarefulClient
    now: Standing
    durable: Standing
    woken_s: float  # when the server last learnt of something for it
    is_answered: bool = False  # its client knows of it
    is_new: bool = True  # nothing was sent yet
    may_be_sent: bool = True
    is_held: bool = False  # by the server's process, which lets it go while it is disabled
    is_to_hear: bool = False  # that its mailbox was disabled
    is_in_flight: bool = False
    began_s: float = -inf  # its last attempt that failed
    is_returned: bool = False  # its origin has acknowledged something since
    ended_s: float = -inf  # when its last attempt did
    succeeded_s: float = -inf
    # A restart finds its place in the window by wall time, which was stepped meanwhile:
    is_displaced: bool = False
    gained_s: float = 0.0  # so much of the window may have passed that did not

    @property
    def has_something(self) -> bool:
        """Whether the server has an event for it that was not acknowledged."""
        return bool(self.client.expected) and self.client.expected[-1] > self.now.cursor

    def told(self, status: SubscriptionStatus | None, through: int, began_s: float) -> bool:
        """The server learns how an attempt ended; whether that has to be written."""
        before = self.now
        if status is None:
            since_s = before.failing_since_s if before.failures else began_s
            self.now = replace(before, failures=before.failures + 1, failing_since_s=since_s)
            self.began_s, self.is_returned = began_s, False
            return True
        self.now = Standing(through, is_over=status is SubscriptionStatus.UNSUBSCRIBE)
        self.may_be_sent = not self.now.is_over
        self.is_to_hear = self.is_to_hear and self.may_be_sent
        self.is_displaced, self.gained_s = False, 0.0
        return self.now != before

    def is_parked(self) -> None:
        """The server has given up."""
        self.now = replace(self.now, is_over=True)
        self.may_be_sent = False

    def is_ended(self) -> None:
        """Its owner has ended it, which is durable at once."""
        self.durable = self.now = replace(self.durable, is_over=True)
        self.may_be_sent = self.is_to_hear = False

    def is_forgotten(self) -> None:
        """A server starts: it knows what is durable."""
        self.now = self.durable
        self.may_be_sent = not self.now.is_over
        self.is_new = self.is_in_flight = self.is_held = self.is_to_hear = False

    def restarts_durably(self, *, in_memory: bool) -> None:
        """Its mailbox is restored; `in_memory`: the server's process knew that it was disabled."""
        self.durable = self.durable.begun_anew()
        if in_memory or not self.is_held:
            self.now = self.now.begun_anew()

    def is_restored(self, now_s: float, *, is_being_sent: bool) -> None:
        """The server's process goes on with it; what is being sent may be all that follows."""
        self.now = self.now.begun_anew()
        self.is_new = not is_being_sent
        self.is_held, self.is_to_hear = True, False
        self.woken_s = now_s
        self.is_displaced, self.gained_s = False, 0.0

    def is_taken_up(self, clock_steps: Sequence[tuple[float, float]]) -> None:
        """A server has started, and looked at the clock that was stepped at times."""
        meanwhile = [step_s for at_s, step_s in clock_steps if at_s >= self.now.failing_since_s]
        self.is_displaced = bool(self.now.failures and meanwhile)
        self.gained_s = sum(step_s for step_s in meanwhile if step_s > 0)
        self.began_s, self.is_returned = self.now.failing_since_s, False

    def earliest_s(self, is_status: bool, started_s: float) -> float:
        """When the next notification may be sent, by a server that started then."""
        if self.now.failures:
            after_s = offset_s(self.now.failures, self.window_s)
            due_s = self.now.failing_since_s + after_s
            if self.is_returned:
                due_s = min(due_s, self.began_s + offset_s(1, self.window_s))
            return due_s - self.gained_s
        if is_status and self.succeeded_s > started_s and not self.is_new:
            return self.succeeded_s + 0.9 * self.window_s
        return -inf

    def latest_s(self, started_s: float) -> float:
        """When the next notification must be sent if nothing holds it up."""
        if self.now.failures:
            due_s = self.now.failing_since_s + offset_s(self.now.failures, self.window_s)
            return max(due_s, started_s + self.window_s) if self.is_displaced else due_s
        if self.is_new or self.has_something:
            return self.woken_s
        return max(self.succeeded_s, started_s) + self.window_s
