"""Organizations, domains and accounts: who has a mailbox, and who manages them."""

import time
import unicodedata
import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "ewspush_0003"
down_revision = "ewspush_0002"

_PAGE = 1000


def upgrade() -> None:
    _change_mailboxes()
    _create_tables()
    _register_mailboxes()


def _change_mailboxes() -> None:
    """Let a mailbox be disabled, and one that is purged have the address of another."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("mailboxes_address_key", "mailboxes")
        op.add_column("mailboxes", sa.Column("disabled_at_s", sa.BigInteger(), nullable=True))
        return
    # SQLite drops no constraint of a table. What refers to its rows finds them again at the end.
    op.execute("PRAGMA defer_foreign_keys=ON")
    op.execute("CREATE TABLE mailboxes_0002 AS SELECT * FROM mailboxes")
    op.drop_table("mailboxes")
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
        sa.Column("disabled_at_s", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="mailboxes_pkey"),
        sqlite_autoincrement=True,
    )
    op.execute("INSERT INTO mailboxes SELECT *, NULL FROM mailboxes_0002")
    op.drop_table("mailboxes_0002")


def _create_tables() -> None:
    op.create_table(
        "organizations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("alias", sa.String(length=63), nullable=False),
        sa.Column("created_at_s", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at_s", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="organizations_pkey"),
    )
    op.create_index(
        "organizations_alias",
        "organizations",
        ["alias"],
        unique=True,
        sqlite_where=sa.text("deleted_at_s IS NULL"),
        postgresql_where=sa.text("deleted_at_s IS NULL"),
    )
    op.create_table(
        "domains",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=253), nullable=False),
        sa.Column("created_at_s", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at_s", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="domains_organization_id_fkey"
        ),
        sa.PrimaryKeyConstraint("id", name="domains_pkey"),
    )
    op.create_index(
        "domains_name",
        "domains",
        ["name"],
        unique=True,
        sqlite_where=sa.text("deleted_at_s IS NULL"),
        postgresql_where=sa.text("deleted_at_s IS NULL"),
    )
    op.create_index("domains_organization", "domains", ["organization_id", "name"], unique=False)
    op.create_table(
        "accounts",
        sa.Column("mailbox_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("domain_id", sa.Uuid(), nullable=False),
        sa.Column("local_part", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("renewal_anchor_s", sa.BigInteger(), nullable=False),
        sa.Column("renewal_months", sa.Integer(), nullable=False),
        sa.Column("renewal_period", sa.String(length=8), nullable=False),
        sa.Column("next_renewal_period", sa.String(length=8), nullable=False),
        sa.Column("created_at_s", sa.BigInteger(), nullable=False),
        sa.Column("updated_at_s", sa.BigInteger(), nullable=False),
        sa.Column("deletion_scheduled_at_s", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at_s", sa.BigInteger(), nullable=True),
        sa.Column("deletion_cause", sa.SmallInteger(), nullable=True),
        sa.Column("due_at_s", sa.BigInteger(), nullable=True),
        sa.Column("shard", sa.SmallInteger(), nullable=False),
        sa.UniqueConstraint("id", name="accounts_id_key"),
        sa.UniqueConstraint("user_id", name="accounts_user_id_key"),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="accounts_organization_id_fkey"
        ),
        sa.ForeignKeyConstraint(["domain_id"], ["domains.id"], name="accounts_domain_id_fkey"),
        sa.PrimaryKeyConstraint("mailbox_id", name="accounts_pkey"),
    )
    op.create_index("accounts_domain", "accounts", ["domain_id", "local_part"], unique=False)
    op.create_index(
        "accounts_due",
        "accounts",
        ["status", "due_at_s"],
        unique=False,
        sqlite_where=sa.text("due_at_s IS NOT NULL"),
        postgresql_where=sa.text("due_at_s IS NOT NULL"),
    )
    op.create_table(
        "addresses",
        sa.Column("domain_id", sa.Uuid(), nullable=False),
        sa.Column("local_part", sa.String(length=192), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("mailbox_id", sa.BigInteger(), nullable=False),
        sa.Column("alias_id", sa.Uuid(), nullable=True),
        sa.Column("description", sa.String(length=1024), nullable=True),
        sa.Column("created_at_s", sa.BigInteger(), nullable=False),
        sa.Column("updated_at_s", sa.BigInteger(), nullable=False),
        sa.Column("shard", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(["domain_id"], ["domains.id"], name="addresses_domain_id_fkey"),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailboxes.id"], name="addresses_mailbox_id_fkey"),
        sa.PrimaryKeyConstraint("domain_id", "local_part", name="addresses_pkey"),
        sa.UniqueConstraint("alias_id", name="addresses_alias_id_key"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "addresses_address",
        "addresses",
        ["address"],
        unique=False,
        postgresql_ops={"address": "text_pattern_ops"},
    )
    op.create_index("addresses_mailbox", "addresses", ["mailbox_id"], unique=False)
    op.create_table(
        "mailbox_permissions",
        sa.Column("mailbox_id", sa.BigInteger(), nullable=False),
        sa.Column("delegate_id", sa.BigInteger(), nullable=False),
        sa.Column("granted_at_s", sa.BigInteger(), nullable=False),
        sa.Column("shard", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["mailbox_id"], ["mailboxes.id"], name="mailbox_permissions_mailbox_id_fkey"
        ),
        sa.ForeignKeyConstraint(
            ["delegate_id"], ["mailboxes.id"], name="mailbox_permissions_delegate_id_fkey"
        ),
        sa.PrimaryKeyConstraint("mailbox_id", "delegate_id", name="mailbox_permissions_pkey"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "mailbox_permissions_delegate", "mailbox_permissions", ["delegate_id"], unique=False
    )
    op.create_table(
        "administrators",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column("created_at_s", sa.BigInteger(), nullable=False),
        sa.UniqueConstraint("name", name="administrators_name_key"),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="administrators_organization_id_fkey"
        ),
        sa.PrimaryKeyConstraint("id", name="administrators_pkey"),
    )
    op.create_table(
        "audit_log",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at_s", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("origin", sa.String(length=128), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="audit_log_pkey"),
        sqlite_autoincrement=True,
    )
    op.create_index("audit_log_organization", "audit_log", ["organization_id", "id"], unique=False)
    op.create_index("audit_log_subject", "audit_log", ["subject", "id"], unique=False)


def _register_mailboxes() -> None:
    """Give every mailbox an account, in an organization that is made for them all."""
    now_s, after = int(time.time()), 0
    organization: uuid.UUID | None = None
    domains: dict[str, uuid.UUID] = {}
    while page := _mailboxes_after(after):
        after = page[-1].id
        if organization is None:
            organization = uuid.uuid4()
            op.bulk_insert(_ORGANIZATIONS, [_organization(organization, now_s)])
        names = dict.fromkeys(each.address.rpartition("@")[2] for each in page)
        new = {name: uuid.uuid4() for name in names if name not in domains}
        if new:
            op.bulk_insert(
                _DOMAINS, [_domain(id, organization, name, now_s) for name, id in new.items()]
            )
        domains |= new
        rows = [_rows(each, organization, domains) for each in page]
        op.bulk_insert(_ACCOUNTS, [account for account, _ in rows])
        op.bulk_insert(_ADDRESSES, [address for _, address in rows])


def _mailboxes_after(id: int) -> Sequence[sa.Row[Any]]:
    return (
        op.get_bind()
        .execute(
            sa.select(_MAILBOXES).where(_MAILBOXES.c.id > id).order_by(_MAILBOXES.c.id).limit(_PAGE)
        )
        .all()
    )


def _organization(id: uuid.UUID, now_s: int) -> dict[str, Any]:
    return {"id": id, "alias": "default", "created_at_s": now_s}


def _domain(id: uuid.UUID, organization: uuid.UUID, name: str, now_s: int) -> dict[str, Any]:
    return {"id": id, "organization_id": organization, "name": name, "created_at_s": now_s}


def _rows(
    mailbox: sa.Row[Any], organization: uuid.UUID, domains: dict[str, uuid.UUID]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The account and the address of a mailbox."""
    local_part, _, domain = mailbox.address.rpartition("@")
    times = {"created_at_s": mailbox.created_at_s, "updated_at_s": mailbox.created_at_s}
    common = {
        "mailbox_id": mailbox.id,
        "domain_id": domains[domain],
        "local_part": local_part,
        "address": mailbox.address,
        "shard": mailbox.shard,
        **times,
    }
    account = {
        **common,
        "id": uuid.uuid4(),
        "user_id": uuid.uuid4(),
        "organization_id": organization,
        "name": local_part,
        "status": 1,
        "renewal_anchor_s": mailbox.created_at_s,
        "renewal_months": 0,
        "renewal_period": "monthly",
        "next_renewal_period": "monthly",
    }
    folded = unicodedata.normalize("NFC", local_part.casefold())
    return account, {**common, "local_part": folded}


