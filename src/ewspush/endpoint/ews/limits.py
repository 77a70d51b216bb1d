"""How much a request may ask for at once."""

from lxml import etree

from ewspush.wire.faults import SoapFault

MOST = 1000  # folders, items or the like: each is looked up in one transaction


def bounded(parent: etree._Element | None, what: str) -> list[etree._Element]:
    """The elements in it, in their order. Raises SoapFault if there are too many."""
    listed = [] if parent is None else list(parent)
    if len(listed) > MOST:
        text = f"A request may name {MOST} {what} at most, and this one names {len(listed)}."
        raise SoapFault("ErrorDataSizeLimitExceeded", text)
    return listed
