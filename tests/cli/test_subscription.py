"""`ewspush subscription`, with a running server, which knows most, and without."""

import json
import re
import time

import pytest

from ewspush.cli import demo_client
from ewspush.core.events import EventType, event_filter
from ewspush.core.subscription import IDLE, PARKED, Retrying
from ewspush.store import mailboxes, subscriptions
from ewspush.store.database import Database
from ewspush.store.subscriptions import Subscription
from support.responders import FAILURE, UNSUBSCRIBE, Responder
from support.running_server import PATIENCE_S

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
NOW_S = 1_790_000_000


@pytest.fixture
def responder():
    responder = Responder()
    yield responder
    responder.close()


@pytest.fixture
def subscribe(server, mailbox, responder):
    """Subscribes the test's mailbox to the responder; the id, once an answer is in the log."""

    def subscribe(*script):
        responder.script(*script)
        seen = len(responder.pushes)
        password, url = mailbox.password, responder.url()
        id = demo_client.subscribe(server.http, mailbox.address, password, url).id
        responder.wait_for(seen + 1)
        until_s = time.monotonic() + PATIENCE_S
        while server.control.call("subscription.show", id=id)["last_attempt"] is None:
            assert time.monotonic() < until_s
        return id

    return subscribe


@pytest.fixture
def show(ewspush, server):
    def show(id):
        told = ewspush("subscription", "show", id, "--data", server.data)
        assert (told.status, told.err) == (0, "")
        return dict(re.split(r":\s+", line, maxsplit=1) for line in told.out.splitlines())

    return show


@pytest.fixture
def rows(ewspush, server, mailbox):
    """The table of the test's mailbox, by id."""

    def rows():
        told = ewspush(
            *("subscription", "list", "--mailbox", mailbox.address, "--data", server.data)
        )
        title, *lines = [re.split(r"\s{2,}", line) for line in told.out.splitlines()]
        return {line[0]: dict(zip(title, line, strict=True)) for line in lines}

    return rows


def test_one_that_is_well_is_shown_with_all_that_is_known(subscribe, show, mailbox, responder):
    id = subscribe()
    shown = show(id)
    expected = {
        "id": id,
        "kind": "push",
        "mailbox": mailbox.address,
        "url": responder.url(),
        "folders": "inbox",
        "event types": "CreatedEvent, ModifiedEvent, NewMailEvent",
        "status frequency": "1 min",
        "phase": "idle",
    }
    assert shown == {**shown, **expected}
    assert set(shown) - set(expected) == {
        "created",
        "last acknowledged",
        "next heartbeat",
        "last attempt",
    }
    assert re.fullmatch(r"\S{11}= \(0 events behind the head\)", shown["last acknowledged"])
    assert re.fullmatch(rf"{TIME} \(in \d+ s\)", shown["next heartbeat"])
    assert re.fullmatch(rf"{TIME}  OK", shown["last attempt"])


def test_one_that_fails_is_shown_with_what_comes_next_and_why(
    subscribe, show, rows, server, mailbox, responder
):
    responder.otherwise = FAILURE
    id = subscribe()
    server.deliver(mailbox)
    shown = show(id)
    assert shown["phase"] == "retrying"
    assert int(shown["failed attempts"]) >= 1
    assert re.search(r"\(3 events behind the head\)", shown["last acknowledged"])
    assert re.fullmatch(rf"now|{TIME} \(.*\)", shown["next retry"])
    assert re.fullmatch(rf"{TIME} \(in \d+ s\)", shown["gives up"])
    assert re.fullmatch(rf"{TIME}  status  HTTP 503", shown["last attempt"])
    row = rows()[id]
    assert row["NEXT"].startswith("retry ")
    assert (row["PHASE"], row["BEHIND"], row["LAST ATTEMPT"]) == ("retrying", "3", "status")


def test_one_that_is_over_is_still_shown(subscribe, show, rows):
    id = subscribe(UNSUBSCRIBE)
    until_s = time.monotonic() + PATIENCE_S
    while (shown := show(id))["phase"] != "ended":  # written a moment later
        assert time.monotonic() < until_s
    assert re.fullmatch(TIME, shown["over since"])
    assert not [name for name in shown if name.startswith(("next", "gives up"))]
    assert (rows()[id]["PHASE"], rows()[id]["NEXT"]) == ("ended", "-")


def test_that_its_mailbox_is_disabled_is_said(ewspush, subscribe, show, rows, server, mailbox):
    id = subscribe()
    ewspush("mailbox", "delete", mailbox.address, "--data", server.data)
    shown = show(id)
    assert re.fullmatch(f"{TIME}: nothing is sent", shown["mailbox disabled"])
    assert not [name for name in shown if name.startswith(("next", "gives up"))]
    listed = ewspush("mailbox", "show", mailbox.address, "--data", server.data).out
    assert "mailbox disabled" in listed.splitlines()[-1]
    ewspush("mailbox", "restore", mailbox.address, "--data", server.data)
    assert "mailbox disabled" not in show(id)
    assert rows()[id]["NEXT"] != "mailbox disabled"


