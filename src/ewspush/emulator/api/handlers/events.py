"""The event log: what is in it, and events that are put there although nothing happened."""

from ewspush.core import watermark
from ewspush.core.events import Event as LoggedEvent
from ewspush.core.events import EventType
from ewspush.core.ids import Kind
from ewspush.emulator.api.finding import folder_in, journal_of, mailbox_at, number_of
from ewspush.emulator.api.models.common import Nothing, moment
from ewspush.emulator.api.models.events import Event, EventQuery, Events, NewEvent
from ewspush.emulator.api.routing import Call
from ewspush.emulator.api.surroundings import Surroundings
from ewspush.emulator.emulator import Emulator
from ewspush.operations.journal import Journal
from ewspush.store import event_log, folders
from ewspush.store.event_log import Happened, Window
from ewspush.store.mailboxes import Mailbox
from ewspush.wire import ids


async def list_events(around: Surroundings, call: Call[EventQuery, Nothing]) -> Events:
    emulator, address = around.emulator, call.path["address"]
    return await emulator.in_thread(_list, emulator, address, call.query)


def _list(emulator: Emulator, address: str, query: EventQuery) -> Events:
    with emulator.database.read() as tx:
        owner = mailbox_at(tx, address)
        after = min(max(query.after, owner.floor), owner.head)
        (excerpt,) = event_log.read(tx, [Window(owner.id, after, query.limit)])
    assert excerpt is not None, "the mailbox is there"
    if excerpt.bad_row is not None:
        raise RuntimeError(excerpt.bad_row)
    told = [_told(owner, each) for each in excerpt.events]
    return Events(events=told, head=excerpt.head, floor=excerpt.floor)


async def log_event(around: Surroundings, call: Call[Nothing, NewEvent]) -> Event:
    emulator, address = around.emulator, call.path["address"]
    return await emulator.in_thread(_log, emulator, address, call.body)


def _log(emulator: Emulator, address: str, new: NewEvent) -> Event:
    with journal_of(emulator, address) as journal:
        happened = _happened(journal, new)
        (event,) = event_log.append(journal.tx, journal.mailbox, [happened])
        return _told(journal.owner, event)


def _happened(journal: Journal, new: NewEvent) -> Happened:
    old_parent = None
    if new.old_folder is not None:
        old_parent = folder_in(journal.tx, journal.mailbox, new.old_folder, "old_folder").number
    return Happened(
        EventType.from_element(new.type),
        journal.now_s,
        new.folder_event,
        _object(journal, new, new.id, "id") or journal.number(),
        folder_in(journal.tx, journal.mailbox, new.folder, "folder").number,
        _object(journal, new, new.old_id, "old_id"),
        old_parent,
        new.unread_count,
    )


def _object(journal: Journal, new: NewEvent, given: str | None, field: str) -> int | None:
    """The number of what an event is of, which may be gone."""
    if given is None:
        return None
    if new.folder_event:
        named = folders.by_name(journal.tx, journal.mailbox, given.lower())
        if named is not None:
            return named.number
    kind = Kind.FOLDER if new.folder_event else Kind.ITEM
    return number_of(journal.mailbox, given, kind, field)


def _told(owner: Mailbox, event: LoggedEvent) -> Event:
    kind = Kind.FOLDER if event.is_folder else Kind.ITEM
    old, old_parent = event.old_object, event.old_parent
    return Event.model_validate(
        {
            "sequence": event.sequence,
            "watermark": watermark.encode(owner.watermark_base, event.sequence),
            "type": event.type.element,
            "at": moment(event.at_s),
            "folder_event": event.is_folder,
            "id": ids.encode(kind, owner.id, event.object),
            "parent_id": ids.encode(Kind.FOLDER, owner.id, event.parent),
            "old_id": None if old is None else ids.encode(kind, owner.id, old),
            "old_parent_id": (
                None if old_parent is None else ids.encode(Kind.FOLDER, owner.id, old_parent)
            ),
            "unread_count": event.unread_count,
        }
    )
