"""`ewspush subscription pause`, `resume`, `retry-now`, `heartbeat`, `resend` and `end`."""

import json
import re
from functools import partial

import pytest

from ewspush.control import direct
from ewspush.control.commands import Commands
from ewspush.core.ids import Kind
from ewspush.store import mailboxes, subscriptions
from ewspush.store.database import Database
from ewspush.wire import ids
from support.checks_for_store import subscription
from support.fake_engine import FAILED, NO_ANSWER, FakeEngine

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
SENDING = ["retry-now", "heartbeat", "resend"]


@pytest.fixture
def id(ewspush, elsewhere):
    """Of a subscription in a data directory that no server uses."""
    ewspush("mailbox", "create", "user@example.org", "--data", "data")
    database = Database.open(f"sqlite:///{elsewhere}/data/ewspush.db")
    with database.write() as tx:
        mailbox = mailboxes.by_address(tx, "user@example.org")
        subscriptions.insert_subscription(tx, subscription(mailbox.id))
    database.close()
    return ids.encode(Kind.SUBSCRIPTION, mailbox.id, 1)


@pytest.fixture
def engine(monkeypatch):
    """An engine that the commands believe is running."""
    engine = FakeEngine()
    monkeypatch.setattr(direct, "Commands", partial(Commands, engine=engine))
    return engine


@pytest.fixture
def run(ewspush):
    def run(command, *arguments):
        return ewspush("subscription", command, *arguments, "--data", "data")

    return run


def test_one_is_paused_and_resumed_without_a_server(run, id):
    paused = run("pause", id)
    assert paused.status == 0
    assert re.fullmatch(rf"paused since {TIME}\n", paused.out)
    shown = dict(re.split(r":\s+", line, maxsplit=1) for line in run("show", id).out.splitlines())
    assert shown["phase"] == "paused"
    assert re.fullmatch(f"{TIME}: nothing is sent", shown["paused since"])
    assert not [name for name in shown if name.startswith(("next", "gives up"))]
    title, row = (re.split(r"\s{2,}", line) for line in run("list").out.splitlines())
    row = dict(zip(title, row, strict=True))
    assert (row["PHASE"], row["NEXT"]) == ("paused", "-")
    assert json.loads(run("show", id, "--json").out)["phase"] == "paused"
    resumed = run("resume", id)
    assert (resumed.status, resumed.out) == (0, "resumed\n")
    assert "paused" not in run("show", id).out
    assert json.loads(run("pause", id, "--json").out)["id"] == id


def test_one_is_ended_for_good_without_a_server(run, id):
    refused = run("end", id)
    assert (refused.status, refused.out) == (1, "")
    assert "--yes" in refused.err
    ended = run("end", id, "--yes")
    assert ended.status == 0
    assert re.fullmatch(rf"ended at {TIME}\n", ended.out)
    assert json.loads(run("show", id, "--json").out)["phase"] == "ended"
    again = run("end", id, "--yes")
    assert (again.status, again.out) == (1, "")
    assert "ended since" in again.err


@pytest.mark.parametrize("command", SENDING)
def test_sending_needs_a_server(run, id, command):
    told = run(command, id)
    assert (told.status, told.out) == (1, "")
    assert told.err.startswith("ewspush: this needs a running server")


@pytest.mark.parametrize(
    ("command", "does"),
    [("retry-now", "retry_now"), ("heartbeat", "heartbeat")],
)
def test_an_answer_is_told_in_a_line(run, id, engine, command, does):
    told = run(command, id)
    assert (told.status, told.out, told.err) == (0, "OK, HTTP 200, 12 ms\n", "")
    assert engine.told == [(does, 1)]


def test_what_follows_a_watermark_is_sent_again(run, id, engine):
    watermark = json.loads(run("show", id, "--json").out)["watermark"]
    told = run("resend", id, "--from", watermark)
    assert (told.status, told.out) == (0, "OK, HTTP 200, 12 ms\n")
    assert engine.told == [("rewind", 1, 0)]
    told = run("resend", id)
    assert (told.status, told.out) == (1, "")
    assert "say from which watermark" in told.err


@pytest.mark.parametrize(
    ("answer", "line"),
    [(FAILED, "status, HTTP 503, 7 ms\n"), (NO_ANSWER, "connect, 3 ms, refused\n")],
)
def test_an_attempt_that_fails_is_an_exit_status(run, id, engine, answer, line):
    engine.answer = answer
    told = run("heartbeat", id)
    assert (told.status, told.out, told.err) == (1, line, "")
    told = run("heartbeat", id, "--json")
    assert (told.status, json.loads(told.out)) == (1, answer)


def test_what_is_refused_is_said_for_people_and_for_programs(run, id, engine):
    engine.refusal = "it is retrying: use retry-now"
    told = run("heartbeat", id)
    assert (told.status, told.err) == (1, "ewspush: it is retrying: use retry-now\n")
    told = run("heartbeat", id, "--json")
    assert (told.status, json.loads(told.err)["text"]) == (1, "it is retrying: use retry-now")


@pytest.mark.parametrize("command", ["pause", "resume", *SENDING])
def test_what_is_not_there_is_said(run, id, command):
    told = run(command, "xyz")
    expected = "ewspush: there is no subscription xyz: that is not an id of ewspush\n"
    assert (told.status, told.out, told.err) == (1, "", expected)


def test_a_running_server_is_asked(ewspush, server, mailbox):
    told = ewspush("subscription", "pause", "xyz", "--data", server.data)
    assert told.err == "ewspush: there is no subscription xyz: that is not an id of ewspush\n"
