"""Requests of a delegate: in the mailbox of somebody who gave them full access.

user@example.com may use the mailbox of other@example.com.
"""

import pytest
from lxml import etree

from ewspush.core.ids import Kind
from ewspush.endpoint.ews.call import Backend, Call
from ewspush.operations.items.attachments import attachments_of
from ewspush.store import impersonation
from ewspush.wire import ids
from support.checks_for_store import (
    NOW_S,
    backend,
    database,
    new_mailbox,
    on_postgresql,
    threads,
    wait_until_blocked,
)
from support.delegates import add_alias, grant, revoke
from support.disabling import disable, restore
from support.ews import (
    envelope,
    get_folder,
    subscribe,
    subscribe_to_pull,
    subscribe_to_streaming,
)
from support.items import (
    MESSAGE,
    Owner,
    create_attachment,
    create_item,
    delete_attachment,
    delete_item,
    file,
    file_attachment,
    get_attachment,
    get_item,
    id_in,
    item_change,
    item_id,
    mark_all,
    message,
    messages,
    move_item,
    response,
    send_item,
    set_field,
    sync_folder_items,
    update_item,
)
from support.mailbox_model import CALENDAR, DRAFTS, INBOX, SENT

__all__ = ["backend", "database"]

OTHER = "other@example.com"
ID_ONLY = "<m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape>"


@pytest.fixture
def delegate(ews):
    return Owner(ews.database, ews.mailbox)


@pytest.fixture
def owner(ews):
    grant(ews.database, ews.other, ews.mailbox)
    return Owner(ews.database, ews.other)


@pytest.fixture
def third(ews):
    """Somebody who gave no right."""
    return Owner(ews.database, new_mailbox(ews.database, "third"))


def at(address, name="inbox"):
    mailbox = f"<t:Mailbox><t:EmailAddress>{address}</t:EmailAddress></t:Mailbox>"
    return f'<t:DistinguishedFolderId Id="{name}">{mailbox}</t:DistinguishedFolderId>'


def by_id(mailbox, number=INBOX):
    return f'<t:FolderId Id="{ids.encode(Kind.FOLDER, mailbox.id, number)}"/>'


def find_item(*folders):
    return envelope(
        '<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape>'
        f"</m:ItemShape><m:ParentFolderIds>{''.join(folders)}</m:ParentFolderIds></m:FindItem>"
    )


def find_folder(*folders):
    return envelope(
        f'<m:FindFolder Traversal="Shallow">{ID_ONLY}'
        f"<m:ParentFolderIds>{''.join(folders)}</m:ParentFolderIds></m:FindFolder>"
    )


def sync_hierarchy(folder, state=""):
    state = f"<m:SyncState>{state}</m:SyncState>" if state else ""
    return envelope(
        f"<m:SyncFolderHierarchy>{ID_ONLY}<m:SyncFolderId>{folder}</m:SyncFolderId>{state}"
        "</m:SyncFolderHierarchy>"
    )


def create_folder(parent, name="New"):
    return envelope(
        f"<m:CreateFolder><m:ParentFolderId>{parent}</m:ParentFolderId><m:Folders><t:Folder>"
        f"<t:DisplayName>{name}</t:DisplayName></t:Folder></m:Folders></m:CreateFolder>"
    )


def rename(folder, name="Renamed"):
    return envelope(
        f"<m:UpdateFolder><m:FolderChanges><t:FolderChange>{folder}<t:Updates><t:SetFolderField>"
        f'<t:FieldURI FieldURI="folder:DisplayName"/><t:Folder><t:DisplayName>{name}'
        "</t:DisplayName></t:Folder></t:SetFolderField></t:Updates></t:FolderChange>"
        "</m:FolderChanges></m:UpdateFolder>"
    )


def put_folder(folder, to, operation="MoveFolder"):
    return envelope(
        f"<m:{operation}><m:ToFolderId>{to}</m:ToFolderId><m:FolderIds>{folder}</m:FolderIds>"
        f"</m:{operation}>"
    )


def delete_folder(folder):
    return envelope(
        f'<m:DeleteFolder DeleteType="HardDelete"><m:FolderIds>{folder}</m:FolderIds>'
        "</m:DeleteFolder>"
    )


def empty_folder(folder):
    return envelope(
        '<m:EmptyFolder DeleteType="HardDelete" DeleteSubFolders="false">'
        f"<m:FolderIds>{folder}</m:FolderIds></m:EmptyFolder>"
    )


