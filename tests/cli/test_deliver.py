"""`ewspush deliver`, to a running server."""

import socket

import pytest


@pytest.fixture
def deliver(ewspush, server):
    def deliver(*arguments, stdin=b""):
        return ewspush("deliver", "--data", server.data, *arguments, stdin=stdin)

    return deliver


@pytest.fixture
def stored(server):
    """The messages of a mailbox as they are stored."""

    def stored(mailbox):
        with server.database() as database:
            rows = database.execute(
                "SELECT content FROM mime_contents AS c JOIN mailboxes AS m ON m.id = c.mailbox_id"
                " WHERE m.address = ? ORDER BY c.number",
                (mailbox.address,),
            )
            return [content for (content,) in rows]

    return stored


@pytest.fixture
def another_mailbox(server, mailbox):
    return server.create_mailbox(f"other-{mailbox.address}")


def test_a_message_from_standard_input(deliver, mailbox, stored):
    told = deliver("--to", mailbox.address, stdin=b"Subject: Hello\n\nHello.\n")
    assert (told.status, told.err) == (0, "")
    assert told.out == f"delivered standard input (26 bytes) to {mailbox.address}\n"
    assert stored(mailbox) == [b"Subject: Hello\r\n\r\nHello.\r\n"]


@pytest.mark.parametrize(
    ("content", "sent"),
    [
        (b"A: b\n\nc\n", b"A: b\r\n\r\nc\r\n"),
        (b"A: b\r\n\r\nc\r\n", b"A: b\r\n\r\nc\r\n"),
        (b"A: b\n\r\nc", b"A: b\r\n\r\nc\r\n"),
        (b"A: b\n\n.\n..\n", b"A: b\r\n\r\n.\r\n..\r\n"),
        (b"A: b\n\n\xff\xe4\n", b"A: b\r\n\r\n\xff\xe4\r\n"),
    ],
)
def test_lines_arrive_with_crlf_and_unchanged_otherwise(deliver, mailbox, stored, content, sent):
    assert deliver("--to", mailbox.address, stdin=content).status == 0
    assert stored(mailbox) == [sent]


def test_every_file_goes_to_every_recipient(deliver, elsewhere, mailbox, another_mailbox, stored):
    names = ("one.eml", "two.eml")
    for name in names:
        (elsewhere / name).write_bytes(b"Subject: %s\n\n" % name.encode())
    to = (mailbox.address, another_mailbox.address)
    told = deliver("--to", to[0], "--to", to[1], *names)
    assert (told.status, told.err) == (0, "")
    assert told.out.splitlines() == [
        f"delivered {name} (20 bytes) to {recipient}" for name in names for recipient in to
    ]
    for each in (mailbox, another_mailbox):
        assert stored(each) == [b"Subject: %s\r\n\r\n" % name.encode() for name in names]


def test_what_is_refused_is_said_and_the_rest_is_delivered(deliver, elsewhere, mailbox, stored):
    (elsewhere / "large.eml").write_bytes(b"x" * 10_000)
    (elsewhere / "empty.eml").touch()
    (elsewhere / "good.eml").write_bytes(b"Subject: good\n\n")
    told = deliver(
        *("--to", "nobody@example.com", "--to", mailbox.address),
        *("large.eml", "empty.eml", "good.eml"),
    )
    assert told.status == 1
    assert told.out == f"delivered good.eml (17 bytes) to {mailbox.address}\n"
    refusals = told.err.splitlines()
    for line, (start, code) in zip(
        refusals,
        [
            ("large.eml refused for nobody@example.com: ", "552 5.3.4"),
            (f"large.eml refused for {mailbox.address}: ", "552 5.3.4"),
            ("empty.eml refused for nobody@example.com: ", "it is empty"),
            (f"empty.eml refused for {mailbox.address}: ", "it is empty"),
            ("good.eml refused for nobody@example.com: ", "550 5.1.1"),
        ],
        strict=True,
    ):
        assert line.startswith(f"ewspush: {start}{code}")
    assert len(stored(mailbox)) == 1


@pytest.mark.parametrize("recipient", ["a\nRCPT TO:<b@example.com>", "\udcff@example.com"])
def test_what_is_no_address_is_refused_in_one_line(deliver, recipient):
    told = deliver("--to", recipient, stdin=b"A: b\n\n")
    assert (told.status, told.out) == (1, "")
    assert told.err.startswith("ewspush: standard input refused for ")
    assert told.err.count("\n") == 1


def test_an_international_recipient(deliver, server, address, stored):
    mailbox = server.create_mailbox(f"jürgen-{address}")
    assert deliver("--to", mailbox.address, stdin=b"A: b\n\n").status == 0
    assert len(stored(mailbox)) == 1


def test_a_server_can_be_named_by_its_address(ewspush, server, mailbox, stored):
    told = ewspush(*("deliver", "--lmtp", server.lmtp, "--to", mailbox.address), stdin=b"A: b\n\n")
    assert told.status == 0
    assert len(stored(mailbox)) == 1


def test_without_a_server_that_is_said(ewspush, elsewhere):
    told = ewspush("deliver", "--to", "user@example.com", stdin=b"A: b\n\n")
    assert (told.status, told.err) == (1, "ewspush: no server runs on ewspush-data\n")
    assert not list(elsewhere.iterdir())


def test_an_address_where_nobody_listens_is_said(ewspush):
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    told = ewspush("deliver", "--lmtp", address, "--to", "user@example.com", stdin=b"A: b\n\n")
    assert told.status == 1
    assert told.err.startswith(f"ewspush: cannot deliver to {address}: ")


def test_what_is_no_address_of_a_server_is_said(ewspush):
    told = ewspush("deliver", "--lmtp", "nonsense", "--to", "user@example.com", stdin=b"A: b\n\n")
    assert told.err.startswith("ewspush: --lmtp: should be HOST:PORT, as in ")
