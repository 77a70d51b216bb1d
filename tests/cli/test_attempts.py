"""`ewspush subscription show` with what was attempted."""

import json
import re

import pytest

from ewspush.core import watermark
from ewspush.core.ids import Kind
from ewspush.store import attempts, mailboxes, subscriptions
from ewspush.store.attempts import Keep
from ewspush.store.database import Database
from ewspush.wire import ids
from support.attempts import attempt
from support.checks_for_store import subscription


@pytest.fixture
def written(ewspush, elsewhere):
    """Writes attempts of a subscription into a data directory that no server uses."""
    ewspush("mailbox", "create", "user@example.org", "--data", "data")

    def written(*new):
        database = Database.open(f"sqlite:///{elsewhere}/data/ewspush.db")
        with database.write() as tx:
            mailbox = mailboxes.by_address(tx, "user@example.org")
            subscriptions.insert_subscription(tx, subscription(mailbox.id))
            made = [attempt(mailbox.id, 1, **each) for each in new]
            attempts.append(tx, made, Keep(1000, 5))
        database.close()
        return ids.encode(Kind.SUBSCRIPTION, mailbox.id, 1), mailbox.watermark_base

    return written


@pytest.fixture
def show(ewspush):
    def show(id, *options):
        told = ewspush("subscription", "show", id, *options, "--data", "data")
        assert (told.status, told.err) == (0, "")
        return told.out

    return show


def table(told):
    """The rows below the details, by column."""
    title, *lines = [re.split(r"\s{2,}", line) for line in told.partition("\n\n")[2].splitlines()]
    return [dict(zip(title, line, strict=True)) for line in lines]


NEVER_REACHED = {"http_status": None, "first_byte_us": None}


def test_attempts_are_a_table_below_the_details(show, written):
    id, base = written(
        {"previous": 4, "through": 5, "events": 0},
        {"events": 3, "more_events": True, "connect_us": 1234, "tls_us": 20_000},
        {"outcome": "dns", "detail": "no such host", "total_us": 5_000_000, **NEVER_REACHED},
    )
    told = show(id, "--attempts")
    assert told.startswith(f"id:                   {id}\n")
    common = {
        "AT": "2026-09-21T14:13:20Z",
        "PREVIOUS": watermark.encode(base, 4),
        "WATERMARK": watermark.encode(base, 5),
    }
    assert table(told) == [
        {
            "AT": common["AT"],
            "EVENTS": "1",
            "OUTCOME": "dns",
            "HTTP": "-",
            "CONNECT": "-",
            "TLS": "-",
            "FIRST BYTE": "-",
            "TOTAL MS": "5000.0",
            "PREVIOUS": common["PREVIOUS"],
            "WATERMARK": common["WATERMARK"],
            "DETAIL": "no such host",
        },
        {
            **common,
            "EVENTS": "3 and more",
            "OUTCOME": "OK",
            "HTTP": "200",
            "CONNECT": "1.2",
            "TLS": "20.0",
            "FIRST BYTE": "0.9",
            "TOTAL MS": "1.2",
            "DETAIL": "-",
        },
        {
            **common,
            "EVENTS": "status",
            "OUTCOME": "OK",
            "HTTP": "200",
            "CONNECT": "-",
            "TLS": "-",
            "FIRST BYTE": "0.9",
            "TOTAL MS": "1.2",
            "DETAIL": "-",
        },
    ]


def test_so_many_are_shown_as_are_wanted(show, written):
    id, _ = written(*({"events": n} for n in range(1, 31)))
    assert [each["EVENTS"] for each in table(show(id, "--attempts"))] == [
        str(n) for n in range(30, 10, -1)
    ]
    assert [each["EVENTS"] for each in table(show(id, "--attempts", "--most", "2"))] == ["30", "29"]


def test_the_last_attempt_is_among_the_details(show, written):
    id, _ = written({}, {"outcome": "status", "detail": "HTTP 503", "http_status": 503})
    told = show(id)
    assert re.search(r"^last attempt: +2026-09-21T14:13:20Z  status  HTTP 503$", told, re.MULTILINE)
    assert "\n\n" not in told


def test_bodies_are_shown_in_lines_that_cannot_command_the_terminal(show, written):
    id, _ = written(
        {"request": b"<a>\r\n  \x1b[2J</a>", "answer": b"\xffok\x9b"},
        {"request": b"<b/>"},
        {"outcome": "timeout"},
    )
    shown = show(id, "--bodies")
    assert shown.partition("\n\n")[2] == (
        "request of 2026-09-21T14:13:20Z, OK:\n  <b/>\n"
        "\nanswer of 2026-09-21T14:13:20Z, OK:\n  (none)\n"
        "\nrequest of 2026-09-21T14:13:20Z, OK:\n  <a>\n    ?[2J</a>\n"
        "\nanswer of 2026-09-21T14:13:20Z, OK:\n  \ufffdok\ufffd\n"
    )
    assert "no bodies are kept" in show(id, "--bodies", "--most", "1")


def test_a_long_body_is_cut_for_people_and_whole_for_programs(show, written):
    id, _ = written({"answer": b"x" * 5000})
    assert f"  {'x' * 4000}\n  (1000 more characters: --json has them)\n" in show(id, "--bodies")
    told = json.loads(show(id, "--attempts", "--json"))
    assert (told["id"], told["attempts"][0]["answer"]) == (id, "x" * 5000)
    assert "attempts" not in json.loads(show(id, "--json"))


@pytest.mark.parametrize("most", ["0", "1001", "x"])
def test_how_many_is_a_number_in_its_range(ewspush, most):
    told = ewspush("subscription", "show", "x", "--attempts", "--most", most, "--data", "data")
    assert told.status == 2
    assert "--most" in told.err
