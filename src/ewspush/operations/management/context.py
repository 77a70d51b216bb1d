"""What every operation of the management is given."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from ewspush.core.management import Code, ManagementError
from ewspush.store import audit_log
from ewspush.store.database import Database, Transaction

T = TypeVar("T")

MOST_ON_A_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and from where. One of an organization sees and changes nothing else."""

    name: str
    origin: str
    organization_id: UUID | None = None

    def may_see(self, organization_id: UUID) -> bool:
        return self.organization_id in (None, organization_id)


@dataclass(frozen=True, slots=True)
class Policy:
    """What the settings say."""

    retention_s: int  # from disabling a mailbox to its unrecoverable deletion
    shortest_password: int  # characters


@dataclass(frozen=True, slots=True)
class Management:
    """The directory, and what is needed to change it. May be used by several threads at once."""

    database: Database
    now_s: Callable[[], int]
    policy: Policy
    hash_passwords: Callable[[Sequence[str]], list[str]]  # blocks

    @contextmanager
    def change(self, actor: Actor) -> Iterator["Change"]:
        """One transaction that changes the directory, and says so in the audit log."""
        with self.database.write() as tx:
            yield Change(tx, actor, self.now_s(), self.policy)

    @contextmanager
    def look(self) -> Iterator[Transaction]:
        """One transaction that changes nothing."""
        with self.database.read() as tx:
            yield tx


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the directory."""

    tx: Transaction
    actor: Actor
    now_s: int
    policy: Policy

    def audit(
        self,
        action: str,
        subject: str,
        organization_id: UUID | None,
        before: Mapping[str, object] | None = None,
        after: Mapping[str, object] | None = None,
    ) -> None:
        """Put down what was changed. Never to be given a secret."""
        audit_log.append(
            self.tx,
            self.now_s,
            self.actor.name,
            self.actor.origin,
            action,
            organization_id,
            subject,
            before,
            after,
        )


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A page of a list."""

    entries: Sequence[T]
    total_count: int  # without pagination


def check_page(page: int, page_size: int) -> None:
    """Raise ManagementError unless pages can be so numbered and so large."""
    if page < 1:
        raise ManagementError(
            Code.INVALID_VALUE, f"there is no page {page}", field="Page", allowed="1 or more"
        )
    if not 1 <= page_size <= MOST_ON_A_PAGE:
        raise ManagementError(
            Code.INVALID_VALUE,
            f"a page cannot have {page_size} entries",
            field="PageSize",
            allowed=f"1 to {MOST_ON_A_PAGE}",
        )
