"""SyncFolderHierarchy, as the client libraries read it."""

import pytest

from ewspush.core.ids import Kind
from ewspush.wire import folder_sync_state, ids
from support.ews import envelope


def sync(state="", top="", shape="Default"):
    if top:
        top = top if top.startswith("<") else f'<t:DistinguishedFolderId Id="{top}"/>'
        top = f"<m:SyncFolderId>{top}</m:SyncFolderId>"
    if state:
        state = f"<m:SyncState>{state}</m:SyncState>"
    return envelope(
        f"<m:SyncFolderHierarchy><m:FolderShape><t:BaseShape>{shape}</t:BaseShape></m:FolderShape>"
        f"{top}{state}</m:SyncFolderHierarchy>"
    )


def changes(answer):
    """What happened, and the name of the folder if it is there."""
    return [
        (each.tag.partition("}")[2], each.findtext("*/{*}DisplayName"))
        for each in answer.one("m:Changes")
    ]


def act(ews, request):
    assert set(ews.ask(envelope(request)).codes) == {"NoError"}


def make(ews, name, parent="inbox"):
    answer = ews.ask(
        envelope(
            f'<m:CreateFolder><m:ParentFolderId><t:DistinguishedFolderId Id="{parent}"/>'
            "</m:ParentFolderId><m:Folders><t:Folder>"
            f"<t:DisplayName>{name}</t:DisplayName></t:Folder></m:Folders></m:CreateFolder>"
        )
    )
    return answer.one("t:FolderId").get("Id")


def test_everything_is_new_to_who_has_no_state(ews):
    answer = ews.ask(sync())
    assert answer.codes == ["NoError"]
    assert answer.text("m:IncludesLastFolderInRange") == "true"
    told = changes(answer)
    assert {what for what, _ in told} == {"Create"}
    assert [name for _, name in told][:3] == ["Finder", "Recoverable Items", "Deletions"]
    assert len(told) == 17
    assert [each[0].tag.partition("}")[2] for each in answer.one("m:Changes")].count("Folder") == 14


def test_what_happened_since_is_told(ews):
    gone, renamed = make(ews, "A"), make(ews, "B")
    state = ews.ask(sync(top="inbox")).text("m:SyncState")
    assert changes(ews.ask(sync(state, "inbox"))) == []
    act(
        ews,
        f'<m:UpdateFolder><m:FolderChanges><t:FolderChange><t:FolderId Id="{renamed}"/><t:Updates>'
        '<t:SetFolderField><t:FieldURI FieldURI="folder:DisplayName"/><t:Folder>'
        "<t:DisplayName>Z</t:DisplayName></t:Folder></t:SetFolderField></t:Updates>"
        "</t:FolderChange></m:FolderChanges></m:UpdateFolder>",
    )
    act(
        ews,
        '<m:DeleteFolder DeleteType="HardDelete"><m:FolderIds>'
        f'<t:FolderId Id="{gone}"/></m:FolderIds></m:DeleteFolder>',
    )
    make(ews, "C")
    answer = ews.ask(sync(state, "inbox"))
    assert changes(answer) == [("Create", "C"), ("Update", "Z"), ("Delete", None)]
    assert answer.one("m:Changes")[2][0].get("Id") == gone
    assert changes(ews.ask(sync(answer.text("m:SyncState"), "inbox"))) == []


def test_the_shape_is_followed(ews):
    folder = ews.ask(sync(top="recoverableitemsroot", shape="IdOnly")).one("m:Changes")[0][0]
    assert [child.tag.partition("}")[2] for child in folder] == ["FolderId"]


def test_an_empty_state_is_none(ews):
    answer = ews.ask(
        sync(top="inbox").replace(b"</m:SyncFolderId>", b"</m:SyncFolderId><m:SyncState/>")
    )
    assert answer.codes == ["NoError"]


def test_a_bad_state_is_an_error_that_tells_to_begin_anew(ews):
    own = ews.ask(sync(top="inbox")).text("m:SyncState")
    others = ews.application.handle(ews.other, sync(top="inbox"))
    assert b"NoError" in others.body
    state = folder_sync_state.decode(ews.mailbox.id, own)
    of_other = folder_sync_state.encode(ews.other.id, state)
    for text, top in [
        ("x", "inbox"),
        ("x" * 100_000, "inbox"),
        (own, "drafts"),
        (of_other, "inbox"),
    ]:
        answer = ews.ask(sync(text, top))
        assert answer.codes == ["ErrorInvalidSyncStateData"]
        # exchangelib needs both, and reads the error after them.
        assert answer.text("m:SyncState") is None
        assert answer.text("m:IncludesLastFolderInRange") == "true"


@pytest.mark.parametrize(
    ("top", "code"),
    [
        ("voicemail", "ErrorSyncFolderNotFound"),
        (f'<t:FolderId Id="{ids.encode(Kind.FOLDER, 1, 999)}"/>', "ErrorSyncFolderNotFound"),
        (f'<t:FolderId Id="{ids.encode(Kind.FOLDER, 2, 3)}"/>', "ErrorAccessDenied"),
        ('<t:FolderId Id="x"/>', "ErrorInvalidIdMalformed"),
    ],
)
def test_the_folder_must_be_one_of_the_caller(ews, top, code):
    assert ews.ask(sync(top=top)).codes == [code]
