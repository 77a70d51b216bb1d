"""Who may send next: limits, turns, rates, and what answers say of an origin."""

from collections import Counter
from collections.abc import Sequence

import pytest
from twisted.internet.task import Clock

from ewspush.core.events import EventType, event_filter
from ewspush.core.subscription import IDLE, SubscriptionStatus
from ewspush.push.admission import FEWEST, Admission, Health, health_of
from ewspush.push.exchange import FailureKind
from ewspush.push.fair_queue import FairQueue
from ewspush.push.live import Live, Origin, Step
from ewspush.push.outcome import INTERNAL_ERROR, Outcome
from ewspush.settings import DeliverySettings
from ewspush.store.subscriptions import Subscription

WANTED = event_filter(frozenset({EventType.NEW_MAIL}), None)
NAMES = ("http://a:80", "http://b:80")


class Crowd:
    """Subscriptions at origins, and how often there was somebody again after a wait."""

    def __init__(self, **settings: float) -> None:
        self.clock = Clock()
        self.woken = 0
        self.admission = Admission(
            self.clock, DeliverySettings.model_validate(settings), self._wake
        )
        self.made = 0

    def _wake(self) -> None:
        self.woken += 1

    def queue(self, origin: str, mailbox: int, many: int = 1) -> list[Live]:
        queued = [self._live(origin, mailbox) for _ in range(many)]
        for live in queued:
            live.step = Step.QUEUED
            self.admission.queue(live)
        return queued

    def _live(self, origin: str, mailbox: int) -> Live:
        self.made += 1
        url = f"{origin}/responder"
        stored = Subscription(
            mailbox, self.made, url, WANTED, 5, "Exchange2010_SP2", None, 0, 0, IDLE
        )
        return Live(stored, 0, url, self.admission.join(origin), IDLE)

    def take_all(self) -> list[Live]:
        taken = []
        while (live := self.admission.take()) is not None:
            live.step = Step.UNDER_WAY
            taken.append(live)
        return taken

    def end(self, some: Sequence[Live], health: Health) -> None:
        for live in some:
            live.step = Step.WAITING
            self.admission.left(live.origin, health)

    def prove(self, name: str) -> Origin:
        """Have an origin answer until it may have as many requests as any."""
        origin = self.queue(name, mailbox=1)[0].origin
        while (taken := self.take_all()) and origin.allowed < 50:
            self.end(taken, Health.ANSWERS)
            self.queue(name, mailbox=1)
        self.end(taken, Health.ANSWERS)
        return origin


def test_an_origin_that_has_yet_to_answer_gets_few_requests_at_once() -> None:
    crowd = Crowd()
    crowd.queue("http://a:80", mailbox=1, many=60)
    assert len(crowd.take_all()) == FEWEST


def test_each_answer_makes_room_for_one_more_up_to_the_limit() -> None:
    crowd = Crowd(origin_requests=50)
    crowd.queue("http://a:80", mailbox=1, many=500)
    sizes = []
    for _ in range(6):
        taken = crowd.take_all()
        sizes.append(len(taken))
        crowd.end(taken, Health.ANSWERS)
    assert sizes == [4, 8, 16, 32, 50, 50]


def test_an_origin_that_falls_silent_is_left_few_requests() -> None:
    crowd = Crowd()
    origin = crowd.prove("http://a:80")
    crowd.queue("http://a:80", mailbox=1, many=200)
    taken = crowd.take_all()
    assert len(taken) == 50
    crowd.end(taken, Health.STRUGGLES)
    assert origin.allowed == FEWEST
    assert len(crowd.take_all()) == FEWEST


def test_one_failure_among_many_answers_costs_little() -> None:
    crowd = Crowd()
    origin = crowd.prove("http://a:80")
    crowd.end(_under_way(crowd, 1), Health.STRUGGLES)
    assert origin.allowed == 25
    crowd.end(_under_way(crowd, 25), Health.ANSWERS)
    assert origin.allowed == 50


def test_what_was_not_sent_says_nothing_of_an_origin() -> None:
    crowd = Crowd()
    origin = crowd.prove("http://a:80")
    crowd.end(_under_way(crowd, 10), Health.UNKNOWN)
    assert (origin.allowed, origin.is_answering) == (50, True)


def test_no_more_requests_than_allowed_in_all() -> None:
    crowd = Crowd(requests=7)
    for number in range(10):
        crowd.queue(f"http://{number}:80", mailbox=1, many=3)
    assert len(crowd.take_all()) == 6  # one is for those that answer
    assert crowd.admission.under_way == 6


def test_a_part_of_all_requests_is_kept_for_those_that_answer_and_have_none() -> None:
    crowd = Crowd(requests=10)
    crowd.prove("http://healthy:80")
    for number in range(10):
        crowd.queue(f"http://{number}:80", mailbox=1, many=3)
    assert len(crowd.take_all()) == 8
    crowd.queue("http://healthy:80", mailbox=2, many=5)
    assert [live.origin.name for live in crowd.take_all()] == ["http://healthy:80"]


def test_one_that_was_held_back_goes_on_when_others_leave() -> None:
    crowd = Crowd(requests=5)
    for number in range(8):
        crowd.queue(f"http://{number}:80", mailbox=1)
    first = crowd.take_all()
    assert len(first) == 4
    crowd.end(first, Health.STRUGGLES)
    assert len(crowd.take_all()) == 4


def test_those_held_back_cost_others_nothing() -> None:
    crowd = Crowd(requests=10)
    healthy = crowd.prove("http://healthy:80")
    held = [crowd.queue(f"http://{number}:80", mailbox=1, many=3)[0].origin for number in range(50)]
    crowd.take_all()
    looks = [0]
    for origin in held:
        origin.waiting = _Watched(origin.waiting, looks)
    for _ in range(100):
        crowd.queue(healthy.name, mailbox=1)
        taken = crowd.take_all()
        assert [live.origin for live in taken] == [healthy]
        crowd.end(taken, Health.ANSWERS)
    assert looks[0] <= len(held)


