"""How far a client has come with the items of a folder, and with the folders of a mailbox."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class SyncState:
    """What a client knows of a folder. Changes are numbered by the mailbox's counter.

    The client knows all that was there at `known`. It is being told what happened from then until
    `target`: first the items that came, by number, as far as `arrived`; then the changes of those
    that it knew, as far as `changed`. When it has both, it knows all that was there at `target`.
    So each item's coming is told once, and before any other change of it, whatever happens while
    the client reads; only the removal may be told of an item that was gone before its turn.

    An item that changes again while the client reads waits for the next round, and with it what
    happened to it in this one. So the client may not have been told of contents that are older
    than `known`, unless they are no newer than `told`.
    """

    folder: int
    known: int = 0
    target: int = 0
    arrived: int = 0
    changed: int = 0
    told: int = 0

    def begun(self, now: int) -> "SyncState":
        """The state at the beginning of a new round, if the last one is done."""
        if self.known < self.target:
            return self
        return replace(self, target=now, arrived=self.known, changed=self.known)

    def done(self) -> "SyncState":
        """The state when all of the round was told."""
        target = self.target
        # Nothing changes within one answer, and who knew nothing was told of all as it is.
        is_one_answer = self.arrived == self.changed == self.known
        told = target if is_one_answer or self.known == 0 else self.told
        return replace(self, known=target, arrived=target, changed=target, told=told)


@dataclass(frozen=True, slots=True)
class HierarchyState:
    """The folders below `root` that a client knows, as they were at the change `known`."""

    root: int
    known: int
    folders: frozenset[int]
