"""The phases of a subscription, and when its heartbeats are due."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ewspush.core import subscription as rules
from ewspush.core.subscription import ENDED, IDLE, Phase, SubscriptionStatus

spreads = st.integers(0, (1 << 63) - 1).map(rules.spread_of)
frequencies = st.integers(1, 1440).map(lambda minutes: minutes * 60.0)
times = st.floats(0, 1e9)


@pytest.mark.parametrize(
    ("answer", "phase"), [(SubscriptionStatus.OK, IDLE), (SubscriptionStatus.UNSUBSCRIBE, ENDED)]
)
def test_an_answer_goes_on_or_ends_it(answer: SubscriptionStatus, phase: Phase) -> None:
    assert rules.after_answer(answer) == phase


def test_answers_are_spelled_as_in_the_schema() -> None:
    assert [status.value for status in SubscriptionStatus] == ["OK", "Unsubscribe"]


@given(times, frequencies, spreads)
def test_a_heartbeat_is_early_by_a_tenth_at_most_and_never_late(
    succeeded_s: float, frequency_s: float, spread: float
) -> None:
    due_s = rules.status_due_s(succeeded_s, frequency_s, spread)
    assert succeeded_s + 0.9 * frequency_s <= due_s + 1e-6
    assert due_s <= succeeded_s + frequency_s


def test_the_most_early_and_the_least_early_heartbeat() -> None:
    assert rules.status_due_s(1000.0, 600.0, spread=0.0) == 1600.0
    assert rules.status_due_s(1000.0, 600.0, spread=1.0) == 1540.0


@given(times, frequencies, spreads)
def test_after_a_start_heartbeats_come_within_half_their_interval(
    started_s: float, frequency_s: float, spread: float
) -> None:
    due_s = rules.status_due_after_start_s(started_s, frequency_s, spread)
    assert started_s <= due_s <= started_s + frequency_s / 2


@given(times, frequencies, spreads, spreads)
def test_heartbeats_do_not_come_into_step_after_a_start(
    started_s: float, frequency_s: float, spread: float, other: float
) -> None:
    dues = [rules.status_due_after_start_s(started_s, frequency_s, of) for of in (spread, other)]
    apart_s = abs(dues[0] - dues[1])
    for _ in range(20):
        dues = [
            rules.status_due_s(due, frequency_s, of)
            for due, of in zip(dues, (spread, other), strict=True)
        ]
        assert abs(dues[0] - dues[1]) >= apart_s - 1e-3


def test_subscriptions_with_neighbouring_numbers_part() -> None:
    dues = {
        rules.status_due_s(0.0, 600.0, rules.spread_of(number)) for number in range(0, 1 << 16, 64)
    }
    assert len(dues) == 1024
    assert max(dues) - min(dues) > 59.0


@given(st.integers(0, (1 << 63) - 1))
def test_a_spread_is_a_fraction(number: int) -> None:
    assert 0 <= rules.spread_of(number) < 1
