"""What the engine keeps in memory of a live subscription and of an origin."""

from collections import deque
from dataclasses import dataclass
from enum import Enum, auto

from ewspush.core.events import EventFilter
from ewspush.core.ids import Kind
from ewspush.core.subscription import LivePhase, Phase, Retrying, spread_of
from ewspush.push.agenda import Entry
from ewspush.store.subscriptions import Progress, Subscription
from ewspush.wire import ids


class Step(Enum):
    """How far the next notification of a subscription has come."""

    WAITING = auto()  # for an event or for its time
    QUEUED = auto()  # for its origin
    UNDER_WAY = auto()  # being composed or sent
    OVER = auto()  # none follows


@dataclass(frozen=True, slots=True)
class LastAttempt:
    """The latest attempt of a subscription, for those who ask."""

    at_s: float  # when it began, seconds since the epoch
    outcome: str
    detail: str


class Origin:
    """Scheme, host and port of responders: the unit of limits and fairness."""

    __slots__ = ("name", "subscriptions", "under_way", "waiting")

    def __init__(self, name: str) -> None:
        self.name = name
        self.subscriptions = 0
        self.waiting: deque[Live] = deque()
        self.under_way = 0


class Live(Entry):
    """A live subscription. One small record each: there may be a million."""

    __slots__ = (
        "acknowledged",
        "again",
        "examined",
        "is_disabled",
        "last_attempt",
        "mailbox",
        "must_send",
        "number",
        "origin",
        "phase",
        "refused",
        "server_version",
        "status_frequency_s",
        "step",
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
        self.server_version = stored.server_version
        self.status_frequency_s = stored.status_frequency_min * 60.0
        self.wanted: EventFilter = stored.wanted
        self.acknowledged = stored.acknowledged
        self.examined = stored.acknowledged  # how far the log was searched for wanted events
        self.phase: Phase = phase  # with times on the engine's clock
        self.step = Step.WAITING
        self.must_send = False  # a StatusEvent if there is no event
        self.again = False  # something was logged since the log was read
        self.is_disabled = False  # its mailbox is, which the responder is to be told
        self.last_attempt: LastAttempt | None = None

    @property
    def id(self) -> str:
        """The SubscriptionId."""
        return ids.encode(Kind.SUBSCRIPTION, self.mailbox, self.number)

    @property
    def spread(self) -> float:
        """How early its heartbeats are, 0 to 1."""
        return spread_of(self.number)

    def progress(self, epoch_s: float) -> Progress:
        """What to write down. `epoch_s` is the engine's time 0 in seconds since the epoch."""
        phase = self.phase
        if isinstance(phase, Retrying):
            phase = Retrying(phase.failures, phase.since_s + epoch_s)
        return Progress(self.mailbox, self.number, self.acknowledged, phase)
