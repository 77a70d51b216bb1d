"""ChangeKeys as clients see them: which state of a folder or item they know."""

import struct
from base64 import b64encode

_CONTENT = struct.Struct(">BQ")  # the version of this form; the number of the change
_FORM = 1


def encode(change: int) -> str:
    """The ChangeKey of the state after this change."""
    return b64encode(_CONTENT.pack(_FORM, change)).decode("ascii")
