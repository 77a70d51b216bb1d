"""Who has a mailbox on this server."""

from dataclasses import dataclass

from ewspush.core import addresses
from ewspush.core.errors import NameResolutionNoResults
from ewspush.store import mailboxes
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


def resolve(tx: Transaction, entry: str) -> Candidates:
    """Whose address or name is `entry`, or begins with it; a whole address stands for itself.

    Raises NameResolutionNoResults.
    """
    prefix = addresses.fold(entry).removeprefix(_ROUTING_TYPE)
    if not 0 < len(prefix) <= _LONGEST_ENTRY:
        raise NameResolutionNoResults
    if mailboxes.by_address(tx, prefix) is not None:
        found = [prefix]
    else:
        found = mailboxes.addresses_beginning(tx, prefix, MOST_CANDIDATES + 1)
    if not found:
        raise NameResolutionNoResults
    people = (Person(addresses.display_name(each), each) for each in found[:MOST_CANDIDATES])
    return Candidates(tuple(people), are_all=len(found) <= MOST_CANDIDATES)
