"""Acknowledgements by the letter: what is tolerated here is told."""

import pytest

from ewspush.core.subscription import SubscriptionStatus
from ewspush.doctor import strictness
from ewspush.doctor.findings import Verdict
from ewspush.push.sender import Answer
from ewspush.wire import ack as acks
from ewspush.wire.namespaces import MESSAGES, SOAP
from support.acks import ack, took
from support.samples import printed, readable

ENVELOPE = f'<s:Envelope xmlns:s="{SOAP}"><s:Body>%s</s:Body></s:Envelope>'
RESULT = f'<SendNotificationResult xmlns="{MESSAGES}">%s</SendNotificationResult>'
STATUS = "<SubscriptionStatus>OK</SubscriptionStatus>"


def of(body, status=200):
    return Answer(status, body if isinstance(body, bytes) else body.encode(), took(), None)


@pytest.mark.parametrize(
    "body",
    [
        acks.render(SubscriptionStatus.OK),
        acks.render(SubscriptionStatus.UNSUBSCRIBE),
        ack(),
        readable("ack-ok"),
        (ENVELOPE % RESULT % STATUS).encode(),
    ],
)
def test_a_right_one_has_no_fault(contract, body):
    assert strictness.fault_of(body, contract) is None


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (printed("ack-ok").decode(), "XML declaration allowed only at the start"),
        (STATUS, "The root element is 'SubscriptionStatus', not 'Envelope'"),
        (ENVELOPE % STATUS, "the Body holds 'SubscriptionStatus', not 'SendNotificationResult'"),
        (ENVELOPE % RESULT % STATUS.replace("OK", "ok"), "'ok' is invalid"),
        (ENVELOPE % RESULT % STATUS.replace(">OK", " xmlns=''>OK"), "invalid child element"),
        (ENVELOPE % (RESULT % STATUS * 2), "The Body must hold one element and has 2."),
        (ENVELOPE.replace(SOAP, "urn:x") % RESULT % STATUS, "not 'Envelope' in namespace"),
    ],
)
def test_what_is_tolerated_is_a_warning_that_tells_what_is_expected(contract, terms, body, fault):
    assert acks.parse(body.encode()) is SubscriptionStatus.OK
    assert fault in strictness.fault_of(body.encode(), contract)
    judged = strictness.of_acknowledgements([of(ack()), of(body)], contract, terms.redaction)
    assert judged.verdict is Verdict.WARNING
    assert fault in judged.text
    assert acks.render(SubscriptionStatus.OK).decode() in judged.advice


@pytest.mark.parametrize(
    ("results", "verdict", "text"),
    [
        ([of(ack()), of(b"nonsense")], Verdict.OK, "right by the letter"),
        ([of(ack()), of(b"", 500)], Verdict.OK, "right by the letter"),
        ([of(b"nonsense"), of(ack(), 500)], Verdict.PROBLEM, "no answer was an acknowledgement"),
        ([of(ack(), 500), of(b"", 404)], Verdict.SKIPPED, "no answer had a 2xx status"),
        ([], Verdict.SKIPPED, "no answer had a 2xx status"),
    ],
)
def test_only_acknowledgements_are_looked_at(contract, terms, results, verdict, text):
    judged = strictness.of_acknowledgements(results, contract, terms.redaction)
    assert judged.verdict is verdict
    assert text in judged.text
