"""Who has a mailbox on this server."""

from dataclasses import dataclass
from uuid import UUID

from ewspush.core import addresses
from ewspush.core.accounts import Account
from ewspush.core.errors import NameResolutionNoResults
from ewspush.store import account_search, accounts, mailboxes
from ewspush.store.database import Transaction

MOST_CANDIDATES = 100  # ResolveNames operation (EWS reference), Remarks

_LONGEST_ENTRY = 320  # characters, as an address has at most
_ROUTING_TYPE = "smtp:"


@dataclass(frozen=True, slots=True)
class Person:
    """An entry of the directory."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Candidates:
    """Whom a name may stand for, in the order of their addresses; at least one."""

    people: tuple[Person, ...]
    are_all: bool  # False: there are more than are given


def resolve(tx: Transaction, caller: int, entry: str) -> Candidates:
    """Who of the caller's organization has a name or an address that is `entry` or begins with it.

    A whole address, an alias too, stands for its owner alone. Raises NameResolutionNoResults.
    """
    prefix = addresses.fold(entry).removeprefix(_ROUTING_TYPE)
    if not 0 < len(prefix) <= _LONGEST_ENTRY:
        raise NameResolutionNoResults
    found = _of_address(tx, caller, prefix) or _beginning(tx, caller, prefix)
    if not found:
        raise NameResolutionNoResults
    people = (Person(each.name, each.address) for each in found[:MOST_CANDIDATES])
    return Candidates(tuple(people), are_all=len(found) <= MOST_CANDIDATES)


def _of_address(tx: Transaction, caller: int, address: str) -> list[Account]:
    mailbox = mailboxes.by_address(tx, address)
    account = accounts.by_mailbox(tx, mailbox.id) if mailbox else None
    if account is None or account.organization_id != _organization(tx, caller):
        return []
    return [account]


def _beginning(tx: Transaction, caller: int, prefix: str) -> list[Account]:
    organization = _organization(tx, caller)
    most = MOST_CANDIDATES + 1
    found = accounts.addressed(tx, organization, prefix, most)
    found += accounts.named(tx, organization, account_search.fold(prefix).encode(), most)
    by_address = {each.address: each for each in found}
    return [by_address[address] for address in sorted(by_address)]


def _organization(tx: Transaction, caller: int) -> UUID:
    account = accounts.by_mailbox(tx, caller)
    assert account is not None, "every mailbox has an account"
    return account.organization_id
