"""The conversation: RFC 2033, RFC 5321 and the extensions that the server announces."""

import os
import smtplib
import socket
from email.message import EmailMessage

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

MESSAGE = b"Subject: hello\r\n\r\nSECRET-CONTENT\r\n"
SIZE = 1_000


def test_lhlo_announces_what_the_server_does_and_nothing_more(client):
    assert client.greeting == "220 mail.example.org LMTP"
    assert client.lhlo() == [
        "250-mail.example.org",
        "250-SIZE 26214400",
        "250-8BITMIME",
        "250-SMTPUTF8",
        "250-PIPELINING",
        "250 ENHANCEDSTATUSCODES",
    ]


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("HELO client.example.org", "500 5.5.1"),
        ("EHLO client.example.org", "500 5.5.1"),
        ("LHLO", "501 5.5.4"),
        ("NOOP", "250 2.0.0"),
        ("NOOP what ever", "250 2.0.0"),
        ("noop", "250 2.0.0"),
        ("RSET", "250 2.0.0"),
        ("RSET now", "501 5.5.4"),
        ("VRFY anna@example.org", "252 2.0.0"),
        ("VRFY", "501 5.5.4"),
        ("HELP", "214 2.0.0"),
        ("QUIT", "221 2.0.0"),
        ("QUIT now", "501 5.5.4"),
        ("EXPN staff", "502 5.5.1"),
        ("AUTH PLAIN", "502 5.5.1"),
        ("STARTTLS", "502 5.5.1"),
        ("BDAT 5 LAST", "500 5.5.2"),
        ("", "500 5.5.2"),
        (" NOOP", "500 5.5.2"),
        ("X" * 5_000, "500 5.5.2"),
        ("NOOP " + "x" * 5_000, "500 5.5.2"),
        ("MAIL FROM:<>", "503 5.5.1"),
        ("RCPT TO:<anna@example.org>", "503 5.5.1"),
        ("DATA", "503 5.5.1"),
    ],
)
def test_a_command_before_lhlo(client, command, answer):
    assert client.ask(command)[0].startswith(answer + " ")
    if answer.startswith("221"):
        assert client.ended()
    else:
        assert client.ask("NOOP") == ["250 2.0.0 Ok"]


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("MAIL FROM:<>", "250 2.1.0"),
        ("MAIL FROM:<> SIZE=100 BODY=8BITMIME", "250 2.1.0"),
        ("mail from: <ben@example.org> body=7bit size=26214400", "250 2.1.0"),
        ("MAIL FROM:<ben@example.org>", "250 2.1.0"),
        ('MAIL FROM:<"b > en"@example.org> SIZE=5', "250 2.1.0"),
        ("MAIL FROM:<δοκιμή@παράδειγμα.δοκιμή> SMTPUTF8", "250 2.1.0"),
        ("MAIL FROM:<δοκιμή@example.org>", "553 5.6.7"),
        ("MAIL FROM:<ben>", "553 5.1.7"),
        ("MAIL FROM:ben@example.org", "553 5.1.7"),
        ("MAIL FROM:<>SIZE=5", "553 5.1.7"),
        ("MAIL", "501 5.5.4"),
        ("MAIL TO:<ben@example.org>", "501 5.5.4"),
        ("MAIL FROM:<> SIZE=26214401", "552 5.3.4"),
        ("MAIL FROM:<> SIZE", "501 5.5.4"),
        ("MAIL FROM:<> SIZE=-1", "501 5.5.4"),
        ("MAIL FROM:<> SIZE=" + "9" * 30, "501 5.5.4"),
        ("MAIL FROM:<> SIZE=1 SIZE=2", "501 5.5.4"),
        ("MAIL FROM:<> BODY=BINARYMIME", "501 5.5.4"),
        ("MAIL FROM:<> SMTPUTF8=yes", "501 5.5.4"),
        ("MAIL FROM:<> SMTPUTF8=", "501 5.5.4"),
        ("MAIL FROM:<> =5", "501 5.5.4"),
        ("MAIL FROM:<> AUTH=<>", "555 5.5.4"),
        ("MAIL FROM:<> RET=HDRS", "555 5.5.4"),
    ],
)
def test_mail_takes_an_address_or_none_and_the_announced_parameters(client, command, answer):
    client.lhlo()
    assert client.ask(command)[0].startswith(answer + " ")
    refused = not answer.startswith("250")
    rcpt = "503 5.5.1 MAIL first" if refused else "250 2.1.5 Recipient ok"
    assert client.ask("RCPT TO:<anna@example.org>") == [rcpt]


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("RCPT TO:<anna@example.org>", "250 2.1.5"),
        ("rcpt to: <anna@EXAMPLE.ORG>", "250 2.1.5"),
        ('RCPT TO:<"anna"@example.org>', "250 2.1.5"),
        ("RCPT TO:<@relay.example:anna@example.org>", "250 2.1.5"),
        ("RCPT TO:<nobody@example.org>", "550 5.1.1"),
        ("RCPT TO:<anna+lists@example.org>", "550 5.1.1"),
        ("RCPT TO:<broken@example.org>", "451 4.3.0"),
        ("RCPT TO:<δοκιμή@example.org>", "553 5.6.7"),
        ("RCPT TO:<>", "553 5.1.3"),
        ("RCPT TO:<anna>", "553 5.1.3"),
        ("RCPT TO:<Postmaster>", "553 5.1.3"),
        ("RCPT TO:anna@example.org", "553 5.1.3"),
        ("RCPT", "501 5.5.4"),
        ("RCPT FROM:<anna@example.org>", "501 5.5.4"),
        ("RCPT TO:<anna@example.org> NOTIFY=NEVER", "555 5.5.4"),
        ("MAIL FROM:<>", "503 5.5.1"),
    ],
)
def test_rcpt_takes_an_address_that_has_a_mailbox(client, command, answer):
    client.lhlo()
    client.ask("MAIL FROM:<>")
    assert client.ask(command)[0].startswith(answer + " ")
    accepted = answer == "250 2.1.5"
    assert client.ask("DATA")[0].startswith("354 " if accepted else "503 5.5.1 ")


