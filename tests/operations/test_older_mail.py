"""Mail of a version that kept messages and read nothing of them."""

from pathlib import Path

from sqlalchemy import create_engine, text

from ewspush.operations import mail
from ewspush.operations.items.attachments import attachments_of
from ewspush.operations.older_mail import read_older_mail
from ewspush.store import folders, items, migrations
from ewspush.store.database import Database
from ewspush.store.migrations import steps
from support.checks_for_store import NOW_S, current, new_mailbox, rows

MESSAGE = (
    b"From: Ann <ann@example.org>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n"
    b"Content-Type: application/pdf; name=a.pdf\r\n\r\nPDF\r\n"
)
INBOX = 3


def test_it_looks_like_mail_that_came_today(database: Database) -> None:
    mailbox = new_mailbox(database)
    with database.write() as tx:
        for n in range(250):
            mail.deliver(tx, mailbox.address, MESSAGE, NOW_S + n)
        today = items.in_folder(tx, mailbox.id, INBOX, 0, 1000)
        tx.connection.execute(text("DELETE FROM attachments"))
        tx.connection.execute(
            text("UPDATE items SET properties = '', subject = NULL, has_attachments = false")
        )
    before = current(database, mailbox)
    assert read_older_mail(database, NOW_S + 1000) == 250
    with database.read() as tx:
        assert items.in_folder(tx, mailbox.id, INBOX, 0, 1000) == today
        (attachment,) = attachments_of(tx, mailbox.id, today[0])
        assert attachment.name == "a.pdf"
    assert current(database, mailbox) == before
    assert read_older_mail(database, NOW_S) == 0


def test_the_database_of_the_first_version_is_taken_over(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ewspush.db'}"
    engine = create_engine(url)
    with engine.begin() as connection:
        steps.take(migrations.FOLDER, connection, "ewspush_0001")
        for statement in _OLD:
            connection.execute(text(statement), {"content": MESSAGE})
    engine.dispose()
    database = Database.open(url)
    assert read_older_mail(database, NOW_S) == 1
    with database.write() as tx:
        (item,) = items.in_folder(tx, 7, INBOX, 0, 10)
        assert (item.subject, item.has_attachments, item.is_read) == ("Grüße", True, True)
        assert (item.number, item.received_at_s, item.change) == (19, 5, 19)
        mail.deliver(tx, "user@example.org", MESSAGE, NOW_S)
        inbox = folders.by_number(tx, 7, INBOX)
        assert inbox is not None
        assert (inbox.total_count, inbox.unread_count) == (2, 1)
        assert inbox.change > 40
        assert len(rows(tx, "SELECT 1 FROM items")) == 2
    database.close()


_OLD = (
    "INSERT INTO mailboxes VALUES (7, 1, 'user@example.org', '-', 1, 20, 9, 0, 0)",
    "INSERT INTO folders VALUES (7, 2, NULL, 'msgfolderroot', 'Top', NULL, 0, 0, 1, 1, 1)",
    "INSERT INTO folders VALUES (7, 3, 2, 'inbox', 'Inbox', 'IPF.Note', 1, 0, 0, 40, 1)",
    "INSERT INTO items VALUES (7, 19, 3, 5, 90, true, 2, 1)",
    "INSERT INTO mime_contents VALUES (7, 19, :content, 1)",
)
