"""What each answer of a responder means, and what is advised."""

import pytest

from ewspush.core.subscription import SubscriptionStatus
from ewspush.doctor import answers
from ewspush.doctor.findings import Verdict
from ewspush.push.sender import Answer, FailureKind, NoAnswer
from support.acks import ack, took

OK, WARNING, PROBLEM, SKIPPED = Verdict.OK, Verdict.WARNING, Verdict.PROBLEM, Verdict.SKIPPED


def said(status=200, body=b"", *, seconds=0.012, retry_after=None, redirect=None):
    return Answer(status, body, took(seconds), retry_after, redirect)


def silent(kind, detail="scripted"):
    return NoAnswer(kind, detail, took())


ACK = said(body=ack())
UNSUBSCRIBE = said(body=ack(SubscriptionStatus.UNSUBSCRIBE))
FAILED = said(500)
TIMEOUT = silent(FailureKind.TIMEOUT)
RESET = silent(FailureKind.RESET, "Connection reset by peer")


@pytest.mark.parametrize(
    ("result", "verdict", "text"),
    [
        (ACK, OK, "acknowledged in 12.0 ms"),
        (said(202, ack()), OK, "acknowledged in 12.0 ms"),
        (UNSUBSCRIBE, WARNING, "acknowledged with Unsubscribe, which ends a subscription"),
        (said(204), PROBLEM, "HTTP 204 with an empty body, which acknowledges nothing"),
        (said(200, b"OK"), PROBLEM, "HTTP 200, but the answer is not XML: Start tag expected"),
        (said(200, b"fine"), PROBLEM, '; it begins "fine"'),
        (said(200, b"<a/>"), PROBLEM, "HTTP 200, but the answer has no SubscriptionStatus"),
        (
            said(200, b"<SubscriptionStatus>Yes</SubscriptionStatus>"),
            PROBLEM,
            "SubscriptionStatus is neither OK nor Unsubscribe",
        ),
        (said(200, b"for s3cret"), PROBLEM, '; it begins "for ..."'),
        (FAILED, PROBLEM, "HTTP 500"),
        (said(500, b"Oops"), PROBLEM, 'HTTP 500; it begins "Oops"'),
        (said(500, ack()), PROBLEM, "HTTP 500"),  # only 2xx acknowledges
        (said(503, retry_after=60), PROBLEM, "HTTP 503, asking to wait 60 s"),
        (
            said(302, redirect="http://h/login?key=s3cret"),
            PROBLEM,
            "HTTP 302, a redirect to http://h/login?key=...; redirects are not followed",
        ),
        (said(304), PROBLEM, "HTTP 304"),
        (TIMEOUT, PROBLEM, "no complete answer within 30 s"),
        (RESET, PROBLEM, "the connection ended before the answer did (Connection reset by peer)"),
        (silent(FailureKind.CONNECT, "refused"), PROBLEM, "it cannot be connected to (refused)"),
        (silent(FailureKind.ANSWER_TOO_LARGE), PROBLEM, "the answer has more than 65536 bytes"),
        (silent(FailureKind.PROTOCOL), PROBLEM, "what came back is not HTTP"),
        (silent(FailureKind.ADDRESS_REFUSED, "10.0.0.1"), PROBLEM, "address-refused: 10.0.0.1"),
    ],
)
def test_what_must_be_acknowledged(terms, result, verdict, text):
    judged = answers.of_notification(result, terms)
    assert judged.verdict is verdict
    assert text in judged.text
    assert "s3cret" not in judged.text


@pytest.mark.parametrize(
    "status", [301, 400, 401, 403, 404, 405, 413, 415, 418, 429, 500, 502, 599]
)
def test_every_failing_status_comes_with_advice(terms, status):
    assert answers.of_notification(said(status), terms).advice


def test_what_the_reader_of_xml_quotes_is_bounded_and_without_secrets(terms):
    body = b"<a><s3cret" + b"x" * 5000 + b"></a>"
    text = answers.of_notification(said(200, body), terms).text
    assert "the answer is not XML" in text
    assert "s3cret" not in text
    assert len(text) < 500


def test_a_failure_of_its_own_is_not_explained_as_a_wrong_request(terms):
    assert "Its own log" in answers.of_notification(said(500), terms).advice
    assert "SubscriptionStatus OK" in answers.of_notification(said(418), terms).advice


