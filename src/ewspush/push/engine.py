"""The delivery engine: sends what is due, one notification at a time for each subscription.

    something happened, or its time has come
        -> QUEUED at its origin -> UNDER_WAY: log read, notification composed, sent, answered
        -> cursor or phase put down to be written
        -> WAITING, at once the next, or after events LINGERING, so that a burst is gathered

A subscription whose mailbox is disabled is told so on the same way, and let go.

Everything here happens in the reactor's thread; the database is used off it. What is in memory can
be rebuilt from the database at any time, which may lag behind by two groups of acknowledgements.
"""

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from types import MappingProxyType
from typing import Any

import structlog
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from ewspush.core import subscription as rules
from ewspush.core.events import Event
from ewspush.core.ids import ObjectId
from ewspush.core.notification import Notification, compose
from ewspush.core.subscription import (
    ENDED,
    Ended,
    Idle,
    LivePhase,
    Parked,
    Phase,
    Retrying,
    SubscriptionStatus,
)
from ewspush.metrics import DeliveryMetrics, DeliveryState
from ewspush.push.address_policy import Target, UrlRefused
from ewspush.push.admission import Admission, Health, health_of
from ewspush.push.agenda import NEVER, taken_at_s
from ewspush.push.alarm import Alarm
from ewspush.push.attempt_recorder import AttemptRecorder
from ewspush.push.clock import Clock
from ewspush.push.courier import Attempted, Courier
from ewspush.push.delay_line import DelayLine
from ewspush.push.description import describe
from ewspush.push.live import Live, Step
from ewspush.push.log_reader import LogReader
from ewspush.push.mailbox_status import InUse, MailboxStatus
from ewspush.push.meter import Meter
from ewspush.push.orders import CannotNow, Orders
from ewspush.push.outcome import Outcome
from ewspush.push.progress import ProgressWriter
from ewspush.push.returning import ReturningOrigins
from ewspush.push.roster import Roster
from ewspush.push.sender import Answer, FailureKind
from ewspush.settings import AttemptSettings, DeliverySettings
from ewspush.store import attempts, subscriptions
from ewspush.store.attempts import Attempt, Keep
from ewspush.store.backlog import Backlog, BrokenLog
from ewspush.store.database import Database
from ewspush.store.subscriptions import Progress, Subscription
from ewspush.threads import InThread

log = structlog.get_logger()

_TAKEN_UP_TOGETHER = 1000  # subscriptions, at the start: others have their turn in between


@dataclass(slots=True)
class _Early:
    """What happens while the snapshot is loaded that the engine starts with."""

    woken: set[int] = field(default_factory=set)  # mailboxes
    changed: set[int] = field(default_factory=set)  # mailboxes disabled or restored
    ended: set[tuple[int, int]] = field(default_factory=set)  # subscriptions


