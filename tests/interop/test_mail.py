"""Mail comes in by LMTP, notifications go out."""

import smtplib
import socket

import pytest
from lxml import etree

from support.ews import ALL_TYPES, get_folder, subscribe
from support.responders import new_mails
from support.running_server import PATIENCE_S, EwsClient
from support.strict_reader import NAMESPACES

TRICKY = (
    b"Subject: Anything that octets can be\r\n\r\n"
    b".a dot at the start of a line\r\n..two of them\r\n.\x00\x80\xff and no ASCII\r\n"
    b"\r\n" + b"long " * 1_000 + b"\r\n\r\n.\r\n".replace(b"\r\n.\r\n", b"\r\n..\r\n")
)


class RawLmtp:
    """An LMTP client that reads every answer, which smtplib does not."""

    def __init__(self, address):
        self._socket = socket.create_connection(address, PATIENCE_S)
        self._lines = self._socket.makefile("rb")
        assert self.answer().startswith("220 ")

    def answer(self):
        line = self._lines.readline().decode()
        return self.answer() if line[3:4] == "-" else line.rstrip("\r\n")

    def say(self, *lines, answers=1):
        self._socket.sendall(b"".join(line + b"\r\n" for line in lines))
        return [self.answer() for _ in range(answers)]

    def close(self):
        self._lines.close()
        self._socket.close()


@pytest.fixture
def lmtp(server):
    lmtp = RawLmtp(server.lmtp)
    lmtp.say(b"LHLO client.example")
    yield lmtp
    lmtp.close()


def stored(server, mailbox):
    """The messages of a mailbox, as they lie in the database."""
    statement = (
        "SELECT content FROM mime_contents JOIN mailboxes ON mailboxes.id = mailbox_id"
        " WHERE address = ? ORDER BY number"
    )
    with server.database() as database:
        return [content for (content,) in database.execute(statement, [mailbox.address])]


def texts(event, *names):
    return [event.findtext(f"t:{name}", None, NAMESPACES) for name in names]


def id_of(event, name):
    return event.find(f"t:{name}", NAMESPACES).get("Id")


def test_a_delivery_is_told_as_documented(server, mailbox, client, responder):
    client.ask(subscribe(url=responder.url("/"), types=ALL_TYPES))
    inbox, parent = (
        client.ask(get_folder("inbox", shape="Default", fields=["folder:ParentFolderId"]))
        .one(name)
        .get("Id")
        for name in ("t:FolderId", "t:ParentFolderId")
    )
    for _ in range(2):
        server.deliver(mailbox)
    pushes = responder.wait_for_new_mails(2)
    events = [
        event
        for push in pushes
        for event in etree.fromstring(push.body).iterfind(".//m:Notification/*", NAMESPACES)
        if event.find("t:TimeStamp", NAMESPACES) is not None
    ]
    for number, (created, new_mail, modified) in enumerate((events[:3], events[3:]), start=1):
        names = [etree.QName(event).localname for event in (created, new_mail, modified)]
        assert names == ["CreatedEvent", "NewMailEvent", "ModifiedEvent"]
        assert texts(created, "TimeStamp") == texts(new_mail, "TimeStamp")
        assert texts(modified, "TimeStamp", "UnreadCount") == [
            *texts(created, "TimeStamp"),
            str(number),
        ]
        assert id_of(created, "ItemId") == id_of(new_mail, "ItemId")
        assert {id_of(event, "ParentFolderId") for event in (created, new_mail)} == {inbox}
        assert (id_of(modified, "FolderId"), id_of(modified, "ParentFolderId")) == (inbox, parent)
    assert id_of(events[0], "ItemId") != id_of(events[3], "ItemId")


def test_the_callback_urls_query_is_kept(server, mailbox, client, responder):
    url = responder.url("/push;a=b?email=user@example.com&x=%2F&y").replace("&", "&amp;")
    client.ask(subscribe(url=url))
    (first,) = responder.wait_for(1)
    assert first.path == "/push;a=b?email=user@example.com&x=%2F&y"


@pytest.mark.parametrize("message", [TRICKY, b"", b"\r\n", b"x" * 5_000_000 + b"\r\n"], ids=len)
def test_a_message_is_stored_byte_for_byte(server, mailbox, lmtp, message):
    lmtp.say(b"MAIL FROM:<>")
    lmtp.say(b"RCPT TO:<%s>" % mailbox.address.encode())
    lmtp.say(b"DATA")
    lines = message.split(b"\r\n")
    stuffed = b"\r\n".join(b"." + line if line.startswith(b".") else line for line in lines)
    assert lmtp.say(stuffed + b".") == ["250 2.0.0 Delivered"]
    assert stored(server, mailbox) == [message]


def test_each_of_several_recipients_is_answered_and_told(server, mailbox, client, responder, lmtp):
    other = server.create_mailbox("recipient.two@example.com")
    client.ask(subscribe(url=responder.url("/one")))
    EwsClient(server, other).ask(subscribe(url=responder.url("/two")))
    recipients = [mailbox.address, "nobody@example.com", other.address, mailbox.address]
    answers = lmtp.say(
        b"MAIL FROM:<shop@example.com>",
        *(b"RCPT TO:<%s>" % each.encode() for each in recipients),
        b"DATA",
        answers=6,
    )
    assert [answer.split()[0] for answer in answers] == ["250", "250", "550", "250", "250", "354"]
    assert answers[2].startswith("550 5.1.1 ")
    message = b"Subject: To two\r\n\r\nHello.\r\n"
    answers = lmtp.say(message + b".", answers=3)
    assert answers == ["250 2.0.0 Delivered"] * 3
    responder.wait_for_new_mails(2)
    assert {push.path for push in responder.pushes if new_mails([push])} == {"/one", "/two"}
    assert [stored(server, each) for each in (mailbox, other)] == [[message], [message]]


def test_an_unknown_recipient_is_refused(server):
    with (
        smtplib.LMTP(*server.lmtp, timeout=PATIENCE_S) as lmtp,
        pytest.raises(smtplib.SMTPRecipientsRefused) as refused,
    ):
        lmtp.sendmail("shop@example.com", ["nobody@example.com"], b"Subject: Hello\r\n\r\n")
    ((code, text),) = refused.value.recipients.values()
    assert (code, text[:6]) == (550, b"5.1.1 ")
