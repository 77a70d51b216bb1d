"""Moving and copying folders with all that is in them.

What acts is given a Journal: it tells the journal what it does, and whoever made the journal
settles it.
"""

from dataclasses import replace

from ewspush.core.errors import MoveCopyFailed, MoveDistinguishedFolder
from ewspush.operations.folders.tree import ancestors, check_name, check_room, levels_below
from ewspush.operations.items.finding import in_folder
from ewspush.operations.items.moves import copy_items
from ewspush.operations.journal import Journal
from ewspush.store import folders
from ewspush.store.folders import Folder

# Among a folder's properties: the folder in which it was, if it is soft-deleted.
DELETED_FROM = "DeletedFrom"


def move_folder(journal: Journal, folder: Folder, target: Folder) -> Folder:
    """Put a folder under another one. It keeps its number, and so its id.

    Raises MoveDistinguishedFolder, MoveCopyFailed, FolderExists or QuotaExceeded.
    """
    if folder.distinguished_name is not None:
        raise MoveDistinguishedFolder
    _check_target(journal, folder, target)
    levels = 1 + len(levels_below(journal.tx, journal.mailbox, folder))
    check_room(journal.tx, journal.mailbox, target, more=0, levels=levels)
    moved = put_under(journal, folder, target)
    journal.folder_moved(folder, moved)
    return moved


def put_under(
    journal: Journal,
    folder: Folder,
    target: Folder,
    *,
    name: str | None = None,
    is_soft_deleted: bool = False,
) -> Folder:
    """Write that a folder is under another one, under a new name perhaps. Nobody is told."""
    properties = {key: value for key, value in folder.properties.items() if key != DELETED_FROM}
    if is_soft_deleted:
        properties[DELETED_FROM] = folder.parent_number
    moved = replace(
        folder,
        parent_number=target.number,
        display_name=name or folder.display_name,
        change=journal.number(),
        properties=properties,
    )
    folders.update_folder(journal.tx, journal.mailbox, moved)
    return moved


def copy_folder(journal: Journal, folder: Folder, target: Folder) -> Folder:
    """Copy a folder, its subfolders and all items in them to another one.

    Raises MoveCopyFailed, FolderExists or QuotaExceeded.
    """
    _check_target(journal, folder, target)
    levels = [[folder], *levels_below(journal.tx, journal.mailbox, folder)]
    check_room(journal.tx, journal.mailbox, target, more=sum(map(len, levels)), levels=len(levels))
    copies: dict[int, int] = {}
    for level in levels:
        for each in level:
            parent = copies.get(each.parent_number or 0, target.number)
            copies[each.number] = _copy_one(journal, each, parent)
    copy = folders.by_number(journal.tx, journal.mailbox, copies[folder.number])
    assert copy is not None, "it was just made"
    return copy


def _copy_one(journal: Journal, folder: Folder, parent: int) -> int:
    number = journal.number()
    copy = replace(
        folder,
        number=number,
        parent_number=parent,
        distinguished_name=None,
        total_count=0,  # counted as it is filled
        unread_count=0,
        child_folder_count=0,
        change=number,
        properties={key: value for key, value in folder.properties.items() if key != DELETED_FROM},
    )
    folders.insert_folder(journal.tx, journal.mailbox, copy)
    journal.folder_copied(folder, copy)
    for some in in_folder(journal.tx, journal.mailbox, folder.number):
        copy_items(journal, some, number)
        journal.flush()
    return number


def _check_target(journal: Journal, folder: Folder, target: Folder) -> None:
    around = {each.number for each in ancestors(journal.tx, journal.mailbox, target)}
    if folder.number in {target.number, *around}:
        raise MoveCopyFailed("A folder cannot be put under itself.")
    check_name(journal.tx, journal.mailbox, target.number, folder.display_name)
