"""The messages of FindItem, as types of Spyne."""

from ewspush.endpoint.ews.types import ResponseMessageType
from ewspush.endpoint.spyne_compat import AnyXml, ComplexModel, Unicode, XmlAttribute
from ewspush.wire.namespaces import MESSAGES


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
