"""GetAttachment, CreateAttachment and DeleteAttachment."""

from base64 import b64encode
from typing import Any

from lxml import etree

from ewspush.core.errors import EwsError
from ewspush.core.item_paths import Value
from ewspush.endpoint.ews.call import Call
from ewspush.endpoint.ews.items import ids as item_ids
from ewspush.endpoint.ews.items.rendering import described
from ewspush.endpoint.ews.items.types import (
    AttachmentInfoResponseMessageType,
    CreateAttachmentType,
    DeleteAttachmentResponseMessageType,
    DeleteAttachmentType,
    GetAttachmentType,
)
from ewspush.endpoint.ews.limits import Contents, bounded
from ewspush.endpoint.ews.types import (
    EwsService,
    ResponseMessageType,
    failure,
    message_element,
    messages_operation,
    success,
)
from ewspush.endpoint.spyne_compat import MethodContext
from ewspush.operations import Transaction
from ewspush.operations.delegates import Access, Journals
from ewspush.operations.items.attachments import (
    Attachment,
    AttachmentContents,
    add_attachments,
    attached_item,
    delete_attachment,
    get_attachment,
)
from ewspush.operations.items.finding import Item, get_item
from ewspush.operations.items.parts import NewAttachment
from ewspush.operations.items.values import values_of_parts
from ewspush.operations.journal import Journal
from ewspush.wire.properties.items import read_attachments, render_attachment


class Attachments(EwsService):
    @messages_operation("GetAttachment", GetAttachmentType, AttachmentInfoResponseMessageType)
    def get_attachment(ctx: MethodContext, request: GetAttachmentType) -> list[ResponseMessageType]:
        asked_for = bounded(request.AttachmentIds, "ids")
        with ctx.udc.backend.database.read() as tx:
            answer = _Answer(tx, ctx.udc, request.AttachmentShape)
            return [answer.add(id) for id in asked_for]

    @messages_operation("CreateAttachment", CreateAttachmentType, AttachmentInfoResponseMessageType)
    def create_attachment(
        ctx: MethodContext, request: CreateAttachmentType
    ) -> list[ResponseMessageType]:
        call: Call = ctx.udc
        bounded(request.Attachments, "attachments")
        new = read_attachments(request.Attachments)
        with call.journals() as journals:
            return [_create(journals, request.ParentItemId, values) for values in new]

    @messages_operation(
        "DeleteAttachment", DeleteAttachmentType, DeleteAttachmentResponseMessageType
    )
    def delete_attachment(
        ctx: MethodContext, request: DeleteAttachmentType
    ) -> list[ResponseMessageType]:
        call: Call = ctx.udc
        asked_for = bounded(request.AttachmentIds, "ids")
        with call.journals(asked_for) as journals:
            return [_delete(journals, id) for id in asked_for]


class _Answer:
    """What GetAttachment answers, whose size is bounded."""

    def __init__(self, tx: Transaction, call: Call, shape: etree._Element | None) -> None:
        self._tx = tx
        self._access = Access(tx, call.caller)
        texts = {} if shape is None else {etree.QName(one).localname: one.text for one in shape}
        self._body_type = texts.get("BodyType") or "Best"
        self._with_mime = texts.get("IncludeMimeContent") in ("true", "1")
        self._size = Contents("attachments")
        self._contents: dict[int, AttachmentContents] = {}  # by mailbox

    def add(self, id: etree._Element) -> ResponseMessageType:
        """The answer for one attachment; an error in one does not spoil the others."""
        try:
            where = item_ids.attachment(id)
            mailbox = self._access.mailbox_of(where)
            attachment, _ = get_attachment(self._tx, mailbox, where)
            self._size.add(attachment.size)
            values = self._with_content(mailbox, attachment)
        except EwsError as error:
            return _not_told(error)
        return _told(render_attachment(values))

    def _with_content(self, mailbox: int, attachment: Attachment) -> dict[str, Any]:
        values = described(mailbox, attachment)
        if mailbox not in self._contents:
            self._contents[mailbox] = AttachmentContents(self._tx, mailbox)
        content = self._contents[mailbox].of(attachment)
        if not attachment.is_item:
            return {**values, "Content": b64encode(content).decode("ascii")}
        element, parts = attached_item(attachment, content)
        attached = values_of_parts(parts, self._body_type, with_mime=self._with_mime)
        return {**values, "Item": {"Kind": element, "Values": attached}}


def _create(
    journals: Journals, parent: etree._Element, values: dict[str, Value]
) -> ResponseMessageType:
    try:
        reference = item_ids.reference(parent)
        journal = journals.of(reference.id)
        with journal.attempt():
            item = get_item(journal.tx, journal.mailbox, reference)
            new = NewAttachment.of_values(values)
            (stored,), item = add_attachments(journal, item, [new])
    except EwsError as error:
        return _not_told(error)
    id = {**item_ids.attachment_id(journal.mailbox, stored.number), **_root(journal, item)}
    kind = "ItemAttachment" if stored.is_item else "FileAttachment"
    return _told(render_attachment({"Kind": kind, "AttachmentId": id}))


def _delete(journals: Journals, id: etree._Element) -> ResponseMessageType:
    try:
        where = item_ids.attachment(id)
        journal = journals.of(where)
        with journal.attempt():
            attachment, item = get_attachment(journal.tx, journal.mailbox, where)
            item = delete_attachment(journal, attachment, item)
    except EwsError as error:
        return failure(DeleteAttachmentResponseMessageType, error)
    root = message_element("RootItemId", attributes=_root(journal, item))
    return success(DeleteAttachmentResponseMessageType, RootItemId=root)


def _root(journal: Journal, item: Item) -> dict[str, str]:
    id = item_ids.item_id(journal.mailbox, item)
    return {"RootItemId": id["Id"], "RootItemChangeKey": id["ChangeKey"]}


def _told(attachment: etree._Element) -> ResponseMessageType:
    return success(
        AttachmentInfoResponseMessageType, Attachments=message_element("Attachments", [attachment])
    )


def _not_told(error: EwsError) -> ResponseMessageType:
    # The schema wants an empty Attachments.
    return failure(
        AttachmentInfoResponseMessageType, error, Attachments=message_element("Attachments")
    )
