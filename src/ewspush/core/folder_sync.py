"""How far a client has come with the folders of a mailbox (SyncFolderHierarchy)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HierarchyState:
    """The folders below `root` that a client knows, as they were at the change `known`."""

    root: int
    known: int
    folders: frozenset[int]
