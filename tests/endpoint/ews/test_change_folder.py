"""CreateFolder, UpdateFolder, MoveFolder, CopyFolder, DeleteFolder and EmptyFolder."""

import re

import pytest

from ewspush.core.ids import Kind
from ewspush.operations import mail
from ewspush.wire import ids
from support.ews import NOW_S, envelope, get_folder

NAME = '<t:FieldURI FieldURI="folder:DisplayName"/>'
CLASS = '<t:FieldURI FieldURI="folder:FolderClass"/>'
COLOUR = (
    '<t:ExtendedFieldURI DistinguishedPropertySetId="PublicStrings" PropertyName="colour"'
    ' PropertyType="String"/>'
)
RED = f"<t:ExtendedProperty>{COLOUR}<t:Value>red</t:Value></t:ExtendedProperty>"


def id_element(id):
    """An id as XML; of the name of a distinguished folder, if it is not an Id."""
    if id.startswith("<"):
        return id
    is_name = id.isalpha() and id.islower()
    element = "DistinguishedFolderId" if is_name else "FolderId"
    return f'<t:{element} Id="{id}"/>'


def folder(name="", kind="Folder", more="", before=""):
    name = f"<t:DisplayName>{name}</t:DisplayName>" if name else ""
    return f"<t:{kind}>{before}{name}{more}</t:{kind}>"


def create(*folders, parent="msgfolderroot"):
    return envelope(
        f"<m:CreateFolder><m:ParentFolderId>{id_element(parent)}</m:ParentFolderId>"
        f"<m:Folders>{''.join(folders)}</m:Folders></m:CreateFolder>"
    )


def change(id, *updates):
    every = "".join(updates)
    return f"<t:FolderChange>{id_element(id)}<t:Updates>{every}</t:Updates></t:FolderChange>"


def update(*changes):
    return envelope(
        f"<m:UpdateFolder><m:FolderChanges>{''.join(changes)}</m:FolderChanges></m:UpdateFolder>"
    )


def set_field(path, element):
    return f"<t:SetFolderField>{path}{element}</t:SetFolderField>"


def rename(name):
    return set_field(NAME, folder(name))


def put(operation, *listed, to="inbox"):
    each = "".join(map(id_element, listed))
    return envelope(
        f"<m:{operation}><m:ToFolderId>{id_element(to)}</m:ToFolderId>"
        f"<m:FolderIds>{each}</m:FolderIds></m:{operation}>"
    )


def remove(*listed, how="HardDelete", operation="DeleteFolder", more=""):
    each = "".join(map(id_element, listed))
    return envelope(
        f'<m:{operation} DeleteType="{how}" {more}><m:FolderIds>{each}</m:FolderIds>'
        f"</m:{operation}>"
    )


def made(ews, *names, **more):
    answer = ews.ask(create(*map(folder, names), **more))
    assert set(answer.codes) == {"NoError"}
    return [each.get("Id") for each in answer.all("t:FolderId")]


def properties(ews, id, fields=()):
    answer = ews.ask(get_folder(id_element(id), shape="AllProperties", fields=fields))
    assert answer.codes == ["NoError"]
    (found,) = answer.one("m:Folders")
    return found.tag.partition("}")[2], {
        child.tag.partition("}")[2]: child.get("Id") or child.text for child in found
    }


KINDS = [
    ("Folder", "", "Folder", "IPF.Note"),
    ("Folder", "<t:FolderClass>IPF.Task</t:FolderClass>", "TasksFolder", "IPF.Task"),
    ("Folder", "<t:FolderClass>IPF.StickyNote</t:FolderClass>", "Folder", "IPF.StickyNote"),
    ("CalendarFolder", "", "CalendarFolder", "IPF.Appointment"),
    ("ContactsFolder", "", "ContactsFolder", "IPF.Contact"),
    ("TasksFolder", "", "TasksFolder", "IPF.Task"),
]


