"""Deleting and emptying folders.

What acts is given a Journal: it tells the journal what it does, and whoever made the journal
settles it.
"""

from collections.abc import Sequence
from itertools import count

from ewspush.core.errors import CannotEmptyFolder, DeleteDistinguishedFolder
from ewspush.core.folders import DELETED_ITEMS, RECOVERABLE_DELETIONS, RECOVERABLE_ROOT
from ewspush.operations.folders.moves import put_under
from ewspush.operations.folders.tree import ancestors, levels_below, names_under
from ewspush.operations.items.finding import in_folder
from ewspush.operations.items.moves import Disposal, delete_items
from ewspush.operations.journal import Journal
from ewspush.store import contents, folders, items
from ewspush.store.folders import Folder

_LONGEST_NAME = 255


def delete_folder(journal: Journal, folder: Folder, disposal: Disposal) -> None:
    """Delete a folder with all that is in it. Raises DeleteDistinguishedFolder.

    What is in Deleted Items already is soft-deleted when it is deleted once more, and what was
    soft-deleted goes for good, as items do.
    """
    if folder.distinguished_name is not None:
        raise DeleteDistinguishedFolder
    _delete(journal, [folder], disposal)


def empty_folder(
    journal: Journal, folder: Folder, disposal: Disposal, *, with_subfolders: bool
) -> None:
    """Delete the items in a folder, and its subfolders if asked to.

    Raises CannotEmptyFolder if there are distinguished folders among these.
    """
    levels = levels_below(journal.tx, journal.mailbox, folder) if with_subfolders else []
    if any(each.distinguished_name for level in levels for each in level):
        raise CannotEmptyFolder
    for some in in_folder(journal.tx, journal.mailbox, folder.number):
        delete_items(journal, some, disposal)
        journal.flush()
    if levels:
        _delete(journal, levels[0], disposal)


def _delete(journal: Journal, some: Sequence[Folder], disposal: Disposal) -> None:
    """Delete folders that have the same parent."""
    above = {each.distinguished_name for each in ancestors(journal.tx, journal.mailbox, some[0])}
    if disposal is Disposal.HARD or RECOVERABLE_ROOT in above:
        for folder in some:
            _delete_for_good(journal, folder)
    elif disposal is Disposal.SOFT or DELETED_ITEMS in above:
        _put_away(journal, some, RECOVERABLE_DELETIONS, is_soft_deleted=True)
    else:
        _put_away(journal, some, DELETED_ITEMS, is_soft_deleted=False)


def _put_away(
    journal: Journal, some: Sequence[Folder], place: str, *, is_soft_deleted: bool
) -> None:
    target = folders.by_name(journal.tx, journal.mailbox, place)
    assert target is not None, "every mailbox has its distinguished folders"
    taken = names_under(journal.tx, journal.mailbox, target.number)
    for folder in some:
        name = _free_name(folder.display_name, taken)
        taken.add(name.casefold())
        moved = put_under(journal, folder, target, name=name, is_soft_deleted=is_soft_deleted)
        if is_soft_deleted:
            journal.folder_soft_deleted(folder, moved)
        else:
            journal.folder_moved(folder, moved)


def _free_name(name: str, taken: set[str]) -> str:
    """The name, with a number after it if it is taken: a folder can always be deleted."""
    if name.casefold() not in taken:
        return name
    endings = (f" ({number})" for number in count(1))
    names = (name[: _LONGEST_NAME - len(ending)] + ending for ending in endings)
    return next(each for each in names if each.casefold() not in taken)


def _delete_for_good(journal: Journal, folder: Folder) -> None:
    below = [each for level in levels_below(journal.tx, journal.mailbox, folder) for each in level]
    for each in reversed(below):
        _delete_content(journal, each.number)
        journal.folder_deleted(each, is_top=False)
    _delete_content(journal, folder.number)
    journal.folder_deleted(folder)
    numbers = [folder.number, *(each.number for each in below)]
    folders.delete_folders(journal.tx, journal.mailbox, numbers)


def _delete_content(journal: Journal, folder: int) -> None:
    """Delete the items of a folder that goes as well: they are not told of one by one."""
    for some in in_folder(journal.tx, journal.mailbox, folder):
        numbers = [item.number for item in some]
        items.delete_items(journal.tx, journal.mailbox, numbers)
        contents.delete_contents(
            journal.tx, journal.mailbox, [item.content_number for item in some]
        )
    items.forget_removed(journal.tx, journal.mailbox, folder)
