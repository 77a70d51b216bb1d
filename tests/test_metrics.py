"""The numbers that are exposed are those of what happened."""

from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families
from twisted.internet.defer import Deferred

from ewspush.core.events import EventType
from ewspush.core.subscription import Retrying
from ewspush.metrics import Histogram, Metrics, mail_groups
from ewspush.push.live import Live, Step
from ewspush.push.meter import BUSIEST
from ewspush.push.outcome import NAMES
from ewspush.push.sender import Answer, FailureKind
from ewspush.store import mailboxes
from support.acks import ack
from support.world import DOWN, OK, UNSUBSCRIBE, Say, World, answers, fails, hangs

NONE = {"waiting": 0, "queued": 0, "reading": 0, "under-way": 0}
CREATED, NEW_MAIL, DELETED = EventType.CREATED, EventType.NEW_MAIL, EventType.DELETED
LAG = "ewspush_delivery_lag_seconds"
LATENESS = "ewspush_heartbeat_lateness_seconds"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


def text_of(world: World) -> str:
    engine = world.engine
    return Metrics(lambda: engine.metrics, engine.state, mail_groups()).render().decode()


def scrape(world: World) -> dict[str, float]:
    """Every sample, by its name and the values of its labels."""
    text = (
        Metrics(lambda: world.engine.metrics, world.engine.state, mail_groups()).render().decode()
    )
    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def steps(world: World) -> dict[str, float]:
    now = scrape(world)
    names = ("waiting", "queued", "reading", "under-way")
    return {name: now[f"ewspush_deliveries {name}"] for name in names}


def slowly(seconds: float) -> Say:
    """The responder acknowledges after a while."""

    def say(world: World) -> "Deferred[Answer]":
        answering = OK(world)
        answering.pause()
        world.clock.callLater(seconds, answering.unpause)
        return answering

    return say


# The form


def test_every_family_has_its_type_and_says_what_it_is(world: World) -> None:
    world.subscribe()
    text = (
        Metrics(lambda: world.engine.metrics, world.engine.state, mail_groups()).render().decode()
    )
    families = list(text_string_to_metric_families(text))
    types = {family.name: family.type for family in families}
    assert {name: kind for name, kind in types.items() if name.startswith("ewspush_")} == {
        "ewspush_notifications_acknowledged": "counter",
        "ewspush_attempts": "counter",
        "ewspush_heartbeats": "counter",
        "ewspush_subscriptions_parked": "counter",
        "ewspush_events_logged": "counter",
        "ewspush_delivery_lag_seconds": "histogram",
        "ewspush_heartbeat_lateness_seconds": "histogram",
        "ewspush_progress_group_size": "histogram",
        "ewspush_progress_group_seconds": "histogram",
        "ewspush_live_subscriptions": "gauge",
        "ewspush_retrying_subscriptions": "gauge",
        "ewspush_parked_subscriptions": "gauge",
        "ewspush_backlog_events": "gauge",
        "ewspush_mail_group_size": "histogram",
        "ewspush_unwritten_acknowledgements": "gauge",
        "ewspush_deliveries": "gauge",
        "ewspush_origin_requests": "gauge",
        "ewspush_origin_queued": "gauge",
    }
    assert all(family.documentation for family in families)
    assert {"process_resident_memory_bytes", "process_open_fds", "python_info"} <= set(types)


def test_buckets_count_all_that_is_at_most_their_bound() -> None:
    histogram = Histogram((1, 2.5))
    for value in (0.5, 1, 1.5, 2.5, 3):
        histogram.observe(value)
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for sample in histogram.exposed("h", "what").samples
    }
    assert samples == {
        ("h_bucket", "1.0"): 2,
        ("h_bucket", "2.5"): 4,
        ("h_bucket", "+Inf"): 5,
        ("h_count",): 5,
        ("h_sum",): 8.5,
    }


# Counters


def test_acknowledged_notifications_are_counted_with_events_and_without(world: World) -> None:
    world.subscribe()
    for _ in range(3):
        world.record(CREATED, NEW_MAIL)
        world.settle()
    now = scrape(world)
    assert now["ewspush_notifications_acknowledged_total status"] == 1
    assert now["ewspush_notifications_acknowledged_total events"] == 3
    assert now["ewspush_attempts_total OK"] == 4
    assert now["ewspush_events_logged_total"] == 6


def test_events_of_mailboxes_without_subscriptions_are_counted_too(world: World) -> None:
    world.record(CREATED, NEW_MAIL)
    world.settle()
    assert scrape(world)["ewspush_events_logged_total"] == 2


