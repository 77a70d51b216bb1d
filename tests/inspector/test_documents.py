"""How bodies are made readable, and what the schema says of them."""

import pytest

from ewspush.endpoint.contract import Contract
from ewspush.inspector import documents
from ewspush.inspector.documents import SHOWN, judge_answer, judge_request, read
from support.acks import ack
from support.inspected import CONTRACT
from support.samples import readable

LIMIT = 16_384
NOTIFICATION = readable("send-notification")
contract: Contract = CONTRACT


def text_of(body: bytes, limit: int = LIMIT) -> str:
    return "".join(text for _, text in read(body, limit).pieces)


def test_xml_is_indented() -> None:
    assert text_of(b"<a><b>1</b><c/></a>") == "<a>\n  <b>1</b>\n  <c/>\n</a>"


def test_tags_and_texts_are_told_apart() -> None:
    assert read(b"<a x='1'>1 &lt; 2</a>", LIMIT).pieces == [
        ("tag", '<a x="1">'),
        ("text", "1 &lt; 2"),
        ("tag", "</a>"),
    ]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", ""),
        (b"Internal error", "Internal error"),
        (b"<a><b></a>", "<a><b></a>"),
        (b"\x00\x1b[31mred\xff", "\ufffd\ufffd[31mred\ufffd"),
        ("\u202eevil".encode(), "\u202eevil"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'),
    ],
)
def test_what_is_no_xml_is_shown_as_it_came(body: bytes, text: str) -> None:
    document = read(body, LIMIT)
    assert text_of(body) == text
    assert not document.is_xml
    assert not document.is_cut


@pytest.mark.parametrize("body", [b"x" * (SHOWN + 1), b"<a>" + b"x" * SHOWN + b"</a>"])
def test_what_is_shown_has_a_bound(body: bytes) -> None:
    document = read(body, len(body) + 1)
    assert len(text_of(body, len(body) + 1)) == SHOWN
    assert document.is_cut


def test_what_was_kept_in_part_is_said_to_be_cut() -> None:
    assert read(NOTIFICATION[:100], 100).is_cut
    assert not read(NOTIFICATION, LIMIT).is_cut


def test_a_valid_notification_is_valid() -> None:
    assert judge_request(NOTIFICATION, LIMIT, contract).is_good
    status = readable("status-event")
    assert judge_request(status, LIMIT, contract).is_good


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"garbage", "Not valid: Start tag expected"),
        (b"<a/>", "Not valid: The root element is 'a'"),
        (
            NOTIFICATION.replace(b"SendNotification>", b"Other>").replace(
                b"SendNotification\n", b"Other\n"
            ),
            "not",
        ),
        (NOTIFICATION.replace(b"MoreEvents>", b"MoreMoreEvents>"), "has invalid child element"),
    ],
)
def test_an_invalid_request_says_what_is_wrong(body: bytes, text: str) -> None:
    verdict = judge_request(body, LIMIT, contract)
    assert verdict.is_good is False
    assert text in verdict.text


def test_what_was_cut_off_is_not_judged() -> None:
    verdict = judge_request(NOTIFICATION[:200], 200, contract)
    assert verdict.is_good is None
    assert "only the first 200 bytes were kept" in verdict.text
    assert judge_answer(ack()[:50], 50, contract).is_good is None


def test_a_valid_acknowledgement_is_valid() -> None:
    assert judge_answer(ack(), LIMIT, contract).is_good


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", "The body is empty"),
        (b"OK", "Not valid: Start tag expected"),
        (b"<SubscriptionStatus>OK</SubscriptionStatus>", "The root element is"),
        (ack().replace(b"OK", b"ok"), "The value 'ok' is invalid"),
    ],
)
def test_what_the_server_tolerates_is_still_not_valid(body: bytes, text: str) -> None:
    verdict = judge_answer(body, LIMIT, contract)
    assert verdict.is_good is False
    assert text in verdict.text


def test_a_verdict_is_one_bounded_line() -> None:
    body = ack().replace(b"OK", b"x\n" * 5000)
    verdict = judge_answer(body, LIMIT, contract)
    assert "\n" not in verdict.text
    assert len(verdict.text) < documents._LONGEST_VERDICT + 50
