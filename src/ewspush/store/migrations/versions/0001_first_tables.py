"""Mailboxes, folders, items, the event log and push subscriptions."""

import sqlalchemy as sa
from alembic import op

revision = "ewspush_0001"  # other programs have a 0001 too, and must not pass for ours
down_revision = None


def upgrade() -> None:
    op.create_table(
        "mailboxes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("shard", sa.SmallInteger(), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("created_at_s", sa.BigInteger(), nullable=False),
        sa.Column("next_number", sa.BigInteger(), nullable=False),
        sa.Column("watermark_base", sa.BigInteger(), nullable=False),
        sa.Column("floor", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="mailboxes_pkey"),
        sa.UniqueConstraint("address", name="mailboxes_address_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "events",
        sa.Column("mailbox_id", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.SmallInteger(), nullable=False),
        sa.Column("at_s", sa.BigInteger(), nullable=False),
        sa.Column("is_folder", sa.Boolean(), nullable=False),
        sa.Column("object", sa.BigInteger(), nullable=False),
        sa.Column("parent", sa.BigInteger(), nullable=False),
        sa.Column("old_object", sa.BigInteger(), nullable=True),
        sa.Column("old_parent", sa.BigInteger(), nullable=True),
        sa.Column("unread_count", sa.Integer(), nullable=True),
        sa.Column("shard", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailboxes.id"], name="events_mailbox_id_fkey"),
        sa.PrimaryKeyConstraint("mailbox_id", "sequence", name="events_pkey"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "folders",
        sa.Column("mailbox_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("parent_number", sa.BigInteger(), nullable=True),
        sa.Column("distinguished_name", sa.String(length=64), nullable=True),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("folder_class", sa.String(length=255), nullable=True),
        sa.Column("total_count", sa.Integer(), nullable=False),
        sa.Column("unread_count", sa.Integer(), nullable=False),
        sa.Column("child_folder_count", sa.Integer(), nullable=False),
        sa.Column("change", sa.BigInteger(), nullable=False),
        sa.Column("shard", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailboxes.id"], name="folders_mailbox_id_fkey"),
        sa.PrimaryKeyConstraint("mailbox_id", "number", name="folders_pkey"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "items",
        sa.Column("mailbox_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("folder_number", sa.BigInteger(), nullable=False),
        sa.Column("received_at_s", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("is_read", sa.Boolean(), nullable=False),
        sa.Column("change", sa.BigInteger(), nullable=False),
        sa.Column("shard", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailboxes.id"], name="items_mailbox_id_fkey"),
        sa.PrimaryKeyConstraint("mailbox_id", "number", name="items_pkey"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "items_folder", "items", ["mailbox_id", "folder_number", "number"], unique=False
    )
    op.create_table(
        "mime_contents",
        sa.Column("mailbox_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("shard", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["mailbox_id"], ["mailboxes.id"], name="mime_contents_mailbox_id_fkey"
        ),
        sa.PrimaryKeyConstraint("mailbox_id", "number", name="mime_contents_pkey"),
        sqlite_with_rowid=True,
    )
    op.create_table(
        "subscriptions",
        sa.Column("mailbox_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("event_types", sa.SmallInteger(), nullable=False),
        sa.Column("folders", sa.Text(), nullable=True),
        sa.Column("status_frequency_min", sa.SmallInteger(), nullable=False),
        sa.Column("caller_data", sa.Text(), nullable=True),
        sa.Column("server_version", sa.String(length=32), nullable=False),
        sa.Column("created_at_s", sa.BigInteger(), nullable=False),
        sa.Column("acknowledged", sa.BigInteger(), nullable=False),
        sa.Column("phase", sa.String(length=8), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since_ms", sa.BigInteger(), nullable=True),
        sa.Column("over_at_s", sa.BigInteger(), nullable=True),
        sa.Column("shard", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["mailbox_id"], ["mailboxes.id"], name="subscriptions_mailbox_id_fkey"
        ),
        sa.PrimaryKeyConstraint("mailbox_id", "number", name="subscriptions_pkey"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "subscriptions_live",
        "subscriptions",
        ["mailbox_id"],
        unique=False,
        sqlite_where=sa.text("over_at_s IS NULL"),
        postgresql_where=sa.text("over_at_s IS NULL"),
    )
    op.create_index(
        "subscriptions_over",
        "subscriptions",
        ["over_at_s"],
        unique=False,
        sqlite_where=sa.text("over_at_s IS NOT NULL"),
        postgresql_where=sa.text("over_at_s IS NOT NULL"),
    )
    # ### end Alembic commands ###
