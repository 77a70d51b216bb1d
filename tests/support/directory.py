"""A directory to manage, with time under control and passwords that cost nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from ewspush.core.accounts import Account
from ewspush.core.directory import Domain, Organization
from ewspush.operations.management import domains, mailboxes, organizations
from ewspush.operations.management.context import Actor, Management, Policy
from ewspush.operations.management.mailboxes import MailboxRequest
from ewspush.store.database import Database
from support.checks_for_store import NOW_S

DAY_S = 86_400
PASSWORD = "correct horse"
OPERATOR = Actor("operator", "here")


@dataclass
class World:
    """A directory with an organization and a domain."""

    database: Database
    now_s: int = NOW_S
    management: Management = field(init=False)
    organization: Organization = field(init=False)
    domain: Domain = field(init=False)

    def __post_init__(self) -> None:
        policy = Policy(retention_s=30 * DAY_S, shortest_password=8)
        self.management = Management(self.database, lambda: self.now_s, policy, hash_nothing)
        self.organization = organizations.create(self.management, OPERATOR, "acme")
        self.domain = self.new_domain("example.org", self.organization.id)

    def new_domain(self, name: str, organization_id: UUID | None = None) -> Domain:
        return domains.create(self.management, OPERATOR, name, organization_id)

    def new_mailbox(self, local_part: str = "user", domain: Domain | None = None) -> Account:
        (account,) = self.new_mailboxes([local_part], domain)
        return account

    def new_mailboxes(
        self, local_parts: Sequence[str], domain: Domain | None = None
    ) -> list[Account]:
        requests = [MailboxRequest(each, PASSWORD) for each in local_parts]
        domain_id = (domain or self.domain).id
        return mailboxes.create(self.management, OPERATOR, domain_id, requests)

    def get(self, account: Account) -> Account:
        return mailboxes.get(self.management, OPERATOR, account.id)


def hash_nothing(passwords: Sequence[str]) -> list[str]:
    """What stands for hashes where nobody logs in."""
    return [f"hash of {len(each)} characters" for each in passwords]
