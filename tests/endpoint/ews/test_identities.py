"""ConvertId and ResolveNames."""

import pytest

from ewspush.core.ids import Kind
from ewspush.operations import mailboxes
from ewspush.wire import ids
from support.ews import NOW_S, envelope

XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
ADDRESS = "user@example.com"


def alternate_id(id, format="EwsId", mailbox=ADDRESS):
    return f'<t:AlternateId Id="{id}" Format="{format}" Mailbox="{mailbox}"/>'


def convert_id(*sources, to="EwsId"):
    return envelope(
        f'<m:ConvertId DestinationFormat="{to}"><m:SourceIds>{"".join(sources)}</m:SourceIds>'
        "</m:ConvertId>"
    )


def resolve_names(entry, full="false", folders="", attributes=""):
    return envelope(
        f'<m:ResolveNames ReturnFullContactData="{full}" {attributes}>{folders}'
        f"<m:UnresolvedEntry>{entry}</m:UnresolvedEntry></m:ResolveNames>"
    )


@pytest.fixture(scope="module")
def inbox(shared_ews):
    return ids.encode(Kind.FOLDER, shared_ews.mailbox.id, 3)


# ConvertId


@pytest.mark.parametrize("format", ["EwsLegacyId", "EntryId", "HexEntryId", "StoreId", "OwaId"])
def test_an_id_is_converted_there_and_back(shared_ews, inbox, format):
    there = shared_ews.ask(convert_id(alternate_id(inbox), to=format)).one("m:AlternateId")
    assert there.get("Format") == format
    assert there.get("Mailbox") == ADDRESS
    back = shared_ews.ask(convert_id(alternate_id(there.get("Id"), format))).one("m:AlternateId")
    assert (back.get("Id"), back.get("Format")) == (inbox, "EwsId")


def test_the_answer_has_the_type_of_the_id(shared_ews, inbox):
    answer = shared_ews.ask(convert_id(alternate_id(inbox)))
    converted = answer.one("m:AlternateId")
    prefix, _, name = converted.get(XSI_TYPE).partition(":")
    assert (converted.nsmap[prefix].rpartition("/")[2], name) == ("types", "AlternateIdType")


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (alternate_id(""), "ErrorInvalidIdEmpty"),
        (alternate_id("DUMMY", mailbox="DUMMY"), "ErrorInvalidIdMalformed"),
        (alternate_id("DUMMY", "HexEntryId"), "ErrorInvalidIdMalformed"),
        ('<t:AlternatePublicFolderId FolderId="a" Format="EwsId"/>', "ErrorInvalidIdMalformed"),
        (
            '<t:AlternatePublicFolderItemId FolderId="a" ItemId="b" Format="EwsId"/>',
            "ErrorInvalidIdMalformed",
        ),
    ],
)
def test_an_id_that_is_none_does_not_spoil_the_others(shared_ews, inbox, source, code):
    good = alternate_id(inbox)
    answer = shared_ews.ask(convert_id(good, source, good))
    assert answer.codes == ["NoError", code, "NoError"]
    assert len(answer.all("m:AlternateId")) == 2


@pytest.mark.parametrize("mailbox", ["DUMMY", "a@", "a b@example.com"])
def test_the_mailbox_must_be_an_address(shared_ews, inbox, mailbox):
    answer = shared_ews.ask(convert_id(alternate_id(inbox, mailbox=mailbox)))
    assert answer.codes == ["ErrorInvalidSmtpAddress"]


def test_whether_the_mailbox_exists_is_not_told(shared_ews, inbox):
    sources = [alternate_id(inbox, mailbox=f"{who}@example.com") for who in ("other", "nobody")]
    assert shared_ews.ask(convert_id(*sources)).codes == ["NoError", "NoError"]


def test_there_are_so_many_ids_at_most(shared_ews, inbox):
    answer = shared_ews.ask(convert_id(*[alternate_id(inbox)] * 1000))
    assert answer.codes == ["NoError"] * 1000
    answer = shared_ews.ask(convert_id(*[alternate_id(inbox)] * 1001))
    assert (answer.status, answer.codes) == (500, ["ErrorDataSizeLimitExceeded"])


