"""What attempts of the log are said to mean."""

import pytest

from ewspush.doctor import logged
from ewspush.doctor.answers import Terms
from ewspush.doctor.findings import Verdict
from ewspush.doctor.redaction import Redaction
from ewspush.push.outcome import NAMES
from support.acks import ack

TERMS = Terms(30.0, 65536, Redaction("https://responder.example/?key=s3cret"))


@pytest.mark.parametrize("outcome", [name for name in NAMES if name not in ("OK", "Unsubscribe")])
@pytest.mark.parametrize("detail", ["", "what was seen"])
def test_every_failure_is_a_problem_in_words(outcome: str, detail: str) -> None:
    http_status = {"status": 500, "not-an-ack": 200}.get(outcome)
    judged = logged.of_attempt(outcome, http_status, detail, None, TERMS)
    assert judged.verdict is Verdict.PROBLEM
    assert judged.text
    assert judged.advice or outcome == "cancelled"
    assert "()" not in judged.text


@pytest.mark.parametrize("outcome", ["OK", "Unsubscribe"])
def test_an_acknowledgement_is_none(outcome: str) -> None:
    assert logged.of_attempt(outcome, 200, "", ack(), TERMS).verdict is Verdict.OK


def test_secrets_of_the_url_are_not_repeated() -> None:
    judged = logged.of_attempt("status", 500, "HTTP 500", b"no such key: s3cret", TERMS)
    assert judged.text == 'HTTP 500; it begins "no such key: ..."'
