"""Watermarks: a place in a mailbox's event log, as clients see it.

A watermark is base64 of a signed 64-bit integer, 8 bytes little-endian, like those in the WorkMail
guide. The integer is the mailbox's random base plus the sequence, so that a watermark of another
mailbox is recognised as foreign.
"""

import struct
from base64 import b64decode, b64encode
from binascii import Error as Base64Error

from ewspush.core.errors import InvalidWatermark

BASE_LIMIT = 1 << 52  # bases are drawn below this: base + sequence stays far from 2**63

_INTEGER = struct.Struct("<q")


def encode(base: int, sequence: int) -> str:
    """The watermark of `sequence` in the mailbox with this base."""
    return b64encode(_INTEGER.pack(base + sequence)).decode("ascii")


def decode(watermark: str, base: int, floor: int, head: int) -> int:
    """The sequence of a watermark that is valid between the log's floor and head.

    Raises InvalidWatermark if it is malformed, of another mailbox, older than the floor or beyond
    the head (Watermark, EWS XML reference).
    """
    try:
        (integer,) = _INTEGER.unpack(b64decode(watermark.strip(), validate=True))
    except (Base64Error, struct.error, ValueError):
        raise InvalidWatermark from None
    sequence: int = integer - base
    if not floor <= sequence <= head:
        raise InvalidWatermark
    return sequence
