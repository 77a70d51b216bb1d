"""Paths to properties in requests."""

import pytest
from lxml import etree

from ewspush.core.item_paths import ExtendedPath, FieldPath, IndexedPath
from ewspush.wire import xml
from ewspush.wire.properties.item_kinds import KINDS
from ewspush.wire.properties.paths import path, path_element, uri_of
from support.schema_documents import XS, Definitions
from support.schemas import MICROSOFT, ROOT, TYPES, needs_microsoft_schema

T = f"{{{TYPES}}}"
REQUESTS = ROOT / "tests" / "data" / "requests"

OF_ITEMS = (
    "item",
    "message",
    "meeting",
    "meetingRequest",
    "calendar",
    "task",
    "contacts",
    "distributionlist",
    "postitem",
)
# In the schema's list of names, and no element of any item.
NOWHERE = {
    "contacts:PartnerNetworkProfilePhotoUrl",
    "contacts:PartnerNetworkThumbnailPhotoUrl",
    "contacts:contacts:ConversationGuid",
}


def field_uri(uri: str) -> etree._Element:
    return etree.Element(f"{T}FieldURI", FieldURI=uri)


def listed(simple_type: str) -> set[str]:
    kind = Definitions(MICROSOFT).types[T + simple_type]
    return {each.get("value", "") for each in kind.iter(f"{XS}enumeration")}


@needs_microsoft_schema
def test_every_field_uri_of_items_leads_somewhere() -> None:
    uris = {uri for uri in listed("UnindexedFieldURIType") if uri.split(":")[0] in OF_ITEMS}
    assert {uri for uri in uris if path(field_uri(uri)) is None} == NOWHERE


@needs_microsoft_schema
def test_every_property_has_a_field_uri_of_the_schema() -> None:
    uris = {each.uri for kind in KINDS for each in kind.properties} - {None}
    assert uris <= listed("UnindexedFieldURIType")


@needs_microsoft_schema
def test_field_uris_of_other_things_lead_nowhere() -> None:
    uris = {uri for uri in listed("UnindexedFieldURIType") if uri.split(":")[0] not in OF_ITEMS}
    assert uris
    assert {path(field_uri(uri)) for uri in uris} == {None}


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("item:Subject", "Subject"),
        ("calendar:Start", "Start"),
        ("calendar:IsResponseRequested", "IsResponseRequested"),
        ("message:IsResponseRequested", "IsResponseRequested"),
        ("item:PredictedActionReason", "PredictedActionReasons"),
        ("contacts:Culture", "Culture"),
        ("contacts:MobileIMEnabled", "MobileImEnabled"),
    ],
)
def test_a_field_uri_leads_to_a_property(uri: str, name: str) -> None:
    assert path(field_uri(uri)) == FieldPath(name)


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("item:InternetMessageHeader", IndexedPath("InternetMessageHeaders", "K")),
        ("contacts:EmailAddress", IndexedPath("EmailAddresses", "K")),
        ("contacts:ImAddress", IndexedPath("ImAddresses", "K")),
        ("contacts:PhoneNumber", IndexedPath("PhoneNumbers", "K")),
        ("contacts:PhysicalAddress:City", IndexedPath("PhysicalAddresses", "K", "City")),
        ("distributionlist:Members:Member", None),
    ],
)
def test_an_indexed_field_uri_leads_to_an_entry(uri: str, expected) -> None:
    element = etree.Element(f"{T}IndexedFieldURI", FieldURI=uri, FieldIndex="K")
    assert path(element) == expected


@pytest.mark.parametrize(
    "where",
    [
        FieldPath("Subject"),
        FieldPath("IsRead"),
        FieldPath("PredictedActionReasons"),
        IndexedPath("PhysicalAddresses", "Home", "City"),
        IndexedPath("InternetMessageHeaders", "Received"),
        ExtendedPath("PropertyTag=0x37 PropertyType=String"),
    ],
)
def test_a_path_is_written_as_what_leads_to_it(where) -> None:
    assert path(path_element(where)) == where


@pytest.mark.parametrize(
    ("where", "uri"),
    [
        (FieldPath("Subject"), "item:Subject"),
        (FieldPath("IsResponseRequested"), "message:IsResponseRequested"),
        (FieldPath("Recurrence"), "calendar:Recurrence"),
        (IndexedPath("PhysicalAddresses", "Home", "City"), "contacts:PhysicalAddress:City"),
        (ExtendedPath("key"), "key"),
    ],
)
def test_a_path_has_a_name(where, uri: str) -> None:
    assert uri_of(where) == uri


def test_a_property_without_a_field_uri_has_no_name() -> None:
    with pytest.raises(KeyError):
        uri_of(FieldPath("SearchKey"))


def test_all_that_exchangelib_asks_for_leads_somewhere() -> None:
    request = xml.parse((REQUESTS / "exchangelib-getitem.xml").read_bytes())
    asked_for = list(request.iterfind(f".//{T}AdditionalProperties/*"))
    assert len(asked_for) > 90
    assert None not in {path(each) for each in asked_for}
