"""What an attempt to send a message elsewhere leads to."""

import pytest

from ewspush.core.outgoing import (
    Decision,
    Outcome,
    Result,
    decide,
    deferred,
    result_of_reply,
    wait_s,
)

NOW_S = 1_790_000_000
DAY_S = 86_400
ACCEPTED = Result(Outcome.ACCEPTED, "2.0.0", "Ok", 250)
GREYLISTED = Result(Outcome.DEFERRED, "4.2.0", "4.2.0 Come back", 450)
REFUSED_CONNECTION = Result(Outcome.DEFERRED, "4.4.1", "Connection refused")
UNKNOWN = Result(Outcome.REFUSED, "5.1.1", "5.1.1 Nobody", 550)
EXPIRED = Result(Outcome.DEFERRED, "4.4.7", "4.2.0 Come back", 450)


def after(failures: int = 0, age_s: int = 0, **results: Result) -> Decision:
    """What follows from an attempt on a message of that age, which is tried for two days."""
    return decide(
        results,
        failures=failures,
        began_s=NOW_S - 5,
        now_s=NOW_S,
        gives_up_at_s=NOW_S - 5 - age_s + 2 * DAY_S,
    )


# When


@pytest.mark.parametrize(
    ("failures", "minutes"),
    [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 32), (7, 60), (8, 60), (10_000, 60)],
)
def test_waits_are_doubled_up_to_an_hour(failures: int, minutes: int) -> None:
    assert wait_s(failures) == minutes * 60


@pytest.mark.parametrize(("failures", "wait"), [(0, 60), (1, 120), (2, 240)])
def test_the_wait_counts_from_the_end_of_the_attempt(failures: int, wait: int) -> None:
    decision = after(failures, a=GREYLISTED)
    assert (decision.failures, decision.due_at_s) == (failures + 1, NOW_S + wait)


def test_an_attempt_that_reached_somebody_begins_the_waits_anew() -> None:
    decision = after(9, a=ACCEPTED, b=GREYLISTED)
    assert (decision.left, decision.failures, decision.due_at_s) == (("b",), 1, NOW_S + 60)


def test_an_attempt_that_only_lost_somebody_does_not() -> None:
    assert after(9, a=UNKNOWN, b=GREYLISTED).failures == 10


def test_the_last_attempt_is_at_the_end_of_the_time() -> None:
    decision = after(9, age_s=2 * DAY_S - 100, a=GREYLISTED)
    assert decision.due_at_s == NOW_S - 5 + 100


def test_an_attempt_that_takes_until_after_the_end_is_followed_by_one_at_once() -> None:
    decision = after(9, age_s=2 * DAY_S - 1, a=GREYLISTED)
    assert (decision.left, decision.due_at_s) == (("a",), NOW_S)


# Who


@pytest.mark.parametrize(
    ("age_s", "results", "left", "given_up", "last_failure"),
    [
        (0, {"a": ACCEPTED}, (), {}, None),
        (0, {"a": GREYLISTED}, ("a",), {}, "450 4.2.0 Come back"),
        (0, {"a": REFUSED_CONNECTION}, ("a",), {}, "Connection refused"),
        (0, {"a": UNKNOWN}, (), {"a": UNKNOWN}, None),
        (0, {"a": UNKNOWN, "b": ACCEPTED}, (), {"a": UNKNOWN}, None),
        (
            0,
            {"a": ACCEPTED, "b": UNKNOWN, "c": GREYLISTED, "d": REFUSED_CONNECTION},
            ("c", "d"),
            {"b": UNKNOWN},
            "450 4.2.0 Come back",
        ),
        (2 * DAY_S - 1, {"a": GREYLISTED}, ("a",), {}, "450 4.2.0 Come back"),
        (2 * DAY_S, {"a": GREYLISTED}, (), {"a": EXPIRED}, None),
        (9 * DAY_S, {"a": GREYLISTED, "b": ACCEPTED}, (), {"a": EXPIRED}, None),
        (9 * DAY_S, {"a": GREYLISTED, "b": UNKNOWN}, (), {"a": EXPIRED, "b": UNKNOWN}, None),
    ],
)
def test_who_is_left_and_who_is_given_up(
    age_s: int,
    results: dict[str, Result],
    left: tuple[str, ...],
    given_up: dict[str, Result],
    last_failure: str | None,
) -> None:
    decision = after(3, age_s, **results)
    assert decision.left == left
    assert decision.given_up == given_up
    assert decision.last_failure == last_failure


# What a reply means


@pytest.mark.parametrize(
    ("code", "text", "outcome", "status"),
    [
        (250, "Ok", Outcome.ACCEPTED, "2.0.0"),
        (251, "2.1.5 Will forward", Outcome.ACCEPTED, "2.1.5"),
        (354, "Go on", Outcome.DEFERRED, "4.0.0"),
        (421, "4.3.2 Shutting down", Outcome.DEFERRED, "4.3.2"),
        (450, "Later", Outcome.DEFERRED, "4.0.0"),
        (451, "5.1.1 of another class", Outcome.DEFERRED, "4.0.0"),
        (550, "5.1.1", Outcome.REFUSED, "5.1.1"),
        (550, "5.1.1234 is none", Outcome.REFUSED, "5.0.0"),
        (550, "not 5.1.1", Outcome.REFUSED, "5.0.0"),
        (552, "5.3.4 Too big", Outcome.REFUSED, "5.3.4"),
        (554, "", Outcome.REFUSED, "5.0.0"),
    ],
)
def test_the_class_of_a_code_decides(code: int, text: str, outcome: Outcome, status: str) -> None:
    assert result_of_reply(code, text) == Result(outcome, status, text, code)


def test_what_is_not_about_the_message_is_never_for_good() -> None:
    said = result_of_reply(535, "5.7.8 Wrong password")
    assert deferred(said) == Result(Outcome.DEFERRED, "4.7.8", "5.7.8 Wrong password", 535)


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (UNKNOWN, "550 5.1.1 Nobody"),
        (REFUSED_CONNECTION, "Connection refused"),
        (Result(Outcome.REFUSED, "5.0.0", "", 554), "554"),
    ],
)
def test_a_result_is_shown_as_it_was_said(result: Result, text: str) -> None:
    assert str(result) == text
