"""The SyncState of SyncFolderHierarchy, which clients keep and give back."""

import zlib
from base64 import b64decode, b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ewspush.core.errors import InvalidSyncStateData
from ewspush.core.sync import HierarchyState, SyncState
from ewspush.wire import folder_sync_state, item_sync_state
from ewspush.wire.folder_sync_state import decode, encode

STATE = HierarchyState(1, 1000, frozenset({2, 3, 5, 130, 999}))
TEXT = encode(7, STATE)

numbers = st.integers(1, 1 << 62)


@given(mailbox=numbers, root=numbers, folders=st.frozensets(numbers))
def test_a_state_is_read_again(mailbox: int, root: int, folders: frozenset[int]) -> None:
    state = HierarchyState(root, max(folders, default=0), folders)
    assert decode(mailbox, encode(mailbox, state)) == state


def test_the_folders_of_a_full_mailbox_take_little_room() -> None:
    every = HierarchyState(1, 10**9, frozenset(range(1, 1_000_000, 100)))
    assert len(encode(7, every)) < 1000
    spread = frozenset(n * n % 999_999_937 for n in range(1, 10_001))
    assert len(encode(7, HierarchyState(1, 10**9, spread))) < 50_000


def checked(content: bytes) -> str:
    return b64encode(content + zlib.crc32(content).to_bytes(4, "big")).decode()


HEAD = b64decode(TEXT)[:25]
OTHERS = {
    "nothing": "",
    "no base64": "*",
    "short": "AAAA",
    "cut": TEXT[:-4],
    "of another mailbox": encode(8, STATE),
    "of SyncFolderItems": item_sync_state.encode(7, SyncState(1, 1, 1, 1, 1)),
    "one bit changed": b64encode(bytes([b64decode(TEXT)[0] ^ 1]) + b64decode(TEXT)[1:]).decode(),
    "another form": checked(b"\x09" + HEAD[1:] + zlib.compress(b"")),
    "not compressed": checked(HEAD + b"\x01\x02"),
    "something after it": checked(HEAD + zlib.compress(b"\x01") + b"x"),
    "a bomb": checked(HEAD + zlib.compress(b"\x01" * 10_000_000)),
    "a number without end": checked(HEAD + zlib.compress(b"\xff" * 100_000)),
    "a folder of a time to come": checked(HEAD + zlib.compress(b"\xe9\x07")),
}


@pytest.mark.parametrize("text", OTHERS.values(), ids=OTHERS)
def test_anything_else_is_invalid(text: str) -> None:
    with pytest.raises(InvalidSyncStateData):
        decode(7, text)


@given(st.text())
def test_no_text_does_more_harm_than_being_invalid(text: str) -> None:
    with pytest.raises(InvalidSyncStateData):
        folder_sync_state.decode(7, text)


@given(st.binary())
def test_nor_do_bytes_behind_a_right_check(content: bytes) -> None:
    with pytest.raises(InvalidSyncStateData):
        decode(7, checked(b"\x02" + content))
