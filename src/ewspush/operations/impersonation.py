"""Acting for another mailbox (ExchangeImpersonation)."""

from ewspush.core.errors import ImpersonateUserDenied, NonExistentMailbox
from ewspush.store import impersonation, mailboxes
from ewspush.store.database import Transaction
from ewspush.store.impersonation import ALL
from ewspush.store.mailboxes import Mailbox


def impersonate(tx: Transaction, account: Mailbox, address: str) -> Mailbox:
    """The mailbox at a normalized address, if `account` may act for it.

    Everybody may act for their own. Raises ImpersonateUserDenied, or NonExistentMailbox to those
    who may act for all: nobody else learns which mailboxes there are.
    """
    mailbox = mailboxes.by_address(tx, address)
    rights = impersonation.covering(tx, account.id, mailbox.id if mailbox else ALL)
    if mailbox is None:
        raise NonExistentMailbox if rights else ImpersonateUserDenied
    if not rights and mailbox.id != account.id:
        raise ImpersonateUserDenied
    return mailbox