def test_an_internationalised_recipient_is_accepted_under_smtputf8(client, mailboxes):
    mailboxes.known.add("δοκιμή@παράδειγμα.δοκιμή")
    client.lhlo()
    rcpt = "RCPT TO:<δοκιμή@παράδειγμα.δοκιμή>"
    assert [a[:3] for a in client.ask("MAIL FROM:<> SMTPUTF8", rcpt, "DATA")] == [
        "250",
        "250",
        "354",
    ]
    assert client.data(MESSAGE) == ["250 2.0.0 Delivered"]
    assert mailboxes.delivered == [("δοκιμή@παράδειγμα.δοκιμή", MESSAGE)]


def test_plus_addressing_is_part_of_the_name(client, mailboxes):
    mailboxes.known.add("anna+lists@example.org")
    client.begin("anna+lists")
    client.data(MESSAGE)
    assert mailboxes.delivered == [("anna+lists@example.org", MESSAGE)]


def test_a_command_line_that_is_not_utf8_is_refused(client):
    client.socket.sendall(b"MAIL FROM:<\xff@example.org>\r\n")
    assert client.line().startswith("500 5.5.2 ")


def test_a_client_that_ends_lines_without_cr_is_told_instead_of_waiting(client):
    client.socket.sendall(b"LHLO client.example.org\n")
    assert client.line() == "500 5.5.2 Command lines end with CRLF"


def test_a_command_line_without_end_is_cut_off(client):
    client.socket.sendall(b"x" * 200_000)
    assert client.line().startswith("500 5.5.2 ")
    assert client.line().startswith("421 4.7.0 ")
    assert client.ended()


def test_a_web_browser_is_cut_off(client):
    answers = client.ask("POST / HTTP/1.1", "Host: x", "Accept: */*", "Origin: x", "Referer: x")
    assert {answer[:9] for answer in answers} == {"500 5.5.2"}
    assert client.line().startswith("421 4.7.0 ")
    assert client.ended()


