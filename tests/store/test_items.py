"""Items, and their MIME content byte for byte."""

import pytest

from ewspush.core.folders import DISTINGUISHED_FOLDERS
from ewspush.store import items
from ewspush.store.database import Database
from ewspush.store.mailboxes import Mailbox
from support.checks_for_store import NOW_S, new_mailbox, rows, shards

INBOX = 3


@pytest.fixture
def mailbox(database: Database) -> Mailbox:
    return new_mailbox(database)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"Subject: one\r\n\r\nText\r\n", id="a message"),
        pytest.param(b"", id="nothing"),
        pytest.param(bytes(range(256)) * 2, id="every octet"),
        pytest.param(b"\x00" * 5, id="NULs"),
        pytest.param(b"a\rb\nc\r\nd", id="line ends of every kind"),
        pytest.param("Grüße".encode() + "Grüße".encode("latin-1"), id="two encodings"),
        pytest.param(b"x" * 3_000_000, id="large"),
    ],
)
def test_a_message_is_kept_byte_for_byte(
    database: Database, mailbox: Mailbox, content: bytes
) -> None:
    with database.write() as tx:
        number = items.insert_message(tx, mailbox.id, INBOX, content, NOW_S)
    with database.read() as tx:
        found = items.mime_content(tx, mailbox.id, number)
        (row,) = rows(tx, "SELECT * FROM items")
        assert not shards(tx, mailbox.id)
    assert type(found) is bytes
    assert found == content
    assert (row.folder_number, row.size, row.received_at_s) == (INBOX, len(content), NOW_S)
    assert not row.is_read


def test_items_have_numbers_that_no_folder_has(database: Database, mailbox: Mailbox) -> None:
    with database.write() as tx:
        numbers = [items.insert_message(tx, mailbox.id, INBOX, b"", NOW_S) for _ in range(3)]
    first = len(DISTINGUISHED_FOLDERS) + 1
    assert numbers == [first, first + 1, first + 2]


def test_the_content_of_what_is_not_there_is_none(database: Database, mailbox: Mailbox) -> None:
    with database.write() as tx:
        number = items.insert_message(tx, mailbox.id, INBOX, b"x", NOW_S)
    with database.read() as tx:
        assert items.mime_content(tx, mailbox.id, number + 1) is None
        assert items.mime_content(tx, mailbox.id + 1, number) is None
        assert items.mime_content(tx, mailbox.id, INBOX) is None
