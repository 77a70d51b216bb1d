"""The attempt log; subscriptions that an operator paused, or whose responder asked to wait."""

import sqlalchemy as sa
from alembic import op

revision = "ewspush_0005"
down_revision = "ewspush_0004"


def upgrade() -> None:
    op.create_table(
        "attempts",
        _id("id"),
        sa.Column("mailbox_id", sa.BigInteger(), nullable=False),
        sa.Column("subscription", sa.BigInteger(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("previous", sa.BigInteger(), nullable=False),
        sa.Column("through", sa.BigInteger(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("more_events", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("http_status", sa.SmallInteger(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("connect_us", sa.BigInteger(), nullable=True),
        sa.Column("tls_us", sa.BigInteger(), nullable=True),
        sa.Column("first_byte_us", sa.BigInteger(), nullable=True),
        sa.Column("total_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="attempts_pkey"),
    )
    op.create_table(
        "attempt_groups",
        _id("first_id"),
        sa.Column("last_id", sa.BigInteger(), nullable=False),
        sa.Column("mailboxes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("first_id", name="attempt_groups_pkey"),
    )
    op.create_table(
        "attempt_bodies",
        _id("id"),
        sa.Column("mailbox_id", sa.BigInteger(), nullable=False),
        sa.Column("subscription", sa.BigInteger(), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="attempt_bodies_pkey"),
    )
    op.create_index(
        "attempt_bodies_subscription",
        "attempt_bodies",
        ["mailbox_id", "subscription", "id"],
        unique=False,
    )
    op.add_column("subscriptions", sa.Column("paused_at_s", sa.BigInteger(), nullable=True))
    op.add_column("subscriptions", sa.Column("not_before_ms", sa.BigInteger(), nullable=True))


def _id(name: str) -> sa.Column[int]:
    return sa.Column(
        name,
        sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
        autoincrement=False,
        nullable=False,
    )
