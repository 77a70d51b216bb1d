"""What one notification tells, and where the cursor may stand after it."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ewspush.core.events import Event, EventType
from ewspush.core.notification import Notification, compose


def events(*sequences: int) -> list[Event]:
    return [Event(each, EventType.CREATED, 0, False, 100, 3) for each in sequences]


@pytest.mark.parametrize(
    ("acknowledged", "wanted", "examined", "through", "sent", "more"),
    [
        pytest.param(4, (), 4, 4, (), False, id="nothing happened: a StatusEvent stays"),
        pytest.param(4, (), 9, 9, (), False, id="nothing wanted up to the head: it moves there"),
        pytest.param(4, (), 2, 4, (), False, id="searched less far than acknowledged: no way back"),
        pytest.param(4, (5,), 5, 5, (5,), False, id="one event"),
        pytest.param(4, (6, 8), 9, 8, (6, 8), False, id="unwanted ones follow: the last one sent"),
        pytest.param(4, (5, 6, 7), 7, 7, (5, 6, 7), False, id="exactly a batch"),
        pytest.param(4, (5, 6, 7, 9), 9, 7, (5, 6, 7), True, id="one more than a batch"),
        pytest.param(4, (5, 6, 7, 8, 9), 9, 7, (5, 6, 7), True, id="many more"),
    ],
)
def test_the_cursor_stops_on_the_last_watermark_that_is_sent(
    acknowledged: int,
    wanted: Sequence[int],
    examined: int,
    through: int,
    sent: Sequence[int],
    more: bool,
) -> None:
    composed = compose(acknowledged, events(*wanted), examined, limit=3)
    assert tuple(composed.events) == tuple(events(*sent))
    assert composed == Notification(acknowledged, composed.events, through, more)


logs = st.lists(st.booleans(), max_size=60)  # whether each event, from sequence 1 on, is wanted


@given(logs, st.integers(0, 60), st.integers(1, 7))
def test_a_client_gets_each_wanted_event_once_and_follows_each_watermark(
    log: list[bool], acknowledged: int, limit: int
) -> None:
    acknowledged = start = min(acknowledged, len(log))
    wanted = [sequence for sequence, is_wanted in enumerate(log, 1) if is_wanted]
    given_to_client = [start]
    seen: list[int] = []
    more = True
    for _ in log or (None,):
        left = events(*(each for each in wanted if each > acknowledged))
        composed = compose(acknowledged, left[: limit + 1], len(log), limit)
        assert composed.previous == given_to_client[-1]
        assert len(composed.events) <= limit
        given_to_client += [event.sequence for event in composed.events] or [composed.through]
        assert composed.through == given_to_client[-1] >= acknowledged
        seen += [event.sequence for event in composed.events]
        acknowledged, more = composed.through, composed.more
        if not more:
            break
    assert not more
    assert seen == [each for each in wanted if each > start]


@given(logs, st.integers(1, 7), st.integers(0, 60))
def test_a_repeated_notification_begins_as_the_lost_one_did(
    log: list[bool], limit: int, later: int
) -> None:
    wanted = events(*(sequence for sequence, is_wanted in enumerate(log, 1) if is_wanted))
    lost = compose(0, wanted, len(log), limit)
    since = events(*range(len(log) + 1, len(log) + 1 + later))
    again = compose(0, [*wanted, *since], len(log) + later, limit)
    assert again.previous == lost.previous
    assert list(again.events[: len(lost.events)]) == list(lost.events)
    assert again.through >= lost.through
