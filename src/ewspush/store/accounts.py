"""Accounts: users and their mailboxes, with the addresses under which mail reaches them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, delete, exists, func, insert, select, update

from ewspush.core.accounts import Account, AccountStatus, Alias
from ewspush.core.addresses import key
from ewspush.core.ids import shard_of
from ewspush.store import account_listing
from ewspush.store.account_rows import of_row, row_of
from ewspush.store.database import Transaction
from ewspush.store.directory_schema import accounts, addresses, domains, organizations
from ewspush.store.listing_schema import account_keys


class AddressTaken(Exception):
    """A mailbox or an alias has this address already."""

    def __init__(self, address: str) -> None:
        super().__init__(f"there is a mailbox or an alias {address} already")
        self.address = address


_ACCOUNTS = select(accounts)
_ASKED_TOGETHER = 500
_ALIASES = select(addresses).where(addresses.c.alias_id.is_not(None))


def insert_accounts(tx: Transaction, new: Sequence[Account], aliases: Sequence[Alias] = ()) -> None:
    """Store accounts of one domain with their addresses. Raises AddressTaken.

    Who wants an address at the same moment waits for the first, and is then refused.
    """
    _insert_addresses(tx, [*map(_address_row, new), *map(_alias_row, aliases)])
    tx.connection.execute(insert(accounts), [row_of(account) for account in new])
    account_listing.added(tx, new)


def update_account(tx: Transaction, old: Account, new: Account) -> None:
    """Store an account that was changed. Its ids stay."""
    row = row_of(new)
    del row["mailbox_id"], row["shard"]
    tx.connection.execute(
        update(accounts).where(accounts.c.mailbox_id == old.mailbox_id).values(row)
    )
    account_listing.changed(tx, old, new)


def by_id(tx: Transaction, id: UUID) -> Account | None:
    """The account whose mailbox has this id, deleted ones too."""
    return _one(tx, accounts.c.id == id)


def by_user_id(tx: Transaction, user_id: UUID) -> Account | None:
    """The account of a user, deleted ones too."""
    return _one(tx, accounts.c.user_id == user_id)


def by_mailbox(tx: Transaction, mailbox_id: int) -> Account | None:
    """The account of a mailbox, deleted ones too."""
    return _one(tx, accounts.c.mailbox_id == mailbox_id)


def newest_at(
    tx: Transaction, organization_id: UUID, domain: str, local_part: str
) -> Account | None:
    """The account of an organization that had this address last, also in a domain made anew."""
    had = _had_address(organization_id, domain, local_part)
    return _one_of(tx, had.order_by(accounts.c.mailbox_id.desc()).limit(1))


def had_address_before(tx: Transaction, account: Account) -> bool:
    """Whether an earlier account of the organization had the address that this one has."""
    domain = account.address.rpartition("@")[2]
    had = _had_address(account.organization_id, domain, account.local_part)
    return _one_of(tx, had.where(accounts.c.mailbox_id < account.mailbox_id).limit(1)) is not None


def _had_address(organization_id: UUID, domain: str, local_part: str) -> Select[Any]:
    return _ACCOUNTS.join(domains, domains.c.id == accounts.c.domain_id).where(
        domains.c.organization_id == organization_id,
        domains.c.name == domain,
        accounts.c.local_part == local_part,
    )


def by_address(tx: Transaction, domain: str, local_part: str) -> Account | None:
    """The account that has an address now, of its own or as an alias, or that had it last."""
    at = and_(domains.c.name == domain, addresses.c.local_part == key(local_part))
    found = _one_of(
        tx,
        _ACCOUNTS.join(addresses, addresses.c.mailbox_id == accounts.c.mailbox_id)
        .join(domains, domains.c.id == addresses.c.domain_id)
        .where(at, domains.c.deleted_at_s.is_(None)),
    )
    if found is not None:
        return found
    return _one_of(
        tx,
        _ACCOUNTS.join(domains, domains.c.id == accounts.c.domain_id)
        .where(domains.c.name == domain, accounts.c.local_part == local_part)
        .order_by(accounts.c.mailbox_id.desc())
        .limit(1),
    )


def addressed(tx: Transaction, organization_id: UUID, prefix: str, most: int) -> list[Account]:
    """Active accounts that have an address which begins so, by address, `most` at most."""
    begins = addresses.c.address.startswith(prefix, autoescape=True)
    if tx.is_sqlite:  # whose LIKE uses no index
        begins = and_(begins, addresses.c.address.between(prefix, prefix + "\U0010ffff"))
    rows = tx.connection.execute(
        _ACCOUNTS.join(addresses, addresses.c.mailbox_id == accounts.c.mailbox_id)
        .where(
            begins,
            accounts.c.organization_id == organization_id,
            accounts.c.status == AccountStatus.ACTIVE,
        )
        .order_by(addresses.c.address)
        .limit(most)
    )
    return [of_row(row) for row in rows]


def named(tx: Transaction, organization_id: UUID, prefix: bytes, most: int) -> list[Account]:
    """Active accounts whose name begins so, as it is in their position, `most` at most."""
    rows = tx.connection.execute(
        _ACCOUNTS.join(account_keys, account_keys.c.mailbox_id == accounts.c.mailbox_id)
        .where(
            account_keys.c.organization_id == organization_id,
            account_keys.c.status == AccountStatus.ACTIVE,
            account_keys.c.by_name.between(prefix, prefix + b"\xff"),
        )
        .order_by(account_keys.c.by_name)
        .limit(most)
    )
    return [of_row(row) for row in rows]


def taken(tx: Transaction, domain_id: UUID, local_parts: Sequence[str]) -> set[str]:
    """Those of these local parts that a mailbox or an alias of the domain has, as their keys."""
    found: set[str] = set()
    for n in range(0, len(local_parts), _ASKED_TOGETHER):
        some = list(map(key, local_parts[n : n + _ASKED_TOGETHER]))
        found.update(
            tx.connection.execute(
                select(addresses.c.local_part).where(
                    addresses.c.domain_id == domain_id, addresses.c.local_part.in_(some)
                )
            ).scalars()
        )
    return found


def lock(tx: Transaction, mailbox_id: int) -> Account | None:
    """The account, its row locked: what is checked next stays so until the commit."""
    rows = tx.connection.execute(
        _ACCOUNTS.where(accounts.c.mailbox_id == mailbox_id).with_for_update()
    )
    return next(map(of_row, rows), None)


def first_due(tx: Transaction, status: AccountStatus, now_s: int) -> Account | None:
    """The account of this status for which something is due, and has been for longest."""
    return _one_of(
        tx,
        _ACCOUNTS.where(accounts.c.status == status, accounts.c.due_at_s <= now_s)
        .order_by(accounts.c.due_at_s)
        .limit(1),
    )


def next_due_s(tx: Transaction) -> int | None:
    """When something is due for any account, as early as that is."""
    due_s: int | None = tx.connection.scalar(select(func.min(accounts.c.due_at_s)))
    return due_s


def first_deserted(tx: Transaction) -> Account | None:
    """An active account whose organization was deleted."""
    of_deleted = organizations.c.deleted_at_s.is_not(None)
    deserted = (
        select(account_keys.c.mailbox_id)
        .join(organizations, organizations.c.id == account_keys.c.organization_id)
        .where(of_deleted, account_keys.c.status == AccountStatus.ACTIVE)
        .limit(1)
    )
    return _one_of(tx, _ACCOUNTS.where(accounts.c.mailbox_id.in_(deserted)))


def active_in(tx: Transaction, organization_id: UUID, most: int) -> list[int]:
    """The mailboxes of active accounts of an organization, `most` at most, by their ids."""
    rows = tx.connection.execute(
        select(account_keys.c.mailbox_id)
        .where(
            account_keys.c.organization_id == organization_id,
            account_keys.c.status == AccountStatus.ACTIVE,
        )
        .limit(most)
    )
    return sorted(rows.scalars())


def has_undeleted(tx: Transaction, domain_id: UUID) -> bool:
    """Whether mailboxes of this domain are active, or may be restored."""
    found = and_(accounts.c.domain_id == domain_id, accounts.c.status != AccountStatus.DELETED)
    return bool(tx.connection.execute(select(exists().where(found))).scalar_one())


# Addresses


def insert_alias(tx: Transaction, alias: Alias) -> None:
    """Store an alias. Raises AddressTaken."""
    _insert_addresses(tx, [_alias_row(alias)])


def aliases_of(tx: Transaction, mailbox_id: int) -> list[Alias]:
    """The aliases of a mailbox in the order of their addresses."""
    rows = tx.connection.execute(
        _ALIASES.where(addresses.c.mailbox_id == mailbox_id).order_by(addresses.c.address)
    )
    return [_alias(row) for row in rows]


def alias_by_id(tx: Transaction, id: UUID) -> Alias | None:
    """The alias with this id."""
    rows = tx.connection.execute(_ALIASES.where(addresses.c.alias_id == id))
    return next(map(_alias, rows), None)


def delete_alias(tx: Transaction, id: UUID) -> bool:
    """Give up an alias; False if it was given up before."""
    return tx.connection.execute(delete(addresses).where(addresses.c.alias_id == id)).rowcount == 1


def delete_addresses(tx: Transaction, mailbox_id: int) -> None:
    """Give up every address of a mailbox: others may have them from now on."""
    tx.connection.execute(delete(addresses).where(addresses.c.mailbox_id == mailbox_id))


def _address_row(
    of: Account | Alias, alias_id: UUID | None = None, description: str | None = None
) -> dict[str, Any]:
    return {
        "mailbox_id": of.mailbox_id,
        "domain_id": of.domain_id,
        "local_part": key(of.local_part),
        "address": of.address,
        "shard": shard_of(of.mailbox_id),
        "alias_id": alias_id,
        "description": description,
        "created_at_s": of.created_at_s,
        "updated_at_s": of.updated_at_s,
    }


def _alias_row(alias: Alias) -> dict[str, Any]:
    return _address_row(alias, alias.id, alias.description)


def _insert_addresses(tx: Transaction, new: Sequence[dict[str, Any]]) -> None:
    # In one order: two that want the same wait for each other, and not in a circle.
    new = sorted(new, key=lambda each: str(each["local_part"]))
    keys = [addresses.c.domain_id, addresses.c.local_part]
    tx.connection.execute(tx.insert(addresses).on_conflict_do_nothing(index_elements=keys), new)
    owners: dict[str, tuple[int, UUID | None]] = {}
    for n in range(0, len(new), _ASKED_TOGETHER):
        some = new[n : n + _ASKED_TOGETHER]
        rows = tx.connection.execute(
            select(addresses.c.local_part, addresses.c.mailbox_id, addresses.c.alias_id).where(
                addresses.c.domain_id == some[0]["domain_id"],
                addresses.c.local_part.in_([each["local_part"] for each in some]),
            )
        )
        owners |= {row.local_part: (row.mailbox_id, row.alias_id) for row in rows}
    for each in new:
        if owners[each["local_part"]] != (each["mailbox_id"], each["alias_id"]):
            raise AddressTaken(each["address"])


def _one(tx: Transaction, criterion: Any) -> Account | None:
    return _one_of(tx, _ACCOUNTS.where(criterion))


def _one_of(tx: Transaction, statement: Select[Any]) -> Account | None:
    return next(map(of_row, tx.connection.execute(statement)), None)


def _alias(row: Any) -> Alias:
    return Alias(
        row.alias_id,
        row.mailbox_id,
        row.domain_id,
        row.address.rpartition("@")[0],
        row.address,
        row.description,
        row.created_at_s,
        row.updated_at_s,
    )
