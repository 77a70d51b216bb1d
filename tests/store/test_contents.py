"""Contents of items: MIME byte for byte, bodies, attachments."""

import pytest

from ewspush.store import contents
from ewspush.store.contents import Attachment, Body
from ewspush.store.database import Database
from ewspush.store.mailboxes import Mailbox
from support.checks_for_store import NOW_S, new_mailbox, shards


@pytest.fixture
def mailbox(database: Database) -> Mailbox:
    return new_mailbox(database)


def attachment(number: int, content_number: int, part: int | None = None) -> Attachment:
    return Attachment(
        number=number,
        content_number=content_number,
        name="Übersicht.pdf",
        content_type="application/pdf",
        content_id=None,
        content_location=None,
        is_inline=False,
        is_item=False,
        size=3,
        modified_at_s=NOW_S,
        part=part,
    )


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
        contents.insert_mime(tx, mailbox.id, 50, content)
    with database.read() as tx:
        found = contents.mime(tx, mailbox.id, 50)
        assert not shards(tx, mailbox.id)
        assert contents.mime(tx, mailbox.id, 51) is None
        assert contents.mime(tx, mailbox.id + 1, 50) is None
    assert type(found) is bytes
    assert found == content


def test_a_body_is_set_changed_and_removed(database: Database, mailbox: Mailbox) -> None:
    seen = []
    for body in (Body("HTML", "<p>ä</p>"), Body("Text", ""), None):
        with database.write() as tx:
            contents.put_body(tx, mailbox.id, 50, body)
        with database.read() as tx:
            seen.append(contents.body(tx, mailbox.id, 50))
            assert not shards(tx, mailbox.id)
    assert seen == [Body("HTML", "<p>ä</p>"), Body("Text", ""), None]


def test_attachments_are_listed_without_and_read_with_their_content(
    database: Database, mailbox: Mailbox
) -> None:
    own, in_message = attachment(61, 50), attachment(60, 50, part=2)
    with database.write() as tx:
        contents.insert_attachments(
            tx, mailbox.id, [(own, b"PDF"), (in_message, None), (attachment(62, 51), b"")]
        )
        contents.insert_attachments(tx, mailbox.id, [])
    with database.read() as tx:
        assert contents.attachments_of(tx, mailbox.id, 50) == [in_message, own]
        found = contents.attachments_of_several(tx, mailbox.id, [49, 50, 51])
        assert found == {50: [60, 61], 51: [62]}
        assert contents.attachment(tx, mailbox.id, 61) == own
        assert contents.attachment(tx, mailbox.id, 63) is None
        assert contents.attachment_content(tx, mailbox.id, 61) == b"PDF"
        assert contents.attachment_content(tx, mailbox.id, 60) is None
        assert not shards(tx, mailbox.id)


def test_one_attachment_is_removed(database: Database, mailbox: Mailbox) -> None:
    with database.write() as tx:
        contents.insert_attachments(tx, mailbox.id, [(attachment(n, 50), b"PDF") for n in (60, 61)])
        contents.delete_attachment(tx, mailbox.id, 60)
        assert contents.attachments_of(tx, mailbox.id, 50) == [attachment(61, 50)]


def fill(database: Database, mailbox: Mailbox, number: int) -> None:
    with database.write() as tx:
        contents.insert_mime(tx, mailbox.id, number, b"Subject: one\r\n\r\n")
        contents.put_body(tx, mailbox.id, number, Body("Text", "one"))
        rows = [(attachment(number + n, number), b"%d" % n) for n in (1, 2)]
        contents.insert_attachments(tx, mailbox.id, rows)


def test_a_copy_has_contents_of_its_own(database: Database, mailbox: Mailbox) -> None:
    fill(database, mailbox, 50)
    with database.write() as tx:
        contents.copy_contents(tx, mailbox.id, [(50, 70)], [(51, 71, 70), (52, 72, 70)])
    with database.write() as tx:
        contents.delete_contents(tx, mailbox.id, [50])
    with database.read() as tx:
        assert contents.mime(tx, mailbox.id, 50) is contents.body(tx, mailbox.id, 50) is None
        assert contents.attachments_of(tx, mailbox.id, 50) == []
        assert contents.mime(tx, mailbox.id, 70) == b"Subject: one\r\n\r\n"
        assert contents.body(tx, mailbox.id, 70) == Body("Text", "one")
        copied = contents.attachments_of(tx, mailbox.id, 70)
        assert copied == [attachment(71, 70), attachment(72, 70)]
        assert contents.attachment_content(tx, mailbox.id, 72) == b"2"
        assert not shards(tx, mailbox.id)


def test_deleting_contents_leaves_those_of_others(database: Database, mailbox: Mailbox) -> None:
    other = new_mailbox(database, "other")
    for owner, number in ((mailbox, 50), (mailbox, 60), (other, 50)):
        fill(database, owner, number)
    with database.write() as tx:
        contents.delete_contents(tx, mailbox.id, [50])
        for owner, number in ((mailbox, 60), (other, 50)):
            assert contents.mime(tx, owner.id, number) is not None
            assert contents.body(tx, owner.id, number) is not None
            assert len(contents.attachments_of(tx, owner.id, number)) == 2
