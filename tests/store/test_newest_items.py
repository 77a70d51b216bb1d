"""The items of a mailbox, the newest first."""

from ewspush.operations import mail
from ewspush.store.newest_items import newest_first
from support.checks_for_store import NOW_S, new_mailbox


def test_items_of_all_folders_come_newest_first_and_in_pages(database):
    mailbox, other = new_mailbox(database), new_mailbox(database, "other")
    with database.write() as tx:
        for n in range(5):
            mail.deliver(tx, mailbox.address, mail.read(b"Subject: %d\r\n\r\n" % n), NOW_S)
        mail.deliver(tx, other.address, mail.read(b"Subject: other\r\n\r\n"), NOW_S)
    with database.read() as tx:
        first = newest_first(tx, mailbox.id, None, 3)
        second = newest_first(tx, mailbox.id, first[-1].number, 3)
        assert newest_first(tx, mailbox.id, second[-1].number, 3) == []
    assert [each.subject for each in first + second] == ["4", "3", "2", "1", "0"]
    assert first[0].properties
