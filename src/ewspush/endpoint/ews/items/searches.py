"""What FindItem asks for: restriction or query string, order and view (EWS XML reference)."""

from lxml import etree

from ewspush.core import query_string, times
from ewspush.core.errors import InvalidOperation, UnsupportedPathForSortGroup
from ewspush.core.item_paths import ExtendedPath, FieldPath, IndexedPath, Path
from ewspush.core.search import Restriction
from ewspush.endpoint.ews import paging, restrictions
from ewspush.endpoint.ews.items.types import FindItemType
from ewspush.operations.items.search import NEWEST_FIRST, ItemSearch, Order, Traversal
from ewspush.operations.items.values import CONTENT
from ewspush.operations.items.views import calendar_view, contacts_view
from ewspush.wire.properties.items import KINDS, path
from ewspush.wire.properties.structures import MAILBOX
from ewspush.wire.properties.values import BOOLEAN, DOUBLE, INTEGER, TEXT, TIME
from ewspush.wire.soap import Violation, in_words

_MOST_ORDERS = 6  # Exchange has as many columns to sort by

# What is only made for an answer, or is not to be read as text.
_NOT_SEARCHED = frozenset(
    {
        "EffectiveRights",
        "ItemId",
        "MimeContent",
        "MimeContentUTF8",
        "ParentFolderId",
        "ResponseObjects",
    }
)
_SORTED_FORMS = (BOOLEAN, DOUBLE, INTEGER, MAILBOX, TEXT, TIME)
_SORTED = frozenset(
    each.name
    for kind in KINDS
    for each in kind.properties
    if any(each.codec is form for form in _SORTED_FORMS) and each.name not in CONTENT
)


def read(request: FindItemType, now_s: int) -> ItemSearch:
    """The search that a request asks for, whose query string may speak of "today".

    Raises soap.Violation, and EwsError for what is not searched, sorted or viewed in this way.
    """
    if request.GroupBy is not None or request.DistinguishedGroupBy is not None:
        raise InvalidOperation("This server does not group what it finds: sort it.")
    if request.SeekToConditionPageItemView is not None:
        raise InvalidOperation("This server finds pages by their offset, and not by a condition.")
    indexed, fractional = request.IndexedPageItemView, request.FractionalPageItemView
    search = ItemSearch(
        Traversal(request.Traversal),
        _restriction(request, now_s),
        _orders(request.SortOrder),
        paging.read(fractional if indexed is None else indexed),
    )
    if request.CalendarView is not None:
        return _in_calendar(request, search)
    if request.ContactsView is not None:
        view = request.ContactsView
        return contacts_view(search, view.get("InitialName"), view.get("FinalName"), _most(view))
    return search


def _restriction(request: FindItemType, now_s: int) -> Restriction | None:
    restriction = restrictions.read(request.Restriction, _searched_path)
    if request.QueryString is None:
        return restriction
    if restriction is not None:
        raise InvalidOperation("A request has either a Restriction or a QueryString.")
    return query_string.read(request.QueryString.text or "", now_s)


def _searched_path(element: etree._Element) -> Path | None:
    where = path(element)
    return None if isinstance(where, FieldPath) and where.name in _NOT_SEARCHED else where


def _orders(element: etree._Element | None) -> tuple[Order, ...]:
    if element is None:
        return NEWEST_FIRST
    if len(element) > _MOST_ORDERS:
        raise InvalidOperation(f"Items are sorted by {_MOST_ORDERS} properties at most.")
    return tuple(
        Order(_sorted_path(each[0]), each.get("Order") == "Descending") for each in element
    )


def _sorted_path(element: etree._Element) -> Path:
    """A property with one value. Raises UnsupportedPathForSortGroup."""
    where = path(element)
    match where:
        case FieldPath(name) if name in _SORTED:
            return where
        case IndexedPath(name) if name not in CONTENT:
            return where
        case ExtendedPath(key) if not key.endswith("Array"):
            return where
    raise UnsupportedPathForSortGroup


def _in_calendar(request: FindItemType, search: ItemSearch) -> ItemSearch:
    if search.restriction is not None or request.SortOrder is not None:
        text = "Restrictions and sort order may not be specified for a CalendarView."
        raise InvalidOperation(text)
    view = request.CalendarView
    return calendar_view(search, _time(view, "StartDate"), _time(view, "EndDate"), _most(view))


def _time(view: etree._Element, name: str) -> int:
    text = view.get(name, "")
    try:
        return times.to_seconds(times.normalized(text))
    except ValueError:
        raise Violation(f"The {name} '{text}' of {in_words(view)} is not a time.", view) from None


def _most(view: etree._Element) -> int | None:
    most = view.get("MaxEntriesReturned")
    return None if most is None else int(most)
