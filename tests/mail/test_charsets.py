import codecs

import pytest

from ewspush.mail import charsets


@pytest.mark.parametrize(
    ("charset", "octets", "text"),
    [
        ("UTF-8", b"\xc3\xa9\xff", "é\ufffd"),
        ("utf8", b"\xef\xbb\xbf\xc3\xa9", "é"),
        ("iso-8859-1", b"\x93\xe9\x94", "“é”"),
        ("latin1", b"\x81", "\ufffd"),
        ("ISO_8859-15", b"\xa4", "€"),
        ("windows-1251", b"\xcf", "П"),
        ("x-cp1251", b"\xcf", "П"),
        ("koi8-u", b"\xa4", "є"),
        ("gb2312", b"\x96\x57", "朩"),
        ("shift-jis", b"\x87\x40", "①"),
        ("ks_c_5601-1987", b"\x81\x41", "갂"),
        ("utf-7", b"+AOk-", "é"),
        ("utf-16le", "\ufeffé".encode("utf-16le"), "é"),
        ("us-ascii", b"\xc3\xa9", "é"),
        ("us-ascii", b"\xe9", "é"),
        (None, b"\xc3\xa9", "é"),
        ("no-such", b"\xe9", "é"),
        ("", b"\xe9", "é"),
        ("x" * 1_000, b"\xe9", "é"),
        ("a\0b", b"\xe9", "é"),
    ],
)
def test_octets_are_decoded_as_their_senders_meant(
    charset: str | None, octets: bytes, text: str
) -> None:
    assert charsets.decode(octets, charset) == text


@pytest.mark.parametrize(
    "charset", ["rot13", "base64", "zip", "idna", "punycode", "unicode_escape", "mbcs", "undefined"]
)
def test_an_encoding_that_is_no_charset_is_unknown(charset: str) -> None:
    assert charsets.codec_of(charset) is None


@pytest.mark.parametrize("codec", sorted(set(charsets.CODECS.values())))
def test_every_charset_is_there_and_decodes_anything(codec: str) -> None:
    assert codecs.lookup(codec)
    every_octet = bytes(range(256)) * 3 + b"\x1b$B\x1b"
    assert isinstance(every_octet.decode(codec, "replace"), str)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (" a\r\n\tb ", "a b"),
        ("a  b", "a  b"),
        ("a\0\x7f\u2028b", "a b"),
        ("a\ud800b", "a b"),
        ("a\xa0b", "a\xa0b"),
        ("abcdefg", "abcde"),
        ("abcd efg", "abcd"),
    ],
)
def test_one_line_is_one_line_within_its_limit(text: str, line: str) -> None:
    assert charsets.one_line(text, 5 if len(text) > 6 else 9) == line
