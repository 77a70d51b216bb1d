"""What folders, items and subscriptions are called inside: mailbox and number."""

from dataclasses import dataclass
from enum import Enum
from zlib import crc32

SHARDS = 1024


class Kind(Enum):
    """What an id stands for."""

    FOLDER = "F"
    ITEM = "I"
    SUBSCRIPTION = "S"
    ATTACHMENT = "A"


@dataclass(frozen=True, slots=True)
class ObjectId:
    """A folder, an item or a subscription of a mailbox."""

    kind: Kind
    mailbox: int
    number: int


def shard_of(mailbox: int) -> int:
    """A stable hash of the mailbox id below 1,024, by which several servers can share the work."""
    return crc32(mailbox.to_bytes(8, "little")) % SHARDS
