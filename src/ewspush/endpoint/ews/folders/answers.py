"""What operations that change folders answer, and how they change one after the other."""

from collections.abc import Callable

from lxml import etree

from ewspush.core.errors import EwsError
from ewspush.core.ids import Kind, ObjectId
from ewspush.endpoint.ews.call import Call
from ewspush.endpoint.ews.folders import ids as folder_ids
from ewspush.endpoint.ews.folders.shapes import ID_ONLY, in_shape
from ewspush.endpoint.ews.folders.types import FolderInfoResponseMessageType
from ewspush.endpoint.ews.limits import bounded
from ewspush.endpoint.ews.types import ResponseMessageType, failure, message_element, success
from ewspush.operations.delegates import Journals
from ewspush.operations.folders.finding import Folder, FolderById, get_folder
from ewspush.operations.journal import Journal
from ewspush.wire.properties.property import EXCHANGE_2007

Act = Callable[[Journal, Folder], Folder | None]


def change_each(
    call: Call, ids: etree._Element, message: type[ResponseMessageType], act: Act
) -> list[ResponseMessageType]:
    """Change folders one by one in one transaction; an error in one does not spoil the others."""
    asked_for = bounded(ids, "folders")
    with call.journals(asked_for) as journals:
        return [_change_one(journals, id, message, act) for id in asked_for]


def _change_one(
    journals: Journals, id: etree._Element, message: type[ResponseMessageType], act: Act
) -> ResponseMessageType:
    try:
        reference = folder_ids.reference(id)
        journal = journals.of_folder(reference)
        with journal.attempt():
            folder = get_folder(journal.tx, journal.mailbox, reference)
            changed = act(journal, folder)
    except EwsError as error:
        return failure(message, error)
    return success(message) if changed is None else told(journal, changed)


def told(journal: Journal, folder: Folder) -> ResponseMessageType:
    """The answer with the id of a folder that was made or changed."""
    # As it is now: what came into a copy changed it.
    id = ObjectId(Kind.FOLDER, journal.mailbox, folder.number)
    current = get_folder(journal.tx, journal.mailbox, FolderById(id))
    element = in_shape(journal.mailbox, current, ID_ONLY, EXCHANGE_2007)
    return success(FolderInfoResponseMessageType, Folders=message_element("Folders", [element]))
