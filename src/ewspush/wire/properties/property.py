"""A property of items or folders: its element, FieldURI and form, and since when there is one."""

from dataclasses import dataclass
from typing import Any

from ewspush.wire.properties.values import Codec

EXCHANGE_2007 = "Exchange2007"
EXCHANGE_2007_SP1 = "Exchange2007_SP1"
EXCHANGE_2010 = "Exchange2010"
EXCHANGE_2010_SP2 = "Exchange2010_SP2"
EXCHANGE_2013 = "Exchange2013"
EXCHANGE_2013_SP1 = "Exchange2013_SP1"
EXCHANGE_2016 = "Exchange2016"


@dataclass(frozen=True, slots=True)
class Property:
    """What the schema says of an element of an item or a folder."""

    name: str
    uri: str | None  # FieldURI, None where the schema has none
    codec: Codec[Any]
    is_writable: bool  # by a client, in CreateItem, UpdateItem or the like
    since: str  # the first version of the schema that has it; versions sort by age


class Area:
    """A group of properties whose FieldURIs begin with the same word."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def writable(
        self, name: str, codec: Codec[Any], since: str = EXCHANGE_2007, uri: str | None = None
    ) -> Property:
        """A property that clients set. Its FieldURI is that of its name unless another is given."""
        return Property(name, self._uri(name, uri), codec, True, since)

    def read_only(
        self, name: str, codec: Codec[Any], since: str = EXCHANGE_2007, uri: str | None = None
    ) -> Property:
        """A property that only the server sets."""
        return Property(name, self._uri(name, uri), codec, False, since)

    def without_uri(
        self, name: str, codec: Codec[Any], since: str = EXCHANGE_2007, *, is_writable: bool = True
    ) -> Property:
        """A property that has no FieldURI to ask for it."""
        return Property(name, None, codec, is_writable, since)

    def _uri(self, name: str, uri: str | None) -> str:
        return uri or f"{self._prefix}:{name}"
