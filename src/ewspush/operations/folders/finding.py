"""Finding folders."""

from dataclasses import dataclass

from ewspush.core import addresses
from ewspush.core.errors import (
    AccessDenied,
    CannotUseItemIdForFolderId,
    FolderNotFound,
    NonExistentMailbox,
)
from ewspush.core.ids import Kind, ObjectId
from ewspush.store import folders, mailboxes
from ewspush.store.database import Transaction
from ewspush.store.folders import Folder

__all__ = [
    "Folder",
    "FolderById",
    "FolderByName",
    "FolderReference",
    "get_folder",
    "mailbox_of",
]


@dataclass(frozen=True, slots=True)
class FolderById:
    """t:FolderId."""

    id: ObjectId


@dataclass(frozen=True, slots=True)
class FolderByName:
    """t:DistinguishedFolderId, with the address in its t:Mailbox if it has one."""

    name: str
    mailbox: str | None = None


FolderReference = FolderById | FolderByName


def mailbox_of(tx: Transaction, caller: int, reference: FolderReference) -> int:
    """The mailbox in which a reference lies. Raises NonExistentMailbox."""
    match reference:
        case FolderById(id):
            return id.mailbox
        case FolderByName(mailbox=None):
            return caller
        case FolderByName(mailbox=address):
            try:
                mailbox = mailboxes.by_address(tx, addresses.normalize(address or ""))
            except addresses.InvalidAddress as error:
                raise NonExistentMailbox(f"{error}.") from None
            if mailbox is None:
                raise NonExistentMailbox
            return mailbox.id


def get_folder(tx: Transaction, caller: int, reference: FolderReference) -> Folder:
    """The folder that `caller` refers to.

    Raises FolderNotFound, CannotUseItemIdForFolderId, NonExistentMailbox, or AccessDenied if it is
    in another's mailbox.
    """
    if mailbox_of(tx, caller, reference) != caller:
        raise AccessDenied
    folder = _find(tx, caller, reference)
    if folder is None:
        raise FolderNotFound
    return folder


def _find(tx: Transaction, mailbox: int, reference: FolderReference) -> Folder | None:
    match reference:
        case FolderById(ObjectId(Kind.FOLDER, _, number)):
            return folders.by_number(tx, mailbox, number)
        case FolderById():
            raise CannotUseItemIdForFolderId
        case FolderByName(name):
            return folders.by_name(tx, mailbox, name)
