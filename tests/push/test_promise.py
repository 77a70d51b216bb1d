"""The promise, attacked: whatever fails, every client gets every wanted event, in order.

The machine decides what happens, and `Server` and `CarefulClient` watch that the promise is kept.
"""

import os
import sys
import tempfile
from contextlib import ExitStack
from math import inf
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from structlog.testing import capture_logs

from ewspush.core.errors import InvalidWatermark
from ewspush.core.events import EventType
from ewspush.settings import DeliverySettings
from ewspush.store import backlog, subscriptions
from support.attacked_server import (
    LOADS,
    LOOKS,
    MANNERS,
    PACES,
    READS,
    SENDS,
    WELL,
    WRITES,
    Fault,
    Pace,
    Server,
)
from support.careful_client import Standing, Subscriber, Wanted
from support.world import OK, World, fails, pass_time

# Nothing here cuts the power, so nothing has to reach a disk.
IN_MEMORY = next((path for path in ("/dev/shm",) if os.access(path, os.W_OK)), None)
URLS = ("http://a.example/1", "http://a.example/2", "http://b.example/")
INBOX, DRAFTS, DELETED_ITEMS = 3, 4, 7

EVERYTHING: Wanted = (frozenset(EventType), None)
FILTERS: tuple[Wanted, ...] = (
    EVERYTHING,
    (frozenset({EventType.NEW_MAIL}), frozenset({INBOX})),
    (frozenset({EventType.CREATED, EventType.MOVED}), frozenset({INBOX, DRAFTS})),
    (frozenset({EventType.MODIFIED}), None),
    (frozenset({EventType.FREE_BUSY_CHANGED}), None),
)
HAPPENINGS = (
    (EventType.NEW_MAIL, False, 100, INBOX),
    (EventType.CREATED, False, 100, INBOX),
    (EventType.CREATED, False, 101, DRAFTS),
    (EventType.MODIFIED, True, INBOX, 2, None, None, 1),
    (EventType.MOVED, False, 102, DELETED_ITEMS, 100, INBOX),
    (EventType.DELETED, False, 102, DELETED_ITEMS),
)

Mail = list[tuple[list[int], float]]  # kinds of events committed together, and the time after it

# Instants at which something is under way, and times after which something is due.
moments = st.sampled_from(
    [
        *(0.0, 0.0, 0.001, 0.002, 0.004, 0.006, 0.009, 0.012, 0.022, 0.031, 0.06),
        *(1.0, 6.0, 12.0, 31.0, 31.0, 61.0, 200.0),
    ]
)
kinds = st.integers(0, len(HAPPENINGS) - 1)
gaps = st.sampled_from([0.0, 0.0, 0.002, 0.005, 0.01, 0.03])
commits = st.tuples(st.lists(kinds, min_size=1, max_size=6), gaps)
work = st.sampled_from([READS, WRITES, SENDS])
changes = st.lists(
    st.tuples(
        st.booleans(),  # disabled, or restored
        st.integers(0, 1),
        st.one_of(st.sampled_from([READS, WRITES, SENDS, LOOKS, LOADS]), moments),
    ),
    min_size=1,
    max_size=4,
)
steps = st.sampled_from([0.0, 3600.0, -3600.0])
numbers = st.integers(1, 2**63 - 1)
manners = st.sampled_from([WELL, *sorted(MANNERS)])


