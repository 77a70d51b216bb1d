"""The SyncState of SyncFolderItems."""

from base64 import b64decode, b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ewspush.core.errors import InvalidSyncStateData
from ewspush.core.sync import SyncState
from ewspush.wire import item_sync_state

numbers = st.integers(0, 2**63 - 1)
states = st.builds(SyncState, *[numbers] * 6)
TEXT = item_sync_state.encode(7, SyncState(3, 10, 30, 20, 10, 10))


@given(numbers, states)
def test_a_state_comes_back_as_it_was(mailbox: int, state: SyncState) -> None:
    assert item_sync_state.decode(mailbox, item_sync_state.encode(mailbox, state)) == state


def test_a_state_is_short_text_without_anything_to_escape() -> None:
    assert len(TEXT) < 100
    assert TEXT.isascii()
    assert not set(TEXT) & set("<>&\"' ")


@pytest.mark.parametrize("size", [0, 1, 8, len(b64decode(TEXT)) - 1, len(b64decode(TEXT)) + 1])
def test_a_state_of_another_size_is_invalid(size: int) -> None:
    raw = (b64decode(TEXT) + b"\x00")[:size]
    with pytest.raises(InvalidSyncStateData):
        item_sync_state.decode(7, b64encode(raw).decode())


@pytest.mark.parametrize("position", range(len(b64decode(TEXT))))
def test_a_state_that_was_changed_is_invalid(position: int) -> None:
    raw = bytearray(b64decode(TEXT))
    raw[position] ^= 1
    with pytest.raises(InvalidSyncStateData):
        item_sync_state.decode(7, b64encode(raw).decode())


@pytest.mark.parametrize(
    "text", ["?", TEXT[:-1], TEXT + "=", f"{TEXT}\n{TEXT}", "H4sIAAA=", "grüße", "x" * 100_000]
)
def test_other_text_is_invalid(text: str) -> None:
    with pytest.raises(InvalidSyncStateData):
        item_sync_state.decode(7, text)


def test_the_state_of_another_mailbox_is_invalid() -> None:
    with pytest.raises(InvalidSyncStateData):
        item_sync_state.decode(8, TEXT)
