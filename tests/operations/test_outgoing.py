"""Queueing mail to recipients elsewhere, and what comes of an attempt to send it."""

from collections.abc import Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from ewspush.core.errors import InvalidRecipients, SubmissionQuotaExceeded
from ewspush.core.outgoing import Decision, Outcome, Result
from ewspush.operations import outgoing
from ewspush.operations.outgoing import RECIPIENTS, Attempt, Key, Policy
from ewspush.store import contents, event_log, folders, items, mailboxes
from ewspush.store import outgoing as queue
from ewspush.store.database import Database
from ewspush.store.mailboxes import Mailbox
from support.checks_for_store import NOW_S, new_mailbox, on_sqlite, threads, wait_until_blocked
from support.disabling import disable

DAY_S = 86_400
CONTENT = (
    b"From: user@example.org\r\nBcc: secret@example.net\r\nSubject: One\r\n"
    b"Message-ID: <1@example.org>\r\n\r\nThe text.\r\n"
)
POLICY = Policy(2 * DAY_S, "mail.example.org")
ACCEPTED = Result(Outcome.ACCEPTED, "2.0.0", "Ok", 250)
LATER = Result(Outcome.DEFERRED, "4.2.0", "4.2.0 Later", 450)
NOBODY = Result(Outcome.REFUSED, "5.1.1", "5.1.1 Nobody", 550)


@pytest.fixture
def mailbox(database: Database) -> Mailbox:
    return new_mailbox(database)


def enqueue(
    database: Database,
    mailbox: Mailbox,
    recipients: Sequence[str] = ("a@example.net",),
    sender: str = "user@example.org",
    **limits: int,
) -> None:
    with database.write() as tx:
        outgoing.enqueue(tx, mailbox.id, sender, recipients, CONTENT, NOW_S, **limits)


def queued(database: Database) -> list[queue.Outgoing]:
    with database.read() as tx:
        return queue.in_order(tx, None, Key(0, 0), 10_000)


def settle(database: Database, results: dict[str, Result], now_s: int = NOW_S) -> Decision | None:
    """What comes of an attempt on the only message."""
    (message,) = queued(database)
    with database.write() as tx:
        return outgoing.settle(tx, Attempt(message.key, results, now_s), POLICY, now_s)


def inbox(database: Database, mailbox: Mailbox) -> list[bytes]:
    with database.read() as tx:
        folder = folders.by_name(tx, mailbox.id, "inbox")
        assert folder is not None
        found = items.in_folder(tx, mailbox.id, folder.number, 0, 100)
        return [contents.mime(tx, mailbox.id, each.content_number) or b"" for each in found]


# Queueing


def test_a_message_is_due_at_once_for_each_recipient_once(
    database: Database, mailbox: Mailbox
) -> None:
    enqueue(database, mailbox, ["B@example.net", "a@example.net", " B@example.net "])
    (message,) = queued(database)
    assert message.recipients == ("B@example.net", "a@example.net")
    assert (message.sender, message.size) == ("user@example.org", len(CONTENT))
    assert (message.created_at_s, message.due_at_s, message.failures) == (NOW_S, NOW_S, 0)
    with database.read() as tx:
        assert outgoing.find_due(tx, NOW_S - 1, 10) == outgoing.Due([], NOW_S)
        assert outgoing.find_due(tx, NOW_S, 10) == outgoing.Due([message.key], None)
        loaded = outgoing.load_due(tx, message.key, NOW_S)
        assert loaded == outgoing.Message(message, CONTENT)
        assert outgoing.load_due(tx, message.key, NOW_S - 1) is None
        assert outgoing.load_due(tx, Key(mailbox.id, 9), NOW_S) is None


@on_sqlite
@pytest.mark.parametrize(
    "recipients",
    [
        [],
        ["nobody"],
        ["a@example.net>\r\nRCPT TO:<b@example.net"],
        ["a@example.net", "a b@example.net"],
        ["a@example.net SIZE=1"],
        ["<a@example.net>"],
        [f"a{n}@example.net" for n in range(RECIPIENTS + 1)],
    ],
)
def test_recipients_who_cannot_be_named_are_refused(
    database: Database, mailbox: Mailbox, recipients: list[str]
) -> None:
    with pytest.raises(InvalidRecipients):
        enqueue(database, mailbox, recipients)
    assert queued(database) == []


@on_sqlite
def test_so_many_recipients_are_taken(database: Database, mailbox: Mailbox) -> None:
    enqueue(database, mailbox, [f"a{n}@example.net" for n in range(RECIPIENTS)])
    assert len(queued(database)[0].recipients) == RECIPIENTS


def test_a_mailbox_may_have_so_many_messages_queued(database: Database, mailbox: Mailbox) -> None:
    for _ in range(2):
        enqueue(database, mailbox, most=2)
    with pytest.raises(SubmissionQuotaExceeded):
        enqueue(database, mailbox, most=2)
    enqueue(database, new_mailbox(database, "other"), most=2)
    assert len(queued(database)) == 3


def test_two_at_once_cannot_both_be_the_last_one(database: Database, mailbox: Mailbox) -> None:
    with threads() as run:
        with database.write() as tx:
            outgoing.enqueue(tx, mailbox.id, "", ["a@example.net"], CONTENT, NOW_S, most=1)
            second = run(enqueue, database, mailbox, most=1)
            wait_until_blocked(tx, second)
        with pytest.raises(SubmissionQuotaExceeded):
            second.result(30)
    assert len(queued(database)) == 1


