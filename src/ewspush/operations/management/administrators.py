"""Administrators: accounts of their own, which manage the directory and never read mail."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from ewspush.core.directory import Administrator
from ewspush.core.management import Code, ManagementError
from ewspush.operations.management import organizations, values
from ewspush.operations.management.context import Actor, Management
from ewspush.store import administrators as stored
from ewspush.store.database import Transaction


def create(
    management: Management,
    actor: Actor,
    name: str,
    password: str,
    organization_id: UUID | None = None,
) -> Administrator:
    """Create an administrator, of one organization or of all."""
    if actor.organization_id not in (None, organization_id):
        raise ManagementError(
            Code.ACCESS_DENIED, "an administrator of one organization creates none of another"
        )
    normalized = values.name(name, "Name")
    values.password(password, management.policy.shortest_password, "Password", unlike=normalized)
    (password_hash,) = management.hash_passwords([password])
    with management.change(actor) as change:
        if organization_id is not None:
            organizations.find(change.tx, actor, organization_id, lock=True)
        new = Administrator(uuid4(), normalized, organization_id, change.now_s)
        if not stored.insert_administrator(change.tx, new, password_hash):
            raise ManagementError(
                Code.NAME_TAKEN, f"there is an administrator {normalized} already", field="Name"
            )
        change.audit("administrator.create", _subject(new), organization_id, after=_shown(new))
    return new


def list_(management: Management, actor: Actor) -> Sequence[Administrator]:
    """Every administrator whom the actor sees, in the order of their names."""
    with management.look() as tx:
        found = stored.in_order(tx)
    return [each for each in found if _may_see(actor, each)]


def change_password(
    management: Management, actor: Actor, name: str, password: str
) -> Administrator:
    """Give an administrator another password."""
    shortest = management.policy.shortest_password
    values.password(password, shortest, "Password", unlike=name.strip().lower())
    (password_hash,) = management.hash_passwords([password])
    with management.change(actor) as change:
        found = _find(change.tx, actor, name)
        stored.set_password_hash(change.tx, found.id, password_hash)
        change.audit("administrator.change_password", _subject(found), found.organization_id)
    return found


def delete(management: Management, actor: Actor, name: str) -> Administrator:
    """Delete an administrator, from their next request on."""
    with management.change(actor) as change:
        found = _find(change.tx, actor, name)
        stored.delete_administrator(change.tx, found.id)
        change.audit(
            "administrator.delete", _subject(found), found.organization_id, before=_shown(found)
        )
    return found


def _find(tx: Transaction, actor: Actor, name: str) -> Administrator:
    found = stored.by_name(tx, name.strip().lower())
    if found is None or not _may_see(actor, found):
        raise ManagementError(
            Code.ADMINISTRATOR_NOT_FOUND,
            f"there is no administrator {name[:64]}",
            field="Name",
        )
    return found


def _may_see(actor: Actor, administrator: Administrator) -> bool:
    return actor.organization_id in (None, administrator.organization_id)


def _subject(administrator: Administrator) -> str:
    return f"administrator {administrator.name}"


def _shown(administrator: Administrator) -> dict[str, object]:
    organization = administrator.organization_id
    return {
        "name": administrator.name,
        "organization_id": None if organization is None else str(organization),
    }
