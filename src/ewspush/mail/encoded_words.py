"""Text in header fields that is not ASCII (RFC 2047)."""

import base64
import binascii
import re
from itertools import groupby
from operator import itemgetter

from ewspush.mail import charsets, transfer

_WORD = re.compile(rb"=\?([^?\s]{1,64})\?([bBqQ])\?(.*?)\?=", re.DOTALL)
# "Subject: =?utf-8?b?...?=" and longer names fit into the 76 characters that RFC 2047, 2, allows.
_CHUNK_OCTETS = 36


def decode(value: bytes, likely: str | None = None) -> str:
    """The text of an unfolded value; 8-bit octets are UTF-8, or else in the `likely` charset.

    Words are decoded wherever they stand, in quoted strings too, as mail programs do.
    """
    end = value.rfind(b"?=") + 2  # nothing is looked for where no word can end
    if end < len(b"?="):
        return charsets.decode_unlabelled(value, likely)
    runs: list[tuple[str | None, bytes]] = []  # charset of a word, or None between words
    position = 0
    for word in _WORD.finditer(value, 0, end):
        between = value[position : word.start()]
        if between and not (runs and between.isspace()):
            runs.append((None, between))
        charset = word[1].decode("ascii", "replace").partition("*")[0]  # RFC 2231, 5
        runs.append((charset, _octets(word[2], word[3])))
        position = word.end()
    runs.append((None, value[position:]))
    # Joined before they are decoded: characters are split between words, against RFC 2047, 5 (3).
    groups = (
        (charset, b"".join(each[1] for each in group))
        for charset, group in groupby(runs, key=itemgetter(0))
    )
    return "".join(
        charsets.decode_unlabelled(octets, likely)
        if charset is None
        else charsets.decode(octets, charset)
        for charset, octets in groups
    )


def _octets(encoding: bytes, text: bytes) -> bytes:
    if encoding in b"bB":
        return transfer.from_base64(text)
    return binascii.a2b_qp(text, header=True)


def encode(text: str) -> list[str]:
    """Encoded words for `text`, to be put beside each other with space between them."""
    words = []
    chunk = b""
    for character in text:
        octets = character.encode("utf-8", "replace")
        if len(chunk) + len(octets) > _CHUNK_OCTETS:
            words.append(chunk)
            chunk = b""
        chunk += octets
    return [f"=?utf-8?b?{base64.b64encode(each).decode()}?=" for each in (*words, chunk) if each]
