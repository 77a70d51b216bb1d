"""What an operation does to a mailbox: counts are kept true, and what happened is logged."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ewspush.core.errors import AccountDisabled
from ewspush.core.events import EventType
from ewspush.store import event_log, folders, mailboxes
from ewspush.store.database import Transaction
from ewspush.store.event_log import Happened
from ewspush.store.folders import Folder
from ewspush.store.items import Item

_CALENDAR_CLASS = "ipm.appointment"


@dataclass(slots=True)
class _Touched:
    """What becomes of a folder's counts."""

    total: int = 0
    unread: int = 0
    child_folders: int = 0


class Journal:
    """The changes of one operation to one mailbox, whose row it locks: it is the only writer.

    Acts are gathered until `settle`. It logs them in their order, and after them one ModifiedEvent
    with UnreadCount for each folder whose content they changed, in the order in which they touched
    it. All events of a journal have one TimeStamp. Which events an act is: docs/events.md.

    Raises AccountDisabled for a mailbox that was disabled since somebody looked, or is gone, unless
    what is done is nobody's use of it (`even_if_disabled`).
    """

    def __init__(
        self, tx: Transaction, mailbox: int, now_s: int, *, even_if_disabled: bool = False
    ) -> None:
        self.tx = tx
        self.mailbox = mailbox
        self.now_s = now_s
        owner = mailboxes.lock(tx, mailbox)
        if owner is None or (owner.disabled_at_s is not None and not even_if_disabled):
            raise AccountDisabled
        self.owner = owner
        self._happened: list[Happened] = []
        self._touched: dict[int, _Touched] = {}

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """One act, settled at its end; it has no effect if it raises."""
        try:
            with self.tx.attempt():
                yield
                self.settle()
        except BaseException:
            self._touched, self._happened = {}, []
            raise

    def number(self) -> int:
        """A number for something new, or for a change."""
        return self.numbers(1)[0]

    def numbers(self, count: int) -> range:
        """That many numbers."""
        return mailboxes.take_numbers(self.tx, self.mailbox, count)

    def item_created(self, item: Item, *, is_new_mail: bool = False) -> None:
        """An item came to be."""
        self._item(EventType.CREATED, item)
        if is_new_mail:
            self._item(EventType.NEW_MAIL, item)
        self._free_busy_changed(item)
        self._count(item, 1)

    def item_modified(self, old: Item, new: Item) -> None:
        """Properties of an item changed, its IsRead perhaps."""
        self._item(EventType.MODIFIED, new)
        self._free_busy_changed(new)
        self._folder(new.folder_number).unread += new.unread_count - old.unread_count

    def item_moved(self, old: Item, new: Item) -> None:
        """An item went to another folder, and got another number."""
        self._item(EventType.MOVED, new, old)
        self._free_busy_changed(new)
        self._count(old, -1)
        self._count(new, 1)

    def item_copied(self, source: Item, copy: Item) -> None:
        """An item was copied."""
        self._item(EventType.COPIED, copy, source)
        self._free_busy_changed(copy)
        self._count(copy, 1)

    def item_deleted(self, item: Item) -> None:
        """An item is gone, or soft-deleted, which Exchange 2010 logs in the same way."""
        self._item(EventType.DELETED, item)
        self._free_busy_changed(item)
        self._count(item, -1)

    def item_soft_deleted(self, old: Item, new: Item) -> None:
        """An item went where only those find it who look for it: for others it is deleted."""
        self.item_deleted(old)
        self._count(new, 1)

    def _item(self, type: EventType, item: Item, old: Item | None = None) -> None:
        self._happened.append(
            Happened(
                type,
                self.now_s,
                False,
                item.number,
                item.folder_number,
                old.number if old else None,
                old.folder_number if old else None,
            )
        )

    def _free_busy_changed(self, item: Item) -> None:
        if item.item_class.lower().startswith(_CALENDAR_CLASS):
            self._item(EventType.FREE_BUSY_CHANGED, item)

    def _count(self, item: Item, sign: int) -> None:
        touched = self._folder(item.folder_number)
        touched.total += sign
        touched.unread += sign * item.unread_count

    def folder_created(self, folder: Folder) -> None:
        """A folder came to be."""
        self._log_folder(EventType.CREATED, folder)
        self._count_folder(folder, 1)

    def folder_modified(self, folder: Folder) -> None:
        """Properties of a folder changed."""
        self._log_folder(EventType.MODIFIED, folder, unread_count=folder.unread_count)

    def folder_moved(self, old: Folder, new: Folder) -> None:
        """A folder went under another one. It keeps its number."""
        self._log_folder(EventType.MOVED, new, old)
        self._count_folder(old, -1)
        self._count_folder(new, 1)

    def folder_copied(self, source: Folder, copy: Folder) -> None:
        """A folder was copied, its content included."""
        self._log_folder(EventType.COPIED, copy, source)
        self._count_folder(copy, 1)

    def folder_deleted(self, folder: Folder, *, is_top: bool = True) -> None:
        """A folder is gone. If its parent went with it (`is_top` false), nothing is counted."""
        self._log_folder(EventType.DELETED, folder)
        self._touched.pop(folder.number, None)
        if is_top:
            self._count_folder(folder, -1)

    def folder_soft_deleted(self, old: Folder, new: Folder) -> None:
        """A folder went where only those find it who look for it: for others it is deleted."""
        self._log_folder(EventType.DELETED, old)
        self._count_folder(old, -1)
        self._count_folder(new, 1)

    def _log_folder(
        self,
        type: EventType,
        folder: Folder,
        old: Folder | None = None,
        unread_count: int | None = None,
    ) -> None:
        self._happened.append(
            Happened(
                type,
                self.now_s,
                True,
                folder.number,
                _parent(folder),
                old.number if old else None,
                _parent(old) if old else None,
                unread_count,
            )
        )

    def _count_folder(self, folder: Folder, sign: int) -> None:
        self._folder(_parent(folder)).child_folders += sign

    def _folder(self, number: int) -> _Touched:
        return self._touched.setdefault(number, _Touched())

    def flush(self) -> None:
        """Write the events so far, for an act of many. Counts wait for `settle`."""
        event_log.append(self.tx, self.mailbox, self._happened)
        self._happened = []

    def settle(self) -> None:
        """Write the counts and the events of the acts since the last time."""
        changes = self.numbers(len(self._touched)) if self._touched else ()
        for (number, touched), change in zip(self._touched.items(), changes, strict=True):
            folder = folders.add_to_counts(
                self.tx,
                self.mailbox,
                number,
                change,
                touched.total,
                touched.unread,
                touched.child_folders,
            )
            self.folder_modified(folder)
        self.flush()
        self._touched = {}


def _parent(folder: Folder) -> int:
    # The root is its own parent, as in MAPI (PidTagParentEntryId).
    return folder.number if folder.parent_number is None else folder.parent_number
