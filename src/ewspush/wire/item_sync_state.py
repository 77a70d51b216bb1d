"""The SyncState of SyncFolderItems as clients keep it: opaque text."""

import struct
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from binascii import crc32
from dataclasses import astuple

from ewspush.core.errors import InvalidSyncStateData
from ewspush.core.sync import SyncState

_CONTENT = struct.Struct(">B7Q")  # the version of this form, the mailbox, and the state
_CHECK = struct.Struct(">I")
_FORM = 1


def encode(mailbox: int, state: SyncState) -> str:
    """A state as text."""
    content = _CONTENT.pack(_FORM, mailbox, *astuple(state))
    return b64encode(content + _CHECK.pack(crc32(content))).decode("ascii")


def decode(mailbox: int, text: str) -> SyncState:
    """The state in a text. Raises InvalidSyncStateData if it is not one of this mailbox."""
    try:
        raw = b64decode(text, validate=True)
        form, owner, *numbers = _CONTENT.unpack(raw[: _CONTENT.size])
        (check,) = _CHECK.unpack(raw[_CONTENT.size :])
    except (Base64Error, ValueError, struct.error):
        raise InvalidSyncStateData from None
    if form != _FORM or owner != mailbox or check != crc32(raw[: _CONTENT.size]):
        raise InvalidSyncStateData
    return SyncState(*numbers)
