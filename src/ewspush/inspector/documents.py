"""The bodies of requests and answers: made readable, and held against the contract."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from ewspush.doctor import strictness
from ewspush.doctor.redaction import one_line
from ewspush.endpoint.contract import Contract
from ewspush.endpoint.violations import violation
from ewspush.wire import soap, xml
from ewspush.wire.namespaces import MESSAGES

SHOWN = 64 * 1024  # characters of a body
_LONGEST_VERDICT = 600  # characters

_NOTIFICATION = f"{{{MESSAGES}}}SendNotification"
_PIECE = re.compile(r"<[^>]*>|[^<]+")
_UNSEEN = re.compile(r"[^\n\t -~\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reader says of a document. `is_good` None: it could not be judged."""

    is_good: bool | None
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """A body: pieces of text, each with what it is ("tag" or "text"), and what is to be known."""

    pieces: Sequence[tuple[str, str]]
    size: int  # bytes that were kept
    is_xml: bool
    is_cut: bool  # more of it came than was kept, or than is shown


def read(body: bytes, limit: int) -> Document:
    """A body of which `limit` bytes are kept at most. Whatever it is can be shown."""
    may_be_cut = len(body) >= limit
    try:
        root = xml.parse(body.removeprefix(b"\xef\xbb\xbf").lstrip())
    except xml.Unreadable:
        text = _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", body.decode("utf-8", "replace"))
        return Document(
            [("text", text[:SHOWN])] if text else [],
            len(body),
            False,
            may_be_cut or len(text) > SHOWN,
        )
    etree.indent(root, space="  ")
    text = etree.tostring(root, encoding="unicode")
    shown = _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", text[:SHOWN])
    pieces = [("tag" if p.startswith("<") else "text", p) for p in _PIECE.findall(shown)]
    return Document(pieces, len(body), True, len(text) > SHOWN)


def judge_request(body: bytes, limit: int, contract: Contract) -> Verdict:
    """The schema's verdict on a notification."""
    try:
        request = soap.read(body)
    except (xml.Unreadable, soap.Violation) as error:
        return _unreadable(body, limit, str(error))
    if request.body.tag != _NOTIFICATION:
        found, expected = soap.in_words(request.body), soap.in_words(_NOTIFICATION)
        return Verdict(False, f"The Body holds {found}, not {expected}.")
    wrong = contract.first_error(request.body)
    if wrong is None:
        return Verdict(True, "Valid: it is what the schema demands of a notification.")
    return Verdict(False, f"Not valid: {_short(str(violation(wrong)))}")


def judge_answer(body: bytes, limit: int, contract: Contract) -> Verdict:
    """The schema's verdict on an answer, which is stricter than the server."""
    if not body:
        return Verdict(False, "The body is empty: there is nothing that could be valid.")
    try:
        wrong = strictness.fault_of(body, contract)
    except ValueError as error:  # a name that XML does not know
        wrong = str(error)
    if wrong is None:
        return Verdict(True, "Valid: it is what the schema demands of an acknowledgement.")
    if len(body) >= limit:
        return _unreadable(body, limit, wrong)
    return Verdict(False, f"Not valid: {_short(wrong)}")


def _unreadable(body: bytes, limit: int, why: str) -> Verdict:
    if len(body) >= limit:
        return Verdict(None, f"Not judged: only the first {limit} bytes were kept.")
    return Verdict(False, f"Not valid: {_short(why)}")


def _short(text: str) -> str:
    return one_line(text, _LONGEST_VERDICT)
