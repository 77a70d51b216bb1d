"""The SyncState of SyncFolderHierarchy as clients keep it: opaque text."""

import struct
import zlib
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable, Iterator
from itertools import accumulate, pairwise

from ewspush.core.errors import InvalidSyncStateData
from ewspush.core.sync import HierarchyState

_HEAD = struct.Struct(">B3Q")  # the version of this form, the mailbox, root and known
_CHECK = struct.Struct(">I")
_FORM = 2  # other than SyncFolderItems': a client that mixes them up is told
_LONGEST = 200_000  # bytes of the numbers: of many more folders than a mailbox may have


def encode(mailbox: int, state: HierarchyState) -> str:
    """A state as text: of the folders' numbers, the distances between them, compressed."""
    numbers = sorted(state.folders)
    distances = (after - before for before, after in pairwise([0, *numbers]))
    content = _HEAD.pack(_FORM, mailbox, state.root, state.known)
    content += zlib.compress(b"".join(map(_variable_length, distances)), 9)
    return b64encode(content + _CHECK.pack(zlib.crc32(content))).decode("ascii")


def decode(mailbox: int, text: str) -> HierarchyState:
    """The state in a text. Raises InvalidSyncStateData if it is not one of this mailbox."""
    try:
        raw = b64decode(text, validate=True)
        content = raw[: -_CHECK.size]
        form, owner, root, known = _HEAD.unpack(content[: _HEAD.size])
        (check,) = _CHECK.unpack(raw[-_CHECK.size :])
        distances = _distances(_decompressed(content[_HEAD.size :]))
        numbers = frozenset(accumulate(distances))
    except (Base64Error, ValueError, struct.error, zlib.error):
        raise InvalidSyncStateData from None
    if form != _FORM or owner != mailbox or check != zlib.crc32(content):
        raise InvalidSyncStateData
    if max(numbers, default=0) > known:  # a folder's number is of the time when it was made
        raise InvalidSyncStateData
    return HierarchyState(root, known, numbers)


def _decompressed(compressed: bytes) -> bytes:
    reader = zlib.decompressobj()
    numbers = reader.decompress(compressed, _LONGEST)
    if not reader.eof or reader.unused_data:
        raise ValueError("too long, or something after it")
    return numbers


def _variable_length(number: int) -> bytes:
    """Seven bits a byte, the lowest first; the eighth says that more follow."""
    written = bytearray()
    while number > 0x7F:  # noqa: PLR2004  seven bits
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)


def _distances(numbers: Iterable[int]) -> Iterator[int]:
    number = shift = 0
    for byte in numbers:
        number |= (byte & 0x7F) << shift
        shift += 7
        if shift > 63:  # noqa: PLR2004  bits of a number
            raise ValueError("too great a number")
        if not byte & 0x80:
            yield number
            number = shift = 0
