"""`ewspush queue`, and a server that sends by a relay."""

import json
import re
import time
from contextlib import closing
from dataclasses import replace

import pytest

from ewspush.store import mailboxes
from ewspush.store import outgoing as queue
from ewspush.store.database import Database
from ewspush.store.outgoing import Outgoing
from support.running_server import ServerProcess
from support.smtp_relay import END, SILENCE, Script, ScriptedRelay

NOW_S = 1_790_000_000
NOW = "2026-09-21T14:13:20Z"
IN_THE_FUTURE_S = 1 << 32
CONTENT = b"Subject: Confidential\r\n\r\nText\r\n"


def enqueue(data, address, *messages, now_s=NOW_S, **changes):
    """Put messages into the queue of a data directory, each for these recipients."""
    with closing(Database.open(f"sqlite:///{data}/ewspush.db")) as database, database.write() as tx:
        mailbox = mailboxes.by_address(tx, address).id
        for recipients in messages:
            (number,) = mailboxes.take_numbers(tx, mailbox, 1)
            size = len(CONTENT)
            new = Outgoing(mailbox, number, address, recipients, size, now_s, 0, now_s, None)
            queue.insert_outgoing(tx, replace(new, **changes), CONTENT)


def enqueue_now(data, address, **changes):
    """Put a message into the queue of a server that runs, or is about to."""
    enqueue(data, address, ["x@example.net"], **{"now_s": int(time.time()), **changes})


# While no server runs


@pytest.fixture
def data(ewspush, elsewhere):
    for name in ("a", "b"):
        ewspush("mailbox", "create", f"{name}@example.org", "--data", "data")
    return elsewhere / "data"


def test_what_is_queued_is_listed_with_why(ewspush, data):
    failed = {"failures": 3, "due_at_s": NOW_S + 240, "last_failure": "450 \x1b[2JLater"}
    enqueue(data, "a@example.org", ["x@example.net"], **failed)
    enqueue(data, "b@example.org", ["y@example.net", "z@example.net", "ж@example.net"])
    told = ewspush("queue", "list", "--data", "data")
    assert told.status == 0
    title, *lines = [re.split(r"\s{2,}", line) for line in told.out.splitlines()]
    assert title == ["SENDER", "RECIPIENTS", "SIZE", "QUEUED", "FAILURES", "NEXT", "LAST FAILURE"]
    later = "2026-09-21T14:17:20Z"
    size = str(len(CONTENT))
    assert lines == [
        ["a@example.org", "x@example.net", size, NOW, "3", later, "450 ?[2JLater"],
        ["b@example.org", "y@example.net and 2 more", size, NOW, "0", NOW, "-"],
    ]


def test_a_program_gets_all_of_it(ewspush, data):
    enqueue(data, "b@example.org", ["y@example.net", "z@example.net"], ["x@example.net"])
    told = ewspush("queue", "list", "--mailbox", "B@example.org", "--data", "data", "--json")
    first, second = json.loads(told.out)
    assert first == {
        "mailbox": "b@example.org",
        "sender": "b@example.org",
        "recipients": ["y@example.net", "z@example.net"],
        "size": len(CONTENT),
        "queued_at": NOW,
        "failures": 0,
        "next_at": NOW,
        "last_failure": None,
    }
    assert second["recipients"] == ["x@example.net"]
    told = ewspush("queue", "list", "--mailbox", "a@example.org", "--data", "data", "--json")
    assert json.loads(told.out) == []


def test_a_long_queue_comes_in_pages(ewspush, data):
    addresses = [f"x{n}@example.net" for n in range(501)]
    enqueue(data, "a@example.org", *([each] for each in addresses[:500]))
    enqueue(data, "b@example.org", addresses[500:])
    found = json.loads(ewspush("queue", "list", "--data", "data", "--json").out)
    assert [each["recipients"][0] for each in found] == addresses


@pytest.mark.parametrize(
    ("options", "answer"),
    [
        ([], "2 messages waited"),
        (["--mailbox", "a@example.org"], "1 message waited"),
    ],
)
def test_what_waits_is_tried_as_soon_as_a_server_runs(ewspush, data, options, answer):
    for name in ("a", "b"):
        enqueue_now(data, f"{name}@example.org", due_at_s=IN_THE_FUTURE_S)
    told = ewspush("queue", "retry", *options, "--data", "data")
    assert (told.status, told.out) == (0, f"{answer}\n")
    assert ewspush("queue", "retry", *options, "--data", "data").out == "0 messages waited\n"


