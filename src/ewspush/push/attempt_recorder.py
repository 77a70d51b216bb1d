"""What is kept of each attempt, for those who ask why a responder gets nothing."""

from collections.abc import Callable

from ewspush.core.notification import Notification
from ewspush.push.live import Live
from ewspush.push.outcome import Outcome
from ewspush.settings import AttemptSettings
from ewspush.store.attempts import Attempt

BODIES_A_SECOND = 500  # of failed attempts, and as many of others: writing all of them would cost


class AttemptRecorder:
    """Makes the records of the attempt log.

    Bodies are kept of every attempt while there are few, and of some when there are many.
    """

    def __init__(self, settings: AttemptSettings, note: Callable[[Attempt], None]) -> None:
        """`note` has a record written."""
        self._note = note
        self._limit = settings.body_limit
        self._allowance = BODIES_A_SECOND if settings.bodies else 0
        self._second = 0
        self._left = [0, 0]  # bodies of failed attempts, and of others, in this second

    def record(
        self,
        live: Live,
        notification: Notification | None,
        request: bytes,
        outcome: Outcome,
        began_s: float,
        took_s: float,
    ) -> None:
        """Record an attempt that began then, in seconds since the epoch.

        `notification` is None if none could be composed, or another message was sent.
        """
        times, at_ms = outcome.times, int(began_s * 1000)
        is_kept = self._may_keep_bodies(at_ms // 1000, outcome.status is not None)
        attempt = Attempt(
            live.mailbox,
            live.number,
            at_ms,
            live.acknowledged if notification is None else notification.previous,
            live.acknowledged if notification is None else notification.through,
            0 if notification is None else len(notification.events),
            notification is not None and notification.more,
            outcome.name,
            outcome.http_status,
            outcome.detail,
            times and times.connect_us,
            times and times.tls_us,
            times and times.first_byte_us,
            int(took_s * 1_000_000) if times is None else times.total_us,
            request[: self._limit] if is_kept else None,
            outcome.answer[: self._limit] if is_kept else None,
        )
        self._note(attempt)

    def _may_keep_bodies(self, second: int, succeeded: bool) -> bool:
        if second != self._second:
            self._second, self._left = second, [self._allowance] * 2
        self._left[succeeded] -= 1
        return self._left[succeeded] >= 0