def lies_in(answer, mailbox):
    """Whether all ids of an answer, of which there are some, are of this mailbox."""
    elements = [*answer.all("t:FolderId"), *answer.all("t:ItemId")]
    return {ids.decode(each.get("Id")).mailbox for each in elements} == {mailbox.id}


# What a delegate can do


def requests_by_folder(folder):
    """A request of each operation that names folders."""
    return {
        "GetFolder": get_folder(folder),
        "FindFolder": find_folder(folder),
        "CreateFolder": create_folder(folder),
        "UpdateFolder": rename(folder),
        "EmptyFolder": empty_folder(folder),
        "SyncFolderHierarchy": sync_hierarchy(folder),
        "FindItem": find_item(folder),
        "MarkAllItemsAsRead": mark_all(folder),
        "SyncFolderItems": sync_folder_items(folder),
        "CreateItem": create_item(message(), folder=folder),
    }


def requests_by_item(owner):
    """A request of each operation that names items or attachments."""
    item = owner.create(Attachments=[file("a")])
    id = item_id(owner.mailbox, item)
    (attached,) = owner.read(attachments_of, item)
    attachment = ids.encode(Kind.ATTACHMENT, owner.mailbox.id, attached.number)
    return {
        "GetItem": get_item(id),
        "GetAttachment": get_attachment(attachment),
        "CreateAttachment": create_attachment(id, file_attachment("b")),
        "DeleteAttachment": delete_attachment(attachment),
        "UpdateItem": update_item(
            item_change(id, set_field("item:Subject", "<t:Subject>New</t:Subject>")),
            resolution="AlwaysOverwrite",
        ),
        "ReplyToItem": create_item(response("ReplyToItem", id, "Yes")),
        "SuppressReadReceipt": create_item(
            f"<t:SuppressReadReceipt>{id.replace('ItemId', 'ReferenceItemId')}"
            "</t:SuppressReadReceipt>"
        ),
        "CopyItem": move_item(id, to=by_id(owner.mailbox), operation="CopyItem"),
        "DeleteItem": delete_item(id),
    }


@pytest.mark.parametrize("operation", requests_by_folder(""))
@pytest.mark.parametrize("named_by", ["address", "alias", "id"])
def test_full_access_lets_a_delegate_use_folders(ews, owner, operation, named_by):
    alias = add_alias(ews.database, ews.other, "alias")
    folder = {"address": at(OTHER.upper()), "alias": at(alias), "id": by_id(ews.other)}[named_by]
    answer = ews.ask(requests_by_folder(folder)[operation])
    assert answer.codes == ["NoError"]


@pytest.mark.parametrize("named_by", ["address", "alias", "id"])
def test_without_it_they_are_told_nothing(ews, named_by):
    alias = add_alias(ews.database, ews.other, "alias")
    folder = {"address": at(OTHER), "alias": at(alias), "id": by_id(ews.other)}[named_by]
    for request in requests_by_folder(folder).values():
        assert ews.ask(request).codes == ["ErrorAccessDenied"]


def test_full_access_lets_a_delegate_use_items(ews, owner):
    for request in requests_by_item(owner).values():
        assert ews.ask(request).codes == ["NoError"]


def test_without_it_items_are_kept_from_them(ews):
    other = Owner(ews.database, ews.other)
    for request in requests_by_item(other).values():
        assert ews.ask(request).codes == ["ErrorAccessDenied"]
    assert [item.subject for item in other.items(DRAFTS)] == [None]


def test_answers_hold_ids_of_the_owners_mailbox(ews, owner):
    owner.deliver()
    inbox = at(OTHER)
    for request in (
        get_folder(inbox),
        find_folder(at(OTHER, "msgfolderroot")),
        create_folder(inbox),
        sync_hierarchy(inbox),
        find_item(inbox),
        sync_folder_items(inbox),
        create_item(message(), folder=inbox),
        rename(inbox),
    ):
        assert lies_in(ews.ask(request), ews.other)


def test_what_a_delegate_does_is_logged_in_the_owners_mailbox_alone(ews, owner, delegate):
    owner.events()
    delegate.events()
    ews.ask(create_item(message("By the delegate"), folder=at(OTHER)))
    (item,) = owner.items(INBOX)
    assert [event.object for event in owner.events()] == [item.number, INBOX]
    assert delegate.events() == []
    assert delegate.items(INBOX) == []


