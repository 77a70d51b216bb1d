"""Ids in the formats of ConvertId."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ewspush.core.errors import InvalidIdEmpty, InvalidIdMalformed
from ewspush.core.ids import Kind, ObjectId
from ewspush.wire import id_formats, ids

FORMATS = ["EwsId", "EwsLegacyId", "EntryId", "HexEntryId", "StoreId", "OwaId"]
INBOX = ObjectId(Kind.FOLDER, 1, 3)


@given(
    format=st.sampled_from(FORMATS),
    id=st.builds(
        ObjectId,
        st.sampled_from([Kind.FOLDER, Kind.ITEM]),
        st.integers(0, 2**56 - 1),
        st.integers(0, 2**63 - 1),
    ),
)
def test_an_id_can_be_turned_back_from_any_format(format, id):
    assert id_formats.decode(id_formats.encode(id, format), format) == id


def test_the_id_of_ews_is_the_id():
    id = ids.encode(INBOX.kind, INBOX.mailbox, INBOX.number)
    assert {id_formats.encode(INBOX, format) for format in ("EwsId", "EwsLegacyId")} == {id}


@pytest.mark.parametrize("format", FORMATS)
def test_an_empty_id_is_empty(format):
    with pytest.raises(InvalidIdEmpty):
        id_formats.decode("", format)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    "text", ["DUMMY", " ", "=", "%", "%00", "ZHVtbXk=", "64756D6D79", "é", "\U0001f600", "A" * 9999]
)
def test_what_is_no_id_is_malformed(format, text):
    with pytest.raises(InvalidIdMalformed):
        id_formats.decode(text, format)


@pytest.mark.parametrize("change", [lambda text: text[1:], lambda text: text[:-1]])
@pytest.mark.parametrize("format", FORMATS)
def test_a_cut_id_is_malformed(format, change):
    with pytest.raises(InvalidIdMalformed):
        id_formats.decode(change(id_formats.encode(INBOX, format)), format)


def test_hexadecimal_digits_are_read_in_any_case():
    text = id_formats.encode(ObjectId(Kind.ITEM, 7, 2**62 + 123_456_789), "HexEntryId")
    assert text != text.lower()
    assert id_formats.decode(text.lower(), "HexEntryId") == id_formats.decode(text, "HexEntryId")


@pytest.mark.parametrize("claimed", FORMATS)
@pytest.mark.parametrize("format", FORMATS)
def test_an_id_of_another_format_is_malformed(format, claimed):
    text = id_formats.encode(INBOX, format)
    if text != id_formats.encode(INBOX, claimed):
        with pytest.raises(InvalidIdMalformed):
            id_formats.decode(text, claimed)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("kind", [Kind.SUBSCRIPTION, Kind.ATTACHMENT], ids=lambda kind: kind.name)
def test_only_folders_and_items_are_converted(kind, format):
    with pytest.raises(InvalidIdMalformed):
        id_formats.decode(id_formats.encode(ObjectId(kind, 1, 3), format), format)
