"""GetFolder: which folders, in which element, with which properties."""

from uuid import UUID

import pytest

from ewspush.core.folders import DISTINGUISHED_FOLDERS
from ewspush.core.ids import Kind
from ewspush.endpoint.ews.folders import shapes
from ewspush.operations import mail
from ewspush.wire import ids
from support.ews import NOW_S, envelope, get_folder


def folder(answer):
    (found,) = answer.one("m:Folders")
    return found


def names(element):
    return [child.tag.partition("}")[2] for child in element]


def content(element):
    return dict(zip(names(element), (child.text for child in element), strict=True))


ID = ["FolderId"]
DEFAULT = ["FolderId", "DisplayName", "TotalCount", "ChildFolderCount", "UnreadCount"]
ALL = [
    "FolderId", "ParentFolderId", "FolderClass", "DisplayName", "TotalCount", "ChildFolderCount",
    "EffectiveRights", "UnreadCount",
]  # fmt: skip


def but(properties, *left_out):
    return [each for each in properties if each not in left_out]


SHAPES = [
    ("inbox", "IdOnly", "Folder", ID),
    ("inbox", "Default", "Folder", DEFAULT),
    ("inbox", "AllProperties", "Folder", ALL),
    ("calendar", "IdOnly", "CalendarFolder", ID),
    ("calendar", "Default", "CalendarFolder", but(DEFAULT, "TotalCount", "UnreadCount")),
    ("calendar", "AllProperties", "CalendarFolder", but(ALL, "UnreadCount")),
    ("contacts", "Default", "ContactsFolder", but(DEFAULT, "UnreadCount")),
    ("contacts", "AllProperties", "ContactsFolder", but(ALL, "UnreadCount")),
    ("tasks", "Default", "TasksFolder", but(DEFAULT, "UnreadCount")),
    ("tasks", "AllProperties", "TasksFolder", ALL),
    ("notes", "Default", "Folder", but(DEFAULT, "UnreadCount")),
    ("journal", "AllProperties", "Folder", ALL),
    ("searchfolders", "AllProperties", "Folder", but(ALL, "FolderClass")),
    ("root", "AllProperties", "Folder", but(ALL, "FolderClass")),
]


@pytest.mark.parametrize(("name", "shape", "element", "properties"), SHAPES)
def test_a_shape_has_the_properties_of_microsofts_table(
    shared_ews, name, shape, element, properties
):
    found = folder(shared_ews.ask(get_folder(name, shape=shape)))
    assert found.tag.endswith(f"}}{element}")
    assert names(found) == properties


def test_counts_follow_the_mail_that_arrives(ews):
    with ews.database.write() as tx:
        mail.deliver(tx, "user@example.com", b"Subject: hello\r\n\r\n", NOW_S)
    found = content(folder(ews.ask(get_folder("inbox", shape="Default"))))
    assert found | {"FolderId": None} == {
        "FolderId": None,
        "DisplayName": "Inbox",
        "TotalCount": "1",
        "ChildFolderCount": "0",
        "UnreadCount": "1",
    }


def test_a_change_of_the_folder_changes_its_change_key_and_not_its_id(ews):
    before = dict(ews.ask(get_folder("inbox")).one("t:FolderId").attrib)
    with ews.database.write() as tx:
        mail.deliver(tx, "user@example.com", b"Subject: hello\r\n\r\n", NOW_S)
    after = dict(ews.ask(get_folder("inbox")).one("t:FolderId").attrib)
    assert before["Id"] == after["Id"]
    assert before["ChangeKey"] != after["ChangeKey"]


def test_every_distinguished_folder_is_found_again_by_its_id(shared_ews):
    every = [each.name for each in DISTINGUISHED_FOLDERS]
    answer = shared_ews.ask(get_folder(*every, shape="AllProperties"))
    by_name = [content(found[0]) for found in answer.all("m:Folders")]
    assert [each["DisplayName"] for each in by_name] == [
        each.display_name for each in DISTINGUISHED_FOLDERS
    ]
    found = [f'<t:FolderId Id="{each.get("Id")}"/>' for each in answer.all("t:FolderId")]
    again = shared_ews.ask(get_folder(*found, shape="AllProperties"))
    assert [content(each[0]) for each in again.all("m:Folders")] == by_name


def test_the_root_is_its_own_parent(shared_ews):
    root = folder(shared_ews.ask(get_folder("root", shape="AllProperties")))
    assert root[0].get("Id") == root[1].get("Id")


def test_the_owner_may_do_everything(shared_ews):
    rights = shared_ews.ask(get_folder("inbox", shape="AllProperties")).one("t:EffectiveRights")
    assert set(content(rights).values()) == {"true"}


