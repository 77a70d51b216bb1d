"""A mailbox as a model of it: what is in which folder, and which events that ought to have been.

Nothing here is taken from the journal of the operations: counts are counted, not kept.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Self

from ewspush.core.events import Event, EventType
from ewspush.core.folders import DISTINGUISHED_FOLDERS
from ewspush.core.sync import SyncState
from ewspush.operations.items.sync import ChangeType, ItemChange, sync_items
from ewspush.store import items
from ewspush.store.database import Transaction
from ewspush.store.items import Item
from ewspush.wire import item_sync_state

NUMBERS = {each.name: number for number, each in enumerate(DISTINGUISHED_FOLDERS, 1)}
INBOX, DRAFTS, SENT = NUMBERS["inbox"], NUMBERS["drafts"], NUMBERS["sentitems"]
DELETED, CALENDAR, CONTACTS = NUMBERS["deleteditems"], NUMBERS["calendar"], NUMBERS["contacts"]
RECOVERABLE = NUMBERS["recoverableitemsdeletions"]
_RECOVERABLE_ROOT = NUMBERS["recoverableitemsroot"]


class Logged(NamedTuple):
    """An event without its sequence and time."""

    type: EventType
    is_folder: bool
    object: int
    parent: int
    old_object: int | None = None
    old_parent: int | None = None
    unread_count: int | None = None

    @classmethod
    def of(cls, event: Event) -> Self:
        return cls(event.type, *event[3:])


@dataclass(frozen=True)
class Thing:
    """An item of the model."""

    folder: int
    subject: str | None
    is_read: bool = True
    is_draft: bool = False
    is_event: bool = False  # of the calendar
    body: str = ""
    mime: bytes | None = None
    attachments: tuple[str, ...] = ()
    recipients: tuple[int, ...] = ()  # which mailboxes


@dataclass
class Model:
    """A mailbox: folders with their parents and names, items by number, events that are due."""

    parents: dict[int, int] = field(
        default_factory=lambda: {
            NUMBERS[each.name]: NUMBERS[each.parent or each.name] for each in DISTINGUISHED_FOLDERS
        }
    )
    names: dict[int, str] = field(
        default_factory=lambda: {NUMBERS[each.name]: each.display_name for each in
                                 DISTINGUISHED_FOLDERS}
    )  # fmt: skip
    items: dict[int, Thing] = field(default_factory=dict)
    due: list[Logged] = field(default_factory=list)
    _touched: dict[int, None] = field(default_factory=dict)
    _times: list[int] = field(default_factory=list)  # of what is due, as far as acts have ended

    # What is in it

    def numbers_in(self, folder: int) -> list[int]:
        return sorted(number for number, each in self.items.items() if each.folder == folder)

    def counts(self, folder: int) -> tuple[int, int, int]:
        """TotalCount, UnreadCount and ChildFolderCount."""
        here = [self.items[number] for number in self.numbers_in(folder)]
        children = [one for one, parent in self.parents.items() if parent == folder != one]
        return len(here), sum(not each.is_read for each in here), len(children)

    def around(self, folder: int) -> list[int]:
        """A folder and those around it, up to the root."""
        above = [folder]
        while self.parents[above[-1]] != above[-1]:
            above.append(self.parents[above[-1]])
        return above

    def below(self, folder: int) -> list[int]:
        """Folders in a folder, deepest last, and in the order in which they were made."""
        levels = [[folder]]
        while levels[-1]:
            around = set(levels[-1])
            levels.append(
                sorted(one for one, up in self.parents.items() if up in around and one != up)
            )
        return [one for level in levels[1:] for one in level]

    @property
    def own_folders(self) -> list[int]:
        """Those that clients made and that are not deleted."""
        made = [one for one in self.parents if one > len(NUMBERS)]
        return [one for one in made if self.is_seen(one)]

    def is_seen(self, folder: int) -> bool:
        """Whether a folder is not among what was soft-deleted."""
        return _RECOVERABLE_ROOT not in self.around(folder)

    # What happens to items

    def made(self, number: int, thing: Thing, *, is_new_mail: bool = False) -> None:
        self.items[number] = thing
        self._log(EventType.CREATED, number)
        if is_new_mail:
            self._log(EventType.NEW_MAIL, number)
        self._log_free_busy(number)
        self._touch(thing.folder)

    def changed(self, number: int, thing: Thing) -> None:
        self.items[number] = thing
        self._log(EventType.MODIFIED, number)
        self._log_free_busy(number)
        self._touch(thing.folder)

    def moved(self, pairs: Iterable[tuple[int, int]], folder: int) -> None:
        for old, new in pairs:
            was = self.items.pop(old)
            self.items[new] = replace(was, folder=folder)
            self._log(EventType.MOVED, new, old, was.folder)
            self._log_free_busy(new)
            self._touch(was.folder, folder)

    def copied(self, source: int, number: int, folder: int) -> None:
        thing = self.items[source]
        self.items[number] = replace(thing, folder=folder)
        self._log(EventType.COPIED, number, source, thing.folder)
        self._log_free_busy(number)
        self._touch(folder)

    def deleted(self, number: int, soft_deleted_as: int | None = None) -> None:
        self._log(EventType.DELETED, number)
        self._log_free_busy(number)
        thing = self.items.pop(number)
        self._touch(thing.folder)
        if soft_deleted_as is not None:
            self.items[soft_deleted_as] = replace(thing, folder=RECOVERABLE)
            self._touch(RECOVERABLE)

    # What happens to folders

    def folder_made(self, number: int, parent: int, name: str) -> None:
        self.parents[number], self.names[number] = parent, name
        self._log_folder(EventType.CREATED, number)
        self._touch(parent)

    def folder_renamed(self, number: int, name: str) -> None:
        self.names[number] = name
        self._log_folder(EventType.MODIFIED, number, unread_count=self.counts(number)[1])

    def folder_copied(self, source: int, number: int, parent: int) -> None:
        self.parents[number], self.names[number] = parent, self.names[source]
        self.due.append(
            Logged(EventType.COPIED, True, number, parent, source, self.parents[source])
        )
        self._touch(parent)

    def folder_moved(self, number: int, parent: int, name: str) -> None:
        was = self.parents[number]
        self.parents[number], self.names[number] = parent, name
        self.due.append(Logged(EventType.MOVED, True, number, parent, number, was))
        self._touch(was, parent)

    def folder_soft_deleted(self, number: int, name: str) -> None:
        self._log_folder(EventType.DELETED, number)
        self._touch(self.parents[number], RECOVERABLE)
        self.parents[number], self.names[number] = RECOVERABLE, name

    def folder_deleted(self, number: int) -> None:
        for one in [*reversed(self.below(number)), number]:
            self._log_folder(EventType.DELETED, one)
            for each in self.numbers_in(one):
                del self.items[each]
        self._touch(self.parents[number])
        for one in [*self.below(number), number]:
            del self.parents[one], self.names[one]
            self._touched.pop(one, None)

    # Events

    def settled(self, at_s: int) -> None:
        """The end of an act: each folder that it touched is told of, in the order of touch."""
        for folder in self._touched:
            unread = self.counts(folder)[1]
            self._log_folder(EventType.MODIFIED, folder, unread_count=unread)
        self._touched.clear()
        self._times += [at_s] * (len(self.due) - len(self._times))

    def take_due(self) -> list[tuple[int, Logged]]:
        """The events since the last time, each with its TimeStamp."""
        due = list(zip(self._times, self.due, strict=True))
        self._times, self.due = [], []
        return due

    def _log(
        self,
        type: EventType,
        number: int,
        old: int | None = None,
        old_folder: int | None = None,
    ) -> None:
        folder = self.items[number].folder
        self.due.append(Logged(type, False, number, folder, old, old_folder))

    def _log_free_busy(self, number: int) -> None:
        if self.items[number].is_event:
            self._log(EventType.FREE_BUSY_CHANGED, number)

    def _log_folder(self, type: EventType, folder: int, unread_count: int | None = None) -> None:
        self.due.append(Logged(type, True, folder, self.parents[folder], unread_count=unread_count))

    def _touch(self, *folders: int) -> None:
        self._touched |= dict.fromkeys(folders)


class WatchingClient:
    """Knows a mailbox's content by its events alone."""

    def __init__(self, parents: dict[int, int], content: dict[int, set[int]]) -> None:
        self.parents = dict(parents)
        self.content = {folder: set(numbers) for folder, numbers in content.items()}

    def copy(self) -> "WatchingClient":
        return WatchingClient(self.parents, self.content)

    def watch(self, events: Iterable[Event]) -> None:
        for event in events:
            if event.is_folder:
                self._watch_folder(event)
            else:
                self._watch_item(event)

    def _watch_item(self, event: Event) -> None:
        match event.type:
            case EventType.CREATED | EventType.COPIED:
                self._in(event.parent).add(event.object)
            case EventType.MOVED:
                assert event.old_parent is not None
                self._in(event.old_parent).discard(event.old_object or 0)
                self._in(event.parent).add(event.object)
            case EventType.DELETED:
                self._in(event.parent).discard(event.object)

    def _watch_folder(self, event: Event) -> None:
        match event.type:
            case EventType.CREATED | EventType.COPIED | EventType.MOVED:
                self.parents[event.object] = event.parent
            case EventType.DELETED:
                self._forget(event.object)

    def _forget(self, folder: int) -> None:
        self.content.pop(folder, None)
        self.parents.pop(folder, None)
        for one in [one for one, parent in self.parents.items() if parent == folder]:
            self._forget(one)

    def _in(self, folder: int) -> set[int]:
        return self.content.setdefault(folder, set())