def test_one_held_back_that_answers_has_the_next_of_those_that_are_kept() -> None:
    crowd = Crowd(requests=10)
    crowd.prove("http://healthy:80")
    crowd.queue("http://healthy:80", mailbox=1)
    (first,) = crowd.take_all()
    for number in range(10):
        crowd.queue(f"http://{number}:80", mailbox=1, many=3)
    crowd.queue("http://healthy:80", mailbox=1)
    assert len(crowd.take_all()) == 7
    crowd.queue("http://0:80", mailbox=1)
    crowd.admission.under_way += 1  # another of those that are kept has been taken
    crowd.end([first], Health.ANSWERS)
    assert crowd.admission.has_ready
    assert [live.origin.name for live in crowd.take_all()] == ["http://healthy:80"]


def test_origins_take_turns() -> None:
    crowd = Crowd()
    crowd.queue(NAMES[0], mailbox=1, many=3)
    crowd.queue(NAMES[1], mailbox=2, many=3)
    assert [live.origin.name for live in crowd.take_all()] == [*NAMES] * 3


def test_mailboxes_of_an_origin_take_turns() -> None:
    crowd = Crowd()
    crowd.prove("http://a:80")
    crowd.queue("http://a:80", mailbox=1, many=5)
    crowd.queue("http://a:80", mailbox=2, many=1)
    crowd.queue("http://a:80", mailbox=3, many=2)
    assert [live.mailbox for live in crowd.take_all()] == [1, 2, 3, 1, 3, 1, 1, 1]


def test_one_that_is_over_is_passed_over() -> None:
    crowd = Crowd()
    first, second = crowd.queue("http://a:80", mailbox=1, many=2)
    first.step = Step.OVER
    assert crowd.take_all() == [second]


def test_an_origin_of_the_over_alone_costs_nothing() -> None:
    crowd = Crowd()
    (only,) = crowd.queue("http://a:80", mailbox=1)
    only.step = Step.OVER
    crowd.admission.part(only.origin)
    assert crowd.take_all() == []
    assert crowd.admission._origins == {}


def test_a_rate_spreads_the_requests_of_an_origin() -> None:
    crowd = Crowd(origin_rate=10, origin_requests=1000)
    origin = crowd.queue("http://a:80", mailbox=1, many=100)[0].origin
    origin.allowed = 1000
    at: list[float] = []
    for _ in range(101):
        at += [crowd.clock.seconds()] * len(crowd.take_all())
        crowd.clock.advance(0.05)
    assert len(at) == pytest.approx(10 * 5, abs=2)
    assert max(Counter(int(time) for time in at).values()) <= 11


def test_a_rate_of_one_origin_does_not_hold_up_another() -> None:
    crowd = Crowd(origin_rate=1)
    crowd.queue(NAMES[0], mailbox=1, many=3)
    crowd.queue(NAMES[1], mailbox=2, many=3)
    assert [live.origin.name for live in crowd.take_all()] == [*NAMES]
    crowd.clock.advance(0.99)
    assert crowd.woken == 0
    crowd.clock.advance(0.01)
    assert crowd.woken > 0
    assert [live.origin.name for live in crowd.take_all()] == [*NAMES]


@pytest.mark.parametrize(
    ("outcome", "health"),
    [
        (Outcome(SubscriptionStatus.OK, "OK", "", 200), Health.ANSWERS),
        (Outcome(SubscriptionStatus.UNSUBSCRIBE, "Unsubscribe", "", 200), Health.ANSWERS),
        (Outcome(None, "not-an-ack", "", 200), Health.ANSWERS),
        (Outcome(None, "status", "", 404), Health.ANSWERS),
        (Outcome(None, "status", "", 500), Health.ANSWERS),
        (Outcome(None, "status", "", 429), Health.STRUGGLES),
        (Outcome(None, "status", "", 503), Health.STRUGGLES),
        (Outcome(None, FailureKind.TIMEOUT.value), Health.STRUGGLES),
        (Outcome(None, FailureKind.CONNECT.value), Health.STRUGGLES),
        (Outcome(None, FailureKind.RESET.value), Health.STRUGGLES),
        (Outcome(None, FailureKind.DNS.value), Health.STRUGGLES),
        (Outcome(None, FailureKind.CANCELLED.value), Health.UNKNOWN),
        (Outcome(None, FailureKind.ADDRESS_REFUSED.value), Health.UNKNOWN),
        (Outcome(None, FailureKind.INTERNAL.value), Health.UNKNOWN),
        (Outcome(None, INTERNAL_ERROR), Health.UNKNOWN),
    ],
    ids=lambda value: value.name if isinstance(value, Outcome) else None,
)
def test_what_an_outcome_says_of_an_origin(outcome: Outcome, health: Health) -> None:
    assert health_of(outcome) is health


class _Watched(FairQueue[Live]):
    """Counts how often somebody looks whether anyone waits in it."""

    def __init__(self, queue: FairQueue[Live], looks: list[int]) -> None:
        super().__init__()
        self._looks = looks
        while queue:
            live = queue.popleft()
            self.append(live.mailbox, live)

    def __len__(self) -> int:
        self._looks[0] += 1
        return super().__len__()


def _under_way(crowd: Crowd, many: int) -> list[Live]:
    crowd.queue("http://a:80", mailbox=1, many=many)
    taken = crowd.take_all()
    assert len(taken) == many
    return taken
