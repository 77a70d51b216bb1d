"""Where what clients make is kept, and whether it is sent."""

from dataclasses import dataclass

from lxml import etree

from ewspush.core.errors import SendAsDenied
from ewspush.endpoint.ews.call import Call
from ewspush.endpoint.ews.folders import ids as folder_ids
from ewspush.operations import sending
from ewspush.operations.delegates import target_folder
from ewspush.operations.folders.finding import Folder, FolderByName, FolderReference
from ewspush.operations.items.finding import Item
from ewspush.operations.journal import Journal

SENT = FolderByName("sentitems")


@dataclass(frozen=True, slots=True)
class Saving:
    """Whether messages are sent, and where they are kept (MessageDispositionType)."""

    disposition: str
    folder_id: etree._Element | None  # SavedItemFolderId

    @property
    def sends(self) -> bool:
        """Whether messages go out."""
        return self.disposition != "SaveOnly"

    def folder(self, call: Call, journal: Journal, default: FolderReference) -> Folder:
        """The folder that is named, or the default."""
        chosen = self.folder_id
        named = default if chosen is None else folder_ids.reference(chosen[0])
        return target_folder(journal, call.caller, named)

    def folder_of_copy(self, call: Call, journal: Journal) -> int | None:
        """Where what is sent is kept, if it is."""
        if self.disposition == "SendOnly":
            return None
        return self.folder(call, journal, SENT).number

    def send(self, call: Call, journal: Journal, item: Item) -> None:
        """Send a message that is in the mailbox."""
        check_may_send(call, journal)
        sending.send_item(
            journal,
            call.caller,
            item,
            self.folder_of_copy(call, journal),
            queue_limit=call.backend.queue_limit,
        )


def check_may_send(call: Call, journal: Journal) -> None:
    """Full access to a mailbox is no right to send from it. Raises SendAsDenied."""
    if journal.mailbox != call.caller.id:
        raise SendAsDenied("Full access to a mailbox is no right to send from it.")
