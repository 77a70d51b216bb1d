"""Views of what a search finds: which page a request asks for, and what its answer says of it."""

from lxml import etree

from ewspush.core.paging import FractionalView, IndexedView, Page, View


def read(element: etree._Element | None) -> View | None:
    """The view in an IndexedPageFolderView, FractionalPageItemView or the like.

    Raises InvalidIndexedPagingParameters, InvalidFractionalPagingParameters or
    InvalidPagingMaxRows.
    """
    if element is None:
        return None
    most = element.get("MaxEntriesReturned")
    entries = None if most is None else int(most)
    if "Numerator" in element.attrib:
        numerator, denominator = (int(element.get(n, "")) for n in ("Numerator", "Denominator"))
        return FractionalView(numerator, denominator, entries)
    return IndexedView(int(element.get("Offset", "")), element.get("BasePoint") == "End", entries)


def attributes(view: View | None, page: Page) -> dict[str, str]:
    """What a RootFolder says of the page that it holds."""
    told = {
        "TotalItemsInView": str(page.total),
        "IncludesLastItemInRange": "true" if page.includes_last else "false",
    }
    if isinstance(view, FractionalView):
        told |= {"NumeratorOffset": str(page.next_offset), "AbsoluteDenominator": str(page.total)}
    elif view is not None or not page.includes_last:
        told["IndexedPagingOffset"] = str(page.next_offset)
    return told
