"""Forgetting what is old, in small steps."""

from dataclasses import dataclass

from ewspush.store import attempts, event_log, mailboxes, pull_subscriptions, subscriptions
from ewspush.store.database import Database

_SPAN = 500  # mailboxes looked at in one transaction
_MOST = 1000  # rows removed in one transaction


@dataclass(slots=True)
class Sweep:
    """One round over all mailboxes, what is over, and the attempt log.

    Each `step` is one short transaction. Times are since the epoch.
    """

    database: Database
    events_before_s: int
    over_before_s: int
    attempts_before_ms: int
    now_s: int
    _after: int | None = 0
    _due: list[int] | None = None

    def step(self) -> bool:
        """Do a little. False when the round is done."""
        if self._due:
            self._purge_events(self._due[-1])
        elif self._after is not None:
            with self.database.read() as tx:
                self._due, self._after = event_log.mailboxes_to_purge(
                    tx, self._after, self.events_before_s, _SPAN
                )
        else:
            with self.database.write() as tx:
                over = subscriptions.purge_over(tx, self.over_before_s, _MOST)
                expired = pull_subscriptions.purge_expired(tx, self.now_s, _MOST)
                attempted = attempts.purge_old(tx, self.attempts_before_ms, _MOST)
            return _MOST in (over, expired, attempted)
        return True

    def _purge_events(self, id: int) -> None:
        with self.database.write() as tx:
            # Locked before cursors are looked at: no Subscribe can resume behind the new floor.
            mailbox = mailboxes.lock(tx, id)
            if mailbox is None:
                purged = 0
            else:
                pushed = subscriptions.oldest_needed(tx, id)
                pulled = pull_subscriptions.oldest_needed(tx, id, self.now_s)
                through = min(each for each in (pushed, pulled, mailbox.head) if each is not None)
                floor = event_log.purge(tx, id, mailbox.floor, through, self.events_before_s, _MOST)
                purged = floor - mailbox.floor
        if purged < _MOST and self._due:
            self._due.pop()
