"""Folders: made, renamed, moved, copied, emptied and deleted, as the operations of EWS do it."""

from collections.abc import Callable

from ewspush.core.folders import ROOT
from ewspush.core.ids import Kind
from ewspush.core.item_paths import FieldPath
from ewspush.emulator.api.finding import folder_in, journal_of, mailbox_at
from ewspush.emulator.api.handlers.items import DISPOSALS
from ewspush.emulator.api.models.common import Nothing
from ewspush.emulator.api.models.folders import (
    Emptying,
    Folder,
    FolderChanges,
    Folders,
    NewFolder,
    Parent,
)
from ewspush.emulator.api.models.items import DisposalQuery
from ewspush.emulator.api.routing import Call
from ewspush.emulator.api.surroundings import Surroundings
from ewspush.emulator.emulator import Emulator
from ewspush.operations.folders import changes, moves, removal
from ewspush.operations.folders.tree import in_tree_order
from ewspush.operations.items.updates import SetField
from ewspush.operations.journal import Journal
from ewspush.store import folders
from ewspush.store.database import Transaction
from ewspush.store.folders import Folder as StoredFolder
from ewspush.wire import ids

_PUT = Callable[[Journal, StoredFolder, StoredFolder], StoredFolder]


async def list_folders(around: Surroundings, call: Call[Nothing, Nothing]) -> Folders:
    return await around.emulator.in_thread(_list, around.emulator, call.path["address"])


def _list(emulator: Emulator, address: str) -> Folders:
    with emulator.database.read() as tx:
        mailbox = mailbox_at(tx, address).id
        root = folder_in(tx, mailbox, ROOT)
        below = in_tree_order(folders.of_mailbox(tx, mailbox), root.number)
    return Folders(folders=[_told(mailbox, each) for each in (root, *below)])


async def create_folder(around: Surroundings, call: Call[Nothing, NewFolder]) -> Folder:
    emulator = around.emulator
    return await emulator.in_thread(_create, emulator, call.path["address"], call.body)


def _create(emulator: Emulator, address: str, new: NewFolder) -> Folder:
    given = {"DisplayName": new.display_name}
    if new.folder_class is not None:
        given["FolderClass"] = new.folder_class
    with journal_of(emulator, address) as journal:
        parent = folder_in(journal.tx, journal.mailbox, new.parent, "parent")
        folder = changes.create_folder(journal, parent, given)
        return _told(journal.mailbox, folder)


async def rename_folder(around: Surroundings, call: Call[Nothing, FolderChanges]) -> Folder:
    return await around.emulator.in_thread(_rename, around.emulator, call)


def _rename(emulator: Emulator, call: Call[Nothing, FolderChanges]) -> Folder:
    wanted = [SetField(FieldPath("DisplayName"), call.body.display_name)]
    with journal_of(emulator, call.path["address"]) as journal:
        folder = folder_in(journal.tx, journal.mailbox, call.path["id"])
        return _told(journal.mailbox, changes.update_folder(journal, folder, wanted))


async def move_folder(around: Surroundings, call: Call[Nothing, Parent]) -> Folder:
    return await around.emulator.in_thread(_put, around.emulator, call, moves.move_folder)


async def copy_folder(around: Surroundings, call: Call[Nothing, Parent]) -> Folder:
    return await around.emulator.in_thread(_put, around.emulator, call, moves.copy_folder)


def _put(emulator: Emulator, call: Call[Nothing, Parent], put: _PUT) -> Folder:
    with journal_of(emulator, call.path["address"]) as journal:
        folder = folder_in(journal.tx, journal.mailbox, call.path["id"])
        target = folder_in(journal.tx, journal.mailbox, call.body.parent, "parent")
        new = put(journal, folder, target)
        journal.settle()
        return _as_it_is(journal.tx, journal.mailbox, new)


async def empty_folder(around: Surroundings, call: Call[Nothing, Emptying]) -> None:
    await around.emulator.in_thread(_empty, around.emulator, call)


def _empty(emulator: Emulator, call: Call[Nothing, Emptying]) -> None:
    disposal = DISPOSALS[call.body.disposal]
    with journal_of(emulator, call.path["address"]) as journal:
        folder = folder_in(journal.tx, journal.mailbox, call.path["id"])
        removal.empty_folder(journal, folder, disposal, with_subfolders=call.body.subfolders)


async def delete_folder(around: Surroundings, call: Call[DisposalQuery, Nothing]) -> None:
    await around.emulator.in_thread(_delete, around.emulator, call)


def _delete(emulator: Emulator, call: Call[DisposalQuery, Nothing]) -> None:
    with journal_of(emulator, call.path["address"]) as journal:
        folder = folder_in(journal.tx, journal.mailbox, call.path["id"])
        removal.delete_folder(journal, folder, DISPOSALS[call.query.disposal])


def _as_it_is(tx: Transaction, mailbox: int, folder: StoredFolder) -> Folder:
    """With the counts that it has once all is settled."""
    found = folders.by_number(tx, mailbox, folder.number)
    assert found is not None, "it was just put there"
    return _told(mailbox, found)


def _told(mailbox: int, folder: StoredFolder) -> Folder:
    parent = folder.parent_number
    return Folder(
        id=ids.encode(Kind.FOLDER, mailbox, folder.number),
        kind="folder",
        name=folder.distinguished_name,
        display_name=folder.display_name,
        folder_class=folder.folder_class,
        parent_id=None if parent is None else ids.encode(Kind.FOLDER, mailbox, parent),
        total=folder.total_count,
        unread=folder.unread_count,
        children=folder.child_folder_count,
    )
