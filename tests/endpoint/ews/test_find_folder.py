"""FindFolder: what is found, page by page, and as the client libraries read it."""

import pytest

from ewspush.endpoint.ews.folders import finding as folders
from support.ews import envelope

DISPLAY_NAME = '<t:FieldURI FieldURI="folder:DisplayName"/>'
SHAPE = (
    "<m:FolderShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>"
    f"{DISPLAY_NAME}</t:AdditionalProperties></m:FolderShape>"
)
IN_TOP = [
    "Calendar", "Contacts", "Deleted Items", "Drafts", "Inbox", "Journal", "Junk Email", "Notes",
    "Outbox", "Sent Items", "Tasks",
]  # fmt: skip


def named(name):
    return f'<t:DistinguishedFolderId Id="{name}"/>'


def find_folder(
    *parents, view="", restriction="", traversal="Shallow", shape=SHAPE, version="Exchange2010_SP2"
):
    if restriction:
        restriction = f"<m:Restriction>{restriction}</m:Restriction>"
    ids = "".join(parent if parent.startswith("<") else named(parent) for parent in parents)
    return envelope(
        f'<m:FindFolder Traversal="{traversal}">{shape}{view}{restriction}'
        f"<m:ParentFolderIds>{ids}</m:ParentFolderIds></m:FindFolder>",
        f'<t:RequestServerVersion Version="{version}"/>',
    )


def names(answer):
    return [each.text for each in answer.all("t:DisplayName")]


def test_folders_of_all_kinds_are_in_one_order(shared_ews):
    answer = shared_ews.ask(find_folder("msgfolderroot"))
    assert answer.codes == ["NoError"]
    assert names(answer) == IN_TOP
    kinds = [each.tag.partition("}")[2] for each in answer.one("t:Folders")]
    others = {"Calendar": "CalendarFolder", "Contacts": "ContactsFolder", "Tasks": "TasksFolder"}
    assert kinds == [others.get(name, "Folder") for name in IN_TOP]


def test_without_a_view_everything_is_told_on_one_page(shared_ews):
    root = shared_ews.ask(find_folder("msgfolderroot")).one("m:RootFolder")
    assert dict(root.attrib) == {"TotalItemsInView": "11", "IncludesLastItemInRange": "true"}


def indexed(offset, most=None, base="Beginning"):
    most = f'MaxEntriesReturned="{most}"' if most else ""
    return f'<m:IndexedPageFolderView {most} Offset="{offset}" BasePoint="{base}"/>'


def fraction(numerator, denominator, most=None):
    most = f'MaxEntriesReturned="{most}"' if most else ""
    return (
        f'<m:FractionalPageFolderView {most} Numerator="{numerator}" Denominator="{denominator}"/>'
    )


PAGES = [
    (indexed(0, 4), IN_TOP[:4], {"IndexedPagingOffset": "4"}, "false"),
    (indexed(8, 4), IN_TOP[8:], {"IndexedPagingOffset": "11"}, "true"),
    (indexed(2), IN_TOP[2:], {"IndexedPagingOffset": "11"}, "true"),
    (indexed(50, 4), [], {"IndexedPagingOffset": "11"}, "true"),
    (indexed(1, 2, "End"), IN_TOP[8:10], {"IndexedPagingOffset": "3"}, "false"),
    (indexed(9, 4, "End"), IN_TOP[:2], {"IndexedPagingOffset": "11"}, "true"),
    (
        fraction(1, 2, 3),
        IN_TOP[5:8],
        {"NumeratorOffset": "8", "AbsoluteDenominator": "11"},
        "false",
    ),
]


@pytest.mark.parametrize(("view", "shown", "offsets", "is_last"), PAGES)
def test_a_page_says_where_it_ends(shared_ews, view, shown, offsets, is_last):
    answer = shared_ews.ask(find_folder("msgfolderroot", view=view))
    assert names(answer) == shown
    assert dict(answer.one("m:RootFolder").attrib) == {
        "TotalItemsInView": "11",
        "IncludesLastItemInRange": is_last,
        **offsets,
    }


@pytest.mark.parametrize(
    ("view", "code"),
    [
        (indexed(-1), "ErrorInvalidIndexedPagingParameters"),
        (indexed(0, -3), "ErrorInvalidPagingMaxRows"),
        (fraction(2, 1), "ErrorInvalidFractionalPagingParameters"),
        (fraction(0, 0), "ErrorInvalidFractionalPagingParameters"),
    ],
)
def test_a_view_of_nothing_is_an_error_for_each_parent(shared_ews, view, code):
    answer = shared_ews.ask(find_folder("inbox", "drafts", view=view))
    assert (answer.status, answer.codes) == (200, [code, code])