def test_listeners_are_told_after_the_commit(database: Database, mailbox: Mailbox) -> None:
    seen: list[int] = []
    database.on_mail_queued(lambda: seen.append(len(queued(database))))
    enqueue(database, mailbox)
    assert seen == [1]
    with pytest.raises(InvalidRecipients):
        enqueue(database, mailbox, ["nobody"])
    settle(database, {"a@example.net": ACCEPTED})
    assert seen == [1]


# What comes of an attempt


def test_a_message_that_everybody_got_is_taken_off(database: Database, mailbox: Mailbox) -> None:
    enqueue(database, mailbox, ["a@example.net", "b@example.net"])
    (message,) = queued(database)
    settle(database, dict.fromkeys(message.recipients, ACCEPTED))
    assert queued(database) == []
    assert inbox(database, mailbox) == []
    with database.read() as tx:
        assert contents.mime(tx, mailbox.id, message.number) is None


def test_who_was_reached_is_struck_off(database: Database, mailbox: Mailbox) -> None:
    enqueue(database, mailbox, ["a@example.net", "b@example.net"])
    settle(database, {"a@example.net": ACCEPTED, "b@example.net": LATER})
    (left,) = queued(database)
    assert left.recipients == ("b@example.net",)
    assert (left.due_at_s, left.failures) == (NOW_S + 60, 1)
    assert left.last_failure == "450 4.2.0 Later"
    assert inbox(database, mailbox) == []


def report(database: Database, mailbox: Mailbox) -> EmailMessage:
    (content,) = inbox(database, mailbox)
    parsed = message_from_bytes(content, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    assert parsed.get_content_type() == "multipart/report"
    return parsed


def test_the_sender_is_told_of_those_who_are_refused(database: Database, mailbox: Mailbox) -> None:
    enqueue(database, mailbox, ["a@example.net", "b@example.net", "c@example.net"])
    settle(
        database,
        {"a@example.net": NOBODY, "b@example.net": ACCEPTED, "c@example.net": LATER},
    )
    assert queued(database)[0].recipients == ("c@example.net",)
    told = report(database, mailbox)
    assert told["To"] == "user@example.org"
    assert told["From"] == "Mail Delivery <postmaster@example.org>"
    people, status, original = told.iter_parts()
    assert "a@example.net" in people.get_content()
    assert "b@example.net" not in people.get_content()
    assert "c@example.net" not in people.get_content()
    about_message, about_recipient = status.iter_parts()
    assert about_message["Reporting-MTA"] == "dns; mail.example.org"
    assert about_recipient["Final-Recipient"] == "rfc822; a@example.net"
    assert (about_recipient["Action"], about_recipient["Status"]) == ("failed", "5.1.1")
    assert about_recipient["Diagnostic-Code"] == "smtp; 550 5.1.1 Nobody"
    assert "Message-ID: <1@example.org>" in original.as_string()
    assert "secret@" not in told.as_string()


def test_the_report_arrives_as_mail_does(database: Database, mailbox: Mailbox) -> None:
    enqueue(database, mailbox)
    settle(database, {"a@example.net": NOBODY})
    with database.read() as tx:
        (excerpt,) = event_log.read(tx, [event_log.Window(mailbox.id, 0, 100)])
        folder = folders.by_name(tx, mailbox.id, "inbox")
    assert excerpt is not None
    assert [each.type.name for each in excerpt.events] == ["CREATED", "NEW_MAIL", "MODIFIED"]
    assert folder is not None
    assert (folder.total_count, folder.unread_count) == (1, 1)


def test_a_sender_who_is_disabled_is_told_all_the_same(
    database: Database, mailbox: Mailbox
) -> None:
    enqueue(database, mailbox)
    disable(database, mailbox.id, NOW_S)
    settle(database, {"a@example.net": NOBODY})
    assert queued(database) == []
    assert report(database, mailbox)["To"] == "user@example.org"


def test_the_sender_is_told_when_time_is_up(database: Database, mailbox: Mailbox) -> None:
    enqueue(database, mailbox)
    settle(database, {"a@example.net": LATER}, NOW_S + 2 * DAY_S - 1)
    assert inbox(database, mailbox) == []
    settle(database, {"a@example.net": LATER}, NOW_S + 2 * DAY_S)
    assert queued(database) == []
    _, status, _ = report(database, mailbox).iter_parts()
    *_, about_recipient = status.iter_parts()
    assert about_recipient["Status"] == "4.4.7"
    assert about_recipient["Diagnostic-Code"] == "smtp; 450 4.2.0 Later"


def test_nobody_is_told_of_a_message_from_the_null_sender(
    database: Database, mailbox: Mailbox
) -> None:
    enqueue(database, mailbox, sender="")
    settle(database, {"a@example.net": NOBODY})
    assert (queued(database), inbox(database, mailbox)) == ([], [])


def test_an_attempt_on_a_message_that_is_gone_leads_to_nothing(
    database: Database, mailbox: Mailbox
) -> None:
    attempt = Attempt(Key(mailbox.id, 9), {"a@example.net": NOBODY}, NOW_S)
    with database.write() as tx:
        assert outgoing.settle(tx, attempt, POLICY, NOW_S) is None
    assert inbox(database, mailbox) == []


def test_a_report_that_cannot_be_stored_keeps_the_message(
    database: Database, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    enqueue(database, mailbox)

    def fail(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(mailboxes, "take_numbers", fail)
    with pytest.raises(OSError, match="no space"):
        settle(database, {"a@example.net": NOBODY})
    assert len(queued(database)) == 1
