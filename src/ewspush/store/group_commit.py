"""Several writers' work in one transaction, since a durable commit costs more than the work."""

import threading
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

from ewspush.store import mailboxes
from ewspush.store.database import Database, Transaction

T = TypeVar("T")

_MOST = 100  # together: the first one waits for the last one's work


class _Entry:
    """Work, and what came of it."""

    def __init__(self, work: Callable[[Transaction], Any]) -> None:
        self.work = work
        self.is_done = False
        self.result: Any = None
        self.error: BaseException | None = None


class GroupCommit:
    """Writes for whoever comes while the writer before is at it.

    There is no thread of its own: the first to come does the work of all who are waiting then, and
    those find theirs done when it is their turn.
    """

    def __init__(
        self, database: Database, measured: Callable[[int], object] = lambda _: None
    ) -> None:
        """`measured` is told how many writers a transaction served, in the thread of one."""
        self._database = database
        self._measured = measured
        self._turn = threading.Lock()
        self._waiting: deque[_Entry] = deque()

    def write(self, work: Callable[[Transaction], T]) -> T:
        """Do the work in a transaction, and return its result once that is committed.

        Blocks. Raises what the work raises, which then had no effect, nor has it one on others'
        work; or what the commit raises, when no work of the group had any.
        """
        entry = _Entry(work)
        self._waiting.append(entry)
        with self._turn:
            if not entry.is_done:
                self._commit(entry)
        if entry.error is not None:
            raise entry.error
        result: T = entry.result
        return result

    def _commit(self, first: _Entry) -> None:
        group = self._take(first)
        try:
            with self._database.write() as tx:
                mailboxes.lock_several(tx)
                for entry in group:
                    _attempt(tx, entry)
            self._measured(len(group))
        except BaseException as error:
            for entry in group:
                entry.error = entry.error or error
            if not isinstance(error, Exception):
                raise
        finally:
            for entry in group:
                entry.is_done = True

    def _take(self, first: _Entry) -> list[_Entry]:
        """The group: `first`, and who else waits."""
        group = [first]
        while self._waiting and len(group) < _MOST:
            entry = self._waiting.popleft()
            if entry is not first and not entry.is_done:
                group.append(entry)
        return group


def _attempt(tx: Transaction, entry: _Entry) -> None:
    try:
        with tx.attempt():
            entry.result = entry.work(tx)
    except Exception as error:
        entry.error = error
