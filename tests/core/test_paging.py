"""Pages of what a search finds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ewspush.core.errors import EwsError
from ewspush.core.paging import (
    FractionalView,
    IndexedView,
    InvalidFractionalPagingParameters,
    InvalidIndexedPagingParameters,
    InvalidPagingMaxRows,
    Page,
    View,
    page_of,
    shortened,
)

PAGES: list[tuple[View | None, Page]] = [
    (None, Page(0, 50, 100, False, 50)),
    (IndexedView(0), Page(0, 50, 100, False, 50)),
    (IndexedView(90, most=10), Page(90, 100, 100, True, 100)),
    (IndexedView(90, most=9), Page(90, 99, 100, False, 99)),
    (IndexedView(200, most=10), Page(100, 100, 100, True, 100)),
    (IndexedView(25, from_end=True, most=10), Page(65, 75, 100, False, 35)),
    (IndexedView(95, from_end=True, most=10), Page(0, 5, 100, True, 100)),
    (IndexedView(200, from_end=True), Page(0, 0, 100, True, 100)),
    (FractionalView(4, 5, most=10), Page(80, 90, 100, False, 90)),
    (FractionalView(1, 3, most=1), Page(33, 34, 100, False, 34)),
    (FractionalView(1, 1), Page(100, 100, 100, True, 100)),
    (FractionalView(0, 7), Page(0, 50, 100, False, 50)),
]


@pytest.mark.parametrize(("view", "page"), PAGES)
def test_a_view_shows_its_part(view: View | None, page: Page) -> None:
    assert page_of(view, 100, 50) == page


@given(from_end=st.booleans(), total=st.integers(0, 50), most=st.integers(1, 20))
def test_pages_after_each_other_show_everything_once(from_end: bool, total: int, most: int) -> None:
    shown: list[int] = []
    page = page_of(IndexedView(0, from_end, most), total, 1000)
    while True:
        shown += range(page.start, page.stop)
        if page.includes_last:
            break
        page = page_of(IndexedView(page.next_offset, from_end, most), total, 1000)
    assert sorted(shown) == list(range(total))


@pytest.mark.parametrize(
    ("view", "arguments", "error"),
    [
        (IndexedView, (-1,), InvalidIndexedPagingParameters),
        (IndexedView, (0, False, 0), InvalidPagingMaxRows),
        (IndexedView, (0, False, -1), InvalidPagingMaxRows),
        (FractionalView, (-1, 2), InvalidFractionalPagingParameters),
        (FractionalView, (3, 2), InvalidFractionalPagingParameters),
        (FractionalView, (0, 0), InvalidFractionalPagingParameters),
        (FractionalView, (0, -1), InvalidFractionalPagingParameters),
        (FractionalView, (0, 1, 0), InvalidPagingMaxRows),
    ],
)
def test_a_view_that_shows_nothing_is_refused(
    view: type[View], arguments: tuple[int, ...], error: type[EwsError]
) -> None:
    with pytest.raises(error):
        view(*arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("view", "page", "shorter"),
    [
        (None, Page(0, 50, 50, True, 50), Page(0, 2, 50, False, 2)),
        (IndexedView(10), Page(10, 60, 100, False, 60), Page(10, 12, 100, False, 12)),
        (FractionalView(1, 2), Page(50, 100, 100, True, 100), Page(50, 52, 100, False, 52)),
        (IndexedView(10, from_end=True), Page(0, 90, 100, True, 100), Page(88, 90, 100, False, 12)),
    ],
)
def test_a_shortened_page_holds_what_is_read_first(
    view: View | None, page: Page, shorter: Page
) -> None:
    assert shortened(view, page, 2) == shorter
