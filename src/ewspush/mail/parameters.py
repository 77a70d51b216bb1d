"""Values with parameters: Content-Type and Content-Disposition (RFC 2045, 5.1; RFC 2231)."""

import re
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from ewspush.mail import encoded_words
from ewspush.mail.charsets import decode

_PARAMETER = re.compile(
    rb';\s*+([^\s=;"]++)\s*+=\s*+(?:"((?:[^"\\]++|\\.)*+)"|([^;]*+))', re.DOTALL
)
_SECTION = re.compile(rb"(.+?)\*(?:(\d{1,3})(\*?))?", re.DOTALL)
_ESCAPED = re.compile(rb'\\(["\\])')  # others are backslashes of Windows paths
_TOKEN = re.compile(rb"[^\s;]*")
_PLAIN = -1  # the section of a value that is in one piece and not encoded


class _Piece(NamedTuple):
    octets: bytes
    is_encoded: bool


class Parameters:
    """The token that a value begins with, in lower case, and its parameters."""

    __slots__ = ("_pieces", "token")

    def __init__(self, value: bytes) -> None:
        beginning = _TOKEN.match(value)
        assert beginning is not None, "matches everything"
        self.token = beginning[0].decode("ascii", "replace").lower()
        self._pieces: dict[bytes, dict[int, _Piece]] = {}
        for match in _PARAMETER.finditer(value, beginning.end()):
            self._add(match[1].lower(), match[2], match[3])

    def _add(self, name: bytes, quoted: bytes | None, bare: bytes) -> None:
        octets = bare.strip().strip(b'"') if quoted is None else _ESCAPED.sub(rb"\1", quoted)
        number, is_encoded = _PLAIN, False
        if section := _SECTION.fullmatch(name):
            name, number = section[1], int(section[2] or 0)
            is_encoded = section[2] is None or bool(section[3])
        self._pieces.setdefault(name, {}).setdefault(number, _Piece(octets, is_encoded))

    def octets(self, name: bytes) -> bytes | None:
        """A value that is in one piece, as it stands."""
        piece = self._pieces.get(name, {}).get(_PLAIN)
        return None if piece is None else piece.octets

    def text(self, name: bytes) -> str | None:
        """A value, decoded: by RFC 2231 if it is in that form, else encoded words."""
        pieces = self._pieces.get(name)
        if pieces is None:
            return None
        if 0 not in pieces:
            return encoded_words.decode(pieces[_PLAIN].octets) if _PLAIN in pieces else None
        return _joined(pieces)


def _joined(pieces: dict[int, _Piece]) -> str:
    charset = None
    if pieces[0].is_encoded and pieces[0].octets.count(b"'") > 1:
        name, _, rest = pieces[0].octets.split(b"'", 2)
        charset = name.decode("ascii", "replace")
        pieces = {**pieces, 0: _Piece(rest, True)}
    octets = b""
    for number in range(len(pieces)):
        if number not in pieces:
            break
        piece = pieces[number]
        octets += unquote_to_bytes(piece.octets) if piece.is_encoded else piece.octets
    return decode(octets, charset)