def test_each_parent_has_its_own_message_and_a_bad_one_spoils_no_other(shared_ews):
    answer = shared_ews.ask(
        find_folder("recoverableitemsroot", "voicemail", '<t:FolderId Id="x"/>', "inbox")
    )
    assert answer.codes == ["NoError", "ErrorFolderNotFound", "ErrorInvalidIdMalformed", "NoError"]
    totals = [each.get("TotalItemsInView") for each in answer.all("m:RootFolder")]
    assert totals == ["3", "0"]


def test_a_deep_search_finds_subfolders_of_subfolders(shared_ews):
    found = names(shared_ews.ask(find_folder("root", traversal="Deep")))
    assert found[:2] == ["Finder", "Recoverable Items"]
    assert set(IN_TOP) < set(found)


def test_nothing_is_soft_deleted_at_first(shared_ews):
    assert names(shared_ews.ask(find_folder("inbox", traversal="SoftDeleted"))) == []


def constant(uri, value, operator="IsEqualTo"):
    return (
        f'<t:{operator}>{uri}<t:FieldURIOrConstant><t:Constant Value="{value}"/>'
        f"</t:FieldURIOrConstant></t:{operator}>"
    )


RESTRICTIONS = [
    (constant(DISPLAY_NAME, "inbox"), ["Inbox"]),
    (constant('<t:FieldURI FieldURI="folder:FolderClass"/>', "IPF.Task"), ["Tasks"]),
    (constant('<t:FieldURI FieldURI="folder:TotalCount"/>', "0", "IsGreaterThan"), []),
    (
        '<t:Contains ContainmentMode="Substring" ContainmentComparison="IgnoreCase">'
        f'{DISPLAY_NAME}<t:Constant Value="ITEMS"/></t:Contains>',
        ["Deleted Items", "Sent Items"],
    ),
    (
        constant('<t:ExtendedFieldURI PropertyTag="0x3001" PropertyType="String"/>', "Notes"),
        ["Notes"],
    ),
    (
        f"<t:And>{constant(DISPLAY_NAME, 'o', 'IsGreaterThan')}"
        f"<t:Not>{constant(DISPLAY_NAME, 'Tasks')}</t:Not></t:And>",
        ["Outbox", "Sent Items"],
    ),
]


@pytest.mark.parametrize(("restriction", "found"), RESTRICTIONS)
def test_a_restriction_chooses(shared_ews, restriction, found):
    answer = shared_ews.ask(find_folder("msgfolderroot", restriction=restriction))
    assert names(answer) == found


BAD = [
    (constant('<t:FieldURI FieldURI="folder:FolderId"/>', "x"), "ErrorUnsupportedPathForQuery"),
    (constant('<t:FieldURI FieldURI="item:Subject"/>', "x"), "ErrorUnsupportedPathForQuery"),
    (
        '<t:Contains><t:FieldURI FieldURI="folder:TotalCount"/><t:Constant Value="0"/>'
        "</t:Contains>",
        "ErrorContainsFilterWrongType",
    ),
    (
        "<t:Not>" * 100 + constant(DISPLAY_NAME, "x") + "</t:Not>" * 100,
        "ErrorRestrictionTooComplex",
    ),
    ("<t:Or>" + constant(DISPLAY_NAME, "x") * 255 + "</t:Or>", "ErrorRestrictionTooLong"),
    (
        '<t:Exists><t:ExtendedFieldURI PropertyTag="0x8001" PropertyType="String"/></t:Exists>',
        "ErrorInvalidExtendedProperty",
    ),
]


@pytest.mark.parametrize(("restriction", "code"), BAD)
def test_a_restriction_that_cannot_be_followed_is_an_error(shared_ews, restriction, code):
    answer = shared_ews.ask(find_folder("msgfolderroot", restriction=restriction))
    assert (answer.status, answer.codes) == (200, [code])


def test_an_answer_holds_no_more_than_it_may(shared_ews, monkeypatch):
    monkeypatch.setattr(folders, "_MOST_FOUND", 12)
    answer = shared_ews.ask(find_folder("msgfolderroot", "searchfolders", "msgfolderroot"))
    assert answer.codes == ["NoError", "NoError", "ErrorExceededFindCountLimit"]
    (first,) = shared_ews.ask(find_folder("root", traversal="Deep")).all("m:RootFolder")
    assert first.get("IndexedPagingOffset") == "12"
