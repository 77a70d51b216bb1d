"""What is kept in memory of a live subscription."""

from dataclasses import replace

import pytest

from ewspush.core.subscription import IDLE, LivePhase, Retrying
from ewspush.push.live import Live, Origin
from ewspush.store.subscriptions import Progress
from support.checks_for_store import subscription


@pytest.mark.parametrize(
    ("phase", "written"),
    [
        (IDLE, IDLE),
        (Retrying(2, 50.0), Retrying(2, 1050.0)),
        (Retrying(2, 50.0, 80.0), Retrying(2, 1050.0, 1080.0)),
    ],
)
def test_times_are_written_since_the_epoch(phase: LivePhase, written: LivePhase) -> None:
    stored = subscription(1, 7, acknowledged=3)
    live = Live(stored, 0, stored.url, Origin("https://responder.example", 4), phase)
    assert live.progress(epoch_s=1000.0) == Progress(1, 7, 3, written)


def test_what_many_have_is_kept_once() -> None:
    origin = Origin("https://responder.example", 4)
    stored = [
        replace(subscription(1, n), server_version="".join(("Exchange", "2013"))) for n in (1, 2)
    ]
    one, other = (Live(each, 0, each.url, origin, IDLE) for each in stored)
    assert stored[0].server_version is not stored[1].server_version
    assert one.server_version is other.server_version
    assert one.status_frequency_s is other.status_frequency_s
