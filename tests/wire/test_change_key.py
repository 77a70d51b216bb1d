"""ChangeKeys."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ewspush.core.errors import InvalidChangeKey
from ewspush.wire import change_key

KEY = change_key.encode(77)


@given(st.integers(0, 2**63 - 1))
def test_a_change_comes_back_as_it_was(change: int) -> None:
    assert change_key.decode(change_key.encode(change)) == change


def test_each_change_has_its_own_key() -> None:
    keys = [change_key.encode(change) for change in (0, 1, 2, 255, 256, 2**63)]
    assert len(set(keys)) == len(keys)


def test_a_key_is_short_text_without_anything_to_escape() -> None:
    assert len(KEY) == 12
    assert KEY.isascii()
    assert not set(KEY) & set("<>&\"' ")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("?", id="no base64"),
        pytest.param("grüße", id="not ASCII"),
        pytest.param(KEY[:-1], id="cut"),
        pytest.param(f"{KEY}=", id="longer"),
        pytest.param(f" {KEY}", id="with a space"),
        pytest.param(f"{KEY[:4]}\n{KEY[4:]}", id="on two lines"),
        pytest.param(b64encode(b"\x02" + bytes(8)).decode(), id="another form"),
        pytest.param(b64encode(b"\x01" + bytes(7)).decode(), id="too short"),
        pytest.param("CQAAABYAAAA7kKzzOL4CRJB3cVfPfKp8AAAAAAAE", id="of Exchange"),
        pytest.param("x" * 100_000, id="long"),
    ],
)
def test_what_is_no_key_of_ours_is_invalid(text: str) -> None:
    with pytest.raises(InvalidChangeKey):
        change_key.decode(text)
