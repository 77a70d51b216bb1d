"""An operation that is made to fail answers in the form in which it fails by itself."""

import pytest
from lxml import etree

from ewspush.core.server_version import ServerVersion
from ewspush.emulator.error_answers import OPERATIONS, error_answer, operation_of
from ewspush.emulator.faulty_post import ews_error
from ewspush.endpoint.ews.application import Reply
from ewspush.endpoint.ews.framework import Framework
from support.ews import (
    HEADERS,
    Ews,
    envelope,
    get_events,
    get_folder,
    get_streaming_events,
    subscribe,
    unsubscribe,
)
from support.items import (
    create_attachment,
    create_item,
    delete_attachment,
    delete_item,
    file_attachment,
    get_attachment,
    get_item,
    item_change,
    mark_all,
    message,
    move_item,
    send_item,
    set_field,
    sync_folder_items,
    update_item,
)
from support.schemas import MESSAGES, microsoft_violations, our_violations
from support.strict_reader import response_problems, streaming_problems

ITEM = '<t:ItemId Id="no-item" ChangeKey="no-change"/>'
FOLDER = '<t:FolderId Id="no-folder"/>'
ID_ONLY = "<m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape>"
FOLDERS = f"<m:FolderIds>{FOLDER}{FOLDER}</m:FolderIds>"
PARENTS = f"<m:ParentFolderIds>{FOLDER}{FOLDER}</m:ParentFolderIds>"
TO_FOLDER = f"<m:ToFolderId>{FOLDER}</m:ToFolderId>"
NAMED = "<t:Folder><t:DisplayName>Name</t:DisplayName></t:Folder>"
RENAMED = (
    f"<t:FolderChange>{FOLDER}<t:Updates><t:SetFolderField>"
    f'<t:FieldURI FieldURI="folder:DisplayName"/>{NAMED}'
    "</t:SetFolderField></t:Updates></t:FolderChange>"
)
ALTERNATE = '<t:AlternateId Format="EwsId" Id="no-id" Mailbox="user@example.com"/>'

# Each asks for what is not there, where it can, and for two of them, where it can.
FAILING = {
    "ConvertId": envelope(
        f'<m:ConvertId DestinationFormat="EwsId"><m:SourceIds>{ALTERNATE}{ALTERNATE}</m:SourceIds>'
        "</m:ConvertId>"
    ),
    "CopyFolder": envelope(f"<m:CopyFolder>{TO_FOLDER}{FOLDERS}</m:CopyFolder>"),
    "CopyItem": move_item(ITEM, ITEM, operation="CopyItem"),
    "CreateAttachment": create_attachment(ITEM, file_attachment("a"), file_attachment("b")),
    "CreateFolder": envelope(
        f"<m:CreateFolder><m:ParentFolderId>{FOLDER}</m:ParentFolderId>"
        f"<m:Folders>{NAMED}{NAMED}</m:Folders></m:CreateFolder>"
    ),
    "CreateItem": create_item(message(), message(), folder=FOLDER),
    "DeleteAttachment": delete_attachment("no-id", "no-other"),
    "DeleteFolder": envelope(f'<m:DeleteFolder DeleteType="HardDelete">{FOLDERS}</m:DeleteFolder>'),
    "DeleteItem": delete_item(ITEM, ITEM),
    "EmptyFolder": envelope(
        f'<m:EmptyFolder DeleteType="HardDelete" DeleteSubFolders="false">{FOLDERS}</m:EmptyFolder>'
    ),
    "FindFolder": envelope(f'<m:FindFolder Traversal="Shallow">{ID_ONLY}{PARENTS}</m:FindFolder>'),
    "FindItem": envelope(
        '<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape>'
        f"</m:ItemShape>{PARENTS}</m:FindItem>"
    ),
    "GetAttachment": get_attachment("no-id", "no-other"),
    "GetEvents": get_events("no-subscription", "AAAAAAAAAAA="),
    "GetFolder": get_folder(FOLDER, FOLDER),
    "GetItem": get_item(ITEM, ITEM),
    "GetServerTimeZones": envelope("<m:GetServerTimeZones/>"),
    "GetStreamingEvents": get_streaming_events("no-subscription"),
    "MarkAllItemsAsRead": mark_all(FOLDER, FOLDER),
    "MoveFolder": envelope(f"<m:MoveFolder>{TO_FOLDER}{FOLDERS}</m:MoveFolder>"),
    "MoveItem": move_item(ITEM, ITEM),
    "ResolveNames": envelope(
        '<m:ResolveNames ReturnFullContactData="true"><m:ParentFolderIds>'
        '<t:DistinguishedFolderId Id="contacts"/></m:ParentFolderIds>'
        "<m:UnresolvedEntry>nobody</m:UnresolvedEntry></m:ResolveNames>"
    ),
    "SendItem": send_item(ITEM, ITEM),
    "Subscribe": subscribe(FOLDER),
    "SyncFolderHierarchy": envelope(
        f"<m:SyncFolderHierarchy>{ID_ONLY}<m:SyncFolderId>{FOLDER}</m:SyncFolderId>"
        "</m:SyncFolderHierarchy>"
    ),
    "SyncFolderItems": sync_folder_items(FOLDER),
    "Unsubscribe": unsubscribe("no-subscription"),
    "UpdateFolder": envelope(
        f"<m:UpdateFolder><m:FolderChanges>{RENAMED}{RENAMED}</m:FolderChanges></m:UpdateFolder>"
    ),
    "UpdateItem": update_item(
        *(item_change(ITEM, set_field("item:Subject", "<t:Subject>a</t:Subject>")) for _ in "ab")
    ),
}
FAIL_DIFFERENTLY = {"GetServerTimeZones", "GetStreamingEvents"}
ERROR = ews_error("ErrorMailboxMoveInProgress")
VERSION = ServerVersion()