@pytest.mark.parametrize(
    ("say", "name"),
    [
        (OK, "OK"),
        (UNSUBSCRIBE, "Unsubscribe"),
        (answers(500, ack()), "status"),
        (answers(200, b"no"), "not-an-ack"),
        (answers(200, ack()), "OK"),
        *((fails(kind), kind.value) for kind in FailureKind),
    ],
)
def test_an_attempt_is_counted_by_its_outcome(world: World, say: Say, name: str) -> None:
    world.script = [say]
    world.subscribe()
    now = scrape(world)
    assert {each: now[f"ewspush_attempts_total {each}"] for each in NAMES} == {
        **dict.fromkeys(NAMES, 0),
        name: 1,
    }


def test_what_a_fault_of_the_server_stops_is_counted(world: World) -> None:
    def breaks(_: World) -> None:
        raise RuntimeError("scripted")

    world.script = [breaks]  # type: ignore[list-item]
    world.subscribe()
    assert scrape(world)["ewspush_attempts_total internal-error"] == 1


def test_a_message_that_a_mailbox_is_disabled_is_an_attempt(world: World) -> None:
    world.subscribe()
    world.disable()
    world.settle()
    now = scrape(world)
    assert now["ewspush_attempts_total OK"] == 2
    assert now["ewspush_notifications_acknowledged_total status"] == 1
    assert now["ewspush_live_subscriptions"] == 0


def test_a_subscription_that_is_given_up_is_counted_as_parked(world: World) -> None:
    world.script = [DOWN] * 20
    world.subscribe(minutes=1)
    world.advance(62)
    now = scrape(world)
    assert now["ewspush_subscriptions_parked_total"] == 1
    assert now["ewspush_live_subscriptions"] == now["ewspush_retrying_subscriptions"] == 0


# Lag


@pytest.mark.parametrize("seconds", [0.2, 2.0])
def test_lag_lasts_from_the_commit_to_the_acknowledgement(world: World, seconds: float) -> None:
    world.subscribe()
    world.script = [slowly(seconds)]
    world.record(NEW_MAIL)
    world.advance(seconds + 0.1)
    now = scrape(world)
    assert now[f"{LAG}_count"] == 1
    assert now[f"{LAG}_sum"] == pytest.approx(seconds)


def test_lag_has_the_retries_in_it(world: World) -> None:
    world.subscribe()
    world.script = [DOWN, DOWN]
    world.record(NEW_MAIL)
    world.advance(100)
    now = scrape(world)
    assert now[f"{LAG}_count"] == 1
    assert now[f"{LAG}_sum"] == pytest.approx(90, abs=1)  # attempts after 0, 30 and 90 seconds


def test_a_commit_is_timed_though_its_last_event_is_not_wanted(world: World) -> None:
    world.subscribe(types=[CREATED])
    world.script = [slowly(2.0)]
    world.record(DELETED, CREATED, NEW_MAIL)
    world.advance(2.1)
    assert scrape(world)[f"{LAG}_sum"] == pytest.approx(2.0)


def test_what_is_committed_while_another_notification_is_under_way_waits_for_its_own(
    world: World,
) -> None:
    world.script = [slowly(2.0), slowly(1.0)]
    world.subscribe()  # which takes 0.1 seconds here
    world.record(NEW_MAIL)
    world.advance(5)
    now = scrape(world)
    assert now[f"{LAG}_count"] == 1
    assert now[f"{LAG}_sum"] == pytest.approx(2.9)


def test_of_several_commits_that_wait_the_first_is_timed(world: World) -> None:
    world.subscribe()
    world.script = [DOWN]
    world.record(NEW_MAIL)
    world.advance(20)
    world.record(NEW_MAIL)
    world.advance(20)
    now = scrape(world)
    assert now[f"{LAG}_count"] == 1
    assert now[f"{LAG}_sum"] == pytest.approx(30, abs=0.1)


def test_what_nobody_wanted_is_not_timed(world: World) -> None:
    world.subscribe(types=[NEW_MAIL])
    world.record(DELETED)
    world.advance(50)
    world.record(DELETED, NEW_MAIL)
    world.settle()
    now = scrape(world)
    assert now[f"{LAG}_count"] == 1
    assert now[f"{LAG}_sum"] == pytest.approx(0, abs=0.01)


def test_what_is_found_unwanted_in_the_log_is_not_timed(world: World) -> None:
    world.subscribe(types=[NEW_MAIL])
    world.script = [DOWN]
    world.advance(301)  # a heartbeat that fails: now events are not looked at as they come
    world.record(DELETED)
    world.advance(60)
    world.record(NEW_MAIL)
    world.settle()
    assert scrape(world)["ewspush_attempts_total connect"] == 1
    assert scrape(world)[f"{LAG}_count"] == 1
    assert scrape(world)[f"{LAG}_sum"] == pytest.approx(0, abs=0.01)


