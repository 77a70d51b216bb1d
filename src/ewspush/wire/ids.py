"""Ids as clients see them: 24 characters that are safe in a URL.

The characters hold the kind, the mailbox, the number and a check, so that an id that was cut,
changed or made up is told from one of something that is gone.
"""

import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from binascii import crc_hqx

from ewspush.core.errors import InvalidIdEmpty, InvalidIdMalformed
from ewspush.core.ids import Kind, ObjectId

_CONTENT = struct.Struct(">QQ")  # the kind in the first byte, the mailbox in the next seven; number
_CHECK = struct.Struct(">H")
_MAILBOX_BITS = 56
_GREATEST_NUMBER = (1 << 63) - 1  # that a database can be asked for


def encode(kind: Kind, mailbox: int, number: int) -> str:
    """The id of a folder, an item or a subscription."""
    content = _CONTENT.pack(ord(kind.value) << _MAILBOX_BITS | mailbox, number)
    return urlsafe_b64encode(content + _CHECK.pack(crc_hqx(content, 0))).decode("ascii")


def decode(text: str) -> ObjectId:
    """What an id stands for. Raises InvalidIdEmpty, or InvalidIdMalformed if it is not ours."""
    if not text:
        raise InvalidIdEmpty
    try:
        raw = urlsafe_b64decode(text)
        head, number = _CONTENT.unpack(raw[: _CONTENT.size])
        id = ObjectId(Kind(chr(head >> _MAILBOX_BITS)), head % (1 << _MAILBOX_BITS), number)
    except (Base64Error, ValueError, struct.error):
        raise InvalidIdMalformed from None
    if number > _GREATEST_NUMBER or encode(id.kind, id.mailbox, id.number) != text:
        raise InvalidIdMalformed
    return id