@pytest.mark.parametrize(("kind", "before", "told", "folder_class"), KINDS)
def test_a_folder_of_each_kind_is_made(ews, kind, before, told, folder_class):
    answer = ews.ask(create(folder("A &amp; B", kind, before=before)))
    (element,) = answer.one("m:Folders")
    assert element.tag.endswith(f"}}{told}")
    (id,) = element
    found_kind, found = properties(ews, id.get("Id"))
    assert found_kind == told
    assert (found["DisplayName"], found["FolderClass"]) == ("A & B", folder_class)
    assert found["ParentFolderId"] == properties(ews, "msgfolderroot")[1]["FolderId"]


def test_each_folder_is_made_in_order_and_a_bad_one_spoils_no_other(ews):
    answer = ews.ask(
        create(
            folder("A"),
            folder("a"),
            folder("B", "CalendarFolder"),
            folder(""),
            folder("C", "CalendarFolder", before="<t:FolderClass>IPF.Note</t:FolderClass>"),
            folder("D", "SearchFolder"),
            folder("E", more="<t:TotalCount>3</t:TotalCount>"),
            folder("F", before='<t:FolderId Id="x"/>'),
            folder("G", more='<t:PolicyTag IsExplicit="1">01234567-89ab-cdef-0123-456789abcdef'
            "</t:PolicyTag>"),
            folder("H"),
        )
    )  # fmt: skip
    assert answer.codes == [
        "NoError",
        "ErrorFolderExists",
        "NoError",
        "ErrorFolderSavePropertyError",
        "ErrorNoFolderClassOverride",
        "ErrorInvalidFolderTypeForOperation",
        "ErrorInvalidPropertySet",
        "ErrorInvalidPropertySet",
        "ErrorInvalidPropertySet",
        "NoError",
    ]
    _, top = properties(ews, "msgfolderroot")
    assert top["ChildFolderCount"] == "14"


PARENTS = [
    ("voicemail", "ErrorParentFolderNotFound"),
    (ids.encode(Kind.FOLDER, 1, 999), "ErrorParentFolderNotFound"),
    (ids.encode(Kind.FOLDER, 2, 3), "ErrorAccessDenied"),
    (ids.encode(Kind.ITEM, 1, 3), "ErrorCannotUseItemIdForFolderId"),
    ('<t:FolderId Id=""/>', "ErrorInvalidIdEmpty"),
    ('<t:AddressListId Id="x"/>', "ErrorParentFolderNotFound"),
]


@pytest.mark.parametrize(("parent", "code"), PARENTS)
def test_the_parent_must_be_a_folder_of_the_caller(ews, parent, code):
    assert ews.ask(create(folder("A"), folder("B"), parent=parent)).codes == [code, code]


def test_extended_properties_are_kept_and_told_as_they_are_asked_for(ews):
    other = (
        '<t:ExtendedFieldURI PropertySetId="00020329-0000-0000-c000-000000000046"'
        ' PropertyName="colour" PropertyType="String"/>'
    )
    answer = ews.ask(create(folder("A", more=RED)))
    id = answer.one("t:FolderId").get("Id")
    for path in (COLOUR, other):
        asked = envelope(
            "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>"
            f"{path}</t:AdditionalProperties></m:FolderShape>"
            f"<m:FolderIds>{id_element(id)}</m:FolderIds></m:GetFolder>"
        )
        told = ews.ask(asked).one("t:ExtendedProperty")
        assert set(told[0].attrib) == set(re.findall(r"(\w+)=", path))
        assert told[1].text == "red"
    assert "ExtendedProperty" not in properties(ews, id)[1]


