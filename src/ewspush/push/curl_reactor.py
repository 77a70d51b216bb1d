"""Runs libcurl transfers on the Twisted reactor.

libcurl's sockets and a monotonic timer sit in one epoll object of our own, and that is the one
descriptor the reactor watches: a turn handles all that is ready, and the reactor knows no socket
that libcurl may close and open again under the same number.
"""

import math
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from select import EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLOUT, epoll
from typing import Protocol

import pycurl
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReadDescriptor
from twisted.python.failure import Failure
from zope.interface import implementer

from ewspush.push.monotonic_timer import MonotonicTimer

_EVENTS_A_TURN = 512
_ROUNDS_A_TURN = 4  # of starting what is due and reporting what is done, before others' turn
_LONGEST_SILENCE = 1.0  # seconds between turns while transfers are under way

_NOTHING_READY = 0
_INTEREST = {
    pycurl.POLL_NONE: 0,
    pycurl.POLL_IN: EPOLLIN,
    pycurl.POLL_OUT: EPOLLOUT,
    pycurl.POLL_INOUT: EPOLLIN | EPOLLOUT,
}
# What of libcurl's view each event is, made a table because every event of every socket asks.
_READY = {
    events: (pycurl.CSELECT_IN if events & EPOLLIN else 0)
    | (pycurl.CSELECT_OUT if events & EPOLLOUT else 0)
    | (pycurl.CSELECT_ERR if events & (EPOLLERR | EPOLLHUP) else 0)
    for events in range((EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP) + 1)
}


class Reactor(Protocol):
    """What is needed of a Twisted reactor."""

    def addReader(self, reader: object) -> object: ...
    def removeReader(self, reader: object) -> object: ...
    def callFromThread(self, function: Callable[..., object], *args: object) -> object: ...


class Listener(Protocol):
    """Who hears of the transfers. Called outside of libcurl, so that transfers may be added."""

    def transfer_ended(self, easy: pycurl.Curl, code: int, message: str) -> None:
        """It is still in: remove it. `code` is libcurl's, 0 for a complete answer."""

    def turn_ended(self) -> None:
        """All that happened was told; comes once a second at least while there are transfers."""

    def transfers_lost(self, transfers: "CurlTransfers") -> None:
        """The reactor gave up on them, because of an error that it logs or at its own end."""


@implementer(IReadDescriptor)
class CurlTransfers:
    """A libcurl multi handle with its connections.

    Transfers added in one turn of the reactor start together in the next. `closed` fires when the
    handle and its connections are gone. Raises OSError if the process has no descriptor left.
    """

    def __init__(self, reactor: Reactor, listener: Listener, idle_connections: int) -> None:
        self._reactor = reactor
        self._listener = listener
        self.closed: Deferred[None] = Deferred()
        self._is_closed = False
        self._retired = False
        self._count = 0  # transfers under way
        self._in_turn = False
        self._due_now = False  # libcurl wants to be called
        self._due = math.inf  # or at this monotonic time
        self._rings = math.inf  # when the timer does
        self._epoll = epoll()
        self._idle: set[int] = set()  # descriptors that libcurl does not care for at the moment
        self._timer = MonotonicTimer()
        self._epoll.register(self._timer.fileno(), EPOLLIN)
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._call_later)
        self._multi.setopt(pycurl.M_MAXCONNECTS, idle_connections)
        reactor.addReader(self)

    def add(self, easy: pycurl.Curl) -> None:
        """Start a transfer. Raises pycurl.error if libcurl does not take it."""
        self._multi.add_handle(easy)
        self._count += 1
        if not self._in_turn:
            self._set_timer()

    def remove(self, easy: pycurl.Curl) -> None:
        """Take a transfer out, ended or not."""
        self._multi.remove_handle(easy)
        self._count -= 1
        if self._retired and not self._count:
            self.close()

    def retire(self) -> None:
        """Close when the last of the transfers under way is removed."""
        self._retired = True
        if not self._count:
            self.close()

    def close(self) -> None:
        """Close every connection. All transfers must have been removed."""
        if self._is_closed:
            return
        self._is_closed = True
        self._reactor.removeReader(self)
        self._epoll.close()
        self._timer.close()
        # Waits for name lookups under way and for far ends to take leave.
        threading.Thread(target=self._close_multi, name="ewspush-curl-close", daemon=True).start()

    def fileno(self) -> int:
        return self._epoll.fileno()

    def logPrefix(self) -> str:
        return "libcurl"

    def doRead(self) -> None:
        """Handle all that is ready. An error leads to `connectionLost`, by the reactor."""
        self._in_turn = True
        try:
            timer = self._timer.fileno()
            for descriptor, events in self._epoll.poll(0, _EVENTS_A_TURN):
                if descriptor == timer:
                    self._timer.silence()
                    self._rings = math.inf
                    self._due_now = True
                elif descriptor in self._idle:
                    self._unregister(descriptor)
                else:
                    self._multi.socket_action(descriptor, _READY[events])
            self._settle()
        finally:
            self._in_turn = False

    def connectionLost(self, reason: Failure) -> None:  # noqa: ARG002 - the reactor logged it
        self._listener.transfers_lost(self)

    def _settle(self) -> None:
        for _ in range(_ROUNDS_A_TURN):
            if self._due_now:
                self._due_now = False
                self._multi.socket_action(pycurl.SOCKET_TIMEOUT, _NOTHING_READY)
            self._report()
            if self._is_closed or not self._due_now:
                break
        self._listener.turn_ended()
        if not self._is_closed:
            self._set_timer()

    def _report(self) -> None:
        more = 1
        while more and not self._is_closed:
            more, complete, failed = self._multi.info_read()
            for easy in complete:
                self._listener.transfer_ended(easy, pycurl.E_OK, "")
            for easy, code, message in failed:
                self._listener.transfer_ended(easy, code, message)

    def _set_timer(self) -> None:
        """Ring when libcurl wants to be called, and once a second while transfers are under way.

        A ring that comes too early does no harm, so the timer is not put off.
        """
        now = time.monotonic()
        rings = now if self._due_now else self._due
        if self._count:
            rings = min(rings, now + _LONGEST_SILENCE)
        if rings < self._rings:
            self._rings = rings
            self._timer.ring_in(rings - now)

    def _call_later(self, milliseconds: int) -> None:
        """libcurl wants to be called then; must not raise, which would abort all transfers."""
        if milliseconds == 0:
            self._due_now = True
        else:
            self._due = math.inf if milliseconds < 0 else time.monotonic() + milliseconds / 1000

    def _watch(self, what: int, descriptor: int, _multi: object, _assigned: object) -> None:
        """libcurl wants to know what `descriptor` is ready for; must not raise, as above."""
        if self._is_closed:
            return
        if what == pycurl.POLL_REMOVE:
            # As a rule the connection is kept, and used again soon. If it is closed, the kernel
            # forgets it; if the far end closes it, the event says so.
            self._idle.add(descriptor)
            return
        self._idle.discard(descriptor)
        with suppress(OSError):  # one socket more than the kernel lets us watch: it times out
            self._register(descriptor, _INTEREST[what])

    def _register(self, descriptor: int, events: int) -> None:
        try:
            self._epoll.modify(descriptor, events)
        except FileNotFoundError:
            self._epoll.register(descriptor, events)

    def _unregister(self, descriptor: int) -> None:
        self._idle.discard(descriptor)
        with suppress(OSError):  # closed meanwhile
            self._epoll.unregister(descriptor)

    def _close_multi(self) -> None:
        try:
            self._multi.close()
        finally:
            self._reactor.callFromThread(self.closed.callback, None)