# ResolveNames


@pytest.fixture(scope="module")
def people(shared_ews):
    """The application, with two mailboxes that begin alike."""
    with shared_ews.database.write() as tx:
        for address in ("twin.a@example.com", "twin.b@example.com"):
            mailboxes.create(tx, address, "-", NOW_S)
    return shared_ews


def test_one_person_is_a_success(people):
    answer = people.ask(resolve_names("TWIN.A"))
    assert answer.codes == ["NoError"]
    message = answer.one("m:ResolveNamesResponseMessage")
    assert message.get("ResponseClass") == "Success"
    assert answer.text("t:Name") == "twin.a"
    assert answer.text("t:EmailAddress") == "twin.a@example.com"
    assert answer.text("t:RoutingType") == "SMTP"
    assert answer.text("t:MailboxType") == "Mailbox"
    assert dict(answer.one("m:ResolutionSet").attrib) == {
        "TotalItemsInView": "1",
        "IncludesLastItemInRange": "true",
    }
    assert answer.all("t:Contact") == []


def test_several_people_are_a_warning(people):
    answer = people.ask(resolve_names("twin"))
    assert answer.codes == ["ErrorNameResolutionMultipleResults"]
    message = answer.one("m:ResolveNamesResponseMessage")
    assert message.get("ResponseClass") == "Warning"
    assert answer.text("m:MessageText") == "Multiple results were found."
    assert answer.text("m:DescriptiveLinkKey") == "0"
    assert [each.text for each in answer.all("t:EmailAddress")] == [
        "twin.a@example.com",
        "twin.b@example.com",
    ]
    assert answer.one("m:ResolutionSet").get("TotalItemsInView") == "2"


@pytest.mark.parametrize("entry", ["triplet", "twin.a@example.org", "&lt;twin.a&gt;"])
def test_nobody_is_an_error(people, entry):
    answer = people.ask(resolve_names(entry))
    assert answer.codes == ["ErrorNameResolutionNoResults"]
    assert answer.one("m:ResolveNamesResponseMessage").get("ResponseClass") == "Error"
    assert answer.all("m:ResolutionSet") == []


@pytest.mark.parametrize("full", ["true", "1"])
def test_full_contact_data_is_a_contact(people, full):
    contact = people.ask(resolve_names("twin.a", full)).one("t:Contact")
    values = {child.tag.rpartition("}")[2]: child for child in contact}
    assert list(values) == ["DisplayName", "EmailAddresses", "ContactSource"]
    assert values["DisplayName"].text == "twin.a"
    assert values["ContactSource"].text == "ActiveDirectory"
    (entry,) = values["EmailAddresses"]
    assert (entry.get("Key"), entry.text) == ("EmailAddress1", "SMTP:twin.a@example.com")


@pytest.mark.parametrize(
    ("scope", "codes"),
    [
        ("ActiveDirectory", ["NoError"]),
        ("ActiveDirectoryContacts", ["NoError"]),
        ("ContactsActiveDirectory", ["NoError"]),
        ("Contacts", ["ErrorNameResolutionNoResults"]),
    ],
)
def test_the_directory_is_searched_where_the_scope_has_it(people, scope, codes):
    assert people.ask(resolve_names("twin.a", attributes=f'SearchScope="{scope}"')).codes == codes


def test_folders_and_a_shape_may_be_named(people):
    folders = '<t:DistinguishedFolderId Id="contacts"/>'
    request = resolve_names(
        "twin.a",
        folders=f"<m:ParentFolderIds>{folders}</m:ParentFolderIds>",
        attributes='ContactDataShape="AllProperties"',
    )
    assert people.ask(request).codes == ["NoError"]


def test_more_than_a_hundred_people_are_not_all_named(ews):
    with ews.database.write() as tx:
        for number in range(101):
            mailboxes.create(tx, f"many{number}@example.com", "-", NOW_S)
    answer = ews.ask(resolve_names("many"))
    assert len(answer.all("t:Resolution")) == 100
    assert dict(answer.one("m:ResolutionSet").attrib) == {
        "TotalItemsInView": "100",
        "IncludesLastItemInRange": "false",
    }
