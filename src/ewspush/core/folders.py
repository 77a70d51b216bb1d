"""The distinguished folders that every mailbox has."""

from typing import NamedTuple


class DistinguishedFolder(NamedTuple):
    """A folder known by name (DistinguishedFolderId, EWS XML reference)."""

    name: str  # as in DistinguishedFolderId/@Id
    display_name: str
    folder_class: str | None  # FolderClass, None where Exchange gives none
    parent: str | None


ROOT = "root"
INBOX = "inbox"

_MAIL = "IPF.Note"

# Numbers are given out in this order, so a folder has the same number in every mailbox: add at the
# end only.
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