def test_folders_are_made_moved_and_deleted(ews, owner):
    inbox, drafts = at(OTHER), at(OTHER, "drafts")
    made = ews.ask(create_folder(inbox)).one("t:FolderId")
    id = f'<t:FolderId Id="{made.get("Id")}"/>'
    assert lies_in(ews.ask(put_folder(id, drafts)), ews.other)
    assert lies_in(ews.ask(put_folder(id, inbox, "CopyFolder")), ews.other)
    assert ews.ask(delete_folder(id)).codes == ["NoError"]
    assert ews.ask(get_folder(inbox, shape="Default")).text("t:ChildFolderCount") == "1"


def test_synchronizing_goes_on_from_the_state_of_the_owners_mailbox(ews, owner):
    state = ews.ask(sync_folder_items(at(OTHER))).text("m:SyncState")
    owner.deliver()
    answer = ews.ask(sync_folder_items(by_id(ews.other), state=state))
    assert len(answer.all("t:Create")) == 1
    assert ews.ask(sync_folder_items(state=state)).codes == ["ErrorInvalidSyncStateData"]
    state = ews.ask(sync_hierarchy(at(OTHER))).text("m:SyncState")
    ews.ask(create_folder(at(OTHER)))
    answer = ews.ask(sync_hierarchy(by_id(ews.other), state))
    assert len(answer.all("t:Create")) == 1


def test_a_delegate_has_all_rights(ews, owner):
    item = owner.deliver()
    for request in (
        get_folder(at(OTHER), shape="AllProperties"),
        get_item(item_id(ews.other, item), base="AllProperties"),
    ):
        rights = ews.ask(request).one("t:EffectiveRights")
        told = {each.tag.partition("}")[2]: each.text for each in rights}
        assert {told[name] for name in ("Delete", "Modify", "Read")} == {"true"}


def test_an_appointment_in_the_owners_calendar_is_organized_by_the_owner(ews, owner):
    appointment = "<t:CalendarItem><t:Subject>Lunch</t:Subject></t:CalendarItem>"
    request = create_item(appointment, folder=at(OTHER, "calendar"), invitations="SendToNone")
    assert ews.ask(request).codes == ["NoError"]
    (item,) = owner.items(CALENDAR)
    assert owner.values(item)["Organizer"]["EmailAddress"] == OTHER


# Several mailboxes in one request


def test_each_message_of_an_answer_is_about_its_own_mailbox(ews, owner, delegate, third):
    theirs, own, anothers = (each.deliver() for each in (owner, delegate, third))
    mine = item_id(ews.mailbox, own)
    some = [item_id(ews.other, theirs), item_id(third.mailbox, anothers), mine]
    codes = ["NoError", "ErrorAccessDenied", "NoError"]
    answer = ews.ask(get_item(*some))
    assert answer.codes == codes
    found = messages(answer)
    assert [id_in(found[0]), id_in(found[2])] == [some[0], some[2]]
    folders = [at(OTHER), at("third@example.org"), '<t:DistinguishedFolderId Id="inbox"/>']
    for request in (get_folder, find_folder, find_item):
        assert ews.ask(request(*folders)).codes == codes
    assert ews.ask(mark_all(*folders)).codes == codes
    assert (owner.items(INBOX)[0].is_read, delegate.items(INBOX)[0].is_read) == (True, True)
    assert ews.ask(delete_item(*some)).codes == codes
    assert owner.items(INBOX) == delegate.items(INBOX) == []
    assert len(third.items(INBOX)) == 1


def test_folders_with_one_number_in_two_mailboxes_are_searched_apart(ews, owner, delegate):
    owner.deliver()
    request = find_item(by_id(ews.mailbox), by_id(ews.other), by_id(ews.mailbox))
    assert [len(each.findall(".//{*}ItemId")) for each in messages(ews.ask(request))] == [0, 1, 0]
    ews.ask(create_folder(at(OTHER)))
    request = find_folder(by_id(ews.mailbox), by_id(ews.other), by_id(ews.mailbox))
    assert [len(each.findall(".//{*}FolderId")) for each in messages(ews.ask(request))] == [0, 1, 0]


def test_attachments_with_one_number_in_two_mailboxes_are_told_apart(ews, owner, delegate):
    asked_for = []
    for each, content in ((owner, b"theirs"), (delegate, b"own")):
        (one,) = each.read(attachments_of, each.create(Attachments=[file("a", content)]))
        asked_for.append(ids.encode(Kind.ATTACHMENT, each.mailbox.id, one.number))
    answer = ews.ask(get_attachment(*asked_for))
    assert [each.text for each in answer.all("t:Content")] == ["dGhlaXJz", "b3du"]


