"""The tree of a mailbox's folders: what is above and below one, and whether more fit in."""

from collections import defaultdict
from collections.abc import Iterable

from ewspush.core.errors import FolderExists, QuotaExceeded
from ewspush.store import folders
from ewspush.store.database import Transaction
from ewspush.store.folders import Folder

_MOST_FOLDERS = 10_000  # of a mailbox
_GREATEST_DEPTH = 300  # folders below each other


def ancestors(tx: Transaction, mailbox: int, folder: Folder) -> list[Folder]:
    """The folders around this one, from its parent to the root."""
    above: list[Folder] = []
    while folder.parent_number is not None:
        parent = folders.by_number(tx, mailbox, folder.parent_number)
        assert parent is not None, "every folder but the root lies in another"
        above.append(parent)
        folder = parent
    return above


def levels_below(tx: Transaction, mailbox: int, folder: Folder) -> list[list[Folder]]:
    """The folders right under this one, those right under them, and so on."""
    levels: list[list[Folder]] = []
    level = [folder]
    while level := folders.children(tx, mailbox, [each.number for each in level]):
        levels.append(level)
    return levels


def in_tree_order(some: Iterable[Folder], top: int) -> list[Folder]:
    """Those of some folders that are below `top`, each before what is in it, siblings by name."""
    under: dict[int | None, list[Folder]] = defaultdict(list)
    for folder in some:
        under[folder.parent_number].append(folder)
    ordered: list[Folder] = []
    waiting = _by_name(under[top])[::-1]
    while waiting:
        folder = waiting.pop()
        ordered.append(folder)
        waiting += _by_name(under[folder.number])[::-1]
    return ordered


def _by_name(some: Iterable[Folder]) -> list[Folder]:
    return sorted(some, key=lambda folder: (folder.display_name.casefold(), folder.number))


def check_room(
    tx: Transaction, mailbox: int, parent: Folder, *, more: int, levels: int = 1
) -> None:
    """Whether so many more folders, on so many levels, fit under this one.

    Raises QuotaExceeded.
    """
    if more and folders.count(tx, mailbox) + more > _MOST_FOLDERS:
        raise QuotaExceeded(f"A mailbox may have {_MOST_FOLDERS} folders at most.")
    if len(ancestors(tx, mailbox, parent)) + levels > _GREATEST_DEPTH:
        raise QuotaExceeded(f"Folders may lie {_GREATEST_DEPTH} deep at most.")


def names_under(tx: Transaction, mailbox: int, parent: int) -> set[str]:
    """The names in a folder, as they are compared: case makes no difference."""
    return {name.casefold() for name in folders.names_under(tx, mailbox, parent)}


def check_name(tx: Transaction, mailbox: int, parent: int, name: str) -> None:
    """Raises FolderExists if a folder of this name is there."""
    like = folders.names_like(tx, mailbox, parent, name)
    if name.casefold() in {each.casefold() for each in like}:
        raise FolderExists
