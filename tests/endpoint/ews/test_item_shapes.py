"""Which properties of an item an answer holds."""

import pytest
from exchangelib import items
from exchangelib.version import EXCHANGE_2010_SP2, EXCHANGE_2013_SP1, EXCHANGE_2016, Version

from ewspush.core.item_paths import ExtendedPath, IndexedPath
from ewspush.endpoint.ews.items.shapes import ItemShape
from ewspush.wire import xml
from ewspush.wire.properties.extended_fields import InvalidExtendedProperty
from ewspush.wire.properties.item_kinds import KINDS, kind_named
from ewspush.wire.properties.items import read, render
from support.schemas import MESSAGES, ROOT, TYPES

RECORDED = ROOT / "tests" / "data" / "requests"
NEWEST = "Exchange2016"
MESSAGE = kind_named("Message")
CONTACT = kind_named("Contact")
COMMON = "00062008-0000-0000-c000-000000000046"


def shape(content: str, *, for_find: bool = False) -> ItemShape:
    document = f'<m:ItemShape xmlns:m="{MESSAGES}" xmlns:t="{TYPES}">{content}</m:ItemShape>'
    return ItemShape.read(xml.parse(document.encode()), for_find=for_find)


def asking(*paths: str, base: str = "IdOnly", for_find: bool = False) -> ItemShape:
    added = f"<t:AdditionalProperties>{''.join(paths)}</t:AdditionalProperties>"
    return shape(f"<t:BaseShape>{base}</t:BaseShape>{added if paths else ''}", for_find=for_find)


def field(uri: str) -> str:
    return f'<t:FieldURI FieldURI="{uri}"/>'


def names(base: str, kind: str, version: str = NEWEST, *, for_find: bool = False) -> set[str]:
    return set(asking(base=base, for_find=for_find).names_for(kind_named(kind), version))


@pytest.mark.parametrize("kind", [kind.element for kind in KINDS])
def test_id_only_is_the_id_alone(kind: str) -> None:
    assert names("IdOnly", kind) == {"ItemId"}


# Property sets and response shapes in EWS in Exchange, table 3, of GetItem.
@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (
            "Message",
            "ItemId Subject Sensitivity Body Size DateTimeSent DateTimeCreated ResponseObjects "
            "HasAttachments IsAssociated ToRecipients CcRecipients BccRecipients "
            "IsReadReceiptRequested IsDeliveryReceiptRequested From IsRead",
        ),
        (
            "CalendarItem",
            "ItemId Subject ResponseObjects HasAttachments IsAssociated Start End "
            "LegacyFreeBusyStatus Location CalendarItemType Organizer",
        ),
        (
            "Contact",
            "ItemId HasAttachments FileAs CompleteName CompanyName EmailAddresses "
            "PhysicalAddresses PhoneNumbers ImAddresses JobTitle",
        ),
        ("Task", "ItemId Subject HasAttachments DueDate PercentComplete StartDate Status"),
        ("Item", "ItemId Subject ResponseObjects HasAttachments IsAssociated"),
    ],
)
def test_the_default_properties_are_those_of_the_table(kind: str, expected: str) -> None:
    assert names("Default", kind) == set(expected.split())


@pytest.mark.parametrize("kind", [kind.element for kind in KINDS])
def test_the_default_properties_are_properties_of_the_kind(kind: str) -> None:
    assert {"ItemId", "HasAttachments"} < names("Default", kind) <= kind_named(kind).names


def test_a_meeting_request_shows_by_default_what_it_is_about() -> None:
    assert {"Start", "End", "Organizer", "ResponseType", "From", "MeetingRequestType"} <= names(
        "Default", "MeetingRequest"
    )


def test_all_properties_are_those_of_the_first_class() -> None:
    got = names("AllProperties", "Message")
    assert {"Body", "Attachments", "InternetMessageHeaders", "Categories", "References"} < got
    assert not got & {"MimeContent", "TextBody", "UniqueBody", "Preview", "StoreEntryId"}
    assert "ExtendedProperty" not in got


