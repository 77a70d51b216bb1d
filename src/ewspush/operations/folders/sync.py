"""SyncFolderHierarchy: what changed among the folders since a client looked last."""

from dataclasses import dataclass
from enum import Enum

from ewspush.core.errors import InvalidSyncStateData
from ewspush.core.sync import HierarchyState
from ewspush.operations.folders.tree import in_tree_order
from ewspush.store import folders, mailboxes
from ewspush.store.database import Transaction
from ewspush.store.folders import Folder


class FolderChangeType(Enum):
    """The elements of t:SyncFolderHierarchyChangesType."""

    CREATE = "Create"
    UPDATE = "Update"
    DELETE = "Delete"


@dataclass(frozen=True, slots=True)
class FolderChange:
    """What a client is told of one folder; `folder` is None if it is there no longer."""

    type: FolderChangeType
    number: int
    folder: Folder | None


@dataclass(frozen=True, slots=True)
class SynchronizedFolders:
    """Changes, and the state to which they lead."""

    changes: list[FolderChange]
    state: HierarchyState


def sync_folders(
    tx: Transaction, mailbox: int, root: int, state: HierarchyState | None
) -> SynchronizedFolders:
    """What changed among the folders below `root` since `state`.

    What came or changed is told before what went, so that a folder that left another one before
    that was deleted does not go with it, and each folder before those in it. Raises
    InvalidSyncStateData for a state of another folder, or of a time to come.
    """
    now = mailboxes.last_number(tx, mailbox)
    state = state or HierarchyState(root, 0, frozenset())
    if state.root != root or state.known > now:
        raise InvalidSyncStateData
    here = in_tree_order(folders.of_mailbox(tx, mailbox), root)
    changes = [
        FolderChange(_type(folder, state), folder.number, folder)
        for folder in here
        if folder.change > state.known or folder.number not in state.folders
    ]
    numbers = frozenset(folder.number for folder in here)
    gone = sorted(state.folders - numbers, reverse=True)
    changes += [FolderChange(FolderChangeType.DELETE, number, None) for number in gone]
    return SynchronizedFolders(changes, HierarchyState(root, now, numbers))


def _type(folder: Folder, state: HierarchyState) -> FolderChangeType:
    is_known = folder.number in state.folders
    return FolderChangeType.UPDATE if is_known else FolderChangeType.CREATE
