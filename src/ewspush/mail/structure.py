"""The parts of a message (RFC 2046), found in one pass over its bytes and without copying them.

The library's parser decodes and copies everything, calls itself for every level, and compares every
line with every boundary that is open; this one is linear whatever the message is.
"""

import re
from dataclasses import dataclass, field
from functools import cached_property

from ewspush.mail import fields
from ewspush.mail.charsets import one_line
from ewspush.mail.fields import Fields
from ewspush.mail.parameters import Parameters

# Exchange Online takes 250 (Exchange Online limits, Message limits). Parts after these are ignored.
MAX_PARTS = 1_000
BODY_TYPES = ("text/plain", "text/html")

_DELIMITER = re.compile(rb"\n--([^\n]*)")
_NOT_BLANK = re.compile(rb"\S")
_ENCODING = re.compile(rb"[\w-]+")
_MEDIA_TYPE = re.compile(r"[!#-'*+.0-9^-~-]{1,127}/[!#-'*+.0-9^-~-]{1,127}")
_LONGEST_NAME = 255  # of a file, in NTFS and most others
_NOTHING = Parameters(b"")


@dataclass(eq=False)
class Part:
    """One part and where its body is in the content. The first part is the message itself."""

    index: int  # in a depth-first walk
    position: int  # among the parts of its parent
    parent: "Part | None"
    fields: Fields
    start: int
    end: int
    parameters: Parameters = _NOTHING  # of Content-Type
    media_type: str = "text/plain"
    count: int = 0  # of its own parts
    is_blank: bool = False  # could be a body, were there more than white space in it
    # The outermost multipart/alternative that it is one side of, or in one side of.
    alternative: "Part | None" = field(init=False)
    is_related: bool = field(init=False)  # whether it is below a multipart/related

    def __post_init__(self) -> None:
        above = self.parent
        is_side = above is not None and above.media_type == "multipart/alternative"
        self.alternative = (above and above.alternative) or (above if is_side else None)
        self.is_related = above is not None and (
            above.media_type == "multipart/related" or above.is_related
        )

    @property
    def is_multipart(self) -> bool:
        """Whether it is made of parts. What only says so is text."""
        return self.media_type.startswith("multipart/")

    @cached_property
    def encoding(self) -> str:
        """Content-Transfer-Encoding, in lower case."""
        token = _ENCODING.search(self.fields.first(b"content-transfer-encoding") or b"")
        return token[0].decode().lower() if token else "7bit"

    @cached_property
    def disposition(self) -> Parameters:
        """Content-Disposition."""
        return Parameters(self.fields.first(b"content-disposition") or b"")

    @property
    def is_attached(self) -> bool:
        """Whether the sender wants it beside the message and not in it."""
        return self.disposition.token == "attachment"

    @cached_property
    def file_name(self) -> str | None:
        """The name that the sender gave it, without folders."""
        name = self.disposition.text(b"filename") or self.parameters.text(b"name") or ""
        name = re.split(r"[/\\]", one_line(name, len(name)))[-1]
        return name[:_LONGEST_NAME].strip() or None


def read(content: bytes) -> list[Part]:
    """All parts of a message, depth first; what is in a message/rfc822 belongs to another one."""
    return _Walk(content).parts


class _Walk:
    def __init__(self, content: bytes) -> None:
        self._content = content
        self._open: dict[bytes, int] = {}  # boundary -> its place among:
        self._boundaries: list[tuple[bytes, Part]] = []
        self._leaf: Part | None = None
        self.parts: list[Part] = []
        self._begin(0, None)
        self._walk()
        self._look_into_texts()

    def _walk(self) -> None:
        position = self.parts[0].start
        while self._open:
            line = _DELIMITER.search(self._content, max(position - 1, 0))
            if line is None:
                return
            position = line.end() + 1
            delimiter = line[1].rstrip()
            place = self._open.get(delimiter)
            if place is not None:
                self._close(place + 1, line.start())
                if len(self.parts) < MAX_PARTS:
                    position = self._begin(position, self._boundaries[place][1])
            elif (place := self._open.get(delimiter.removesuffix(b"--"))) is not None:
                self._close(place, line.start())

    def _begin(self, start: int, parent: Part | None) -> int:
        """A new part from here; where its body begins."""
        content = self._content
        header, body = fields.read(content, min(start, len(content)), self._open)
        position = parent.count if parent else 0
        part = Part(len(self.parts), position, parent, header, body, len(content))
        if parent is not None:
            parent.count += 1
        _set_media_type(part)
        self.parts.append(part)
        boundary = (part.parameters.octets(b"boundary") or b"").rstrip()
        # The boundary of an outer multipart ends this one, wherever it comes.
        if part.is_multipart and boundary and boundary not in self._open:
            self._open[boundary] = len(self._boundaries)
            self._boundaries.append((boundary, part))
        else:
            self._leaf = part
        return body

    def _close(self, place: int, line_end: int) -> None:
        """End the open part and all multiparts from this place on; the line end is none of them."""
        end = line_end - 1 if self._content[line_end - 1 : line_end] == b"\r" else line_end
        if self._leaf is not None:
            self._leaf.end = max(end, self._leaf.start)
            self._leaf = None
        for boundary, part in self._boundaries[place:]:
            part.end = max(end, part.start)
            del self._open[boundary]
        del self._boundaries[place:]

    def _look_into_texts(self) -> None:
        for part in self.parts:
            if part.is_multipart and not part.count:
                part.media_type = "text/plain"
            if part.media_type in BODY_TYPES:
                part.is_blank = not _NOT_BLANK.search(self._content, part.start, part.end)


def _set_media_type(part: Part) -> None:
    value = part.fields.first(b"content-type")
    if value is None:
        if part.parent is not None and part.parent.media_type == "multipart/digest":
            part.media_type = "message/rfc822"  # RFC 2046, 5.1.5
        return
    part.parameters = Parameters(value)
    if _MEDIA_TYPE.fullmatch(part.parameters.token):
        part.media_type = part.parameters.token
    elif part.file_name is not None:
        part.media_type = "application/octet-stream"
