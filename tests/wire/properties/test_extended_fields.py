"""Keys of extended properties."""

import pytest
from lxml import etree

from ewspush.wire.properties.extended_fields import (
    InvalidExtendedProperty,
    attributes,
    canonical,
    key_as_written,
    key_of,
)
from support.schemas import TYPES

COMMON = "00062008-0000-0000-C000-000000000046"
OWN = "01234567-89AB-CDEF-0123-456789ABCDEF"


def uri(**attributes: str) -> etree._Element:
    return etree.Element(f"{{{TYPES}}}ExtendedFieldURI", attributes)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"PropertyTag": "0x0E07"}, {"PropertyTag": "3591"}),
        ({"PropertyTag": "0X37"}, {"PropertyTag": "0x0037"}),
        (
            {"PropertySetId": COMMON, "PropertyId": "34051"},
            {"DistinguishedPropertySetId": "Common", "PropertyId": "+34051"},
        ),
        (
            {"PropertySetId": OWN, "PropertyName": "A b"},
            {"PropertySetId": OWN.lower(), "PropertyName": "A b"},
        ),
    ],
)
def test_a_property_has_one_key_for_all_ways_of_writing_it(one, other) -> None:
    assert key_of(uri(PropertyType="String", **one)) == key_of(uri(PropertyType="String", **other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            {"PropertyTag": "0x37", "PropertyType": "String"},
            {"PropertyTag": "0x37", "PropertyType": "Binary"},
        ),
        (
            {"PropertySetId": OWN, "PropertyName": "7", "PropertyType": "String"},
            {"PropertySetId": OWN, "PropertyId": "7", "PropertyType": "String"},
        ),
        (
            {"PropertySetId": OWN, "PropertyName": "a", "PropertyType": "String"},
            {"PropertySetId": OWN, "PropertyName": "A", "PropertyType": "String"},
        ),
    ],
)
def test_different_properties_have_different_keys(one, other) -> None:
    assert key_of(uri(**one)) != key_of(uri(**other))


@pytest.mark.parametrize(
    "given",
    [
        {"PropertyTag": "0xe07", "PropertyType": "Integer"},
        {"DistinguishedPropertySetId": "Task", "PropertyId": "-1", "PropertyType": "Long"},
        {"DistinguishedPropertySetId": "Task", "PropertyName": "", "PropertyType": "String"},
        {"PropertySetId": OWN.lower(), "PropertyName": "A  b\n=c", "PropertyType": "String"},
        {
            "PropertySetId": OWN.lower(),
            "PropertyName": "X PropertyType=Integer",
            "PropertyType": "String",
        },
    ],
)
def test_a_key_gives_back_its_attributes(given) -> None:
    assert attributes(key_of(uri(**given))) == given


def test_a_key_as_written_keeps_the_guid_of_a_set_that_has_a_name() -> None:
    element = uri(PropertySetId=COMMON, PropertyId="1", PropertyType="Integer")
    written = key_as_written(element)
    assert attributes(written)["PropertySetId"] == COMMON.lower()
    assert attributes(canonical(written))["DistinguishedPropertySetId"] == "Common"


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"PropertyTag": "0x37", "PropertyName": "a"},
        {"PropertyTag": "0x37", "DistinguishedPropertySetId": "Common", "PropertyId": "1"},
        {"PropertyName": "a"},
        {"DistinguishedPropertySetId": "Common"},
        {"DistinguishedPropertySetId": "Common", "PropertyName": "a", "PropertyId": "1"},
        {"DistinguishedPropertySetId": "Common", "PropertySetId": OWN, "PropertyId": "1"},
        {"PropertyTag": "0x8000"},
        {"PropertyTag": "65534"},
    ],
)
def test_a_combination_that_names_no_property_is_refused(given) -> None:
    with pytest.raises(InvalidExtendedProperty):
        key_of(uri(PropertyType="String", **given))


@pytest.mark.parametrize("kind", ["Error", "Null", "Object", "ObjectArray"])
def test_a_type_for_reporting_is_refused(kind: str) -> None:
    with pytest.raises(InvalidExtendedProperty, match=kind):
        key_of(uri(PropertyTag="0x37", PropertyType=kind))


@pytest.mark.parametrize("key", ["", "Subject", "PropertyTag=0x37", "PropertyType=String"])
def test_what_is_no_key_is_an_error(key: str) -> None:
    with pytest.raises(ValueError, match="not the key"):
        attributes(key)
