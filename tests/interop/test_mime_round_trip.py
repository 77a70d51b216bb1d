"""Awkward mail goes in by LMTP and comes out by EWS, byte for byte."""

import socket
from base64 import b64decode
from itertools import count

import pytest

from ewspush.mail.message import Message
from support import mime_corpus
from support.items import get_item, sync_folder_items
from support.running_server import PATIENCE_S, EwsClient

ALL = "<t:IncludeMimeContent>true</t:IncludeMimeContent>"

# A process that takes over tests of this module from another may set it up more than once.
_numbers = count(1)


@pytest.fixture(scope="module")
def mailbox(server):
    return server.add_mailbox(f"corpus{next(_numbers)}@example.com")


@pytest.fixture(scope="module")
def client(server, mailbox):
    return EwsClient(server, mailbox)


def deliver(server, mailbox, content):
    """Send the octets as they are. `smtplib` would change ends of lines."""
    end = b"" if content.endswith(b"\r\n") or not content else b"\r\n"
    stuffed = (b"\r\n" + content).replace(b"\r\n.", b"\r\n..")[2:]
    with socket.create_connection(server.lmtp, PATIENCE_S) as connection:
        answers = connection.makefile("rb")
        connection.sendall(
            b"LHLO client.example\r\nMAIL FROM:<a@example.org>\r\n"
            b"RCPT TO:<%s>\r\nDATA\r\n" % mailbox.address.encode()
        )
        while not answers.readline().startswith(b"354"):
            pass
        connection.sendall(stuffed + end + b".\r\n")
        assert answers.readline().startswith(b"250")
    return content + end


def newest(client):
    """What the message that came last is to a client."""
    ids = client.ask(sync_folder_items(most=512)).all("t:ItemId")
    id, key = ids[-1].get("Id"), ids[-1].get("ChangeKey")
    item = f'<t:ItemId Id="{id}" ChangeKey="{key}"/>'
    return client.ask(get_item(item, base="AllProperties", shape=ALL))


@pytest.mark.parametrize("name", mime_corpus.names())
def test_a_message_comes_out_as_it_went_in(server, mailbox, client, name):
    content = deliver(server, mailbox, mime_corpus.content(name))
    answer = newest(client)
    assert b64decode(answer.text("t:MimeContent") or "") == content
    message = Message(content)
    assert [each.text or "" for each in answer.all("t:Subject")][:1] == (
        [] if message.summary.subject is None else [message.summary.subject]
    )
    named = [each.text for each in answer.all("t:InternetMessageHeader")]
    assert len(named) == len(message.headers)
    assert len(answer.all("t:AttachmentId")) == len(message.attachments)
