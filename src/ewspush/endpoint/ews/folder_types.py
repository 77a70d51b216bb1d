"""The messages of GetFolder, as types of Spyne."""

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


class FolderIdType(ComplexModel):
    __namespace__ = TYPES

    Id = XmlAttribute(Unicode, use="required")
    ChangeKey = XmlAttribute(Unicode)


class EffectiveRightsType(ComplexModel):
    __namespace__ = TYPES

    CreateAssociated = Boolean(min_occurs=1)
    CreateContents = Boolean(min_occurs=1)
    CreateHierarchy = Boolean(min_occurs=1)
    Delete = Boolean(min_occurs=1)
    Modify = Boolean(min_occurs=1)
    Read = Boolean(min_occurs=1)


class BaseFolderType(ComplexModel):
    __namespace__ = TYPES

    FolderId = FolderIdType.customize(min_occurs=0)
    ParentFolderId = FolderIdType.customize(min_occurs=0)
    FolderClass = Unicode(min_occurs=0)
    DisplayName = Unicode(min_occurs=0)
    TotalCount = Integer32(min_occurs=0)
    ChildFolderCount = Integer32(min_occurs=0)
    EffectiveRights = EffectiveRightsType.customize(min_occurs=0)
    DistinguishedFolderId = Unicode(min_occurs=0)


class FolderType(BaseFolderType):
    __namespace__ = TYPES

    UnreadCount = Integer32(min_occurs=0)


class CalendarFolderType(BaseFolderType):
    __namespace__ = TYPES


class ContactsFolderType(BaseFolderType):
    __namespace__ = TYPES


class TasksFolderType(FolderType):
    __namespace__ = TYPES


class ArrayOfFoldersType(ComplexModel):
    """Each folder in the element of its kind. Spyne loses the order among kinds: use one alone."""

    __namespace__ = TYPES

    Folder = FolderType.customize(max_occurs="unbounded")
    CalendarFolder = CalendarFolderType.customize(max_occurs="unbounded")
    ContactsFolder = ContactsFolderType.customize(max_occurs="unbounded")
    TasksFolder = TasksFolderType.customize(max_occurs="unbounded")


class FolderResponseShapeType(ComplexModel):
    __namespace__ = TYPES

    BaseShape = Unicode(min_occurs=1)
    AdditionalProperties = AnyXml(min_occurs=0)


class GetFolderType(ComplexModel):
    __namespace__ = MESSAGES

    FolderShape = FolderResponseShapeType.customize(min_occurs=1)
    FolderIds = AnyXml(min_occurs=1)


class FolderInfoResponseMessageType(ResponseMessageType):
    __namespace__ = MESSAGES

    Folders = ArrayOfFoldersType.customize(min_occurs=0)


class GetFolderResponseMessages(ComplexModel):
    """Of m:ArrayOfResponseMessagesType, what this operation sends."""

    __namespace__ = MESSAGES

    GetFolderResponseMessage = FolderInfoResponseMessageType.customize(max_occurs="unbounded")


class GetFolderResponseType(ComplexModel):
    __namespace__ = MESSAGES

    ResponseMessages = GetFolderResponseMessages.customize(min_occurs=1)