def test_a_backlog_of_before_the_start_is_not_timed(world: World) -> None:
    world.record(CREATED, NEW_MAIL)
    world.subscribe(after=0)
    now = scrape(world)
    assert now["ewspush_notifications_acknowledged_total events"] == 1
    assert now[f"{LAG}_count"] == 0


def test_days_in_which_a_mailbox_was_disabled_are_no_lag(world: World) -> None:
    world.subscribe()
    world.script = [slowly(1.0)]
    world.record(NEW_MAIL)
    world.disable()
    world.advance(0.1)
    world.restore()
    world.advance(100)
    assert scrape(world)["ewspush_notifications_acknowledged_total events"] == 1
    assert scrape(world)[f"{LAG}_count"] == 0


# Heartbeats


def test_a_heartbeat_is_counted_and_timed(world: World) -> None:
    world.subscribe(minutes=1)
    world.advance(61)
    now = scrape(world)
    assert now["ewspush_heartbeats_total"] == 1
    assert now[f"{LATENESS}_count"] == 1
    assert now[f"{LATENESS}_sum"] <= 0.011  # on time, to a tick of the agenda


def test_a_heartbeat_that_waits_for_room_is_late(tmp_path: Path) -> None:
    world = World(tmp_path, origin_requests=1)
    world.subscribe(minutes=1, types=[DELETED])
    world.subscribe(types=[NEW_MAIL], number=2)
    world.advance(50)
    world.script = [slowly(20.0)]  # after 50.2 seconds, until 70.2
    world.record(NEW_MAIL)
    world.advance(21)
    now = scrape(world)
    assert now["ewspush_heartbeats_total"] == now[f"{LATENESS}_count"] == 1
    assert now[f"{LATENESS}_sum"] == pytest.approx(10.2, abs=0.02)
    world.close()


def test_events_that_come_while_a_heartbeat_waits_for_room_replace_it(tmp_path: Path) -> None:
    world = World(tmp_path, origin_requests=1)
    world.subscribe(minutes=1, types=[DELETED])
    world.subscribe(types=[NEW_MAIL], number=2)
    world.advance(50)
    world.script = [slowly(20.0)]
    world.record(NEW_MAIL)
    world.advance(15)
    assert steps(world)["queued"] == 1
    world.record(DELETED)
    world.advance(6)
    now = scrape(world)
    assert now["ewspush_notifications_acknowledged_total events"] == 2
    assert now["ewspush_heartbeats_total"] == now[f"{LATENESS}_count"] == 0
    world.close()


def test_the_first_notification_is_no_heartbeat(world: World) -> None:
    world.subscribe()
    assert scrape(world)["ewspush_heartbeats_total"] == 0


def test_events_in_time_replace_a_heartbeat(world: World) -> None:
    world.subscribe(minutes=1)
    for _ in range(5):
        world.advance(30)
        world.record(NEW_MAIL)
    world.settle()
    now = scrape(world)
    assert now["ewspush_heartbeats_total"] == now[f"{LATENESS}_count"] == 0


def test_a_heartbeat_that_is_tried_again_counts_once(world: World) -> None:
    world.subscribe(minutes=5)
    world.script = [DOWN, DOWN]
    world.advance(500)
    assert scrape(world)["ewspush_attempts_total connect"] == 2
    assert scrape(world)["ewspush_heartbeats_total"] == 1


# Groups of acknowledgements


def test_groups_are_counted_with_their_size(world: World) -> None:
    world.subscribe()
    world.subscribe(number=2)
    before = scrape(world)
    world.record(NEW_MAIL)
    world.settle()
    now = scrape(world)
    name = "ewspush_progress_group"
    assert now[f"{name}_size_count"] - before[f"{name}_size_count"] == 1
    assert now[f"{name}_size_sum"] - before[f"{name}_size_sum"] == 2
    assert now[f"{name}_seconds_count"] == now[f"{name}_size_count"]


def test_what_is_not_written_yet_is_shown(world: World) -> None:
    world.subscribe()
    world.record(NEW_MAIL)
    world.advance(0)
    assert scrape(world)["ewspush_unwritten_acknowledgements"] == 1
    world.settle()
    assert scrape(world)["ewspush_unwritten_acknowledgements"] == 0


# Where subscriptions stand


