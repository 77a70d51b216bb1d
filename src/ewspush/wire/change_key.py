"""ChangeKeys as clients see them: which state of a folder or item they know."""

import struct
from base64 import b64decode, b64encode
from binascii import Error as Base64Error

from ewspush.core.errors import InvalidChangeKey

_CONTENT = struct.Struct(">BQ")  # the version of this form; the number of the change
_FORM = 1


def encode(change: int) -> str:
    """The ChangeKey of the state after this change."""
    return b64encode(_CONTENT.pack(_FORM, change)).decode("ascii")


def decode(text: str) -> int:
    """The change after which a client saw an object. Raises InvalidChangeKey if it is not ours."""
    try:
        form, change = _CONTENT.unpack(b64decode(text))
    except (Base64Error, ValueError, struct.error):
        raise InvalidChangeKey from None
    if form != _FORM or encode(change) != text:
        raise InvalidChangeKey
    return int(change)
