"""Pages of what a search finds."""

from dataclasses import dataclass, replace
from typing import TypeAlias

from ewspush.core.errors import EwsError


class InvalidPagingMaxRows(EwsError):
    response_code = "ErrorInvalidPagingMaxRows"
    default_text = "MaxEntriesReturned must be greater than zero."


class InvalidIndexedPagingParameters(EwsError):
    response_code = "ErrorInvalidIndexedPagingParameters"
    default_text = "The offset of a page must not be negative."


class InvalidFractionalPagingParameters(EwsError):
    response_code = "ErrorInvalidFractionalPagingParameters"
    default_text = "The fraction at which a page starts must be from zero to one."


@dataclass(frozen=True, slots=True)
class IndexedView:
    """A page that starts `offset` entries after the beginning, or ends so many before the end."""

    offset: int
    from_end: bool = False
    most: int | None = None  # MaxEntriesReturned

    def __post_init__(self) -> None:
        """Raises InvalidIndexedPagingParameters or InvalidPagingMaxRows."""
        if self.offset < 0:
            raise InvalidIndexedPagingParameters
        _check_most(self.most)


@dataclass(frozen=True, slots=True)
class FractionalView:
    """A page that starts at a fraction of the whole."""

    numerator: int
    denominator: int
    most: int | None = None

    def __post_init__(self) -> None:
        """Raises InvalidFractionalPagingParameters or InvalidPagingMaxRows."""
        if not 0 <= self.numerator <= self.denominator or self.denominator == 0:
            raise InvalidFractionalPagingParameters
        _check_most(self.most)


View: TypeAlias = IndexedView | FractionalView


def _check_most(most: int | None) -> None:
    if most is not None and most <= 0:
        raise InvalidPagingMaxRows


@dataclass(frozen=True, slots=True)
class Page:
    """The entries from `start` to before `stop` of all that were found."""

    start: int
    stop: int
    total: int
    includes_last: bool  # in the direction in which the client reads
    next_offset: int  # where the next page is, as an offset in the client's view


def shortened(view: View | None, page: Page, size: int) -> Page:
    """A page with `size` of its entries, the ones that the client reads first."""
    if isinstance(view, IndexedView) and view.from_end:
        start = page.stop - size
        return replace(page, start=start, includes_last=False, next_offset=page.total - start)
    stop = page.start + size
    return replace(page, stop=stop, includes_last=False, next_offset=stop)


def page_of(view: View | None, total: int, most: int) -> Page:
    """What a view shows of `total` entries, `most` of them if it does not say fewer.

    Seeking from the end searches backward: the page ends at the offset, and the next one is before
    it (IndexedPageFolderView, EWS XML reference, Remarks).
    """
    if view is not None and view.most is not None:
        most = min(most, view.most)
    if isinstance(view, IndexedView) and view.from_end:
        stop = max(0, total - view.offset)
        start = max(0, stop - most)
        return Page(start, stop, total, start == 0, total - start)
    start = min(total, _start(view, total))
    stop = min(total, start + most)
    return Page(start, stop, total, stop == total, stop)


def _start(view: View | None, total: int) -> int:
    match view:
        case IndexedView(offset):
            return offset
        case FractionalView(numerator, denominator):
            return total * numerator // denominator
    return 0
