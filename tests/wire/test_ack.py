"""Answers of push responders: what counts as an acknowledgement, and what does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ewspush.core.subscription import SubscriptionStatus
from ewspush.wire import ack
from ewspush.wire.ack import NotAnAcknowledgement
from ewspush.wire.namespaces import MESSAGES, SOAP, TYPES
from support.samples import printed

OK, UNSUBSCRIBE = SubscriptionStatus.OK, SubscriptionStatus.UNSUBSCRIBE
DECLARATION = '<?xml version="1.0" encoding="utf-8"?>'
LIMIT = 64 * 1024  # bytes that are read of an answer


def envelope(result: str, declaration: str = DECLARATION) -> str:
    return f'{declaration}<s:Envelope xmlns:s="{SOAP}"><s:Body>{result}</s:Body></s:Envelope>'


def status(value: str) -> str:
    return (
        f'<m:SendNotificationResult xmlns:m="{MESSAGES}"><m:SubscriptionStatus>{value}'
        "</m:SubscriptionStatus></m:SendNotificationResult>"
    )


def answer(value: str = "OK") -> str:
    return envelope(status(value))


BOM = "\ufeff"
EXCHANGELIB = (  # its ok_payload
    "<?xml version='1.0' encoding='utf-8'?>\n"
    f'<s:Envelope xmlns:m="{MESSAGES}" xmlns:s="{SOAP}" xmlns:t="{TYPES}"><s:Body>'
    "<m:SendNotificationResult><m:SubscriptionStatus>OK</m:SubscriptionStatus>"
    "</m:SendNotificationResult></s:Body></s:Envelope>"
)


@pytest.mark.parametrize(
    ("body", "means"),
    [
        pytest.param(printed("ack-ok"), OK, id="the guide's OK, a space before its declaration"),
        pytest.param(printed("ack-unsubscribe"), UNSUBSCRIBE, id="the guide's Unsubscribe"),
        pytest.param(EXCHANGELIB, OK, id="exchangelib"),
        pytest.param(answer(), OK, id="OK"),
        pytest.param(answer("Unsubscribe"), UNSUBSCRIBE, id="Unsubscribe"),
        pytest.param(answer("ok"), OK, id="ok"),
        pytest.param(answer("Ok"), OK, id="Ok"),
        pytest.param(answer("UNSUBSCRIBE"), UNSUBSCRIBE, id="UNSUBSCRIBE"),
        pytest.param(answer("unsubscribe"), UNSUBSCRIBE, id="unsubscribe"),
        pytest.param(answer("\n   OK\t"), OK, id="white space around the value"),
        pytest.param(" \r\n\t\n" + answer(), OK, id="white space before the declaration"),
        pytest.param(answer() + "\n\n", OK, id="white space after the envelope"),
        pytest.param(BOM + answer(), OK, id="a BOM"),
        pytest.param(BOM + "\n " + answer(), OK, id="a BOM and white space"),
        pytest.param(envelope(status("OK"), ""), OK, id="no declaration"),
        pytest.param(answer().replace("m:", "ns1:").replace(":m=", ":ns1="), OK, id="a prefix"),
        pytest.param(answer().replace("m:", "").replace(":m=", "="), OK, id="a default namespace"),
        pytest.param(
            envelope("<SendNotificationResult><SubscriptionStatus>OK</SubscriptionStatus>"
                     "</SendNotificationResult>"), OK, id="no namespace",
        ),
        pytest.param("<SubscriptionStatus>OK</SubscriptionStatus>", OK, id="no envelope"),
        pytest.param(status("OK"), OK, id="a result without an envelope"),
        pytest.param(answer().replace(SOAP, "http://www.w3.org/2003/05/soap-envelope"), OK,
                     id="SOAP 1.2"),
        pytest.param(answer().replace("utf-8", "utf-16").encode("utf-16"), OK, id="UTF-16"),
        pytest.param(envelope(status("OK"), '<?xml version="1.0" encoding="iso-8859-1"?>'), OK,
                     id="Latin-1"),
        pytest.param(answer("<![CDATA[OK]]>"), OK, id="CDATA"),
        pytest.param(answer("&#79;K"), OK, id="a character reference"),
        pytest.param(answer("<!-- well -->OK"), OK, id="a comment beside the value"),
        pytest.param("<!-- x -->" + envelope(status("OK"), ""), OK, id="a comment first"),
        pytest.param(envelope(status("OK") + "<more/>"), OK, id="more than was asked for"),
    ],
)  # fmt: skip
def test_an_answer_is_read_tolerantly(body: bytes | str, means: SubscriptionStatus) -> None:
    assert ack.parse(body.encode() if isinstance(body, str) else body) is means


NO_STATUS = "the answer has no SubscriptionStatus"
BAD_STATUS = "neither OK nor Unsubscribe"
NOT_XML = "not XML"
DTD = f"<!DOCTYPE s:Envelope [{{}}]>{envelope(status('{}'), '')}"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param("", NOT_XML, id="nothing"),
        pytest.param(" \n", NOT_XML, id="white space"),
        pytest.param("OK", NOT_XML, id="the word alone"),
        pytest.param('{"SubscriptionStatus": "OK"}', NOT_XML, id="JSON"),
        pytest.param("<html><body><br></body></html>", NOT_XML, id="HTML"),
        pytest.param("<html><body>OK</body></html>", NO_STATUS, id="XHTML"),
        pytest.param(bytes(range(256)), NOT_XML, id="binary"),
        pytest.param(answer()[:-1], NOT_XML, id="cut"),
        pytest.param(answer() + "x", NOT_XML, id="something after it"),
        pytest.param(answer().replace("utf-8", "no-such-encoding"), NOT_XML, id="encoding unknown"),
        pytest.param(answer("OK\x00"), NOT_XML, id="a NUL"),
        pytest.param(answer("OK").encode().replace(b"OK", b"O\xff"), NOT_XML, id="not UTF-8"),
        pytest.param(envelope(""), NO_STATUS, id="an empty Body"),
        pytest.param(envelope(status("OK")).replace("SubscriptionStatus", "Status"), NO_STATUS,
                     id="another element"),
        pytest.param(envelope(status("OK")).replace("SubscriptionStatus", "subscriptionstatus"),
                     NO_STATUS, id="another case of the name"),
        pytest.param(envelope(status("OK")).replace(MESSAGES, TYPES),
                     "not in the namespace", id="another namespace"),
        pytest.param(envelope("<s:Fault><faultcode>s:Client</faultcode></s:Fault>"), NO_STATUS,
                     id="a fault"),
        pytest.param(answer(""), BAD_STATUS, id="an empty status"),
        pytest.param(answer("Yes"), BAD_STATUS, id="another word"),
        pytest.param(answer("OK Unsubscribe"), BAD_STATUS, id="both words"),
        pytest.param(answer("<b>OK</b>"), BAD_STATUS, id="an element around the value"),
        pytest.param(answer("x" * 60_000), BAD_STATUS, id="a long word"),
        pytest.param(DTD.format("", "OK"), "DTD", id="a DTD"),
        pytest.param("<!DOCTYPE Envelope>" + envelope(status("OK"), ""), "DTD",
                     id="a DTD without anything"),
        pytest.param(DTD.format("<!ENTITY ok 'OK'>", "&ok;"), "DTD", id="an entity"),
        pytest.param(DTD.format("<!ENTITY ok SYSTEM 'file:///etc/hostname'>", "&ok;"), "DTD",
                     id="an external entity"),
        pytest.param("<a>" * (LIMIT // 3), NOT_XML, id="64 KB of depth"),
        pytest.param("<a " + "b" * (LIMIT - 3), NOT_XML, id="64 KB of a name"),
    ],
)  # fmt: skip
def test_anything_else_is_no_acknowledgement(body: bytes | str, reason: str) -> None:
    with pytest.raises(NotAnAcknowledgement, match=reason) as refused:
        ack.parse(body.encode() if isinstance(body, str) else body)
    assert len(str(refused.value)) < 300  # it goes into a log line


def bomb(use: str) -> bytes:
    entities = "".join(f"<!ENTITY e{n} '{f'&e{n - 1};' * 10}'>" for n in range(1, 20))
    return f"<!DOCTYPE a [<!ENTITY e0 'OK'>{entities}]>{use}".encode()


@pytest.mark.parametrize("use", [answer("&e19;")[len(DECLARATION) :], '<a b="&e19;"/>'])
def test_an_entity_bomb_does_not_go_off(use: str) -> None:
    with pytest.raises(NotAnAcknowledgement):
        ack.parse(bomb(use))


@given(st.binary(max_size=200))
def test_no_answer_does_more_harm_than_being_refused(body: bytes) -> None:
    with pytest.raises(NotAnAcknowledgement):
        ack.parse(body)


@given(st.integers(0, len(answer()) - 1), st.binary(max_size=3))
def test_a_damaged_acknowledgement_never_ends_a_subscription(place: int, noise: bytes) -> None:
    body = answer().encode()
    try:
        read = ack.parse(body[:place] + noise + body[place + 1 :])
    except NotAnAcknowledgement:
        return
    assert read is OK


@pytest.mark.parametrize("each", SubscriptionStatus)
def test_our_own_acknowledgement_is_read_as_what_it_says(each: SubscriptionStatus) -> None:
    assert ack.parse(ack.render(each)) is each
