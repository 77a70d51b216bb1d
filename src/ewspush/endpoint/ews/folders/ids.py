"""Ids of folders, in requests and answers."""

from lxml import etree

from ewspush.core.ids import Kind
from ewspush.operations.folders.finding import Folder, FolderById, FolderByName, FolderReference
from ewspush.wire import change_key, ids
from ewspush.wire.namespaces import TYPES


def reference(element: etree._Element) -> FolderReference:
    """A FolderId or DistinguishedFolderId. Raises InvalidIdMalformed or InvalidIdEmpty."""
    id = element.get("Id", "")
    if element.tag == f"{{{TYPES}}}FolderId":
        return FolderById(ids.decode(id))
    mailbox = element.find(f"{{{TYPES}}}Mailbox")
    if mailbox is None:
        return FolderByName(id)
    # A Mailbox without an address is nobody's, and not the caller's.
    return FolderByName(id, mailbox.findtext(f"{{{TYPES}}}EmailAddress", ""))


def folder_id(mailbox: int, folder: Folder) -> dict[str, str]:
    """The value of FolderId."""
    return {
        "Id": ids.encode(Kind.FOLDER, mailbox, folder.number),
        "ChangeKey": change_key.encode(folder.change),
    }


def parent_folder_id(mailbox: int, number: int) -> dict[str, str]:
    """The value of ParentFolderId."""
    return {"Id": ids.encode(Kind.FOLDER, mailbox, number)}
