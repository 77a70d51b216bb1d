"""How pages are told that something has changed, and when they are told no more."""

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

from ewspush.inspector import live
from ewspush.inspector.live import EVERY_S, MOST_A_SECOND, TICK_S
from ewspush.inspector.sessions import IDLE_S
from support.checks_for_store import NOW_S, log_events, on_sqlite

pytestmark = on_sqlite

CHANGED = b"event: changed\ndata: now\n\n"
OVER = b"event: over\ndata: now\n\n"


class Page:
    """An open page."""

    def __init__(self, inspected, query=""):
        self._inspected = inspected
        self.transport = inspected.ask("GET", f"/inspect/live?{query}")
        self.pass_time(0)
        self.take()

    def pass_time(self, seconds):
        self._inspected.clock.advance(seconds)

    def take(self):
        """How often it was told that something has changed since it was asked before."""
        written = self.transport.value()
        self.transport.clear()
        return written.count(CHANGED)

    @property
    def is_open(self):
        return not self.transport.value().endswith(b"0\r\n\r\n")  # the last chunk

    def leave(self):
        self.transport.protocol.connectionLost(Failure(ConnectionDone()))


def test_a_page_is_told_at_once_so_that_nothing_is_missed(inspected):
    transport = inspected.ask("GET", "/inspect/live?")
    inspected.clock.advance(0)
    head, _, body = transport.value().partition(b"\r\n\r\n")
    assert b"Content-Type: text/event-stream" in head
    assert b"Cache-Control: no-store" in head
    assert CHANGED in body


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("", [True, True, True]),
        ("mailbox=5", [True, True, False]),
        ("mailbox=5&subscription=7", [True, False, False]),
        ("mailbox=x&subscription=", [True, True, True]),
    ],
)
def test_a_page_is_told_of_what_it_is_about(inspected, query, told):
    page = Page(inspected, query)
    seen = []
    for mailbox, number in ((5, 7), (5, 8), (6, 7)):
        page.pass_time(EVERY_S)
        inspected.deliveries.tell(mailbox, number)
        page.pass_time(0)
        seen.append(bool(page.take()))
    assert seen == told


def test_a_page_is_told_of_new_events_in_its_mailbox(inspected):
    page, other = Page(inspected, f"mailbox={inspected.mailbox.id}&subscription=7"), None
    other = Page(inspected, "mailbox=999")
    page.pass_time(EVERY_S)
    log_events(inspected.database, inspected.mailbox.id, NOW_S)
    page.pass_time(0)
    page.pass_time(0)
    assert (page.take(), other.take()) == (1, 0)


def test_a_page_is_told_twice_a_second_at_most(inspected):
    page = Page(inspected)
    told = 0
    for _ in range(100):
        inspected.deliveries.tell(5, 7)
        page.pass_time(0.02)
        told += page.take()
    assert told in (3, 4, 5)
    inspected.deliveries.tell(5, 7)
    page.pass_time(EVERY_S)
    assert page.take() == 1  # of the last change, too


def test_a_page_is_told_when_the_database_has_it(inspected):
    page = Page(inspected)
    page.pass_time(EVERY_S)
    inspected.deliveries.writing = Deferred()
    inspected.deliveries.tell(5, 7)
    page.pass_time(0)
    assert page.take() == 0
    inspected.deliveries.writing.callback(None)
    assert page.take() == 1


def test_a_database_that_does_not_write_keeps_no_page_waiting(inspected):
    page = Page(inspected)
    page.pass_time(EVERY_S)
    inspected.deliveries.writing = Deferred()
    inspected.deliveries.tell(5, 7)
    page.pass_time(0)
    inspected.deliveries.writing.errback(OSError("disk full"))
    assert page.take() == 1


def test_a_browser_that_takes_nothing_is_told_nothing(inspected):
    page = Page(inspected)
    page.transport.producer.pauseProducing()
    for _ in range(50):
        inspected.deliveries.tell(5, 7)
        page.pass_time(1)
    assert page.transport.value() == b""
    page.transport.producer.resumeProducing()
    page.pass_time(EVERY_S)
    assert page.take() == 1


def test_a_quiet_connection_is_kept_alive(inspected):
    page = Page(inspected)
    page.pass_time(0)
    for _ in range(3):
        page.pass_time(TICK_S)
    assert b":\n\n" in page.transport.value()


def test_a_page_ends_with_its_session(inspected):
    page = Page(inspected)
    for _ in range(int(IDLE_S / TICK_S) + 1):
        page.pass_time(TICK_S)
    assert OVER in page.transport.value()
    assert not page.is_open


def test_a_page_ends_when_its_session_is_logged_out(inspected):
    page = Page(inspected)
    inspected.post("/logout", {"token": inspected.get("/").token})
    assert OVER in page.transport.value()
    assert not page.is_open


def test_pages_end_with_the_server_and_may_come_back(inspected):
    page = Page(inspected)
    inspected.resource.stop()
    assert not page.is_open
    assert OVER not in page.transport.value()
    assert inspected.deliveries.listeners == []


def test_nobody_is_watched_for_nobody(inspected):
    assert inspected.deliveries.listeners == []
    page = Page(inspected)
    assert len(inspected.deliveries.listeners) == 1
    page.leave()
    assert inspected.deliveries.listeners == []


def test_open_pages_have_a_bound(inspected, monkeypatch):
    monkeypatch.setattr(live, "MOST", 2)
    pages = [Page(inspected) for _ in range(2)]
    assert inspected.get("/live").status == 503
    inspected.resource.stop()
    assert not pages[0].is_open


def test_other_pages_of_an_emulator_hear_of_what_is_done_to_time(emulated):
    emulated.get("/")
    page = Page(emulated, "mailbox=5&subscription=7")
    page.pass_time(EVERY_S)
    emulated.press("/", "/laboratory/advance", by="1", unit="min")
    page.pass_time(0)
    assert page.take() == 1


def test_pages_that_take_long_to_make_are_told_less_often(inspected):
    page = Page(inspected)
    inspected.resource._viewers.page_took_s = 0.2  # a tenth of a core is two seconds, then
    page.pass_time(60)
    page.take()
    for _ in range(81):  # eight seconds
        inspected.deliveries.tell(5, 7)
        page.pass_time(0.1)
    assert page.take() in (4, 5)


def test_many_pages_are_told_less_often_each(inspected):
    pages = [Page(inspected) for _ in range(4 * MOST_A_SECOND)]
    pages[0].pass_time(60)
    for page in pages:
        page.take()
    for _ in range(81):  # eight seconds
        inspected.deliveries.tell(5, 7)
        pages[0].pass_time(0.1)
    told = [page.take() for page in pages]
    assert set(told) <= {2, 3}
