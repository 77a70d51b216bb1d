"""What subscriptions still have to be told, read from the event log."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ewspush.core.events import Event, EventFilter
from ewspush.store import event_log
from ewspush.store.database import Transaction
from ewspush.store.event_log import Window

# Unwanted events are read in windows of growing size, so many at one go: what a longer stretch of
# them takes does not hold up the others that are read in the same transaction.
_FIRST_WINDOWS = 2  # in batches
_GROWTH = 5
_ROUNDS = 4


@dataclass(slots=True)
class Backlog:
    """The wanted events after a position: one more than a batch at most."""

    after: int  # everything up to there was examined before
    wanted: EventFilter
    events: list[Event] = field(default_factory=list)
    examined: int = 0  # nothing else up to there is wanted
    unread: bool = False  # the log goes on behind `examined`


class BrokenLog(Exception):
    """Events that a subscription still needs cannot be had from the log."""


def read(
    tx: Transaction, positions: Sequence[tuple[int, int, EventFilter]], batch: int
) -> list[Backlog | BrokenLog]:
    """The backlogs of (mailbox, after, wanted), or why one cannot be had; for one snapshot.

    The rows are filtered here and not in SQL: which events are wanted is one rule in one place,
    and a stretch of unwanted ones is passed in a few large windows.
    """
    results: list[Backlog | BrokenLog] = [
        Backlog(after, wanted, examined=after) for _, after, wanted in positions
    ]
    undecided = list(range(len(positions)))
    size = _FIRST_WINDOWS * batch
    for _ in range(_ROUNDS):
        windows = [Window(positions[i][0], _backlog(results[i]).examined, size) for i in undecided]
        for i, excerpt in zip(undecided, event_log.read(tx, windows), strict=True):
            results[i] = _extend(_backlog(results[i]), excerpt, size, batch)
        undecided = [i for i in undecided if _is_undecided(results[i], batch)]
        if not undecided:
            break
        size *= _GROWTH
    return results


def _backlog(result: Backlog | BrokenLog) -> Backlog:
    assert isinstance(result, Backlog), "failed ones are not read on"
    return result


def _is_undecided(result: Backlog | BrokenLog, batch: int) -> bool:
    return isinstance(result, Backlog) and result.unread and len(result.events) <= batch


def _extend(
    backlog: Backlog, excerpt: event_log.Excerpt | None, size: int, batch: int
) -> Backlog | BrokenLog:
    if excerpt is None:
        return BrokenLog("the mailbox is gone")
    if backlog.after < excerpt.floor:
        return BrokenLog(f"events after {backlog.after} are purged up to {excerpt.floor}")
    if excerpt.bad_row is not None:
        return BrokenLog(excerpt.bad_row)
    wants = backlog.wanted.wants
    backlog.events += [event for event in excerpt.events if wants(event)]
    if len(backlog.events) > batch + 1:
        del backlog.events[batch + 1 :]
        backlog.examined = backlog.events[-1].sequence
    else:
        backlog.examined = min(backlog.examined + size, excerpt.head)
    backlog.unread = backlog.examined < excerpt.head
    return backlog
