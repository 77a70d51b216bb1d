"""The tables from which accounts are listed: what they are ordered by and found by, and how many
there are between which places of an order.

An order of the accounts of a scope (an organization or a domain) is cut into buckets. A place in
an order is a string of bytes, so that both databases order alike (store/account_positions.py).
"""

from typing import Any

from sqlalchemy import (
    DDL,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Uuid,
    event,
)

from ewspush.store import directory_schema
from ewspush.store.schema import identity, metadata

__all__ = ["account_buckets", "account_keys", "account_moves", "metadata"]

# Indexes of `accounts` would have to know how names are folded; so the keys have their own table.
# The text is in its indexes so that a search that reads them all reads nothing else.
account_keys = Table(
    "account_keys",
    metadata,
    Column(
        "mailbox_id",
        identity,
        ForeignKey(directory_schema.accounts.c.mailbox_id),
        primary_key=True,
        autoincrement=False,
    ),
    Column("organization_id", Uuid, nullable=False),
    Column("domain_id", Uuid, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("by_name", LargeBinary, nullable=False),
    Column("by_created_at", LargeBinary, nullable=False),
    Column("by_updated_at", LargeBinary, nullable=False),
    Column("searched", Text, nullable=False),  # the name and the local part, folded, in two lines
    Column("shard", SmallInteger, nullable=False),
    *(
        Index(f"account_keys_{scope}_{order}", f"{scope}_id", "status", f"by_{order}", "searched")
        for scope in ("organization", "domain")
        for order in ("name", "created_at", "updated_at")
    ),
)

account_buckets = Table(
    "account_buckets",
    metadata,
    Column("scope", Uuid, primary_key=True),  # the id of an organization or a domain
    Column("key_order", SmallInteger, primary_key=True),  # account_positions.KeyOrder
    Column("lowest", LargeBinary, primary_key=True),  # up to the next bucket's; empty: the first
    Column("active", Integer, nullable=False),
    Column("deletion_scheduled", Integer, nullable=False),
    Column("deleted", Integer, nullable=False),
    sqlite_with_rowid=False,
)

# What is to be counted in a bucket yet, since somebody else was writing buckets (PostgreSQL).
account_moves = Table(
    "account_moves",
    metadata,
    Column("id", identity, primary_key=True),
    Column("organization_id", Uuid, nullable=False),
    Column("scope", Uuid, nullable=False),
    Column("key_order", SmallInteger, nullable=False),
    Column("position", LargeBinary, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("change", SmallInteger, nullable=False),  # 1 or -1
    Index("account_moves_scope", "organization_id", "scope", "key_order"),
    sqlite_autoincrement=True,
)

# How texts are found that have three characters or more.
_TRIGRAMS: Any = Index(
    "account_search_trigrams",
    account_keys.c.searched,
    postgresql_using="gin",
    postgresql_ops={"searched": "gin_trgm_ops"},
)
_TRIGRAMS.ddl_if(dialect="postgresql")
_ddl: Any = DDL  # which has no annotations
event.listen(
    account_keys,
    "before_create",
    _ddl("CREATE EXTENSION IF NOT EXISTS pg_trgm").execute_if(dialect="postgresql"),
)
event.listen(
    account_keys,
    "after_create",
    _ddl(
        "CREATE VIRTUAL TABLE account_search USING fts5(searched, content='', columnsize=0,"
        " tokenize='trigram case_sensitive 1')"
    ).execute_if(dialect="sqlite"),
)
