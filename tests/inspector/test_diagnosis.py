"""Why a client gets nothing, in words, for all that may be the case."""

from typing import Any

import pytest

from ewspush.core.subscription import SubscriptionStatus
from ewspush.doctor.answers import Terms
from ewspush.doctor.redaction import Redaction
from ewspush.inspector import outcomes
from ewspush.inspector.diagnosis import Diagnosis, diagnose
from ewspush.push.outcome import NAMES
from ewspush.store.attempts import Attempt
from ewspush.wire import ack
from support.attempts import attempt

AT = "2026-09-21T14:13:20Z"
TERMS = Terms(30.0, 65536, Redaction("https://responder.example/push?key=s3cret"))


def diagnosed(newest: Attempt | None = None, **record: Any) -> Diagnosis:
    given = {
        "phase": "idle",
        "over_at": None,
        "paused_at": None,
        "mailbox_disabled_at": None,
        "status_frequency_min": 5,
        "failures": 0,
        "behind": 0,
        "gives_up_at": None,
        "next": "heartbeat",
        "next_at": AT,
    }
    return diagnose(given | record, newest, TERMS, 30)


def retrying(**outcome: Any) -> Diagnosis:
    newest = attempt(**{"http_status": None, **outcome})
    return diagnosed(newest, phase="retrying", failures=2, behind=3, gives_up_at=AT)


@pytest.mark.parametrize(
    ("outcome", "happened", "advice"),
    [
        (
            {"outcome": "connect", "detail": "Connection refused"},
            "it cannot be connected to (Connection refused)",
            "Is it still running?",
        ),
        (
            {"outcome": "timeout"},
            "no complete answer within 30 s (delivery.timeout_s)",
            "Acknowledge first and work afterwards.",
        ),
        (
            {"outcome": "reset", "detail": "got nothing"},
            "the connection ended before the answer did (got nothing)",
            "It may have crashed on this message. Its own log should tell why.",
        ),
        (
            {"outcome": "dns", "detail": "Could not resolve"},
            "the host of its URL was not found (Could not resolve)",
            "Is the name spelled right, and known to the name servers of this machine?",
        ),
        (
            {"outcome": "tls", "detail": "certificate has expired"},
            "TLS was not set up (certificate has expired)",
            "Look at its certificate",
        ),
        (
            {"outcome": "address-refused", "detail": "127.0.0.1 is loopback"},
            "the server may not call this address (127.0.0.1 is loopback)",
            "delivery.callback_allow",
        ),
        (
            {"outcome": "answer-too-large"},
            "the answer has more than 65536 bytes (delivery.answer_limit)",
            "Answer with the acknowledgement alone.",
        ),
        ({"outcome": "protocol"}, "what came back is not HTTP", "another service"),
        ({"outcome": "unsendable"}, "nothing can be posted to this URL", "another URL"),
        ({"outcome": "internal"}, "the attempt could not be made", "the server's own trouble"),
        (
            {"outcome": "internal-error", "detail": "KeyError"},
            "the server failed (KeyError)",
            "own",
        ),
        (
            {"outcome": "status", "http_status": 401, "detail": "HTTP 401"},
            "HTTP 401",
            "put a secret into the query of the URL",
        ),
        (
            {
                "outcome": "status",
                "http_status": 404,
                "detail": "HTTP 404",
                "answer": b"no key s3cret",
            },
            'HTTP 404; it begins "no key ..."',
            "Nothing answers at this path",
        ),
        (
            {"outcome": "status", "http_status": 302, "detail": "HTTP 302", "answer": b""},
            "HTTP 302, a redirect: redirects are not followed",
            "Subscribe with the URL that it leads to",
        ),
        (
            {"outcome": "not-an-ack", "http_status": 200, "detail": "x", "answer": b""},
            "HTTP 200 with an empty body, which acknowledges nothing",
            "Answer with a 2xx status, and SubscriptionStatus OK",
        ),
        (
            {"outcome": "not-an-ack", "http_status": 200, "answer": b"<a>OK</a>"},
            "HTTP 200, but the answer has no SubscriptionStatus",
            "SubscriptionStatus OK",
        ),
        (
            {"outcome": "not-an-ack", "http_status": 200, "detail": "the answer has none"},
            "HTTP 200, but the answer has none",
            "SubscriptionStatus OK",
        ),
    ],
)
def test_what_is_retried_says_what_happened_and_what_to_do(
    outcome: dict[str, Any], happened: str, advice: str
) -> None:
    found = retrying(**outcome)
    assert (found.tone, found.headline) == (
        "bad",
        "Notifications are not acknowledged, and sent again",
    )
    assert happened in found.happened.text
    assert advice in found.advice[0]
    assert "press Retry now" in found.advice[-2]
    assert "2 attempts failed in a row" in found.means.text
    assert "nothing is lost meanwhile: 3 events wait" in found.means.text
    assert found.means.at == AT
    assert "s3cret" not in repr(found)


