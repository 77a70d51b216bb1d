"""What goes on in the mailboxes meanwhile: mail comes in by LMTP, and their owners change items.

Whatever the server does not take is tried again later, as mail servers and people do.
"""

import http.client
import re
import smtplib
import threading
import time
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Sequence
from itertools import count

from support.items import (
    delete_item,
    item_change,
    mark_all,
    move_item,
    set_field,
    update_item,
)
from support.running_server import Mailbox, ServerProcess

_TIMEOUT_S = 60.0  # of a client: longer than the server waits for its database
_PAUSE_S = 0.05  # after something was refused
_DEBT_S = 10.0  # of load that could not be put on in time is made up for, and no more
_EVENTS_OF_A_DELIVERY = 3  # Created, NewMail, and Modified of the Inbox: docs/events.md
ITEMS = 20  # of each mailbox, that its owner changes
_EVENTS_OF_A_CHANGE = 24  # Modified of the items and of Drafts; some more in every fourth
_IN_DETAIL = 4
_CHANGED_AT_ONCE = 3
_MAIL_SHARE = 0.6  # of all events
_OWNERS, _CARRIERS = 2, 6  # threads

ITEM_ID = re.compile(rb'<t:ItemId Id="([^"]+)"')
_REFUSED = (OSError, http.client.HTTPException, smtplib.SMTPException)