def test_an_update_changes_what_it_names_and_the_change_key(ews):
    (id,) = made(ews, "A")
    before = ews.ask(get_folder(id_element(id))).one("t:FolderId").get("ChangeKey")
    answer = ews.ask(
        update(
            change(
                id,
                rename("B"),
                set_field(CLASS, "<t:Folder><t:FolderClass>IPF.Note.X</t:FolderClass></t:Folder>"),
                set_field(COLOUR, f"<t:Folder>{RED}</t:Folder>"),
                "<t:DeleteFolderField>"
                '<t:FieldURI FieldURI="folder:PermissionSet"/></t:DeleteFolderField>',
            )
        )
    )  # fmt: skip
    told = answer.one("t:FolderId")
    assert told.get("Id") == id
    assert told.get("ChangeKey") != before
    _, found = properties(ews, id)
    assert (found["DisplayName"], found["FolderClass"]) == ("B", "IPF.Note.X")


BAD_UPDATES = [
    (rename("Inbox"), "ErrorFolderExists"),
    (
        set_field(CLASS, "<t:Folder><t:FolderClass>IPF.Task</t:FolderClass></t:Folder>"),
        "ErrorObjectTypeChanged",
    ),
    (set_field(NAME, "<t:Folder/>"), "ErrorUpdatePropertyMismatch"),
    (set_field(NAME, folder("B", more=RED)), "ErrorUpdatePropertyMismatch"),
    (set_field(COLOUR, folder("B")), "ErrorUpdatePropertyMismatch"),
    (set_field(NAME, folder("B", "SearchFolder")), "ErrorInvalidFolderTypeForOperation"),
    (
        set_field(
            '<t:FieldURI FieldURI="folder:TotalCount"/>',
            "<t:Folder><t:TotalCount>1</t:TotalCount></t:Folder>",
        ),
        "ErrorInvalidPropertySet",
    ),
    (
        set_field('<t:FieldURI FieldURI="item:Subject"/>', folder("B")),
        "ErrorInvalidPropertyRequest",
    ),
    (
        f"<t:AppendToFolderField>{NAME}{folder('B')}</t:AppendToFolderField>",
        "ErrorInvalidPropertyAppend",
    ),
    (f"<t:DeleteFolderField>{NAME}</t:DeleteFolderField>", "ErrorInvalidPropertyDelete"),
    (
        set_field(
            '<t:ExtendedFieldURI PropertyTag="0x8001" PropertyType="String"/>',
            f"<t:Folder>{RED}</t:Folder>",
        ),
        "ErrorInvalidExtendedProperty",
    ),
]


@pytest.mark.parametrize(("bad", "code"), BAD_UPDATES)
def test_a_bad_update_changes_nothing_of_its_folder_and_spoils_no_other(ews, bad, code):
    one, two = made(ews, "A", "C")
    answer = ews.ask(update(change(one, rename("X"), bad), change(two, rename("Y"))))
    assert answer.codes == [code, "NoError"]
    assert [properties(ews, id)[1]["DisplayName"] for id in (one, two)] == ["A", "Y"]


def test_an_extended_property_can_be_deleted(ews):
    id = ews.ask(create(folder("A", more=RED))).one("t:FolderId").get("Id")
    deletion = f"<t:DeleteFolderField>{COLOUR}</t:DeleteFolderField>"
    assert ews.ask(update(change(id, deletion, deletion))).codes == ["NoError"]


def test_a_moved_folder_keeps_its_id_and_a_copy_has_another(ews):
    (id,) = made(ews, "A")
    moved = ews.ask(put("MoveFolder", id)).one("t:FolderId")
    assert moved.get("Id") == id
    assert properties(ews, id)[1]["ParentFolderId"] == properties(ews, "inbox")[1]["FolderId"]
    copy = ews.ask(put("CopyFolder", id, to="drafts")).one("t:FolderId")
    assert copy.get("Id") != id
    assert properties(ews, copy.get("Id"))[1]["DisplayName"] == "A"


def test_the_change_key_of_a_copy_is_that_of_the_folder_with_its_content(ews):
    with ews.database.write() as tx:
        mail.deliver(tx, "user@example.com", b"Subject: hello\r\n\r\n", NOW_S)
    told = ews.ask(put("CopyFolder", "inbox", to="drafts")).one("t:FolderId")
    now = ews.ask(get_folder(id_element(told.get("Id")))).one("t:FolderId")
    assert dict(now.attrib) == dict(told.attrib)


