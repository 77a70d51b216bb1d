"""Finding out, off the reactor, whether mailboxes are disabled or in use."""

from collections.abc import Callable
from dataclasses import dataclass, field

import structlog
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from ewspush.push.clock import Clock
from ewspush.store import mailboxes, subscriptions
from ewspush.store.database import Database
from ewspush.store.subscriptions import Subscription
from ewspush.threads import InThread

log = structlog.get_logger()

RETRY_S = 1.0  # after the database could not be read


@dataclass(frozen=True, slots=True)
class InUse:
    """A mailbox that is not disabled, and those of its live subscriptions that are not paused.

    Both are of one snapshot.
    """

    watermark_base: int
    live: list[Subscription]


Status = InUse | None
"""None: the mailbox is disabled, or gone."""


@dataclass(slots=True)
class _Look:
    is_old: bool = False  # the status changed since it began
    is_drained: bool = False  # whatever was known when it was drained is in the database
    removed: set[int] = field(default_factory=set)  # subscriptions that were let go since then


class MailboxStatus:
    """Looks into the database when the status of a mailbox changed, and tells what it is now.

    What was read before the status changed again is never told. Nor is InUse told with a row that
    lags behind: it is read when everything was written that was known of subscriptions let go.
    """

    def __init__(
        self,
        clock: Clock,
        in_thread: InThread,
        database: Database,
        drain: Callable[[], "Deferred[None]"],
        tell: Callable[[int, Status], None],
    ) -> None:
        """`drain` fires when everything that is known now of subscriptions is written."""
        self._clock = clock
        self._in_thread = in_thread
        self._database = database
        self._drain = drain
        self._tell = tell
        self._under_way: dict[int, _Look] = {}
        self._is_stopped = False

    def stop(self) -> None:
        """Tell nothing any more."""
        self._is_stopped = True

    def changed(self, mailbox: int) -> None:
        """A mailbox was disabled or restored. May be called too often, and too late."""
        look = self._under_way.get(mailbox)
        if look is None:
            self._begin(mailbox)
        else:
            look.is_old = True

    def removed(self, mailbox: int, number: int) -> None:
        """A subscription was let go: what is being read of it may be old."""
        look = self._under_way.get(mailbox)
        if look is not None:
            look.removed.add(number)

    def _begin(self, mailbox: int) -> None:
        look = self._under_way[mailbox] = _Look()
        self._read(mailbox, look)

    def _read(self, mailbox: int, look: _Look) -> None:
        if self._is_stopped:
            return
        reading = self._in_thread(self._look_up, mailbox)
        reading.addCallbacks(
            self._found,
            self._not_read,
            callbackArgs=(mailbox, look),
            errbackArgs=(mailbox, look),
        )
        reading.addErrback(_log_bug)

    def _look_up(self, mailbox: int) -> Status:
        with self._database.read() as tx:
            found = mailboxes.by_id(tx, mailbox)
            if found is None or found.disabled_at_s is not None:
                return None
            known = subscriptions.of_mailbox(tx, mailbox)
        live = [each for each in known if each.over_at_s is None and each.paused_at_s is None]
        return InUse(found.watermark_base, live)

    def _found(self, status: Status, mailbox: int, look: _Look) -> None:
        if self._is_stopped:
            return
        if look.is_old:
            self._begin(mailbox)
        elif status is not None and not look.is_drained:
            self._read_drained(mailbox, look)
        elif status is not None and any(each.number in look.removed for each in status.live):
            self._begin(mailbox)
        else:
            del self._under_way[mailbox]
            self._tell(mailbox, status)

    def _read_drained(self, mailbox: int, look: _Look) -> None:
        look.is_drained = True
        look.removed.clear()
        self._drain().addCallback(lambda _: self._read(mailbox, look)).addErrback(_log_bug)

    def _not_read(self, failure: Failure, mailbox: int, look: _Look) -> None:
        log.error("mailbox_status.not_read", mailbox=mailbox, error=str(failure.value))
        self._clock.callLater(RETRY_S, self._read, mailbox, look)


def _log_bug(failure: Failure) -> None:
    log.critical("mailbox_status.bug", traceback=failure.getTraceback())
