"""Getting, setting and removing properties among the values of an item."""

from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ewspush.core.item_paths import (
    ExtendedPath,
    FieldPath,
    IndexedPath,
    remove_at,
    set_at,
    value_at,
)

NUMBER = ExtendedPath("PropertyTag=0xe07 PropertyType=Integer")
NAME = ExtendedPath("DistinguishedPropertySetId=Common PropertyName=N PropertyType=String")
RECEIVED = IndexedPath("InternetMessageHeaders", "received")
HOME_PHONE = IndexedPath("PhoneNumbers", "HomePhone")
HOME_CITY = IndexedPath("PhysicalAddresses", "Home", "City")

VALUES = {
    "Subject": "Hello",
    "PhoneNumbers": {"HomePhone": "1", "MobilePhone": "2"},
    "PhysicalAddresses": {"Home": {"City": "A", "Street": "B"}, "Other": {"City": "C"}},
    "InternetMessageHeaders": [["Received", "a"], ["From", "b"], ["RECEIVED", "c"]],
    "ExtendedProperty": [{"Path": NUMBER.key, "Value": "1"}],
    "Members": "<t:Members/>",
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (FieldPath("Subject"), "Hello"),
        (FieldPath("Body"), None),
        (HOME_PHONE, "1"),
        (IndexedPath("PhoneNumbers", "Pager"), None),
        (IndexedPath("ImAddresses", "ImAddress1"), None),
        (IndexedPath("Members", "key"), None),
        (HOME_CITY, "A"),
        (IndexedPath("PhysicalAddresses", "Home"), {"City": "A", "Street": "B"}),
        (IndexedPath("PhysicalAddresses", "Other", "Street"), None),
        (IndexedPath("PhysicalAddresses", "Business", "Street"), None),
        (RECEIVED, "a\nc"),
        (IndexedPath("InternetMessageHeaders", "To"), None),
        (NUMBER, "1"),
        (NAME, None),
    ],
)
def test_a_path_leads_to_its_value(path, value) -> None:
    assert value_at(VALUES, path) == value


@pytest.mark.parametrize(
    ("path", "name", "after"),
    [
        (FieldPath("Subject"), "Subject", "new"),
        (HOME_PHONE, "PhoneNumbers", {"HomePhone": "new", "MobilePhone": "2"}),
        (IndexedPath("ImAddresses", "ImAddress1"), "ImAddresses", {"ImAddress1": "new"}),
        (
            HOME_CITY,
            "PhysicalAddresses",
            {"Home": {"City": "new", "Street": "B"}, "Other": {"City": "C"}},
        ),
        (RECEIVED, "InternetMessageHeaders", [["received", "new"], ["From", "b"]]),
        (NUMBER, "ExtendedProperty", [{"Path": NUMBER.key, "Value": "new"}]),
        (
            NAME,
            "ExtendedProperty",
            [{"Path": NUMBER.key, "Value": "1"}, {"Path": NAME.key, "Value": "new"}],
        ),
    ],
)
def test_what_is_set_takes_its_place_among_the_others(path, name: str, after) -> None:
    values = dict(VALUES)
    set_at(values, path, "new")
    assert values == {**VALUES, name: after}


@pytest.mark.parametrize(
    ("path", "name", "after"),
    [
        (FieldPath("Subject"), "Subject", None),
        (HOME_PHONE, "PhoneNumbers", {"MobilePhone": "2"}),
        (HOME_CITY, "PhysicalAddresses", {"Home": {"Street": "B"}, "Other": {"City": "C"}}),
        (
            IndexedPath("PhysicalAddresses", "Other", "City"),
            "PhysicalAddresses",
            {"Home": {"City": "A", "Street": "B"}},
        ),
        (RECEIVED, "InternetMessageHeaders", [["From", "b"]]),
        (NUMBER, "ExtendedProperty", None),
    ],
)
def test_what_is_removed_leaves_the_others(path, name: str, after) -> None:
    values = dict(VALUES)
    remove_at(values, path)
    assert values.get(name) == after
    assert values == {k: v for k, v in {**VALUES, name: after}.items() if v is not None}


paths = st.one_of(
    st.builds(FieldPath, st.sampled_from(["Subject", "Body"])),
    st.builds(IndexedPath, st.just("PhoneNumbers"), st.sampled_from(["HomePhone", "Pager"])),
    st.builds(
        IndexedPath,
        st.just("PhysicalAddresses"),
        st.sampled_from(["Home", "Business"]),
        st.sampled_from(["City", "State"]),
    ),
    st.builds(
        IndexedPath, st.just("InternetMessageHeaders"), st.sampled_from(["Received", "received"])
    ),
    st.sampled_from([NUMBER, NAME]),
)


@given(paths, st.text())
def test_what_was_set_is_there_until_it_is_removed(path, text: str) -> None:
    before = deepcopy(VALUES)
    values = dict(VALUES)
    set_at(values, path, text)
    assert value_at(values, path) == text
    remove_at(values, path)
    assert value_at(values, path) is None
    assert before == VALUES  # nothing within the values was changed in place


@given(paths)
def test_removing_what_is_not_there_changes_nothing(path) -> None:
    values: dict = {}
    remove_at(values, path)
    assert values == {}
