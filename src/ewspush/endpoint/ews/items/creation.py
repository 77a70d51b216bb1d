"""CreateItem and SendItem."""

from collections.abc import Callable, Sequence
from typing import Any

from lxml import etree

from ewspush.core.errors import (
    CannotCreateCalendarItemInNonCalendarFolder,
    CannotCreateContactInNonContactFolder,
    CannotCreateTaskInNonTaskFolder,
    ChangeKeyRequired,
    EwsError,
    InvalidOperation,
    InvalidPropertySet,
    MessageDispositionRequired,
    MissingInformationReferenceItemId,
    SendMeetingInvitationsRequired,
    StaleObject,
)
from ewspush.endpoint.ews.call import Call
from ewspush.endpoint.ews.folders import ids as folder_ids
from ewspush.endpoint.ews.items import ids as item_ids
from ewspush.endpoint.ews.items.rendering import id_only, not_told, told
from ewspush.endpoint.ews.items.saving import SENT, Saving, check_may_send
from ewspush.endpoint.ews.items.types import (
    CreateItemType,
    ItemInfoResponseMessageType,
    SendItemType,
)
from ewspush.endpoint.ews.limits import bounded
from ewspush.endpoint.ews.types import (
    EwsService,
    ResponseMessageType,
    failure,
    messages_operation,
    success,
)
from ewspush.endpoint.spyne_compat import MethodContext
from ewspush.operations import sending
from ewspush.operations.delegates import Access, Journals
from ewspush.operations.folders.finding import FolderByName, FolderReference
from ewspush.operations.items.attachments import Attachment, attachments_of
from ewspush.operations.items.creation import create
from ewspush.operations.items.finding import Item, get_item
from ewspush.operations.journal import Journal
from ewspush.operations.replies import Response, respond
from ewspush.wire.namespaces import TYPES
from ewspush.wire.properties.items import kind_named, read

_HOME = {
    "CalendarItem": "calendar",
    "Contact": "contacts",
    "DistributionList": "contacts",
    "Task": "tasks",
    "PostItem": "inbox",
}
_ONLY_IN: dict[str, tuple[str, type[EwsError]]] = {
    "CalendarItem": ("ipf.appointment", CannotCreateCalendarItemInNonCalendarFolder),
    "Contact": ("ipf.contact", CannotCreateContactInNonContactFolder),
    "DistributionList": ("ipf.contact", CannotCreateContactInNonContactFolder),
    "Task": ("ipf.task", CannotCreateTaskInNonTaskFolder),
}
_RESPONSES = {response.value: response for response in Response}


class ItemCreation(EwsService):
    @messages_operation("CreateItem", CreateItemType, ItemInfoResponseMessageType)
    def create_item(ctx: MethodContext, request: CreateItemType) -> list[ResponseMessageType]:
        call: Call = ctx.udc
        new = bounded(request.Items, "items")
        with call.journals(may_send=True) as journals:
            return [_create(call, journals, request, element) for element in new]

    @messages_operation("SendItem", SendItemType, ResponseMessageType)
    def send_item(ctx: MethodContext, request: SendItemType) -> list[ResponseMessageType]:
        call: Call = ctx.udc
        asked_for = bounded(request.ItemIds, "ids")
        disposition = "SendAndSaveCopy" if request.SaveItemToFolder else "SendOnly"
        saving = Saving(disposition, request.SavedItemFolderId)
        with call.journals(may_send=True) as journals:
            return [_send(call, journals, id, saving) for id in asked_for]


def _create(
    call: Call, journals: Journals, request: CreateItemType, element: etree._Element
) -> ResponseMessageType:
    name = etree.QName(element).localname
    make = _MAKERS.get(name, _store)
    try:
        journal = journals.of_folder(_place(request))
        with journal.attempt():
            item = make(call, journal, request, element)
    except EwsError as error:
        return not_told(error)
    if item is None:
        return told([])
    return told([id_only(journal.mailbox, item, _given_attachments(journal, item, element))])


def _place(request: CreateItemType) -> FolderReference:
    """What says in which mailbox something is made: without a folder in the caller's."""
    folder_id = request.SavedItemFolderId
    return SENT if folder_id is None else folder_ids.reference(folder_id[0])


def _given_attachments(
    journal: Journal, item: Item, element: etree._Element
) -> Sequence[Attachment]:
    """The new attachments of a new item, in the order of the request.

    The EWS Managed API takes their ids from the answer, as "Add attachments by using EWS in
    Exchange" shows it; it attaches once more what it finds without an id.
    """
    if all(etree.QName(child).localname != "Attachments" for child in element):
        return ()
    attachments = attachments_of(journal.tx, journal.mailbox, item)
    return [one for one in attachments if one.part is None]