@pytest.mark.parametrize("forget", ["RSET", "LHLO client.example.org"])
def test_rset_and_lhlo_forget_the_transaction(client, forget):
    client.lhlo()
    client.ask("MAIL FROM:<>", "RCPT TO:<anna@example.org>")
    if forget == "RSET":
        client.ask(forget)
    else:
        client.lhlo()
    assert client.ask("RCPT TO:<ben@example.org>", "DATA", "MAIL FROM:<>") == [
        "503 5.5.1 MAIL first",
        "503 5.5.1 No valid recipients",
        "250 2.1.0 Sender ok",
    ]


def test_data_with_an_argument_is_refused_and_the_transaction_goes_on(client):
    client.lhlo()
    client.ask("MAIL FROM:<>", "RCPT TO:<anna@example.org>")
    assert client.ask("DATA now")[0].startswith("501 5.5.4 ")
    assert client.ask("DATA")[0].startswith("354 ")


def test_data_after_refused_recipients_only_is_503(client):
    client.lhlo()
    answers = client.ask("MAIL FROM:<>", "RCPT TO:<nobody@example.org>", "DATA", "NOOP")
    assert [answer[:3] for answer in answers] == ["250", "550", "503", "250"]


def test_every_accepted_recipient_gets_its_own_answer_in_the_order_of_rcpt(client, mailboxes):
    mailboxes.errors["ben@example.org"] = RuntimeError("no")
    client.lhlo()
    names = ["cleo", "nobody", "ben", "anna"]
    answers = client.ask("MAIL FROM:<>", *[f"RCPT TO:<{name}@example.org>" for name in names])
    assert [answer[:9] for answer in answers[1:]] == ["250 2.1.5", "550 5.1.1"] + ["250 2.1.5"] * 2
    mailboxes.known.remove("anna@example.org")
    client.ask("DATA")
    answers = client.data(MESSAGE, answers=3)
    assert [answer[:9] for answer in answers] == ["250 2.0.0", "451 4.3.0", "550 5.1.1"]
    assert mailboxes.delivered == [("cleo@example.org", MESSAGE)]
    assert client.ask("NOOP") == ["250 2.0.0 Ok"]


def test_an_address_given_twice_is_delivered_once_and_answered_twice(client, mailboxes):
    mailboxes.errors["ben@example.org"] = RuntimeError("no")
    client.begin("anna", "ben", "anna", "ben")
    answers = client.data(MESSAGE, answers=4)
    assert [answer[:3] for answer in answers] == ["250", "451", "250", "451"]
    assert mailboxes.delivered == [("anna@example.org", MESSAGE)]


def test_an_address_in_two_spellings_is_delivered_once(client, mailboxes):
    mailboxes.known.add("Anna@example.org")
    client.begin("anna", "Anna")
    assert [answer[:3] for answer in client.data(MESSAGE, answers=2)] == ["250", "250"]
    assert mailboxes.delivered == [("anna@example.org", MESSAGE)]


def test_an_answer_comes_as_soon_as_its_delivery_returned(client, mailboxes):
    client.begin("anna", "slow1")
    assert client.data(MESSAGE, answers=1) == ["250 2.0.0 Delivered"]
    assert mailboxes.waiting.acquire(timeout=20)
    mailboxes.let_go.set()
    assert client.line() == "250 2.0.0 Delivered"


def test_250_comes_only_after_deliver_returned(client, mailboxes):
    client.begin("slow1")
    client.socket.sendall(MESSAGE + b".\r\n")
    assert mailboxes.waiting.acquire(timeout=20)
    client.socket.setblocking(False)
    with pytest.raises(BlockingIOError):
        client.socket.recv(1)
    client.socket.settimeout(20)
    mailboxes.let_go.set()
    assert client.line() == "250 2.0.0 Delivered"