def test_what_is_no_acknowledgement_is_held_against_one() -> None:
    newest = {"outcome": "not-an-ack", "http_status": 200, "answer": b"<a>OK</a>"}
    expected = next(each for each in retrying(**newest).advice if "Envelope" in each)
    document = expected.split("`")[1].encode()
    assert ack.parse(document) is SubscriptionStatus.OK
    parked = diagnosed(attempt(**newest), phase="parked", over_at=AT)
    assert expected in parked.advice
    assert not any("Envelope" in each for each in retrying(outcome="timeout").advice)


@pytest.mark.parametrize("outcome", [each for each in NAMES if each not in ("OK", "Unsubscribe")])
def test_no_failure_is_taken_for_an_acknowledgement(outcome: str) -> None:
    http_status = {"status": 500, "not-an-ack": 200}.get(outcome)
    found = retrying(outcome=outcome, http_status=http_status)
    assert found.tone == "bad"
    assert "acknowledged" not in found.happened.text
    assert found.happened.text.startswith("In the last attempt: ")


def test_what_the_server_has_given_up_says_why_and_how_to_go_on() -> None:
    newest = attempt(outcome="connect", http_status=None, detail="refused")
    found = diagnosed(newest, phase="parked", over_at=AT)
    assert found.tone == "bad"
    assert "given up" in found.headline
    assert "it cannot be connected to (refused)" in found.happened.text
    assert "the StatusFrequency of 5 minutes" in found.means.text
    assert "subscribe again with the last watermark" in found.advice[-1]


def test_what_the_server_has_given_up_may_have_no_attempts_any_more() -> None:
    found = diagnosed(None, phase="parked", over_at=AT)
    assert "No attempt of it is in the log any more." in found.happened.text


@pytest.mark.parametrize(
    ("newest", "who"),
    [
        (attempt(outcome="Unsubscribe"), "The responder answered"),
        (attempt(), "Its client called Unsubscribe, or an operator ended it"),
        (None, "Its client called Unsubscribe"),
    ],
)
def test_what_was_ended_says_by_whom(newest: Attempt | None, who: str) -> None:
    found = diagnosed(newest, phase="ended", over_at=AT)
    assert found.happened.text.startswith(who)
    assert ("does not know the SubscriptionId" in found.advice[0]) is who.startswith("The resp")


def test_what_is_paused_says_that_nothing_is_lost() -> None:
    found = diagnosed(None, phase="paused", paused_at=AT, behind=1)
    assert found.headline == "It is paused: nothing is sent"
    assert "1 event since" in found.means.text
    assert found.advice == ["Resume it."]


def test_a_disabled_mailbox_comes_before_a_pause() -> None:
    found = diagnosed(None, phase="paused", paused_at=AT, mailbox_disabled_at=AT)
    assert found.headline == "Its mailbox is disabled: nothing is sent"


def test_what_has_everything_says_where_else_to_look() -> None:
    found = diagnosed(attempt())
    assert (found.tone, found.headline) == ("good", "Everything is delivered")
    assert "somebody else may be answering" in found.advice[0]


def test_newer_events_may_not_be_wanted() -> None:
    found = diagnosed(attempt(), behind=2)
    assert "2 events are newer" in found.means.text
    assert "not wanted by this subscription" in found.means.text


def test_one_newer_event_is_one() -> None:
    assert "1 event is newer" in diagnosed(attempt(), behind=1).means.text
    assert "1 event since the last acknowledgement is kept" in (
        diagnosed(None, phase="paused", paused_at=AT, behind=1).means.text
    )


@pytest.mark.parametrize("newest", [None, attempt()])
def test_what_has_no_answer_yet_is_neither_delivered_nor_nothing(newest: Attempt | None) -> None:
    found = diagnosed(newest, next="notification", next_at=None, behind=1)
    assert (found.tone, found.headline) == ("wait", "A notification is being sent")
    assert "30 s (delivery.timeout_s)" in found.means.text


def test_without_any_attempt_a_heartbeat_is_advised() -> None:
    found = diagnosed(None)
    assert found.headline == "No attempt is in the log"
    assert "Heartbeat" in found.advice[0]


def test_every_outcome_has_words() -> None:
    assert set(NAMES) <= set(outcomes.NAMES)
    assert {name for name in NAMES if outcomes.words(name).is_good} == {"OK", "Unsubscribe"}
    assert outcomes.words("of tomorrow").label == "of tomorrow"
