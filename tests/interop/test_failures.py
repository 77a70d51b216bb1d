"""Nothing is lost: responders that are away, servers that are killed, stopped or started again."""

import http.client
import json
import smtplib
import socket
import threading
from contextlib import ExitStack, closing, contextmanager
from itertools import count

import pytest

from ewspush.control import CONTROL_SOCKET
from ewspush.store.lock import InUse, exclusive
from support.ews import ALL_TYPES, subscribe, unsubscribe
from support.responders import FAILURE, held, new_mails
from support.running_server import PATIENCE_S, EwsClient, ServerProcess, check_answer
from support.strict_reader import Chain

ATTEMPT = "delivery.attempted"

_numbers = count(1)


@pytest.fixture(scope="module")
def kept_server():
    with closing(ServerProcess()) as server:
        yield server
    assert server.log.troubles == []


@pytest.fixture
def story(kept_server, responder):
    """A server that may be killed and stopped, with a mailbox and a subscription of the test's."""
    if not kept_server.is_running:
        kept_server.start()
    story = Story(kept_server, responder, f"user{next(_numbers)}@example.com")
    yield story
    if kept_server.is_running:
        story.client.ask(unsubscribe(story.chain.subscription_id))


class Story:
    def __init__(self, server, responder, address="user@example.com"):
        self.server = server
        self.responder = responder
        self.mailbox = server.add_mailbox(address)
        self.client = EwsClient(server, self.mailbox)
        self.chain = self.subscribe()

    def subscribe(self):
        """A subscription to everything in the Inbox, and what a careful client knows of it."""
        request = subscribe(
            url=self.responder.url("/"),
            types=ALL_TYPES,
            frequency="<t:StatusFrequency>1</t:StatusFrequency>",
        )
        return Chain.of_subscribe_response(self.client.ask(request).reply.body)

    def deliver(self):
        self.server.deliver(self.mailbox)

    def restart(self):
        assert self.server.terminate() == 0
        self.server.start()

    def attempt(self, **facts):
        """The first attempt since the server's start with these facts, once it has been made."""
        facts["subscription"] = self.chain.subscription_id
        return self.server.log.wait_for(ATTEMPT, lambda line: facts.items() <= line.items())

    def expected(self):
        """The number in every watermark of the mailbox's log, in order."""
        with self.server.database() as database:
            return [
                number
                for (number,) in database.execute(
                    "SELECT watermark_base + sequence FROM events JOIN mailboxes"
                    " ON mailboxes.id = mailbox_id WHERE address = ? ORDER BY sequence",
                    [self.mailbox.address],
                )
            ]

    def everything_was_told(self):
        """Wait for the whole log, then hold what came against the promise."""
        expected = self.expected()
        marks = len(expected) // 3
        self.responder.wait_for_new_mails(marks)
        followed = self.responder.followed(self.chain)
        assert followed.problems == []
        assert followed.seen == expected


@contextmanager
def locked(server):
    """The database, so that nobody can write."""
    with server.database() as database:
        database.execute("BEGIN IMMEDIATE")
        yield
        database.execute("ROLLBACK")


def test_what_a_responder_misses_while_it_is_down_arrives_when_it_is_back(story):
    story.responder.wait_for(1)
    story.responder.stop()
    story.deliver()
    story.attempt(attempt=3, phase="retrying")
    story.deliver()
    story.responder.start()
    story.everything_was_told()


def test_a_responder_that_hangs_is_given_up_and_asked_again(start_server, responder):
    story = Story(start_server(delivery_timeout_s=0.2), responder)
    responder.wait_for(1)
    let_go = threading.Event()
    responder.script(held(let_go, FAILURE))
    story.deliver()
    assert story.attempt(attempt=1, phase="retrying")["outcome"] == "timeout"
    story.everything_was_told()
    let_go.set()


def test_nothing_is_lost_or_out_of_order_when_the_server_is_killed_in_a_stream_of_mail(story):
    accepted = 0
    for round, seen_before_the_kill in enumerate((1, 8, 15)):
        sender = Stream(story)
        told = len(new_mails(story.responder.pushes))
        sender.start()
        story.responder.wait_for_new_mails(told + seen_before_the_kill)
        story.server.kill()
        sender.join()
        accepted += sender.accepted
        story.responder.server_was_killed()
        story.server.start(same_ports=round == 0)
    story.everything_was_told()
    stored = len(story.expected()) // 3
    # Of the message that was under way at each kill nobody can know.
    assert accepted <= stored <= accepted + 3


