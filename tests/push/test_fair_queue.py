"""A queue in which mailboxes take turns."""

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ewspush.push.fair_queue import FairQueue


def test_a_mailbox_with_many_does_not_keep_the_others_waiting() -> None:
    queue: FairQueue[str] = FairQueue()
    for number in range(3):
        queue.append(1, f"a{number}")
    queue.append(2, "b0")
    assert [queue.popleft() for _ in range(4)] == ["a0", "b0", "a1", "a2"]


def test_nobody_waits_in_an_empty_queue() -> None:
    queue: FairQueue[str] = FairQueue()
    with pytest.raises(IndexError):
        queue.popleft()
    assert len(queue) == 0


@given(st.lists(st.one_of(st.none(), st.integers(0, 4)), max_size=60))
def test_it_is_a_queue_for_each_mailbox_with_the_mailboxes_in_turn(steps: list[int | None]) -> None:
    queue: FairQueue[tuple[int, int]] = FairQueue()
    model: deque[tuple[int, deque[tuple[int, int]]]] = deque()
    for number, mailbox in enumerate(steps):
        if mailbox is not None:
            queue.append(mailbox, (mailbox, number))
            mine = next((waiting for each, waiting in model if each == mailbox), None)
            if mine is None:
                model.append((mailbox, deque([(mailbox, number)])))
            else:
                mine.append((mailbox, number))
        elif model:
            first, waiting = model.popleft()
            assert queue.popleft() == waiting.popleft()
            if waiting:
                model.append((first, waiting))
        assert len(queue) == sum(len(waiting) for _, waiting in model)
