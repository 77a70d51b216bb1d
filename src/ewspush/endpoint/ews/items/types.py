"""The messages of the operations on items, as types of Spyne."""

from ewspush.endpoint.ews.types import ResponseMessageType
from ewspush.endpoint.spyne_compat import (
    AnyXml,
    Boolean,
    ComplexModel,
    Integer32,
    Unicode,
    XmlAttribute,
)
from ewspush.wire.namespaces import MESSAGES, TYPES


class ItemInfoResponseMessageType(ResponseMessageType):
    __namespace__ = MESSAGES

    Items = AnyXml(min_occurs=1)


class GetItemType(ComplexModel):
    __namespace__ = MESSAGES

    ItemShape = AnyXml(min_occurs=1)
    ItemIds = AnyXml(min_occurs=1)


class CreateItemType(ComplexModel):
    __namespace__ = MESSAGES

    SavedItemFolderId = AnyXml(min_occurs=0)
    Items = AnyXml(min_occurs=1)
    MessageDisposition = XmlAttribute(Unicode)
    SendMeetingInvitations = XmlAttribute(Unicode)


class ConflictResultsType(ComplexModel):
    __namespace__ = TYPES

    Count = Integer32(min_occurs=1)


class UpdateItemResponseMessageType(ItemInfoResponseMessageType):
    __namespace__ = MESSAGES

    ConflictResults = ConflictResultsType.customize(min_occurs=0)


class UpdateItemType(ComplexModel):
    __namespace__ = MESSAGES

    SavedItemFolderId = AnyXml(min_occurs=0)
    ItemChanges = AnyXml(min_occurs=1)
    ConflictResolution = XmlAttribute(Unicode, use="required")
    MessageDisposition = XmlAttribute(Unicode)


class SendItemType(ComplexModel):
    __namespace__ = MESSAGES

    ItemIds = AnyXml(min_occurs=1)
    SavedItemFolderId = AnyXml(min_occurs=0)
    SaveItemToFolder = XmlAttribute(Boolean, use="required")


class MoveItemType(ComplexModel):
    __namespace__ = MESSAGES

    ToFolderId = AnyXml(min_occurs=1)
    ItemIds = AnyXml(min_occurs=1)
    ReturnNewItemIds = Boolean(min_occurs=0)


class CopyItemType(ComplexModel):
    __namespace__ = MESSAGES

    ToFolderId = AnyXml(min_occurs=1)
    ItemIds = AnyXml(min_occurs=1)
    ReturnNewItemIds = Boolean(min_occurs=0)


class DeleteItemType(ComplexModel):
    __namespace__ = MESSAGES

    ItemIds = AnyXml(min_occurs=1)
    DeleteType = XmlAttribute(Unicode, use="required")


class DeleteItemResponseMessageType(ResponseMessageType):
    __namespace__ = MESSAGES


class MarkAllItemsAsReadType(ComplexModel):
    __namespace__ = MESSAGES

    ReadFlag = Boolean(min_occurs=1)
    SuppressReadReceipts = Boolean(min_occurs=1)
    FolderIds = AnyXml(min_occurs=1)


class FindItemType(ComplexModel):
    __namespace__ = MESSAGES

    ItemShape = AnyXml(min_occurs=1)
    IndexedPageItemView = AnyXml(min_occurs=0)
    FractionalPageItemView = AnyXml(min_occurs=0)
    SeekToConditionPageItemView = AnyXml(min_occurs=0)
    CalendarView = AnyXml(min_occurs=0)
    ContactsView = AnyXml(min_occurs=0)
    GroupBy = AnyXml(min_occurs=0)
    DistinguishedGroupBy = AnyXml(min_occurs=0)
    Restriction = AnyXml(min_occurs=0)
    SortOrder = AnyXml(min_occurs=0)
    ParentFolderIds = AnyXml(min_occurs=1)
    QueryString = AnyXml(min_occurs=0)
    Traversal = XmlAttribute(Unicode, use="required")


class FindItemResponseMessageType(ResponseMessageType):
    __namespace__ = MESSAGES

    RootFolder = AnyXml(min_occurs=0)


class SyncFolderItemsType(ComplexModel):
    __namespace__ = MESSAGES

    ItemShape = AnyXml(min_occurs=1)
    SyncFolderId = AnyXml(min_occurs=1)
    SyncState = Unicode(min_occurs=0)
    Ignore = AnyXml(min_occurs=0)
    MaxChangesReturned = Integer32(min_occurs=1)


class SyncFolderItemsResponseMessageType(ResponseMessageType):
    __namespace__ = MESSAGES

    SyncState = Unicode(min_occurs=0)
    IncludesLastItemInRange = Boolean(min_occurs=0)
    Changes = AnyXml(min_occurs=0)


class GetAttachmentType(ComplexModel):
    __namespace__ = MESSAGES

    AttachmentShape = AnyXml(min_occurs=0)
    AttachmentIds = AnyXml(min_occurs=1)


class CreateAttachmentType(ComplexModel):
    __namespace__ = MESSAGES

    ParentItemId = AnyXml(min_occurs=1)
    Attachments = AnyXml(min_occurs=1)


class AttachmentInfoResponseMessageType(ResponseMessageType):
    __namespace__ = MESSAGES

    Attachments = AnyXml(min_occurs=1)


class DeleteAttachmentType(ComplexModel):
    __namespace__ = MESSAGES

    AttachmentIds = AnyXml(min_occurs=1)


class DeleteAttachmentResponseMessageType(ResponseMessageType):
    __namespace__ = MESSAGES

    RootItemId = AnyXml(min_occurs=0)
