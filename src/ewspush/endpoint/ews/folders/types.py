"""The messages of the operations on folders, as types of Spyne."""

from ewspush.endpoint.ews.types import ResponseMessageType
from ewspush.endpoint.spyne_compat import AnyXml, Boolean, ComplexModel, Unicode, XmlAttribute
from ewspush.wire.namespaces import MESSAGES


class FolderInfoResponseMessageType(ResponseMessageType):
    __namespace__ = MESSAGES

    Folders = AnyXml(min_occurs=0)


class GetFolderType(ComplexModel):
    __namespace__ = MESSAGES

    FolderShape = AnyXml(min_occurs=1)
    FolderIds = AnyXml(min_occurs=1)


class FindFolderType(ComplexModel):
    __namespace__ = MESSAGES

    FolderShape = AnyXml(min_occurs=1)
    IndexedPageFolderView = AnyXml(min_occurs=0)
    FractionalPageFolderView = AnyXml(min_occurs=0)
    Restriction = AnyXml(min_occurs=0)
    ParentFolderIds = AnyXml(min_occurs=1)
    Traversal = XmlAttribute(Unicode, use="required")


class FindFolderResponseMessageType(ResponseMessageType):
    __namespace__ = MESSAGES

    RootFolder = AnyXml(min_occurs=0)


class CreateFolderType(ComplexModel):
    __namespace__ = MESSAGES

    ParentFolderId = AnyXml(min_occurs=1)
    Folders = AnyXml(min_occurs=1)


class UpdateFolderType(ComplexModel):
    __namespace__ = MESSAGES

    FolderChanges = AnyXml(min_occurs=1)


class MoveFolderType(ComplexModel):
    __namespace__ = MESSAGES

    ToFolderId = AnyXml(min_occurs=1)
    FolderIds = AnyXml(min_occurs=1)


class CopyFolderType(ComplexModel):
    __namespace__ = MESSAGES

    ToFolderId = AnyXml(min_occurs=1)
    FolderIds = AnyXml(min_occurs=1)


class DeleteFolderType(ComplexModel):
    __namespace__ = MESSAGES

    FolderIds = AnyXml(min_occurs=1)
    DeleteType = XmlAttribute(Unicode, use="required")


class EmptyFolderType(ComplexModel):
    __namespace__ = MESSAGES

    FolderIds = AnyXml(min_occurs=1)
    DeleteType = XmlAttribute(Unicode, use="required")
    DeleteSubFolders = XmlAttribute(Boolean, use="required")


class SyncFolderHierarchyType(ComplexModel):
    __namespace__ = MESSAGES

    FolderShape = AnyXml(min_occurs=1)
    SyncFolderId = AnyXml(min_occurs=0)
    SyncState = Unicode(min_occurs=0)


class SyncFolderHierarchyResponseMessageType(ResponseMessageType):
    __namespace__ = MESSAGES

    SyncState = Unicode(min_occurs=0)
    IncludesLastFolderInRange = Boolean(min_occurs=0)
    Changes = AnyXml(min_occurs=0)
