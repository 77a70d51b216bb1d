"""A queue in which mailboxes take turns."""

from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class FairQueue(Generic[T]):
    """Those who wait: first come, first served within a mailbox, and the mailboxes in turn.

    Most mailboxes have one that waits, which costs no list of its own.
    """

    __slots__ = ("_by_mailbox", "_length", "_turns")

    def __init__(self) -> None:
        self._turns: deque[int] = deque()
        self._by_mailbox: dict[int, T | list[T]] = {}
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def append(self, mailbox: int, one: T) -> None:
        self._length += 1
        waiting = self._by_mailbox.get(mailbox)
        if waiting is None:
            self._by_mailbox[mailbox] = one
            self._turns.append(mailbox)
        elif isinstance(waiting, list):
            waiting.append(one)
        else:
            self._by_mailbox[mailbox] = [waiting, one]

    def popleft(self) -> T:
        """The one whose turn it is. Raises IndexError if nobody waits."""
        mailbox = self._turns.popleft()
        self._length -= 1
        waiting = self._by_mailbox.pop(mailbox)
        if not isinstance(waiting, list):
            return waiting
        one = waiting.pop(0)
        if waiting:
            self._by_mailbox[mailbox] = waiting
            self._turns.append(mailbox)
        return one
