"""Mailboxes whose items are acted on, as operations and as requests of EWS."""

from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any, Concatenate, ParamSpec, TypeVar
from xml.sax.saxutils import escape, quoteattr

from ewspush.core.ids import Kind
from ewspush.operations import mail, sending
from ewspush.operations.items.creation import create
from ewspush.operations.items.values import content_values, values_of
from ewspush.operations.journal import Journal
from ewspush.store import event_log, items
from ewspush.store.database import Database, Transaction
from ewspush.store.event_log import Window
from ewspush.store.items import Item
from ewspush.store.mailboxes import Mailbox
from ewspush.wire import change_key, ids
from support.checks_for_store import NOW_S
from support.ews import envelope
from support.mailbox_model import DRAFTS, INBOX, Logged
from support.postgresql import in_memory
from support.strict_reader import NAMESPACES

T = TypeVar("T")
P = ParamSpec("P")

MESSAGE = (
    b"From: Ann <ann@example.org>\r\nTo: user@example.org\r\nSubject: Hello\r\n"
    b"Message-ID: <1@example.org>\r\nDate: Fri, 20 Nov 2026 10:00:00 +0100\r\n\r\nHow are you?\r\n"
)


@contextmanager
def sqlite_database() -> Iterator[Database]:
    """A new database in memory, for tests that share it."""
    with TemporaryDirectory(dir=in_memory()) as folder:
        opened = Database.open(f"sqlite:///{folder}/ewspush.db")
        yield opened
        opened.close()