def test_each_folder_has_its_own_message_in_order_and_a_bad_one_spoils_no_other(shared_ews):
    answer = shared_ews.ask(
        get_folder(
            "inbox",
            '<t:FolderId Id="nonsense"/>',
            "calendar",
            "voicemail",
            f'<t:FolderId Id="{ids.encode(Kind.FOLDER, shared_ews.other.id, 3)}"/>',
            f'<t:FolderId Id="{ids.encode(Kind.ITEM, shared_ews.mailbox.id, 3)}"/>',
            "drafts",
            shape="Default",
        )
    )
    assert answer.status == 200
    assert answer.codes == [
        "NoError",
        "ErrorInvalidIdMalformed",
        "NoError",
        "ErrorFolderNotFound",
        "ErrorAccessDenied",
        "ErrorCannotUseItemIdForFolderId",
        "NoError",
    ]
    assert [each.text for each in answer.all("t:DisplayName")] == ["Inbox", "Calendar", "Drafts"]


ADDITIONAL = [
    ("IdOnly", ["folder:UnreadCount", "folder:DisplayName"], [*ID, "DisplayName", "UnreadCount"]),
    ("IdOnly", ["folder:PermissionSet", "folder:ManagedFolderInformation"], ID),
    ("IdOnly", ["item:Subject", "calendar:Start", "item:ItemId"], ID),
    ("Default", ["folder:DisplayName", "folder:FolderId"], DEFAULT),
    ("Default", ["folder:FolderClass"], ["FolderId", "FolderClass", *DEFAULT[1:]]),
]


@pytest.mark.parametrize(("shape", "fields", "properties"), ADDITIONAL)
def test_additional_properties_join_and_what_a_folder_does_not_have_is_ignored(
    shared_ews, shape, fields, properties
):
    answer = shared_ews.ask(get_folder("inbox", shape=shape, fields=fields))
    assert names(folder(answer)) == properties


def test_a_calendar_has_no_unread_count_even_if_asked(shared_ews):
    answer = shared_ews.ask(get_folder("calendar", fields=["folder:UnreadCount"]))
    assert names(folder(answer)) == ID


def test_other_kinds_of_paths_are_ignored(shared_ews):
    paths = (
        '<t:ExtendedFieldURI PropertyTag="0x6666" PropertyType="String"/>'
        '<t:FieldURI FieldURI="folder:DisplayName"/>'
        '<t:IndexedFieldURI FieldURI="item:InternetMessageHeader" FieldIndex="X"/>'
    )
    answer = shared_ews.ask(
        envelope(
            "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape>"
            f"<t:AdditionalProperties>{paths}</t:AdditionalProperties></m:FolderShape>"
            '<m:FolderIds><t:DistinguishedFolderId Id="inbox"/></m:FolderIds></m:GetFolder>'
        )
    )
    assert names(folder(answer)) == ["FolderId", "DisplayName"]


@pytest.mark.parametrize(
    ("version", "known"),
    [
        ("", False),
        ("Exchange2007_SP1", False),
        ("Exchange2010_SP2", False),
        ("Exchange2013", True),
        ("Exchange2016", True),
    ],
)
def test_the_distinguished_name_is_told_to_those_who_know_it_and_ask(shared_ews, version, known):
    fields = ["folder:DistinguishedFolderId"]
    asked = shared_ews.ask(get_folder("inbox", fields=fields, version=version))
    assert [each.text for each in asked.all("t:DistinguishedFolderId")] == ["inbox"] * known
    not_asked = shared_ews.ask(get_folder("inbox", shape="AllProperties", version=version))
    assert not_asked.all("t:DistinguishedFolderId") == []


def test_more_folders_than_can_be_looked_up_are_a_fault(shared_ews):
    answer = shared_ews.ask(get_folder(*["inbox"] * 1001))
    assert (answer.status, answer.codes) == (500, ["ErrorDataSizeLimitExceeded"])


def test_nothing_that_clients_write_is_remembered(ews):
    shapes._names_for.cache_clear()
    for name in ("a", "b"):
        field = (
            f'<t:ExtendedFieldURI PropertySetId="{UUID(int=1)}" PropertyName="{name}" '
            'PropertyType="String"/>'
        )
        request = get_folder("inbox").replace(
            b"</m:FolderShape>",
            f"<t:AdditionalProperties>{field}</t:AdditionalProperties></m:FolderShape>".encode(),
        )
        assert ews.ask(request).codes == ["NoError"]
    assert shapes._names_for.cache_info().currsize == 1


def test_a_request_may_name_1000_properties(ews):
    codes = [
        ews.ask(get_folder("inbox", fields=["folder:DisplayName"] * count)).codes
        for count in (1000, 1001)
    ]
    assert codes == [["NoError"], ["ErrorDataSizeLimitExceeded"]]