def test_the_table_leaves_out_what_a_query_may_hold(subscribe, rows, responder):
    id = subscribe()
    assert "?" in responder.url()
    assert rows()[id]["URL"] == f"{responder.url().partition('?')[0]}?…"


def test_list_as_json_says_what_show_says(ewspush, subscribe, server, mailbox):
    id = subscribe()
    where = ("--data", server.data, "--json")
    shown = json.loads(ewspush("subscription", "show", id, *where).out)
    listed = json.loads(ewspush("subscription", "list", "--mailbox", mailbox.address, *where).out)
    assert [each | {"next_at": ""} for each in listed] == [shown | {"next_at": ""}]
    assert shown["last_attempt"]["outcome"] == "OK"


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["show", "xyz"], "there is no subscription xyz: that is not an id of ewspush"),
        (
            ["show", "RgAAAAAAAAEAAAAAAAAAA5fT"],
            "there is no subscription RgAAAAAAAAEAAAAAAAAAA5fT:",
        ),
        (["list", "--mailbox", "nobody@example.org"], "there is no mailbox nobody@example.org"),
        (["list", "--mailbox", "nobody"], "'nobody' is not of the form name@domain"),
    ],
)
def test_what_is_not_there_is_said(ewspush, server, arguments, why):
    told = ewspush("subscription", *arguments, "--data", server.data)
    assert (told.status, told.out) == (1, "")
    assert told.err.startswith(f"ewspush: {why}")


# While no server runs


@pytest.fixture
def store(ewspush, elsewhere):
    """Stores subscriptions of a mailbox in a data directory that no server uses; their ids."""
    ewspush("mailbox", "create", "user@example.org", "--data", "data")

    def store(*news):
        database = Database.open(f"sqlite:///{elsewhere}/data/ewspush.db")
        with database.write() as tx:
            mailbox = mailboxes.by_address(tx, "user@example.org")
            for number, new in enumerate(news, 1):
                values = {
                    "mailbox": mailbox.id,
                    "number": number,
                    "url": "https://responder.example/",
                    "wanted": event_filter(frozenset(EventType), None),
                    "status_frequency_min": 30,
                    "server_version": "Exchange2010_SP2",
                    "caller_data": None,
                    "created_at_s": NOW_S,
                    "acknowledged": 0,
                    "phase": IDLE,
                }
                subscriptions.insert_subscription(tx, Subscription(**values | new))
        database.close()

    return store


def details(told):
    return dict(re.split(r":\s+", line, maxsplit=1) for line in told.out.splitlines())


def test_without_a_server_what_is_stored_is_told(ewspush, store):
    store(
        {"phase": Retrying(2, NOW_S)},
        {"phase": PARKED, "over_at_s": NOW_S + 1800},
        {"wanted": event_filter(frozenset({EventType.NEW_MAIL}), frozenset({3}))},
    )
    found = json.loads(ewspush("subscription", "list", "--data", "data", "--json").out)
    assert [each["phase"] for each in found] == ["retrying", "parked", "idle"]
    retrying, parked, _ = (
        details(ewspush("subscription", "show", each["id"], "--data", "data")) for each in found
    )
    assert retrying["next attempt"] == "no server runs"
    assert retrying["gives up"] == "2026-09-21T14:43:20Z (now)"
    assert retrying["failed attempts"] == "2"
    assert retrying["last attempt"] == "none known"
    assert retrying["folders"] == "all"
    assert parked["over since"] == "2026-09-21T14:43:20Z"
    assert "next attempt" not in parked


def test_without_a_server_a_disabled_mailbox_is_told_and_no_missing_server(ewspush, store):
    store({}, {"phase": PARKED, "over_at_s": NOW_S + 1800})
    ewspush("mailbox", "delete", "user@example.org", "--data", "data")
    _, *lines = ewspush("subscription", "list", "--data", "data").out.splitlines()
    assert [re.split(r"\s{2,}", line)[4] for line in lines] == ["mailbox disabled", "-"]
    for line in lines:
        told = ewspush("subscription", "show", line.split()[0], "--data", "data")
        assert re.fullmatch(f"{TIME}: nothing is sent", details(told)["mailbox disabled"])
        assert "no server runs" not in told.out


def test_what_a_client_said_cannot_command_the_terminal(ewspush, store):
    store({"caller_data": "a\nid: b\x9b2Jc\x1b[2J"})
    (found,) = json.loads(ewspush("subscription", "list", "--data", "data", "--json").out)
    told = ewspush("subscription", "show", found["id"], "--data", "data")
    assert details(told)["caller data"] == "a?id: b?2Jc?[2J"


def test_an_empty_list_is_its_title(ewspush, elsewhere):
    ewspush("mailbox", "create", "a@example.org", "--data", "data")
    told = ewspush("subscription", "list", "--data", "data")
    assert told.status == 0
    assert len(told.out.splitlines()) == 1
