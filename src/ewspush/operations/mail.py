"""Mail that arrives."""

from ewspush.core import addresses
from ewspush.core.errors import AccountDisabled
from ewspush.core.folders import INBOX
from ewspush.operations.items.creation import create_arrived
from ewspush.operations.items.parts import Parts
from ewspush.operations.journal import Journal
from ewspush.store import folders, mailboxes
from ewspush.store.database import Transaction


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


def read(message: bytes) -> Parts:
    """What is to be stored of a message: this needs no transaction."""
    return Parts.of_mime(message)


def deliver(tx: Transaction, address: str, message: bytes | Parts, now_s: int) -> None:
    """Put a message into the Inbox of the mailbox at `address`. Raises UnknownRecipient."""
    try:
        journal = Journal(tx, find_recipient(tx, address), now_s)
    except AccountDisabled:  # since it was found
        raise UnknownRecipient(f"there is no mailbox {address}") from None
    arrive(journal, message)


def arrive(journal: Journal, message: bytes | Parts) -> None:
    """Put a message into the Inbox.

    One delivery is three events with one TimeStamp: Created and NewMail of the item, Modified of
    the folder with its UnreadCount (GetStreamingEvents operation, EWS reference, example).
    """
    inbox = folders.by_name(journal.tx, journal.mailbox, INBOX)
    assert inbox is not None, "every mailbox has an Inbox"
    parts = read(message) if isinstance(message, bytes) else message
    create_arrived(journal, inbox.number, parts)
    journal.settle()
