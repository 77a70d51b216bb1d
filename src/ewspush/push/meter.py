"""What the delivery engine measures: counts that go up, where subscriptions stand, and times."""

from collections.abc import Sequence
from heapq import nlargest

from ewspush.core.events import Event
from ewspush.core.notification import Notification
from ewspush.core.subscription import Retrying
from ewspush.metrics import DeliveryMetrics, DeliveryState, OriginLoad
from ewspush.push.live import Live, Origin, Step
from ewspush.push.outcome import NAMES

BUSIEST = 20  # origins that are exposed: each is a time series for whoever scrapes


class Meter:
    """Told by the engine what happens.

    What it keeps grows with what is under way, overdue or not yet acknowledged, never with
    subscriptions that have nothing to do.
    """

    def __init__(self) -> None:
        self.metrics = DeliveryMetrics(attempts=dict.fromkeys(NAMES, 0))
        self.live = 0
        self.retrying = 0
        self.backlog = 0  # events, once for each subscription that has not acknowledged them
        self.parked = 0
        self.queued = 0
        self.over = 0  # with a request that is still under way
        self.busy: set[Origin] = set()  # origins with requests under way
        # One commit at a time is timed for a subscription: its last wanted event, and its time.
        self._commits: dict[Live, tuple[int, float]] = {}
        self._overdue: dict[Live, float] = {}  # heartbeats whose time has come, and when it did

    # Admission

    def admitted(self, live: Live) -> None:
        """It is queued no longer, but under way."""
        self.queued -= 1
        self.busy.add(live.origin)

    def left(self, live: Live) -> None:
        """It is under way no longer."""
        if not live.origin.under_way:
            self.busy.discard(live.origin)
        if live.step is Step.OVER:
            self.over -= 1

    # Backlog

    def logged(self, live: Live, head: int) -> None:
        """The log of its mailbox goes on up to there."""
        if head > live.head:
            self.backlog += head - live.head
            live.head = head

    def moved(self, live: Live, acknowledged: int) -> None:
        """Its cursor is there now."""
        self.logged(live, acknowledged)
        self.backlog += live.acknowledged - acknowledged
        live.acknowledged = acknowledged

    # Lag

    def committed(self, live: Live, events: Sequence[Event], at_s: float) -> None:
        """These were committed together, and it has just heard of them."""
        if live in self._commits:
            return
        if not live.unread:
            self._commits[live] = (live.pending[-1].sequence, at_s)
            return
        wants = live.wanted.wants
        for event in reversed(events):
            if wants(event):
                self._commits[live] = (event.sequence, at_s)
                return

    def acknowledged(self, live: Live, notification: Notification, at_s: float) -> None:
        if notification.events:
            self.metrics.events_acknowledged += 1
        else:
            self.metrics.status_acknowledged += 1
        commit = self._commits.get(live)
        if commit is not None and commit[0] <= notification.through:
            del self._commits[live]
            self.metrics.lag.observe(at_s - commit[1])

    # Heartbeats

    def heartbeat_due(self, live: Live, due_s: float) -> None:
        """Its time has come, and a StatusEvent is to be sent if there is no event."""
        self._overdue[live] = due_s

    def sending(self, live: Live, notification: Notification, at_s: float) -> None:
        due_s = self._overdue.pop(live, None)
        if due_s is not None and not notification.events:
            self.metrics.heartbeats += 1
            self.metrics.heartbeat_lateness.observe(max(0.0, at_s - due_s))

    # Those that no longer count

    def forget_times(self, live: Live) -> None:
        """Nothing is sent to it for a while, or ever, for a reason that is no delay."""
        self._commits.pop(live, None)
        self._overdue.pop(live, None)

    def removed(self, live: Live) -> None:
        """It is live no longer, from the step and the phase that it is in."""
        self.forget_times(live)
        self.live -= 1
        self.backlog -= live.behind
        self.retrying -= isinstance(live.phase, Retrying)
        if live.step is Step.QUEUED:
            self.queued -= 1
        elif live.step in (Step.READING, Step.UNDER_WAY):
            self.over += 1

    # Now

    def state(self, reading: int, under_way: int, unwritten: int) -> DeliveryState:
        """How things stand, with the numbers that the engine has anyway."""
        busiest = nlargest(BUSIEST, self.busy, key=lambda origin: origin.under_way)
        return DeliveryState(
            live=self.live,
            parked=self.parked,
            backlog=self.backlog,
            retrying=self.retrying,
            waiting=self.live - self.queued - (reading + under_way - self.over),
            queued=self.queued,
            reading=reading,
            under_way=under_way,
            unwritten=unwritten,
            busiest=[OriginLoad(each.name, each.under_way, len(each.waiting)) for each in busiest],
        )
