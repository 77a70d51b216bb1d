"""exchangelib in the mailbox of somebody else, as its documentation shows it for delegates."""

import time
from contextlib import closing
from datetime import UTC, datetime
from itertools import count

import pytest
from exchangelib import (
    BASIC,
    DELEGATE,
    Account,
    CalendarItem,
    Configuration,
    Credentials,
    Mailbox,
    Message,
    errors,
)
from exchangelib.folders import Messages

from ewspush.store import mailboxes, permissions
from ewspush.store.database import Database

_numbers = count(1)
MESSAGE = (
    b"From: Ann <ann@example.org>\r\nSubject: To the owner\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nGood morning\r\n"
    b"--x\r\nContent-Type: application/pdf; name=a.pdf\r\n"
    b"Content-Disposition: attachment; filename=a.pdf\r\n\r\nPDF\r\n--x--\r\n"
)


@pytest.fixture
def owner(server):
    return server.add_mailbox(f"owner{next(_numbers)}@example.com")


@pytest.fixture
def change_access(server, mailbox, owner):
    """Grants or revokes the delegate's full access to the owner's mailbox."""

    def change(*, granted):
        database = Database.open(f"sqlite:///{server.data / 'ewspush.db'}")
        with closing(database), database.write() as tx:
            of, to = (mailboxes.by_address(tx, each.address).id for each in (owner, mailbox))
            if granted:
                assert permissions.grant(tx, of, to, int(time.time()))
            else:
                assert permissions.revoke(tx, of, to)

    change(granted=True)
    return change


@pytest.fixture
def delegated(server, mailbox, owner, change_access, open_account):
    """The owner's mailbox, opened with the delegate's name and password."""
    configuration = Configuration(
        service_endpoint=server.url(),
        credentials=Credentials(mailbox.address, mailbox.password),
        auth_type=BASIC,
    )
    return Account(
        primary_smtp_address=owner.address,
        config=configuration,
        autodiscover=False,
        access_type=DELEGATE,
    )


def test_it_reads_changes_and_deletes_the_owners_mail(server, owner, delegated, account):
    server.deliver(owner, MESSAGE)
    item = delegated.inbox.all().get()
    assert (item.subject, item.body.strip()) == ("To the owner", "Good morning")
    assert item.attachments[0].content == b"PDF"
    assert item.effective_rights.delete
    item.is_read = True
    item.save(update_fields=["is_read"])
    delegated.inbox.refresh()
    assert (delegated.inbox.total_count, delegated.inbox.unread_count) == (1, 0)
    item.move_to_trash()
    assert [each.subject for each in delegated.trash.all()] == ["To the owner"]
    assert account.trash.all().count() == account.inbox.all().count() == 0


def test_it_files_mail_in_folders_of_its_own_making(server, owner, delegated):
    server.deliver(owner, MESSAGE)
    folder = Messages(parent=delegated.inbox, name="Filed").save()
    item = delegated.inbox.all().get()
    item.move(folder)
    assert [each.subject for each in folder.all()] == ["To the owner"]
    assert "Filed" in [each.name for each in delegated.inbox.walk()]
    assert folder in list(delegated.root.walk())


def test_it_makes_drafts_and_appointments(delegated, open_account, owner):
    Message(folder=delegated.drafts, subject="Draft").save()
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    CalendarItem(folder=delegated.calendar, subject="Lunch", start=now, end=now).save()
    own = open_account(owner)
    assert own.drafts.all().get().subject == "Draft"
    appointment = own.calendar.all().get()
    assert appointment.organizer == Mailbox(
        name=owner.address, email_address=owner.address, routing_type="SMTP"
    )


def test_it_synchronizes(server, owner, delegated):
    list(delegated.inbox.sync_items())
    list(delegated.inbox.sync_hierarchy())
    server.deliver(owner, MESSAGE)
    Messages(parent=delegated.inbox, name="New").save()
    assert [what for what, _ in delegated.inbox.sync_items()] == ["create"]
    assert [what for what, _ in delegated.inbox.sync_hierarchy()] == ["create"]


def test_it_sends_in_its_own_name_only(delegated, account, mailbox, owner):
    draft = Message(
        folder=delegated.drafts, subject="Hello", to_recipients=[mailbox.address]
    ).save()
    with pytest.raises(errors.ErrorSendAsDenied):
        draft.send()
    with pytest.raises(errors.ErrorSendAsDenied):
        Message(
            account=delegated,
            folder=delegated.sent,
            subject="Hello",
            to_recipients=[mailbox.address],
        ).send_and_save()
    Message(account=account, subject="Hello", to_recipients=[owner.address]).send_and_save()
    assert account.sent.all().get().author.email_address == mailbox.address
    assert delegated.inbox.all().get().author.email_address == mailbox.address
    assert account.inbox.all().count() == 0


def test_it_does_not_subscribe(delegated):
    with pytest.raises(errors.ErrorSubscriptionDelegateAccessNotSupported):
        delegated.inbox.subscribe_to_pull()


def test_its_access_ends_when_it_is_revoked(delegated, change_access):
    assert delegated.inbox.all().count() == 0
    change_access(granted=False)
    with pytest.raises(errors.ErrorAccessDenied):
        delegated.inbox.all().count()
    change_access(granted=True)
    assert delegated.inbox.all().count() == 0