def test_nothing_is_moved_or_copied_from_one_mailbox_to_another(ews, owner, delegate, third):
    theirs, own = owner.deliver(), delegate.deliver()
    into = {
        "inbox": ["ErrorCrossMailboxMoveCopy", "NoError"],
        at(OTHER): ["NoError", "ErrorCrossMailboxMoveCopy"],
        at("third@example.org"): ["ErrorAccessDenied", "ErrorAccessDenied"],
    }
    for target, codes in into.items():
        some = (item_id(ews.other, theirs), item_id(ews.mailbox, own))
        assert ews.ask(move_item(*some, to=target, operation="CopyItem")).codes == codes
    made = ews.ask(create_folder(at(OTHER))).one("t:FolderId")
    id = f'<t:FolderId Id="{made.get("Id")}"/>'
    for operation in ("MoveFolder", "CopyFolder"):
        answer = ews.ask(put_folder(id, by_id(ews.mailbox), operation))
        assert answer.codes == ["ErrorCrossMailboxMoveCopy"]


# Sending


@pytest.mark.parametrize("disposition", ["SendOnly", "SendAndSaveCopy"])
def test_a_delegate_does_not_send_what_is_in_the_owners_mailbox(ews, owner, delegate, disposition):
    draft = owner.create(
        is_draft=True, ToRecipients=[{"EmailAddress": "user@example.com"}], Subject="Draft"
    )
    id = item_id(ews.other, draft)
    change = item_change(id, set_field("item:Subject", "<t:Subject>New</t:Subject>"))
    requests = [
        send_item(id, saves="true" if disposition == "SendAndSaveCopy" else "false"),
        update_item(change, resolution="AlwaysOverwrite", disposition=disposition),
        create_item(
            message(to=("user@example.com",)),
            disposition=disposition,
            folder=at(OTHER, "sentitems"),
        ),
        create_item(
            response("ForwardItem", id), disposition=disposition, folder=at(OTHER, "sentitems")
        ),
    ]
    for request in requests:
        assert ews.ask(request).codes == ["ErrorSendAsDenied"]
    assert [item.subject for item in owner.items(DRAFTS)] == ["Draft"]
    assert delegate.items(INBOX) == owner.items(SENT) == []


def test_a_delegate_does_not_invite_in_the_owners_name(ews, owner):
    appointment = (
        "<t:CalendarItem><t:Subject>Lunch</t:Subject><t:RequiredAttendees><t:Attendee><t:Mailbox>"
        "<t:EmailAddress>user@example.com</t:EmailAddress></t:Mailbox></t:Attendee>"
        "</t:RequiredAttendees></t:CalendarItem>"
    )
    for invitations, code in (
        ("SendOnlyToAll", "ErrorSendAsDenied"),
        ("SendToAllAndSaveCopy", "ErrorSendAsDenied"),
        ("SendToNone", "NoError"),
    ):
        request = create_item(appointment, folder=at(OTHER, "calendar"), invitations=invitations)
        assert ews.ask(request).codes == [code]


def test_a_delegate_does_not_send_as_the_owner(ews, owner):
    sender = f"<t:From><t:Mailbox><t:EmailAddress>{OTHER}</t:EmailAddress></t:Mailbox></t:From>"
    request = create_item(
        message(to=("user@example.com",), more=sender), disposition="SendAndSaveCopy"
    )
    assert ews.ask(request).codes == ["ErrorSendAsDenied"]


def test_a_delegate_answers_in_their_own_name_what_the_owner_got(ews, owner, delegate):
    owner.deliver(MESSAGE.replace(b"ann@example.org", b"other@example.com"))
    (item,) = owner.items(INBOX)
    reply = response("ReplyToItem", item_id(ews.other, item), "Yes")
    assert ews.ask(create_item(reply, disposition="SendAndSaveCopy")).codes == ["NoError"]
    (sent,) = delegate.items(SENT)
    assert delegate.values(sent)["From"]["EmailAddress"] == "user@example.com"
    assert "How are you?" in delegate.values(sent, "Body")["Body"]["Value"]
    assert owner.items(SENT) == []
    assert [each.subject for each in owner.items(INBOX)] == ["Hello", "RE: Hello"]


