"""How a client comes from what it knew to what is there."""

import pytest

from ewspush.core.sync import SyncState

KNOWS_10 = SyncState(3, known=10, target=10, arrived=10, changed=10, told=10)


def test_who_knows_nothing_begins_with_nothing() -> None:
    assert SyncState(3).begun(20) == SyncState(3, target=20)


def test_a_round_begins_where_the_last_one_ended() -> None:
    assert KNOWS_10.begun(20) == SyncState(3, known=10, target=20, arrived=10, changed=10, told=10)


def test_a_round_that_has_begun_keeps_its_end() -> None:
    begun = SyncState(3, known=10, target=20, arrived=15, changed=10, told=10)
    assert begun.begun(30) is begun


@pytest.mark.parametrize("now", [10, 11])
def test_a_round_without_changes_changes_nothing_but_its_ends(now: int) -> None:
    assert KNOWS_10.begun(now).done() == SyncState(3, now, now, now, now, now)


@pytest.mark.parametrize(
    ("state", "told"),
    [
        pytest.param(KNOWS_10.begun(20), 20, id="in one answer"),
        pytest.param(SyncState(3, 10, 20, arrived=15, changed=10, told=10), 10, id="arrivals"),
        pytest.param(SyncState(3, 10, 20, arrived=20, changed=15, told=8), 8, id="changes"),
        pytest.param(SyncState(3, 0, 20, arrived=15, changed=0), 20, id="the first round"),
    ],
)
def test_at_the_end_of_a_round_all_is_known_and_perhaps_not_all_was_told(
    state: SyncState, told: int
) -> None:
    assert state.done() == SyncState(3, 20, 20, 20, 20, told)
