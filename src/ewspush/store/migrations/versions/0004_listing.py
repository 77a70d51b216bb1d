"""Accounts in every order, and found by a part of their name."""

import logging
import unicodedata
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "ewspush_0004"
down_revision = "ewspush_0003"

_PAGE = 5_000
_BUCKET = 1_000
_ORDERS = {1: "by_name", 2: "by_created_at", 3: "by_updated_at"}
_SCOPES = ("organization", "domain")


def upgrade() -> None:
    _create_tables()
    fill(op.get_bind())
    _create_indexes()  # of what is there: that is quicker than to keep them meanwhile


def _create_tables() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE account_search USING fts5(searched, content='', columnsize=0,"
            " tokenize='trigram case_sensitive 1')"
        )
    op.create_table(
        "account_keys",
        sa.Column(
            "mailbox_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("domain_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("by_name", sa.LargeBinary(), nullable=False),
        sa.Column("by_created_at", sa.LargeBinary(), nullable=False),
        sa.Column("by_updated_at", sa.LargeBinary(), nullable=False),
        sa.Column("searched", sa.Text(), nullable=False),
        sa.Column("shard", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["mailbox_id"], ["accounts.mailbox_id"], name="account_keys_mailbox_id_fkey"
        ),
        sa.PrimaryKeyConstraint("mailbox_id", name="account_keys_pkey"),
    )
    op.create_table(
        "account_buckets",
        sa.Column("scope", sa.Uuid(), nullable=False),
        sa.Column("key_order", sa.SmallInteger(), nullable=False),
        sa.Column("lowest", sa.LargeBinary(), nullable=False),
        sa.Column("active", sa.Integer(), nullable=False),
        sa.Column("deletion_scheduled", sa.Integer(), nullable=False),
        sa.Column("deleted", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "key_order", "lowest", name="account_buckets_pkey"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "account_moves",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("scope", sa.Uuid(), nullable=False),
        sa.Column("key_order", sa.SmallInteger(), nullable=False),
        sa.Column("position", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("change", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="account_moves_pkey"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "account_moves_scope",
        "account_moves",
        ["organization_id", "scope", "key_order"],
        unique=False,
    )


def _create_indexes() -> None:
    for scope in _SCOPES:
        for column in _ORDERS.values():
            name = f"account_keys_{scope}_{column.removeprefix('by_')}"
            columns = [f"{scope}_id", "status", column, "searched"]
            op.create_index(name, "account_keys", columns, unique=False)
    if op.get_bind().dialect.name == "postgresql":
        _create_trigrams()


def _create_trigrams() -> None:
    """Without the extension searches read every account of an organization, and are slower."""
    try:
        with op.get_bind().begin_nested():
            op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            op.create_index(
                "account_search_trigrams",
                "account_keys",
                ["searched"],
                unique=False,
                postgresql_using="gin",
                postgresql_ops={"searched": "gin_trgm_ops"},
            )
    except sa.exc.DBAPIError as error:
        if error.connection_invalidated:
            raise
        logging.getLogger(__name__).warning(
            "pg_trgm cannot be installed, so searches for accounts are slow: %s", error.orig
        )


def fill(connection: sa.Connection) -> None:
    """Enter every account that is there."""
    after = 0
    while accounts := _accounts_after(connection, after):
        after = accounts[-1].mailbox_id
        connection.execute(sa.insert(_KEYS), [_keys(account) for account in accounts])
    if connection.dialect.name == "sqlite":
        connection.execute(
            sa.text(
                "INSERT INTO account_search (rowid, searched)"
                " SELECT mailbox_id, searched FROM account_keys ORDER BY mailbox_id"
            )
        )
    for scope in _SCOPES:
        for order, column in _ORDERS.items():
            _count(connection, f"{scope}_id", order, column)


def _accounts_after(connection: sa.Connection, mailbox: int) -> Sequence[sa.Row[Any]]:
    id = _ACCOUNTS.c.mailbox_id
    return connection.execute(
        sa.select(_ACCOUNTS).where(id > mailbox).order_by(id).limit(_PAGE)
    ).all()


def _keys(account: sa.Row[Any]) -> dict[str, Any]:
    name, suffix = _fold(account.name), account.mailbox_id.to_bytes(8)
    return {
        "mailbox_id": account.mailbox_id,
        "organization_id": account.organization_id,
        "domain_id": account.domain_id,
        "status": account.status,
        "by_name": name.encode() + b"\0" + suffix,
        "by_created_at": (account.created_at_s + (1 << 63)).to_bytes(8) + suffix,
        "by_updated_at": (account.updated_at_s + (1 << 63)).to_bytes(8) + suffix,
        "searched": f"{name}\n{_fold(account.local_part)}",
        "shard": account.shard,
    }


def _fold(text: str) -> str:
    return unicodedata.normalize("NFC", " ".join(text.split()).casefold())


def _count(connection: sa.Connection, scope: str, order: int, column: str) -> None:
    """Cut an order of each organization or domain into buckets."""
    connection.execute(
        sa.text(
            "INSERT INTO account_buckets"
            " (scope, key_order, lowest, active, deletion_scheduled, deleted)"
            " SELECT scope, CAST(:key_order AS SMALLINT), lowest,"
            " sum(CASE status WHEN 1 THEN 1 ELSE 0 END),"
            " sum(CASE status WHEN 2 THEN 1 ELSE 0 END),"
            " sum(CASE status WHEN 3 THEN 1 ELSE 0 END)"
            " FROM (SELECT scope, status, CASE bucket WHEN 0 THEN CAST(:first AS "
            f"{'BYTEA' if connection.dialect.name == 'postgresql' else 'BLOB'})"
            " ELSE first_value(position) OVER (PARTITION BY scope, bucket ORDER BY position)"
            " END AS lowest"
            f" FROM (SELECT {scope} AS scope, status, {column} AS position,"
            f" (row_number() OVER (PARTITION BY {scope} ORDER BY {column}) - 1) / :size AS bucket"
            " FROM account_keys) AS numbered) AS cut"
            " GROUP BY scope, lowest"
        ),
        {"key_order": order, "first": b"", "size": _BUCKET},
    )


def _table(name: str, types: dict[str, type[Any]]) -> sa.TableClause:
    return sa.table(name, *(sa.column(column, type()) for column, type in types.items()))


_COMMON = {
    "mailbox_id": sa.BigInteger,
    "organization_id": sa.Uuid,
    "domain_id": sa.Uuid,
    "status": sa.SmallInteger,
    "shard": sa.SmallInteger,
}
_ACCOUNTS = _table(
    "accounts",
    {
        **_COMMON,
        "name": sa.String,
        "local_part": sa.String,
        "created_at_s": sa.BigInteger,
        "updated_at_s": sa.BigInteger,
    },
)
_KEYS = _table(
    "account_keys",
    {**_COMMON, **dict.fromkeys(_ORDERS.values(), sa.LargeBinary), "searched": sa.Text},
)
