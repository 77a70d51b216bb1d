"""SyncFolderItems: what changed in a folder since a client looked last."""

from dataclasses import astuple, dataclass, replace
from enum import Enum

from ewspush.core.errors import InvalidSyncStateData
from ewspush.core.sync import SyncState
from ewspush.store import item_changes, items, mailboxes
from ewspush.store.database import Transaction
from ewspush.store.items import Item

_MOST_PROPERTIES = 16 * 1024 * 1024  # characters of the items of an answer, read at once


class ChangeType(Enum):
    """The elements of t:SyncFolderItemsChangesType."""

    CREATE = "Create"
    UPDATE = "Update"
    DELETE = "Delete"
    READ_FLAG = "ReadFlagChange"


@dataclass(frozen=True, slots=True)
class ItemChange:
    """What a client is told of one item; `item` is None if it left the folder."""

    type: ChangeType
    number: int
    item: Item | None


@dataclass(frozen=True, slots=True)
class Synchronized:
    """Changes, and where they lead."""

    changes: list[ItemChange]
    state: SyncState
    includes_last: bool


def sync_items(
    tx: Transaction, mailbox: int, folder: int, state: SyncState | None, most: int
) -> Synchronized:
    """At most `most` changes of a folder since `state`.

    Raises InvalidSyncStateData for a state of another folder, or of a time to come.
    """
    now = mailboxes.last_number(tx, mailbox)
    state = state or SyncState(folder)
    if state.folder != folder or max(astuple(state)) > now:
        raise InvalidSyncStateData
    state = state.begun(now)
    numbers = item_changes.arrived(tx, mailbox, folder, state.arrived, state.target, most + 1)
    changed: list[item_changes.Change] = []
    if len(numbers) <= most:
        left = most - len(numbers)
        changed = item_changes.changed(
            tx, mailbox, folder, state.known, state.changed, state.target, left + 1
        )
    includes_last = len(numbers) + len(changed) <= most
    numbers, changed = numbers[:most], changed[: max(0, most - len(numbers))]
    in_order = [*numbers, *(one.number for one in changed)]
    fitting = items.fitting(tx, mailbox, in_order, _MOST_PROPERTIES)
    if fitting < len(in_order):
        return sync_items(tx, mailbox, folder, state, fitting)
    told = _told(tx, mailbox, state, numbers, changed)
    return Synchronized(told, _reached(state, numbers, changed, includes_last), includes_last)


def _reached(
    state: SyncState,
    numbers: list[int],
    changed: list[item_changes.Change],
    includes_last: bool,
) -> SyncState:
    if includes_last:
        return state.done()
    if changed:
        return replace(state, arrived=state.target, changed=changed[-1].change)
    return replace(state, arrived=numbers[-1]) if numbers else state


def _told(
    tx: Transaction,
    mailbox: int,
    state: SyncState,
    numbers: list[int],
    changed: list[item_changes.Change],
) -> list[ItemChange]:
    here = [one.number for one in changed if one.content_change is not None]
    found = {item.number: item for item in items.by_numbers(tx, mailbox, [*numbers, *here])}
    told = [ItemChange(ChangeType.CREATE, number, found[number]) for number in numbers]
    for one in changed:
        if one.content_change is None:
            type = ChangeType.DELETE
        elif one.content_change <= state.told:
            type = ChangeType.READ_FLAG
        else:
            type = ChangeType.UPDATE
        told.append(ItemChange(type, one.number, found.get(one.number)))
    return told
