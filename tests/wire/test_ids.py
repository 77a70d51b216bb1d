"""Ids as clients see them."""

import re
import struct
from base64 import urlsafe_b64encode
from binascii import crc_hqx
from string import ascii_letters, digits

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ewspush.core.errors import EwsError, InvalidIdEmpty, InvalidIdMalformed
from ewspush.core.ids import Kind, ObjectId
from ewspush.wire import ids

ALPHABET = ascii_letters + digits + "-_"
GREATEST = (1 << 63) - 1  # number that a database holds

objects = st.builds(
    ObjectId, st.sampled_from(Kind), st.integers(0, (1 << 56) - 1), st.integers(0, GREATEST)
)


def encoded(id: ObjectId) -> str:
    return ids.encode(id.kind, id.mailbox, id.number)


def forged(content: bytes) -> str:
    """An id of our form with any content: the check keeps out mistakes, not forgers."""
    return urlsafe_b64encode(content + struct.pack(">H", crc_hqx(content, 0))).decode()


@pytest.mark.parametrize(
    ("id", "text"),
    [  # clients keep ids: what was once given out is understood for ever
        (ObjectId(Kind.FOLDER, 1, 3), "RgAAAAAAAAEAAAAAAAAAA5fT"),
        (ObjectId(Kind.ITEM, 1, 19), "SQAAAAAAAAEAAAAAAAAAE_z4"),
        (ObjectId(Kind.SUBSCRIPTION, (1 << 56) - 1, GREATEST), "U_________9__________yLy"),
    ],
)
def test_the_id_of_an_object_never_changes(id: ObjectId, text: str) -> None:
    assert encoded(id) == text
    assert ids.decode(text) == id


@given(objects)
def test_an_id_read_again_is_the_same_object(id: ObjectId) -> None:
    assert ids.decode(encoded(id)) == id


@given(objects)
def test_an_id_is_24_characters_that_are_safe_in_a_url(id: ObjectId) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]{24}", encoded(id))


@given(objects, st.integers(0, 23), st.sampled_from(ALPHABET))
def test_an_id_with_one_other_character_is_malformed(
    id: ObjectId, position: int, other: str
) -> None:
    text = encoded(id)
    if text[position] != other:
        assert_malformed(text[:position] + other + text[position + 1 :])


def test_every_change_of_one_character_is_noticed() -> None:
    text = encoded(ObjectId(Kind.SUBSCRIPTION, 7, 1 << 62))
    for position, character in enumerate(text):
        for other in ALPHABET:
            if other != character:
                assert_malformed(text[:position] + other + text[position + 1 :])


@given(objects, st.integers(0, 22))
def test_two_neighbouring_characters_in_the_wrong_order_are_noticed(
    id: ObjectId, position: int
) -> None:
    text = encoded(id)
    one, other = text[position], text[position + 1]
    if one != other:
        assert_malformed(text[:position] + other + one + text[position + 2 :])


@given(objects, st.integers(1, 23))
def test_an_id_that_was_cut_is_malformed(id: ObjectId, length: int) -> None:
    assert_malformed(encoded(id)[:length])
    assert_malformed(encoded(id)[length:])


def test_an_id_is_that_of_one_kind() -> None:
    texts = {encoded(ObjectId(kind, 1, 1)) for kind in Kind}
    assert {ids.decode(text).kind for text in texts} == set(Kind)
    assert_malformed(forged(struct.pack(">QQ", ord("X") << 56 | 1, 1)))


GOOD = encoded(ObjectId(Kind.FOLDER, 1, 3))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f" {GOOD}", id="white space before"),
        pytest.param(f"{GOOD}\n", id="line break after"),
        pytest.param(f"{GOOD[:8]} {GOOD[8:]}", id="white space within"),
        pytest.param(f"{GOOD}====", id="padding"),
        pytest.param(GOOD + GOOD, id="twice"),
        pytest.param(GOOD.swapcase(), id="other case"),
        pytest.param(forged(b"F" + bytes(14)), id="content too short"),
        pytest.param(forged(b"F" + bytes(16)), id="content too long"),
        pytest.param(
            forged(struct.pack(">QQ", ord("F") << 56 | 1, 1 << 63)), id="number too great"
        ),
        pytest.param("AAMkADk=", id="of another server"),
        pytest.param("aW5ib3g=", id="base64 of something"),
        pytest.param("inbox", id="a name"),
        pytest.param("hKJETtoAdi9PPW0tZDQ4MThmMDoVYB", id="the guide's SubscriptionId"),
        pytest.param("ä" * 24, id="not ASCII"),
        pytest.param("\ud800" * 24, id="surrogates"),
        pytest.param("\x00" * 24, id="NULs"),
        pytest.param("A" * 1_000_000, id="long"),
    ],
)
def test_what_is_not_ours_is_malformed(text: str) -> None:
    assert_malformed(text)


@given(st.text(min_size=1))
def test_no_text_does_more_harm_than_being_malformed(text: str) -> None:
    assert_malformed(text)


def test_an_empty_id_is_told_apart() -> None:
    with pytest.raises(InvalidIdEmpty):
        ids.decode("")


def assert_malformed(text: str) -> None:
    with pytest.raises(EwsError) as refused:
        ids.decode(text)
    assert type(refused.value) is InvalidIdMalformed
