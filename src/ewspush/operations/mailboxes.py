"""Creating and finding mailboxes."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import uuid4

from ewspush.core import addresses
from ewspush.core.accounts import Account, AccountStatus, Alias
from ewspush.core.directory import Domain, Organization
from ewspush.core.renewal import Period, Renewal
from ewspush.store import accounts, folders, mailboxes, organizations
from ewspush.store.accounts import AddressTaken
from ewspush.store.database import Transaction
from ewspush.store.mailboxes import Mailbox

__all__ = [
    "AddressTaken",
    "Mailbox",
    "NewMailbox",
    "create",
    "create_in",
    "find",
    "new_alias",
]

_DEFAULT = "default"  # the alias of the organization of those who never named one


@dataclass(frozen=True, slots=True)
class NewMailbox:
    """A mailbox to be created, its values held against the rules."""

    local_part: str
    name: str
    password_hash: str
    period: Period
    aliases: Sequence[str] = ()  # local parts


def create(tx: Transaction, address: str, password_hash: str, now_s: int) -> Mailbox:
    """Create a mailbox with its distinguished folders, and its domain if there is none yet.

    Raises InvalidAddress or AddressTaken.
    """
    local_part, _, name = addresses.normalize(address).rpartition("@")
    domain = organizations.domain_by_name(tx, name, lock=True) or _make_domain(tx, name, now_s)
    new = NewMailbox(local_part, local_part, password_hash, Period.MONTHLY)
    (account,) = create_in(tx, domain, [new], now_s)
    mailbox = mailboxes.by_id(tx, account.mailbox_id)
    assert mailbox is not None
    return mailbox


def create_in(
    tx: Transaction, domain: Domain, new: Sequence[NewMailbox], now_s: int
) -> list[Account]:
    """Create mailboxes of a domain, with aliases and distinguished folders, all or none.

    Raises AddressTaken.
    """
    with tx.attempt():
        created = [_account(tx, domain, each, now_s) for each in new]
        aliases = [
            new_alias(account, local_part, None, now_s)
            for account, each in zip(created, new, strict=True)
            for local_part in each.aliases
        ]
        accounts.insert_accounts(tx, created, aliases)
        folders.insert_distinguished(tx, [account.mailbox_id for account in created])
    return created


def new_alias(account: Account, local_part: str, description: str | None, now_s: int) -> Alias:
    """Another address of a mailbox, to be stored."""
    domain = account.address.rpartition("@")[2]
    return Alias(
        uuid4(),
        account.mailbox_id,
        account.domain_id,
        local_part,
        f"{local_part}@{domain}",
        description,
        now_s,
        now_s,
    )


def _account(tx: Transaction, domain: Domain, new: NewMailbox, now_s: int) -> Account:
    address = f"{new.local_part}@{domain.name}"
    mailbox = mailboxes.insert_mailbox(tx, address, new.password_hash, now_s)
    return Account(
        mailbox_id=mailbox.id,
        id=uuid4(),
        user_id=uuid4(),
        organization_id=domain.organization_id,
        domain_id=domain.id,
        local_part=new.local_part,
        address=address,
        name=new.name,
        status=AccountStatus.ACTIVE,
        renewal=Renewal.begin(new.period, now_s),
        created_at_s=now_s,
        updated_at_s=now_s,
    )


def _make_domain(tx: Transaction, name: str, now_s: int) -> Domain:
    """The domain of this name, in the default organization. Somebody else may make it, too."""
    organization = organizations.organization_by_alias(tx, _DEFAULT)
    if organization is None:
        with suppress(organizations.NameTaken):
            new = Organization(uuid4(), _DEFAULT, now_s)
            organizations.insert_organization(tx, new)
        organization = organizations.organization_by_alias(tx, _DEFAULT)
    assert organization is not None
    with suppress(organizations.NameTaken):
        organizations.insert_domain(tx, Domain(uuid4(), organization.id, name, now_s))
    domain = organizations.domain_by_name(tx, name, lock=True)
    assert domain is not None
    return domain


def find(tx: Transaction, address: str) -> Mailbox | None:
    """The mailbox that has a normalized address, as its own or as an alias, and may be used."""
    return mailboxes.by_address(tx, address)
