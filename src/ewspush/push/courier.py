"""Sending one message to a responder, and keeping a record of how that ended."""

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import structlog
from twisted.internet.defer import Deferred, succeed
from twisted.python.failure import Failure

from ewspush.core.errors import AccountDisabled
from ewspush.core.notification import Notification
from ewspush.core.subscription import Phase, Retrying, SubscriptionStatus
from ewspush.push import outcome as outcomes
from ewspush.push.agenda import NEVER
from ewspush.push.attempt_recorder import AttemptRecorder
from ewspush.push.clock import Clock
from ewspush.push.live import Live
from ewspush.push.meter import Meter
from ewspush.push.orders import Orders
from ewspush.push.outcome import Outcome
from ewspush.push.sender import Answer, FailureKind
from ewspush.wire import notification as envelope

log = structlog.get_logger()

Post = Callable[[str, Sequence[str], bytes], "Deferred[Answer]"]

HEADERS = (
    "Content-Type: text/xml; charset=utf-8",
    f'SOAPAction: "{envelope.SOAP_ACTION}"',
    "Accept: text/xml",
)
_DISABLED = AccountDisabled("The mailbox was disabled.")


class Attempted(NamedTuple):
    """An attempt that has ended."""

    began_s: float  # on the engine's clock
    took_s: float
    notification: Notification | None  # None: another message, or none could be composed
    outcome: Outcome


class Courier:
    """Takes a message to the responder of a subscription, once.

    Each attempt is counted, recorded and told to the operators who asked for it. `now_s` gives
    seconds since the epoch; `post` fails with NoAnswer only; without `recorder` nothing is kept.
    """

    def __init__(
        self,
        clock: Clock,
        now_s: Callable[[], float],
        post: Post,
        meter: Meter,
        orders: Orders,
        recorder: AttemptRecorder | None,
    ) -> None:
        self._clock = clock
        self._now_s = now_s
        self._post = post
        self._meter = meter
        self._orders = orders
        self._recorder = recorder
        self._tells_all = log.is_enabled_for(logging.DEBUG)  # to ask costs as much as to send

    def send(self, live: Live, notification: Notification) -> "Deferred[Attempted]":
        """Send a notification."""
        render = partial(
            envelope.render,
            notification,
            live.mailbox,
            live.watermark_base,
            live.id,
            live.server_version,
        )
        began_s = self._clock.seconds()
        self._meter.sending(live, notification, began_s)
        return self._attempt(live, began_s, notification, render)

    def say_disabled(self, live: Live) -> "Deferred[Attempted]":
        """Say that the mailbox is disabled."""
        render = partial(envelope.render_error, _DISABLED, live.id, live.server_version)
        saying = self._attempt(live, self._clock.seconds(), None, render)
        return saying.addCallback(partial(_log_said_disabled, live))

    def could_not_compose(self, live: Live, failure: Failure) -> Attempted:
        """Record that there was nothing that could be sent."""
        outcome = outcomes.of_bug(failure)
        return self._ended(live, self._clock.seconds(), None, b"", self._orders.take(live), outcome)

    def log(self, live: Live, attempt: Attempted, before: Phase) -> None:
        """Write a line about an attempt of one that was in the phase `before`."""
        is_ok = attempt.outcome.status is SubscriptionStatus.OK
        if not is_ok or self._tells_all:
            write = log.debug if is_ok else log.info
            next_s = live.due_s - self._clock.seconds()
            write(
                "delivery.attempted",
                **_described(live, attempt),
                attempt=before.failures + 1 if isinstance(before, Retrying) else 1,
                phase=type(live.phase).__name__.lower(),
                next_s=round(next_s) if next_s < NEVER else None,
            )

    def _attempt(
        self,
        live: Live,
        began_s: float,
        notification: Notification | None,
        render: Callable[[], bytes],
    ) -> "Deferred[Attempted]":
        asked, request = self._orders.take(live), b""

        def ended(outcome: Outcome) -> Attempted:
            return self._ended(live, began_s, notification, request, asked, outcome)

        if live.refused is not None:
            refused = Outcome(None, FailureKind.ADDRESS_REFUSED.value, live.refused)
            return succeed(ended(refused))
        try:
            request = render()
            posting = self._post(live.url, HEADERS, request)
        except Exception:  # one subscription's trouble backs off and does not stop the others
            return succeed(ended(outcomes.of_bug(Failure())))
        return posting.addBoth(lambda result: ended(outcomes.of_result(result)))

    def _ended(
        self,
        live: Live,
        began_s: float,
        notification: Notification | None,
        request: bytes,
        asked: "list[Deferred[Outcome]]",
        outcome: Outcome,
    ) -> Attempted:
        self._meter.metrics.attempts[outcome.name] += 1
        attempt = Attempted(began_s, self._clock.seconds() - began_s, notification, outcome)
        if self._recorder is not None:
            began_at_s = self._now_s() - attempt.took_s
            self._recorder.record(live, notification, request, outcome, began_at_s, attempt.took_s)
        for each in asked:
            each.callback(outcome)
        return attempt


def _described(live: Live, attempt: Attempted) -> dict[str, object]:
    notification, outcome = attempt.notification, attempt.outcome
    return {
        "subscription": live.id,
        "mailbox": live.mailbox,
        "origin": live.origin.name,
        "kind": "events" if notification and notification.events else "status",
        "events": len(notification.events) if notification else 0,
        "previous": notification.previous if notification else live.acknowledged,
        "through": notification.through if notification else live.acknowledged,
        "outcome": outcome.name,
        "http_status": outcome.http_status,
        "detail": outcome.detail,
        "ms": round(attempt.took_s * 1000),
    }


def _log_said_disabled(live: Live, attempt: Attempted) -> Attempted:
    log.info(
        "delivery.said_disabled",
        subscription=live.id,
        mailbox=live.mailbox,
        origin=live.origin.name,
        outcome=attempt.outcome.name,
        http_status=attempt.outcome.http_status,
        detail=attempt.outcome.detail,
        ms=round(attempt.took_s * 1000),
    )
    return attempt