def test_what_a_delegate_sends_is_not_kept_in_the_owners_mailbox(ews, owner, delegate):
    draft = delegate.create(is_draft=True, ToRecipients=[{"EmailAddress": OTHER}])
    request = send_item(item_id(ews.mailbox, draft), folder="inbox").replace(
        b'<t:DistinguishedFolderId Id="inbox"/>', at(OTHER).encode()
    )
    assert ews.ask(request).codes == ["ErrorCrossMailboxMoveCopy"]
    assert len(delegate.items(DRAFTS)) == 1
    assert owner.items(INBOX) == []


# What stays the caller's own


@pytest.mark.parametrize("request_for", [subscribe, subscribe_to_pull, subscribe_to_streaming])
def test_a_delegate_does_not_subscribe(ews, owner, request_for):
    for folder in (at(OTHER), by_id(ews.other)):
        answer = ews.ask(request_for(folder))
        assert answer.codes == ["ErrorSubscriptionDelegateAccessNotSupported"]


def test_the_rights_of_an_impersonated_mailbox_count_and_not_those_of_the_account(
    ews, owner, third
):
    header = (
        "<t:ExchangeImpersonation><t:ConnectingSID><t:PrimarySmtpAddress>{}"
        "</t:PrimarySmtpAddress></t:ConnectingSID></t:ExchangeImpersonation>"
    )
    with ews.database.write() as tx:
        impersonation.grant(tx, third.mailbox.id, [impersonation.ALL])

    def inbox_as(address):
        request = get_folder(at(OTHER)).replace(
            b"<soap:Body>",
            f"<soap:Header>{header.format(address)}</soap:Header><soap:Body>".encode(),
        )
        return ews.ask(request, third.mailbox).codes

    assert ews.ask(get_folder(at(OTHER)), third.mailbox).codes == ["ErrorAccessDenied"]
    assert inbox_as("user@example.com") == ["NoError"]
    assert inbox_as("third@example.org") == ["ErrorAccessDenied"]


# Rights that end


def test_a_right_that_is_taken_back_ends_with_the_next_request(ews, owner):
    item = owner.deliver()
    requests = [get_folder(at(OTHER)), get_item(item_id(ews.other, item)), mark_all(at(OTHER))]
    assert [ews.ask(each).codes for each in requests] == [["NoError"]] * 3
    revoke(ews.database, ews.other, ews.mailbox)
    assert [ews.ask(each).codes for each in requests] == [["ErrorAccessDenied"]] * 3


def test_a_disabled_mailbox_is_not_used_until_it_is_restored(ews, owner):
    item = owner.deliver()
    requests = [get_folder(at(OTHER)), get_item(item_id(ews.other, item)), mark_all(at(OTHER))]
    disable(ews.database, ews.other.id, NOW_S)
    assert [ews.ask(each).codes for each in requests] == [["ErrorNonExistentMailbox"]] * 3
    restore(ews.database, ews.other.id, NOW_S)
    assert [ews.ask(each).codes for each in requests] == [["NoError"]] * 3


def test_a_mailbox_that_is_disabled_since_the_request_began_is_not_changed(ews, delegate):
    item = delegate.deliver()
    disable(ews.database, ews.mailbox.id, NOW_S)
    for request in (
        mark_all("inbox"),
        create_item(message()),
        delete_item(item_id(ews.mailbox, item)),
        create_folder(by_id(ews.mailbox)),
    ):
        assert ews.ask(request).codes == ["ErrorAccountDisabled"]
    assert [each.number for each in delegate.items(INBOX)] == [item.number]


# Several at once


@on_postgresql
def test_who_may_lock_several_mailboxes_waits_for_others_who_may(database):
    caller, a, b = (new_mailbox(database, name) for name in ("caller", "a", "b"))
    backend = Backend(database, print, print, 3, 20, lambda: NOW_S)

    def journals(*folders):
        named = etree.fromstring(get_folder(*folders)).find(".//{*}FolderIds")
        return Call(caller, "Exchange2010_SP2", backend).journals(named)

    def begin(*folders):
        with journals(*folders):
            return True

    with threads(2) as run:
        with journals(by_id(a)):
            own = (by_id(caller), at(caller.address.upper()), "inbox", '<t:FolderId Id="x"/>')
            assert run(begin, *own).result(30)
            waiting = run(begin, "inbox", at(b.address))
            with database.read() as tx:
                wait_until_blocked(tx, waiting)
        assert waiting.result(30)