@pytest.fixture(scope="module")
def ews(tmp_path_factory):
    ews = Ews(tmp_path_factory.mktemp("ews"))
    yield ews
    ews.database.close()


def failed(ews: Ews, request: bytes) -> bytes:
    """The answer to a request that is made to fail."""
    reply = ews.application.handle(
        ews.mailbox, request, lambda _, read: Reply(200, error_answer(read, ERROR, VERSION))
    )
    assert reply.status == 200
    return reply.body


def form(body: bytes) -> list[tuple[str, str | None, list[str]]]:
    """The response messages, without their values."""
    (messages,) = etree.fromstring(body).iter(f"{{{MESSAGES}}}ResponseMessages")
    return [
        (each.tag, each.get("ResponseClass"), [child.tag for child in each]) for each in messages
    ]


def codes(body: bytes) -> list[str | None]:
    return [code.text for code in etree.fromstring(body).iter(f"{{{MESSAGES}}}ResponseCode")]


def test_every_operation_can_be_made_to_fail() -> None:
    served = {etree.QName(each).localname for each in Framework(VERSION).operations}
    assert set(FAILING) == OPERATIONS == served


@pytest.mark.parametrize("operation", sorted(OPERATIONS - {"GetStreamingEvents"}))
def test_its_answer_is_one_that_every_client_reads(ews: Ews, operation: str) -> None:
    body = failed(ews, FAILING[operation])
    assert response_problems(200, HEADERS, body) == []
    assert our_violations(body) == []
    assert not microsoft_violations(body)
    assert set(codes(body)) == {"ErrorMailboxMoveInProgress"}


@pytest.mark.parametrize("operation", sorted(OPERATIONS - FAIL_DIFFERENTLY))
def test_its_answer_has_the_form_in_which_the_operation_tells_of_errors(
    ews: Ews, operation: str
) -> None:
    itself = ews.ask(FAILING[operation])
    assert set(itself.codes) & {"NoError"} == set()
    assert form(failed(ews, FAILING[operation])) == form(itself.reply.body)


def test_a_stream_fails_with_its_first_and_last_message(ews: Ews) -> None:
    body = failed(ews, FAILING["GetStreamingEvents"])
    assert streaming_problems(body) == []
    assert codes(body) == ["ErrorMailboxMoveInProgress"]
    assert b"<m:ConnectionStatus>Closed</m:ConnectionStatus>" in body


def test_what_asks_for_too_much_is_refused_as_ever(ews: Ews) -> None:
    reply = ews.application.handle(
        ews.mailbox,
        get_item(*[ITEM] * 1001),
        lambda _, read: Reply(200, error_answer(read, ERROR, VERSION)),
    )
    assert reply.status == 500
    assert b"ErrorDataSizeLimitExceeded" in reply.body


@pytest.mark.parametrize(
    "request_",
    [b"no XML", envelope("<m:GetItem/>"), envelope("<m:GetUserAvailability/>")],
    ids=["unreadable", "against the contract", "no operation"],
)
def test_a_request_that_is_refused_anyway_is_not_asked_about(ews: Ews, request_: bytes) -> None:
    asked = []
    reply = ews.application.handle(ews.mailbox, request_, lambda *given: asked.append(given))
    assert (reply.status, asked) == (500, [])


def test_who_asks_for_nothing_to_happen_is_told_the_mailbox_and_the_operation(ews: Ews) -> None:
    asked = []

    def intercept(mailbox, request):
        asked.append((mailbox.address, operation_of(request)))

    assert ews.application.handle(ews.mailbox, get_folder("inbox"), intercept).status == 200
    assert asked == [("user@example.com", "GetFolder")]