def _table(name: str, types: dict[str, type[Any]]) -> sa.TableClause:
    return sa.table(name, *(sa.column(column, type()) for column, type in types.items()))


_MAILBOXES = _table(
    "mailboxes",
    {
        "id": sa.BigInteger,
        "address": sa.String,
        "created_at_s": sa.BigInteger,
        "shard": sa.SmallInteger,
    },
)
_ORGANIZATIONS = _table(
    "organizations", {"id": sa.Uuid, "alias": sa.String, "created_at_s": sa.BigInteger}
)
_DOMAINS = _table(
    "domains",
    {
        "id": sa.Uuid,
        "organization_id": sa.Uuid,
        "name": sa.String,
        "created_at_s": sa.BigInteger,
    },
)
_COMMON = {
    "mailbox_id": sa.BigInteger,
    "domain_id": sa.Uuid,
    "local_part": sa.String,
    "address": sa.String,
    "shard": sa.SmallInteger,
    "created_at_s": sa.BigInteger,
    "updated_at_s": sa.BigInteger,
}
_ADDRESSES = _table("addresses", _COMMON)
_ACCOUNTS = _table(
    "accounts",
    {
        **_COMMON,
        "id": sa.Uuid,
        "user_id": sa.Uuid,
        "organization_id": sa.Uuid,
        "name": sa.String,
        "status": sa.SmallInteger,
        "renewal_anchor_s": sa.BigInteger,
        "renewal_months": sa.Integer,
        "renewal_period": sa.String,
        "next_renewal_period": sa.String,
    },
)