class Stream(threading.Thread):
    """Delivers one message after another until the server is gone."""

    def __init__(self, story):
        super().__init__(daemon=True)
        self._server, self._mailbox = story.server, story.mailbox
        self.accepted = 0

    def run(self):
        try:
            with smtplib.LMTP(*self._server.lmtp, timeout=PATIENCE_S) as lmtp:
                while True:
                    lmtp.sendmail("", [self._mailbox.address], b"Subject: Hello\r\n\r\n")
                    self.accepted += 1
        except (smtplib.SMTPException, OSError):
            pass  # it was killed


def test_a_stopping_server_waits_for_a_notification_under_way(story):
    """So that it is not sent again after the restart."""
    story.responder.wait_for(1)
    let_go = threading.Event()
    story.responder.script(held(let_go))
    story.deliver()
    story.responder.wait_for(2)
    story.server.ask_to_stop()
    story.server.log.wait_for("server.stopping")
    let_go.set()
    assert story.server.wait() == 0
    story.server.start()
    story.deliver()
    story.everything_was_told()
    assert len(new_mails(story.responder.pushes)) == 2


def test_a_stopping_server_answers_a_request_under_way(start_server, responder):
    """Whole, although nothing else keeps the server from ending at once."""
    server = start_server()
    mailbox = server.create_mailbox()
    with closing(http.client.HTTPConnection(*server.http, timeout=PATIENCE_S)) as connection:
        connection.request("GET", "/EWS/Services.wsdl")
        connection.getresponse().read()
        with locked(server):
            headers = {"Content-Type": "text/xml", "Authorization": mailbox.authorization}
            request = subscribe(url=responder.url("/"))
            connection.request("POST", "/EWS/Exchange.asmx", request, headers)
            server.control.call("status")  # it has read the request before it answers this
            server.ask_to_stop()
            server.log.wait_for("server.stopping")
        answer = connection.getresponse()
        check_answer(answer.status, answer.headers, answer.read())
        assert (answer.status, answer.headers["Connection"]) == (200, "close")
    assert server.wait() == 0


def test_a_server_that_is_stopped_while_it_starts_ends():
    """Here it waits for the database."""
    server = ServerProcess()
    server.data.mkdir()
    with closing(server):
        with server.database() as database:
            database.execute("BEGIN EXCLUSIVE")
            server.spawn()
            server.wait_until(lambda: is_in_use(server))
            server.ask_to_stop()
        assert server.wait() == 0
        assert server.log.troubles == []


def is_in_use(server):
    try:
        with exclusive(f"sqlite:///{server.data / 'ewspush.db'}", patience_s=0):
            return False
    except InUse:
        return True


def test_a_server_stops_while_commands_ask_it_about_live_subscriptions(story):
    """Each command waits for the reactor, which may not wait for the commands."""
    story.responder.wait_for(1)
    command = json.dumps({"command": "subscription.list", "arguments": {}}).encode() + b"\n"
    with ExitStack() as opened:
        for _ in range(100):
            connection = opened.enter_context(closing(socket.socket(socket.AF_UNIX)))
            connection.connect(str(story.server.data / CONTROL_SOCKET))
            connection.sendall(command)
        assert story.server.terminate() == 0


def test_a_subscription_goes_on_after_a_restart_with_the_responder_down(story):
    story.responder.wait_for(1)
    story.responder.stop()
    story.deliver()
    before = story.attempt(phase="retrying")
    story.restart()
    after = story.attempt(phase="retrying")
    assert after["attempt"] > before["attempt"]
    story.deliver()
    story.responder.start()
    story.everything_was_told()


def test_nothing_is_repeated_after_a_stop_in_good_order(story):
    story.deliver()
    story.responder.wait_for_new_mails(1)
    told = len(story.responder.pushes)
    story.restart()
    story.deliver()
    story.everything_was_told()
    again = [
        push for push in story.responder.pushes[told:] if "NewMailEvent" in push.received.names
    ]
    assert len(again) == 1
