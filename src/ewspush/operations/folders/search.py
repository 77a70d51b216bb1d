"""Searching for folders."""

from enum import Enum
from functools import cached_property

from ewspush.core.folders import RECOVERABLE_DELETIONS
from ewspush.core.search import Restriction, matches
from ewspush.operations.folders.moves import DELETED_FROM
from ewspush.operations.folders.tree import in_tree_order
from ewspush.operations.folders.values import values_of
from ewspush.store import folders
from ewspush.store.database import Transaction
from ewspush.store.folders import Folder


class Traversal(Enum):
    """Which folders are looked at (FolderQueryTraversalType)."""

    SHALLOW = "Shallow"
    DEEP = "Deep"
    SOFT_DELETED = "SoftDeleted"


class FolderSearch:
    """A search of one mailbox, in one snapshot of it."""

    def __init__(
        self,
        tx: Transaction,
        mailbox: int,
        traversal: Traversal,
        restriction: Restriction | None = None,
    ) -> None:
        self._tx = tx
        self._mailbox = mailbox
        self._traversal = traversal
        self._restriction = restriction

    def find(self, parent: Folder) -> list[Folder]:
        """What is found below a folder: each folder before those in it, siblings by name.

        Raises ContainsFilterWrongType.
        """
        found = self._below(parent)
        if self._restriction is None:
            return found
        return [each for each in found if matches(values_of(each), self._restriction)]

    def _below(self, parent: Folder) -> list[Folder]:
        match self._traversal:
            case Traversal.DEEP:
                return in_tree_order(self._all, parent.number)
            case Traversal.SOFT_DELETED:
                return [
                    each
                    for each in self._deleted
                    if each.properties.get(DELETED_FROM) == parent.number
                ]
        children = folders.children(self._tx, self._mailbox, [parent.number])
        return in_tree_order(children, parent.number)

    @cached_property
    def _all(self) -> list[Folder]:
        return folders.of_mailbox(self._tx, self._mailbox)

    @cached_property
    def _deleted(self) -> list[Folder]:
        place = folders.by_name(self._tx, self._mailbox, RECOVERABLE_DELETIONS)
        assert place is not None, "every mailbox has its distinguished folders"
        children = folders.children(self._tx, self._mailbox, [place.number])
        return in_tree_order(children, place.number)
