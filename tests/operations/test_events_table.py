"""docs/events.md says which events each operation logs: every row is tried."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ewspush.core.events import Event, EventType
from ewspush.core.ids import Kind, ObjectId
from ewspush.core.item_paths import FieldPath
from ewspush.operations import mail
from ewspush.operations.folders.changes import create_folder, update_folder
from ewspush.operations.folders.moves import copy_folder, move_folder
from ewspush.operations.folders.removal import delete_folder, empty_folder
from ewspush.operations.folders.search import FolderSearch, Traversal
from ewspush.operations.folders.sync import sync_folders
from ewspush.operations.items.attachments import add_attachments, delete_attachment, get_attachment
from ewspush.operations.items.creation import create
from ewspush.operations.items.finding import ItemReference, get_item
from ewspush.operations.items.moves import Disposal, copy_items, delete_items, move_items
from ewspush.operations.items.parts import NewAttachment
from ewspush.operations.items.sync import sync_items
from ewspush.operations.items.updates import SetField, mark_all_read, update_item
from ewspush.operations.journal import Journal
from ewspush.operations.sending import send_item, send_new
from ewspush.store.database import Database
from ewspush.store.items import Item
from support.checks_for_store import NOW_S, new_mailbox, on_sqlite
from support.folder_world import FolderWorld
from support.schemas import ROOT

# What each object is called in the table, by its number. Others are called by distinguished name.
Roles = dict[int, str]
Scenario = Callable[["Mailbox"], Roles]


class Mailbox(FolderWorld):
    """Made ready by `before`; what is done after that is looked at."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.folder = self.make("folder")
        self.begun = self.head

    def before(self, do: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
        done = self.act(do, *arguments, **more)
        self.begun = self.head
        return done

    def with_items(self, *, is_read: bool = True) -> None:
        self.fill(self.folder, 2, IsRead=is_read)
        self.begun = self.head

    def item(self, item_class: str = "IPM.Note") -> Item:
        (item,) = self.fill(self.folder, 1, ItemClass=item_class)
        self.begun = self.head
        return item

    def subfolder(self, name: str, parent: str) -> int:
        made = self.make(name, parent)
        self.fill(made)
        self.begun = self.head
        return made.number


SCENARIOS: dict[str, Scenario] = {}


def row(operation: str) -> Callable[[Scenario], Scenario]:
    def add(scenario: Scenario) -> Scenario:
        SCENARIOS[operation] = scenario
        return scenario

    return add


# Folders


@row("CreateFolder")
def _create(mailbox: Mailbox) -> Roles:
    made = mailbox.act(create_folder, mailbox.folder, {"DisplayName": "x"})
    return {made.number: "folder", mailbox.folder.number: "parent"}


@row("UpdateFolder")
def _update(mailbox: Mailbox) -> Roles:
    change = SetField(FieldPath("DisplayName"), "x")
    mailbox.act(update_folder, mailbox.folder, [change])
    return {mailbox.folder.number: "folder"}


@row("MoveFolder")
def _move(mailbox: Mailbox) -> Roles:
    mailbox.with_items()
    mailbox.act(move_folder, mailbox["folder"], mailbox["inbox"])
    return folder_with_parents(mailbox, "inbox")


@row("CopyFolder of an empty folder")
def _copy(mailbox: Mailbox) -> Roles:
    copy = mailbox.act(copy_folder, mailbox.folder, mailbox["inbox"])
    return {copy.number: "copy", copy.parent_number or 0: "parent"}


@row("CopyFolder of a folder with two items and a subfolder with one")
def _copy_full(mailbox: Mailbox) -> Roles:
    mailbox.with_items()
    mailbox.subfolder("subfolder", "folder")
    copy = mailbox.act(copy_folder, mailbox["folder"], mailbox["inbox"])
    subfolder = max(mailbox.named("subfolder"), key=lambda each: each.number)
    return {
        copy.number: "copy",
        copy.parent_number or 0: "parent",
        subfolder.number: "subfolder",
        **{item.number: "item" for each in (copy, subfolder) for item in mailbox.items_in(each)},
    }


@row("DeleteFolder, HardDelete")
def _delete_hard(mailbox: Mailbox) -> Roles:
    mailbox.with_items()
    mailbox.act(delete_folder, mailbox["folder"], Disposal.HARD)
    return folder_with_parents(mailbox)


@row("DeleteFolder, HardDelete of a folder with items and subfolders in each other")
def _delete_tree(mailbox: Mailbox) -> Roles:
    mailbox.with_items()
    names = {mailbox.subfolder("subfolder", "folder"): "subfolder"}
    names[mailbox.subfolder("below", "subfolder")] = "subfolder of the subfolder"
    mailbox.act(delete_folder, mailbox["folder"], Disposal.HARD)
    return folder_with_parents(mailbox) | names


@row("DeleteFolder, SoftDelete")
def _delete_soft(mailbox: Mailbox) -> Roles:
    mailbox.with_items()
    mailbox.act(delete_folder, mailbox["folder"], Disposal.SOFT)
    return folder_with_parents(mailbox)


@row("DeleteFolder, MoveToDeletedItems")
def _delete_move(mailbox: Mailbox) -> Roles:
    mailbox.with_items()
    mailbox.act(delete_folder, mailbox["folder"], Disposal.MOVE)
    return folder_with_parents(mailbox)


@row("DeleteFolder, MoveToDeletedItems in Deleted Items")
def _delete_again(mailbox: Mailbox) -> Roles:
    mailbox.before(delete_folder, mailbox["folder"], Disposal.MOVE)
    mailbox.act(delete_folder, mailbox["folder"], Disposal.MOVE)
    return {mailbox.folder.number: "folder"}


@row("DeleteFolder, SoftDelete of a soft-deleted folder")
def _delete_soft_deleted(mailbox: Mailbox) -> Roles:
    mailbox.before(delete_folder, mailbox["folder"], Disposal.SOFT)
    mailbox.act(delete_folder, mailbox["folder"], Disposal.SOFT)
    return {mailbox.folder.number: "folder"}


def emptying(disposal: Disposal, *, with_subfolders: bool = False) -> Scenario:
    def scenario(mailbox: Mailbox) -> Roles:
        mailbox.with_items()
        subfolder = mailbox.subfolder("subfolder", "folder")
        mailbox.act(empty_folder, mailbox["folder"], disposal, with_subfolders=with_subfolders)
        return {mailbox.folder.number: "folder", subfolder: "subfolder", **events_of_items(mailbox)}

    return scenario


for each in Disposal:
    row(f"EmptyFolder, {each.value}")(emptying(each))
row("EmptyFolder, HardDelete with DeleteSubFolders")(emptying(Disposal.HARD, with_subfolders=True))
row("EmptyFolder, MoveToDeletedItems with DeleteSubFolders")(
    emptying(Disposal.MOVE, with_subfolders=True)
)


@row("EmptyFolder of an empty folder")
def _empty_nothing(mailbox: Mailbox) -> Roles:
    mailbox.act(empty_folder, mailbox.folder, Disposal.MOVE, with_subfolders=True)
    return {}


@row("FindFolder, GetFolder, SyncFolderHierarchy")
def _look(mailbox: Mailbox) -> Roles:
    with mailbox.database.read() as tx:
        FolderSearch(tx, mailbox.mailbox.id, Traversal.DEEP).find(mailbox.folder)
        sync_folders(tx, mailbox.mailbox.id, mailbox.folder.number, None)
    return {}


def folder_with_parents(mailbox: Mailbox, parent: str | None = None) -> Roles:
    roles = {mailbox.folder.number: "folder", mailbox.folder.parent_number or 0: "old parent"}
    return roles | ({mailbox[parent].number: "parent"} if parent else {})


def events_of_items(mailbox: Mailbox) -> Roles:
    log = mailbox.log(after=mailbox.begun)
    return {event.object: "item" for event in log if not event.is_folder}


# Items


@row("Delivery of a message")
def _deliver(mailbox: Mailbox) -> Roles:
    with mailbox.database.write() as tx:
        mail.deliver(tx, mailbox.mailbox.address, b"Subject: x\r\n\r\n", NOW_S)
    return {mailbox["inbox"].number: "parent", **events_of_items(mailbox)}


def creating(item_class: str) -> Scenario:
    def scenario(mailbox: Mailbox) -> Roles:
        made = mailbox.act(create, mailbox.folder.number, {"ItemClass": item_class})
        return {made.number: "item", mailbox.folder.number: "parent"}

    return scenario


row("CreateItem, SaveOnly")(creating("IPM.Note"))
row("CreateItem of a calendar item")(creating("IPM.Appointment"))


def sending_new(to: str, *, keeps: bool) -> Scenario:
    def scenario(mailbox: Mailbox) -> Roles:
        new_mailbox(mailbox.database, "other")
        values = {"ItemClass": "IPM.Note", "ToRecipients": [{"EmailAddress": f"{to}@example.org"}]}
        folder = mailbox["sentitems"].number if keeps else None
        mailbox.act(send_new, mailbox.mailbox, values, folder, queue_limit=0)
        arrived = {item.number: "arrival" for item in mailbox.items_in(mailbox["inbox"])}
        return events_of_items(mailbox) | arrived

    return scenario


row("CreateItem, SendAndSaveCopy")(sending_new("other", keeps=True))
row("CreateItem, SendAndSaveCopy to oneself")(sending_new("user", keeps=True))
row("CreateItem, SendOnly")(sending_new("other", keeps=False))


def sending_draft(*, is_read: bool = True, keeps: bool = True) -> Scenario:
    def scenario(mailbox: Mailbox) -> Roles:
        new_mailbox(mailbox.database, "other")
        to = [{"EmailAddress": "other@example.org"}]
        (draft,) = mailbox.fill(mailbox.folder, 1, ToRecipients=to, IsRead=is_read)
        mailbox.begun = mailbox.head
        folder = mailbox["sentitems"].number if keeps else None
        sent = mailbox.act(send_item, mailbox.mailbox, draft, folder, queue_limit=0)
        roles = {draft.number: "draft" if keeps else "item", mailbox.folder.number: "old parent"}
        return roles | ({sent.number: "item"} if sent else {})

    return scenario


row("SendItem")(sending_draft())
row("SendItem of a draft that is not read")(sending_draft(is_read=False))
row("SendItem without a copy")(sending_draft(keeps=False))


@row("CreateAttachment")
def _attach(mailbox: Mailbox) -> Roles:
    item = mailbox.item()
    mailbox.act(add_attachments, item, [NewAttachment("a", content=b"A")])
    return {item.number: "item", mailbox.folder.number: "parent"}


@row("DeleteAttachment")
def _detach(mailbox: Mailbox) -> Roles:
    item = mailbox.item()
    (attachment,), item = mailbox.before(add_attachments, item, [NewAttachment("a", content=b"A")])
    mailbox.act(delete_attachment, attachment, item)
    return {item.number: "item", mailbox.folder.number: "parent"}


@row("GetItem, GetAttachment, SyncFolderItems")
def _look_at_items(mailbox: Mailbox) -> Roles:
    item = mailbox.item()
    (attachment,), item = mailbox.before(add_attachments, item, [NewAttachment("a", content=b"A")])
    own = mailbox.mailbox.id
    with mailbox.database.read() as tx:
        get_item(tx, own, ItemReference(ObjectId(Kind.ITEM, own, item.number)))
        get_attachment(tx, own, ObjectId(Kind.ATTACHMENT, own, attachment.number))
        sync_items(tx, own, mailbox.folder.number, None, 512)
    return {}


def updating(item_class: str) -> Scenario:
    def scenario(mailbox: Mailbox) -> Roles:
        item = mailbox.item(item_class)
        mailbox.act(update_item, item, [SetField(FieldPath("Subject"), "x")])
        return {item.number: "item", mailbox.folder.number: "parent"}

    return scenario


row("UpdateItem")(updating("IPM.Note"))
row("UpdateItem of a calendar item")(updating("IPM.Appointment"))


def moving(item_class: str = "IPM.Note", target: str = "inbox") -> Scenario:
    def scenario(mailbox: Mailbox) -> Roles:
        item = mailbox.item(item_class)
        (moved,) = mailbox.act(move_items, [item], mailbox[target].number)
        return {
            moved.number: "item",
            item.folder_number: "old parent",
            moved.folder_number: "parent",
        }

    return scenario


row("MoveItem")(moving())
row("MoveItem to the folder in which it is")(moving(target="folder"))
row("MoveItem of a calendar item")(moving("IPM.Appointment"))


def copying(item_class: str) -> Scenario:
    def scenario(mailbox: Mailbox) -> Roles:
        (copy,) = mailbox.act(copy_items, [mailbox.item(item_class)], mailbox["inbox"].number)
        return {copy.number: "item", copy.folder_number: "parent"}

    return scenario


row("CopyItem")(copying("IPM.Note"))
row("CopyItem of a calendar item")(copying("IPM.Appointment"))


def deleting(
    disposal: Disposal, before: Disposal | None = None, item_class: str = "IPM.Note"
) -> Scenario:
    def scenario(mailbox: Mailbox) -> Roles:
        item = mailbox.item(item_class)
        if before is not None:
            mailbox.before(delete_items, [item], before)
            place = {Disposal.MOVE: "deleteditems", Disposal.SOFT: "recoverableitemsdeletions"}
            (item,) = mailbox.items_in(mailbox[place[before]])
        mailbox.act(delete_items, [item], disposal)
        return {mailbox.folder.number: "old parent", **events_of_items(mailbox)}

    return scenario


for each in Disposal:
    row(f"DeleteItem, {each.value}")(deleting(each))
row("DeleteItem, HardDelete of a calendar item")(
    deleting(Disposal.HARD, item_class="IPM.Appointment")
)
row("DeleteItem, MoveToDeletedItems in Deleted Items")(deleting(Disposal.MOVE, Disposal.MOVE))
row("DeleteItem, SoftDelete of a soft-deleted item")(deleting(Disposal.SOFT, Disposal.SOFT))


def marking(*, is_read: bool) -> Scenario:
    def scenario(mailbox: Mailbox) -> Roles:
        mailbox.with_items(is_read=is_read)
        mailbox.act(mark_all_read, mailbox.folder.number, is_read=True)
        return {mailbox.folder.number: "parent", **events_of_items(mailbox)}

    return scenario


row("MarkAllItemsAsRead")(marking(is_read=False))
row("MarkAllItemsAsRead where everything is read")(marking(is_read=True))


# The table


def table() -> dict[str, list[str]]:
    """The events of each operation, one by one."""
    lines = (ROOT / "docs" / "events.md").read_text().splitlines()
    cells = [re.split(r" *\| *", line.strip("| ")) for line in lines if line.startswith("| ")]
    rows = {operation: events for operation, events in cells if events not in ("events", "---")}
    return {operation: list(one_by_one(events)) for operation, events in rows.items()}


def one_by_one(events: str) -> Iterator[str]:
    for event in events.split(", ") if events != "nothing" else ():
        count, _, one = event.partition(" ")
        yield from [one] * int(count) if count.isdecimal() else [event]


def called(mailbox: Mailbox, roles: Roles, event: Event) -> str:
    names = {folder.number: folder.distinguished_name for folder in mailbox.all()}
    return f"{event.type.element} {roles.get(event.object) or names.get(event.object)}"


TABLE = table()


def test_every_row_is_tried_and_nothing_else() -> None:
    assert set(TABLE) == set(SCENARIOS)


@on_sqlite
@pytest.mark.parametrize("operation", SCENARIOS)
def test_an_operation_logs_what_the_table_says(database: Database, operation: str) -> None:
    mailbox = Mailbox(database)
    roles = SCENARIOS[operation](mailbox)
    log = mailbox.log(after=mailbox.begun)
    assert [called(mailbox, roles, event) for event in log] == TABLE[operation]
    assert {event.at_s for event in log} <= {NOW_S}
    for event in log:
        has_old = event.type in (EventType.MOVED, EventType.COPIED)
        assert (event.old_object is not None, event.old_parent is not None) == (has_old, has_old)
        is_modified_folder = event.is_folder and event.type is EventType.MODIFIED
        assert (event.unread_count is not None) == is_modified_folder
    mailbox.check()


@on_sqlite
def test_old_ids_are_those_from_before(database: Database) -> None:
    mailbox = Mailbox(database)
    folder, inbox = mailbox.folder, mailbox["inbox"]
    mailbox.act(move_folder, folder, inbox)
    copy = mailbox.act(copy_folder, mailbox["folder"], mailbox["drafts"])
    moved, copied = (
        event
        for event in mailbox.log(after=mailbox.begun)
        if event.type in (EventType.MOVED, EventType.COPIED)
    )
    assert (moved.object, moved.old_object) == (folder.number, folder.number)
    assert (moved.parent, moved.old_parent) == (inbox.number, folder.parent_number)
    assert (copied.object, copied.old_object) == (copy.number, folder.number)
    assert (copied.parent, copied.old_parent) == (copy.parent_number, inbox.number)


@on_sqlite
def test_several_acts_of_one_request_are_logged_each_by_itself(database: Database) -> None:
    mailbox = Mailbox(database)
    with database.write() as tx:
        journal = Journal(tx, mailbox.mailbox.id, NOW_S)
        for name in "AB":
            with journal.attempt():
                create_folder(journal, mailbox.folder, {"DisplayName": name})
    types = [event.type for event in mailbox.log(after=mailbox.begun)]
    assert types == [EventType.CREATED, EventType.MODIFIED] * 2
