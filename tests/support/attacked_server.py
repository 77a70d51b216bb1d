"""An engine on a real database, where everything around it fails when it is told to.

Everything that the engine does is watched: what it sends and when, and what it writes. It is known
which answers it was told, so it is known what each notification has to go on from (`Standing`),
also after a kill: an answer is durable once a write that began after it was committed.
"""

import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from functools import cache
from math import inf
from pathlib import Path
from shutil import copyfile
from traceback import format_exc
from typing import Any
from unittest.mock import patch

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.task import Clock

import ewspush
from ewspush.core.errors import SubscriptionNotFound
from ewspush.core.events import Event
from ewspush.core.ids import Kind, ObjectId
from ewspush.core.subscription import Retrying, SubscriptionStatus
from ewspush.operations import mailboxes as mailbox_operations
from ewspush.operations import subscriptions as operations
from ewspush.operations.folders.finding import FolderById
from ewspush.operations.retention import Sweep
from ewspush.push.address_policy import Target
from ewspush.push.engine import Engine
from ewspush.push.sender import Answer, FailureKind, NoAnswer
from ewspush.settings import AttemptSettings, DeliverySettings
from ewspush.store import event_log, mailboxes, subscriptions
from ewspush.store.database import Database
from ewspush.store.event_log import Happened
from ewspush.store.subscriptions import Progress
from ewspush.wire import ids
from support import disabling, notifications
from support.acks import ack, took
from support.careful_client import CarefulClient, Standing, Subscriber, Wanted, wants
from support.notifications import Received
from support.world import EPOCH_S, pass_time

ADDRESSES = ("one@example.org", "two@example.org")
STOP_GRACE_S = 10.0  # after which the server closes the sender
GATHER_S = 0.02  # architecture, Decisions: "committed in groups, every 20 ms at most"
SLACK_S = 2.0  # for what nothing holds up: threads, and the pause after one that failed
EPS_S = 0.02  # a tick of the agenda, and milliseconds in the database


@dataclass(frozen=True)
class Manner:
    """What a responder does with a notification; seconds run from the moment it is sent."""

    takes: bool  # the client has it and acts on it
    answer: Answer | FailureKind  # what the server gets
    says: SubscriptionStatus | None = None  # what that answer means
    arrives_s: float = 0.004
    ends_s: float = 0.008

    @property
    def loses_answer(self) -> bool:
        return self.takes and self.says is None


def _answer(status: int, body: bytes) -> Answer:
    return Answer(status, body, took(), None)


_OK, _UNSUBSCRIBE = SubscriptionStatus.OK, SubscriptionStatus.UNSUBSCRIBE
WELL = "acknowledges"
MANNERS = {
    WELL: Manner(True, _answer(200, ack(_OK)), _OK),
    "acknowledges slowly": Manner(True, _answer(200, ack(_OK)), _OK, arrives_s=5.0, ends_s=20.0),
    "unsubscribes": Manner(True, _answer(200, ack(_UNSUBSCRIBE)), _UNSUBSCRIBE),
    "refuses": Manner(False, FailureKind.CONNECT),
    "hangs": Manner(False, FailureKind.TIMEOUT, ends_s=30.0),
    "answers garbage": Manner(False, _answer(200, b"<html>It works!</html>")),
    "answers an error": Manner(False, _answer(500, ack(_OK))),
    "loses its answer": Manner(True, FailureKind.RESET),
    "answers too late": Manner(True, FailureKind.TIMEOUT, arrives_s=5.0, ends_s=30.0),
}


@dataclass(eq=False)
class Post:
    """A notification on its way."""

    to: Subscriber
    received: Received
    manner: Manner
    began_s: float
    answer: "Deferred[Answer]" = field(default_factory=Deferred)
    has_arrived: bool = False

    @property
    def through(self) -> int:
        return self.to.client.sequence(self.received.events[-1][1])

    @property
    def says_disabled(self) -> bool:
        return self.received.code == "ErrorAccountDisabled"

    def arrive(self) -> None:
        self.has_arrived = True
        if self.says_disabled:
            return
        if self.manner.takes:
            self.to.client.takes(self.received)
        else:
            self.to.client.refuses(self.received)
        if self.manner.loses_answer:
            self.to.client.answer_lost()