# Email properties and elements in EWS in Exchange, table 1.
NOT_FOUND = {
    "Attachments",
    "BccRecipients",
    "Body",
    "CcRecipients",
    "EntityExtractionResult",
    "InternetMessageHeaders",
    "ReplyTo",
    "ResponseObjects",
    "ToRecipients",
}


def test_find_item_leaves_out_what_only_get_item_returns() -> None:
    got = names("AllProperties", "Message")
    assert got - names("AllProperties", "Message", for_find=True) == NOT_FOUND


def test_find_item_leaves_it_out_when_it_is_named_too() -> None:
    wanted = asking(
        field("message:ToRecipients"), field("item:Body"), field("item:Subject"), for_find=True
    )
    assert wanted.names_for(MESSAGE, NEWEST) == {"ItemId", "Subject"}


@pytest.mark.parametrize(
    ("version", "missing"),
    [
        ("Exchange2007", {"ReceivedBy", "ConversationId", "IsAssociated", "Flag", "InstanceKey"}),
        ("Exchange2007_SP1", {"ConversationId", "IsAssociated", "Flag", "InstanceKey"}),
        ("Exchange2010", {"Flag", "InstanceKey"}),
        ("Exchange2010_SP2", {"Flag", "InstanceKey"}),
        ("Exchange2013", set()),
        ("Exchange2016", set()),
    ],
)
def test_what_an_older_schema_does_not_have_is_left_out(version: str, missing: set[str]) -> None:
    some = {"Subject", "ReceivedBy", "ConversationId", "IsAssociated", "Flag", "InstanceKey"}
    assert some - names("AllProperties", "Message", version) == missing


@pytest.mark.parametrize(
    ("uri", "since"),
    [
        ("item:UniqueBody", "Exchange2010"),
        ("item:StoreEntryId", "Exchange2010_SP2"),
        ("item:TextBody", "Exchange2013"),
        ("item:Preview", "Exchange2013"),
        ("item:IconIndex", "Exchange2013"),
        ("item:RetentionDate", "Exchange2013"),
    ],
)
def test_what_is_named_comes_if_the_schema_has_it(uri: str, since: str) -> None:
    name = uri.partition(":")[2]
    versions = ("Exchange2007_SP1", "Exchange2010", "Exchange2010_SP2", "Exchange2013", NEWEST)
    with_it = [each for each in versions if name in asking(field(uri)).names_for(MESSAGE, each)]
    assert with_it == [each for each in versions if each >= since]


def test_mime_content_comes_when_it_is_asked_for_either_way() -> None:
    by_flag = shape(
        "<t:BaseShape>IdOnly</t:BaseShape><t:IncludeMimeContent>true</t:IncludeMimeContent>"
    )
    assert by_flag.include_mime_content
    assert by_flag.names_for(MESSAGE, NEWEST) == {"ItemId", "MimeContent"}
    by_name = asking(field("item:MimeContent"))
    assert not by_name.include_mime_content
    assert by_name.names_for(MESSAGE, NEWEST) == {"ItemId", "MimeContent"}


@pytest.mark.parametrize(
    ("content", "body_type"),
    [
        ("", "Best"),
        ("<t:BodyType>Best</t:BodyType>", "Best"),
        ("<t:BodyType>Text</t:BodyType>", "Text"),
        ("<t:BodyType>HTML</t:BodyType>", "HTML"),
    ],
)
def test_the_form_of_bodies_is_the_best_unless_another_is_asked_for(
    content: str, body_type: str
) -> None:
    assert shape(f"<t:BaseShape>IdOnly</t:BaseShape>{content}").body_type == body_type


def test_what_no_item_or_not_this_kind_has_is_ignored() -> None:
    wanted = asking(field("folder:DisplayName"), field("calendar:Start"), field("item:Subject"))
    assert wanted.names_for(MESSAGE, NEWEST) == {"ItemId", "Subject"}
    assert wanted.names_for(kind_named("CalendarItem"), NEWEST) == {"ItemId", "Subject", "Start"}


