"""Watermarks as clients see them."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ewspush.core import watermark
from ewspush.core.errors import InvalidWatermark

BASE = 0x000F_1234_5678_9ABC
FLOOR, HEAD = 10, 20


@pytest.mark.parametrize(
    ("base", "sequence", "text"),
    [  # those of the WorkMail guide
        (0, 0, "AAAAAAAAAAA="),
        (3000, 274, "ygwAAAAAAAA="),
        (3000, 275, "ywwAAAAAAAA="),
    ],
)
def test_a_watermark_is_eight_bytes_little_endian(base: int, sequence: int, text: str) -> None:
    assert watermark.encode(base, sequence) == text
    assert watermark.decode(text, base, sequence, sequence) == sequence


@given(st.integers(0, watermark.BASE_LIMIT - 1), st.integers(0, 1 << 60))
def test_a_watermark_read_again_is_its_sequence(base: int, sequence: int) -> None:
    assert watermark.decode(watermark.encode(base, sequence), base, 0, 1 << 60) == sequence


@pytest.mark.parametrize("sequence", [FLOOR, FLOOR + 1, HEAD - 1, HEAD])
def test_floor_and_head_and_what_lies_between_are_valid(sequence: int) -> None:
    assert watermark.decode(watermark.encode(BASE, sequence), BASE, FLOOR, HEAD) == sequence


def test_white_space_around_a_watermark_is_not_part_of_it() -> None:
    text = f"\n    {watermark.encode(BASE, HEAD)}\t "
    assert watermark.decode(text, BASE, FLOOR, HEAD) == HEAD


GOOD = watermark.encode(BASE, HEAD)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(watermark.encode(BASE, FLOOR - 1), id="older than the floor"),
        pytest.param(watermark.encode(BASE, HEAD + 1), id="beyond the head"),
        pytest.param(watermark.encode(BASE + 1_000_000, HEAD), id="of another mailbox"),
        pytest.param(watermark.encode(0, HEAD), id="the sequence alone"),
        pytest.param(watermark.encode(0, -1), id="negative"),
        pytest.param(watermark.encode(0, -(1 << 63)), id="the most negative"),
        pytest.param(watermark.encode(0, (1 << 63) - 1), id="the greatest"),
        pytest.param("", id="empty"),
        pytest.param(" \n", id="white space"),
        pytest.param("AAAAAAA=", id="five bytes, as the guide's SubscribeResponse has"),
        pytest.param(b64encode(bytes(7)).decode(), id="seven bytes"),
        pytest.param(b64encode(bytes(9)).decode(), id="nine bytes"),
        pytest.param(GOOD.rstrip("="), id="without padding"),
        pytest.param(GOOD + "=", id="too much padding"),
        pytest.param(GOOD + GOOD, id="twice"),
        pytest.param(GOOD[:6] + " " + GOOD[6:], id="white space within"),
        pytest.param(GOOD[:6] + "\n" + GOOD[6:], id="a line break within"),
        pytest.param(GOOD[:-2] + "-=", id="of the alphabet for URLs"),
        pytest.param(GOOD[:-2] + "*=", id="of no alphabet"),
        pytest.param("=" + GOOD[1:], id="padding first"),
        pytest.param(GOOD[:4] + "\x00" + GOOD[5:], id="a NUL"),
        pytest.param("\uff21" + GOOD[1:], id="not ASCII"),
        pytest.param("\ud800" + GOOD[1:], id="a surrogate"),
        pytest.param("20", id="a number"),
        pytest.param("A" * 100_000, id="long"),
    ],
)
def test_any_other_watermark_is_invalid(text: str) -> None:
    with pytest.raises(InvalidWatermark) as refused:
        watermark.decode(text, BASE, FLOOR, HEAD)
    assert refused.value.response_code == "ErrorInvalidWatermark"


@given(st.text())
def test_no_text_does_more_harm_than_being_invalid(text: str) -> None:
    with pytest.raises(InvalidWatermark):
        watermark.decode(text, BASE, FLOOR, HEAD)


@given(st.integers(0, watermark.BASE_LIMIT - 1), st.integers(0, watermark.BASE_LIMIT - 1))
def test_the_watermark_of_another_mailbox_is_told_apart(own: int, others: int) -> None:
    foreign = watermark.encode(others, 5)
    if abs(own - others) > 100:
        with pytest.raises(InvalidWatermark):
            watermark.decode(foreign, own, 0, 100)
