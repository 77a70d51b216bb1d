"""Mail that an older version took in: it kept the messages, and read nothing of them."""

from dataclasses import replace

from ewspush.operations.items.creation import store_attachments
from ewspush.operations.items.parts import Parts
from ewspush.operations.journal import Journal
from ewspush.store import contents, items
from ewspush.store.database import Database
from ewspush.store.items import Item

_AT_ONCE = 100


def read_older_mail(database: Database, now_s: int) -> int:
    """Give such messages their properties and attachments, and return how many there were.

    Clients are told of no change: they could see nothing of it before.
    """
    count = 0
    while True:
        with database.write() as tx:
            some = items.unread_messages(tx, _AT_ONCE)
            for mailbox, item in some:
                _read(Journal(tx, mailbox, now_s, even_if_disabled=True), item)
        count += len(some)
        if not some:
            return count


def _read(journal: Journal, item: Item) -> None:
    content = contents.mime(journal.tx, journal.mailbox, item.content_number)
    parts = Parts.of_mime(content or b"")
    store_attachments(journal, item.content_number, parts.attachments)
    read = replace(
        item,
        subject=parts.values.get("Subject"),
        has_attachments=parts.has_attachments,
        properties=parts.properties,
    )
    items.update_items(journal.tx, journal.mailbox, [(item.number, read)])
