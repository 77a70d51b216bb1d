"""What the engine keeps in memory of a live subscription and of an origin."""

from collections.abc import Sequence
from enum import Enum, auto
from functools import cache
from math import inf
from sys import intern

from ewspush.core.events import Event, EventFilter
from ewspush.core.ids import Kind
from ewspush.core.subscription import IDLE, LivePhase, Phase, Retrying, spread_of
from ewspush.push.agenda import Entry
from ewspush.push.fair_queue import FairQueue
from ewspush.store.subscriptions import Progress, Subscription
from ewspush.wire import ids

_MOST_HEARD = 16  # events that are kept of what commits hand over


class Step(Enum):
    """How far the next notification of a subscription has come."""

    WAITING = auto()  # for an event or for its time
    QUEUED = auto()  # for its origin
    READING = auto()  # the log
    UNDER_WAY = auto()  # being sent
    LINGERING = auto()  # a moment after one was acknowledged, so that a burst is gathered
    OVER = auto()  # none follows


class Origin:
    """Scheme, host and port of responders: the unit of limits and fairness. See `admission`."""

    __slots__ = (
        "allowed",
        "has_struggled",
        "is_answering",
        "is_listed",
        "name",
        "next_s",
        "retrying",
        "returned_s",
        "subscriptions",
        "under_way",
        "waiting",
    )

    def __init__(self, name: str, allowed: int) -> None:
        self.name = name
        self.subscriptions = 0
        self.waiting: FairQueue[Live] = FairQueue()
        self.under_way = 0
        self.allowed = allowed  # requests at once
        self.is_answering = False
        self.is_listed = False  # among those that may send, now or when their time has come
        self.next_s = 0.0  # not before, if it has a rate
        self.has_struggled = False  # since it returned the last time
        self.returned_s = -inf
        self.retrying: dict[Live, float] = {}  # and when the last attempt of each began


@cache
def _seconds(minutes: int) -> float:
    """Shared by all who have the same StatusFrequency, which has 1,440 values."""
    return minutes * 60.0


class Live(Entry):
    """A live subscription. One small record each: there may be a million."""

    __slots__ = (
        "acknowledged",
        "examined",
        "head",
        "is_disabled",
        "mailbox",
        "must_send",
        "number",
        "origin",
        "over_s",
        "pending",
        "phase",
        "refused",
        "server_version",
        "status_frequency_s",
        "step",
        "unread",
        "url",
        "wanted",
        "watermark_base",
    )

    def __init__(
        self, stored: Subscription, watermark_base: int, url: str, origin: Origin, phase: LivePhase
    ) -> None:
        super().__init__()
        self.mailbox = stored.mailbox
        self.number = stored.number
        self.watermark_base = watermark_base
        self.url = url
        self.origin = origin
        self.refused: str | None = None  # why the URL may not be called (any more)
        self.server_version = intern(stored.server_version)
        self.status_frequency_s = _seconds(stored.status_frequency_min)
        self.wanted: EventFilter = stored.wanted
        self.acknowledged = stored.acknowledged
        self.head = stored.acknowledged  # of the log, as far as that is known
        # What is known of the log: the wanted events after the cursor and up to `examined`.
        self.pending: tuple[Event, ...] = ()
        self.examined = stored.acknowledged
        self.unread = True  # it goes on behind `examined`, perhaps
        self.phase: Phase = phase  # with times on the engine's clock
        self.over_s: float | None = None  # since when it is over, on the engine's clock
        self.step = Step.WAITING
        self.must_send = False  # a StatusEvent if there is no event
        self.is_disabled = False  # its mailbox is, which the responder is to be told

    @property
    def id(self) -> str:
        """The SubscriptionId."""
        return ids.encode(Kind.SUBSCRIPTION, self.mailbox, self.number)

    @property
    def spread(self) -> float:
        """How early its heartbeats are, 0 to 1."""
        return spread_of(self.number)

    @property
    def has_more(self) -> bool:
        """Whether there is something to send, or may be."""
        return self.must_send or bool(self.pending) or self.unread

    @property
    def behind(self) -> int:
        """How many events, wanted or not, it has not acknowledged, as far as that is known."""
        return self.head - self.acknowledged

    def hear(self, events: Sequence[Event]) -> bool:
        """Take note of events that a commit logged; whether there is something to do about them.

        They are used without reading the log if they follow on what is known of it, since there is
        none between then. Few are kept: whoever is sent nothing for long does not gather them here.
        """
        if events and events[-1].sequence <= self.examined:
            return False
        follows = bool(events) and events[0].sequence == self.examined + 1
        if self.unread or not follows or self.step is Step.READING or self.phase is not IDLE:
            self.unread = True
            return True
        wanted = tuple(filter(self.wanted.wants, events))
        if len(self.pending) + len(wanted) > _MOST_HEARD:
            self.unread = True
            return True
        self.pending += wanted
        self.examined = events[-1].sequence
        return bool(wanted)

    def start_over(self) -> None:
        """Compose the next notification anew, from the cursor."""
        self.pending, self.examined, self.unread = (), self.acknowledged, True

    def progress(self, epoch_s: float) -> Progress:
        """What to write down. `epoch_s` is the engine's time 0 in seconds since the epoch."""
        phase = self.phase
        if isinstance(phase, Retrying):
            asked_s = phase.not_before_s + epoch_s if phase.not_before_s else 0.0
            phase = Retrying(phase.failures, phase.since_s + epoch_s, asked_s)
        over_at_s = None if self.over_s is None else int(self.over_s + epoch_s)
        return Progress(self.mailbox, self.number, self.acknowledged, phase, over_at_s)
