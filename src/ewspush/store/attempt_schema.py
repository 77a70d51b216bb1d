"""The tables of the attempt log: every attempt to deliver a notification.

It is a log of the server, bounded as a whole, and not a part of the mailboxes. So its rows carry
no shard, and there is no foreign key to `mailboxes`: attempts are written by the group, and one of
a mailbox that was purged meanwhile must not fail the others.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
)

from ewspush.store.schema import identity, metadata

# No index but the key: one by subscription would cost ten times what the rows do, since each row
# that is written or trimmed would change a page of its own. See `attempt_groups`.
attempts = Table(
    "attempts",
    metadata,
    Column("id", identity, primary_key=True, autoincrement=False),
    Column("mailbox_id", BigInteger, nullable=False),
    Column("subscription", BigInteger, nullable=False),  # its number
    Column("at_ms", BigInteger, nullable=False),  # when it began
    Column("previous", BigInteger, nullable=False),  # PreviousWatermark, as a sequence
    Column("through", BigInteger, nullable=False),  # the last Watermark, likewise
    Column("events", Integer, nullable=False),
    Column("more_events", Boolean, nullable=False),
    Column("outcome", String(32), nullable=False),
    Column("http_status", SmallInteger),
    Column("detail", Text, nullable=False),
    Column("connect_us", BigInteger),  # microseconds since it began, of these four
    Column("tls_us", BigInteger),
    Column("first_byte_us", BigInteger),
    Column("total_us", BigInteger, nullable=False),
)

# Whose attempts are in which stretch of the log, so that few stretches are searched for those of
# one subscription.
attempt_groups = Table(
    "attempt_groups",
    metadata,
    Column("first_id", identity, primary_key=True, autoincrement=False),
    Column("last_id", BigInteger, nullable=False),
    Column("mailboxes", LargeBinary, nullable=False),  # 4 bytes for each, which are spread evenly
)

# The last few of each subscription.
attempt_bodies = Table(
    "attempt_bodies",
    metadata,
    Column("id", identity, primary_key=True, autoincrement=False),  # of the attempt
    Column("mailbox_id", BigInteger, nullable=False),
    Column("subscription", BigInteger, nullable=False),
    Column("request", LargeBinary),
    Column("answer", LargeBinary),
    Index("attempt_bodies_subscription", "mailbox_id", "subscription", "id"),
)
