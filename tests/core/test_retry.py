"""When a notification is tried again, and when the server gives up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ewspush.core import retry
from ewspush.core.subscription import (
    IDLE,
    LivePhase,
    Parked,
    Phase,
    Retrying,
    after_failure,
    attempt_due_s,
)

MINUTE = 60.0

# What the offsets of all attempts are when each fails at once, by StatusFrequency in minutes.
TABLES = {
    1: [0, 30, 60],
    2: [0, 30, 90, 120],
    3: [0, 30, 90, 180],
    5: [0, 30, 90, 210, 300],
    15: [0, 30, 90, 210, 450, 900],
    30: [0, 30, 90, 210, 450, 930, 1800],
    1440: [0, 30, 90, 210, 450, 930, 1890, 3810, 7650, 15330, 30690, 61410, 86400],
}


def attempts(
    since_s: float, window_s: float, first_wait_s: float = retry.FIRST_WAIT_S, late_s: float = 0
) -> list[float]:
    """When attempts begin until the last has failed, each `late_s` after it is due."""
    began = [since_s]
    phase = after_failure(IDLE, since_s, window_s)
    while not isinstance(phase, Parked):
        began.append(attempt_due_s(phase, window_s, first_wait_s) + late_s)
        assert len(began) < 100, "it never gives up"
        phase = after_failure(phase, began[-1], window_s)
    return began


@pytest.mark.parametrize(("minutes", "offsets"), TABLES.items())
def test_waits_double_and_the_last_attempt_begins_at_the_end(
    minutes: int, offsets: list[float]
) -> None:
    assert attempts(0.0, minutes * MINUTE) == offsets


@pytest.mark.parametrize(
    ("began_s", "due_s"),
    [(0, 30), (29, 30), (30, 90), (45, 90), (200, 210), (210, 300), (299, 300)],
)
def test_an_attempt_that_began_late_is_followed_by_the_next_time_after_it(
    began_s: float, due_s: float
) -> None:
    phase = Retrying(failures=1, since_s=0.0)
    assert attempt_due_s(phase, 5 * MINUTE, retry.FIRST_WAIT_S, began_s) == due_s


@pytest.mark.parametrize(("minutes", "offsets"), TABLES.items())
def test_the_attempts_are_the_same_whenever_the_first_began(
    minutes: int, offsets: list[float]
) -> None:
    for tenths in range(1000):  # sums of floating-point numbers are not exact
        since_s = tenths / 10
        assert attempts(since_s, minutes * MINUTE) == [since_s + offset for offset in offsets]


def test_a_shorter_first_wait_shortens_the_others() -> None:
    assert attempts(0.0, 60.0, first_wait_s=10.0) == [0, 10, 30, 60]


def test_a_first_wait_beyond_the_window_leaves_the_last_attempt() -> None:
    assert attempts(0.0, 60.0, first_wait_s=3600.0) == [0, 60]


def test_an_attempt_that_begins_late_delays_no_other() -> None:
    assert attempts(0.0, 300.0, late_s=5.0) == [0, 35, 95, 215, 305]


@pytest.mark.parametrize("failures", [41, 1000, 1 << 40])
def test_any_number_of_failures_has_an_offset(failures: int) -> None:
    assert retry.offset_s(failures, 86_400.0, 0.01) == 86_400.0


@pytest.mark.parametrize(
    ("phase", "began_s", "after"),
    [
        pytest.param(IDLE, 1000.0, Retrying(1, 1000.0), id="the first one opens the window"),
        pytest.param(Retrying(1, 1000.0), 1030.0, Retrying(2, 1000.0), id="within the window"),
        pytest.param(
            Retrying(4, 1000.0), 1299.99, Retrying(5, 1000.0), id="just before its end"
        ),
        pytest.param(Retrying(4, 1000.0), 1300.0, Parked(), id="at its end"),
        pytest.param(Retrying(1, 1000.0), 99_999.0, Parked(), id="long after, of a server down"),
        pytest.param(Retrying(1, 1000.0), 900.0, Retrying(2, 1000.0), id="before the first"),
    ],
)  # fmt: skip
def test_only_an_attempt_begun_at_or_after_the_end_is_the_last(
    phase: Retrying, began_s: float, after: Phase
) -> None:
    assert after_failure(phase, began_s, window_s=300.0) == after


@given(
    since_s=st.floats(0, 1e9),
    minutes=st.integers(1, 1440),
    failures=st.integers(1, 50),
    asked_s=st.floats(-1e4, 1e6),
)
def test_a_responder_that_asks_is_waited_for_within_the_window(
    since_s: float, minutes: int, failures: int, asked_s: float
) -> None:
    window_s, not_before_s = minutes * 60.0, since_s + asked_s
    plain_s = attempt_due_s(Retrying(failures, since_s), window_s, 30.0)
    due_s = attempt_due_s(Retrying(failures, since_s, not_before_s), window_s, 30.0)
    assert plain_s <= due_s <= since_s + window_s
    assert due_s in (plain_s, not_before_s, since_s + window_s)
    assert due_s >= min(not_before_s, since_s + window_s)


@pytest.mark.parametrize("before", [IDLE, Retrying(1, 1000.0), Retrying(1, 1000.0, 5000.0)])
@pytest.mark.parametrize("asked_s", [0.0, 1100.0])
def test_what_the_last_failed_answer_asks_for_counts(before: LivePhase, asked_s: float) -> None:
    phase = after_failure(before, 1000.0, window_s=300.0, not_before_s=asked_s)
    assert isinstance(phase, Retrying)
    assert phase.not_before_s == asked_s


def test_what_the_last_failed_answer_asks_for_does_not_lengthen_the_window() -> None:
    asked = Retrying(4, 1000.0, 2000.0)
    assert attempt_due_s(asked, 300.0, 30.0) == 1300.0
    assert after_failure(asked, 1300.0, 300.0, not_before_s=9999.0) == Parked()
