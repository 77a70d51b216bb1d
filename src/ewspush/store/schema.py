"""The tables. Times are integers since the epoch, UTC, with the unit in the column's name.

Every table that belongs to a mailbox carries its shard, so that several servers can share the work
later without moving a row. Numbers of folders and items are per mailbox and never given out twice.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "ix": "%(table_name)s_%(column_0_name)s",
        "uq": "%(table_name)s_%(column_0_name)s_key",
    }
)

# SQLite gives an autoincremented key only to a column declared INTEGER.
_Identity = BigInteger().with_variant(Integer, "sqlite")


def _belongs_to_mailbox(
    name: str, *columns: Column[Any] | Index, sqlite_with_rowid: bool = False
) -> Table:
    return Table(
        name,
        metadata,
        Column("mailbox_id", BigInteger, ForeignKey("mailboxes.id"), primary_key=True),
        *columns,
        Column("shard", SmallInteger, nullable=False),
        sqlite_with_rowid=sqlite_with_rowid,
    )


mailboxes = Table(
    "mailboxes",
    metadata,
    Column("id", _Identity, primary_key=True),
    Column("shard", SmallInteger, nullable=False),
    Column("address", String(320), nullable=False, unique=True),
    Column("password_hash", String(255), nullable=False),
    Column("created_at_s", BigInteger, nullable=False),
    Column("next_number", BigInteger, nullable=False),  # of the next folder or item
    # The event log: sequences floor + 1 to head are kept.
    Column("watermark_base", BigInteger, nullable=False),
    Column("floor", BigInteger, nullable=False),
    Column("head", BigInteger, nullable=False),
    sqlite_autoincrement=True,  # an id is never reused: watermarks and ids of clients outlive rows
)

folders = _belongs_to_mailbox(
    "folders",
    Column("number", BigInteger, primary_key=True),
    Column("parent_number", BigInteger),
    Column("distinguished_name", String(64)),
    Column("display_name", Text, nullable=False),
    Column("folder_class", String(255)),
    Column("total_count", Integer, nullable=False),
    Column("unread_count", Integer, nullable=False),
    Column("child_folder_count", Integer, nullable=False),
    Column("change", BigInteger, nullable=False),  # counts changes: the ChangeKey
)

items = _belongs_to_mailbox(
    "items",
    Column("number", BigInteger, primary_key=True),
    Column("folder_number", BigInteger, nullable=False),
    Column("received_at_s", BigInteger, nullable=False),
    Column("size", Integer, nullable=False),  # bytes of its MIME content
    Column("is_read", Boolean, nullable=False),
    Column("change", BigInteger, nullable=False),
    Index("items_folder", "mailbox_id", "folder_number", "number"),
)

# Apart from `items`, whose rows are walked by the thousand.
mime_contents = _belongs_to_mailbox(
    "mime_contents",
    Column("number", BigInteger, primary_key=True),
    Column("content", LargeBinary, nullable=False),
    sqlite_with_rowid=True,  # large rows do not belong into the tree of a key
)

events = _belongs_to_mailbox(
    "events",
    Column("sequence", BigInteger, primary_key=True),
    Column("type", SmallInteger, nullable=False),
    Column("at_s", BigInteger, nullable=False),
    Column("is_folder", Boolean, nullable=False),
    Column("object", BigInteger, nullable=False),
    Column("parent", BigInteger, nullable=False),
    Column("old_object", BigInteger),
    Column("old_parent", BigInteger),
    Column("unread_count", Integer),
)

subscriptions = _belongs_to_mailbox(
    "subscriptions",
    Column("number", BigInteger, primary_key=True),  # random, so that an id cannot be guessed
    Column("url", Text, nullable=False),
    Column("event_types", SmallInteger, nullable=False),  # a bit for each core.events.EventType
    Column("folders", Text),  # numbers with commas between; NULL: SubscribeToAllFolders
    Column("status_frequency_min", SmallInteger, nullable=False),
    Column("caller_data", Text),
    Column("server_version", String(32), nullable=False),  # RequestServerVersion of the subscriber
    Column("created_at_s", BigInteger, nullable=False),
    Column("acknowledged", BigInteger, nullable=False),  # the cursor
    Column("phase", String(8), nullable=False),
    Column("failures", Integer, nullable=False),  # since the last answer
    Column("failing_since_ms", BigInteger),  # when the first of them began
    Column("over_at_s", BigInteger),  # when it was parked or ended
    Index(
        "subscriptions_over",
        "over_at_s",
        sqlite_where=text("over_at_s IS NOT NULL"),
        postgresql_where=text("over_at_s IS NOT NULL"),
    ),
    Index(
        "subscriptions_live",
        "mailbox_id",
        sqlite_where=text("over_at_s IS NULL"),
        postgresql_where=text("over_at_s IS NULL"),
    ),
)
