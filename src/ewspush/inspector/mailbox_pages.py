"""Pages about mailboxes: which there are, the event log of one, its messages and their headers."""

from collections.abc import Mapping
from typing import Any

from ewspush.control.subscription_records import time_text
from ewspush.core import addresses, watermark
from ewspush.core.accounts import AccountStatus
from ewspush.core.errors import EwsError
from ewspush.core.events import Event
from ewspush.core.ids import Kind
from ewspush.inspector.requests import NotFound, number_of
from ewspush.inspector.surroundings import PAGE, Page, Surroundings
from ewspush.mail import fields
from ewspush.store import (
    accounts,
    contents,
    event_log,
    folders,
    items,
    mailboxes,
    newest_items,
    subscription_search,
)
from ewspush.store.database import Transaction
from ewspush.store.event_log import Window
from ewspush.store.items import Item
from ewspush.store.mailboxes import Mailbox
from ewspush.wire import ids

_LONGEST = 300  # characters of a subject or an address
_LONGEST_VALUE = 4000  # characters of a header field
_CURSORS = 20  # subscriptions whose place in the log is shown

Row = dict[str, Any]


def listing(around: Surroundings, query: Mapping[str, str]) -> Page:
    """The mailboxes in the order in which they were created, or the one that is looked for."""
    search = query.get("q", "").strip()[:_LONGEST]
    after = number_of(query.get("after")) or 0
    with around.database.read() as tx:
        if search:
            one = _by_address(tx, search)
            found = [one] if one else []
        else:
            found = mailboxes.after(tx, after, PAGE + 1)
    values = {
        "rows": [
            {
                "address": each.address,
                "created_at": time_text(each.created_at_s),
                "disabled_at": time_text(each.disabled_at_s),
                "head": each.head,
                "kept": each.head - each.floor,
            }
            for each in found[:PAGE]
        ],
        "search": search,
        "following": found[PAGE - 1].id if len(found) > PAGE else None,
        "is_first": not after,
    }
    return Page("mailboxes.html", values, follows={})


def _by_address(tx: Transaction, address: str) -> Mailbox | None:
    try:
        local_part, _, domain = addresses.normalize(address).rpartition("@")
    except addresses.InvalidAddress:
        return None
    account = accounts.by_address(tx, domain, local_part)
    if account is None or account.status is AccountStatus.DELETED:
        return None
    return mailboxes.by_id(tx, account.mailbox_id)


def _find(tx: Transaction, address: str) -> Mailbox:
    found = _by_address(tx, address)
    if found is None:
        raise NotFound(f"There is no mailbox {address[:_LONGEST]}.")
    return found


def _follows(owner: Mailbox) -> Mapping[str, str]:
    return {"mailbox": str(owner.id)}


def events(around: Surroundings, query: Mapping[str, str], address: str) -> Page:
    """The event log, newest first, and how far each subscription has acknowledged it."""
    before = number_of(query.get("before"))
    with around.database.read() as tx:
        owner = _find(tx, address)
        through = owner.head if before is None else min(before - 1, owner.head)
        after = max(owner.floor, through - PAGE)
        excerpt = None
        if through > after:
            (excerpt,) = event_log.read(tx, [Window(owner.id, after, through - after)])
        names = _folder_names(tx, owner.id)
        cursors = _cursors(tx, owner.id, after, through)
    logged = excerpt.events if excerpt else []
    values = {
        "owner": _owner(owner),
        "tab": "events",
        "rows": [_event(owner, each, names, cursors) for each in reversed(logged)],
        "bad_row": excerpt.bad_row if excerpt else None,
        "head": owner.head,
        "floor": owner.floor,
        "older": after + 1 if after > owner.floor else None,
        "is_newest": through == owner.head,
    }
    return Page("events.html", values, _follows(owner))


def _owner(owner: Mailbox) -> Row:
    return {"address": owner.address, "disabled_at": time_text(owner.disabled_at_s)}


def _folder_names(tx: Transaction, mailbox: int) -> dict[int, str]:
    return {each.number: each.display_name for each in folders.of_mailbox(tx, mailbox)}


