"""Header fields (RFC 5322, 2.2) as they stand in the bytes."""

import re
from collections.abc import Container, Iterator

from ewspush.mail import charsets

# What Exchange takes of a header (Set-ReceiveConnector, MaxHeaderSize) is less.
HEADER_LIMIT = 256 * 1024
MAX_FIELDS = 2_000  # a message from a chain of mailing lists has about 200

_FIELD = re.compile(rb"([!-9;-~]++)[ \t]*+:[ \t]*+([^\n]*+(?:\n[ \t][^\n]*+)*+)\n?")
_FOLDED_LINE = re.compile(rb"[ \t][^\n]*\n?")
_EMPTY_LINE = re.compile(rb"\r?(?:\n|\Z)")
_LINE_END = re.compile(rb"\r?\n(?=[ \t])")


class Fields:
    """The fields of one header, in order. Names are looked up in lower case."""

    __slots__ = ("_by_name", "_pairs")

    def __init__(self, pairs: list[tuple[bytes, bytes]]) -> None:
        self._pairs = pairs
        self._by_name: dict[bytes, list[bytes]] = {}
        for name, value in pairs:
            self._by_name.setdefault(name.lower(), []).append(value)

    def first(self, name: bytes) -> bytes | None:
        """The unfolded value of the first field of this name."""
        values = self._by_name.get(name)
        return _unfolded(values[0]) if values else None

    def every(self, name: bytes) -> list[bytes]:
        """The unfolded values of all fields of this name."""
        return [_unfolded(value) for value in self._by_name.get(name, ())]

    def texts(self) -> list[tuple[str, str]]:
        """All fields, unfolded and not decoded (8-bit octets are), clean for XML."""
        return [
            (name.decode("ascii"), charsets.for_xml(charsets.decode(_unfolded(value), None)))
            for name, value in self._pairs
        ]


def _unfolded(value: bytes) -> bytes:
    return (_LINE_END.sub(b"", value) if b"\n" in value else value).strip()


def spans(content: bytes, start: int, limit: int | None = None) -> Iterator[re.Match[bytes]]:
    """Matches of the fields of the header that begins at `start`, each with its line end.

    The header ends before the first line that is none of it. Groups: name, folded value.
    """
    position = start
    end = len(content) if limit is None else min(len(content), start + limit)
    while field := _FIELD.match(content, position, end):
        yield field
        position = field.end()


def read(content: bytes, start: int, delimiters: Container[bytes] = ()) -> tuple[Fields, int]:
    """The fields of the header at `start`, and where the body begins.

    A header may end without an empty line: at a line that is no field, or at one of `delimiters`
    (lines without their hyphens). What is over HEADER_LIMIT counts as body.
    """
    position = start = beginning(content, start)
    pairs: list[tuple[bytes, bytes]] = []
    for field in spans(content, start, HEADER_LIMIT):
        if field[0].startswith(b"--") and is_delimiter(field[0], delimiters):
            break
        position = field.end()
        if len(pairs) < MAX_FIELDS:
            pairs.append((field[1], field[2]))
    empty = _EMPTY_LINE.match(content, position)
    return Fields(pairs), empty.end() if empty else position


def without(content: bytes, *names: bytes) -> bytes:
    """A message without the fields of these names (in lower case), else octet for octet."""
    # Nothing but CR ends the lines of a message without LF; positions stay the same.
    readable = content if b"\n" in content else content.replace(b"\r", b"\n")
    kept = []
    position = 0
    for each in spans(readable, beginning(readable)):
        if each[1].lower() in names:
            kept.append(content[position : each.start()])
            position = each.end()
    return b"".join([*kept, content[position:]]) if kept else content


def is_delimiter(line: bytes, delimiters: Container[bytes]) -> bool:
    """Whether a line that begins with two hyphens is one of `delimiters`, closing or not."""
    rest = line[2:].rstrip()
    return rest in delimiters or rest.removesuffix(b"--") in delimiters


def beginning(content: bytes, start: int = 0) -> int:
    """Where the first field is: past a BOM, an mbox line or a folded line, as some programs write
    before it."""
    if content.startswith(b"\xef\xbb\xbf", start):
        start += 3
    if content.startswith((b"From ", b">From "), start):
        start = content.find(b"\n", start) + 1 or len(content)
    while folded := _FOLDED_LINE.match(content, start):
        if not folded[0].strip():
            break
        start = folded.end()
    return start