def test_a_failed_delivery_is_logged_with_its_traceback_and_without_the_message(client, mailboxes):
    error = RuntimeError(f"[parameters: ({MESSAGE!r})]")
    error.__cause__ = ValueError(MESSAGE.decode())
    mailboxes.errors["anna@example.org"] = error
    client.begin("anna")
    with capture_logs() as logs:
        answers = client.data(MESSAGE)
    assert answers == ["451 4.3.0 Could not be done now, try again later"]
    [entry] = [entry for entry in logs if entry["log_level"] == "error"]
    assert entry["event"] == "lmtp.delivery_failed"
    assert entry["recipient"] == "anna@example.org"
    assert "in deliver\n" in entry["exception"]
    assert "builtins.ValueError\n" in entry["exception"]
    assert entry["exception"].endswith("builtins.RuntimeError\n")
    assert "SECRET-CONTENT" not in repr(logs)


def test_a_failed_lookup_is_logged_with_its_traceback(client):
    client.lhlo()
    with capture_logs() as logs:
        client.ask("MAIL FROM:<>", "RCPT TO:<broken@example.org>")
    [entry] = [entry for entry in logs if entry["log_level"] == "error"]
    assert entry["event"] == "lmtp.lookup_failed"
    assert "in accepts\n" in entry["exception"]


def test_pipelined_commands_are_answered_in_order(client, mailboxes):
    client.lhlo()
    client.socket.sendall(
        b"MAIL FROM:<ben@example.org> SIZE=30\r\nRCPT TO:<anna@example.org>\r\n"
        b"RCPT TO:<nobody@example.org>\r\nRCPT TO:<cleo@example.org>\r\nDATA\r\n"
        b"one\r\n.\r\nMAIL FROM:<>\r\nRCPT TO:<ben@example.org>\r\nDATA\r\n.\r\nNOOP\r\nQUIT\r\n"
    )
    first = ["250 2.1.0", "250 2.1.5", "550 5.1.1", "250 2.1.5", "354 End w"] + ["250 2.0.0"] * 2
    second = ["250 2.1.0", "250 2.1.5", "354 End w", "250 2.0.0", "250 2.0.0", "221 2.0.0"]
    assert [client.line()[:9] for _ in range(13)] == first + second
    assert client.ended()
    assert mailboxes.delivered == [
        ("anna@example.org", b"one\r\n"),
        ("cleo@example.org", b"one\r\n"),
        ("ben@example.org", b""),
    ]


def test_a_client_that_has_closed_its_sending_side_still_gets_its_answers(client, mailboxes):
    client.begin("anna", "slow1")
    client.socket.sendall(MESSAGE + b".\r\nQUIT\r\n")
    client.socket.shutdown(socket.SHUT_WR)
    assert client.line() == "250 2.0.0 Delivered"
    assert mailboxes.waiting.acquire(timeout=20)
    mailboxes.let_go.set()
    assert [client.line(), client.line()] == ["250 2.0.0 Delivered", "221 2.0.0 Bye"]
    assert client.ended()


def test_a_message_cut_off_before_its_end_is_not_delivered(client, mailboxes):
    client.begin("anna")
    client.socket.sendall(MESSAGE + b".\r")
    client.socket.shutdown(socket.SHUT_WR)
    assert client.ended()
    assert mailboxes.delivered == []


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\r\n",
        b"Subject: x\r\n\r\n" + b"y" * 100_000 + b"\r\n" + b"z" * 100_000 + b"\r\n",
        bytes(range(256)) + b"\r\n",
        b"bare\nline\rends\n.\nand\r.\rdots\n.\r\n",
        b"\0\0\xff\xfe\r\n",
        b" ends with spaces \t \r\n\r\n\r\n",
    ],
    ids=["empty", "empty-line", "long-lines", "all-octets", "bare-lf-and-cr", "nul", "blanks"],
)
def test_the_message_delivered_is_octet_by_octet_what_was_sent(client, mailboxes, message):
    client.begin("anna")
    assert client.data(message.replace(b"\r\n.", b"\r\n..")) == ["250 2.0.0 Delivered"]
    assert mailboxes.delivered == [("anna@example.org", message)]


