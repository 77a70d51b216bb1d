"""What is accepted beyond the contract, each for the sake of a client that needs it.

A tolerance changes the tree of a request, before it is held against the contract.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lxml import etree

from ewspush.wire.namespaces import MESSAGES, TYPES

DEFAULT_STATUS_FREQUENCY_MIN = 30  # StatusFrequency (EWS XML reference), Remarks


@dataclass(frozen=True, slots=True)
class Tolerance:
    """What is accepted, and who sends it."""

    accepts: str
    client: str
    apply: Callable[[etree._Element], None]


def tolerate(body: etree._Element) -> None:
    """Bring what is tolerated in the content of a Body into the form of the contract."""
    for tolerance in TOLERANCES:
        tolerance.apply(body)


def _subscription_requests(body: etree._Element) -> Iterator[etree._Element]:
    if body.tag == f"{{{MESSAGES}}}Subscribe":
        yield from body


def _rename_watermark(body: etree._Element) -> None:
    for request in _subscription_requests(body):
        for watermark in request.iterchildren(f"{{{MESSAGES}}}Watermark"):
            watermark.tag = f"{{{TYPES}}}Watermark"


def _add_status_frequency(body: etree._Element) -> None:
    for request in _subscription_requests(body):
        names = [child.tag for child in request]
        # Only where the contract wants it: an error elsewhere is not to be found in what we added.
        for before in ("EventTypes", "Watermark"):
            pair = [f"{{{TYPES}}}{before}", f"{{{TYPES}}}URL"]
            if names[-3:-1] == pair or names[-2:] == pair:
                added = etree.Element(f"{{{TYPES}}}StatusFrequency")
                added.text = str(DEFAULT_STATUS_FREQUENCY_MIN)
                request.insert(names.index(pair[1]), added)


TOLERANCES = (
    Tolerance(
        "m:Watermark instead of t:Watermark in a subscription request",
        "exchangelib, at least up to 5.6.0",
        _rename_watermark,
    ),
    Tolerance(
        "a PushSubscriptionRequest without StatusFrequency, which is then 30",
        "those written by Microsoft's page on StatusFrequency, which calls it optional",
        _add_status_frequency,
    ),
)
