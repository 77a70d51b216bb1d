"""How long a session lasts, how many there are, and how often a password may be guessed."""

import pytest
from twisted.internet.task import Clock

from ewspush.inspector import login_attempts
from ewspush.inspector.login_attempts import MOST_FROM_ONE, WITHIN_S, LoginAttempts
from ewspush.inspector.login_attempts import MOST_OF_ONE as GUESSES
from ewspush.inspector.sessions import IDLE_S, LONGEST_S, MOST, MOST_OF_ONE, Sessions


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def sessions(clock):
    return Sessions(clock.seconds)


def test_a_session_is_found_by_its_token_alone(sessions):
    token = sessions.begin("root", b"1")
    assert sessions.find(token, is_use=True).name == "root"
    assert sessions.find(token[:-1], is_use=True) is None
    assert sessions.find("", is_use=True) is None


def test_tokens_cannot_be_guessed(sessions):
    tokens = {sessions.begin("root", b"1") for _ in range(5)}
    assert len(tokens) == 5
    assert all(len(each) >= 43 for each in tokens)  # 256 bits


def test_idleness_ends_a_session_and_use_puts_that_off(clock, sessions):
    token = sessions.begin("root", b"1")
    for _ in range(3):
        clock.advance(IDLE_S - 1)
        assert sessions.find(token, is_use=True)
    clock.advance(IDLE_S)
    assert sessions.find(token, is_use=True) is None


def test_a_page_that_keeps_itself_up_to_date_is_no_use(clock, sessions):
    token = sessions.begin("root", b"1")
    clock.advance(IDLE_S - 1)
    assert sessions.find(token, is_use=False)
    clock.advance(1)
    assert sessions.find(token, is_use=False) is None


def test_no_session_lasts_longer_than_twelve_hours(clock, sessions):
    token = sessions.begin("root", b"1")
    for _ in range(int(LONGEST_S / (IDLE_S - 1))):
        clock.advance(IDLE_S - 1)
        assert sessions.find(token, is_use=True)
    clock.advance(LONGEST_S - clock.seconds())
    assert sessions.find(token, is_use=True) is None


def test_a_session_that_was_ended_is_over(sessions):
    token, other = sessions.begin("root", b"1"), sessions.begin("root", b"1")
    sessions.end(token)
    sessions.end(token)
    assert sessions.find(token, is_use=True) is None
    assert sessions.find(other, is_use=True)


def test_the_one_unused_longest_makes_room_for_one_more(sessions):
    tokens = [sessions.begin(f"admin{n}", b"1") for n in range(MOST)]
    assert sessions.find(tokens[0], is_use=True)
    sessions.begin("one-more", b"1")
    assert sessions.find(tokens[0], is_use=True)
    assert sessions.find(tokens[1], is_use=True) is None


def test_one_administrator_does_not_put_out_the_others(sessions):
    other = sessions.begin("other", b"1")
    tokens = [sessions.begin("root", b"1") for _ in range(MOST_OF_ONE + 3)]
    still = [token for token in tokens if sessions.find(token, is_use=True)]
    assert still == tokens[3:]
    assert sessions.find(other, is_use=True)


# Guessing


@pytest.fixture
def attempts(clock):
    return LoginAttempts(clock.seconds)


def test_a_name_is_tried_five_times_within_five_minutes(clock, attempts):
    for _ in range(GUESSES):
        assert attempts.may_try("192.0.2.1", "root")
        attempts.failed("192.0.2.1", "root")
    assert not attempts.may_try("192.0.2.1", "root")
    assert attempts.may_try("192.0.2.2", "root")
    assert attempts.may_try("192.0.2.1", "other")
    clock.advance(WITHIN_S)
    assert attempts.may_try("192.0.2.1", "root")


def test_an_address_does_not_try_all_names(attempts):
    for n in range(MOST_FROM_ONE):
        assert attempts.may_try("192.0.2.1", f"admin{n}")
        attempts.failed("192.0.2.1", f"admin{n}")
    assert not attempts.may_try("192.0.2.1", "root")
    assert attempts.may_try("192.0.2.2", "root")


def test_the_right_password_forgives_the_wrong_ones_of_its_name(attempts):
    for _ in range(GUESSES - 1):
        attempts.failed("192.0.2.1", "other")
    for _ in range(GUESSES):
        attempts.failed("192.0.2.1", "root")
    attempts.succeeded("192.0.2.1", "root")
    assert attempts.may_try("192.0.2.1", "root")
    attempts.failed("192.0.2.1", "other")
    assert not attempts.may_try("192.0.2.1", "other")


def test_addresses_of_one_network_count_as_one(attempts):
    """Whoever has an IPv6 address has 2 to the 64 of them."""
    for n in range(GUESSES):
        attempts.failed(f"2001:db8::{n:x}", "root")
    assert not attempts.may_try("2001:db8::ffff:1", "root")
    assert attempts.may_try("2001:db8:0:1::1", "root")
    assert attempts.may_try("2001:db8::1", "other")


def test_addresses_of_version_4_are_apart_though_they_are_mapped(attempts):
    for _ in range(GUESSES):
        attempts.failed("::ffff:192.0.2.1", "root")
    assert not attempts.may_try("192.0.2.1", "root")
    assert attempts.may_try("::ffff:192.0.2.2", "root")


def test_a_password_that_was_not_looked_at_is_no_failure(attempts):
    for _ in range(GUESSES + 1):
        attempts.failed("192.0.2.1", "root")
        attempts.withdrawn("192.0.2.1", "root")
    assert attempts.may_try("192.0.2.1", "root")


def test_what_is_remembered_of_failures_is_bounded(attempts, monkeypatch):
    monkeypatch.setattr(login_attempts, "REMEMBERED", 10)
    for n in range(100):
        attempts.failed(f"192.0.2.{n}", "root")
    assert len(attempts._failures) == 10


def test_what_was_forgotten_of_a_name_forgives_nothing_of_others(attempts):
    for n in range(MOST_FROM_ONE):
        attempts.failed("192.0.2.1", f"admin{n}")
    attempts.succeeded("192.0.2.1", "root")
    assert not attempts.may_try("192.0.2.1", "root")