class Promise(RuleBasedStateMachine):
    """Everything that may happen, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.held = ExitStack()
        # A log is read in several goes when it is longer than one window of two batches.
        self.held.enter_context(patch.object(backlog, "_ROUNDS", 1))
        self.log = self.held.enter_context(capture_logs())
        self.folder = Path(self.held.enter_context(tempfile.TemporaryDirectory(dir=IN_MEMORY)))

    def teardown(self) -> None:
        try:
            if sys.exc_info()[0] is None:
                self.everything_heals()
        finally:
            self.held.close()

    @initialize(
        batch=st.integers(2, 5),
        unwritten=st.integers(1, 6),
        origin_requests=st.integers(1, 3),
        requests=st.sampled_from([1000, 2]),
        some=st.lists(numbers, min_size=1, max_size=3, unique=True),
        ways=st.tuples(manners, manners, manners),
    )
    def a_server_runs(
        self,
        batch: int,
        unwritten: int,
        origin_requests: int,
        requests: int,
        some: list[int],
        ways: tuple[str, ...],
    ) -> None:
        self.server = Server(
            self.folder,
            DeliverySettings(
                batch=batch,
                unwritten=unwritten,
                origin_requests=origin_requests,
                requests=requests,
            ),
        )
        self.held.callback(self.server.database.close)
        self.server.start()
        self.pass_time(1)
        for number in some:
            url = URLS[number % len(URLS)]
            self.server.subscribe(0, number, url, 1 + number % 5, EVERYTHING, None)
        self.pass_time(1)
        self.server.manners = {url: MANNERS[way] for url, way in zip(URLS, ways, strict=True)}

    def pass_time(self, seconds: float) -> None:
        pass_time(self.server.clock, seconds)

    def record(self, mail: Mail, mailbox: int = 0) -> None:
        for happened, then_s in mail:
            self.server.record(mailbox, [HAPPENINGS[kind] for kind in happened])
            self.pass_time(then_s)

    # Mail and clients

    @rule(
        mailbox=st.integers(0, 1),
        mail=st.lists(commits, min_size=1, max_size=3),
        then_s=moments,
    )
    def mail_comes(self, mailbox: int, mail: Mail, then_s: float) -> None:
        self.record(mail, mailbox)
        self.pass_time(then_s)

    @rule(what=work, mailbox=st.integers(0, 1), mail=st.lists(commits, min_size=1, max_size=2))
    def mail_comes_meanwhile(self, what: str, mailbox: int, mail: Mail) -> None:
        self.server.pass_time_until(what, 310)
        self.record(mail, mailbox)

    @rule(kind=kinds, mailbox=st.integers(0, 1), then_s=moments)
    def much_of_one_kind_happens(self, kind: int, mailbox: int, then_s: float) -> None:
        self.record([([kind] * 30, 0.0)], mailbox)
        self.pass_time(then_s)

    @precondition(lambda self: self.listens() and len(self.server.subscribers) < 8)
    @rule(
        mailbox=st.integers(0, 1),
        number=numbers,
        url=st.sampled_from(URLS),
        minutes=st.integers(1, 5),
        wanted=st.integers(0, len(FILTERS) - 1),
        then_s=moments,
    )
    def a_client_subscribes(
        self, mailbox: int, number: int, url: str, minutes: int, wanted: int, then_s: float
    ) -> None:
        if self.is_free(number) and not self.is_disabled(mailbox):
            self.server.subscribe(mailbox, number, url, minutes, FILTERS[wanted], None)
        self.pass_time(then_s)

    @precondition(lambda self: self.listens() and len(self.server.subscribers) < 12)
    @rule(which=st.integers(0, 11), number=numbers, ends_old=st.booleans(), then_s=moments)
    def a_client_resumes_with_its_watermark(
        self, which: int, number: int, ends_old: bool, then_s: float
    ) -> None:
        old = self.subscriber(which)
        if not self.is_free(number):
            return
        if ends_old and old.is_answered:
            self.server.unsubscribe(old)
        mailbox = [each.id for each in self.server.mailboxes].index(old.id.mailbox)
        if self.is_disabled(mailbox):
            return
        is_purged = self.server.floor(old.id.mailbox) > old.client.position
        try:
            self.server.subscribe(
                mailbox, number, old.url, round(old.window_s / 60), old.wanted, old.client.watermark
            )
        except InvalidWatermark:
            assert is_purged
        else:
            assert not is_purged
        self.pass_time(then_s)

    @precondition(lambda self: self.listens())
    @rule(which=st.integers(0, 11), then_s=moments)
    def a_client_unsubscribes(self, which: int, then_s: float) -> None:
        if self.subscriber(which).is_answered:
            self.server.unsubscribe(self.subscriber(which))
        self.pass_time(then_s)

    @rule(changed=changes, then_s=moments)
    def mailboxes_are_disabled_and_restored(
        self, changed: list[tuple[bool, int, str | float]], then_s: float
    ) -> None:
        for is_disabled, mailbox, meanwhile in changed:
            if isinstance(meanwhile, str):
                self.server.pass_time_until(meanwhile, 310)
            else:
                self.pass_time(meanwhile)
            (self.server.disable if is_disabled else self.server.restore)(mailbox)
        self.pass_time(then_s)

    def is_disabled(self, mailbox: int) -> bool:
        return self.server.mailboxes[mailbox].id in self.server.statuses.disabled

    def listens(self) -> bool:
        """Whether the server has started: it listens from then on."""
        return self.server.started_s < inf

    def is_free(self, number: int) -> bool:
        return all(each.id.number != number for each in self.server.subscribers.values())

    def subscriber(self, which: int) -> Subscriber:
        known = list(self.server.subscribers.values())
        return known[which % len(known)]

    # Trouble

    @rule(url=st.sampled_from(URLS), manner=manners, then_s=moments)
    def a_responder_changes(self, url: str, manner: str, then_s: float) -> None:
        self.server.manners[url] = MANNERS[manner]
        self.pass_time(then_s)

    @rule(
        kind=st.sampled_from([READS, WRITES]),
        pace=st.sampled_from(PACES),
        fault=st.sampled_from([Fault.NONE, Fault.NONE, Fault.REFUSED, Fault.UNKNOWN]),
        wakes_after_s=st.sampled_from([0.0, 0.002, 0.5]),
        then_s=moments,
    )
    def threads_change(
        self, kind: str, pace: Pace, fault: Fault, wakes_after_s: float, then_s: float
    ) -> None:
        self.server.paces[kind] = pace
        self.server.faults[kind] = fault
        self.server.wakes_after_s = wakes_after_s
        self.pass_time(then_s)

    @rule(seconds=moments, step_s=steps)
    def time_passes(self, seconds: float, step_s: float) -> None:
        self.server.step_clock(step_s)
        self.pass_time(seconds)

    @rule(with_subscriptions=st.booleans())
    def what_is_old_is_purged(self, with_subscriptions: bool) -> None:
        self.server.sweep(with_subscriptions=with_subscriptions)

    @rule(
        mail=st.lists(commits, max_size=2),
        meanwhile=st.one_of(work, moments),
        is_written=st.booleans(),
        arrived=st.integers(0, 15),
        down_s=moments,
        step_s=steps,
        boots=st.booleans(),
        early=st.lists(commits, max_size=1),
        then_s=moments,
    )
    def the_server_is_killed(
        self,
        mail: Mail,
        meanwhile: str | float,
        is_written: bool,
        arrived: int,
        down_s: float,
        step_s: float,
        boots: bool,
        early: Mail,
        then_s: float,
    ) -> None:
        self.record(mail)
        if isinstance(meanwhile, str):
            self.server.pass_time_until(meanwhile, 310)
        else:
            self.pass_time(meanwhile)
        self.server.kill(is_written=is_written, arrived=arrived)
        self.starts_again(down_s, step_s, boots, early, then_s)

    @precondition(lambda self: self.listens())
    @rule(
        mail=st.lists(commits, max_size=2),
        after_s=moments,
        down_s=moments,
        step_s=steps,
        boots=st.booleans(),
        early=st.lists(commits, max_size=1),
        then_s=moments,
    )
    def the_server_is_restarted(
        self,
        mail: Mail,
        after_s: float,
        down_s: float,
        step_s: float,
        boots: bool,
        early: Mail,
        then_s: float,
    ) -> None:
        self.record(mail)
        self.pass_time(after_s)
        if not self.server.stop():
            self.server.kill(is_written=False, arrived=0)
        self.starts_again(down_s, step_s, boots, early, then_s)

    def starts_again(
        self, down_s: float, step_s: float, boots: bool, early: Mail, then_s: float
    ) -> None:
        self.server.clock.rightNow += down_s
        self.server.step_clock(step_s)
        self.server.start(boots)
        if early:
            self.server.pass_time_until(LOADS, 4)
        self.record(early)
        self.pass_time(then_s)

    # The promise

    @invariant()
    def nothing_is_missed_repeated_or_out_of_order(self) -> None:
        assert not self.server.complaints, "\n".join(self.server.complaints)
        for each in self.server.subscribers.values():
            assert each.client.problems == []

    @invariant()
    def nobody_waits_for_longer_than_he_must(self) -> None:
        for each in self.server.subscribers.values():
            self.server.check_not_late(each)
        self.server.check_status_is_told()
        self.server.check_written()

    @invariant()
    def nothing_is_wrong_inside(self) -> None:
        wrong = ("critical", "delivery.internal_error")
        assert not [line for line in self.log if {line["event"], line["log_level"]} & set(wrong)]
        self.log.clear()

    def everything_heals(self) -> None:
        """In the end everybody has everything."""
        server = self.server
        server.heal()
        for mailbox in range(2):
            server.restore(mailbox)
        self.pass_time(400)
        self.nothing_is_missed_repeated_or_out_of_order()
        self.nobody_waits_for_longer_than_he_must()
        self.nothing_is_wrong_inside()
        for each in server.subscribers.values():
            assert not each.is_to_hear
            if each.may_be_sent:
                assert each.is_held
                assert each.client.missing == [], each
                assert each.durable == Standing(each.client.position)
                assert not each.is_in_flight
        server.kill(is_written=False, arrived=0)
        server.start()


TestPromise = Promise.TestCase
TestPromise.settings = settings(
    max_examples=3000 if os.environ.get("THOROUGH") else 30,
    stateful_step_count=80 if os.environ.get("THOROUGH") else 40,
    derandomize=not os.environ.get("THOROUGH"),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


# What the machine found, as plain as it can be said


def test_a_server_that_has_nothing_to_wait_for_stops(world: World) -> None:
    id = world.subscribe(minutes=1)
    world.unsubscribe(id)
    world.advance(61)
    world.stop()


def test_a_request_of_one_that_was_ended_counts_at_its_origin_until_it_is_answered(
    tmp_path: Path,
) -> None:
    world = World(tmp_path, origin_requests=1)
    world.script = [OK, fails(after_s=10), OK]
    ended = world.subscribe(number=1)
    world.record(EventType.NEW_MAIL)
    world.settle()
    world.unsubscribe(ended)
    world.subscribe(number=2)
    assert len(world.attempts) == 2
    world.advance(10)
    assert len(world.attempts) == 3
    world.close()


def test_sending_pauses_for_acknowledgements_of_one_subscription_as_for_those_of_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path, unwritten=3, batch=1)
    world.record(*[EventType.NEW_MAIL] * 20)
    whole = subscriptions.write_progress

    def locked(*_: object) -> None:
        raise OSError("database is locked")

    monkeypatch.setattr(subscriptions, "write_progress", locked)
    world.subscribe(after=0)
    world.advance(30)
    assert len(world.attempts) == 3
    monkeypatch.setattr(subscriptions, "write_progress", whole)
    world.advance(2)
    assert len(world.attempts) == 20
    world.close()
