"""The formats between which ConvertId converts, for ids of this server.

There is no MAPI here, and so no entry ids but these: the characters of an id are its entry id, and
other formats encode that as Exchange encodes its own. Each can be turned back.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import quote, unquote

from ewspush.core.errors import InvalidIdEmpty, InvalidIdMalformed
from ewspush.core.ids import Kind, ObjectId
from ewspush.wire import ids


class _Format(NamedTuple):
    from_id: Callable[[str], str]
    to_id: Callable[[str], str]


def _as_it_is(id: str) -> str:
    return id


def _to_base64(id: str) -> str:
    return b64encode(id.encode("ascii")).decode("ascii")


def _from_base64(text: str) -> str:
    return b64decode(text, validate=True).decode("ascii")


_FORMATS = {
    "EwsId": _Format(_as_it_is, _as_it_is),
    "EwsLegacyId": _Format(_as_it_is, _as_it_is),
    "EntryId": _Format(_to_base64, _from_base64),
    "HexEntryId": _Format(
        lambda id: id.encode("ascii").hex().upper(),
        lambda text: bytes.fromhex(text).decode("ascii"),
    ),
    "StoreId": _Format(_to_base64, _from_base64),
    "OwaId": _Format(
        lambda id: quote(_to_base64(id), safe=""), lambda text: _from_base64(unquote(text))
    ),
}


def decode(text: str, format: str) -> ObjectId:
    """The folder or item with this id, in a format of IdFormatType.

    Raises InvalidIdEmpty or InvalidIdMalformed.
    """
    if not text:
        raise InvalidIdEmpty
    try:
        id = ids.decode(_FORMATS[format].to_id(text))
    except (ValueError, InvalidIdEmpty):  # not the format, or nothing in it
        raise InvalidIdMalformed from None
    if id.kind not in (Kind.FOLDER, Kind.ITEM):
        raise InvalidIdMalformed
    return id


def encode(id: ObjectId, format: str) -> str:
    """The id of a folder or item in a format of IdFormatType."""
    return _FORMATS[format].from_id(ids.encode(id.kind, id.mailbox, id.number))