def _store(
    call: Call, journal: Journal, request: CreateItemType, element: etree._Element
) -> Item | None:
    """Anything that is not sent."""
    name = etree.QName(element).localname
    if name == "CalendarItem":
        _check_invitations(call, journal, request, element)
    home = FolderByName(_HOME.get(name, "drafts"))
    folder = Saving("SaveOnly", request.SavedItemFolderId).folder(call, journal, home)
    needed, error = _ONLY_IN.get(name, ("", EwsError))
    if not (folder.folder_class or "").lower().startswith(needed):
        raise error
    values = _values(element)
    if name == "CalendarItem":
        values["Organizer"] = sending.own_mailbox(journal.owner)
    return create(journal, folder.number, values)


def _check_invitations(
    call: Call, journal: Journal, request: CreateItemType, element: etree._Element
) -> None:
    if request.SendMeetingInvitations is None:
        raise SendMeetingInvitationsRequired
    attendees = [child for child in element if etree.QName(child).localname.endswith("Attendees")]
    if attendees and request.SendMeetingInvitations != "SendToNone":
        check_may_send(call, journal)
        raise InvalidOperation("This server sends no meeting requests: use SendToNone.")


def _message(
    call: Call, journal: Journal, request: CreateItemType, element: etree._Element
) -> Item | None:
    return _save_or_send(call, journal, request, _values(element))


def _response(
    call: Call, journal: Journal, request: CreateItemType, element: etree._Element
) -> Item | None:
    given = read(element)
    mailbox, original = _original(call, journal, element)
    response = _RESPONSES[etree.QName(element).localname]
    values = respond(journal.tx, journal.owner, mailbox, original, response, given)
    return _save_or_send(call, journal, request, values)


def _save_or_send(
    call: Call, journal: Journal, request: CreateItemType, values: dict[str, Any]
) -> Item | None:
    if request.MessageDisposition is None:
        raise MessageDispositionRequired
    saving = Saving(request.MessageDisposition, request.SavedItemFolderId)
    if not saving.sends:
        folder = saving.folder(call, journal, FolderByName("drafts"))
        return create(journal, folder.number, values, is_draft=True)
    check_may_send(call, journal)
    sending.send_new(
        journal,
        call.caller,
        values,
        saving.folder_of_copy(call, journal),
        queue_limit=call.backend.queue_limit,
    )
    return None  # no ids of what is sent: CreateItem (EWS XML reference), MessageDisposition


def _suppress_receipt(
    call: Call, journal: Journal, _request: CreateItemType, element: etree._Element
) -> Item | None:
    """This server sends no receipts, so there is nothing to suppress."""
    _original(call, journal, element)
    return None


def _refuse(
    _call: Call, _journal: Journal, _request: CreateItemType, element: etree._Element
) -> Item | None:
    raise InvalidOperation(f"This server creates no {etree.QName(element).localname}.")


def _values(element: etree._Element) -> dict[str, Any]:
    kind = kind_named(etree.QName(element).localname)
    values = {"ItemClass": kind.item_class, **read(element)}
    writable = {each.name for each in kind.properties if each.is_writable}
    for name in values:
        if name not in writable:
            raise InvalidPropertySet(f"{name} cannot be set.")
    return values


def _original(call: Call, journal: Journal, element: etree._Element) -> tuple[int, Item]:
    """What a response object is a response to, in whatever mailbox.

    The schema lets the reference be left out.
    """
    id = element.find(f"{{{TYPES}}}ReferenceItemId")
    if id is None:
        raise MissingInformationReferenceItemId
    reference = item_ids.reference(id)
    mailbox = Access(journal.tx, call.caller).mailbox_of(reference.id)
    return mailbox, get_item(journal.tx, mailbox, reference)


def _send(
    call: Call, journals: Journals, id: etree._Element, saving: Saving
) -> ResponseMessageType:
    try:
        reference = item_ids.reference(id)
        if reference.change is None:
            raise ChangeKeyRequired
        journal = journals.of(reference.id)
        with journal.attempt():
            item = get_item(journal.tx, journal.mailbox, reference)
            if reference.change != item.change:
                raise StaleObject
            saving.send(call, journal, item)
    except EwsError as error:
        return failure(ResponseMessageType, error)
    return success(ResponseMessageType)


_Maker = Callable[[Call, Journal, CreateItemType, etree._Element], Item | None]

_MAKERS: dict[str, _Maker] = {
    "Message": _message,
    **dict.fromkeys(_RESPONSES, _response),
    "SuppressReadReceipt": _suppress_receipt,
    **dict.fromkeys(
        (
            "MeetingMessage",
            "MeetingRequest",
            "MeetingResponse",
            "MeetingCancellation",
            "AcceptItem",
            "TentativelyAcceptItem",
            "DeclineItem",
            "CancelCalendarItem",
            "RemoveItem",
            "PostReplyItem",
            "AcceptSharingInvitation",
        ),
        _refuse,
    ),
}