class Engine:
    """Sends what is due.

    `clock` is monotonic; `now_s` gives seconds since the epoch, for what is stored and shown.
    `post` sends a body with headers to a URL and fails with NoAnswer only. `writing_clock` is for
    the moments in which what is to be written is gathered, if the other one can be stopped.
    `batch_of` may say how many events the next notification to a URL, of a subscription, has at
    most.
    """

    def __init__(
        self,
        clock: Clock,
        now_s: Callable[[], float],
        in_thread: InThread,
        database: Database,
        judge: Callable[[str], Target],
        post: Callable[[str, Sequence[str], bytes], "Deferred[Answer]"],
        settings: DeliverySettings,
        attempt_log: AttemptSettings,
        *,
        writing_clock: Clock | None = None,
        batch_of: Callable[[str, str], int | None] | None = None,
    ) -> None:
        self._clock = clock
        self._now_s = now_s
        self._in_thread = in_thread
        self._database = database
        self._judge = judge
        self._settings = settings
        self._keep = Keep(attempt_log.keep, attempt_log.bodies)
        self._meter = Meter()
        self._batch_of = batch_of
        self._listeners: list[Callable[[int, int], object]] = []
        self._progress = ProgressWriter[Live](
            writing_clock or clock,
            in_thread,
            self._progress_of,
            self._write_progress,
            self._schedule_turn,
            self._meter.metrics.group_written,
        )
        self._status = MailboxStatus(
            clock, in_thread, database, self._progress.drain, self._status_found
        )
        self._disabled: set[int] = set()  # mailboxes disabled since the start
        self._roster = Roster()
        self._admission = Admission(clock, settings, self._schedule_turn)
        self._reader = LogReader(
            clock, in_thread, database, settings.batch, self._found, self._leave
        )
        self._alarm = Alarm[Live](clock, self._time_has_come)
        self._returning = ReturningOrigins(clock, settings.first_retry_wait_s, self._bring_forward)
        self._linger = DelayLine[Live](clock, settings.linger_s, self._linger_over)
        self._orders = Orders()
        recorder = AttemptRecorder(attempt_log, self._progress.note) if attempt_log.keep else None
        self._courier = Courier(clock, now_s, post, self._meter, self._orders, recorder)
        self._turn_scheduled = False
        self._early: _Early | None = _Early()
        self._stopping = False
        self._quiet: list[Deferred[None]] = []

    # Starting and stopping

    async def start(self, due_at_s: Mapping[tuple[int, int], float] = MappingProxyType({})) -> None:
        """Take up every live subscription where it was. Wakes are accepted even before.

        `due_at_s` has the times of day of what was due for some, by mailbox and number, as `due`
        gave them.
        """
        early, loading, is_more = self._early or _Early(), self._live(), True
        while is_more:
            some = await self._in_thread(self._load, loading)
            for subscription, watermark_base, head in some:
                key = (subscription.mailbox, subscription.number)
                if key not in early.ended:
                    self._resume(subscription, watermark_base, head, due_at_s.get(key))
            is_more = len(some) == _TAKEN_UP_TOGETHER
            if is_more:
                gc.freeze()  # these stay, and a collection would take long to look at them
        self._early = None
        for mailbox in early.woken:
            self.wake(mailbox)
        for mailbox in early.changed:
            self.status_changed(mailbox)

    def _live(self) -> Iterator[tuple[Subscription, int, int]]:
        with self._database.read() as tx:
            yield from subscriptions.all_live(tx)

    def _load(
        self, loading: Iterator[tuple[Subscription, int, int]]
    ) -> list[tuple[Subscription, int, int]]:
        return list(islice(loading, _TAKEN_UP_TOGETHER))

    def _resume(
        self, stored: Subscription, watermark_base: int, head: int, due_at_s: float | None
    ) -> None:
        if self._roster.find(stored.mailbox, stored.number):
            return  # subscribed while the snapshot was loaded
        now_s = self._clock.seconds()
        if isinstance(stored.phase, Retrying):
            # Found again by wall time; a clock set back must not put the next attempt far off.
            age_s = max(0.0, self._now_s() - stored.phase.since_s)
            asked_s = stored.phase.not_before_s and stored.phase.not_before_s - self._epoch_s()
            phase = Retrying(stored.phase.failures, now_s - age_s, asked_s)
            live = self._add(stored, watermark_base, phase)
            self._meter.logged(live, head)
            self._returning.retries(live, phase.since_s)
            due_s = rules.attempt_due_s(
                phase, live.status_frequency_s, self._settings.first_retry_wait_s
            )
            self._alarm.set(live, max(due_s, now_s))
            return
        live = self._add(stored, watermark_base, rules.IDLE)
        self._meter.logged(live, head)
        due_s = rules.status_due_after_start_s(now_s, live.status_frequency_s, live.spread)
        if due_at_s is not None:
            due_s = due_at_s - self._epoch_s()
        self._alarm.set(live, due_s)
        live.unread = head > live.acknowledged
        if live.unread:
            self._queue(live)

    async def stop(self) -> None:
        """Begin nothing new, wait for what is under way, and write down what came of it.

        Whoever calls this bounds how long an answer may take, by closing the sender.
        """
        self._stopping = True
        self._status.stop()
        self._alarm.stop()
        self._linger.stop()
        self._orders.refuse_all("the server is stopping")
        self._admission.stop()
        self._reader.stop()
        if self._admission.under_way:
            quiet: Deferred[None] = Deferred()
            self._quiet.append(quiet)
            await quiet
        await self._progress.drain()

    # What may cause a delivery

    def wake(self, mailbox: int, events: Sequence[Event] = ()) -> None:
        """These events were logged in this mailbox by one commit, or some that nobody knows.

        Cheap, and safe to call twice, though events are then counted twice.
        """
        if self._early is not None:
            self._early.woken.add(mailbox)
        self._meter.metrics.events_logged += len(events)
        for live in self._roster.of(mailbox):
            if events:
                self._meter.logged(live, events[-1].sequence)
            if live.hear(events):
                self._meter.committed(live, events, self._clock.seconds())
                if live.step is Step.WAITING and isinstance(live.phase, Idle):
                    self._queue(live)

    def subscribed(self, stored: Subscription, watermark_base: int) -> None:
        """Send the first notification of a new subscription; its answer was written."""
        if self._roster.find(stored.mailbox, stored.number):
            return  # it was in the snapshot that was loaded at the start
        live = self._begin(stored, watermark_base)
        live.is_disabled = stored.mailbox in self._disabled

    def unsubscribed(self, id: ObjectId) -> None:
        """Send nothing more to a subscription that was ended by its owner."""
        if self._early is not None:
            self._early.ended.add((id.mailbox, id.number))
        self._status.removed(id.mailbox, id.number)
        live = self._roster.find(id.mailbox, id.number)
        if live is not None:
            self._enter(live, ENDED)
            self._remove(live)

    def status_changed(self, mailbox: int) -> None:
        """A mailbox was disabled or restored: find out which it is now. Safe to call twice."""
        if self._early is not None:
            self._early.changed.add(mailbox)
        else:
            self._status.changed(mailbox)

    # What operators ask for

    def pause(self, id: ObjectId) -> None:
        """Send nothing more until `resume`; the row says already that it is paused."""
        if self._early is not None:
            self._early.ended.add((id.mailbox, id.number))
        live = self._roster.find(id.mailbox, id.number)
        if live is None:
            return
        if live.step in (Step.READING, Step.UNDER_WAY):
            self._orders.do_afterwards(live, self._let_go)
        else:
            self._let_go(live)

    def _let_go(self, live: Live) -> None:
        self._remove(live)
        # Commands come from several threads: perhaps it was resumed since its row was written.
        self.status_changed(live.mailbox)

    def resume(self, id: ObjectId) -> None:
        """The row says that it is paused no longer: go on from its cursor."""
        live = self._roster.find(id.mailbox, id.number)
        if live is not None:
            self._orders.forget_afterwards(live)
        self.status_changed(id.mailbox)

    def retry_now(self, id: ObjectId) -> "Deferred[Outcome]":
        """Make the next attempt at once: how it ends. Raises CannotNow."""
        live = self._sendable(id)
        if not isinstance(live.phase, Retrying):
            raise CannotNow("its last attempt did not fail: there is nothing to retry")
        return self._ask(live)

    def heartbeat(self, id: ObjectId) -> "Deferred[Outcome]":
        """Send a StatusEvent, or events if there are any: how that ends. Raises CannotNow."""
        live = self._sendable(id)
        if isinstance(live.phase, Retrying):
            raise CannotNow("its last attempt failed, and it will be retried")
        return self._ask(live)

    def rewind(self, id: ObjectId, sequence: int) -> "Deferred[Outcome]":
        """Send again what came after `sequence`: how the first of it ends. Raises CannotNow."""
        live = self._sendable(id)
        if self._orders.is_ordered(live):
            raise CannotNow("an earlier order waits for the notification under way to end")
        if live.step in (Step.READING, Step.UNDER_WAY):
            self._orders.do_afterwards(live, partial(self._move_back, sequence))
        else:
            self._move_back(sequence, live)
        return self._ask(live)

    def _sendable(self, id: ObjectId) -> Live:
        live = self._roster.find(id.mailbox, id.number)
        if live is None or live.is_disabled or self._stopping:
            raise CannotNow("it is paused or over, its mailbox is disabled, or the server stops")
        return live

    def _move_back(self, sequence: int, live: Live) -> None:
        self._meter.moved(live, min(live.acknowledged, sequence))
        live.start_over()
        self._progress.put(live)

    def _ask(self, live: Live) -> "Deferred[Outcome]":
        live.must_send = True
        if live.step in (Step.WAITING, Step.LINGERING):
            self._alarm.clear(live)
            self._queue(live)
        return self._orders.ask(live)

    # What can be looked at

    def describe(self, id: ObjectId) -> dict[str, Any] | None:
        """What is known of a live subscription beyond the database. Times since the epoch."""
        live = self._roster.find(id.mailbox, id.number)
        if live is None or live.is_disabled:
            return None
        return describe(live, self._epoch_s())

    def due(self) -> dict[tuple[int, int], float]:
        """When the next heartbeat or retry of each subscription is due, in the time of day."""
        epoch_s = self._epoch_s()
        return {
            (live.mailbox, live.number): epoch_s + live.due_s
            for live in self._roster
            if live.due_s < NEVER
        }

    def next_s(self) -> float | None:
        """When the next heartbeat or retry is made, by the clock; None if none is due."""
        due_s = min((live.due_s for live in self._roster), default=NEVER)
        return None if due_s == NEVER else taken_at_s(due_s)

    @property
    def metrics(self) -> DeliveryMetrics:
        """What has happened so far. It goes on changing."""
        return self._meter.metrics

    def parked_counted(self, parked: int) -> None:
        """So many parked subscriptions are kept for inspection; some may have been purged."""
        self._meter.parked = parked

    def state(self) -> DeliveryState:
        """How things stand now. Costs the same however many subscriptions there are."""
        reading = len(self._reader)
        under_way = self._admission.under_way - reading
        return self._meter.state(reading, under_way, self._progress.unwritten)

    def watch(self, listener: Callable[[int, int], object]) -> Callable[[], None]:
        """Have `listener` told the mailbox and number of each subscription to which something
        happened: an attempt ended, it was taken up or let go. What is returned ends that.
        """
        self._listeners.append(listener)
        return partial(self._listeners.remove, listener)

    def _tell(self, live: Live) -> None:
        for listener in tuple(self._listeners):
            listener(live.mailbox, live.number)

    def written(self) -> "Deferred[None]":
        """Fires when everything that has happened is in the database."""
        return self._progress.drain()

    @property
    def is_idle(self) -> bool:
        """Whether nothing is queued, read, sent or gathered. Retries wait for their time."""
        return not (self._meter.queued or self._admission.under_way or self._linger)

    # Mailboxes that are disabled and restored

    def _status_found(self, mailbox: int, status: InUse | None) -> None:
        if status is not None:
            self._disabled.discard(mailbox)
            for stored in status.live:
                self._restore(stored, status.watermark_base)
            return
        self._disabled.add(mailbox)
        for live in self._roster.of(mailbox):
            if not live.is_disabled:
                self._disable(live)

    def _disable(self, live: Live) -> None:
        """Tell the responder so, once what is under way has ended. Nothing else is sent."""
        live.is_disabled = live.must_send = True
        self._meter.forget_times(live)
        self._alarm.clear(live)
        if live.step is Step.WAITING:
            self._queue(live)

    def _restore(self, stored: Subscription, watermark_base: int) -> None:
        """Go on from the cursor, at once; a retry begins anew."""
        live = self._roster.find(stored.mailbox, stored.number)
        if live is None:
            live = self._begin(stored, watermark_base)
            if isinstance(stored.phase, Idle):
                return
        elif live.is_disabled or (
            isinstance(live.phase, Retrying) and isinstance(stored.phase, Idle)
        ):
            live.is_disabled = False
            self._enter(live, rules.IDLE)
            live.must_send = live.unread = True
            self._alarm.clear(live)
            if live.step is Step.WAITING:
                self._queue(live)
        else:
            return  # restored before it was known to be disabled
        self._progress.put(live)  # a failure may have been written since the row was restarted

    def _time_has_come(self, live: Live, due_s: float) -> None:
        if live.step is Step.OVER:
            return
        live.must_send = True
        if isinstance(live.phase, Idle):
            self._meter.heartbeat_due(live, due_s)
        if live.step is Step.WAITING:
            self._queue(live)

    def _bring_forward(self, live: Live, due_s: float) -> None:
        if live.step is Step.WAITING and due_s < live.due_s:
            self._alarm.set(live, due_s)

    # Admission

    def _queue(self, live: Live) -> None:
        live.step = Step.QUEUED
        self._meter.queued += 1
        self._admission.queue(live)
        self._schedule_turn()

    def _schedule_turn(self) -> None:
        if not self._turn_scheduled and not self._stopping:
            self._turn_scheduled = True
            self._clock.callLater(0, self._turn)

    def _turn(self) -> None:
        self._turn_scheduled = False
        known: list[Live] = []  # nothing has to be read for them
        room = self._room()
        while room > 0 and (live := self._admission.take()) is not None:
            room -= 1
            self._meter.admitted(live)
            # A full batch is sent before more is read, so that little is kept of a long backlog.
            is_full = len(live.pending) > self._settings.batch
            if live.unread and not is_full and not live.is_disabled:
                live.step = Step.READING
                self._reader.put(live)
            else:
                live.step = Step.UNDER_WAY
                known.append(live)
        for live in known:
            self._compose(live)
        self._reader.flush()

    def _room(self) -> int:
        """How many more may be under way: each of them may become one more that is unwritten."""
        if self._stopping:
            return 0
        return self._settings.unwritten - self._progress.load - self._admission.under_way

    def _leave(self, live: Live, health: Health = Health.UNKNOWN) -> None:
        """No longer under way: make room for the next of its origin."""
        self._admission.left(live.origin, health)
        self._meter.left(live)
        if live.step is not Step.OVER:
            live.step = Step.WAITING
            self._orders.carry_out(live)
        if self._admission.has_ready:
            self._schedule_turn()
        if not self._admission.under_way and self._quiet:
            quiet, self._quiet = self._quiet, []
            for one in quiet:
                one.callback(None)

    # Composing

    def _found(self, live: Live, result: Backlog | BrokenLog) -> None:
        if live.step is not Step.OVER:
            live.step = Step.UNDER_WAY
        if live.step is Step.OVER or self._stopping:
            self._leave(live)
        elif isinstance(result, Backlog):
            live.pending += tuple(result.events)
            live.examined = result.examined
            self._meter.logged(live, result.examined)
            live.unread = live.unread or result.unread
            self._compose(live)
        else:
            self._finish(live, self._courier.could_not_compose(live, Failure(result)))

    def _compose(self, live: Live) -> None:
        if live.step is Step.OVER or self._stopping:
            self._leave(live)
        elif live.is_disabled:
            self._say_disabled(live)
        elif live.pending or (live.must_send and not live.unread):
            self._send(live)
        else:
            self._leave(live)
            if live.unread and live.step is Step.WAITING:
                self._queue(live)

    # Sending

    def _send(self, live: Live) -> None:
        batch = self._settings.batch
        if live.pending and self._batch_of is not None:  # the id alone costs a microsecond
            batch = min(batch, self._batch_of(live.url, live.id) or batch)
        notification = compose(live.acknowledged, live.pending, live.examined, batch)
        sending = self._courier.send(live, notification)
        sending.addCallback(partial(self._finish, live)).addErrback(_log_bug)

    def _say_disabled(self, live: Live) -> None:
        """Once, best effort: whatever is answered, the subscription is let go until restored."""
        live.must_send = False
        saying = self._courier.say_disabled(live)
        saying.addCallback(partial(self._said_disabled, live)).addErrback(_log_bug)

    def _said_disabled(self, live: Live, attempt: Attempted) -> None:
        self._leave(live, health_of(attempt.outcome))
        if live.step is Step.OVER:
            return
        if live.must_send:
            self._queue(live)  # restored meanwhile, perhaps disabled again
        else:
            self._remove(live)

    def _finish(self, live: Live, attempt: Attempted) -> None:
        """An attempt has ended: on to the next phase."""
        outcome, notification = attempt.outcome, attempt.notification
        before = live.phase
        # By ourselves, stopping: no fault of the responder's.
        is_cancelled = outcome.name == FailureKind.CANCELLED.value
        if live.step is not Step.OVER and not is_cancelled:
            if outcome.status is not None and notification is not None:
                self._acknowledged(live, notification, outcome.status)
            elif live.is_disabled:  # it begins anew: no failure is counted
                live.start_over()
            else:
                self._failed(live, attempt.began_s, outcome.retry_after_s)
        self._courier.log(live, attempt, before)
        health = health_of(outcome)
        self._returning.ended(live.origin, health, acknowledged=outcome.status is not None)
        self._leave(live, health)
        if live.step is Step.WAITING and not is_cancelled:
            self._go_on(live, outcome.status is not None, notification)
        self._tell(live)

    def _go_on(self, live: Live, succeeded: bool, notification: Notification | None) -> None:
        """To the next notification: after a moment, in which a burst of events is gathered."""
        if live.is_disabled or self._orders.is_asked(live):
            self._queue(live)
        elif not isinstance(live.phase, Idle):
            return
        elif (
            self._settings.linger_s
            and succeeded
            and notification is not None
            and notification.events
            and not notification.more
        ):
            live.step = Step.LINGERING
            self._linger.put(live)
        elif live.has_more:
            self._queue(live)

    def _linger_over(self, live: Live) -> None:
        if live.step is Step.LINGERING:
            live.step = Step.WAITING
            if live.has_more:
                self._queue(live)

    def _acknowledged(
        self, live: Live, notification: Notification, status: SubscriptionStatus
    ) -> None:
        now_s = self._clock.seconds()
        self._meter.acknowledged(live, notification, now_s)
        unchanged = isinstance(live.phase, Idle) and notification.through == live.acknowledged
        self._meter.moved(live, notification.through)
        live.pending = live.pending[len(notification.events) :]
        self._enter(live, rules.after_answer(status))
        live.must_send = live.is_disabled or self._orders.is_asked(live)
        if isinstance(live.phase, Ended):
            self._remove(live)
        elif not live.is_disabled:
            self._alarm.set(live, rules.status_due_s(now_s, live.status_frequency_s, live.spread))
        if not (unchanged and isinstance(live.phase, Idle)):
            self._progress.put(live)  # unless it was a heartbeat that moved nothing

    def _failed(self, live: Live, began_s: float, retry_after_s: int | None) -> None:
        assert isinstance(live.phase, Idle | Retrying), "one that is over sends nothing"
        asked_s = 0.0
        if retry_after_s is not None:
            asked_s = self._clock.seconds() + retry_after_s
        self._enter(
            live, rules.after_failure(live.phase, began_s, live.status_frequency_s, asked_s)
        )
        live.start_over()
        live.must_send = True
        if isinstance(live.phase, Retrying):
            self._returning.retries(live, began_s)
            due_s = rules.attempt_due_s(
                live.phase, live.status_frequency_s, self._settings.first_retry_wait_s, began_s
            )
            self._alarm.set(live, due_s)
        else:
            self._meter.metrics.parked += 1
            self._meter.parked += 1
            self._remove(live)
        self._progress.put(live)

    # Records

    def _add(self, stored: Subscription, watermark_base: int, phase: LivePhase) -> Live:
        refused = None
        try:
            target = self._judge(stored.url)
        except UrlRefused as error:  # the policy was made stricter since
            refused = str(error)
            target = Target(stored.url, "refused")
        origin = self._admission.join(target.origin)
        live = Live(stored, watermark_base, target.url, origin, phase)
        live.refused = refused
        self._meter.live += 1
        self._meter.retrying += isinstance(phase, Retrying)
        self._roster.add(live)
        self._tell(live)
        return live

    def _begin(self, stored: Subscription, watermark_base: int) -> Live:
        """Take up a subscription that is to be sent something at once."""
        live = self._add(stored, watermark_base, rules.IDLE)
        live.must_send = True
        self._queue(live)
        return live

    def _enter(self, live: Live, phase: Phase) -> None:
        if live.phase is not phase:
            if isinstance(live.phase, Retrying):
                self._returning.retries_no_more(live)
            self._meter.retrying += isinstance(phase, Retrying) - isinstance(live.phase, Retrying)
            live.phase = phase
            if isinstance(phase, Parked | Ended):
                live.over_s = self._clock.seconds()

    def _remove(self, live: Live) -> None:
        if self._early is not None:
            self._early.ended.add((live.mailbox, live.number))
        self._meter.removed(live)
        live.step = Step.OVER
        self._status.removed(live.mailbox, live.number)
        self._alarm.clear(live)
        self._returning.retries_no_more(live)
        self._roster.remove(live)
        self._admission.part(live.origin)
        self._orders.forget_afterwards(live)
        self._orders.refuse(live, "the subscription ended before anything was sent")
        self._tell(live)

    def _progress_of(self, live: Live) -> Progress:
        return live.progress(self._epoch_s())

    def _epoch_s(self) -> float:
        """The clock's time 0, in seconds since the epoch."""
        return self._now_s() - self._clock.seconds()

    def _write_progress(self, group: Sequence[Progress], attempted: Sequence[Attempt]) -> None:
        with self._database.write() as tx:
            subscriptions.write_progress(tx, group, int(self._now_s()))
            if attempted:
                attempts.append(tx, attempted, self._keep)


def _log_bug(failure: Failure) -> None:
    log.critical("delivery.bug", traceback=failure.getTraceback())
