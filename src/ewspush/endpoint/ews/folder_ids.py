"""Folder ids in requests."""

from lxml import etree

from ewspush.operations.folders import FolderById, FolderByName, FolderReference
from ewspush.wire import ids
from ewspush.wire.faults import SoapFault
from ewspush.wire.namespaces import TYPES

_MOST = 1000  # in one request: each is looked up in one transaction


def listed(folder_ids: etree._Element | None) -> list[etree._Element]:
    """The ids in a FolderIds element, in their order. Raises SoapFault if there are too many."""
    listed = [] if folder_ids is None else list(folder_ids)
    if len(listed) > _MOST:
        text = f"A request may name {_MOST} folders at most, and this one names {len(listed)}."
        raise SoapFault("ErrorDataSizeLimitExceeded", text)
    return listed


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
