"""What the mailbox behind the notifications needs."""

import sqlalchemy as sa
from alembic import op

revision = "ewspush_0002"
down_revision = "ewspush_0001"


def upgrade() -> None:
    _count_with_one_counter()
    op.add_column("folders", sa.Column("properties", sa.Text(), nullable=True))
    op.create_index("folders_parent", "folders", ["mailbox_id", "parent_number"])
    _replace_items()
    _create_tables()


def _count_with_one_counter() -> None:
    """Changes take numbers from now on: none may be given out that a change had already."""
    op.execute(
        "UPDATE mailboxes SET next_number = 1 + (SELECT max(n) FROM (SELECT next_number AS n"
        " UNION ALL SELECT max(change) FROM folders WHERE mailbox_id = mailboxes.id) AS numbers)"
    )


def _replace_items() -> None:
    op.execute("CREATE TABLE items_0001 AS SELECT * FROM items")
    op.drop_table("items")
    op.create_table(
        "items",
        sa.Column("mailbox_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("folder_number", sa.BigInteger(), nullable=False),
        sa.Column("content_number", sa.BigInteger(), nullable=False),
        sa.Column("deleted_from", sa.BigInteger(), nullable=True),
        sa.Column("item_class", sa.String(length=255), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("is_read", sa.Boolean(), nullable=False),
        sa.Column("is_draft", sa.Boolean(), nullable=False),
        sa.Column("has_attachments", sa.Boolean(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("received_at_s", sa.BigInteger(), nullable=False),
        sa.Column("created_at_s", sa.BigInteger(), nullable=False),
        sa.Column("modified_at_s", sa.BigInteger(), nullable=False),
        sa.Column("change", sa.BigInteger(), nullable=False),
        sa.Column("content_change", sa.BigInteger(), nullable=False),
        sa.Column("properties", sa.Text(), nullable=False),
        sa.Column("shard", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailboxes.id"], name="items_mailbox_id_fkey"),
        sa.PrimaryKeyConstraint("mailbox_id", "number", name="items_pkey"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "items_change", "items", ["mailbox_id", "folder_number", "change"], unique=False
    )
    op.create_index("items_content", "items", ["mailbox_id", "content_number"], unique=False)
    op.create_index(
        "items_folder", "items", ["mailbox_id", "folder_number", "number"], unique=False
    )
    op.create_index(
        "items_received",
        "items",
        ["mailbox_id", "folder_number", "received_at_s", "number"],
        unique=False,
    )
    # Their properties are read from the MIME content by operations.older_mail.
    op.execute(
        "INSERT INTO items (mailbox_id, number, folder_number, content_number, item_class,"
        " is_read, is_draft, has_attachments, size, received_at_s, created_at_s, modified_at_s,"
        " change, content_change, properties, shard)"
        " SELECT mailbox_id, number, folder_number, number, 'IPM.Note', is_read, false, false,"
        " size, received_at_s, received_at_s, received_at_s, number, number, '', shard"
        " FROM items_0001"
    )
    op.drop_table("items_0001")


def _create_tables() -> None:
    op.create_table(
        "attachments",
        sa.Column("mailbox_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("content_number", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=True),
        sa.Column("content_id", sa.Text(), nullable=True),
        sa.Column("content_location", sa.Text(), nullable=True),
        sa.Column("is_inline", sa.Boolean(), nullable=False),
        sa.Column("is_item", sa.Boolean(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("modified_at_s", sa.BigInteger(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("shard", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["mailbox_id"], ["mailboxes.id"], name="attachments_mailbox_id_fkey"
        ),
        sa.PrimaryKeyConstraint("mailbox_id", "number", name="attachments_pkey"),
        sqlite_with_rowid=True,
    )
    op.create_index(
        "attachments_content", "attachments", ["mailbox_id", "content_number"], unique=False
    )
    op.create_table(
        "bodies",
        sa.Column("mailbox_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("body_type", sa.String(length=4), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("shard", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailboxes.id"], name="bodies_mailbox_id_fkey"),
        sa.PrimaryKeyConstraint("mailbox_id", "number", name="bodies_pkey"),
        sqlite_with_rowid=True,
    )
    op.create_table(
        "impersonation_rights",
        sa.Column("mailbox_id", sa.BigInteger(), nullable=False),
        sa.Column("of_mailbox_id", sa.BigInteger(), nullable=False),
        sa.Column("shard", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["mailbox_id"], ["mailboxes.id"], name="impersonation_rights_mailbox_id_fkey"
        ),
        sa.PrimaryKeyConstraint("mailbox_id", "of_mailbox_id", name="impersonation_rights_pkey"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "outgoing",
        sa.Column("mailbox_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("sender", sa.String(length=320), nullable=False),
        sa.Column("recipients", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("created_at_s", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("due_at_s", sa.BigInteger(), nullable=False),
        sa.Column("last_failure", sa.Text(), nullable=True),
        sa.Column("shard", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailboxes.id"], name="outgoing_mailbox_id_fkey"),
        sa.PrimaryKeyConstraint("mailbox_id", "number", name="outgoing_pkey"),
        sqlite_with_rowid=True,
    )
    op.create_index("outgoing_due", "outgoing", ["due_at_s"], unique=False)
    op.create_table(
        "pull_subscriptions",
        sa.Column("mailbox_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("is_streaming", sa.Boolean(), nullable=False),
        sa.Column("event_types", sa.SmallInteger(), nullable=False),
        sa.Column("folders", sa.Text(), nullable=True),
        sa.Column("created_at_s", sa.BigInteger(), nullable=False),
        sa.Column("acknowledged", sa.BigInteger(), nullable=False),
        sa.Column("said_more", sa.Boolean(), nullable=False),
        sa.Column("timeout_s", sa.Integer(), nullable=False),
        sa.Column("expires_at_s", sa.BigInteger(), nullable=False),
        sa.Column("shard", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["mailbox_id"], ["mailboxes.id"], name="pull_subscriptions_mailbox_id_fkey"
        ),
        sa.PrimaryKeyConstraint("mailbox_id", "number", name="pull_subscriptions_pkey"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "pull_subscriptions_expires", "pull_subscriptions", ["expires_at_s"], unique=False
    )
    op.create_table(
        "removed_items",
        sa.Column("mailbox_id", sa.BigInteger(), nullable=False),
        sa.Column("change", sa.BigInteger(), nullable=False),
        sa.Column("folder_number", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("shard", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["mailbox_id"], ["mailboxes.id"], name="removed_items_mailbox_id_fkey"
        ),
        sa.PrimaryKeyConstraint("mailbox_id", "change", name="removed_items_pkey"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "removed_items_folder",
        "removed_items",
        ["mailbox_id", "folder_number", "change"],
        unique=False,
    )
