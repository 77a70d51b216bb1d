"""The live subscriptions, by mailbox."""

from collections.abc import Iterator, Sequence
from itertools import chain

from ewspush.push.live import Live


class Roster:
    """Every live subscription that the engine knows."""

    def __init__(self) -> None:
        self._by_mailbox: dict[int, list[Live]] = {}

    def __iter__(self) -> Iterator[Live]:
        return chain.from_iterable(self._by_mailbox.values())

    def of(self, mailbox: int) -> Sequence[Live]:
        """Those of a mailbox, as long as none is added or removed."""
        return self._by_mailbox.get(mailbox, ())

    def find(self, mailbox: int, number: int) -> Live | None:
        for live in self._by_mailbox.get(mailbox, ()):
            if live.number == number:
                return live
        return None

    def add(self, live: Live) -> None:
        self._by_mailbox.setdefault(live.mailbox, []).append(live)

    def remove(self, live: Live) -> None:
        neighbours = self._by_mailbox[live.mailbox]
        neighbours.remove(live)
        if not neighbours:
            del self._by_mailbox[live.mailbox]
