"""Domains."""

from uuid import UUID, uuid4

from ewspush.core.directory import Domain
from ewspush.core.management import Code, ManagementError
from ewspush.operations.management import organizations, values
from ewspush.operations.management.context import Actor, Management, Page, check_page
from ewspush.store import accounts
from ewspush.store import organizations as stored
from ewspush.store.database import Transaction


def create(
    management: Management, actor: Actor, name: str, organization_id: UUID | None = None
) -> Domain:
    """Create a domain. Its name is nobody else's while it is not deleted."""
    normalized = values.domain_name(name)
    with management.change(actor) as change:
        organization = organizations.chosen(change.tx, actor, organization_id, lock=True)
        new = Domain(uuid4(), organization.id, normalized, change.now_s)
        try:
            stored.insert_domain(change.tx, new)
        except stored.NameTaken:
            raise ManagementError(
                Code.DOMAIN_TAKEN, f"there is a domain {normalized} already", field="Name"
            ) from None
        change.audit("domain.create", f"domain {new.id}", organization.id, after={"name": new.name})
    return new


def list_(
    management: Management,
    actor: Actor,
    organization_id: UUID | None = None,
    page: int = 1,
    page_size: int = 100,
) -> Page[Domain]:
    """Domains that are not deleted, of one organization or of all that the actor sees, by name."""
    check_page(page, page_size)
    with management.look() as tx:
        if organization_id is not None:
            organizations.find(tx, actor, organization_id)
        of = organization_id or actor.organization_id
        return Page(*stored.domains_by_name(tx, of, (page - 1) * page_size, page_size))


def get_by_name(management: Management, actor: Actor, name: str) -> Domain:
    """The domain of this name."""
    normalized = values.domain_name(name)
    with management.look() as tx:
        found = stored.domain_by_name(tx, normalized)
    if found is None or not actor.may_see(found.organization_id):
        raise _not_found(normalized, "Name")
    return found


def delete(management: Management, actor: Actor, id: UUID) -> Domain:
    """Delete a domain without mailboxes. Its name is free."""
    with management.change(actor) as change:
        # Locked until the commit: a mailbox is created in it before this, or not at all.
        stored.lock_domain(change.tx, id)
        domain = find(change.tx, actor, id)
        if accounts.has_undeleted(change.tx, id):
            raise ManagementError(
                Code.DOMAIN_NOT_EMPTY,
                f"{domain.name} has mailboxes, or some that can still be restored",
                field="DomainId",
            )
        stored.delete_domain(change.tx, id, change.now_s)
        change.audit(
            "domain.delete", f"domain {id}", domain.organization_id, before={"name": domain.name}
        )
    return domain


def find(tx: Transaction, actor: Actor, id: UUID, *, lock: bool = False) -> Domain:
    """The domain with this id, if it is not deleted. With `lock` it stays so."""
    found = stored.domain(tx, id, lock=lock)
    if found is None or not actor.may_see(found.organization_id):
        raise _not_found(str(id))
    if found.deleted_at_s is not None:
        organizations.check_in_use(organizations.find(tx, actor, found.organization_id))
        raise _not_found(str(id))
    return found


def _not_found(id: str, field: str = "DomainId") -> ManagementError:
    return ManagementError(Code.DOMAIN_NOT_FOUND, f"there is no domain {id[:64]}", field=field)