def test_each_folder_is_moved_in_order_and_a_bad_one_spoils_no_other(ews):
    one, two = made(ews, "A", "B")
    answer = ews.ask(put("MoveFolder", one, "drafts", "voicemail", "X" * 24, two, to=one))
    assert answer.codes == [
        "ErrorMoveCopyFailed",
        "ErrorMoveDistinguishedFolder",
        "ErrorFolderNotFound",
        "ErrorInvalidIdMalformed",
        "NoError",
    ]
    assert properties(ews, two)[1]["ParentFolderId"] == one


@pytest.mark.parametrize("operation", ["MoveFolder", "CopyFolder"])
@pytest.mark.parametrize(
    ("to", "code"),
    [
        ("voicemail", "ErrorToFolderNotFound"),
        (ids.encode(Kind.FOLDER, 2, 3), "ErrorAccessDenied"),
        (ids.encode(Kind.ITEM, 1, 3), "ErrorCannotUseItemIdForFolderId"),
    ],
)
def test_the_target_must_be_a_folder_of_the_caller(ews, operation, to, code):
    (id,) = made(ews, "A")
    assert ews.ask(put(operation, id, to=to)).codes == [code]


def test_each_folder_is_deleted_in_order_and_a_bad_one_spoils_no_other(ews):
    one, two = made(ews, "A", "B")
    assert ews.ask(remove(one, "inbox", one, two)).codes == [
        "NoError",
        "ErrorDeleteDistinguishedFolder",
        "ErrorFolderNotFound",
        "NoError",
    ]
    answer = ews.ask(get_folder(id_element(one), id_element(two)))
    assert answer.codes == ["ErrorFolderNotFound"] * 2


@pytest.mark.parametrize(
    ("how", "where"),
    [("MoveToDeletedItems", "deleteditems"), ("SoftDelete", "recoverableitemsdeletions")],
)
def test_a_folder_that_is_put_away_keeps_its_id(ews, how, where):
    (id,) = made(ews, "A")
    assert ews.ask(remove(id, how=how)).codes == ["NoError"]
    assert properties(ews, id)[1]["ParentFolderId"] == properties(ews, where)[1]["FolderId"]


@pytest.mark.parametrize("how", ["HardDelete", "SoftDelete", "MoveToDeletedItems"])
@pytest.mark.parametrize("subfolders", ["true", "0"])
def test_a_folder_is_emptied_of_items_and_if_asked_of_folders(ews, how, subfolders):
    with ews.database.write() as tx:
        mail.deliver(tx, "user@example.com", b"Subject: hello\r\n\r\n", NOW_S)
    made(ews, "A", parent="inbox")
    more = f'DeleteSubFolders="{subfolders}"'
    answer = ews.ask(remove("inbox", how=how, operation="EmptyFolder", more=more))
    assert answer.codes == ["NoError"]
    _, found = properties(ews, "inbox")
    assert found["TotalCount"] == found["UnreadCount"] == "0"
    assert found["ChildFolderCount"] == ("0" if subfolders == "true" else "1")


def test_folders_that_hold_distinguished_ones_are_not_emptied_of_them(ews):
    more = 'DeleteSubFolders="true"'
    answer = ews.ask(remove("msgfolderroot", "inbox", operation="EmptyFolder", more=more))
    assert answer.codes == ["ErrorCannotEmptyFolder", "NoError"]


@pytest.mark.parametrize(
    "request_",
    [
        create(*[folder("A")] * 1001),
        update(*[change("inbox", rename("A"))] * 1001),
        put("MoveFolder", *["inbox"] * 1001),
        remove(*["inbox"] * 1001),
    ],
    ids=["create", "update", "move", "delete"],
)
def test_more_folders_than_a_request_may_name_are_a_fault(ews, request_):
    answer = ews.ask(request_)
    assert (answer.status, answer.codes) == (500, ["ErrorDataSizeLimitExceeded"])