class Owner:
    """A mailbox; each act in it is a transaction of its own."""

    def __init__(self, database: Database, mailbox: Mailbox) -> None:
        self.database = database
        self.mailbox = mailbox
        self.now_s = NOW_S
        self._seen = 0

    def act(
        self,
        function: Callable[Concatenate[Journal, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """What a function does with a journal, which is settled if it does not raise."""
        with self.database.write() as tx:
            sending.begin(tx)
            journal = Journal(tx, self.mailbox.id, self.now_s)
            with journal.attempt():
                return function(journal, *args, **kwargs)

    def read(
        self,
        function: Callable[Concatenate[Transaction, int, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """What a function finds in this mailbox."""
        with self.database.read() as tx:
            return function(tx, self.mailbox.id, *args, **kwargs)

    def deliver(self, message: bytes = MESSAGE) -> Item:
        """Let a message arrive."""
        with self.database.write() as tx:
            mail.deliver(tx, self.mailbox.address, message, self.now_s)
        return self.items(INBOX)[-1]

    def create(self, folder: int = DRAFTS, *, is_draft: bool = False, **values: Any) -> Item:
        """Make an item; a message unless an ItemClass is given."""
        return self.act(create, folder, {"ItemClass": "IPM.Note", **values}, is_draft=is_draft)

    def items(self, folder: int) -> list[Item]:
        """What is in a folder, in the order in which it came."""
        return self.read(items.in_folder, folder, 0, 1000)

    def again(self, item: Item) -> Item:
        """The item as it is now."""
        found = self.read(items.by_number, item.number)
        assert found is not None
        return found

    def values(self, item: Item, *names: str, body_type: str = "Best") -> dict[str, Any]:
        """What clients see of an item, with these of its contents."""
        row = values_of(item)
        return row | self.read(content_values, item, frozenset(names), body_type)

    def events(self) -> list[Logged]:
        """What was logged since the last time."""
        with self.database.read() as tx:
            (excerpt,) = event_log.read(tx, [Window(self.mailbox.id, self._seen, 100_000)])
        assert excerpt is not None
        self._seen += len(excerpt.events)
        assert len({event.at_s for event in excerpt.events}) <= 1, "one TimeStamp"
        return [Logged.of(event) for event in excerpt.events]


def mailboxes(*addresses: str) -> list[dict[str, str]]:
    """A property that lists recipients."""
    return [{"EmailAddress": address} for address in addresses]


def body(text: str, body_type: str = "Text") -> dict[str, str]:
    """A value of Body."""
    return {"BodyType": body_type, "Value": text}


def base64(content: bytes) -> str:
    """Bytes as values hold them."""
    return b64encode(content).decode("ascii")


def file(name: str, content: bytes = b"content", **more: Any) -> dict[str, Any]:
    """A FileAttachment, as a client gives it."""
    return {"Kind": "FileAttachment", "Name": name, "Content": base64(content), **more}


def attached(name: str, kind: str = "Message", **values: Any) -> dict[str, Any]:
    """An ItemAttachment, as a client gives it."""
    return {"Kind": "ItemAttachment", "Name": name, "Item": {"Kind": kind, "Values": values}}


# Requests


def item_id(mailbox: Mailbox, item: Item, *, change: bool = True) -> str:
    """The ItemId of an item as it is known from this row."""
    key = f' ChangeKey="{change_key.encode(item.change)}"' if change else ""
    return f'<t:ItemId Id="{ids.encode(Kind.ITEM, mailbox.id, item.number)}"{key}/>'


def item_ids(some: str) -> str:
    return f"<m:ItemIds>{some}</m:ItemIds>"


def get_item(*some: str, base: str = "IdOnly", shape: str = "", fields: str = "") -> bytes:
    """`shape` is XML between BaseShape and AdditionalProperties."""
    added = f"<t:AdditionalProperties>{fields}</t:AdditionalProperties>" if fields else ""
    return envelope(
        f"<m:GetItem><m:ItemShape><t:BaseShape>{base}</t:BaseShape>{shape}{added}</m:ItemShape>"
        f"{item_ids(''.join(some))}</m:GetItem>"
    )


def field_uri(*uris: str) -> str:
    return "".join(f'<t:FieldURI FieldURI="{uri}"/>' for uri in uris)


def distinguished(name: str) -> str:
    return f'<t:DistinguishedFolderId Id="{name}"/>'


def move_item(*some: str, to: str = "drafts", operation: str = "MoveItem", more: str = "") -> bytes:
    to = to if to.startswith("<") else distinguished(to)
    return envelope(
        f"<m:{operation}><m:ToFolderId>{to}</m:ToFolderId>{item_ids(''.join(some))}{more}"
        f"</m:{operation}>"
    )


def delete_item(*some: str, disposal: str = "HardDelete") -> bytes:
    return envelope(
        f'<m:DeleteItem DeleteType="{disposal}">{item_ids("".join(some))}</m:DeleteItem>'
    )


def mark_all(*folders: str, flag: str = "true") -> bytes:
    listed = "".join(one if one.startswith("<") else distinguished(one) for one in folders)
    return envelope(
        f"<m:MarkAllItemsAsRead><m:ReadFlag>{flag}</m:ReadFlag>"
        "<m:SuppressReadReceipts>true</m:SuppressReadReceipts>"
        f"<m:FolderIds>{listed}</m:FolderIds></m:MarkAllItemsAsRead>"
    )


def create_item(
    *elements: str, disposition: str | None = "SaveOnly", folder: str = "", invitations: str = ""
) -> bytes:
    attributes = f' MessageDisposition="{disposition}"' if disposition else ""
    if invitations:
        attributes += f' SendMeetingInvitations="{invitations}"'
    if folder:
        folder = folder if folder.startswith("<") else distinguished(folder)
        folder = f"<m:SavedItemFolderId>{folder}</m:SavedItemFolderId>"
    return envelope(
        f"<m:CreateItem{attributes}>{folder}<m:Items>{''.join(elements)}</m:Items></m:CreateItem>"
    )


def message(
    subject: str = "Hello", to: tuple[str, ...] = (), text: str = "", more: str = "", mime: str = ""
) -> str:
    """A t:Message. `more` is XML after the ToRecipients."""
    recipients = "".join(
        f"<t:Mailbox><t:EmailAddress>{address}</t:EmailAddress></t:Mailbox>" for address in to
    )
    return (
        "<t:Message>"
        + (f"<t:MimeContent>{mime}</t:MimeContent>" if mime else "")
        + f"<t:Subject>{escape(subject)}</t:Subject>"
        + (f'<t:Body BodyType="Text">{escape(text)}</t:Body>' if text else "")
        + (f"<t:ToRecipients>{recipients}</t:ToRecipients>" if to else "")
        + f"{more}</t:Message>"
    )


def response(kind: str, reference: str, content: str = "", *, before: str = "") -> str:
    """A ReplyToItem or the like; `content` is HTML, `before` is XML of the new message."""
    reference = reference.replace("t:ItemId", "t:ReferenceItemId")
    new = f'<t:NewBodyContent BodyType="HTML">{escape(content)}</t:NewBodyContent>'
    return f"<t:{kind}>{before}{reference}{new if content else ''}</t:{kind}>"


def send_item(*some: str, saves: str = "true", folder: str = "") -> bytes:
    folder = f"<m:SavedItemFolderId>{distinguished(folder)}</m:SavedItemFolderId>" if folder else ""
    return envelope(
        f'<m:SendItem SaveItemToFolder="{saves}">{item_ids("".join(some))}{folder}</m:SendItem>'
    )


def item_change(id: str, *updates: str) -> str:
    return f"<t:ItemChange>{id}<t:Updates>{''.join(updates)}</t:Updates></t:ItemChange>"


def set_field(uri: str, value: str, *, kind: str = "Message", how: str = "SetItemField") -> str:
    """`uri` is a FieldURI or XML of a path, `value` XML of the property."""
    path = uri if uri.startswith("<") else field_uri(uri)
    return f"<t:{how}>{path}<t:{kind}>{value}</t:{kind}></t:{how}>"


def delete_field(uri: str) -> str:
    path = uri if uri.startswith("<") else field_uri(uri)
    return f"<t:DeleteItemField>{path}</t:DeleteItemField>"


def update_item(
    *changes: str, resolution: str = "AutoResolve", disposition: str = "SaveOnly", folder: str = ""
) -> bytes:
    folder = f"<m:SavedItemFolderId>{distinguished(folder)}</m:SavedItemFolderId>" if folder else ""
    return envelope(
        f'<m:UpdateItem ConflictResolution="{resolution}" MessageDisposition="{disposition}">'
        f"{folder}<m:ItemChanges>{''.join(changes)}</m:ItemChanges></m:UpdateItem>"
    )


def sync_folder_items(
    folder: str = "inbox", *, state: str = "", most: int = 512, ignore: str = "", shape: str = ""
) -> bytes:
    folder = folder if folder.startswith("<") else distinguished(folder)
    state = f"<m:SyncState>{state}</m:SyncState>" if state else ""
    ignore = f"<m:Ignore>{ignore}</m:Ignore>" if ignore else ""
    return envelope(
        "<m:SyncFolderItems><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape>"
        f"{shape}</m:ItemShape><m:SyncFolderId>{folder}</m:SyncFolderId>{state}{ignore}"
        f"<m:MaxChangesReturned>{most}</m:MaxChangesReturned></m:SyncFolderItems>"
    )


def attachment_ids(*numbers: str) -> str:
    listed = "".join(f"<t:AttachmentId Id={quoteattr(id)}/>" for id in numbers)
    return f"<m:AttachmentIds>{listed}</m:AttachmentIds>"


def get_attachment(*some: str, shape: str = "") -> bytes:
    shape = f"<m:AttachmentShape>{shape}</m:AttachmentShape>" if shape else ""
    return envelope(f"<m:GetAttachment>{shape}{attachment_ids(*some)}</m:GetAttachment>")


def delete_attachment(*some: str) -> bytes:
    return envelope(f"<m:DeleteAttachment>{attachment_ids(*some)}</m:DeleteAttachment>")


def create_attachment(parent: str, *attachments: str) -> bytes:
    parent = parent.replace("t:ItemId", "m:ParentItemId")
    return envelope(
        f"<m:CreateAttachment>{parent}<m:Attachments>{''.join(attachments)}</m:Attachments>"
        "</m:CreateAttachment>"
    )


def file_attachment(name: str, content: bytes = b"content", more: str = "") -> str:
    return (
        f"<t:FileAttachment><t:Name>{name}</t:Name>{more}"
        f"<t:Content>{base64(content)}</t:Content></t:FileAttachment>"
    )


# Answers


def messages(answer: Any) -> list[Any]:
    """The response messages, in order."""
    return [each.getparent() for each in answer.all("m:ResponseCode")]


def names(element: Any) -> list[str]:
    """The children of an element by name, without their namespace."""
    return [child.tag.partition("}")[2] for child in element]


def one(element: Any, path: str) -> Any:
    """The one element on a path within another."""
    (found,) = element.findall(f".//{path}", NAMESPACES)
    return found


def id_in(element: Any, name: str = "t:ItemId") -> str:
    """The ItemId in an answer, as XML for a request."""
    found = one(element, name).attrib
    return f'<t:ItemId Id="{found["Id"]}" ChangeKey="{found["ChangeKey"]}"/>'
