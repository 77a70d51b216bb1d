"""The delivery engine: sends what is due, one notification at a time for each subscription.

    something happened, or its time has come
        -> QUEUED at its origin -> UNDER_WAY: log read, notification composed, sent, answered
        -> cursor or phase put down to be written -> WAITING, or at once the next

A subscription whose mailbox is disabled is told so on the same way, and let go.

Everything here happens in the reactor's thread; the database is used off it. What is in memory can
be rebuilt from the database at any time, which may lag behind by two groups of acknowledgements.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import structlog
from twisted.internet.defer import Deferred, succeed
from twisted.python.failure import Failure

from ewspush.core import subscription as rules
from ewspush.core.errors import AccountDisabled
from ewspush.core.events import Event
from ewspush.core.ids import ObjectId
from ewspush.core.notification import Notification, compose
from ewspush.core.subscription import (
    ENDED,
    Ended,
    Idle,
    LivePhase,
    Phase,
    Retrying,
    SubscriptionStatus,
)
from ewspush.metrics import DeliveryMetrics, DeliveryState
from ewspush.push import outcome as outcomes
from ewspush.push.address_policy import Target, UrlRefused
from ewspush.push.admission import Admission, Health, health_of
from ewspush.push.agenda import NEVER, Agenda
from ewspush.push.clock import Call, Clock
from ewspush.push.live import LastAttempt, Live, Step
from ewspush.push.log_reader import LogReader
from ewspush.push.mailbox_status import InUse, MailboxStatus
from ewspush.push.meter import Meter
from ewspush.push.outcome import Outcome
from ewspush.push.progress import ProgressWriter
from ewspush.push.sender import Answer, FailureKind
from ewspush.settings import DeliverySettings
from ewspush.store import subscriptions
from ewspush.store.backlog import Backlog, BrokenLog
from ewspush.store.database import Database
from ewspush.store.subscriptions import Progress, Subscription
from ewspush.threads import InThread
from ewspush.wire import notification as envelope

log = structlog.get_logger()

HEADERS = (
    "Content-Type: text/xml; charset=utf-8",
    f'SOAPAction: "{envelope.SOAP_ACTION}"',
    "Accept: text/xml",
)
_DISABLED = AccountDisabled("The mailbox was disabled.")


@dataclass(slots=True)
class _Early:
    """What happens while the snapshot is loaded that the engine starts with."""

    woken: set[int] = field(default_factory=set)  # mailboxes
    changed: set[int] = field(default_factory=set)  # mailboxes disabled or restored
    ended: set[tuple[int, int]] = field(default_factory=set)  # subscriptions


class Engine:
    """Sends what is due.

    `clock` is monotonic; `now_s` gives seconds since the epoch, for what is stored and shown.
    `post` sends a body with headers to a URL and fails with NoAnswer only.
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
    ) -> None:
        self._clock = clock
        self._now_s = now_s
        self._in_thread = in_thread
        self._database = database
        self._judge = judge
        self._post = post
        self._settings = settings
        self._meter = Meter()
        self._progress = ProgressWriter[Live](
            clock,
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
        self._by_mailbox: dict[int, list[Live]] = {}
        self._admission = Admission(clock, settings, self._schedule_turn)
        self._reader = LogReader(
            clock, in_thread, database, settings.batch, self._found, self._leave
        )
        self._agenda: Agenda[Live] = Agenda()
        self._timer: Call | None = None  # that has not rung
        self._timer_s = NEVER  # when it does
        self._turn_scheduled = False
        self._early: _Early | None = _Early()
        self._stopping = False
        self._quiet: list[Deferred[None]] = []
        self._tells_all = log.is_enabled_for(logging.DEBUG)  # to ask costs as much as to send

    # Starting and stopping

    async def start(self) -> None:
        """Take up every live subscription where it was. Wakes are accepted even before."""
        stored = await self._in_thread(self._load)
        early, self._early = self._early or _Early(), None
        for subscription, watermark_base, head in stored:
            if (subscription.mailbox, subscription.number) not in early.ended:
                self._resume(subscription, watermark_base, head)
        for mailbox in early.woken:
            self.wake(mailbox)
        for mailbox in early.changed:
            self.status_changed(mailbox)

    def _load(self) -> list[tuple[Subscription, int, int]]:
        with self._database.read() as tx:
            return list(subscriptions.all_live(tx))

    def _resume(self, stored: Subscription, watermark_base: int, head: int) -> None:
        if self._find(stored.mailbox, stored.number):
            return  # subscribed while the snapshot was loaded
        now_s = self._clock.seconds()
        if isinstance(stored.phase, Retrying):
            # Found again by wall time; a clock set back must not put the next attempt far off.
            age_s = max(0.0, self._now_s() - stored.phase.since_s)
            phase = Retrying(stored.phase.failures, now_s - age_s)
            live = self._add(stored, watermark_base, phase)
            due_s = rules.attempt_due_s(
                phase, live.status_frequency_s, self._settings.first_retry_wait_s
            )
            self._set_due(live, max(due_s, now_s))
            return
        live = self._add(stored, watermark_base, rules.IDLE)
        self._set_due(
            live, rules.status_due_after_start_s(now_s, live.status_frequency_s, live.spread)
        )
        live.unread = head > live.acknowledged
        if live.unread:
            self._queue(live)

    async def stop(self) -> None:
        """Begin nothing new, wait for what is under way, and write down what came of it.

        Whoever calls this bounds how long an answer may take, by closing the sender.
        """
        self._stopping = True
        self._status.stop()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
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
        for live in self._by_mailbox.get(mailbox, ()):
            if live.hear(events):
                self._meter.committed(live, events, self._clock.seconds())
                if live.step is Step.WAITING and isinstance(live.phase, Idle):
                    self._queue(live)

    def subscribed(self, stored: Subscription, watermark_base: int) -> None:
        """Send the first notification of a new subscription; its answer was written."""
        if self._find(stored.mailbox, stored.number):
            return  # it was in the snapshot that was loaded at the start
        live = self._begin(stored, watermark_base)
        live.is_disabled = stored.mailbox in self._disabled

    def unsubscribed(self, id: ObjectId) -> None:
        """Send nothing more to a subscription that was ended by its owner."""
        if self._early is not None:
            self._early.ended.add((id.mailbox, id.number))
        self._status.removed(id.mailbox, id.number)
        live = self._find(id.mailbox, id.number)
        if live is not None:
            self._enter(live, ENDED)
            self._remove(live)

    def status_changed(self, mailbox: int) -> None:
        """A mailbox was disabled or restored: find out which it is now. Safe to call twice."""
        if self._early is not None:
            self._early.changed.add(mailbox)
        else:
            self._status.changed(mailbox)

    def describe(self, id: ObjectId) -> dict[str, Any] | None:
        """What is known of a live subscription beyond the database. Times since the epoch."""
        live = self._find(id.mailbox, id.number)
        if live is None or live.is_disabled:
            return None
        epoch_s = self._now_s() - self._clock.seconds()
        described: dict[str, Any] = {
            "phase": type(live.phase).__name__.lower(),
            "acknowledged": live.acknowledged,
            "next": "notification" if live.due_s == NEVER else "heartbeat",
            "next_at": None if live.due_s == NEVER else live.due_s + epoch_s,
        }
        if isinstance(live.phase, Retrying):
            described["failures"] = live.phase.failures
            described["next"] = "retry"
            described["gives_up_at"] = live.phase.since_s + live.status_frequency_s + epoch_s
        if live.last_attempt is not None:
            described["last_attempt"] = {
                "at": live.last_attempt.at_s,
                "outcome": live.last_attempt.outcome,
                "detail": live.last_attempt.detail,
            }
        return described

    @property
    def metrics(self) -> DeliveryMetrics:
        """What has happened so far. It goes on changing."""
        return self._meter.metrics

    def state(self) -> DeliveryState:
        """How things stand now. Costs the same however many subscriptions there are."""
        reading = len(self._reader)
        under_way = self._admission.under_way - reading
        return self._meter.state(reading, under_way, self._progress.unwritten)

    # Mailboxes that are disabled and restored

    def _status_found(self, mailbox: int, status: InUse | None) -> None:
        if status is not None:
            self._disabled.discard(mailbox)
            for stored in status.live:
                self._restore(stored, status.watermark_base)
            return
        self._disabled.add(mailbox)
        for live in self._by_mailbox.get(mailbox, ()):
            if not live.is_disabled:
                self._disable(live)

    def _disable(self, live: Live) -> None:
        """Tell the responder so, once what is under way has ended. Nothing else is sent."""
        live.is_disabled = live.must_send = True
        self._meter.forget_times(live)
        self._agenda.set(live, NEVER)
        if live.step is Step.WAITING:
            self._queue(live)

    def _restore(self, stored: Subscription, watermark_base: int) -> None:
        """Go on from the cursor, at once; a retry begins anew."""
        live = self._find(stored.mailbox, stored.number)
        if live is None:
            live = self._begin(stored, watermark_base)
            if isinstance(stored.phase, Idle):
                return
        elif live.is_disabled or isinstance(live.phase, Retrying):
            live.is_disabled = False
            self._enter(live, rules.IDLE)
            live.must_send = live.unread = True
            self._agenda.set(live, NEVER)
            if live.step is Step.WAITING:
                self._queue(live)
        else:
            return  # restored before it was known to be disabled
        self._progress.put(live)  # a failure may have been written since the row was restarted

    # Time

    def _set_due(self, live: Live, due_s: float) -> None:
        self._agenda.set(live, due_s)
        if self._timer is None or due_s < self._timer_s:
            self._set_timer()

    def _set_timer(self) -> None:
        next_s = self._agenda.next_s()
        if next_s is None or self._stopping:
            return
        if self._timer is not None:
            if self._timer_s <= next_s:
                return
            self._timer.cancel()
        self._timer_s = next_s
        self._timer = self._clock.callLater(
            max(0.0, next_s - self._clock.seconds()), self._time_has_come
        )

    def _time_has_come(self) -> None:
        self._timer = None
        for live in self._agenda.take_due(self._clock.seconds()):
            if live.step is not Step.OVER:
                live.must_send = True
                if isinstance(live.phase, Idle):
                    self._meter.heartbeat_due(live, self._agenda.taken_s)
                if live.step is Step.WAITING:
                    self._queue(live)
        self._set_timer()

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
        while self._may_admit() and (live := self._admission.take()) is not None:
            self._meter.admitted(live)
            if live.unread and not live.is_disabled:
                live.step = Step.READING
                self._reader.put(live)
            else:
                live.step = Step.UNDER_WAY
                known.append(live)
        for live in known:
            self._compose(live)
        self._reader.flush()

    def _may_admit(self) -> bool:
        # Each of those under way may become one more that is unwritten.
        unwritten = self._progress.unwritten + self._admission.under_way
        return unwritten < self._settings.unwritten and not self._stopping

    def _leave(self, live: Live, health: Health = Health.UNKNOWN) -> None:
        """No longer under way: make room for the next of its origin."""
        self._admission.left(live.origin, health)
        self._meter.left(live)
        if live.step is not Step.OVER:
            live.step = Step.WAITING
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
            live.unread = live.unread or result.unread
            self._compose(live)
        else:
            self._finish(live, self._clock.seconds(), None, outcomes.of_bug(Failure(result)))

    def _compose(self, live: Live) -> None:
        if live.step is Step.OVER or self._stopping:
            self._leave(live)
        elif live.is_disabled:
            self._say_disabled(live)
        elif live.pending or (live.must_send and not live.unread):
            self._send(live)
        else:
            self._leave(live)
            if live.unread:
                self._queue(live)

    # Sending

    def _send(self, live: Live) -> None:
        began_s = self._clock.seconds()
        notification = compose(live.acknowledged, live.pending, live.examined, self._settings.batch)
        self._meter.sending(live, notification, began_s)
        attempting = self._attempt(
            live,
            partial(
                envelope.render,
                notification,
                live.mailbox,
                live.watermark_base,
                live.id,
                live.server_version,
            ),
        )
        finishing = attempting.addCallback(
            lambda outcome: self._finish(live, began_s, notification, outcome)
        )
        finishing.addErrback(_log_bug)

    def _attempt(self, live: Live, render: Callable[[], bytes]) -> "Deferred[Outcome]":
        if live.refused is not None:
            return succeed(Outcome(None, FailureKind.ADDRESS_REFUSED.value, live.refused))
        try:
            sending = self._post(live.url, HEADERS, render())
        except Exception:  # one subscription's trouble backs off and does not stop the others
            return succeed(outcomes.of_bug(Failure()))
        judging = sending.addCallbacks(outcomes.of_answer, outcomes.of_failure)
        return judging.addErrback(outcomes.of_bug)

    def _say_disabled(self, live: Live) -> None:
        """Once, best effort: whatever is answered, the subscription is let go until restored."""
        began_s = self._clock.seconds()
        live.must_send = False
        render = partial(envelope.render_error, _DISABLED, live.id, live.server_version)
        saying = self._attempt(live, render)
        saying.addCallback(lambda outcome: self._said_disabled(live, began_s, outcome))
        saying.addErrback(_log_bug)

    def _said_disabled(self, live: Live, began_s: float, outcome: Outcome) -> None:
        self._meter.metrics.attempts[outcome.name] += 1
        log.info(
            "delivery.said_disabled",
            subscription=live.id,
            mailbox=live.mailbox,
            origin=live.origin.name,
            outcome=outcome.name,
            http_status=outcome.http_status,
            detail=outcome.detail,
            ms=round((self._clock.seconds() - began_s) * 1000),
        )
        self._leave(live, health_of(outcome))
        if live.step is Step.OVER:
            return
        if live.must_send:
            self._queue(live)  # restored meanwhile, perhaps disabled again
        else:
            self._remove(live)

    def _finish(
        self, live: Live, began_s: float, notification: Notification | None, outcome: Outcome
    ) -> None:
        """An attempt has ended: on to the next phase."""
        self._meter.metrics.attempts[outcome.name] += 1
        took_s = self._clock.seconds() - began_s
        live.last_attempt = LastAttempt(self._now_s() - took_s, outcome.name, outcome.detail)
        was_attempt = live.phase.failures + 1 if isinstance(live.phase, Retrying) else 1
        if outcome.name == FailureKind.CANCELLED.value:
            pass  # by ourselves, stopping: no fault of the responder's
        elif live.step is not Step.OVER:
            if outcome.status is not None and notification is not None:
                self._acknowledged(live, notification, outcome.status)
            elif live.is_disabled:  # it begins anew: no failure is counted
                live.start_over()
            else:
                self._failed(live, began_s)
        if outcome.status is not SubscriptionStatus.OK or self._tells_all:
            self._log_attempt(live, notification, outcome, was_attempt, took_s)
        goes_on = live.is_disabled or (
            isinstance(live.phase, Idle) and (bool(live.pending) or live.unread)
        )
        more = goes_on and live.step is not Step.OVER
        self._leave(live, health_of(outcome))
        if more:
            self._queue(live)

    def _acknowledged(
        self, live: Live, notification: Notification, status: SubscriptionStatus
    ) -> None:
        now_s = self._clock.seconds()
        self._meter.acknowledged(live, notification, now_s)
        unchanged = isinstance(live.phase, Idle) and notification.through == live.acknowledged
        live.acknowledged = notification.through
        live.pending = live.pending[len(notification.events) :]
        self._enter(live, rules.after_answer(status))
        live.must_send = live.is_disabled
        if isinstance(live.phase, Ended):
            self._remove(live)
        elif not live.is_disabled:
            self._set_due(live, rules.status_due_s(now_s, live.status_frequency_s, live.spread))
        if not (unchanged and isinstance(live.phase, Idle)):
            self._progress.put(live)  # unless it was a heartbeat that moved nothing

    def _failed(self, live: Live, began_s: float) -> None:
        assert isinstance(live.phase, Idle | Retrying), "one that is over sends nothing"
        self._enter(live, rules.after_failure(live.phase, began_s, live.status_frequency_s))
        live.start_over()
        live.must_send = True
        if isinstance(live.phase, Retrying):
            due_s = rules.attempt_due_s(
                live.phase, live.status_frequency_s, self._settings.first_retry_wait_s
            )
            self._set_due(live, due_s)
        else:
            self._meter.metrics.parked += 1
            self._remove(live)
        self._progress.put(live)

    def _log_attempt(
        self,
        live: Live,
        notification: Notification | None,
        outcome: Outcome,
        attempt: int,
        took_s: float,
    ) -> None:
        events = len(notification.events) if notification else 0
        write = log.debug if outcome.status is SubscriptionStatus.OK else log.info
        write(
            "delivery.attempted",
            subscription=live.id,
            mailbox=live.mailbox,
            origin=live.origin.name,
            kind="events" if events else "status",
            events=events,
            previous=notification.previous if notification else live.acknowledged,
            through=notification.through if notification else live.acknowledged,
            outcome=outcome.name,
            http_status=outcome.http_status,
            detail=outcome.detail,
            attempt=attempt,
            ms=round(took_s * 1000),
            phase=type(live.phase).__name__.lower(),
            next_s=round(live.due_s - self._clock.seconds()) if live.due_s < NEVER else None,
        )

    # Records

    def _find(self, mailbox: int, number: int) -> Live | None:
        for live in self._by_mailbox.get(mailbox, ()):
            if live.number == number:
                return live
        return None

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
        self._by_mailbox.setdefault(stored.mailbox, []).append(live)
        return live

    def _begin(self, stored: Subscription, watermark_base: int) -> Live:
        """Take up a subscription that is to be sent something at once."""
        live = self._add(stored, watermark_base, rules.IDLE)
        live.must_send = True
        self._queue(live)
        return live

    def _enter(self, live: Live, phase: Phase) -> None:
        if live.phase is not phase:
            self._meter.retrying += isinstance(phase, Retrying) - isinstance(live.phase, Retrying)
            live.phase = phase

    def _remove(self, live: Live) -> None:
        self._meter.removed(live)
        live.step = Step.OVER
        self._status.removed(live.mailbox, live.number)
        self._agenda.set(live, NEVER)
        neighbours = self._by_mailbox[live.mailbox]
        neighbours.remove(live)
        if not neighbours:
            del self._by_mailbox[live.mailbox]
        self._admission.part(live.origin)

    def _progress_of(self, live: Live) -> Progress:
        return live.progress(epoch_s=self._now_s() - self._clock.seconds())

    def _write_progress(self, group: Sequence[Progress]) -> None:
        with self._database.write() as tx:
            subscriptions.write_progress(tx, group, int(self._now_s()))


def _log_bug(failure: Failure) -> None:
    log.critical("delivery.bug", traceback=failure.getTraceback())