@pytest.mark.parametrize("command", ["list", "retry"])
def test_a_mailbox_that_is_not_there_is_said(ewspush, data, command):
    told = ewspush("queue", command, "--mailbox", "c@example.org", "--data", "data")
    assert (told.status, told.err) == (1, "ewspush: there is no mailbox c@example.org\n")


# With a server


@pytest.fixture
def relay():
    relay = ScriptedRelay()
    yield relay
    relay.close()


@pytest.fixture
def sending_server(relay):
    server = ServerProcess(relay_host="127.0.0.1", relay_port=relay.port, relay_tls="none")
    try:
        server.start()
        yield server
        assert server.log.troubles == []
    finally:
        server.close()


def listed(server):
    return server.control.call("queue.list")["messages"]


def test_a_retry_wakes_the_relay_of_a_running_server(ewspush, sending_server, relay):
    sender = sending_server.create_mailbox("user@example.com")
    enqueue_now(sending_server.data, sender.address, due_at_s=IN_THE_FUTURE_S)
    told = ewspush("queue", "retry", "--data", sending_server.data)
    assert (told.status, told.out) == (0, "1 message waited\n")
    sending_server.log.wait_for("relay.attempted")
    assert relay.received[0].content == CONTENT
    assert listed(sending_server) == []
    assert sending_server.terminate() == 0
    assert "Confidential" not in sending_server.log.text


def test_a_sender_finds_in_the_inbox_that_mail_was_refused(sending_server, relay):
    relay.scripts = [Script(replies={"RCPT": "550 5.1.1 Nobody"})]
    sender = sending_server.create_mailbox("user@example.com")
    enqueue_now(sending_server.data, sender.address)
    sending_server.control.call("queue.retry")
    line = sending_server.log.wait_for("relay.attempted")
    assert (line["recipient"], line["outcome"]) == ("x@example.net", "refused")
    assert line["given_up"] is True
    assert listed(sending_server) == []
    with sending_server.database() as database:
        ((subject,),) = database.execute("SELECT subject FROM items").fetchall()
    assert subject == "Undeliverable: Confidential"


@pytest.mark.parametrize("command", ["RCPT", END])
def test_a_kill_while_a_message_is_under_way_loses_nothing(sending_server, relay, command):
    relay.scripts = [Script(replies={command: SILENCE}), Script()]
    sender = sending_server.create_mailbox("user@example.com")
    enqueue_now(sending_server.data, sender.address)
    sending_server.control.call("queue.retry")
    relay.wait_for(command=command)
    sending_server.kill()
    sending_server.start()
    sending_server.log.wait_for("relay.attempted")
    assert [each.content for each in relay.received] == [CONTENT]
    assert listed(sending_server) == []


def test_a_server_whose_relay_says_nothing_ends_soon(spawn, relay, elsewhere, ewspush, monkeypatch):
    relay.scripts = [Script(replies={"DATA": SILENCE})]
    ewspush("mailbox", "create", "user@example.com", "--data", "data")
    enqueue_now(elsewhere / "data", "user@example.com")
    for name, value in (("HOST", "127.0.0.1"), ("PORT", relay.port), ("TLS", "none")):
        monkeypatch.setenv(f"EWSPUSH_RELAY_{name}", str(value))
    ports = ("--http", "127.0.0.1:0", "--lmtp", "127.0.0.1:0")
    soon = "import ewspush.server\newspush.server.STOP_GRACE_S = 0.1"
    process = spawn("serve", "--data", "data", *ports, change=soon)
    relay.wait_for(command="DATA")
    process.terminate()
    _, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "relay.cut_off" in err
    (left,) = json.loads(ewspush("queue", "list", "--data", "data", "--json").out)
    assert left["recipients"] == ["x@example.net"]


def test_a_relay_that_cannot_be_used_keeps_the_server_from_starting(run, elsewhere, monkeypatch):
    monkeypatch.setenv("EWSPUSH_RELAY_HOST", "relay.example")
    monkeypatch.setenv("EWSPUSH_RELAY_CA_FILE", "none.pem")
    ports = ("--http", "127.0.0.1:0", "--lmtp", "127.0.0.1:0")
    ended = run("serve", "--data", "data", *ports)
    assert ended.status == 1
    assert ended.err.endswith("ewspush: relay.ca_file none.pem: No such file or directory\n")
