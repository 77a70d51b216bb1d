"""Kinds of folders, and the distinguished folders that every mailbox has."""

from enum import Enum
from typing import NamedTuple


class FolderKind(Enum):
    """The element for folders of a kind. Search folders are not among them: there are none."""

    FOLDER = "Folder"
    CALENDAR = "CalendarFolder"
    CONTACTS = "ContactsFolder"
    TASKS = "TasksFolder"


CLASS_OF_KIND = {
    FolderKind.CALENDAR: "IPF.Appointment",
    FolderKind.CONTACTS: "IPF.Contact",
    FolderKind.TASKS: "IPF.Task",
}
_KIND_OF_CLASS = {name.lower(): kind for kind, name in CLASS_OF_KIND.items()}


def kind_of(folder_class: str | None) -> FolderKind:
    """The kind of folders of this class or of one above it: IPF.Contact for IPF.Contact.Company."""
    first_two = ".".join((folder_class or "").lower().split(".", 2)[:2])
    return _KIND_OF_CLASS.get(first_two, FolderKind.FOLDER)


class DistinguishedFolder(NamedTuple):
    """A folder known by name (DistinguishedFolderId, EWS XML reference)."""

    name: str  # as in DistinguishedFolderId/@Id
    display_name: str
    folder_class: str | None  # FolderClass, None where Exchange gives none
    parent: str | None


ROOT = "root"
INBOX = "inbox"
DELETED_ITEMS = "deleteditems"
RECOVERABLE_ROOT = "recoverableitemsroot"
RECOVERABLE_DELETIONS = "recoverableitemsdeletions"

_MAIL = "IPF.Note"

# All that the schema of Exchange 2010 names, but for those that only some mailboxes have there:
# voicemail, an archive, public folders. What later schemas name is made by other programs than the
# server, or searches.
#
# Numbers are given out in this order, so a folder has the same number in every mailbox: add at the
# end only, and to the mailboxes that are there.
DISTINGUISHED_FOLDERS = (
    DistinguishedFolder(ROOT, "Root", None, None),
    DistinguishedFolder("msgfolderroot", "Top of Information Store", _MAIL, ROOT),
    DistinguishedFolder(INBOX, "Inbox", _MAIL, "msgfolderroot"),
    DistinguishedFolder("drafts", "Drafts", _MAIL, "msgfolderroot"),
    DistinguishedFolder("outbox", "Outbox", _MAIL, "msgfolderroot"),
    DistinguishedFolder("sentitems", "Sent Items", _MAIL, "msgfolderroot"),
    DistinguishedFolder("deleteditems", "Deleted Items", _MAIL, "msgfolderroot"),
    DistinguishedFolder("junkemail", "Junk Email", _MAIL, "msgfolderroot"),
    DistinguishedFolder("calendar", "Calendar", "IPF.Appointment", "msgfolderroot"),
    DistinguishedFolder("contacts", "Contacts", "IPF.Contact", "msgfolderroot"),
    DistinguishedFolder("tasks", "Tasks", "IPF.Task", "msgfolderroot"),
    DistinguishedFolder("notes", "Notes", "IPF.StickyNote", "msgfolderroot"),
    DistinguishedFolder("journal", "Journal", "IPF.Journal", "msgfolderroot"),
    DistinguishedFolder("searchfolders", "Finder", None, ROOT),
    DistinguishedFolder("recoverableitemsroot", "Recoverable Items", None, ROOT),
    DistinguishedFolder("recoverableitemsdeletions", "Deletions", None, "recoverableitemsroot"),
    DistinguishedFolder("recoverableitemsversions", "Versions", None, "recoverableitemsroot"),
    DistinguishedFolder("recoverableitemspurges", "Purges", None, "recoverableitemsroot"),
)
