"""Handing a message to the relay, over real sockets."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from ewspush.core.outgoing import Outcome, Result
from ewspush.operations.outgoing import Message
from ewspush.relay.connection import REPLY_LIMIT, Connection, Reply
from ewspush.relay.delivery import RECIPIENTS_AT_ONCE, Delivery, address_literal, wire_form
from ewspush.relay.route import Credentials, Route
from ewspush.store.outgoing import Outgoing
from support.checks_for_store import NOW_S
from support.smtp_relay import (
    CUT,
    END,
    OFFERS,
    PATIENCE_S,
    SILENCE,
    Received,
    Script,
    ScriptedRelay,
)

CONTENT = b"From: user@example.org\r\nSubject: One\r\n\r\nText\r\n"
CREDENTIALS = Credentials("user", "pässwörd")
SHORT_S = 0.1  # for a relay that says nothing

MakeRelay = Callable[..., ScriptedRelay]
Certified = Callable[..., ssl.SSLContext]


def message(
    *recipients: str, sender: str = "user@example.org", content: bytes = CONTENT
) -> Message:
    recipients = recipients or ("a@example.net",)
    envelope = Outgoing(1, 101, sender, recipients, len(content), NOW_S, 0, NOW_S, None)
    return Message(envelope, content)


def route(port: int, **changes: Any) -> Route:
    values: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": port,
        "tls": "none",
        "context": ssl.create_default_context(),
        "credentials": None,
        "timeout_s": PATIENCE_S,
        "own_name": "mail.example.org",
    }
    return Route(**values | changes)


def deliver(relay: ScriptedRelay, sent: Message | None = None, **changes: Any) -> dict[str, Result]:
    return Delivery(sent or message(), route(relay.port, **changes)).run()


def outcomes(results: dict[str, Result]) -> dict[str, str]:
    """The first letters of addresses, and what was said about them."""
    return {address[0]: f"{each.outcome.value} {each}" for address, each in results.items()}


def received(relay: ScriptedRelay) -> Received:
    (one,) = relay.received
    return one


# What is accepted


def test_a_message_is_handed_over_as_it_is(relay: MakeRelay) -> None:
    server = relay()
    results = deliver(server, message("a@example.net", "b@example.net"))
    assert results == dict.fromkeys(
        ("a@example.net", "b@example.net"), Result(Outcome.ACCEPTED, "2.0.0", "2.0.0 Ok", 250)
    )
    got = received(server)
    assert got.content == CONTENT
    assert got.recipients == ["a@example.net", "b@example.net"]
    server.wait_for(command="QUIT")
    assert server.commands == [
        "EHLO mail.example.org",
        f"MAIL FROM:<user@example.org> SIZE={len(CONTENT)}",
        "RCPT TO:<a@example.net>",
        "RCPT TO:<b@example.net>",
        "DATA",
        END,
        "QUIT",
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"A: b\r\n\r\n.\r\n..\r\n.a\r\n.\r\n",
        b".\r\n",
        b"A: b\r\n\r\n" + b"x" * 300_000 + b"\r\n",
        b"A: \xc3\xa4\r\n\r\n\xff\x00\r\n",
    ],
)
def test_every_octet_arrives(relay: MakeRelay, content: bytes) -> None:
    server = relay()
    deliver(server, message(content=content))
    assert received(server).content == content


@pytest.mark.parametrize(
    ("content", "sent"),
    [
        (b"", b"\r\n.\r\n"),
        (b"a", b"a\r\n.\r\n"),
        (b"a\r\n", b"a\r\n.\r\n"),
        (b"a\nb\rc\r\n\rd", b"a\r\nb\r\nc\r\n\r\nd\r\n.\r\n"),
        (b"a\n.\nb", b"a\r\n..\r\nb\r\n.\r\n"),  # would be the end of it for some
        (b"a\r\n.\rb", b"a\r\n..\r\nb\r\n.\r\n"),
    ],
)
def test_a_line_ends_in_one_way_only(content: bytes, sent: bytes) -> None:
    assert wire_form(content) == sent


def test_the_null_sender_is_a_sender(relay: MakeRelay) -> None:
    server = relay()
    deliver(server, message(sender=""))
    assert received(server).mail.startswith("MAIL FROM:<> ")


@pytest.mark.parametrize(
    ("name", "said"), [("mail.example.org", "mail.example.org"), ("laptop", "[127.0.0.1]")]
)
def test_a_name_that_is_not_whole_is_replaced_by_the_address(
    relay: MakeRelay, name: str, said: str
) -> None:
    server = relay()
    deliver(server, own_name=name)
    assert server.commands[0] == f"EHLO {said}"


@pytest.mark.parametrize(
    ("ip", "literal"),
    [("192.0.2.1", "[192.0.2.1]"), ("::1", "[IPv6:::1]"), ("fe80::1%eth0", "[IPv6:fe80::1]")],
)
def test_an_address_in_the_place_of_a_name(ip: str, literal: str) -> None:
    assert address_literal(ip) == literal


def test_more_recipients_than_a_server_must_take_come_in_several_transactions(
    relay: MakeRelay,
) -> None:
    server = relay()
    addresses = [f"a{n}@example.net" for n in range(2 * RECIPIENTS_AT_ONCE + 1)]
    results = deliver(server, message(*addresses))
    assert {each.outcome for each in results.values()} == {Outcome.ACCEPTED}
    assert list(results) == addresses
    counts = [len(each.recipients) for each in server.received]
    assert counts == [RECIPIENTS_AT_ONCE, RECIPIENTS_AT_ONCE, 1]
    assert server.connections == 1


# What is not


@pytest.mark.parametrize(
    ("replies", "expected"),
    [
        ({"RCPT TO:<b": "550 5.1.1 Nobody"}, "refused 550 5.1.1 Nobody"),
        ({"RCPT TO:<b": "450 4.2.0 Later"}, "deferred 450 4.2.0 Later"),
        ({"RCPT TO:<b": "452-4.5.3 Too\r\n452 4.5.3 many"}, "deferred 452 4.5.3 Too 4.5.3 many"),
    ],
)
def test_one_recipient_who_is_not_taken_does_not_stop_the_other(
    relay: MakeRelay, replies: dict[str, str], expected: str
) -> None:
    server = relay(Script(replies=replies))
    results = deliver(server, message("a@example.net", "b@example.net"))
    assert outcomes(results) == {"a": "accepted 250 2.0.0 Ok", "b": expected}
    assert received(server).recipients == ["a@example.net"]


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA", END])
@pytest.mark.parametrize(
    ("reply", "outcome"), [("451 4.3.0 Later", "deferred"), ("554 5.7.1 No", "refused")]
)
def test_what_is_said_to_all_counts_for_all(
    relay: MakeRelay, command: str, reply: str, outcome: str
) -> None:
    server = relay(Script(replies={command: reply}))
    results = deliver(server, message("a@example.net", "b@example.net"))
    assert outcomes(results) == dict.fromkeys("ab", f"{outcome} {reply}")
    assert server.received == []


@pytest.mark.parametrize("command", ["EHLO", "MAIL", "RCPT TO:<b", "DATA", END])
@pytest.mark.parametrize(
    ("reply", "detail"),
    [
        (CUT, "the relay closed the connection"),
        ("421 4.3.2 Good-bye", "421 4.3.2 Good-bye"),
        ("Who are you?", "the relay does not speak SMTP"),
        (SILENCE, "the relay did not answer in time"),
    ],
)
def test_a_relay_that_fails_is_tried_again(
    relay: MakeRelay, command: str, reply: str, detail: str
) -> None:
    server = relay(Script(replies={command: reply}))
    timeout_s = SHORT_S if reply == SILENCE else PATIENCE_S
    results = deliver(server, message("a@example.net", "b@example.net"), timeout_s=timeout_s)
    assert outcomes(results) == dict.fromkeys("ab", f"deferred {detail}")
    assert {each.status[0] for each in results.values()} == {"4"}


def test_what_was_settled_before_it_failed_stands(relay: MakeRelay) -> None:
    server = relay(Script(replies={"RCPT TO:<b": "550 Nobody", "RCPT TO:<c": CUT}))
    results = deliver(server, message("a@example.net", "b@example.net", "c@example.net"))
    assert outcomes(results) == {
        "a": "deferred the relay closed the connection",
        "b": "refused 550 Nobody",
        "c": "deferred the relay closed the connection",
    }


@pytest.mark.parametrize("greeting", ["554 5.3.2 Not for you", "421 Busy"])
def test_a_relay_that_does_not_want_us_now_may_do_so_later(relay: MakeRelay, greeting: str) -> None:
    results = deliver(relay(Script(greeting=greeting)))
    assert outcomes(results) == {"a": f"deferred {greeting}"}
    assert results["a@example.net"].status.startswith("4.")


def test_a_greeting_that_never_comes_is_not_waited_for(relay: MakeRelay) -> None:
    results = deliver(relay(Script(greeting=SILENCE)), timeout_s=SHORT_S)
    assert outcomes(results) == {"a": "deferred the relay did not answer in time"}


def test_the_reply_to_a_message_is_waited_for_longer(
    relay: MakeRelay, monkeypatch: pytest.MonkeyPatch
) -> None:
    # RFC 5321, 4.5.3.2.6: who hangs up too soon sends twice.
    patience: list[int] = []
    reply = Connection.reply

    def noted(connection: Connection, times: int = 1) -> Reply:
        patience.append(times)
        return reply(connection, times)

    monkeypatch.setattr(Connection, "reply", noted)
    deliver(relay())
    assert patience == [1, 1, 1, 1, 1, 10]


def test_a_relay_that_does_not_listen_is_tried_again(relay: MakeRelay) -> None:
    server = relay()
    server.close()
    (result,) = deliver(server).values()
    assert str(result) == "no connection: Connection refused"
    assert (result.outcome, result.status) == (Outcome.DEFERRED, "4.4.1")


def test_success_before_anything_was_sent_is_none(relay: MakeRelay) -> None:
    results = deliver(relay(Script(replies={"DATA": "250 Thank you"})))
    assert outcomes(results) == {"a": "deferred 250 Thank you"}


@pytest.mark.parametrize(
    "reply", ["250-" + "x" * (REPLY_LIMIT + 10), "250-x\r\n" * (REPLY_LIMIT // 5)]
)
def test_a_reply_has_an_end(relay: MakeRelay, reply: str) -> None:
    results = deliver(relay(Script(replies={"MAIL": reply})))
    assert outcomes(results) == {"a": "deferred the relay's reply has no end"}


def test_what_the_relay_says_is_kept_on_one_short_line(relay: MakeRelay) -> None:
    reply = "550-5.1.1 a\x1b[2J\r\n550 " + "x" * 5000
    (result,) = deliver(relay(Script(replies={"RCPT": reply}))).values()
    assert result.detail.startswith("5.1.1 a?[2J xxx")
    assert len(result.detail) == 400


# 8-bit content, and addresses beyond ASCII


@pytest.mark.parametrize(
    ("addresses", "content", "parameters"),
    [
        (("a@example.net",), CONTENT, ""),
        (("a@example.net",), b"A: \xff\r\n", " BODY=8BITMIME"),
        (("ж@example.net",), CONTENT, " BODY=8BITMIME SMTPUTF8"),
        (("a@пример.example", "b@example.net"), b"\xff", " BODY=8BITMIME SMTPUTF8"),
    ],
)
def test_what_is_beyond_ascii_is_announced(
    relay: MakeRelay, addresses: tuple[str, ...], content: bytes, parameters: str
) -> None:
    server = relay()
    deliver(server, message(*addresses, content=content))
    got = received(server)
    assert got.mail == f"MAIL FROM:<user@example.org> SIZE={len(content)}{parameters}"
    assert got.recipients == list(addresses)


def without(offer: str) -> Script:
    return Script(offers=tuple(each for each in OFFERS if each != offer))


def test_addresses_beyond_ascii_need_smtputf8(relay: MakeRelay) -> None:
    server = relay(without("SMTPUTF8"))
    results = deliver(server, message("ж@example.net", "b@example.net"))
    assert results["ж@example.net"].outcome is Outcome.REFUSED
    assert results["ж@example.net"].status == "5.6.7"
    assert results["b@example.net"].outcome is Outcome.ACCEPTED
    assert received(server).recipients == ["b@example.net"]
    assert "SMTPUTF8" not in received(server).mail


def test_so_does_the_sender_s(relay: MakeRelay) -> None:
    server = relay(without("SMTPUTF8"))
    (result,) = deliver(server, message(sender="ж@example.org")).values()
    assert (result.outcome, result.status) == (Outcome.REFUSED, "5.6.7")
    assert server.received == []


def test_content_beyond_ascii_needs_8bitmime(relay: MakeRelay) -> None:
    server = relay(without("8BITMIME"))
    (result,) = deliver(server, message(content=b"\xff\r\n")).values()
    assert (result.outcome, result.status) == (Outcome.REFUSED, "5.6.3")
    assert outcomes(deliver(server)) == {"a": "accepted 250 2.0.0 Ok"}


def test_a_relay_that_offers_nothing_is_asked_for_nothing(relay: MakeRelay) -> None:
    server = relay(Script(offers=()))
    deliver(server)
    assert received(server).mail == "MAIL FROM:<user@example.org>"


# TLS


@pytest.mark.parametrize("is_implicit", [False, True])
def test_tls_is_begun_before_anything_is_told(
    relay: MakeRelay, certified: Certified, trusting: ssl.SSLContext, is_implicit: bool
) -> None:
    offers = (*OFFERS, *(() if is_implicit else ("STARTTLS",)))
    server = relay(Script(tls=certified(), is_implicit=is_implicit, offers=offers))
    deliver(server, tls="implicit" if is_implicit else "starttls", context=trusting)
    assert received(server).is_secure
    begin = [] if is_implicit else ["EHLO mail.example.org", "STARTTLS"]
    assert server.commands[: len(begin) + 1] == [*begin, "EHLO mail.example.org"]


@pytest.mark.parametrize("is_implicit", [False, True])
@pytest.mark.parametrize(
    ("name", "is_known", "reason"),
    [
        ("127.0.0.1", False, "its certificate is not good: unable to get local issuer certificate"),
        ("192.0.2.1", True, "its certificate is not good: IP address mismatch"),
    ],
)
def test_a_certificate_that_is_not_good_gets_nothing(
    relay: MakeRelay,
    certified: Certified,
    trusting: ssl.SSLContext,
    is_implicit: bool,
    name: str,
    is_known: bool,
    reason: str,
) -> None:
    context = certified(name, None if is_known else trustme.CA())
    server = relay(Script(tls=context, is_implicit=is_implicit, offers=("STARTTLS",)))
    (result,) = deliver(
        server, tls="implicit" if is_implicit else "starttls", context=trusting
    ).values()
    assert str(result).startswith(f"no TLS: {reason}")
    assert (result.outcome, result.status) == (Outcome.DEFERRED, "4.7.5")
    assert server.commands == ([] if is_implicit else ["EHLO mail.example.org", "STARTTLS"])


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (Script(), "the relay does not offer STARTTLS"),
        (
            Script(offers=("STARTTLS",), replies={"STARTTLS": "454 4.7.0 Not now"}),
            "454 4.7.0 Not now",
        ),
        (
            Script(offers=("STARTTLS",), replies={"STARTTLS": "220 Go on\r\n250 AUTH PLAIN"}),
            "the relay sent something between its answer and TLS",
        ),
    ],
)
def test_a_relay_without_tls_gets_nothing(relay: MakeRelay, script: Script, reason: str) -> None:
    server = relay(script)
    results = deliver(server, tls="starttls", credentials=CREDENTIALS)
    assert outcomes(results) == {"a": f"deferred {reason}"}
    assert not [each for each in server.commands if each.startswith(("AUTH", "MAIL"))]


def test_tls_that_never_begins_is_not_waited_for(
    relay: MakeRelay, trusting: ssl.SSLContext
) -> None:
    server = relay(Script(greeting=SILENCE))
    (result,) = deliver(server, tls="implicit", context=trusting, timeout_s=SHORT_S).values()
    assert str(result).startswith("no TLS: ")
    assert result.outcome is Outcome.DEFERRED


# AUTH


@pytest.mark.parametrize(
    ("offer", "secrets"),
    [
        ("AUTH PLAIN LOGIN", ["\0user\0pässwörd"]),
        ("AUTH LOGIN", ["user", "pässwörd"]),
        ("auth XOAUTH2 plain", ["\0user\0pässwörd"]),
    ],
)
def test_we_say_who_we_are(relay: MakeRelay, offer: str, secrets: list[str]) -> None:
    server = relay(Script(offers=(*OFFERS, offer)))
    deliver(server, credentials=CREDENTIALS)
    assert received(server).secrets == secrets


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (Script(), "the relay offers neither AUTH PLAIN nor AUTH LOGIN"),
        (Script(offers=("AUTH CRAM-MD5",)), "the relay offers neither AUTH PLAIN nor AUTH LOGIN"),
        (
            Script(offers=("AUTH PLAIN",), replies={"AUTH": "535 5.7.8 Wrong"}),
            "535 5.7.8 Wrong",
        ),
        (
            Script(offers=("AUTH LOGIN",), replies={"password": "535 5.7.8 Wrong"}),
            "535 5.7.8 Wrong",
        ),
        (Script(offers=("AUTH LOGIN",), replies={"AUTH": "504 Never heard"}), "504 Never heard"),
    ],
)
def test_wrong_credentials_keep_the_message_until_they_are_mended(
    relay: MakeRelay, script: Script, reason: str
) -> None:
    server = relay(script)
    results = deliver(server, credentials=CREDENTIALS)
    assert outcomes(results) == {"a": f"deferred {reason}"}
    assert server.received == []
    assert "pässwörd" not in f"{results}{CREDENTIALS!r}"


# Ending it


@pytest.mark.parametrize("command", ["EHLO", "RCPT", END])
def test_a_delivery_can_be_ended_from_outside(relay: MakeRelay, command: str) -> None:
    server = relay(Script(replies={command: SILENCE}))
    delivery = Delivery(message(), route(server.port))
    thread, results = in_thread(delivery)
    server.wait_for(command=command)
    delivery.abort()
    thread.join(PATIENCE_S)
    assert [each.outcome for each in results["a@example.net"]] == [Outcome.DEFERRED]


def test_so_can_one_in_tls(
    relay: MakeRelay, certified: Certified, trusting: ssl.SSLContext
) -> None:
    server = relay(Script(tls=certified(), is_implicit=True, replies={END: SILENCE}))
    delivery = Delivery(message(), route(server.port, tls="implicit", context=trusting))
    thread, results = in_thread(delivery)
    server.wait_for(command=END)
    delivery.abort()
    thread.join(PATIENCE_S)
    assert [each.outcome for each in results["a@example.net"]] == [Outcome.DEFERRED]


def test_one_that_is_ended_before_it_begins_sends_nothing(relay: MakeRelay) -> None:
    server = relay()
    delivery = Delivery(message(), route(server.port))
    delivery.abort()
    assert outcomes(delivery.run()) == {"a": "deferred no connection: aborted"}
    assert server.received == []


def in_thread(delivery: Delivery) -> tuple[threading.Thread, dict[str, list[Result]]]:
    results: dict[str, list[Result]] = {}

    def run() -> None:
        results.update({address: [each] for address, each in delivery.run().items()})

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, results


# A server that others wrote


class Handler:
    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        self.envelopes.append(envelope)
        return "250 2.0.0 Thank you"


@pytest.fixture
def aiosmtpd(certified: Certified) -> Iterator[tuple[Handler, int]]:
    def authenticate(*arguments: Any) -> AuthResult:
        is_right = arguments[-1] == LoginPassword(b"user", "pässwörd".encode())
        return AuthResult(success=is_right, handled=False)

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    handler = Handler()
    controller = Controller(
        handler,
        hostname="127.0.0.1",
        port=port,
        tls_context=certified(),
        require_starttls=True,
        auth_required=True,
        authenticator=authenticate,
        enable_SMTPUTF8=True,
        decode_data=False,
    )
    controller.start()
    yield handler, port
    controller.stop()


def test_aiosmtpd_takes_a_message_by_starttls_and_auth(
    aiosmtpd: tuple[Handler, int], trusting: ssl.SSLContext
) -> None:
    handler, port = aiosmtpd
    content = b"Subject: \xd0\xb6\r\n\r\n.\r\n..\r\nText\r\n"
    sent = message("a@example.net", "ж@example.net", content=content)
    secure = {"tls": "starttls", "context": trusting, "credentials": CREDENTIALS}
    results = Delivery(sent, route(port, **secure)).run()
    assert {each.outcome for each in results.values()} == {Outcome.ACCEPTED}
    (envelope,) = handler.envelopes
    assert envelope.content == content
    assert envelope.rcpt_tos == ["a@example.net", "ж@example.net"]
    assert envelope.smtp_utf8
    assert "BODY=8BITMIME" in envelope.mail_options
    wrong = secure | {"credentials": Credentials("user", "wrong")}
    (result, _) = Delivery(sent, route(port, **wrong)).run().values()
    assert (result.outcome, result.code) == (Outcome.DEFERRED, 535)