class Pace:
    """So many events a second while it is running, whoever makes them."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._due = 0.0
        self._at_s: float | None = None  # when `_due` was right; None: it is paused
        self._busy = 0
        self._is_over = False
        self._changed = threading.Condition()

    def run(self) -> None:
        with self._changed:
            self._at_s = time.monotonic()
            self._due = 0.0
            self._changed.notify_all()

    def pause(self) -> None:
        """Begin nothing new, and wait for what is under way."""
        with self._changed:
            self._at_s = None
            assert self._changed.wait_for(lambda: not self._busy, 2 * _TIMEOUT_S)

    def end(self) -> None:
        with self._changed:
            self._is_over = True
            self._changed.notify_all()

    def take(self, events: int) -> bool:
        """Wait until so many are due. False when it is over."""
        with self._changed:
            while not self._is_over:
                if self._at_s is not None:
                    now_s = time.monotonic()
                    gained = (now_s - self._at_s) * self._rate
                    self._due = min(self._due + gained, _DEBT_S * self._rate)
                    self._at_s = now_s
                    if self._due >= events:
                        self._due -= events
                        self._busy += 1
                        return True
                self._changed.wait(None if self._at_s is None else 0.005)
        return False

    def done(self) -> None:
        with self._changed:
            self._busy -= 1
            self._changed.notify_all()


class _Worker(ABC):
    """A thread that does the same again and again."""

    events: int  # of one go

    def __init__(self, pace: Pace, server: ServerProcess) -> None:
        self.server = server
        self.refused = 0  # goes that failed, or whose answer was lost
        self._pace = pace
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def join(self) -> None:
        self._thread.join(2 * _TIMEOUT_S)

    def _work(self) -> None:
        while self._pace.take(self.events):
            is_refused = False
            try:
                self.go()
            except _REFUSED:
                is_refused = True
                self.refused += 1
                self.hang_up()
            finally:
                self._pace.done()
            if is_refused:
                time.sleep(_PAUSE_S)
        self.hang_up()

    @abstractmethod
    def go(self) -> None:
        """Raises one of `_REFUSED` if the server does not take it."""

    @abstractmethod
    def hang_up(self) -> None:
        """End the connection there may be."""


class Carrier(_Worker):
    """Delivers mail to each mailbox in turn."""

    events = _EVENTS_OF_A_DELIVERY

    def __init__(self, pace: Pace, server: ServerProcess, mailboxes: Sequence[Mailbox]) -> None:
        self.accepted: Counter[str] = Counter()  # by address
        self._numbers = count()
        self._mailboxes = deque(mailboxes)
        self._lmtp: smtplib.LMTP | None = None
        super().__init__(pace, server)

    def go(self) -> None:
        address = self._mailboxes[0].address
        self._mailboxes.rotate(-1)
        if self._lmtp is None:
            self._lmtp = smtplib.LMTP(*self.server.lmtp, timeout=_TIMEOUT_S)
        message = (
            f"From: Shop <orders@example.com>\r\nTo: {address}\r\n"
            f"Subject: Order {next(self._numbers)}\r\n\r\nThree of them.\r\n"
        )
        self._lmtp.sendmail("orders@example.com", [address], message)
        self.accepted[address] += 1

    def hang_up(self) -> None:
        if self._lmtp is not None:
            self._lmtp.close()
            self._lmtp = None


class Owner(_Worker):
    """Marks Drafts as read or unread, of each mailbox in turn; copies items, deletes the copies."""

    events = _EVENTS_OF_A_CHANGE

    def __init__(
        self, pace: Pace, server: ServerProcess, items: Sequence[tuple[Mailbox, Sequence[str]]]
    ) -> None:
        """`items` are in Drafts."""
        self._items = deque(items)
        self._goes = count()
        self._http: http.client.HTTPConnection | None = None
        super().__init__(pace, server)

    def go(self) -> None:
        go = next(self._goes)
        mailbox, ids = self._items[0]
        self._items.rotate(-1)
        is_read = "true" if go // len(self._items) % 2 else "false"
        self._ask(mailbox, mark_all("drafts", flag=is_read))
        if go % _IN_DETAIL == 0:
            self._change_some(mailbox, [f'<t:ItemId Id="{id}"/>' for id in ids[:_CHANGED_AT_ONCE]])

    def _change_some(self, mailbox: Mailbox, items: Sequence[str]) -> None:
        read = set_field("message:IsRead", "<t:IsRead>true</t:IsRead>")
        changes = [item_change(item, read) for item in items]
        self._ask(mailbox, update_item(*changes, resolution="AlwaysOverwrite"))
        copied = self._ask(mailbox, move_item(*items, to="inbox", operation="CopyItem"))
        copies = [f'<t:ItemId Id="{id.decode()}"/>' for id in ITEM_ID.findall(copied)]
        self._ask(mailbox, delete_item(*copies))

    def _ask(self, mailbox: Mailbox, request: bytes) -> bytes:
        if self._http is None:
            self._http = http.client.HTTPConnection(*self.server.http, timeout=_TIMEOUT_S)
        self._http.request(
            "POST",
            "/EWS/Exchange.asmx",
            request,
            {"Content-Type": "text/xml; charset=utf-8", "Authorization": mailbox.authorization},
        )
        answer = self._http.getresponse()
        body = answer.read()
        if answer.status != http.client.OK or b'ResponseClass="Error"' in body:
            raise http.client.HTTPException(f"{answer.status}: {body[:500]!r}")
        return body

    def hang_up(self) -> None:
        if self._http is not None:
            self._http.close()
            self._http = None


class Load:
    """All of it. It begins paused."""

    def __init__(
        self,
        server: ServerProcess,
        rate: float,
        items: Sequence[tuple[Mailbox, Sequence[str]]],
    ) -> None:
        """`items` are the mailboxes, and of each some items that may be changed."""
        mailboxes = [mailbox for mailbox, _ in items]
        mail, changes = Pace(rate * _MAIL_SHARE), Pace(rate * (1 - _MAIL_SHARE))
        self._paces = (mail, changes)
        self._carriers = [Carrier(mail, server, mailboxes[n::_CARRIERS]) for n in range(_CARRIERS)]
        self._owners = [Owner(changes, server, items[n::_OWNERS]) for n in range(_OWNERS)]

    @property
    def refused(self) -> int:
        """Deliveries and requests that failed, or whose answer was lost."""
        return sum(worker.refused for worker in (*self._carriers, *self._owners))

    def take_accepted(self) -> Counter[str]:
        """Deliveries that were accepted since this was asked last, by address. While paused."""
        total: Counter[str] = Counter()
        for carrier in self._carriers:
            total += carrier.accepted
            carrier.accepted.clear()
        return total

    def run(self) -> None:
        for pace in self._paces:
            pace.run()

    def pause(self) -> None:
        """Returns when nothing is under way."""
        for pace in self._paces:
            pace.pause()

    def close(self) -> None:
        for pace in self._paces:
            pace.end()
        for worker in (*self._carriers, *self._owners):
            worker.join()
