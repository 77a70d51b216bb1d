"""Creating and finding mailboxes."""

from ewspush.core import addresses
from ewspush.store import folders, mailboxes
from ewspush.store.database import Transaction
from ewspush.store.mailboxes import AddressTaken, Mailbox

__all__ = ["AddressTaken", "Mailbox", "create", "find"]


def create(tx: Transaction, address: str, password_hash: str, now_s: int) -> Mailbox:
    """Create a mailbox with its distinguished folders.

    Raises InvalidAddress or AddressTaken.
    """
    mailbox = mailboxes.insert_mailbox(tx, addresses.normalize(address), password_hash, now_s)
    folders.insert_distinguished(tx, mailbox.id)
    return mailbox


def find(tx: Transaction, address: str) -> Mailbox | None:
    """The mailbox at a normalized address."""
    return mailboxes.by_address(tx, address)