def test_subscriptions_are_counted_at_each_step(tmp_path: Path) -> None:
    world = World(tmp_path, origin_requests=2)
    for number in range(5):
        world.subscribe(number=number + 1)
    assert steps(world) == {**NONE, "waiting": 5}
    world.script = [hangs] * 5
    world.record(NEW_MAIL)
    world.advance(0)
    assert steps(world) == {**NONE, "queued": 3, "under-way": 2}
    assert scrape(world)["ewspush_origin_requests http://responder.example"] == 2
    assert scrape(world)["ewspush_origin_queued http://responder.example"] == 3
    world.close()


def hold_reads(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """What the engine asks of a thread is not done until the result is called."""
    held: list[tuple[Deferred[Any], Callable[[], Any]]] = []

    def in_thread(function: Callable[..., Any], *args: object) -> "Deferred[Any]":
        held.append((Deferred(), partial(function, *args)))
        return held[-1][0]

    def release() -> None:
        monkeypatch.undo()
        for waiting, work in held:
            waiting.callback(work())
        world.settle()

    monkeypatch.setattr(world.engine._reader, "_in_thread", in_thread)
    return release


def test_whose_log_is_read_is_counted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.subscribe()
    release = hold_reads(world, monkeypatch)
    world.engine.wake(world.mailbox.id)
    world.settle()
    assert steps(world) == {"waiting": 0, "queued": 0, "reading": 1, "under-way": 0}
    release()
    assert steps(world) == {**NONE, "waiting": 1}


def while_queued(world: World) -> str:
    world.script = [hangs]
    world.subscribe()
    return world.subscribe(number=2)


def while_under_way(world: World) -> str:
    world.script = [hangs]
    return world.subscribe()


def while_waiting(world: World) -> str:
    return world.subscribe()


def while_retrying(world: World) -> str:
    world.script = [DOWN]
    return world.subscribe()


@pytest.mark.parametrize("begin", [while_queued, while_under_way, while_waiting, while_retrying])
def test_one_that_ends_at_any_step_is_no_longer_counted(
    tmp_path: Path, begin: Callable[[World], str]
) -> None:
    world = World(tmp_path, origin_requests=1)
    id = begin(world)
    before = scrape(world)
    world.unsubscribe(id)
    now = scrape(world)
    assert now["ewspush_live_subscriptions"] == before["ewspush_live_subscriptions"] - 1
    assert now["ewspush_retrying_subscriptions"] == 0
    assert steps(world)["waiting"] == steps(world)["queued"] == 0
    world.settle()
    # The request of one that ends is under way all the same.
    under_way = int(begin in (while_queued, while_under_way))
    assert steps(world) == {**NONE, "under-way": under_way}
    world.close()


def test_one_that_ends_while_its_log_is_read_is_not_counted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = world.subscribe()
    release = hold_reads(world, monkeypatch)
    world.engine.wake(world.mailbox.id)
    world.settle()
    world.unsubscribe(id)
    assert steps(world) == {**NONE, "reading": 1}
    release()
    assert steps(world) == NONE


def disable_or_restore(world: World) -> None:
    with world.database.read() as tx:
        mailbox = mailboxes.by_id(tx, world.mailbox.id)
    assert mailbox is not None
    if mailbox.disabled_at_s is None:
        world.disable()
    else:
        world.restore()


ACTIONS: dict[str, Callable[[World, int], object]] = {
    "subscribe": lambda world, n: world.subscribe(minutes=1, number=n),
    "unsubscribe": lambda world, _: world.unsubscribe(each_live(world)[0].id),
    "disable or restore": lambda world, _: disable_or_restore(world),
    "record": lambda world, n: world.record(*[CREATED, NEW_MAIL][: n + 1]),
    "kill": lambda world, _: world.kill(),
    "pass time": lambda world, n: world.advance((0, 31)[n]),
    "answer": lambda world, n: world.script.append((DOWN, slowly(3.0))[n]),
    "answer for long": lambda world, n: world.script.append((UNSUBSCRIBE, slowly(70.0))[n]),
}


def each_live(world: World) -> list[Live]:
    return [live for lives in world.engine._roster._by_mailbox.values() for live in lives]


@settings(deadline=None, max_examples=40)
@given(
    script=st.lists(st.tuples(st.sampled_from(list(ACTIONS)), st.integers(0, 1)), max_size=25),
    limit=st.integers(1, 3),
)
def test_counts_are_those_of_one_who_looks_at_every_subscription(
    script: list[tuple[str, int]], limit: int
) -> None:
    with (
        TemporaryDirectory() as folder,
        closing(World(Path(folder), origin_requests=limit)) as world,
    ):
        for number, (name, n) in enumerate([("subscribe", 0), ("subscribe", 1), *script]):
            if name != "unsubscribe" or each_live(world):
                ACTIONS[name](world, number + 1000 if name == "subscribe" else n)
            lives, state = each_live(world), world.engine.state()
            assert state.live == len(lives)
            assert state.retrying == sum(isinstance(live.phase, Retrying) for live in lives)
            assert state.backlog == sum(live.behind for live in lives)
            waits = (Step.WAITING, Step.LINGERING)
            assert state.waiting == sum(live.step in waits for live in lives)
            assert state.queued == sum(live.step is Step.QUEUED for live in lives)
            under_way = sum(
                origin.under_way for origin in world.engine._admission._origins.values()
            )
            assert state.reading + state.under_way == under_way
            assert sum(each.under_way for each in state.busiest) == under_way
        world.script.clear()
        world.advance(400)
        meter = world.engine._meter
        assert not meter._overdue
        assert not meter._commits


def test_those_whose_last_attempt_failed_are_counted_until_one_succeeds(world: World) -> None:
    world.script = [DOWN, DOWN]
    world.subscribe()
    world.subscribe(number=2)
    assert scrape(world)["ewspush_retrying_subscriptions"] == 2
    world.kill()
    assert scrape(world)["ewspush_retrying_subscriptions"] == 2
    world.advance(40)
    assert scrape(world)["ewspush_retrying_subscriptions"] == 0
    assert scrape(world)["ewspush_live_subscriptions"] == 2


def test_one_that_is_let_go_while_retrying_is_no_longer_counted(world: World) -> None:
    world.script = [DOWN]
    world.subscribe()
    world.disable()
    world.settle()
    now = scrape(world)
    assert now["ewspush_live_subscriptions"] == now["ewspush_retrying_subscriptions"] == 0


def test_one_that_is_restored_is_no_longer_retrying(world: World) -> None:
    world.script = [DOWN]
    world.subscribe()
    world.disable()
    world.restore()
    world.settle()
    assert scrape(world)["ewspush_retrying_subscriptions"] == 0
    assert scrape(world)["ewspush_live_subscriptions"] == 1


def test_only_the_busiest_origins_are_exposed(world: World) -> None:
    for number in range(BUSIEST + 5):
        url = f"http://r{number}.example/secret?key=1"
        world.always[url] = hangs
        world.subscribe(url=url, number=number + 1)
    for number in range(2):
        url = f"http://r{BUSIEST}.example/{number}"
        world.always[url] = hangs
        world.subscribe(url=url, number=100 + number)
    origins = {
        name.split()[1]: value
        for name, value in scrape(world).items()
        if name.startswith("ewspush_origin_requests")
    }
    assert len(origins) == BUSIEST
    assert origins[f"http://r{BUSIEST}.example"] == 3
    assert not any("secret" in name for name in origins)


def test_an_origin_with_nothing_under_way_is_not_exposed(world: World) -> None:
    world.subscribe()
    assert not any(name.startswith("ewspush_origin") for name in scrape(world))


def test_events_that_are_not_acknowledged_are_counted_for_each_subscription(world: World) -> None:
    world.subscribe(number=1)
    world.subscribe(number=2)
    world.always["http://responder.example/push?key=1"] = DOWN
    world.record(CREATED, NEW_MAIL)
    world.settle()
    assert scrape(world)["ewspush_backlog_events"] == 4
    world.kill()
    assert scrape(world)["ewspush_backlog_events"] == 4
    world.always.clear()
    world.advance(40)
    assert scrape(world)["ewspush_backlog_events"] == 0


def test_events_that_nobody_wants_count_until_a_heartbeat_passes_them(world: World) -> None:
    world.subscribe(types=[NEW_MAIL], minutes=1)
    world.record(CREATED, CREATED)
    world.settle()
    assert scrape(world)["ewspush_backlog_events"] == 2
    world.advance(61)
    assert scrape(world)["ewspush_backlog_events"] == 0


def test_the_backlog_of_one_that_is_over_does_not_count(world: World) -> None:
    world.script = [OK, DOWN]
    id = world.subscribe()
    world.record(NEW_MAIL)
    world.settle()
    world.unsubscribe(id)
    assert scrape(world)["ewspush_backlog_events"] == 0


def test_those_given_up_are_counted(world: World) -> None:
    world.script = [DOWN] * 9
    world.subscribe(minutes=1)
    world.advance(61)
    assert scrape(world)["ewspush_parked_subscriptions"] == 1
    world.engine.parked_counted(0)
    assert scrape(world)["ewspush_parked_subscriptions"] == 0