class Fault(Enum):
    """What goes wrong in a thread."""

    NONE = auto()
    REFUSED = auto()  # the work is not done
    UNKNOWN = auto()  # the work is done and fails all the same


@dataclass(frozen=True)
class Pace:
    """When the work of a thread is done, and when that is known, in seconds."""

    works_s: float
    known_s: float


PROMPT = Pace(0.0015, 0.003)
PACES = (PROMPT, Pace(0.0, 0.05), Pace(0.05, 0.05), Pace(0.0, 3.0), Pace(3.0, 3.0))
# What is under way: functions that are handed to threads, and a notification.
LOADS, READS, WRITES, SENDS = "_load", "read", "_write_progress", "post"
LOOKS = "_look_up"  # whether a mailbox is disabled; fails as reading does


@dataclass(eq=False)
class Job:
    """A function handed to a thread."""

    kind: str
    work: Callable[[], Any]
    pace: Pace
    told: dict[Subscriber, Standing]  # of those that it writes, when it was handed over
    mailbox: int | None = None  # that it looks for
    done: "Deferred[Any]" = field(default_factory=Deferred)
    is_worked: bool = False
    result: Any = None
    error: Exception | None = None

    @property
    def is_trouble(self) -> bool:
        return self.pace is not PROMPT or self.error is not None


class Unwritten:
    """What the server was told and has not written: a group that is gathered, and one written."""

    def __init__(self) -> None:
        self.gathered = self.writing = 0
        self._is_writing = False  # perhaps attempts alone
        self._gathering_since_s, self._write_ended_s = inf, -inf

    @property
    def total(self) -> int:
        return self.gathered + self.writing

    def told(self, now_s: float) -> None:
        self.gathered += 1
        self._gathering_since_s = min(self._gathering_since_s, now_s)

    def write_begins(self) -> None:
        self.writing, self.gathered, self._gathering_since_s = self.gathered, 0, inf
        self._is_writing = True

    def write_ends(self, now_s: float, has_failed: bool) -> None:
        self._write_ended_s, self._is_writing = now_s, False
        if has_failed:
            self.gathered += self.writing
            self._gathering_since_s = now_s
            self._write_ended_s += SLACK_S  # it is tried again after a pause
        self.writing = 0

    def check(self, now_s: float) -> None:
        """A group is gathered for 20 ms at most, or while the one before is written."""
        if not self._is_writing:
            waiting_s = now_s - max(self._gathering_since_s, self._write_ended_s)
            assert waiting_s <= GATHER_S + EPS_S, f"not written for {waiting_s} s"


class Statuses:
    """Which mailboxes are disabled, and what the engine has learnt of it.

    What counts is how often the status of a mailbox was changed, when it was looked up and when
    that was told.
    """

    def __init__(self) -> None:
        self.disabled: set[int] = set()
        self.told_disabled: set[int] = set()  # by this process
        self.changed_s = -inf  # when the engine could hear of the last change
        self._changes: Counter[int] = Counter()
        self._looked_up: dict[int, int] = {}
        self._told: dict[int, int] = {}

    def changed(self, mailbox: int, is_disabled: bool, heard_s: float) -> None:
        (self.disabled.add if is_disabled else self.disabled.discard)(mailbox)
        self._changes[mailbox] += 1
        self.changed_s = max(self.changed_s, heard_s)

    def looked_up(self, mailbox: int) -> None:
        self._looked_up[mailbox] = self._changes[mailbox]

    def told(self, mailbox: int, is_disabled: bool) -> None:
        (self.told_disabled.add if is_disabled else self.told_disabled.discard)(mailbox)
        self._told[mailbox] = self._looked_up[mailbox]

    def loaded(self) -> None:
        """A new process has its snapshot."""
        self.told_disabled = set()
        self._told = dict(self._changes)

    def is_untold(self, mailbox: int) -> bool:
        return self._changes[mailbox] != self._told.get(mailbox, 0)


