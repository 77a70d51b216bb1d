"""Views of calendars and contacts, as searches."""

from dataclasses import replace

from ewspush.core import times
from ewspush.core.errors import EwsError
from ewspush.core.item_paths import FieldPath
from ewspush.core.paging import IndexedView
from ewspush.core.search import (
    And,
    Comparison,
    Constant,
    Contains,
    Mode,
    Operator,
    Or,
    Restriction,
)
from ewspush.operations.items.search import ItemSearch, Order

_LONGEST_S = 2 * 366 * 24 * 3600  # two years: ErrorCalendarViewRangeTooBig (ResponseCode)

_START, _END = FieldPath("Start"), FieldPath("End")
_ITEM_CLASS, _DISPLAY_NAME = FieldPath("ItemClass"), FieldPath("DisplayName")


class CalendarEndDateIsEarlierThanStartDate(EwsError):
    response_code = "ErrorCalendarEndDateIsEarlierThanStartDate"
    default_text = "The end of the calendar view is before its start."


class CalendarViewRangeTooBig(EwsError):
    response_code = "ErrorCalendarViewRangeTooBig"
    default_text = "A calendar view is of two years at most."


class CalendarFolderIsInvalidForCalendarView(EwsError):
    response_code = "ErrorCalendarFolderIsInvalidForCalendarView"
    default_text = "A calendar view is of a calendar folder."


def calendar_view(search: ItemSearch, start_s: int, end_s: int, most: int | None) -> ItemSearch:
    """The same, but for what takes place in a span of time, the earliest first (CalendarView).

    A series is there when its own start and end are in the span, and once: its occurrences have no
    ids on this server. Raises CalendarEndDateIsEarlierThanStartDate, CalendarViewRangeTooBig or
    InvalidPagingMaxRows.
    """
    if end_s < start_s:
        raise CalendarEndDateIsEarlierThanStartDate
    if end_s - start_s > _LONGEST_S:
        raise CalendarViewRangeTooBig
    within = (
        _has_class("IPM.Appointment"),
        Comparison(Operator.LESS, _START, Constant(times.to_text(end_s))),
        Comparison(Operator.GREATER_OR_EQUAL, _END, Constant(times.to_text(start_s))),
    )
    return replace(
        search,
        restriction=And(within),
        orders=(Order(_START),),
        view=IndexedView(0, most=most),
        must_fit=True,  # there is no way to ask for the rest
    )


def contacts_view(
    search: ItemSearch, first: str | None, last: str | None, most: int | None
) -> ItemSearch:
    """The same, but for contacts whose display names are from `first` to `last` (ContactsView).

    Raises InvalidPagingMaxRows.
    """
    within: list[Restriction] = [Or((_has_class("IPM.Contact"), _has_class("IPM.DistList")))]
    if first is not None:
        within.append(
            Comparison(Operator.GREATER_OR_EQUAL, _DISPLAY_NAME, Constant(first)),
        )
    if last is not None:
        within.append(Comparison(Operator.LESS_OR_EQUAL, _DISPLAY_NAME, Constant(last)))
    if search.restriction is not None:
        within.append(search.restriction)
    return replace(search, restriction=And(tuple(within)), view=IndexedView(0, most=most))


def _has_class(name: str) -> Contains:
    return Contains(_ITEM_CLASS, name, Mode.PREFIXED, ignores_case=True)
