"""The tables of the directory: organizations, domains, accounts, addresses, and who manages them.

An account is a user and their mailbox. Its row stays when it is deleted, so that its ids are never
given to anybody else and it can be said why it cannot be restored; the mailbox itself
(`schema.mailboxes` and what belongs to it) is purged.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    Text,
    Uuid,
    text,
)

from ewspush.store.schema import identity, metadata

organizations = Table(
    "organizations",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("alias", String(63), nullable=False),
    Column("created_at_s", BigInteger, nullable=False),
    Column("deleted_at_s", BigInteger),
    Index(
        "organizations_alias",
        "alias",
        unique=True,
        sqlite_where=text("deleted_at_s IS NULL"),
        postgresql_where=text("deleted_at_s IS NULL"),
    ),
)

domains = Table(
    "domains",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("organization_id", Uuid, ForeignKey("organizations.id"), nullable=False),
    Column("name", String(253), nullable=False),
    Column("created_at_s", BigInteger, nullable=False),
    Column("deleted_at_s", BigInteger),
    Index(
        "domains_name",
        "name",
        unique=True,
        sqlite_where=text("deleted_at_s IS NULL"),
        postgresql_where=text("deleted_at_s IS NULL"),
    ),
    Index("domains_organization", "organization_id", "name"),
)

accounts = Table(
    "accounts",
    metadata,
    Column("mailbox_id", BigInteger, primary_key=True, autoincrement=False),
    Column("id", Uuid, nullable=False, unique=True),  # of the mailbox, for administrators
    Column("user_id", Uuid, nullable=False, unique=True),
    Column("organization_id", Uuid, ForeignKey("organizations.id"), nullable=False),
    Column("domain_id", Uuid, ForeignKey("domains.id"), nullable=False),
    Column("local_part", String(64), nullable=False),
    Column("address", String(320), nullable=False),
    Column("name", String(256), nullable=False),  # the user's
    Column("status", SmallInteger, nullable=False),  # core.accounts.AccountStatus
    # The subscription period: core.renewal.Renewal
    Column("renewal_anchor_s", BigInteger, nullable=False),
    Column("renewal_months", Integer, nullable=False),
    Column("renewal_period", String(8), nullable=False),
    Column("next_renewal_period", String(8), nullable=False),
    Column("created_at_s", BigInteger, nullable=False),
    Column("updated_at_s", BigInteger, nullable=False),
    Column("deletion_scheduled_at_s", BigInteger),
    Column("deleted_at_s", BigInteger),
    Column("deletion_cause", SmallInteger),  # core.accounts.DeletionCause
    Column("due_at_s", BigInteger),  # when time itself changes something next
    Column("shard", SmallInteger, nullable=False),
    Index("accounts_domain", "domain_id", "local_part"),
    Index(
        "accounts_due",
        "status",
        "due_at_s",
        sqlite_where=text("due_at_s IS NOT NULL"),
        postgresql_where=text("due_at_s IS NOT NULL"),
    ),
)

# Every address of a mailbox: its own, and its aliases. The key says who has an address; its local
# part is folded (core.addresses.key), `address` is as it is shown.
addresses = Table(
    "addresses",
    metadata,
    Column("domain_id", Uuid, ForeignKey("domains.id"), primary_key=True),
    Column("local_part", String(192), primary_key=True),
    Column("address", String(320), nullable=False),
    Column("mailbox_id", BigInteger, ForeignKey("mailboxes.id"), nullable=False),
    Column("alias_id", Uuid, unique=True),  # NULL: the mailbox's own address
    Column("description", String(1024)),
    Column("created_at_s", BigInteger, nullable=False),
    Column("updated_at_s", BigInteger, nullable=False),
    Column("shard", SmallInteger, nullable=False),
    Index("addresses_address", "address", postgresql_ops={"address": "text_pattern_ops"}),
    Index("addresses_mailbox", "mailbox_id"),
    sqlite_with_rowid=False,
)

# Whose mailboxes a delegate may use as if they were their own (full access).
mailbox_permissions = Table(
    "mailbox_permissions",
    metadata,
    Column("mailbox_id", BigInteger, ForeignKey("mailboxes.id"), primary_key=True),
    Column("delegate_id", BigInteger, ForeignKey("mailboxes.id"), primary_key=True),
    Column("granted_at_s", BigInteger, nullable=False),
    Column("shard", SmallInteger, nullable=False),
    Index("mailbox_permissions_delegate", "delegate_id"),
    sqlite_with_rowid=False,
)

administrators = Table(
    "administrators",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("password_hash", String(255), nullable=False),
    Column("organization_id", Uuid, ForeignKey("organizations.id")),  # NULL: all
    Column("created_at_s", BigInteger, nullable=False),
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("id", identity, primary_key=True),
    Column("at_s", BigInteger, nullable=False),
    Column("actor", String(128), nullable=False),
    Column("origin", String(128), nullable=False),  # from where
    Column("action", String(64), nullable=False),
    Column("organization_id", Uuid),
    Column("subject", Text, nullable=False),  # what was changed: its kind and id
    Column("before", Text),  # JSON, without secrets
    Column("after", Text),
    Index("audit_log_organization", "organization_id", "id"),
    Index("audit_log_subject", "subject", "id"),
    sqlite_autoincrement=True,
)
