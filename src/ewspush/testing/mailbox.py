"""A mailbox of the emulator, as a test handles it."""

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from email.message import Message as EmailMessage
from typing import Any, Literal, NamedTuple

from ewspush.testing.connection import MOST, Connection
from ewspush.testing.faults import Faults
from ewspush.testing.records import Event, Folder, Item, Mailbox, Message, read
from ewspush.testing.subscription import EwsSubscription

__tracebackhide__ = True  # pytest shows the line of the test, and not those here

Disposal = Literal["hard", "soft", "deleteditems"]
"""What becomes of something deleted, as DeleteType in EWS."""

_EWS_MINUTES = 30  # StatusFrequency where a Subscribe request has none


class Account(NamedTuple):
    """What an EWS client needs to log in, by HTTP Basic."""

    address: str
    password: str
    ews_url: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that comes with a message."""

    name: str
    content: bytes
    content_type: str | None = None


class EwsMailbox:
    """A mailbox. All methods raise EmulatorError for what the emulator refuses.

    A folder is given by its distinguished name, as in "inbox", or its id.
    """

    def __init__(
        self, connection: Connection, address: str, ews_url: str, password: str | None = None
    ) -> None:
        self._connection = connection
        self._path = ("mailboxes", address)
        self._password = password
        self.address = address
        self.ews_url = ews_url

    def __repr__(self) -> str:
        return f"EwsMailbox({self.address!r})"

    @property
    def password(self) -> str:
        """Raises ValueError if it was another one who created the mailbox."""
        if self._password is None:
            raise ValueError(f"who creates a mailbox is told its password: not of {self.address}")
        return self._password

    @property
    def account(self) -> Account:
        """All that an EWS client needs. Raises ValueError as `password` does."""
        return Account(self.address, self.password, self.ews_url)

    def show(self) -> Mailbox:
        """The mailbox as it is now."""
        return read(Mailbox, self._connection.get(*self._path))

    def reset(self) -> None:
        """As newly created, with the same password; its subscriptions are gone."""
        self._connection.post(*self._path, "reset")

    def disable(self) -> None:
        """Nobody can use it, and its responders are told so, until it is restored."""
        self._connection.post(*self._path, "disable")

    def restore(self) -> None:
        """Take it back into use as it was."""
        self._connection.post(*self._path, "restore")

    def delete(self) -> None:
        """For good; the address is free at once."""
        self._connection.delete(*self._path)

    # Subscriptions

    def subscribe(
        self,
        url: str,
        *,
        folders: str | Sequence[str] | None = None,
        event_types: str | Iterable[str] | None = None,
        status_frequency_min: int = _EWS_MINUTES,
        caller_data: str | None = None,
        watermark: str | None = None,
        wait: bool = True,
    ) -> EwsSubscription:
        """Subscribe for a responder at `url`, as the operation Subscribe does.

        To all folders and all event types if none are given. `status_frequency_min` minutes after
        a first failure the server gives up.

        The first notification follows at once, and this returns when it was answered or has failed:
        a responder that hangs holds it up as long as the server waits for an answer. It is not
        waited for if it waits itself for time to pass, by a fault. `wait` False returns at once,
        for a test that blocks the event loop on which its responder runs.
        """
        is_held = wait and Faults(self._connection).hold_first_notification(url)
        record = self._connection.post(
            "subscriptions",
            mailbox=self.address,
            url=url,
            folders=_listed(folders),
            event_types=_listed(event_types),
            status_frequency_min=status_frequency_min,
            caller_data=caller_data,
            watermark=watermark,
        )
        subscription = EwsSubscription(self._connection, record["id"])
        if is_held:
            self._connection.post("time", "advance", by=0)  # until the fault has it
        elif wait:
            subscription.wait_for_first()
        return subscription

    def subscriptions(self) -> list[EwsSubscription]:
        """Its push subscriptions, whoever subscribed, those that are over too."""
        name = "subscriptions"
        found = self._connection.listed(name, name, place="id", mailbox=self.address)
        return [EwsSubscription(self._connection, record["id"]) for record in found]

    def events(self, *, after: int = 0) -> list[Event]:
        """Its event log, oldest first: what has a sequence above `after`."""
        path = (*self._path, "events")
        found = self._connection.listed("events", *path, place="sequence", after=after)
        return [read(Event, record) for record in found]

    def add_event(
        self,
        type: str,
        *,
        folder: str | None = None,
        id: str | None = None,
        folder_event: bool | None = None,
        old_id: str | None = None,
        old_folder: str | None = None,
        unread_count: int | None = None,
    ) -> Event:
        """An event in the log though nothing happened, for edge cases.

        Without `id` it is of something that does not exist. `folder` is its parent, the inbox if
        none is given; `folder_event` says that it is of a folder and not of an item.
        """
        record = self._connection.post(
            *self._path,
            "events",
            type=type,
            folder=folder,
            id=id,
            folder_event=folder_event,
            old_id=old_id,
            old_folder=old_folder,
            unread_count=unread_count,
        )
        return read(Event, record)

    # Items

    def deliver(
        self,
        message: bytes | EmailMessage | None = None,
        *,
        subject: str | None = None,
        text: str | None = None,
        html: str | None = None,
        sender: str | None = None,
        to: str | Sequence[str] | None = None,
        cc: str | Sequence[str] | None = None,
        headers: Mapping[str, str] | None = None,
        attachments: Sequence[Attachment] = (),
    ) -> Item:
        """Mail comes in: a message as it is, in bytes or of the `email` package, or these fields.

        `sender`, `to` and `cc` are addresses as a message has them, "Ann <ann@example.org>". Raises
        ValueError if both a message and fields are given, and TypeError for a message or an
        attachment of another type.
        """
        fields: dict[str, Any] = {
            "from": sender,
            "to": _listed(to),
            "cc": _listed(cc),
            "subject": subject,
            "text": text,
            "html": html,
            "headers": None if headers is None else dict(headers),
            "attachments": [_attachment(each) for each in attachments] or None,
        }
        given = {key: each for key, each in fields.items() if each is not None}
        path = (*self._path, "mail")
        if message is None:
            return read(Item, self._connection.post_json(path, given))
        if given:
            raise ValueError(f"a whole message has its own {', '.join(given)}")
        return read(Item, self._connection.post_message(path, _bytes_of(message)))

    def items(self, folder: str | None = None, *, limit: int = MOST) -> list[Item]:
        """The items of a folder, of the inbox if none is given, newest first; 1000 at most."""
        path = (*self._path, "messages")
        found = self._connection.get(*path, folder=folder, limit=limit)["messages"]
        return [read(Item, record) for record in found]

    def message(self, id: str) -> Message:
        """An item with its headers and its MIME content."""
        return read(Message, self._connection.get(*self._path, "messages", id))

    def create_item(
        self,
        *,
        folder: str | None = None,
        subject: str | None = None,
        text: str | None = None,
        html: str | None = None,
        item_class: str | None = None,
        is_read: bool | None = None,
    ) -> Item:
        """As CreateItem does, in the drafts if no folder is given."""
        record = self._connection.post(
            *self._path,
            "items",
            folder=folder,
            subject=subject,
            text=text,
            html=html,
            item_class=item_class,
            is_read=is_read,
        )
        return read(Item, record)

    def update_item(
        self,
        id: str,
        *,
        subject: str | None = None,
        is_read: bool | None = None,
        categories: Sequence[str] | None = None,
        importance: str | None = None,
    ) -> Item:
        """Change what is given."""
        record = self._connection.patch(
            *self._path,
            "items",
            id,
            subject=subject,
            is_read=is_read,
            categories=None if categories is None else list(categories),
            importance=importance,
        )
        return read(Item, record)

    def move_item(self, id: str, folder: str) -> Item:
        """The item in that folder, which has another id."""
        return read(Item, self._connection.post(*self._path, "items", id, "move", folder=folder))

    def copy_item(self, id: str, folder: str) -> Item:
        """The copy in that folder."""
        return read(Item, self._connection.post(*self._path, "items", id, "copy", folder=folder))

    def delete_item(self, id: str, disposal: Disposal = "hard") -> None:
        """Delete it for good, unless told otherwise."""
        self._connection.delete(*self._path, "items", id, disposal=disposal)

    # Folders

    def folders(self) -> list[Folder]:
        """All folders."""
        found = self._connection.get(*self._path, "folders")["folders"]
        return [read(Folder, record) for record in found]

    def create_folder(
        self, display_name: str, *, parent: str | None = None, folder_class: str | None = None
    ) -> Folder:
        """In the folder `parent`, the root of the messages if none is given."""
        record = self._connection.post(
            *self._path,
            "folders",
            display_name=display_name,
            parent=parent,
            folder_class=folder_class,
        )
        return read(Folder, record)

    def rename_folder(self, id: str, display_name: str) -> Folder:
        """The folder with its new name."""
        record = self._connection.patch(*self._path, "folders", id, display_name=display_name)
        return read(Folder, record)

    def move_folder(self, id: str, parent: str) -> Folder:
        """The folder at its new place."""
        path = (*self._path, "folders", id, "move")
        return read(Folder, self._connection.post(*path, parent=parent))

    def copy_folder(self, id: str, parent: str) -> Folder:
        """The copy at its place."""
        path = (*self._path, "folders", id, "copy")
        return read(Folder, self._connection.post(*path, parent=parent))

    def empty_folder(
        self, id: str, *, disposal: Disposal | None = None, subfolders: bool | None = None
    ) -> None:
        """Delete what is in it, its folders too if `subfolders` says so."""
        path = (*self._path, "folders", id, "empty")
        self._connection.post(*path, disposal=disposal, subfolders=subfolders)

    def delete_folder(self, id: str, disposal: Disposal = "hard") -> None:
        """Delete it and what is in it for good, unless told otherwise."""
        self._connection.delete(*self._path, "folders", id, disposal=disposal)


def _listed(given: str | Iterable[str] | None) -> list[str] | None:
    if given is None:
        return None
    return [given] if isinstance(given, str) else list(given)


def _bytes_of(message: bytes | EmailMessage) -> bytes:
    if isinstance(message, bytes):
        return message
    if not isinstance(message, EmailMessage):
        kinds = "bytes or a message of the package `email`; for fields, say deliver(text=...)"
        raise TypeError(f"a whole message is {kinds}, not {message!r}")
    return message.as_bytes(policy=message.policy.clone(linesep="\r\n"))


def _attachment(attachment: Attachment) -> dict[str, str]:
    if not isinstance(attachment, Attachment) or not isinstance(attachment.content, bytes):
        raise TypeError(f"an attachment is Attachment(name, bytes), not {attachment!r}")
    described = {
        "name": attachment.name,
        "content": b64encode(attachment.content).decode("ascii"),
    }
    if attachment.content_type is not None:
        described["content_type"] = attachment.content_type
    return described
