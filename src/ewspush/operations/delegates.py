"""Using another's mailbox: what a caller refers to, if they may (full access of a delegate)."""

from ewspush.core import addresses
from ewspush.core.errors import AccessDenied, CrossMailboxMoveCopy, NonExistentMailbox
from ewspush.core.ids import ObjectId
from ewspush.operations.folders.finding import (
    Folder,
    FolderById,
    FolderByName,
    FolderReference,
    get_folder,
)
from ewspush.operations.journal import Journal
from ewspush.store import mailboxes, permissions
from ewspush.store.database import Transaction
from ewspush.store.mailboxes import Mailbox


class Access:
    """What a caller may use, in one transaction: their own mailbox, and those of full access.

    Who has no right to a mailbox does not learn whether it is there: AccessDenied is raised for it
    and for one that nobody has. Who has the right and may not use it, because it is disabled, gets
    NonExistentMailbox.
    """

    def __init__(self, tx: Transaction, caller: Mailbox) -> None:
        self._tx = tx
        self._caller = caller
        self._open = {caller.id}  # what was looked up is not looked up again

    def mailbox_of(self, id: ObjectId) -> int:
        """The mailbox in which an object lies. Raises AccessDenied or NonExistentMailbox."""
        if id.mailbox not in self._open:
            if not permissions.has_full_access(self._tx, id.mailbox, self._caller.id):
                raise AccessDenied
            mailbox = mailboxes.by_id(self._tx, id.mailbox)
            if mailbox is None or mailbox.disabled_at_s is not None:
                raise NonExistentMailbox
            self._open.add(id.mailbox)
        return id.mailbox

    def mailbox_of_folder(self, reference: FolderReference) -> int:
        """The mailbox in which a folder lies. Raises AccessDenied or NonExistentMailbox."""
        match reference:
            case FolderById(id):
                return self.mailbox_of(id)
            case FolderByName(mailbox=None):
                return self._caller.id
            case FolderByName(mailbox=address):
                return self._mailbox_at(address or "")

    def _mailbox_at(self, address: str) -> int:
        try:
            normalized = addresses.normalize(address)
        except addresses.InvalidAddress as error:  # which is nobody's
            raise NonExistentMailbox(f"{error}.") from None
        if normalized == self._caller.address:
            return self._caller.id
        mailbox = mailboxes.by_address(self._tx, normalized)
        if mailbox is None:
            is_disabled = permissions.has_full_access_at(self._tx, normalized, self._caller.id)
            raise NonExistentMailbox if is_disabled else AccessDenied
        if mailbox.id not in self._open:
            if not permissions.has_full_access(self._tx, mailbox.id, self._caller.id):
                raise AccessDenied
            self._open.add(mailbox.id)
        return mailbox.id

    def folder(self, reference: FolderReference) -> tuple[int, Folder]:
        """A folder, and the mailbox in which it lies.

        Raises what `mailbox_of_folder` and `get_folder` raise.
        """
        mailbox = self.mailbox_of_folder(reference)
        return mailbox, get_folder(self._tx, mailbox, reference)


class Journals:
    """The journals of one transaction of a caller: one for each mailbox that it changes.

    A mailbox is locked when its journal is first asked for. Whoever may ask for several begins with
    `mailboxes.lock_several`.
    """

    def __init__(self, tx: Transaction, caller: Mailbox, now_s: int) -> None:
        self.access = Access(tx, caller)
        self._tx = tx
        self._now_s = now_s
        self._journals: dict[int, Journal] = {}

    def of(self, id: ObjectId) -> Journal:
        """The journal of the mailbox in which an object lies.

        Raises AccessDenied, NonExistentMailbox or AccountDisabled.
        """
        return self._journal(self.access.mailbox_of(id))

    def of_folder(self, reference: FolderReference) -> Journal:
        """The same for a folder."""
        return self._journal(self.access.mailbox_of_folder(reference))

    def _journal(self, mailbox: int) -> Journal:
        if mailbox not in self._journals:
            self._journals[mailbox] = Journal(self._tx, mailbox, self._now_s)
        return self._journals[mailbox]


def target_folder(journal: Journal, caller: Mailbox, reference: FolderReference) -> Folder:
    """The folder into which something of the journal's mailbox is to go.

    Raises CrossMailboxMoveCopy for one in another mailbox, and what `Access.folder` raises.
    """
    if Access(journal.tx, caller).mailbox_of_folder(reference) != journal.mailbox:
        raise CrossMailboxMoveCopy
    return get_folder(journal.tx, journal.mailbox, reference)
