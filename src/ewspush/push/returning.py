"""Origins that come back: those that wait to be retried need not wait out their back-off."""

from collections.abc import Callable

from ewspush.core import subscription as rules
from ewspush.core.subscription import Retrying
from ewspush.push.admission import Health
from ewspush.push.clock import Clock
from ewspush.push.live import Live, Origin

_EVERY_S = 1.0  # one origin at most: it may have many that wait


class ReturningOrigins:
    """Brings retries forward when their origin acknowledges again after it struggled.

    `bring_forward` is told of each that waits, and when its next attempt may be due instead.
    """

    def __init__(
        self, clock: Clock, first_wait_s: float, bring_forward: Callable[[Live, float], None]
    ) -> None:
        self._clock = clock
        self._first_wait_s = first_wait_s
        self._bring_forward = bring_forward

    def retries(self, live: Live, began_s: float) -> None:
        """It is Retrying, since an attempt failed that began then."""
        live.origin.retrying[live] = began_s

    def retries_no_more(self, live: Live) -> None:
        live.origin.retrying.pop(live, None)

    def ended(self, origin: Origin, health: Health, *, acknowledged: bool) -> None:
        """An attempt to notify somebody at this origin has ended."""
        if health is Health.STRUGGLES:
            origin.has_struggled = True
        elif acknowledged and origin.has_struggled:
            self._has_returned(origin)

    def _has_returned(self, origin: Origin) -> None:
        now_s = self._clock.seconds()
        if now_s < origin.returned_s + _EVERY_S:
            return  # the next acknowledgement will do
        origin.has_struggled, origin.returned_s = False, now_s
        for live, began_s in origin.retrying.items():
            assert isinstance(live.phase, Retrying), "others are not listed"
            due_s = rules.due_after_return_s(live.phase, began_s, self._first_wait_s)
            self._bring_forward(live, max(due_s, now_s))