class Server:
    """A server's process, and everything around it that can fail."""

    def __init__(self, folder: Path, delivery: DeliverySettings) -> None:
        copyfile(_empty_database(), folder / "ewspush.db")
        self.database = Database.open(f"sqlite:///{folder / 'ewspush.db'}")
        with self.database.read() as tx:
            found = [mailboxes.by_address(tx, address) for address in ADDRESSES]
        self.mailboxes = [mailbox for mailbox in found if mailbox]
        self.settings = delivery
        self.subscribers: dict[str, Subscriber] = {}
        self.manners: dict[str, Manner] = {}  # by URL; the others are well
        self.paces = {READS: PROMPT, WRITES: PROMPT}
        self.faults = {READS: Fault.NONE, WRITES: Fault.NONE}
        self.wakes_after_s = 0.0
        self.statuses = Statuses()
        self._loaded_without: set[int] = set()  # mailboxes that were disabled then
        self.clock_steps: list[tuple[float, float]] = []  # when, and by how much
        self.complaints: list[str] = []
        self.clock = Clock()
        self._clock_zero_s = 0.0
        self._jobs: list[Job] = []
        self._in_flight: list[Post] = []
        self._full: set[str] = set()
        self._room_since_s: dict[str, float] = {}
        self._trouble_until_s = -inf
        self.database.on_events(self._committed)
        self.database.on_status_changed(self._status_committed)

    def heal(self) -> None:
        """From now on nothing fails."""
        self.manners = {}
        self.paces = {READS: PROMPT, WRITES: PROMPT}
        self.faults = {READS: Fault.NONE, WRITES: Fault.NONE}

    # Time

    @property
    def now_s(self) -> float:
        """True time, which goes on whatever happens to the server and to its clocks."""
        return self._clock_zero_s + self.clock.seconds()

    def wall_s(self) -> float:
        return EPOCH_S + self.now_s + sum(step_s for _, step_s in self.clock_steps)

    def step_clock(self, seconds: float) -> None:
        """Set the wall clock forward or back."""
        if seconds:
            self.clock_steps.append((self.now_s, seconds))

    def pass_time_until(self, what: str, at_most_s: float) -> None:
        """Let time pass until a notification is on its way, or a thread has done such work."""
        end_s = self.clock.seconds() + at_most_s
        while not self._is_at(what) and (calls := self.clock.getDelayedCalls()):
            next_s = min(call.getTime() for call in calls)
            if next_s > end_s:
                break
            pass_time(self.clock, next_s - self.clock.seconds())

    def _is_at(self, what: str) -> bool:
        if what == SENDS:
            return bool(self._in_flight)
        return any(job.kind == what and job.is_worked for job in self._jobs)

    # The process

    def start(self, boots: bool = False) -> None:
        """Start on what is durable; `boots`: the monotonic clock begins anew."""
        now_s, clock = self.now_s, Clock()
        clock.rightNow = 0.0 if boots else self.clock.seconds()
        self._clock_zero_s, self.clock = now_s - clock.rightNow, clock
        self._check_database()
        for each in self.subscribers.values():
            each.is_forgotten()
        self._jobs.clear()
        self._in_flight.clear()
        self._unwritten = Unwritten()
        self._note_room()
        self.started_s = inf
        self._is_stopping = False
        self.engine = Engine(
            clock,
            self.wall_s,
            self._in_thread,
            self.database,
            lambda url: Target(url, _origin(url)),
            self._post,
            self.settings,
            AttemptSettings(),
        )
        self._watch_status()
        starting = ensureDeferred(self.engine.start())
        starting.addCallbacks(self._started, lambda failure: self._complain(str(failure)))

    def _started(self, _: None) -> None:
        self.started_s = self.now_s
        for each in self.subscribers.values():
            each.is_taken_up(self.clock_steps)
            each.is_held = each.may_be_sent and each.id.mailbox not in self._loaded_without

    def kill(self, *, is_written: bool, arrived: int) -> None:
        """`kill -9`: threads do their work or not, posts arrive as the bits of `arrived` say."""
        for job in self._jobs:
            if is_written:
                self._work(job)
        for position, post in enumerate(self._in_flight):
            if not post.has_arrived and arrived >> position & 1:
                post.arrive()
        for each in self.subscribers.values():
            each.client.server_killed()

    def stop(self) -> bool:
        """SIGTERM. False if the server cannot come to its end, and has to be killed."""
        stopped: list[object] = []
        self._is_stopping = True
        ensureDeferred(self.engine.stop()).addBoth(stopped.append)
        pass_time(self.clock, STOP_GRACE_S)
        for post in list(self._in_flight):
            self._cancel(post)
        pass_time(self.clock, STOP_GRACE_S)
        if stopped != [None]:
            assert self.faults[WRITES] is not Fault.NONE, stopped
            return False
        for each in self.subscribers.values():
            if not self.statuses.is_untold(each.id.mailbox):
                assert each.now == each.durable, "an orderly stop forgets nothing"
        return True

    def _check_database(self) -> None:
        """What a server finds is what was durable, no more and no less."""
        with self.database.read() as tx:
            for each in self.subscribers.values():
                row = subscriptions.by_number(tx, each.id.mailbox, each.id.number)
                if row is None or row.over_at_s is not None:
                    assert each.durable.is_over, f"{each.id} is over, {each.durable}"
                    continue
                failures = row.phase.failures if isinstance(row.phase, Retrying) else 0
                found = replace(each.durable, cursor=row.acknowledged, failures=failures)
                assert found == each.durable

    # Threads

    def _in_thread(self, function: Callable[..., Any], /, *args: object) -> "Deferred[Any]":
        kind = function.__name__
        job = Job(kind, lambda: function(*args), self.paces.get(kind, self.paces[READS]), {})
        if kind == WRITES:
            job.told = self._standings(args[0])
            self._unwritten.write_begins()
        elif kind == LOOKS:
            (job.mailbox,) = args
        self._jobs.append(job)
        self.clock.callLater(job.pace.works_s, self._work, job)
        self.clock.callLater(job.pace.known_s, self._tell, job)
        return job.done

    def _standings(self, group: Sequence[Progress]) -> dict[Subscriber, Standing]:
        written = {(each.mailbox, each.number) for each in group}
        return {
            each: each.now
            for each in self.subscribers.values()
            if (each.id.mailbox, each.id.number) in written
        }

    def _work(self, job: Job) -> None:
        if job.is_worked:
            return
        job.is_worked = True
        fault = self.faults.get(READS if job.kind == LOOKS else job.kind, Fault.NONE)
        if job.mailbox is not None:
            self.statuses.looked_up(job.mailbox)
        elif job.kind == LOADS:
            self.statuses.loaded()
            self._loaded_without = set(self.statuses.disabled)
        if fault is not Fault.REFUSED:
            job.result = job.work()
            if job.kind == WRITES:
                self._made_durable(job.told)
        if fault is not Fault.NONE:
            job.error = OSError("database is locked")

    def _made_durable(self, told: dict[Subscriber, Standing]) -> None:
        for each, standing in told.items():
            if not each.durable.is_over:
                each.durable = standing

    def _tell(self, job: Job) -> None:
        self._jobs.remove(job)
        if job.is_trouble:
            self._trouble_until_s = self.now_s
        if job.kind == WRITES:
            self._unwritten.write_ends(self.now_s, job.error is not None)
            self._note_room()
        if job.error is not None:
            job.done.errback(job.error)
        else:
            job.done.callback(job.result)

    # Responders

    def _post(self, url: str, headers: Sequence[str], body: bytes) -> "Deferred[Answer]":
        sent = dict(header.split(": ", 1) for header in headers)
        sent["User-Agent"] = f"ewspush/{ewspush.__version__}"
        try:
            received = notifications.read(sent, body)
            to = self.subscribers[received.subscription]
            self._check_post(to, url, received)
        except Exception:  # which the engine would take for a failed attempt
            self._complain(format_exc())
            raise
        post = Post(to, received, self.manners.get(url, MANNERS[WELL]), self.now_s)
        to.is_in_flight = True
        if post.says_disabled:
            to.is_to_hear = False
        else:
            to.is_new = False
        self._in_flight.append(post)
        self._note_room()
        self.clock.callLater(post.manner.arrives_s, post.arrive)
        self.clock.callLater(post.manner.ends_s, self._end, post)
        return post.answer

    def _end(self, post: Post) -> None:
        if post not in self._in_flight:
            return  # cancelled
        to = post.to
        self._leaves(post)
        if post.says_disabled:
            to.is_held = to.is_to_hear or to.id.mailbox not in self.statuses.told_disabled
            self._answer(post)
            return
        is_failure = post.manner.says is None
        counts = not is_failure or to.id.mailbox not in self.statuses.told_disabled
        is_told = to.may_be_sent and counts
        if is_told and to.told(post.manner.says, post.through, post.began_s):
            self._unwritten.told(self.now_s)
            if self._unwritten.total > self.settings.unwritten:
                self._complain(f"{self._unwritten.total} answers are not written")
        if not is_failure:
            to.succeeded_s = self.now_s
            for each in self.subscribers.values():
                each.is_returned = each.is_returned or _origin(each.url) == _origin(to.url)
        self._answer(post)
        if is_told and is_failure:
            self._check_given_up(to, post.began_s)

    def _answer(self, post: Post) -> None:
        self._note_room()
        answer = post.manner.answer
        if isinstance(answer, Answer):
            post.answer.callback(answer)
        else:
            post.answer.errback(NoAnswer(answer, "scripted", took()))

    def _cancel(self, post: Post) -> None:
        self._leaves(post)
        if post.has_arrived and post.manner.takes and not post.says_disabled:
            post.to.client.answer_lost()
        post.answer.errback(NoAnswer(FailureKind.CANCELLED, "scripted", took()))

    def _leaves(self, post: Post) -> None:
        self._in_flight.remove(post)
        post.to.is_in_flight = False
        post.to.ended_s = self.now_s

    def _check_post(self, to: Subscriber, url: str, received: Received) -> None:
        same_origin = [post for post in self._in_flight if _origin(post.to.url) == _origin(url)]
        assert url == to.url
        assert to.may_be_sent, "nothing more is sent to one that is over"
        assert not self._is_stopping, "nothing is begun while stopping"
        assert not to.is_in_flight, "one notification at a time"
        assert len(same_origin) < self.settings.origin_requests
        assert len(self._in_flight) < self.settings.requests
        if received.code != "NoError":
            assert to.is_to_hear, "who is told that the mailbox is disabled is told once"
            return
        assert to.is_held, "what waits for its mailbox to be restored is sent nothing"
        assert to.id.mailbox not in self.statuses.told_disabled
        previous = to.client.sequence(received.previous)
        assert previous == to.now.cursor, f"{previous} instead of {to.now}"
        is_status = received.names == ["StatusEvent"]
        assert is_status or len(received.events) <= self.settings.batch
        if received.more:
            through = to.client.sequence(received.events[-1][1])
            assert to.client.expected[-1] > through, "MoreEvents, and there are none"
        early_s = to.earliest_s(is_status, self.started_s) - self.now_s
        assert early_s <= EPS_S, f"{early_s} s early: {to}"
        self.check_not_late(to)

    def _check_given_up(self, to: Subscriber, began_s: float) -> None:
        """A subscription was tried for its whole window before it was parked, and no longer."""
        tried_s = began_s - to.now.failing_since_s
        if self.engine.describe(to.id) is None:
            to.is_parked()
            if tried_s + to.gained_s < to.window_s - EPS_S:
                self._complain(f"parked after {tried_s} s: {to}")
        elif tried_s > to.window_s + EPS_S and not to.is_displaced:
            self._complain(f"still tried after {tried_s} s: {to}")

    # What may hold a notification up

    def check_not_late(self, to: Subscriber) -> None:
        """Nobody waits for longer than he must."""
        if to.is_in_flight or not to.may_be_sent or not to.is_held:
            return
        if to.id.mailbox in self.statuses.told_disabled | self.statuses.disabled:
            return
        room_s = max(self._room_since_s[pool] for pool in ("all", "unwritten", _origin(to.url)))
        free_s = max(to.ended_s, self.started_s, room_s, self._trouble_s)
        late_s = self.now_s - max(to.latest_s(self.started_s), free_s) - SLACK_S
        assert late_s <= 0, f"{late_s} s late: {to}"

    @property
    def _trouble_s(self) -> float:
        return inf if any(job.is_trouble for job in self._jobs) else self._trouble_until_s

    def check_status_is_told(self) -> None:
        """The engine soon knows which mailboxes are disabled."""
        late_s = self.now_s - max(self.statuses.changed_s, self.started_s, self._trouble_s)
        for mailbox in self.mailboxes:
            assert late_s <= SLACK_S or not self.statuses.is_untold(mailbox.id)

    def check_written(self) -> None:
        self._unwritten.check(self.now_s)

    def _note_room(self) -> None:
        """Since when there has been room for one more, in all and at each origin."""
        under_way = len(self._in_flight)
        pools = {
            "all": under_way < self.settings.requests,
            "unwritten": self._unwritten.total + under_way < self.settings.unwritten,
        }
        for each in self.subscribers.values():
            pools[_origin(each.url)] = True
        for origin in {_origin(post.to.url) for post in self._in_flight}:
            at_origin = [post for post in self._in_flight if _origin(post.to.url) == origin]
            pools[origin] = len(at_origin) < self.settings.origin_requests
        for pool, has_room in pools.items():
            if not has_room:
                self._room_since_s[pool] = inf
            elif self._room_since_s.get(pool, inf) == inf:
                self._room_since_s[pool] = self.now_s

    def _complain(self, what: str) -> None:
        self.complaints.append(what)

    # Mailboxes and their owners

    def record(self, mailbox: int, happened: Sequence[tuple[Any, ...]]) -> None:
        """Events in one transaction: type, and the fields of Happened after `at_s`."""
        at_s, owner = int(self.wall_s()), self.mailboxes[mailbox].id
        with self.database.write() as tx:
            logged = event_log.append(
                tx, owner, [Happened(type_, at_s, *rest) for type_, *rest in happened]
            )
        for each in self._of(owner):
            each.client.expected += _wanted(each.wanted, logged)

    def disable(self, mailbox: int) -> None:
        owner = self.mailboxes[mailbox].id
        if owner not in self.statuses.disabled:
            disabling.disable(self.database, owner, int(self.wall_s()))

    def restore(self, mailbox: int) -> None:
        """As the management does it: retries begin anew, durably at once."""
        owner = self.mailboxes[mailbox].id
        if owner not in self.statuses.disabled:
            return
        disabling.restore(self.database, owner, int(self.wall_s()))
        for each in self._of(owner):
            each.restarts_durably(in_memory=owner in self.statuses.told_disabled)

    def _status_committed(self, mailbox: int) -> None:
        is_disabled = mailbox not in self.statuses.disabled
        self.statuses.changed(mailbox, is_disabled, self.now_s + self.wakes_after_s)
        self.clock.callLater(self.wakes_after_s, self.engine.status_changed, mailbox)

    def _watch_status(self) -> None:
        """Put down what the engine is told of mailboxes, just before it is."""
        status = self.engine._status
        tell = status._tell

        def watched(mailbox: int, found: Any) -> None:
            is_new = mailbox not in self.statuses.told_disabled
            self.statuses.told(mailbox, found is None)
            for each in self._of(mailbox):
                if not each.may_be_sent:
                    continue
                if found is None:
                    each.is_to_hear |= each.is_held and is_new
                elif not (is_new and each.is_held) or each.now.failures:
                    each.is_restored(self.now_s, is_being_sent=self._is_being_sent(each))
            tell(mailbox, found)

        status._tell = watched

    def _is_being_sent(self, to: Subscriber) -> bool:
        return any(post.to is to and not post.says_disabled for post in self._in_flight)

    def _of(self, mailbox: int) -> list[Subscriber]:
        return [each for each in self.subscribers.values() if each.id.mailbox == mailbox]

    def _committed(self, by_mailbox: Mapping[int, Sequence[Event]]) -> None:
        for mailbox, events in by_mailbox.items():
            self.clock.callLater(self.wakes_after_s, self.engine.wake, mailbox, events)
            for each in self._of(mailbox):
                each.woken_s = self.now_s + self.wakes_after_s

    def subscribe(
        self, mailbox: int, number: int, url: str, minutes: int, wanted: Wanted, after: str | None
    ) -> None:
        """As the endpoint does it: the engine is told when the answer is written."""
        types, folders = wanted
        owner = self.mailboxes[mailbox].id
        request = operations.PushSubscriptionRequest(
            folders=tuple(FolderById(ObjectId(Kind.FOLDER, owner, each)) for each in folders or ()),
            all_folders=folders is None,
            event_types=types,
            url=url,
            status_frequency_min=minutes,
            watermark=after,
        )
        now_s = int(self.wall_s())
        with patch("secrets.randbits", return_value=number), self.database.write() as tx:
            new = operations.subscribe(
                tx, owner, request, judge_url=lambda _: None, most=100, now_s=now_s
            )
        subscriber = self._know(new, wanted)
        self._note_room()
        self.clock.callLater(self.wakes_after_s, self._answered, subscriber, new)

    def _know(self, new: operations.Subscribed, wanted: Wanted) -> Subscriber:
        stored = new.subscription
        id = ObjectId(Kind.SUBSCRIPTION, stored.mailbox, stored.number)
        name = ids.encode(id.kind, id.mailbox, id.number)
        client = CarefulClient(name, new.watermark, new.mailbox.watermark_base)
        assert client.position == stored.acknowledged
        _, log = self._log(id.mailbox, client.position)
        client.expected += _wanted(wanted, log)
        known = self.subscribers[name] = Subscriber(
            id=id,
            url=stored.url,
            window_s=stored.status_frequency_min * 60.0,
            wanted=wanted,
            client=client,
            now=Standing(stored.acknowledged),
            durable=Standing(stored.acknowledged),
            woken_s=self.now_s + self.wakes_after_s,
        )
        return known

    def _answered(self, subscriber: Subscriber, new: operations.Subscribed) -> None:
        subscriber.is_answered = True
        if not subscriber.is_held:
            subscriber.is_held = True
            subscriber.is_to_hear = subscriber.id.mailbox in self.statuses.told_disabled
        self.engine.subscribed(new.subscription, new.mailbox.watermark_base)

    def unsubscribe(self, each: Subscriber) -> None:
        """As the endpoint does it."""
        try:
            with self.database.write() as tx:
                operations.unsubscribe(tx, each.id.mailbox, each.id, int(self.wall_s()))
        except SubscriptionNotFound:
            assert each.durable.is_over
        else:
            assert not each.durable.is_over
            each.is_ended()
            self.engine.unsubscribed(each.id)

    def sweep(self, *, with_subscriptions: bool) -> None:
        """Retention, with everything old."""
        later_s = int(self.wall_s()) + 1_000_000
        sweep = Sweep(
            self.database,
            events_before_s=later_s,
            over_before_s=later_s if with_subscriptions else 0,
            attempts_before_ms=1000 * later_s,
            now_s=later_s,
        )
        while sweep.step():
            pass

    def floor(self, mailbox: int) -> int:
        """The newest sequence that is purged."""
        floor, _ = self._log(mailbox, 0)
        return floor

    def _log(self, mailbox: int, after: int) -> tuple[int, list[Event]]:
        with self.database.read() as tx:
            (found,) = event_log.read(tx, [event_log.Window(mailbox, after, 1 << 40)])
        assert found is not None
        return found.floor, found.events


def _origin(url: str) -> str:
    return "/".join(url.split("/")[:3])


def _wanted(wanted: Wanted, events: Sequence[Event]) -> list[int]:
    return [event.sequence for event in events if wants(wanted, event)]


@cache
def _empty_database() -> Path:
    """Made once: migrating takes longer than all the rest of an example."""
    path = Path(tempfile.mkdtemp()) / "ewspush.db"
    database = Database.open(f"sqlite:///{path}")
    with database.write() as tx:
        for address in ADDRESSES:
            mailbox_operations.create(tx, address, "-", 0)
    database.close()
    return path
