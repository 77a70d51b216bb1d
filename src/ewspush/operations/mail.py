"""Mail that arrives."""

from ewspush.core import addresses
from ewspush.core.events import EventType
from ewspush.core.folders import INBOX
from ewspush.store import event_log, folders, items, mailboxes
from ewspush.store.database import Transaction
from ewspush.store.event_log import Happened


class UnknownRecipient(LookupError):
    """There is no mailbox at this address."""


def find_recipient(tx: Transaction, address: str) -> int:
    """The mailbox that gets mail for `address`. Raises UnknownRecipient."""
    try:
        mailbox = mailboxes.by_address(tx, addresses.normalize(address))
    except addresses.InvalidAddress as error:
        raise UnknownRecipient(str(error)) from None
    if mailbox is None:
        raise UnknownRecipient(f"there is no mailbox {address}")
    return mailbox.id


def deliver(tx: Transaction, address: str, message: bytes, now_s: int) -> None:
    """Put a message into the Inbox of the mailbox at `address`. Raises UnknownRecipient.

    One delivery is three events with one TimeStamp: Created and NewMail of the item, Modified of
    the folder with its UnreadCount (GetStreamingEvents operation, EWS reference, example).
    """
    mailbox = find_recipient(tx, address)
    inbox = folders.by_name(tx, mailbox, INBOX)
    assert inbox is not None, "every mailbox has an Inbox"
    assert inbox.parent_number is not None, "only the root has no parent"
    item = items.insert_message(tx, mailbox, inbox.number, message, now_s)
    parent = inbox.parent_number
    inbox = folders.add_to_counts(tx, mailbox, inbox.number, total=1, unread=1)
    event_log.append(
        tx,
        mailbox,
        [
            Happened(EventType.CREATED, now_s, False, item, inbox.number),
            Happened(EventType.NEW_MAIL, now_s, False, item, inbox.number),
            Happened(
                EventType.MODIFIED,
                now_s,
                True,
                inbox.number,
                parent,
                unread_count=inbox.unread_count,
            ),
        ],
    )
