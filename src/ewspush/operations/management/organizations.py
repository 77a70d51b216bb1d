"""Organizations."""

from uuid import UUID, uuid4

from ewspush.core.directory import Organization
from ewspush.core.management import Code, ManagementError
from ewspush.operations.management import lifecycle, values
from ewspush.operations.management.context import Actor, Management, Page, check_page
from ewspush.store import organizations as stored
from ewspush.store.database import Transaction

_ROUNDS = 20  # in which its mailboxes are disabled at once


def create(management: Management, actor: Actor, alias: str) -> Organization:
    """Create an organization. Its alias is nobody else's while it is not deleted."""
    if actor.organization_id is not None:
        raise ManagementError(
            Code.ACCESS_DENIED, "an administrator of one organization cannot create another"
        )
    normalized = values.name(alias, "Alias")
    with management.change(actor) as change:
        new = Organization(uuid4(), normalized, change.now_s)
        try:
            stored.insert_organization(change.tx, new)
        except stored.NameTaken:
            raise ManagementError(
                Code.ALIAS_TAKEN, f"there is an organization {normalized} already", field="Alias"
            ) from None
        change.audit("organization.create", f"organization {new.id}", new.id, after=_shown(new))
    return new


def list_(
    management: Management, actor: Actor, page: int = 1, page_size: int = 100
) -> Page[Organization]:
    """Organizations that are not deleted, in the order of their aliases."""
    check_page(page, page_size)
    with management.look() as tx:
        return Page(
            *stored.organizations_by_alias(
                tx, actor.organization_id, (page - 1) * page_size, page_size
            )
        )


def get(management: Management, actor: Actor, id: UUID) -> Organization:
    """The organization with this id, a deleted one too."""
    with management.look() as tx:
        return find(tx, actor, id)


def get_by_alias(management: Management, actor: Actor, alias: str) -> Organization:
    """The organization with this alias."""
    with management.look() as tx:
        found = stored.organization_by_alias(tx, alias.strip().lower())
    if found is None or not actor.may_see(found.id):
        raise _not_found(alias)
    return found


def delete(management: Management, actor: Actor, id: UUID) -> Organization:
    """Delete an organization. None of its mailboxes can be used or restored from now on.

    They are deleted when their retention ends. The names of its domains are free at once.
    """
    if actor.organization_id is not None:
        raise ManagementError(
            Code.ACCESS_DENIED, "an administrator of one organization cannot delete it"
        )
    with management.change(actor) as change:
        stored.lock_organization(change.tx, id)
        before = find(change.tx, actor, id)
        check_in_use(before)
        stored.delete_organization(change.tx, id, change.now_s)
        after = find(change.tx, actor, id)
        change.audit("organization.delete", f"organization {id}", id, _shown(before), _shown(after))
    for _ in range(_ROUNDS):  # of a large one, the server goes on with the others in a moment
        if not lifecycle.disable_some(management, actor, id):
            break
    return after


def find(tx: Transaction, actor: Actor, id: UUID, *, lock: bool = False) -> Organization:
    """The organization with this id, a deleted one too. With `lock` it is not, and stays so."""
    found = stored.organization(tx, id, lock=lock)
    if found is None or not actor.may_see(found.id):
        raise _not_found(str(id))
    if lock:
        check_in_use(found)
    return found


def check_in_use(organization: Organization) -> None:
    """Raise ManagementError if it was deleted."""
    if organization.deleted_at_s is not None:
        raise ManagementError(
            Code.ORGANIZATION_DELETED,
            f"the organization {organization.alias} was deleted",
            field="OrganizationId",
        )


def chosen(tx: Transaction, actor: Actor, id: UUID | None, *, lock: bool = False) -> Organization:
    """The organization with this id; without one, the only one that the actor sees."""
    if id is not None:
        return find(tx, actor, id, lock=lock)
    if actor.organization_id is not None:
        return find(tx, actor, actor.organization_id, lock=lock)
    found, count = stored.organizations_by_alias(tx, None, 0, 1)
    if count != 1 or not found:
        raise ManagementError(
            Code.INVALID_VALUE,
            f"there are {count} organizations: say which one" if count else "there is none yet",
            field="OrganizationId",
            allowed="the id of an organization",
        )
    return find(tx, actor, found[0].id, lock=lock)


def _not_found(id: str) -> ManagementError:
    return ManagementError(
        Code.ORGANIZATION_NOT_FOUND, f"there is no organization {id[:64]}", field="OrganizationId"
    )


def _shown(organization: Organization) -> dict[str, object]:
    return {"alias": organization.alias, "status": organization.status}
