"""The life of accounts against a model: created, disabled, restored, deleted, re-created, and time.

The model is what the documents say, in dictionaries. After every step the directory says the same
as the model: of every account ever made, of who has which address, and of what is listed.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from ewspush.core.accounts import Account, AccountStatus
from ewspush.core.management import Code, ManagementError
from ewspush.core.renewal import Period
from ewspush.operations import mail
from ewspush.operations.management import (
    aliases,
    domains,
    lifecycle,
    mailboxes,
    organizations,
    users,
)
from ewspush.operations.management.mailboxes import ListRequest
from ewspush.store.database import Database
from support.checks_for_store import Backend, rows
from support.directory import DAY_S, OPERATOR, World

ACTIVE, SCHEDULED, DELETED = AccountStatus
LOCAL_PARTS = st.sampled_from(["a", "b", "c"])
DOMAINS = st.sampled_from(["one.example", "two.example"])
MESSAGE = b"Subject: x\r\n\r\n"


@dataclass
class Known:
    """What the model knows of an account."""

    account: Account
    organization: UUID
    address: str
    aliases: set[str] = field(default_factory=set)
    status: AccountStatus = ACTIVE
    deletion_at_s: int | None = None
    by_retention: bool = False
    ends_at_s: int | None = None  # canceled
    messages: int = 0


class Directory(RuleBasedStateMachine):
    """Two domains, each with its organization, which can be deleted and made anew."""

    accounts: Bundle[Known] = Bundle("accounts")

    def __init__(self, url: str) -> None:
        super().__init__()
        self.world = World(Database.open(url))
        self.management = self.world.management
        self.known: list[Known] = []
        self.domain_of: dict[str, Any] = {}

    def teardown(self) -> None:
        self.world.database.close()

    @initialize()
    def make_domains(self) -> None:
        for name in ("one.example", "two.example"):
            self._make(name)

    def _make(self, name: str) -> None:
        alias = name.partition(".")[0]
        organization = organizations.create(self.management, OPERATOR, alias)
        self.domain_of[name] = domains.create(self.management, OPERATOR, name, organization.id)

    # What is done

    @rule(target=accounts, local_part=LOCAL_PARTS, domain=DOMAINS)
    def create(self, local_part: str, domain: str) -> Any:
        address = f"{local_part}@{domain}"
        expected = Code.ADDRESS_TAKEN if self._owner(address) else None
        made = self._try(
            expected, lambda: self.world.new_mailbox(local_part, self.domain_of[domain])
        )
        if made is None:
            return self.known[-1] if self.known else self._anybody()
        known = Known(made, made.organization_id, address)
        assert made.id not in {each.account.id for each in self.known}
        assert made.user_id not in {each.account.user_id for each in self.known}
        self.known.append(known)
        return known

    def _anybody(self) -> Known:
        raise AssertionError("an address is taken, and nobody was created")

    @rule(known=accounts, local_part=LOCAL_PARTS)
    def add_alias(self, known: Known, local_part: str) -> None:
        address = f"{local_part}@{known.address.partition('@')[2]}"
        expected = None
        if known.status is not ACTIVE:
            expected = Code.NOT_ACTIVE
        elif self._owner(address):
            expected = Code.ADDRESS_TAKEN
        id = known.account.id
        if self._try(expected, lambda: aliases.create(self.management, OPERATOR, id, local_part)):
            known.aliases.add(address)

    @rule(known=accounts, as_user=st.booleans())
    def disable(self, known: Known, as_user: bool) -> None:
        expected = Code.USER_NOT_IN_DIRECTORY if known.status is DELETED else None
        account = known.account

        def act() -> Account:
            if as_user:
                return users.disable(self.management, OPERATOR, account.user_id)
            return mailboxes.delete(self.management, OPERATOR, account.id)

        if self._try(expected, act) and known.status is ACTIVE:
            self._schedule(known, self.world.now_s)

    @rule(known=accounts, as_user=st.booleans())
    def restore(self, known: Known, as_user: bool) -> None:
        account = known.account

        def act() -> Account:
            if as_user:
                return users.enable(self.management, OPERATOR, account.user_id)
            return mailboxes.restore(self.management, OPERATOR, account.id)

        if self._try(self._why_not(known), act):
            known.status, known.deletion_at_s = ACTIVE, None
            if known.ends_at_s is not None and known.ends_at_s <= self.world.now_s:
                known.ends_at_s = None

    def _why_not(self, known: Known) -> Code | None:
        if known.organization not in {each.organization_id for each in self.domain_of.values()}:
            return Code.ORGANIZATION_DELETED
        if known.status is ACTIVE:
            return Code.NOT_DELETION_SCHEDULED
        if known.status is DELETED:
            later = self.known[self.known.index(known) + 1 :]
            if any(
                each.address == known.address and each.organization == known.organization
                for each in later
            ):
                return Code.USER_RECREATED
            return Code.RETENTION_ENDED if known.by_retention else Code.USER_NOT_IN_DIRECTORY
        assert known.deletion_at_s is not None
        return Code.RETENTION_ENDED if known.deletion_at_s <= self.world.now_s else None

    @rule(known=accounts)
    def delete_user(self, known: Known) -> None:
        expected = Code.USER_NOT_IN_DIRECTORY if known.status is DELETED else None
        id = known.account.user_id
        if self._try(expected, lambda: users.delete(self.management, OPERATOR, id)):
            self._delete(known, by_retention=False)

    @rule(known=accounts)
    def cancel(self, known: Known) -> None:
        now_s = self.world.now_s
        has_ended = known.ends_at_s is not None and known.ends_at_s <= now_s
        expected = Code.NOT_ACTIVE if known.status is not ACTIVE or has_ended else None
        id = known.account.id
        updated = self._try(
            expected, lambda: mailboxes.update(self.management, OPERATOR, id, Period.CANCELED)
        )
        if updated:
            known.ends_at_s = updated.renewal.next_starts_at_s
            assert known.ends_at_s is not None
            assert 0 < known.ends_at_s - now_s <= 31 * DAY_S

    @rule(domain=DOMAINS)
    def delete_organization(self, domain: str) -> None:
        gone = self.domain_of[domain].organization_id
        organizations.delete(self.management, OPERATOR, gone)
        for known in self.known:
            if known.organization == gone and known.status is ACTIVE:
                self._schedule(known, self.world.now_s)
        self._make(domain)

    @rule(known=accounts)
    def deliver(self, known: Known) -> None:
        owner = self._owner(known.address)
        with self.world.database.write() as tx:
            try:
                mail.deliver(tx, known.address, MESSAGE, self.world.now_s)
            except mail.UnknownRecipient:
                assert owner is None or owner.status is not ACTIVE
            else:
                assert owner is not None
                assert owner.status is ACTIVE
                owner.messages += 1

    @rule(days=st.sampled_from([0.5, 1, 14, 29, 30, 31]))
    def time_passes(self, days: float) -> None:
        self.world.now_s += int(days * DAY_S)

    @rule()
    def sweep(self) -> None:
        while lifecycle.step(self.management):
            pass
        now_s = self.world.now_s
        for known in self.known:
            if known.status is ACTIVE and known.ends_at_s and known.ends_at_s <= now_s:
                self._schedule(known, now_s)
            elif known.deletion_at_s is not None and known.deletion_at_s <= now_s:
                self._delete(known, by_retention=True)

    # What becomes of it in the model

    def _schedule(self, known: Known, now_s: int) -> None:
        known.status, known.deletion_at_s = SCHEDULED, now_s + 30 * DAY_S

    def _delete(self, known: Known, *, by_retention: bool) -> None:
        known.status, known.deletion_at_s, known.by_retention = DELETED, None, by_retention
        known.aliases.clear()

    def _owner(self, address: str) -> Known | None:
        """Who has an address in a domain that is not deleted."""
        for known in self.known:
            domain = self.domain_of[known.address.partition("@")[2]]
            if (
                known.status is not DELETED
                and known.organization == domain.organization_id
                and address in {known.address, *known.aliases}
            ):
                return known
        return None

    def _try(self, expected: Code | None, act: Callable[[], Any]) -> Any:
        """What `act` returns; None if it was refused, as is expected."""
        if expected is None:
            return act()
        with pytest.raises(ManagementError) as refused:
            act()
        assert refused.value.code is expected
        return None

    # What is true after every step

    @invariant()
    def the_directory_says_the_same(self) -> None:
        for known in self.known:
            account = self.world.get(known.account)
            assert account.status is known.status, known
            assert account.deletion_scheduled_at_s == known.deletion_at_s
            assert account.address == known.address

    @invariant()
    def what_is_listed_is_what_there_is(self) -> None:
        for organization in {each.organization for each in self.known}:
            expected = Counter(
                known.status for known in self.known if known.organization == organization
            )
            for status in AccountStatus:
                page = mailboxes.list_(
                    self.management,
                    OPERATOR,
                    ListRequest(organization, statuses=frozenset({status})),
                )
                assert page.total_count == len(page.entries) == expected[status]

    @invariant()
    def mail_is_kept_until_it_is_purged(self) -> None:
        with self.world.database.read() as tx:
            found = rows(tx, "SELECT mailbox_id, count(*) AS n FROM items GROUP BY mailbox_id")
        kept = {row.mailbox_id: row.n for row in found}
        for known in self.known:
            if known.status is not DELETED:
                assert kept.get(known.account.mailbox_id, 0) == known.messages


EXAMPLES = {"sqlite": 40, "postgresql": 10}


def test_the_directory_is_what_the_documents_say(backend: Backend) -> None:
    run_state_machine_as_test(
        lambda: Directory(backend.migrated()),
        settings=settings(
            max_examples=EXAMPLES[backend.name],
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
