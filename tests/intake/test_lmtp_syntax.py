"""What a command line, an address and the octets after DATA mean."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ewspush.intake.lmtp_syntax import IncomingMessage, Refused, parse_path, split_command

PIECES = st.sampled_from([b"\r\n", b"\r", b"\n", b".", b"..", b"\0", b"\xff\xfe", b"x", b"\r\n.\r"])
MESSAGES = st.lists(st.one_of(PIECES, st.binary(max_size=20)), max_size=30).map(
    lambda pieces: b"".join(pieces) + b"\r\n"
)


def stuffed(message: bytes) -> bytes:
    lines = message.split(b"\r\n")
    return b"\r\n".join(b"." + line if line.startswith(b".") else line for line in lines)


def received(chunks: list[bytes], size_limit: int = 10_000) -> tuple[bytes | None, bytes]:
    incoming = IncomingMessage(size_limit)
    for number, chunk in enumerate(chunks):
        following = incoming.feed(chunk)
        if following is not None:
            assert number == len(chunks) - 1, "ended before everything was fed"
            return incoming.message(), following
    raise AssertionError("the lone dot was not seen")


@given(MESSAGES, st.data())
def test_a_message_is_what_was_sent_wherever_the_network_cuts_it(message, data):
    octets = stuffed(message) + b".\r\n"
    cuts = sorted(data.draw(st.lists(st.integers(0, len(octets) - 1), max_size=8)))
    edges = [0, *cuts, len(octets)]
    chunks = [octets[a:b] for a, b in itertools.pairwise(edges)]
    assert received(chunks) == (message, b"")


@given(MESSAGES)
def test_a_message_is_what_was_sent_octet_by_octet(message):
    octets = stuffed(message) + b".\r\n"
    assert received([octets[i : i + 1] for i in range(len(octets))]) == (message, b"")


def test_a_lone_dot_at_once_is_an_empty_message():
    assert received([b".\r\n"]) == (b"", b"")


def test_commands_after_the_lone_dot_are_kept_for_later():
    assert received([b"a\r\n.\r\nRSET\r\nQUIT\r\n"]) == (b"a\r\n", b"RSET\r\nQUIT\r\n")


@pytest.mark.parametrize("almost", [b"\n.\n", b"\r.\r", b"\n.\r\n", b"\r\n.\n", b"\r.\r\n"])
def test_only_crlf_dot_crlf_ends_a_message(almost):
    incoming = IncomingMessage(1_000)
    assert incoming.feed(b"a" + almost + b"MAIL FROM:<smuggled@example.org>\r\n") is None


@pytest.mark.parametrize("message", [b"x" * 98 + b"\r\n", b".\r\n" * 33, b"." * 98 + b"\r\n"])
@pytest.mark.parametrize("too_much", [0, 1])
def test_the_size_is_counted_without_the_dots_added_for_transparency(message, too_much):
    octets = stuffed(message) + b".\r\n"
    limit = len(message) - too_much
    whole, _ = received([octets], limit)
    bit_by_bit, _ = received([octets[i : i + 1] for i in range(len(octets))], limit)
    assert whole == bit_by_bit == (None if too_much else message)


def test_what_is_beyond_the_limit_is_not_kept():
    limit = 1_000
    incoming = IncomingMessage(limit)
    for _ in range(100):
        incoming.feed(b"x" * limit)
        assert len(incoming._octets) < 2 * limit
    assert incoming.feed(b"\r\n.\r\nNOOP\r\n") == b"NOOP\r\n"
    assert incoming.message() is None


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("<anna@example.org>", "anna@example.org"),
        ("<Anna@EXAMPLE.Org>", "Anna@example.org"),
        ("<anna+lists@example.org>", "anna+lists@example.org"),
        ("<first.last@sub-domain.example.org>", "first.last@sub-domain.example.org"),
        ("<o'neil/x=y@example.org>", "o'neil/x=y@example.org"),
        ("<anna@host_name.example.org>", "anna@host_name.example.org"),
        ('<"anna"@example.org>', "anna@example.org"),
        (r'<"\a\nna"@example.org>', "anna@example.org"),
        ('<"anna b"@example.org>', '"anna b"@example.org'),
        (r'<"a\"b\c"@example.org>', r'"a\"bc"@example.org'),
        ('<"a>b@c"@example.org>', '"a>b@c"@example.org'),
        ('<""@example.org>', '""@example.org'),
        ("<@relay.example:anna@example.org>", "anna@example.org"),
        ("<@a.example,@b.example:anna@example.org>", "anna@example.org"),
        ("<anna@[192.0.2.1]>", "anna@[192.0.2.1]"),
        ("<anna@[IPv6:2001:db8::1]>", "anna@[ipv6:2001:db8::1]"),
        ("<δοκιμή@παράδειγμα.δοκιμή>", "δοκιμή@παράδειγμα.δοκιμή"),
    ],
)
def test_an_address_is_read_as_rfc_5321_writes_it(path, address):
    assert parse_path(path) == (address, "")


@pytest.mark.parametrize(
    "path",
    [
        "",
        "<>",
        "<anna>",
        "<Postmaster>",
        "anna@example.org",
        "<anna@example.org",
        "<anna@>",
        "<@example.org>",
        "<anna@@example.org>",
        "<a b@example.org>",
        "<.anna@example.org>",
        "<anna.@example.org>",
        "<an..na@example.org>",
        "<anna@example..org>",
        "<anna@example.org.>",
        "<anna@-example.org>",
        "<anna@example-.org>",
        "<anna@exam ple.org>",
        "< anna@example.org>",
        "<anna(comment)@example.org>",
        '<"anna@example.org>',
        '<"an"na@example.org>',
        '<"an\x00na"@example.org>',
        "<an\x00na@example.org>",
        "<an\tna@example.org>",
        "<anna@example.org>SIZE=1",
        "<@relay.example anna@example.org>",
        "<" + "é" * 1_000 + "!>",
        "<a@" + "é" * 1_000 + "!>",
        "<a@" + "a-" * 1_000 + ">",
        '<"' + r"\a" * 1_000 + "@example.org>",
    ],
)
def test_what_is_no_address_is_refused(path):
    with pytest.raises(ValueError, match="address"):
        parse_path(path)


def test_what_follows_the_address_is_left_for_the_parameters():
    assert parse_path("<anna@example.org> SIZE=1 BODY=7BIT")[1] == " SIZE=1 BODY=7BIT"


def test_the_verb_comes_in_capitals_and_the_argument_as_it_is():
    assert split_command("mail From:<é@x>\r".encode()) == ("MAIL", "From:<é@x>")


@pytest.mark.parametrize("line", [b"NOOP", b"NOOP \xff\r", b"NOOP " + b"x" * 2_100 + b"\r"])
def test_a_bad_command_line_is_refused(line):
    with pytest.raises(Refused, match=r"^500 5\.5\.2 "):
        split_command(line)
