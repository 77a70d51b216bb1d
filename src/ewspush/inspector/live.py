"""Tells open pages that what they show has changed, by server-sent events.

A page then asks for itself anew. It is told twice a second at most, less often where many are open,
and not while its browser takes nothing.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import structlog
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.python.failure import Failure

from ewspush.core.events import Event
from ewspush.endpoint.http import BoundedRequest

log = structlog.get_logger()

MOST = 60  # open pages
EVERY_S = 0.5  # between two messages to a page
MOST_A_SECOND = 8  # messages to all pages, each of which is then made anew
SHARE = 0.1  # of a core, that making them anew may take
TICK_S = 5.0  # who looks on is checked so often
_QUIET_TICKS = 3  # then a comment is sent, so that nobody takes the connection for dead

_CHANGED = b"event: changed\ndata: now\n\n"
_OVER = b"event: over\ndata: now\n\n"
_COMMENT = b":\n\n"


class Deliveries(Protocol):
    """What an engine tells of its attempts, in the reactor's thread."""

    def watch(self, listener: Callable[[int, int], None]) -> Callable[[], None]:
        """Have `listener` called with a mailbox and the number of one of its subscriptions.

        That is whenever an attempt ended, or the subscription began, ended, was parked, paused or
        resumed. Returns what ends this.
        """
        ...

    def written(self) -> "Deferred[Any]":
        """Fires when everything so far is in the database."""
        ...


class Topic(NamedTuple):
    """What a page is about. None: any."""

    mailbox: int | None = None
    subscription: int | None = None  # its number; events of its mailbox count, too

    def includes(self, mailbox: int, subscription: int | None) -> bool:
        if self.mailbox is not None and mailbox != self.mailbox:
            return False
        return None in (self.subscription, subscription) or self.subscription == subscription


class Viewer:
    """One open page."""

    def __init__(
        self,
        request: BoundedRequest,
        topic: Topic,
        may_look: Callable[[], bool],
        viewers: "Viewers",
    ) -> None:
        self.topic = topic
        self._request = request
        self.may_look = may_look
        self._viewers = viewers
        self._clock = viewers.clock
        self._told_s = -EVERY_S
        self._is_due = False
        self._is_telling = False
        self._is_paused = False
        self._is_over = False
        self._ticks = 0

    def begin(self) -> None:
        """Send the head of the answer. What changed before this counts as well."""
        request = self._request
        request.setResponseCode(200)
        request.setHeader(b"Content-Type", b"text/event-stream")
        request.setHeader(b"X-Accel-Buffering", b"no")  # for nginx, which gathers answers otherwise
        request.registerProducer(self, True)
        request.notifyFinish().addErrback(lambda _: self._end())
        self._timer = self._clock.callLater(TICK_S, self._tick)
        request.write(_COMMENT)
        self.changed()

    def changed(self) -> None:
        """Tell the page, now or soon."""
        self._is_due = True
        self._go_on()

    def close(self, *, is_over: bool) -> None:
        """End the answer. `is_over`: the session is, so that the page need not come back."""
        if self._is_over:
            return
        if is_over:
            self._request.write(_OVER)
        self._request.unregisterProducer()
        self._end()
        self._request.finish()

    def _end(self) -> None:
        if not self._is_over:
            self._is_over = True
            self._timer.cancel()
            self._viewers.ended(self)

    def _tick(self) -> None:
        self._timer = self._clock.callLater(TICK_S, self._tick)
        self._ticks += 1
        if not self.may_look():
            self.close(is_over=True)
        elif self._ticks % _QUIET_TICKS == 0 and not self._is_paused:
            self._request.write(_COMMENT)

    def _go_on(self) -> None:
        if not self._is_due or self._is_telling or self._is_paused or self._is_over:
            return
        self._is_telling = True
        wait_s = max(0.0, self._told_s + self._viewers.every_s - self._clock.seconds())
        self._clock.callLater(wait_s, self._wait_for_the_database)

    def _wait_for_the_database(self) -> None:
        self._is_due = False
        written = maybeDeferred(self._viewers.deliveries.written)
        written.addErrback(_not_written).addCallback(lambda _: self._tell()).addErrback(_log_bug)

    def _tell(self) -> None:
        self._is_telling = False
        if self._is_over:
            return
        self._told_s = self._clock.seconds()
        self._request.write(_CHANGED)
        self._go_on()

    def pauseProducing(self) -> None:
        """The browser does not take what was written (IPushProducer)."""
        self._is_paused = True

    def resumeProducing(self) -> None:
        """It has taken it (IPushProducer)."""
        self._is_paused = False
        self._go_on()

    def stopProducing(self) -> None:
        """The connection is lost (IPushProducer); the request says so as well."""


class Viewers:
    """All open pages. Everything but `events_committed` is for the reactor's thread."""

    def __init__(self, clock: Any, deliveries: Deliveries) -> None:
        self.clock = clock
        self.deliveries = deliveries
        self._open: dict[Viewer, None] = {}
        self._stop_watching: Callable[[], None] | None = None
        self.page_took_s = 0.0  # of a core, the last one that was made anew; set by any thread

    @property
    def is_full(self) -> bool:
        """Whether no more pages can be live."""
        return len(self._open) >= MOST

    @property
    def every_s(self) -> float:
        """Between two messages to a page, so that many pages do not take all of the server."""
        pages = len(self._open)
        return max(EVERY_S, pages / MOST_A_SECOND, pages * self.page_took_s / SHARE)

    def open(self, request: BoundedRequest, topic: Topic, may_look: Callable[[], bool]) -> None:
        """Answer a request by telling of changes, as long as `may_look` says so."""
        viewer = Viewer(request, topic, may_look, self)
        self._open[viewer] = None
        if self._stop_watching is None:
            self._stop_watching = self.deliveries.watch(self._subscription_changed)
        viewer.begin()

    def events_committed(self, by_mailbox: Mapping[int, Sequence[Event]]) -> None:
        """Events were logged. For any thread, and cheap while nobody looks on."""
        if self._open:
            self.clock.callFromThread(self._events_logged, tuple(by_mailbox))

    def tell_all(self) -> None:
        """Something changed that concerns every page."""
        for viewer in tuple(self._open):
            viewer.changed()

    def check(self) -> None:
        """A session ended: close its pages."""
        for viewer in tuple(self._open):
            if not viewer.may_look():
                viewer.close(is_over=True)

    def stop(self) -> None:
        """Close all pages."""
        for viewer in tuple(self._open):
            viewer.close(is_over=False)

    def ended(self, viewer: Viewer) -> None:
        """A page was closed."""
        self._open.pop(viewer, None)
        if not self._open and self._stop_watching is not None:
            self._stop_watching()
            self._stop_watching = None

    def _subscription_changed(self, mailbox: int, subscription: int) -> None:
        self._tell(viewer for viewer in self._open if viewer.topic.includes(mailbox, subscription))

    def _events_logged(self, mailboxes: Sequence[int]) -> None:
        self._tell(
            viewer
            for viewer in self._open
            if viewer.topic.mailbox is None or viewer.topic.mailbox in mailboxes
        )

    def _tell(self, viewers: Iterable[Viewer]) -> None:
        for viewer in tuple(viewers):
            viewer.changed()


def _not_written(failure: Failure) -> None:
    """The page shows what is there."""
    log.warning("inspector.not_written", error=str(failure.value))


def _log_bug(failure: Failure) -> None:
    log.critical("inspector.bug", traceback=failure.getTraceback())
