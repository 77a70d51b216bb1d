"""What the server counts and measures, and its exposition in Prometheus' text format.

Numbers are plain integers and lists, which cost some tens of nanoseconds to change.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_LAG_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 300, 3600)
_LATENESS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_GROUP_SIZES = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 10_000)
_GROUP_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30)


class Histogram:
    """How many observations were at most so much."""

    __slots__ = ("_bounds", "_counts", "_sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def exposed(self, name: str, what: str) -> Metric:
        """Its family, for a scrape."""
        bounds = [*map(floatToGoString, self._bounds), "+Inf"]
        buckets = list(zip(bounds, map(float, accumulate(self._counts)), strict=True))
        return HistogramMetricFamily(name, what, buckets, self._sum)


def mail_groups() -> Histogram:
    """Observes how many messages a transaction delivers."""
    return Histogram(_GROUP_SIZES)


@dataclass(slots=True)
class DeliveryMetrics:
    """What has happened in the delivery engine since the start."""

    attempts: dict[str, int]  # by the name of their outcome
    events_acknowledged: int = 0  # notifications with events
    status_acknowledged: int = 0  # notifications with a StatusEvent
    heartbeats: int = 0
    parked: int = 0
    events_logged: int = 0
    lag: Histogram = field(default_factory=lambda: Histogram(_LAG_S))
    heartbeat_lateness: Histogram = field(default_factory=lambda: Histogram(_LATENESS_S))
    group_size: Histogram = field(default_factory=lambda: Histogram(_GROUP_SIZES))
    group_duration: Histogram = field(default_factory=lambda: Histogram(_GROUP_S))

    def group_written(self, size: int, seconds: float) -> None:
        """One transaction has written down where so many subscriptions stand."""
        self.group_size.observe(size)
        self.group_duration.observe(seconds)


@dataclass(frozen=True, slots=True)
class OriginLoad:
    """What is done for one origin."""

    name: str  # scheme, host and port
    under_way: int
    queued: int


@dataclass(frozen=True, slots=True)
class DeliveryState:
    """How the delivery engine stands now."""

    live: int
    parked: int
    retrying: int
    backlog: int
    waiting: int
    queued: int
    reading: int
    under_way: int
    unwritten: int
    busiest: Sequence[OriginLoad]


class Metrics(Collector):
    """Everything that is exposed. `delivery` and `state` are asked at each scrape."""

    def __init__(
        self,
        delivery: Callable[[], DeliveryMetrics],
        state: Callable[[], DeliveryState],
        mail_groups: Histogram,
    ) -> None:
        self._delivery = delivery
        self._mail_groups = mail_groups
        self._state = state
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        GCCollector(registry=self._registry)

    def render(self) -> bytes:
        """The text of a scrape, to be sent with CONTENT_TYPE."""
        return generate_latest(self._registry)

    def describe(self) -> Iterable[Metric]:
        """Nothing beforehand: names do not clash here, and to collect would ask for the state."""
        return ()

    def collect(self) -> Iterator[Metric]:
        yield from _counters(self._delivery())
        yield from _histograms(self._delivery())
        yield self._mail_groups.exposed(
            "ewspush_mail_group_size", "Messages by LMTP that one transaction delivered."
        )
        yield from _gauges(self._state())


def _counters(delivery: DeliveryMetrics) -> Iterator[Metric]:
    yield _by_label(
        CounterMetricFamily(
            "ewspush_notifications_acknowledged",
            "Notifications that responders answered with a SubscriptionStatus.",
            labels=["kind"],
        ),
        {"events": delivery.events_acknowledged, "status": delivery.status_acknowledged},
    )
    yield _by_label(
        CounterMetricFamily(
            "ewspush_attempts", "Attempts to notify, by outcome.", labels=["outcome"]
        ),
        delivery.attempts,
    )
    for name, what, value in (
        ("heartbeats", "StatusEvents sent because their time had come.", delivery.heartbeats),
        ("subscriptions_parked", "Subscriptions given up after their window.", delivery.parked),
        ("events_logged", "Events appended to the logs of mailboxes.", delivery.events_logged),
    ):
        yield CounterMetricFamily(f"ewspush_{name}", what, value)


def _histograms(delivery: DeliveryMetrics) -> Iterator[Metric]:
    yield delivery.lag.exposed(
        "ewspush_delivery_lag_seconds",
        "From the commit of events to the acknowledgement of the notification that has them.",
    )
    yield delivery.heartbeat_lateness.exposed(
        "ewspush_heartbeat_lateness_seconds", "From when a heartbeat was due to when it was begun."
    )
    yield delivery.group_size.exposed(
        "ewspush_progress_group_size", "Subscriptions whose cursors one transaction wrote."
    )
    yield delivery.group_duration.exposed(
        "ewspush_progress_group_seconds", "How long such a transaction took, waiting included."
    )


def _gauges(state: DeliveryState) -> Iterator[Metric]:
    for name, what, value in (
        ("live_subscriptions", "Live push subscriptions.", state.live),
        ("retrying_subscriptions", "Those whose last attempt failed.", state.retrying),
        ("parked_subscriptions", "Those given up, kept for inspection.", state.parked),
        (
            "backlog_events",
            "Events that are not acknowledged, wanted or not, for each live subscription.",
            state.backlog,
        ),
        (
            "unwritten_acknowledgements",
            "Acknowledgements that are not yet in the database.",
            state.unwritten,
        ),
    ):
        yield GaugeMetricFamily(f"ewspush_{name}", what, value)
    yield _by_label(
        GaugeMetricFamily(
            "ewspush_deliveries",
            "How far the next notifications of subscriptions have come.",
            labels=["step"],
        ),
        {
            "waiting": state.waiting,
            "queued": state.queued,
            "reading": state.reading,
            "under-way": state.under_way,
        },
    )
    yield _of_origins(
        "requests",
        "Notifications under way, for the busiest origins.",
        {each.name: each.under_way for each in state.busiest},
    )
    yield _of_origins(
        "queued",
        "Subscriptions queued, for the same origins.",
        {each.name: each.queued for each in state.busiest},
    )


def _of_origins(name: str, what: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(f"ewspush_origin_{name}", what, labels=["origin"])
    return _by_label(family, values)


def _by_label(
    family: CounterMetricFamily | GaugeMetricFamily, values: Mapping[str, float]
) -> Metric:
    for label, value in values.items():
        family.add_metric([label], value)
    return family