@given(st.lists(st.one_of(st.binary(max_size=50), st.sampled_from([b".", b"\r", b"\n", b"\r\n"]))))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_message_arrives_octet_by_octet(client, mailboxes, pieces):
    message = b"".join(pieces) + b"\r\n"
    lines = message.split(b"\r\n")
    stuffed = b"\r\n".join(b"." + line if line[:1] == b"." else line for line in lines)
    mailboxes.delivered.clear()
    client.begin("anna")
    assert client.data(stuffed) == ["250 2.0.0 Delivered"]
    assert mailboxes.delivered == [("anna@example.org", message)]


@pytest.mark.parametrize("declared", ["", " SIZE=10"])
def test_a_message_beyond_the_limit_is_refused_for_each_recipient(
    lmtp_server, connect, mailboxes, declared
):
    client = connect(lmtp_server(size_limit=SIZE).start())
    client.lhlo()
    rcpts = ["RCPT TO:<anna@example.org>", "RCPT TO:<ben@example.org>"]
    client.ask(f"MAIL FROM:<>{declared}", *rcpts, "DATA")
    too_big = "552 5.3.4 Message too big, the limit is 1000 octets"
    assert client.data(b"x" * (SIZE - 1) + b"\r\n", answers=2) == [too_big, too_big]
    client.begin("anna")
    assert client.data(b"x" * (SIZE - 2) + b"\r\n") == ["250 2.0.0 Delivered"]
    assert [address for address, _ in mailboxes.delivered] == ["anna@example.org"]


def test_a_message_far_beyond_the_limit_is_not_read_to_its_end(lmtp_server, connect, mailboxes):
    client = connect(lmtp_server(size_limit=SIZE).start())
    client.begin("anna")
    client.socket.sendall(b"x" * (4 * SIZE + 1))
    assert client.line().startswith("552 5.3.4 ")
    assert client.line().startswith("421 4.3.4 ")
    assert client.ended()
    assert mailboxes.delivered == []


def test_recipients_beyond_the_limit_are_put_off(lmtp_server, connect, mailboxes):
    client = connect(lmtp_server(max_recipients=2).start())
    client.lhlo()
    rcpts = [f"RCPT TO:<{name}@example.org>" for name in ("anna", "ben", "cleo")]
    answers = client.ask("MAIL FROM:<>", *rcpts, "DATA")
    assert [answer[:9] for answer in answers[1:4]] == ["250 2.1.5", "250 2.1.5", "452 4.5.3"]
    assert client.data(MESSAGE, answers=2) == ["250 2.0.0 Delivered"] * 2
    assert [address for address, _ in mailboxes.delivered] == [
        "anna@example.org",
        "ben@example.org",
    ]


def test_smtplib_delivers_to_one_recipient(lmtp_server, mailboxes):
    message = EmailMessage()
    message["Subject"] = "ποῖα"
    message["From"] = "ben@example.org"
    message["To"] = "anna@example.org"
    message.set_content("line one\n.line two\n")
    host, port = lmtp_server().start()
    with smtplib.LMTP(host, port) as lmtp:
        assert lmtp.send_message(message) == {}
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            lmtp.send_message(message, to_addrs=["nobody@example.org"])
    answer = (550, b"5.1.1 No such mailbox")
    assert refused.value.recipients == {"nobody@example.org": answer}
    [(address, delivered)] = mailboxes.delivered
    assert address == "anna@example.org"
    assert b"\r\n.line two\r\n" in delivered


def test_smtplib_uses_smtputf8(lmtp_server, mailboxes):
    mailboxes.known.add("jürgen@example.org")
    host, port = lmtp_server().start()
    with smtplib.LMTP(host, port) as lmtp:
        options = ["SMTPUTF8", "BODY=8BITMIME"]
        lmtp.sendmail("ben@example.org", "jürgen@example.org", MESSAGE, mail_options=options)
    assert mailboxes.delivered == [("jürgen@example.org", MESSAGE)]


def test_random_octets_never_stop_the_server(lmtp_server, connect):
    address = lmtp_server().start()
    for _ in range(20):
        noise = connect(address)
        noise.socket.sendall(os.urandom(300) + b"\r\n")
        noise.close()
    assert connect(address).ask("NOOP") == ["250 2.0.0 Ok"]
