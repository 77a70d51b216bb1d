"""Commands for organizations, domains, administrators and the audit log."""

from collections.abc import Callable, Sequence
from typing import Any

from ewspush.control.management import names, records
from ewspush.control.management.passwords import Chosen
from ewspush.control.subscription_records import Record
from ewspush.operations.management import (
    administrators,
    audit,
    domains,
    mailboxes,
    organizations,
)
from ewspush.operations.management.context import MOST_ON_A_PAGE, Actor, Management, Page
from ewspush.operations.management.lifecycle import subject_of


def create_organization(management: Management, actor: Actor, alias: str) -> Record:
    return records.of_organization(organizations.create(management, actor, alias))


def list_organizations(management: Management, actor: Actor) -> list[Record]:
    found = _all(lambda page: organizations.list_(management, actor, page, MOST_ON_A_PAGE))
    return [records.of_organization(each) for each in found]


def delete_organization(management: Management, actor: Actor, organization: str) -> Record:
    id = names.organization_id(management, actor, organization)
    return records.of_organization(organizations.delete(management, actor, id))


def create_domain(
    management: Management, actor: Actor, name: str, organization: str | None = None
) -> Record:
    """Create a domain, in `default` if there is no organization yet."""
    id = names.organization_for_domain(management, actor, organization)
    return records.of_domain(domains.create(management, actor, name, id))


def list_domains(
    management: Management, actor: Actor, organization: str | None = None
) -> list[Record]:
    id = names.optional_organization_id(management, actor, organization)
    found = _all(lambda page: domains.list_(management, actor, id, page, MOST_ON_A_PAGE))
    return [records.of_domain(each) for each in found]


def delete_domain(management: Management, actor: Actor, domain: str) -> Record:
    id = names.domain_id(management, actor, domain)
    return records.of_domain(domains.delete(management, actor, id))


def create_administrator(
    management: Management,
    actor: Actor,
    name: str,
    password: str | None = None,
    organization: str | None = None,
) -> Record:
    chosen = Chosen(password)
    id = names.optional_organization_id(management, actor, organization)
    created = administrators.create(management, actor, name, chosen.password, id)
    return chosen.told_in(records.of_administrator(created))


def list_administrators(management: Management, actor: Actor) -> list[Record]:
    return [records.of_administrator(each) for each in administrators.list_(management, actor)]


def change_administrators_password(
    management: Management, actor: Actor, name: str, password: str | None = None
) -> Record:
    chosen = Chosen(password)
    changed = administrators.change_password(management, actor, name, chosen.password)
    return chosen.told_in(records.of_administrator(changed))


def delete_administrator(management: Management, actor: Actor, name: str) -> Record:
    return records.of_administrator(administrators.delete(management, actor, name))


def list_audit_records(
    management: Management,
    actor: Actor,
    organization: str | None = None,
    mailbox: str | None = None,
    page: int = 1,
    page_size: int = 100,
) -> Record:
    """A page of changes, the newest first."""
    of = names.optional_organization_id(management, actor, organization)
    subject = None
    if mailbox is not None:
        id = names.mailbox_id(management, actor, mailbox)
        subject = subject_of(mailboxes.get(management, actor, id))
    found = audit.list_(management, actor, of, subject, page, page_size)
    changes = [records.of_audit(each) for each in found.entries]
    return {"changes": changes, "total_count": found.total_count}


def _all(list_page: Callable[[int], Page[Any]]) -> Sequence[Any]:
    found: list[Any] = []
    page = 1
    while (listed := list_page(page)).entries:
        found += listed.entries
        page += 1
    return found
