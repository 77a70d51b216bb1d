"""What operators ask of single subscriptions."""

from collections.abc import Callable

from twisted.internet.defer import Deferred

from ewspush.push.live import Live
from ewspush.push.outcome import Outcome


class CannotNow(Exception):
    """A subscription cannot be sent what an operator asks for. `str()` says why."""


class Orders:
    """Orders that wait, for the next attempt to begin or for the one under way to end."""

    def __init__(self) -> None:
        self._asked: dict[Live, list[Deferred[Outcome]]] = {}
        self._afterwards: dict[Live, Callable[[Live], None]] = {}

    def ask(self, live: Live) -> "Deferred[Outcome]":
        """How its next attempt ends. Fails with CannotNow if there is none."""
        asked: Deferred[Outcome] = Deferred()
        self._asked.setdefault(live, []).append(asked)
        return asked

    def is_asked(self, live: Live) -> bool:
        """Whether somebody waits for an attempt that has not begun."""
        return bool(self._asked) and live in self._asked

    def take(self, live: Live) -> "list[Deferred[Outcome]]":
        """Those who asked for the attempt that begins now."""
        return self._asked.pop(live, []) if self._asked else []

    def refuse(self, live: Live, why: str) -> None:
        """Tell those who asked that there will be no attempt."""
        for asked in self.take(live):
            asked.errback(CannotNow(why))

    def refuse_all(self, why: str) -> None:
        for live in tuple(self._asked):
            self.refuse(live, why)

    def do_afterwards(self, live: Live, order: Callable[[Live], None]) -> None:
        """Have it done when `live` is no longer under way, in place of what was to be done."""
        self._afterwards[live] = order

    def is_ordered(self, live: Live) -> bool:
        """Whether something is to be done when it is no longer under way."""
        return live in self._afterwards

    def forget_afterwards(self, live: Live) -> None:
        self._afterwards.pop(live, None)

    def carry_out(self, live: Live) -> None:
        """It is no longer under way."""
        if self._afterwards:
            order = self._afterwards.pop(live, None)
            if order is not None:
                order(live)