def _cursors(tx: Transaction, mailbox: int, after: int, through: int) -> dict[int, list[str]]:
    """The ids of live subscriptions by the sequences that they acknowledged last."""
    cursors: dict[int, list[str]] = {}
    found = subscription_search.positions(tx, mailbox, after, through, _CURSORS)
    for number, acknowledged in found:
        id = ids.encode(Kind.SUBSCRIPTION, mailbox, number)
        cursors.setdefault(acknowledged, []).append(id)
    return cursors


def _event(
    owner: Mailbox, event: Event, names: Mapping[int, str], cursors: Mapping[int, list[str]]
) -> Row:
    kind = Kind.FOLDER if event.is_folder else Kind.ITEM
    return {
        "sequence": event.sequence,
        "watermark": watermark.encode(owner.watermark_base, event.sequence),
        "type": event.type.element,
        "at": time_text(event.at_s),
        "is_folder": event.is_folder,
        "id": ids.encode(kind, owner.id, event.object),
        "name": names.get(event.object) if event.is_folder else None,
        "parent": names.get(event.parent, "a folder that is gone"),
        "old_parent": None
        if event.old_parent is None
        else names.get(event.old_parent, "a folder that is gone"),
        "unread_count": event.unread_count,
        "cursors": cursors.get(event.sequence, ()),
    }


def messages(around: Surroundings, query: Mapping[str, str], address: str) -> Page:
    """The items of all folders, the newest first."""
    before = number_of(query.get("before"))
    with around.database.read() as tx:
        owner = _find(tx, address)
        found = newest_items.newest_first(tx, owner.id, before, PAGE + 1)
        names = _folder_names(tx, owner.id)
    values = {
        "owner": _owner(owner),
        "tab": "messages",
        "rows": [_message(owner, each, names) for each in found[:PAGE]],
        "older": found[PAGE - 1].number if len(found) > PAGE else None,
        "is_newest": before is None,
    }
    return Page("messages.html", values, _follows(owner))


def _message(owner: Mailbox, item: Item, names: Mapping[int, str]) -> Row:
    return {
        "id": ids.encode(Kind.ITEM, owner.id, item.number),
        "subject": (item.subject or "")[:_LONGEST],
        "folder": names.get(item.folder_number, "a folder that is gone"),
        "received_at": time_text(item.received_at_s),
        "is_read": item.is_read,
        "size": item.size,
        "item_class": item.item_class,
        "has_attachments": item.has_attachments,
    }


def message(around: Surroundings, _query: Mapping[str, str], address: str, id: str) -> Page:
    """A message with all its Internet headers, in their order. Its body is nobody else's."""
    with around.database.read() as tx:
        owner = _find(tx, address)
        item = _find_item(tx, owner, id)
        mime = contents.mime(tx, owner.id, item.content_number)
        names = _folder_names(tx, owner.id)
    values = {
        "owner": _owner(owner),
        "tab": "messages",
        "message": _message(owner, item, names),
        "headers": None if mime is None else _headers(mime),
        "most_headers": fields.MAX_FIELDS,
    }
    return Page("message.html", values)


def _find_item(tx: Transaction, owner: Mailbox, id: str) -> Item:
    try:
        wanted = ids.decode(id)
    except EwsError:
        raise NotFound("There is no such message: that is not an id of ewspush.") from None
    item = None
    if wanted.kind is Kind.ITEM and wanted.mailbox == owner.id:
        item = items.by_number(tx, owner.id, wanted.number)
    if item is None:
        raise NotFound("There is no such message in this mailbox: moved or deleted, perhaps.")
    return item


def _headers(mime: bytes) -> list[tuple[str, str]]:
    # Nothing but CR ends the lines of a message without LF.
    content = mime if b"\n" in mime else mime.replace(b"\r", b"\n")
    found, _ = fields.read(content, 0)
    return [(name[:_LONGEST], value[:_LONGEST_VALUE]) for name, value in found.texts()]