class SynchronizingClient:
    """Knows the content of a folder by SyncFolderItems alone, and watches that it is used well."""

    def __init__(self, mailbox: int, folder: int) -> None:
        self.mailbox = mailbox
        self.folder = folder
        self.state: str | None = None
        self.items: dict[int, Item] = {}
        self._came: set[int] = set()
        self._went: set[int] = set()

    def copy(self) -> "SynchronizingClient":
        copied = SynchronizingClient(self.mailbox, self.folder)
        copied.state, copied.items = self.state, dict(self.items)
        copied._came, copied._went = set(self._came), set(self._went)
        return copied

    def read(self, tx: Transaction, most: int) -> tuple[int, bool]:
        """One call: how many changes came, and IncludesLastItemInRange."""
        state: SyncState | None = None
        if self.state is not None:
            state = item_sync_state.decode(self.mailbox, self.state)
        done = sync_items(tx, self.mailbox, self.folder, state, most)
        assert len(done.changes) <= most
        for change in done.changes:
            self._apply(change)
        self.state = item_sync_state.encode(self.mailbox, done.state)
        return len(done.changes), done.includes_last

    def catch_up(self, tx: Transaction, most: int) -> None:
        """Read the round that was begun, and one more; then there is nothing left."""
        for _ in range(2):
            while not self.read(tx, most)[1]:
                pass
        assert self.read(tx, most) == (0, True)
        assert self.items == {
            item.number: item
            for item in items.in_folder(tx, self.mailbox, self.folder, 0, 1_000_000)
        }

    def _apply(self, change: ItemChange) -> None:
        number, item = change.number, change.item
        assert number not in self._went, "nothing comes after the end of an item"
        if change.type is ChangeType.DELETE:
            # It may have been gone before its coming was told.
            assert item is None
            self._went.add(number)
            self.items.pop(number, None)
            return
        assert item is not None
        assert (item.number, item.folder_number) == (number, self.folder)
        if change.type is ChangeType.CREATE:
            assert number not in self._came, "an item comes once"
            self._came.add(number)
            self.items[number] = item
            return
        assert number in self.items, "an item comes before it is changed"
        if change.type is ChangeType.UPDATE:
            self.items[number] = item
        else:  # the read flag and the change key are all that is told
            self.items[number] = replace(
                self.items[number],
                is_read=item.is_read,
                change=item.change,
                modified_at_s=item.modified_at_s,
            )


def several(some: Sequence[int], picks: Iterable[int]) -> list[int]:
    """Some of the numbers, each once."""
    return list(dict.fromkeys(some[pick % len(some)] for pick in picks)) if some else []