def test_all_that_exchangelib_asks_of_a_message_is_understood() -> None:
    request = xml.parse((RECORDED / "exchangelib-getitem.xml").read_bytes())
    element = request.find(f".//{{{MESSAGES}}}ItemShape")
    assert element is not None
    wanted = ItemShape.read(element).names_for(MESSAGE, "Exchange2010_SP2")
    fields = items.Message.supported_fields(Version(EXCHANGE_2010_SP2))
    uris = {getattr(each, "field_uri", None) for each in fields} - {None}
    assert {each.uri for each in MESSAGE.properties if each.name in wanted} == uris


@pytest.mark.parametrize("build", [EXCHANGE_2010_SP2, EXCHANGE_2013_SP1, EXCHANGE_2016], ids=str)
@pytest.mark.parametrize("kind", ["Message", "CalendarItem", "Contact", "Task", "PostItem"])
def test_what_exchangelib_takes_from_find_item_is_found(kind: str, build) -> None:
    version = Version(build)
    uris = {
        each.field_uri
        for each in getattr(items, kind).supported_fields(version)
        if getattr(each, "field_uri", None) and not each.is_complex
    }
    wanted = asking(*map(field, uris), for_find=True).names_for(
        kind_named(kind), version.api_version
    )
    got = {each.uri for each in kind_named(kind).properties if each.name in wanted}
    assert uris - got <= {"item:ResponseObjects"}  # for which it would have to call GetItem


VALUES = {
    "ItemId": {"Id": "AAA"},
    "Subject": "Hello",
    "EmailAddresses": {"EmailAddress1": "a@example.com", "EmailAddress2": "b@example.com"},
    "PhysicalAddresses": {"Home": {"City": "A", "State": "B"}, "Other": {"City": "C"}},
    "InternetMessageHeaders": [["Received", "a"], ["From", "b"], ["received", "c"]],
    "ExtendedProperty": [
        {"Path": "PropertyTag=0xe07 PropertyType=Integer", "Value": "1"},
        {
            "Path": "DistinguishedPropertySetId=Common PropertyId=34051 PropertyType=Integer",
            "Value": "2",
        },
    ],
}


def index(uri: str, key: str) -> str:
    return f'<t:IndexedFieldURI FieldURI="{uri}" FieldIndex="{key}"/>'


def test_an_answer_holds_what_is_wanted_and_there() -> None:
    wanted = asking(field("item:Subject"), field("item:Body"))
    assert wanted.pick(CONTACT, VALUES, NEWEST) == {"ItemId": {"Id": "AAA"}, "Subject": "Hello"}


def test_of_a_dictionary_the_entries_that_are_named_are_picked() -> None:
    wanted = asking(
        index("contacts:EmailAddress", "EmailAddress2"),
        index("contacts:EmailAddress", "EmailAddress3"),
        index("contacts:PhysicalAddress:City", "Home"),
        index("contacts:PhysicalAddress:State", "Home"),
        index("contacts:PhysicalAddress:State", "Other"),
    )
    assert wanted.indexed[0] == IndexedPath("EmailAddresses", "EmailAddress2")
    picked = wanted.pick(CONTACT, VALUES, NEWEST)
    assert picked == {
        "ItemId": {"Id": "AAA"},
        "EmailAddresses": {"EmailAddress2": "b@example.com"},
        "PhysicalAddresses": {"Home": {"City": "A", "State": "B"}},
    }


def test_a_dictionary_that_is_wanted_as_a_whole_is_not_cut() -> None:
    wanted = asking(
        field("contacts:EmailAddresses"), index("contacts:EmailAddress", "EmailAddress1")
    )
    assert wanted.pick(CONTACT, VALUES, NEWEST)["EmailAddresses"] == VALUES["EmailAddresses"]


