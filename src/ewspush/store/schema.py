"""The tables. Times are integers since the epoch, UTC, with the unit in the column's name.

Every table that belongs to a mailbox carries its shard, so that several servers can share the work
later without moving a row.

A mailbox counts with one counter (`next_number`): every folder, item and attachment and every
change of one takes its next number. So numbers are never given out twice, and say what came after
what: an item's `number` is when it came into its folder, its `change` when it was last changed.
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
identity = BigInteger().with_variant(Integer, "sqlite")


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
    Column("id", identity, primary_key=True),
    Column("shard", SmallInteger, nullable=False),
    Column("address", String(320), nullable=False),
    Column("password_hash", String(255), nullable=False),
    Column("created_at_s", BigInteger, nullable=False),
    Column("next_number", BigInteger, nullable=False),
    # The event log: sequences floor + 1 to head are kept.
    Column("watermark_base", BigInteger, nullable=False),
    Column("floor", BigInteger, nullable=False),
    Column("head", BigInteger, nullable=False),
    Column("disabled_at_s", BigInteger),  # nobody may use it since then
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
    Column("change", BigInteger, nullable=False),
    Index("folders_parent", "mailbox_id", "parent_number"),
)
# Later than the others, as ALTER TABLE puts it.
folders.append_column(Column("properties", Text))  # JSON: what clients set beside the columns

items = _belongs_to_mailbox(
    "items",
    Column("number", BigInteger, primary_key=True),  # another one in another folder
    Column("folder_number", BigInteger, nullable=False),
    Column("content_number", BigInteger, nullable=False),  # of its contents, which a move leaves
    Column("deleted_from", BigInteger),  # the folder in which it was, if it is soft-deleted
    Column("item_class", String(255), nullable=False),
    Column("subject", Text),
    Column("is_read", Boolean, nullable=False),
    Column("is_draft", Boolean, nullable=False),
    Column("has_attachments", Boolean, nullable=False),
    Column("size", Integer, nullable=False),  # bytes
    Column("received_at_s", BigInteger, nullable=False),
    Column("created_at_s", BigInteger, nullable=False),
    Column("modified_at_s", BigInteger, nullable=False),
    Column("change", BigInteger, nullable=False),
    Column("content_change", BigInteger, nullable=False),  # the last that was not of IsRead alone
    Column("properties", Text, nullable=False),  # JSON: the properties without a column
    Index("items_folder", "mailbox_id", "folder_number", "number"),
    Index("items_received", "mailbox_id", "folder_number", "received_at_s", "number"),
    Index("items_change", "mailbox_id", "folder_number", "change"),
    Index("items_content", "mailbox_id", "content_number"),
)

# Which items left a folder, and when: for SyncFolderItems.
removed_items = _belongs_to_mailbox(
    "removed_items",
    Column("change", BigInteger, primary_key=True),
    Column("folder_number", BigInteger, nullable=False),
    Column("number", BigInteger, nullable=False),
    Index("removed_items_folder", "mailbox_id", "folder_number", "change"),
)

# Contents are apart from `items`, whose rows are walked by the thousand, and in tables with a
# rowid, since large rows do not belong into the tree of a key. Their `number` is `content_number`.
mime_contents = _belongs_to_mailbox(
    "mime_contents",
    Column("number", BigInteger, primary_key=True),
    Column("content", LargeBinary, nullable=False),
    sqlite_with_rowid=True,
)

bodies = _belongs_to_mailbox(
    "bodies",  # those that a client set; others are in the MIME content
    Column("number", BigInteger, primary_key=True),
    Column("body_type", String(4), nullable=False),  # BodyTypeType: HTML or Text
    Column("value", Text, nullable=False),
    sqlite_with_rowid=True,
)

attachments = _belongs_to_mailbox(
    "attachments",
    Column("number", BigInteger, primary_key=True),
    Column("content_number", BigInteger, nullable=False),  # of the item that it belongs to
    Column("name", Text, nullable=False),
    Column("content_type", Text),
    Column("content_id", Text),
    Column("content_location", Text),
    Column("is_inline", Boolean, nullable=False),
    Column("is_item", Boolean, nullable=False),  # an ItemAttachment: a message of its own
    Column("size", Integer, nullable=False),  # bytes
    Column("modified_at_s", BigInteger, nullable=False),
    Column("part", Integer),  # where it is in the MIME content, if it is there
    Column("content", LargeBinary),  # if it is not
    Index("attachments_content", "mailbox_id", "content_number"),
    sqlite_with_rowid=True,
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
# Later than the others, as ALTER TABLE puts them.
subscriptions.append_column(Column("paused_at_s", BigInteger))  # by an operator
subscriptions.append_column(Column("not_before_ms", BigInteger))  # a responder's Retry-After

# Read by the client with GetEvents or GetStreamingEvents, whenever it likes.
pull_subscriptions = _belongs_to_mailbox(
    "pull_subscriptions",
    Column("number", BigInteger, primary_key=True),  # random, so that an id cannot be guessed
    Column("is_streaming", Boolean, nullable=False),
    Column("event_types", SmallInteger, nullable=False),
    Column("folders", Text),
    Column("created_at_s", BigInteger, nullable=False),
    Column("acknowledged", BigInteger, nullable=False),  # what was read
    Column("said_more", Boolean, nullable=False),  # MoreEvents of the last answer of GetEvents
    Column("timeout_s", Integer, nullable=False),  # how long it lives without being read
    Column("expires_at_s", BigInteger, nullable=False),
    Index("pull_subscriptions_expires", "expires_at_s"),
)

# Whose mailboxes an account may act for (ExchangeImpersonation).
impersonation_rights = _belongs_to_mailbox(
    "impersonation_rights",
    Column("of_mailbox_id", BigInteger, primary_key=True),  # 0: all
)

# Messages on their way to recipients elsewhere. What they contain is in `mime_contents`, under the
# same number: a row is written anew with every attempt.
outgoing = _belongs_to_mailbox(
    "outgoing",
    Column("number", BigInteger, primary_key=True),
    Column("sender", String(320), nullable=False),
    Column("recipients", Text, nullable=False),  # JSON: the addresses that are left
    Column("size", Integer, nullable=False),  # bytes
    Column("created_at_s", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("due_at_s", BigInteger, nullable=False),
    Column("last_failure", Text),  # why the last attempt did not reach those who are left
    Index("outgoing_due", "due_at_s"),
    sqlite_with_rowid=True,
)