@pytest.mark.parametrize(
    ("first", "second", "verdict", "text"),
    [
        (ACK, ACK, OK, "acknowledged in"),
        (ACK, UNSUBSCRIBE, WARNING, "Unsubscribe"),
        (
            ACK,
            said(409),
            PROBLEM,
            "acknowledged the first time, but not when it came again: HTTP 409",
        ),
        (ACK, TIMEOUT, PROBLEM, "no complete answer"),
        (UNSUBSCRIBE, FAILED, PROBLEM, "but not when it came again"),
        (FAILED, FAILED, SKIPPED, "the event was not acknowledged the first time"),
        (RESET, ACK, SKIPPED, "the event was not acknowledged the first time"),
    ],
)
def test_a_duplicate_must_be_acknowledged_too(terms, first, second, verdict, text):
    judged = answers.of_duplicate(first, second, terms)
    assert judged.verdict is verdict
    assert text in judged.text


@pytest.mark.parametrize(
    ("result", "verdict", "text"),
    [
        (ACK, OK, "counts for nothing"),
        (UNSUBSCRIBE, OK, "counts for nothing"),
        (said(204), OK, "HTTP 204"),
        (said(500, b"for s3cret"), WARNING, 'HTTP 500; it begins "for ..."'),
        (said(400), WARNING, "cannot make anything of it: HTTP 400"),
        (RESET, WARNING, "the connection ended"),
        (TIMEOUT, WARNING, "no complete answer"),
    ],
)
def test_an_error_message_should_be_survived(terms, result, verdict, text):
    judged = answers.of_error_message(result, terms)
    assert judged.verdict is verdict
    assert text in judged.text


@pytest.mark.parametrize(
    ("result", "verdict", "text"),
    [
        (said(400), OK, "refused: HTTP 400"),
        (FAILED, OK, "refused: HTTP 500"),
        (said(200, b"what?"), OK, "refused: HTTP 200"),
        (ACK, WARNING, "what is not XML is acknowledged with OK"),
        (UNSUBSCRIBE, WARNING, "what is not XML is acknowledged with Unsubscribe"),
        (RESET, WARNING, "no answer to what is not XML: the connection ended"),
    ],
)
def test_garbage_should_be_refused(terms, result, verdict, text):
    judged = answers.of_garbage(result, terms)
    assert judged.verdict is verdict
    assert text in judged.text


@pytest.mark.parametrize(
    ("first", "after", "verdict", "text"),
    [
        (ACK, ACK, OK, "acknowledged in"),
        (ACK, silent(FailureKind.CONNECT), PROBLEM, "it is no longer acknowledged: it cannot be"),
        (ACK, FAILED, PROBLEM, "it is no longer acknowledged: HTTP 500"),
        (ACK, UNSUBSCRIBE, WARNING, "Unsubscribe"),
        (FAILED, FAILED, SKIPPED, "not acknowledged before it either"),
    ],
)
def test_garbage_must_not_stop_a_responder(terms, first, after, verdict, text):
    judged = answers.of_status_after_garbage(first, after, terms)
    assert judged.verdict is verdict
    assert text in judged.text


@pytest.mark.parametrize(
    ("results", "verdict", "text"),
    [
        ([ACK], OK, "the only answer took 12.0 ms; 30 s are allowed"),
        ([ACK, said(seconds=15)], OK, "the slowest of 2 answers took 15000.0 ms"),
        ([said(500, seconds=15.1), ACK], WARNING, "the slowest of 2 answers took 15100.0 ms"),
        ([ACK, TIMEOUT], OK, "the only answer took 12.0 ms"),  # that of itself is a problem already
        ([TIMEOUT], SKIPPED, "there was no answer"),
    ],
)
def test_answers_should_take_half_of_what_is_allowed_at_most(terms, results, verdict, text):
    judged = answers.of_times(results, terms)
    assert judged.verdict is verdict
    assert text in judged.text


@pytest.mark.parametrize(
    ("result", "why"),
    [
        (ACK, None),
        (FAILED, None),
        (said(400), None),
        (said(200, b"no"), None),
        (TIMEOUT, "the StatusEvent got no answer"),
        (said(307), "everything is redirected"),
        (said(401), "everything is answered with HTTP 401"),
        (said(404), "everything is answered with HTTP 404"),
    ],
)
def test_what_answers_everything_alike_is_asked_once(result, why):
    assert answers.obstacle(result) == why