def test_header_fields_that_are_named_are_picked_each_as_it_stands() -> None:
    wanted = asking(index("item:InternetMessageHeader", "RECEIVED"))
    picked = wanted.pick(MESSAGE, VALUES, NEWEST)
    assert picked["InternetMessageHeaders"] == [["Received", "a"], ["received", "c"]]


def test_header_fields_that_are_named_beside_them_all_come_once() -> None:
    wanted = asking(
        field("item:InternetMessageHeaders"), index("item:InternetMessageHeader", "From")
    )
    picked = wanted.pick(MESSAGE, VALUES, NEWEST)
    assert picked["InternetMessageHeaders"] == VALUES["InternetMessageHeaders"]


def test_an_entry_that_is_not_there_leaves_nothing() -> None:
    wanted = asking(
        index("item:InternetMessageHeader", "To"), index("contacts:PhoneNumber", "Pager")
    )
    picked = wanted.pick(CONTACT, VALUES, NEWEST)
    assert len(render(CONTACT, picked)) == 1


def test_entries_of_what_the_kind_does_not_have_are_ignored() -> None:
    wanted = asking(index("contacts:EmailAddress", "EmailAddress1"))
    assert wanted.pick(MESSAGE, VALUES, NEWEST) == {"ItemId": {"Id": "AAA"}}


def test_extended_properties_come_when_they_are_named() -> None:
    assert "ExtendedProperty" not in asking(base="AllProperties").pick(MESSAGE, VALUES, NEWEST)
    wanted = asking('<t:ExtendedFieldURI PropertyTag="3591" PropertyType="Integer"/>')
    assert wanted.extended == (ExtendedPath("PropertyTag=0xe07 PropertyType=Integer"),)
    assert wanted.pick(MESSAGE, VALUES, NEWEST)["ExtendedProperty"] == [
        VALUES["ExtendedProperty"][0]
    ]


def test_an_extended_property_comes_under_the_attributes_that_the_client_gave() -> None:
    by_guid = asking(
        f'<t:ExtendedFieldURI PropertySetId="{COMMON}" PropertyId="34051" PropertyType="Integer"/>'
    )
    item = render(MESSAGE, by_guid.pick(MESSAGE, VALUES, NEWEST))
    uri = item.find(f".//{{{TYPES}}}ExtendedFieldURI")
    assert uri is not None
    assert uri.attrib == {"PropertySetId": COMMON, "PropertyId": "34051", "PropertyType": "Integer"}
    assert read(item)["ExtendedProperty"] == [VALUES["ExtendedProperty"][1]]


def test_an_extended_property_that_cannot_be_is_an_error() -> None:
    with pytest.raises(InvalidExtendedProperty):
        asking('<t:ExtendedFieldURI PropertyName="a" PropertyType="String"/>')


def test_picking_changes_nothing_in_the_values() -> None:
    before = str(VALUES)
    asking(
        index("contacts:EmailAddress", "EmailAddress1"), index("item:InternetMessageHeader", "From")
    ).pick(CONTACT, VALUES, NEWEST)
    assert str(VALUES) == before


@pytest.mark.parametrize(
    "ignored",
    [
        "<t:FilterHtmlContent>true</t:FilterHtmlContent>",
        "<t:ConvertHtmlCodePageToUTF8>true</t:ConvertHtmlCodePageToUTF8>",
        "<t:MaximumBodySize>10</t:MaximumBodySize>",
    ],
)
def test_other_wishes_change_nothing(ignored: str) -> None:
    assert shape(f"<t:BaseShape>Default</t:BaseShape>{ignored}") == asking(base="Default")


@pytest.mark.parametrize("name", ["syncfolderitems", "syncfolderitems-state", "finditem"])
def test_the_shapes_of_other_operations_are_read(name: str) -> None:
    request = xml.parse((RECORDED / f"exchangelib-{name}.xml").read_bytes())
    element = request.find(f".//{{{MESSAGES}}}ItemShape")
    assert element is not None
    assert "ItemId" in ItemShape.read(element).names_for(MESSAGE, "Exchange2010_SP2")
