"""What a delivery leaves in a mailbox."""

import pytest
from sqlalchemy import text

from ewspush.core.events import Event, EventType
from ewspush.operations import mail
from ewspush.operations.mail import UnknownRecipient
from ewspush.store import contents, event_log, folders
from ewspush.store.database import Database
from ewspush.store.event_log import Window
from ewspush.store.mailboxes import Mailbox
from support.checks_for_store import (
    NOW_S,
    current,
    new_mailbox,
    on_sqlite,
    rows,
    sequences,
    threads,
)
from support.delegates import add_alias
from support.disabling import disable

MSGFOLDERROOT, INBOX, FIRST_ITEM = 2, 3, 19
MESSAGE = b"Subject: one\r\n\r\nGr\xfc\xdfe\r\n"


@pytest.fixture
def mailbox(database: Database) -> Mailbox:
    return new_mailbox(database)


def deliver(database: Database, address: str = "user@example.org", now_s: int = NOW_S) -> None:
    with database.write() as tx:
        mail.deliver(tx, address, MESSAGE, now_s)


def log(database: Database, mailbox: Mailbox) -> list[Event]:
    with database.read() as tx:
        (excerpt,) = event_log.read(tx, [Window(mailbox.id, 0, 1000)])
    assert excerpt is not None
    return excerpt.events


def counts(database: Database, mailbox: Mailbox) -> tuple[int, int]:
    with database.read() as tx:
        inbox = folders.by_number(tx, mailbox.id, INBOX)
    assert inbox is not None
    return inbox.total_count, inbox.unread_count


def test_a_delivery_is_three_events_with_one_timestamp(
    database: Database, mailbox: Mailbox
) -> None:
    deliver(database)
    assert log(database, mailbox) == [
        Event(1, EventType.CREATED, NOW_S, False, FIRST_ITEM, INBOX),
        Event(2, EventType.NEW_MAIL, NOW_S, False, FIRST_ITEM, INBOX),
        Event(3, EventType.MODIFIED, NOW_S, True, INBOX, MSGFOLDERROOT, unread_count=1),
    ]


def test_the_message_lies_in_the_inbox_byte_for_byte(database: Database, mailbox: Mailbox) -> None:
    deliver(database)
    with database.read() as tx:
        assert contents.mime(tx, mailbox.id, FIRST_ITEM) == MESSAGE
        (row,) = rows(tx, "SELECT folder_number, received_at_s, is_read FROM items")
    assert (row.folder_number, row.received_at_s, bool(row.is_read)) == (INBOX, NOW_S, False)
    assert counts(database, mailbox) == (1, 1)


def test_each_delivery_counts_on(database: Database, mailbox: Mailbox) -> None:
    for n in range(3):
        deliver(database, now_s=NOW_S + n)
    found = log(database, mailbox)
    assert [event.at_s - NOW_S for event in found] == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert [event.unread_count for event in found[2::3]] == [1, 2, 3]
    assert [event.object for event in found[::3]] == [FIRST_ITEM, FIRST_ITEM + 2, FIRST_ITEM + 4]
    assert counts(database, mailbox) == (3, 3)


def test_the_events_of_deliveries_at_once_are_not_mixed(
    database: Database, mailbox: Mailbox
) -> None:
    with threads(4) as run:
        for each in [run(deliver, database) for _ in range(12)]:
            each.result(30)
    found = log(database, mailbox)
    assert [event.sequence for event in found] == list(range(1, 37))
    assert [event.type for event in found] == [
        EventType.CREATED, EventType.NEW_MAIL, EventType.MODIFIED,
    ] * 12  # fmt: skip
    assert [event.unread_count for event in found[2::3]] == list(range(1, 13))
    assert counts(database, mailbox) == (12, 12)


@on_sqlite
@pytest.mark.parametrize("address", ["USER@example.org", "User@Example.ORG", " user@example.org"])
def test_the_case_of_an_address_does_not_matter(
    database: Database, mailbox: Mailbox, address: str
) -> None:
    deliver(database, address)
    assert sequences(database, mailbox) == [1, 2, 3]
    with database.read() as tx:
        assert mail.find_recipient(tx, address) == mailbox.id


@on_sqlite
@pytest.mark.parametrize(
    "address",
    ["nobody@example.org", "user@example.com", "user", "", "@", "us er@example.org", "\udce4@x.y"],
)
def test_a_message_for_nobody_changes_nothing(
    database: Database, mailbox: Mailbox, address: str
) -> None:
    with database.write() as tx:
        with pytest.raises(UnknownRecipient):
            mail.find_recipient(tx, address)
        with pytest.raises(UnknownRecipient):
            mail.deliver(tx, address, MESSAGE, NOW_S)
    with database.read() as tx:
        for table in ("items", "mime_contents", "events"):
            assert rows(tx, f"SELECT 1 FROM {table}") == []
    assert current(database, mailbox) == mailbox
    assert counts(database, mailbox) == (0, 0)


def test_a_message_for_an_alias_goes_to_its_mailbox(database: Database, mailbox: Mailbox) -> None:
    deliver(database, add_alias(database, mailbox, "alias").upper())
    assert counts(database, mailbox) == (1, 1)


def test_a_disabled_mailbox_gets_no_mail_by_any_of_its_addresses(
    database: Database, mailbox: Mailbox
) -> None:
    alias = add_alias(database, mailbox, "alias")
    disable(database, mailbox.id, NOW_S)
    for address in (mailbox.address, alias):
        with pytest.raises(UnknownRecipient):
            deliver(database, address)
    assert counts(database, mailbox) == (0, 0)


def test_a_mailbox_that_is_disabled_since_it_was_found_gets_no_mail(
    database: Database, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    disable(database, mailbox.id, NOW_S)
    monkeypatch.setattr(mail, "find_recipient", lambda *_: mailbox.id)
    with pytest.raises(UnknownRecipient):
        deliver(database)
    assert counts(database, mailbox) == (0, 0)


def test_a_delivery_to_one_mailbox_leaves_the_others_alone(
    database: Database, mailbox: Mailbox
) -> None:
    other = new_mailbox(database, "other")
    deliver(database)
    assert current(database, other) == other
    assert counts(database, other) == (0, 0)


def test_a_delivery_that_fails_in_the_end_leaves_nothing(
    database: Database, mailbox: Mailbox
) -> None:
    with database.write() as tx:
        tx.connection.execute(text("DROP TABLE events"))
    with pytest.raises(Exception, match="events"):
        deliver(database)
    with database.read() as tx:
        assert rows(tx, "SELECT 1 FROM items") == rows(tx, "SELECT 1 FROM mime_contents") == []
    assert current(database, mailbox) == mailbox
    assert counts(database, mailbox) == (0, 0)
