"""Requests that the contract allows, about what is in a mailbox: an answer, and never a bug."""

import os
from base64 import b64encode
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from sqlalchemy import select

from ewspush.core.ids import Kind
from ewspush.store.schema import attachments, folders, items
from ewspush.wire import change_key, ids
from support import mime_corpus
from support.ews import Ews, envelope, subscribe_to_pull
from support.items import Owner, attached, file, mailboxes, sync_folder_items
from support.mailbox_model import CALENDAR, CONTACTS, DRAFTS, INBOX
from support.schema_documents import Definitions, documents
from support.schemas import MESSAGES, WSDL

THOROUGH = bool(os.environ.get("THOROUGH"))
OPERATIONS = [
    *("GetFolder", "FindFolder", "CreateFolder", "UpdateFolder", "MoveFolder", "CopyFolder"),
    *("DeleteFolder", "EmptyFolder", "SyncFolderHierarchy", "GetItem", "FindItem", "CreateItem"),
    *("UpdateItem", "SendItem", "MoveItem", "CopyItem", "DeleteItem", "MarkAllItemsAsRead"),
    *("SyncFolderItems", "GetAttachment", "CreateAttachment", "DeleteAttachment"),
    *("ResolveNames", "ConvertId", "GetServerTimeZones", "Unsubscribe", "GetEvents"),
]
HOMES = [
    (DRAFTS, "IPM.Note"),
    (INBOX, "IPM.Schedule.Meeting.Request"),
    (INBOX, "IPM.Post"),
    (CALENDAR, "IPM.Appointment"),
    (CONTACTS, "IPM.Contact"),
    (CONTACTS, "IPM.DistList"),
    (INBOX, "IPM.Task"),
]
MESSAGES_AT_HAND = [
    mime_corpus.content(name) for name in mime_corpus.names() if name != "large-attachment"
]
ADDRESSES = [
    *("user@example.com", "other@example.com", "ann@elsewhere.example", '"a b"@example.com'),
    *("a b@c", "@", "ü@example.com", f"x@{'y' * 300}", "a@b.example\ncc: c@d", "/o=ex/cn=x"),
]
_FEW = 12  # items; fewer are made up for
_KNOWN = 50  # of each kind, the newest


class World:
    """A mailbox with something of everything, whatever is done to it."""

    def __init__(self, ews: Ews) -> None:
        self.ews = ews
        self.owner = Owner(ews.database, ews.mailbox)
        self._foreign = Owner(ews.database, ews.other).deliver().number
        self._delivered = count()
        self._subscription = ews.ask(subscribe_to_pull())
        self._state = ""

    def real(self, draw, request: etree._Element) -> None:
        """Put what is there in the place of most of what a document names."""
        known = self._known()
        for element in request.iter("*"):
            put = _PUT.get(etree.QName(element).localname)
            if put is not None and draw(st.integers(0, 9)):
                put(self, draw, element, known)

    def _known(self) -> dict[str, list]:
        with self.ews.database.read() as tx:
            mine = {
                table.name: tx.connection.execute(
                    select(table.c.number, *more)
                    .where(table.c.mailbox_id == self.ews.mailbox.id)
                    .order_by(table.c.number.desc())
                    .limit(_KNOWN)
                ).all()
                for table, more in ((folders, ()), (items, (items.c.change,)), (attachments, ()))
            }
        if len(mine["items"]) >= _FEW and mine["attachments"]:
            return mine
        self._fill()
        return self._known()

    def _fill(self) -> None:
        for folder, item_class in HOMES:
            self.owner.create(
                folder,
                ItemClass=item_class,
                Attachments=[file("a"), attached("b", Subject="x")],
                ToRecipients=mailboxes("other@example.com"),
                is_draft=True,
            )
        for number in range(_FEW):
            at = (next(self._delivered) + number) % len(MESSAGES_AT_HAND)
            self.owner.deliver(MESSAGES_AT_HAND[at])
        self._state = self.ews.ask(sync_folder_items(most=3)).text("m:SyncState")

    def _id(self, draw, kind: Kind, number: int) -> str:
        is_foreign = draw(st.integers(0, 15)) == 0
        mailbox = self.ews.other if is_foreign else self.ews.mailbox
        return ids.encode(kind, mailbox.id, self._foreign if is_foreign else number)

    def folder(self, draw, element, known) -> None:
        (number,) = _one(draw, known["folders"])
        element.set("Id", self._id(draw, Kind.FOLDER, number))
        element.attrib.pop("ChangeKey", None)

    def item(self, draw, element, known) -> None:
        number, change = _one(draw, known["items"])
        element.set("Id", self._id(draw, Kind.ITEM, number))
        element.set("ChangeKey", change_key.encode(change))

    def attachment(self, draw, element, known) -> None:
        (number,) = _one(draw, known["attachments"])
        element.set("Id", self._id(draw, Kind.ATTACHMENT, number))

    def distinguished(self, _draw, element, _known) -> None:
        del element[:]

    def mime(self, draw, element, _known) -> None:
        element.text = b64encode(draw(st.sampled_from(MESSAGES_AT_HAND))).decode()

    def address(self, draw, element, _known) -> None:
        if not len(element):
            element.text = draw(st.sampled_from(ADDRESSES))

    def routing_type(self, _draw, element, _known) -> None:
        element.text = "SMTP"

    def sync_state(self, _draw, element, _known) -> None:
        element.text = self._state

    def subscription(self, _draw, element, _known) -> None:
        element.text = self._subscription.text("m:SubscriptionId")

    def watermark(self, _draw, element, _known) -> None:
        element.text = self._subscription.text("m:Watermark")


def _one(draw, rows):
    # What Hypothesis draws must not depend on what it has done to the mailbox before.
    return rows[draw(st.integers(0, _KNOWN - 1)) % len(rows)]


_PUT = {
    "FolderId": World.folder,
    "ParentFolderId": lambda *about: len(about[2]) or World.folder(*about),
    "ItemId": World.item,
    "ReferenceItemId": World.item,
    "ParentItemId": World.item,
    "AttachmentId": World.attachment,
    "DistinguishedFolderId": World.distinguished,
    "MimeContent": World.mime,
    "EmailAddress": World.address,
    "RoutingType": World.routing_type,
    "SyncState": World.sync_state,
    "SubscriptionId": World.subscription,
    "Watermark": World.watermark,
}


@pytest.fixture(scope="module")
def world(shared_ews):
    return World(shared_ews)


# Of the ids in a request those are left out that nothing here has.
DEFINITIONS = Definitions(
    WSDL, lambda _type, element: element.startswith(("Occurrence", "RecurringMaster"))
)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_what_a_mailbox_is_asked_for_gets_an_answer(world, operation):
    @settings(
        derandomize=True,
        deadline=None,
        database=None,
        max_examples=1000 if THOROUGH else 40,
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data(), request=documents(DEFINITIONS, [f"{{{MESSAGES}}}{operation}"]))
    def ask(data, request):
        world.real(data.draw, request)
        answer = world.ews.ask(envelope(etree.tostring(request).decode()))
        assert answer.codes
        assert "ErrorInternalServerError" not in answer.codes

    ask()
