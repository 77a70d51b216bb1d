"""Shards: stored with every row, so they never change."""

from collections import Counter

import pytest

from ewspush.core.ids import SHARDS, Kind, shard_of


@pytest.mark.parametrize(
    ("mailbox", "shard"), [(0, 873), (1, 1015), (2, 20), (1000, 800), ((1 << 56) - 1, 145)]
)
def test_the_shard_of_a_mailbox_never_changes(mailbox: int, shard: int) -> None:
    assert shard_of(mailbox) == shard


def test_mailboxes_spread_evenly_over_the_shards() -> None:
    per_shard = Counter(map(shard_of, range(1, 100 * SHARDS + 1)))
    assert set(per_shard) == set(range(1024))
    assert max(per_shard.values()) <= 2 * min(per_shard.values())


def test_kinds_are_letters_in_ids_that_clients_keep() -> None:
    assert {kind.name: kind.value for kind in Kind} == {
        "FOLDER": "F", "ITEM": "I", "SUBSCRIPTION": "S", "ATTACHMENT": "A",
    }  # fmt: skip
